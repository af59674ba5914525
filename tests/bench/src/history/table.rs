//! The numbers of both sizes, side by side.

use std::fmt::Write;

use super::{Answered, Size};

/// One question as it is answered, for those who wait.
pub fn line(answered: &Answered) -> String {
    format!("{:<44} {}", answered.name, shown(answered))
}

fn shown(answered: &Answered) -> String {
    match (answered.times_us, &answered.otherwise) {
        (Some((half, most)), _) => format!("{:>9.1} {:>9.1}", ms(half), ms(most)),
        (None, otherwise) => otherwise.clone().unwrap_or_default(),
    }
}

fn ms(us: u32) -> f64 {
    f64::from(us) / 1_000.0
}

/// All of it, with the growth from the first size to the last.
pub fn to_text(sizes: &[Size]) -> String {
    let mut text = String::new();
    for size in sizes {
        let Size { profiles, rows, history_rows, bytes, seeding_seconds, plans, .. } = size;
        let _infallible = writeln!(
            text,
            "{profiles} profiles: {history_rows} rows of days and snapshots, {rows} rows in all, {} MB, written in {seeding_seconds:.0} s; \
             {} plans, {} walks through history",
            bytes / 1_000_000,
            plans.seen,
            plans.walks.len()
        );
        for walk in &plans.walks {
            let _infallible = writeln!(text, "    {walk}");
        }
    }
    let heads: Vec<String> = sizes.iter().map(|size| format!(" | p50, p99 at {:>8}", size.profiles)).collect();
    let heads = heads.concat();
    let _infallible = writeln!(text, "\n{:<44}{heads} | growth of p50, p99  (ms)", "");
    let (Some(first), Some(last)) = (sizes.first(), sizes.last()) else { return text };
    for (place, answered) in last.answers.iter().enumerate() {
        let of_sizes = sizes.iter().filter_map(|size| size.answers.get(place));
        let row: Vec<String> = of_sizes.map(|answered| format!(" | {:>19}", shown(answered))).collect();
        let row = row.concat();
        let before = first.answers.get(place).filter(|_| sizes.len() > 1).and_then(|answered| answered.times_us);
        let growth = before.zip(answered.times_us).map(|((half, most), (half_now, most_now))| {
            format!(
                "{:>5.2} {:>5.2}",
                f64::from(half_now) / f64::from(half.max(1)),
                f64::from(most_now) / f64::from(most.max(1))
            )
        });
        let _infallible = writeln!(text, "{:<44}{row} | {}", answered.name, growth.unwrap_or_default());
    }
    text
}
