//! Where the current values come from, and which of two readings is the better one to keep.
//!
//! Each profile and post carries its provenance beside its values: for each metric how exact the current value is, who read it and when.
//! What a page said is history in any case (see [`super::history`]); this decides what is shown as current.

use std::collections::BTreeMap;

use domain::metric::BETTER_HOLDS;
use domain::{MetricStatus, Precision, Reading, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::sql::Filter;

/// The metrics of one page with their columns.
pub type Readings<const N: usize> = [(&'static str, Reading); N];

/// Where one value comes from. The precision stands first, because [`written_as`] finds it in the stored text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    precision: Option<Precision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<MetricStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adapter: Option<String>,
    /// Milliseconds since 1970.
    at: i64,
    /// How exact the last reading was that this one was kept against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<Precision>,
}

/// What becomes of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the current value from now on, or the reason why there is none.
    Now(Reading),
    /// The current value is better and fresh; this one is for those alone who have none.
    Behind(i64),
    /// The page did not speak of it: what was known stays.
    Untouched,
}

impl Kept {
    /// Adds what a tracking record makes of the reading to the `SET` list of its update.
    pub fn assign(self, set: &mut Filter, column: &str) {
        match self {
            Self::Now(reading) => {
                let place = set.bind(reading.value());
                set.assign(column, &place);
            }
            Self::Behind(value) => {
                let place = set.bind(value);
                set.assign(column, &format!("COALESCE({column}, {place})"));
            }
            Self::Untouched => {}
        }
    }
}

/// The provenance of a profile's or a post's current facts, by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance(BTreeMap<String, Origin>);

impl Provenance {
    /// As it stands in the tables. What cannot be read is nothing: then every reading replaces.
    pub fn from_stored(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// As it is stored.
    pub fn to_stored(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Decides about the readings of a page and takes over those that count from now on.
    pub fn keep<const N: usize>(
        &mut self,
        readings: Readings<N>,
        adapter: Option<&str>,
        now: Timestamp,
    ) -> [(&'static str, Kept); N] {
        readings.map(|(column, reading)| (column, self.keep_one(column, reading, adapter, now)))
    }

    fn keep_one(&mut self, column: &str, reading: Reading, adapter: Option<&str>, now: Timestamp) -> Kept {
        match reading {
            Reading::Null(MetricStatus::NotProvided | MetricStatus::NotYetScraped) => return Kept::Untouched,
            Reading::Known { value, precision } => {
                let better = self.0.get_mut(column).filter(|origin| {
                    let is_fresh = now.since(Timestamp::from_millis(origin.at)) < BETTER_HOLDS;
                    is_fresh && origin.precision.is_some_and(|stored| stored > precision)
                });
                if let Some(origin) = better {
                    origin.held = Some(precision);
                    return Kept::Behind(value);
                }
            }
            Reading::Null(MetricStatus::Hidden | MetricStatus::Unsupported) => {}
        }
        let origin = Origin {
            precision: reading.precision(),
            status: reading.status(),
            adapter: adapter.map(str::to_owned),
            at: now.as_millis(),
            held: None,
        };
        self.0.insert(column.to_owned(), origin);
        Kept::Now(reading)
    }

    /// When a post was published, of what is `known` and what the page says (`read`). What is known stays, unless the page alone says the moment: so a
    /// source that has it of the id, or knows the day alone, moves nothing, and two that differ do not take turns.
    pub fn keep_created(
        &mut self,
        known: Option<Timestamp>,
        read: Option<(Timestamp, Precision)>,
        adapter: Option<&str>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        const COLUMN: &str = "create_time";
        let told = self.0.get(COLUMN).and_then(|origin| origin.precision).unwrap_or(Precision::Rounded);
        let Some((at, precision)) = read.filter(|(_, precision)| known.is_none() || *precision > told) else {
            return known;
        };
        let adapter = adapter.map(str::to_owned);
        let origin = Origin { precision: Some(precision), status: None, adapter, at: now.as_millis(), held: None };
        self.0.insert(COLUMN.to_owned(), origin);
        Some(at)
    }

    /// Whether a page that lacks this fact, where it may have one, says that there is none any more. Only the reader that last gave it
    /// can say so: another may look at a page that never carries it.
    pub fn is_withdrawn(&self, column: &str, adapter: Option<&str>) -> bool {
        self.0.get(column).is_some_and(|origin| origin.adapter.as_deref() == adapter)
    }

    /// Notes who gave a fact that is no metric.
    pub fn note(&mut self, column: &str, adapter: Option<&str>, now: Timestamp) {
        let adapter = adapter.map(str::to_owned);
        let origin = Origin { precision: None, status: None, adapter, at: now.as_millis(), held: None };
        self.0.insert(column.to_owned(), origin);
    }

    /// Notes that a fact is there no more.
    pub fn forget(&mut self, column: &str) {
        self.0.remove(column);
    }

    /// The extras under the platform's own names, as stored: those of this page in place of those before when the same reader gave them,
    /// else over them, because another reader looks at a page that never carries the others.
    pub fn extras(&mut self, stored: &str, read: &Map<String, Value>, adapter: Option<&str>, now: Timestamp) -> String {
        const COLUMN: &str = "platform_data";
        let is_same_reader = self.is_withdrawn(COLUMN, adapter);
        let before: Option<Map<String, Value>> = serde_json::from_str(stored).ok().filter(|_| !is_same_reader);
        let mut extras = before.unwrap_or_default();
        extras.extend(read.clone());
        if !read.is_empty() {
            self.note(COLUMN, adapter, now);
        }
        Value::Object(extras).to_string()
    }

    /// How exact a metric is for a record that was first read at `first_scrape_at`; `None` when it is exact. A record that is younger
    /// than the current value has the one that was kept behind it.
    pub fn precision(&self, column: &str, first_scrape_at: Option<i64>) -> Option<Precision> {
        let origin = self.0.get(column)?;
        let is_younger = first_scrape_at.is_some_and(|first| first > origin.at);
        let precision = if is_younger { origin.held.or(origin.precision) } else { origin.precision };
        precision.filter(|precision| *precision != Precision::Exact)
    }

    /// Why a metric is null, when a page said so.
    pub fn status(&self, column: &str) -> Option<MetricStatus> {
        self.0.get(column)?.status
    }
}

/// The part of a stored provenance that says that the current value of `column` has this precision.
pub fn written_as(column: &str, precision: Precision) -> String {
    format!("\"{column}\":{{\"precision\":\"{}\"", precision.as_str())
}

/// What is said of one sum in the notes on an account's sums.
pub fn noted<'a>(notes: Option<&'a str>, metric: &str) -> Option<&'a str> {
    notes?.split(',').filter_map(|item| item.split_once(':')).find_map(|(name, word)| (name == metric).then_some(word))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOON: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn views(value: i64, precision: Precision) -> Readings<1> {
        [("view_count", Reading::of(Some(value), precision))]
    }

    #[test]
    fn a_better_reading_holds_for_an_hour_and_a_better_or_equal_one_replaces_at_once() {
        for (stored, read, holds) in [
            (Precision::Exact, Precision::Rounded, true),
            (Precision::Exact, Precision::FromText, true),
            (Precision::FromText, Precision::Rounded, true),
            (Precision::Exact, Precision::Exact, false),
            (Precision::Rounded, Precision::FromText, false),
            (Precision::FromText, Precision::Exact, false),
        ] {
            for (minutes, is_fresh) in [(0, true), (59, true), (60, false), (600, false)] {
                let mut provenance = Provenance::default();
                provenance.keep(views(12_345, stored), Some("a"), NOON);
                let later = NOON.plus(Duration::from_mins(minutes));
                let [(_, kept)] = provenance.keep(views(12_300, read), Some("b"), later);
                let expected =
                    if holds && is_fresh { Kept::Behind(12_300) } else { Kept::Now(Reading::of(Some(12_300), read)) };
                assert_eq!(kept, expected, "{read:?} after {stored:?} and {minutes} minutes");
            }
        }
    }

    #[test]
    fn a_hidden_metric_replaces_the_best_reading_and_a_page_without_it_nothing() {
        let mut provenance = Provenance::default();
        provenance.keep(views(5, Precision::Exact), Some("a"), NOON);
        let before = provenance.clone();
        let [(_, kept)] = provenance.keep([("view_count", Reading::NOT_PROVIDED)], Some("b"), NOON);
        assert_eq!((kept, &provenance), (Kept::Untouched, &before));
        let hidden = Reading::Null(MetricStatus::Hidden);
        let [(_, kept)] = provenance.keep([("view_count", hidden)], Some("b"), NOON);
        assert_eq!(kept, Kept::Now(hidden));
        assert_eq!(provenance.status("view_count"), Some(MetricStatus::Hidden));
        assert_eq!(provenance.precision("view_count", None), None);
    }

    #[test]
    fn a_record_that_is_younger_than_the_current_value_has_the_one_behind_it() {
        let mut provenance = Provenance::default();
        provenance.keep(views(12_345, Precision::Exact), Some("a"), NOON);
        let later = NOON.plus(Duration::from_mins(5));
        provenance.keep(views(12_300, Precision::Rounded), Some("b"), later);
        assert_eq!(provenance.precision("view_count", Some(NOON.as_millis())), None);
        assert_eq!(provenance.precision("view_count", Some(later.as_millis())), Some(Precision::Rounded));
    }

    #[test]
    fn what_is_stored_reads_back_and_shows_its_precisions() {
        let mut provenance = Provenance::default();
        provenance.keep(views(12_300, Precision::Rounded), Some("a"), NOON);
        let stored = provenance.to_stored();
        assert_eq!(Provenance::from_stored(&stored), provenance);
        assert!(stored.contains(&written_as("view_count", Precision::Rounded)), "{stored}");
        assert!(!stored.contains(&written_as("view_count", Precision::FromText)), "{stored}");
        assert_eq!(Provenance::from_stored("not json"), Provenance::default());
    }

    #[test]
    fn a_date_is_replaced_once_at_most_and_by_a_page_that_says_the_moment() {
        let (day, moment, other) = (NOON, NOON.plus(Duration::from_hours(70)), NOON.plus(Duration::from_hours(99)));
        let (rounded, exact) = (Precision::Rounded, Precision::Exact);
        let mut provenance = Provenance::default();
        let mut known = None;
        for (read, expected) in [
            (None, None),
            (Some((day, rounded)), Some(day)),
            (Some((other, rounded)), Some(day)),
            (Some((moment, exact)), Some(moment)),
            (Some((day, rounded)), Some(moment)),
            (Some((other, exact)), Some(moment)),
            (None, Some(moment)),
        ] {
            known = provenance.keep_created(known, read, Some("a"), NOON);
            assert_eq!(known, expected, "{read:?}");
            provenance = Provenance::from_stored(&provenance.to_stored());
        }
        // Of one that is known without a word on how, the page's moment is the better one.
        assert_eq!(Provenance::default().keep_created(Some(day), Some((other, rounded)), None, NOON), Some(day));
        assert_eq!(Provenance::default().keep_created(Some(day), Some((moment, exact)), None, NOON), Some(moment));
    }

    #[test]
    fn only_who_gave_a_fact_can_take_it_back() {
        let mut provenance = Provenance::default();
        assert!(!provenance.is_withdrawn("description", Some("a")));
        provenance.note("description", Some("a"), NOON);
        assert!(provenance.is_withdrawn("description", Some("a")));
        assert!(!provenance.is_withdrawn("description", Some("b")));
    }
}
