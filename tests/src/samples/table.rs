//! What was read against what is recorded: one row for each page and value, and whether they agree in the value and in how exact it is. The
//! suites and `make samples` go by the same rows.

use std::fmt::Write;

use serde_json::{Value, json};

use super::truth::{self, Place};
use super::{Sample, Samples};

/// One recorded value against the one that was read.
#[derive(Clone, Debug)]
pub struct Row {
    /// The page.
    pub file: String,
    /// The recorded value's name.
    pub field: String,
    /// What is recorded, in the words of a reading.
    pub expected: Value,
    /// What was read.
    pub got: Value,
    /// How exact it must be; `None` where it is no count.
    pub expected_precision: Option<&'static str>,
    /// How exact it is said to be.
    pub precision: Option<String>,
}

impl Row {
    /// Whether value and precision agree.
    pub fn is_right(&self) -> bool {
        let same =
            self.expected == self.got || self.expected.as_f64().is_some_and(|wanted| self.got.as_f64() == Some(wanted));
        same && self.expected_precision.is_none_or(|wanted| self.precision.as_deref() == Some(wanted))
    }

    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match (self.is_right(), self.precision.as_deref()) {
            (true, Some("rounded")) => "right, rounded",
            (true, _) => "right",
            (false, _) => "WRONG",
        }
    }
}

/// Every row of every page.
pub fn of_all(samples: &Samples) -> Vec<Row> {
    samples.all().iter().flat_map(|sample| of(sample, &samples.read(sample))).collect()
}

/// The rows of one page, whose reading is `read`. The first is its outcome.
pub fn of(sample: &Sample, read: &Value) -> Vec<Row> {
    let (outcome, word) = truth::outcome(sample);
    let detail = read["detail"].as_str().unwrap_or_default();
    let told =
        if detail.contains(word) { read["outcome"].clone() } else { json!(format!("{}: {detail}", read["outcome"])) };
    let mut rows = vec![plain(sample, "outcome", json!(outcome), told)];
    if !truth::has_outcome(sample) {
        rows.push(plain(sample, "outcome", json!("one of the table's"), Value::Null));
    }
    let made_up =
        read["outcome"] != "ok" && read["posts"].as_array().is_none_or(Vec::is_empty) && read["profile"].is_null();
    let is_account = matches!(sample.kind(), "profile" | "feed");
    for (key, value) in sample.truth.as_object().into_iter().flatten() {
        // A page that withholds everything names nobody either.
        let is_about_nothing = made_up && (key.starts_with('_') || key == "shortcode" || key == "status");
        if truth::is_remark(key) || truth::is_items(key) || is_about_nothing {
            continue;
        }
        rows.push(row(sample, is_account, key, value, read, &read["posts"][0]));
    }
    for item in truth::items(&sample.truth) {
        let posts = read["posts"].as_array().map_or(&[][..], Vec::as_slice);
        let post = posts.iter().find(|post| post["external_id"] == item["id"]).unwrap_or(&Value::Null);
        for (key, value) in item.as_object().into_iter().flatten() {
            let mut row = row(sample, false, key, value, read, post);
            row.field = format!("{}.{key}", item["id"].as_str().unwrap_or_default());
            rows.push(row);
        }
    }
    rows
}

/// Fields that mean another thing in the API than in a reading: an account's likes are the sum over its posts there, and a post's account is
/// named when it is tracked.
const OTHERWISE_MEANT: [(bool, &str); 2] = [(true, "like_count"), (false, "account_username")];

/// The rows of a resource of the API, whose fields have the names of a reading's: those of the recorded values that it has.
pub fn of_resource(sample: &Sample, resource: &Value) -> Vec<Row> {
    let is_account = resource.get("follower_count").is_some();
    let values = sample
        .truth
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !truth::is_remark(key) && !truth::is_items(key));
    let rows = values.filter_map(|(key, value)| {
        let (Place::Account(name) | Place::Post(name)) = truth::place(sample, is_account, key)? else { return None };
        if OTHERWISE_MEANT.contains(&(is_account, name)) {
            return None;
        }
        let got = resource.get(name)?.clone();
        let row = plain(sample, key, truth::meant(sample, key, value), as_seconds(name, got));
        Some(row)
    });
    rows.collect()
}

fn row(sample: &Sample, is_account: bool, key: &str, value: &Value, read: &Value, post: &Value) -> Row {
    let account = &read["profile"];
    let (got, precision) = match truth::place(sample, is_account, key) {
        Some(Place::Reading(name)) => (read[name].clone(), Value::Null),
        Some(Place::Account(name)) => (account[name].clone(), account["precision"][name].clone()),
        Some(Place::Post(name)) => (as_seconds(name, post[name].clone()), post["precision"][name].clone()),
        Some(Place::AccountExtra(name)) => (account["platform_data"][name].clone(), Value::Null),
        Some(Place::PostExtra(name)) => (post["platform_data"][name].clone(), Value::Null),
        Some(Place::Posts) => (read["posts"].as_array().map(Vec::len).into(), Value::Null),
        None => (json!("a value that the table does not know"), Value::Null),
    };
    // Numbers are kept as the page writes them, be it as strings.
    let got = match (value.is_number(), got.as_str().and_then(|text| text.parse::<i64>().ok())) {
        (true, Some(number)) => number.into(),
        (true, None) | (false, _) => got,
    };
    Row {
        expected_precision: truth::precision(sample, key, value),
        precision: precision.as_str().map(str::to_owned),
        ..plain(sample, key, truth::meant(sample, key, value), got)
    }
}

fn plain(sample: &Sample, field: &str, expected: Value, got: Value) -> Row {
    Row { file: sample.file.clone(), field: field.to_owned(), expected, got, expected_precision: None, precision: None }
}

/// Dates are recorded in seconds.
fn as_seconds(name: &str, value: Value) -> Value {
    match value.as_str().filter(|_| name == "create_time").and_then(domain::Timestamp::parse) {
        Some(date) => date.as_seconds().into(),
        None => value,
    }
}

/// The table, one line a row; the names of wrong rows stand out. With `wrong_only`, nothing but those.
pub fn to_text(rows: &[Row], wrong_only: bool) -> String {
    let mut text =
        format!("{:<68} {:<34} {:>24} {:>24}  {:<10} verdict\n", "sample", "field", "expected", "got", "precision");
    for row in rows.iter().filter(|row| !wrong_only || !row.is_right()) {
        let shown =
            |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(60).collect());
        let precision = match (&row.precision, row.expected_precision) {
            (Some(is), Some(wanted)) if is != wanted => format!("{is}, not {wanted}"),
            (Some(is), _) => is.clone(),
            (None, Some(wanted)) => format!("none, not {wanted}"),
            (None, None) => "-".to_owned(),
        };
        let (expected, got) = (shown(&row.expected), shown(&row.got));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<68} {:<34} {expected:>24} {got:>24}  {precision:<10} {}",
            row.file,
            row.field,
            row.verdict()
        );
    }
    text
}

/// Fails with the wrong rows, or when there are fewer than `least`, since what was not compared was not right.
pub fn assert_right(rows: &[Row], least: usize) {
    assert!(rows.iter().all(Row::is_right), "\n{}", to_text(rows, true));
    assert!(rows.len() >= least, "only {} values were compared", rows.len());
}
