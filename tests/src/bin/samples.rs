//! Prints what is read in every recorded page against what is recorded to stand in it. Ends with an error when anything differs or a page is
//! not covered; without the folder of pages it says so and ends well.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use tests::samples::{Samples, table};

fn main() -> ExitCode {
    let Some(samples) = Samples::find() else { return ExitCode::SUCCESS };
    let rows = table::of_all(&samples);
    let wrong = rows.iter().filter(|row| !row.is_right()).count();
    let rounded = rows.iter().filter(|row| row.precision.as_deref() == Some("rounded")).count();
    let covered: BTreeSet<_> = rows.iter().map(|row| row.file.as_str()).collect();
    let all = samples.all();
    let uncovered: Vec<_> = all.iter().filter(|sample| !covered.contains(sample.file.as_str())).collect();
    let mut out = std::io::stdout().lock();
    // A reader that went away needs no table; the exit code tells all the same.
    let _ = write!(out, "{}", table::to_text(&rows, false));
    if wrong > 0 {
        let _ = write!(out, "\nWrong:\n{}", table::to_text(&rows, true));
    }
    for sample in &uncovered {
        let _ = writeln!(out, "{} is not covered", sample.file);
    }
    let _ = writeln!(
        out,
        "\n{} values of {} pages: {} right ({rounded} of them rounded by the platform), {wrong} wrong, {} pages not covered",
        rows.len(),
        all.len(),
        rows.len() - wrong,
        uncovered.len()
    );
    if wrong == 0 && uncovered.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
