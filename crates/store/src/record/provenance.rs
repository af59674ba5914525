//! Where the current values come from, and which of two readings is the better one to keep.
//!
//! Each profile and post carries its provenance beside its values: for each metric how exact the current value is, who read it and when.
//! What a page said is history in any case (see [`super::history`]); this decides what is shown as current.

use std::collections::BTreeMap;

use domain::metric::BETTER_HOLDS;
use domain::{MetricStatus, Precision, Reading, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The metrics of one page with their columns.
pub type Readings<const N: usize> = [(&'static str, Reading); N];

/// Where one value comes from, as it is for who has seen all reads. The precision stands first, because [`written_as`] finds it in the stored text.
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
    /// The last reading of each precision, oldest first, while they differ in it: who has seen only some of them may have another value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    last: Vec<Count>,
}

impl Origin {
    /// The readings that may still hold others back, oldest first.
    fn counts(&self) -> Vec<Count> {
        let only = self.precision.map(|precision| Count { precision, at: self.at });
        if self.last.is_empty() { only.into_iter().collect() } else { self.last.clone() }
    }
}

/// A reading that gave a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    precision: Precision,
    /// Milliseconds since 1970.
    at: i64,
}

impl Count {
    /// Whether this one stays against `later`.
    fn holds(self, later: Self) -> bool {
        self.precision.holds(Timestamp::from_millis(self.at), later.precision, Timestamp::from_millis(later.at))
    }

    /// The one that stands after `counts`. Of each precision the last is enough: whatever holds against it held against those before, and whatever
    /// those replaced it replaces too.
    fn standing(counts: &[Self]) -> Option<Self> {
        counts.iter().copied().reduce(|standing, later| if standing.holds(later) { standing } else { later })
    }
}

/// What becomes of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is the current value from now on, or the reason why there is none.
    Now(Reading),
    /// Some have a better value that is fresh; the others have this one.
    Behind {
        /// What was read.
        reading: Reading,
        /// Whether those who have seen all are among the others.
        is_for_all: bool,
    },
    /// The page did not speak of it: what was known stays.
    Untouched,
}

impl Kept {
    /// What the reading is for who has seen all: the current value from now on, or nothing.
    pub const fn for_all(self) -> Option<Reading> {
        match self {
            Self::Now(reading) | Self::Behind { reading, is_for_all: true } => Some(reading),
            Self::Behind { reading: _, is_for_all: false } | Self::Untouched => None,
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
        let (mut last, is_for_all) = match reading {
            Reading::Null(MetricStatus::NotProvided | MetricStatus::NotYetScraped) => return Kept::Untouched,
            Reading::Null(MetricStatus::Hidden | MetricStatus::Unsupported) => (Vec::new(), None),
            Reading::Known { precision, .. } => self.hold(column, Count { precision, at: now.as_millis() }),
        };
        if last.len() < 2 {
            last.clear();
        }
        let kept = is_for_all.map_or(Kept::Now(reading), |is_for_all| Kept::Behind { reading, is_for_all });
        if kept.for_all().is_some() {
            let adapter = adapter.map(str::to_owned);
            let (precision, status) = (reading.precision(), reading.status());
            self.0.insert(column.to_owned(), Origin { precision, status, adapter, at: now.as_millis(), last });
        } else if let Some(origin) = self.0.get_mut(column) {
            origin.last = last;
        }
        kept
    }

    /// Which readings count after one that was just `read`; and, where somebody has a better one, whether it is the current one for who has seen all.
    fn hold(&self, column: &str, read: Count) -> (Vec<Count>, Option<bool>) {
        let mut last = self.0.get(column).map(Origin::counts).unwrap_or_default();
        // What a count held back in its hour is stale an hour later: then it matters to nobody whether they have seen it.
        let matters = |count: &Count| {
            Timestamp::from_millis(read.at).since(Timestamp::from_millis(count.at)) < BETTER_HOLDS.saturating_mul(2)
        };
        last.retain(|count| count.precision != read.precision && matters(count));
        let stays = |from: usize| last.get(from..).and_then(Count::standing).is_some_and(|count| count.holds(read));
        let is_for_all = (0..last.len()).any(stays).then(|| !stays(0));
        last.push(read);
        (last, is_for_all)
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
        let origin =
            Origin { precision: Some(precision), status: None, adapter, at: now.as_millis(), last: Vec::new() };
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
        let origin = Origin { precision: None, status: None, adapter, at: now.as_millis(), last: Vec::new() };
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
    /// than the current value may have another one.
    pub fn precision(&self, column: &str, first_scrape_at: Option<i64>) -> Option<Precision> {
        let origin = self.0.get(column)?;
        let began = origin.last.iter().position(|count| first_scrape_at.is_none_or(|first| first <= count.at));
        let own = began.and_then(|began| origin.last.get(began..)).and_then(Count::standing);
        own.map(|count| count.precision).or(origin.precision).filter(|precision| *precision != Precision::Exact)
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
mod tests;
