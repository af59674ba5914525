//! What is known of a number on a page: its value and how exact it is, or why there is none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::validation::one_of;

/// How exact a value is, the least exact first, so that a greater one is a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// The platform rounded it (`1.4M`, or `1400000` where the platform rounds from 10,000 up).
    Rounded,
    /// Digit by digit, but out of prose made for people (a description, a label), which lags behind the platform's own count by hours.
    FromText,
    /// The platform's own count, digit by digit.
    Exact,
}

impl Precision {
    const ALL: [Self; 3] = [Self::Exact, Self::Rounded, Self::FromText];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Rounded => "rounded",
            Self::FromText => "from_text",
        }
    }

    /// Whether a count this exact, read at `since`, stays the current one against another that is read at `at`.
    pub fn holds(self, since: Timestamp, other: Self, at: Timestamp) -> bool {
        self > other && at.since(since) < BETTER_HOLDS
    }
}

impl std::str::FromStr for Precision {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Precision::as_str)
    }
}

/// For so long a better count is not replaced by a worse one.
pub const BETTER_HOLDS: Duration = Duration::from_hours(1);

/// Why a metric is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricStatus {
    /// The owner hides it.
    Hidden,
    /// The platform has no such metric.
    Unsupported,
    /// Nothing was read yet.
    NotYetScraped,
    /// The page that was read does not carry it.
    NotProvided,
}

impl MetricStatus {
    const ALL: [Self; 4] = [Self::Hidden, Self::Unsupported, Self::NotYetScraped, Self::NotProvided];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Unsupported => "unsupported",
            Self::NotYetScraped => "not_yet_scraped",
            Self::NotProvided => "not_provided",
        }
    }
}

impl std::str::FromStr for MetricStatus {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, MetricStatus::as_str)
    }
}

/// One metric as one page gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The page said so.
    Known {
        /// The count. Never negative.
        value: i64,
        /// How exact it is.
        precision: Precision,
    },
    /// The page did not say, for this reason.
    Null(MetricStatus),
}

impl Reading {
    /// The page does not carry the metric.
    pub const NOT_PROVIDED: Self = Self::Null(MetricStatus::NotProvided);

    /// A reading of `value`. A negative count is an overflow on the platform's side, so nothing is known.
    pub fn of(value: Option<i64>, precision: Precision) -> Self {
        match value {
            Some(value) if value >= 0 => Self::Known { value, precision },
            Some(_) | None => Self::NOT_PROVIDED,
        }
    }

    /// An exact reading.
    pub fn exact(value: Option<i64>) -> Self {
        Self::of(value, Precision::Exact)
    }

    /// The value, when one is known.
    pub const fn value(self) -> Option<i64> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Null(_) => None,
        }
    }

    /// The precision, when a value is known.
    pub const fn precision(self) -> Option<Precision> {
        match self {
            Self::Known { precision, .. } => Some(precision),
            Self::Null(_) => None,
        }
    }

    /// Why there is no value, when there is none.
    pub const fn status(self) -> Option<MetricStatus> {
        match self {
            Self::Known { .. } => None,
            Self::Null(status) => Some(status),
        }
    }

    /// This reading, or `other` when this page did not carry the metric.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::NOT_PROVIDED { other } else { self }
    }
}

/// What became of a metric between two readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    /// By how much it grew; negative when it fell. `None` when either value is unknown. Of two that are not equally exact it is off by the rounding,
    /// which the next change the other way takes back: so sums of gains stay right, and nothing that was gained is lost.
    pub by: Option<i64>,
    /// Whether it fell, which is kept and flagged: people delete comments and platforms clear out followers. What may be rounding alone is no fall.
    pub is_fall: bool,
}

impl Gain {
    /// The gain from `before` to `after`.
    pub fn between(before: Reading, after: Reading) -> Self {
        let by = before.value().zip(after.value()).map(|(old, new)| new.saturating_sub(old));
        let is_comparable = before.precision() == after.precision();
        Self { by, is_fall: is_comparable && by.is_some_and(|by| by < 0) }
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self::NOT_PROVIDED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_count_is_not_a_count() {
        assert_eq!(Reading::exact(Some(-1_614_092_016)), Reading::NOT_PROVIDED);
    }

    #[test]
    fn a_gain_is_known_where_both_values_are_however_exact_they_are() {
        let (exact, rounded) = (Reading::exact(Some(12_345)), Reading::of(Some(12_300), Precision::Rounded));
        assert_eq!(Gain::between(exact, rounded), Gain { by: Some(-45), is_fall: false });
        assert_eq!(Gain::between(rounded, exact), Gain { by: Some(45), is_fall: false });
        assert_eq!(Gain::between(exact, Reading::NOT_PROVIDED).by, None);
        assert_eq!(Gain::between(exact, Reading::exact(Some(12_340))), Gain { by: Some(-5), is_fall: true });
        assert_eq!(Gain::between(rounded, Reading::of(Some(12_400), Precision::Rounded)).by, Some(100));
    }

    #[test]
    fn exact_is_better_than_text_and_text_better_than_rounded() {
        assert!(Precision::Exact > Precision::FromText && Precision::FromText > Precision::Rounded);
    }

    #[test]
    fn a_hidden_metric_is_not_replaced_by_a_left_over_number() {
        let hidden = Reading::Null(MetricStatus::Hidden);
        assert_eq!(hidden.or(Reading::exact(Some(3))), hidden);
        assert_eq!(Reading::NOT_PROVIDED.or(Reading::exact(Some(3))).value(), Some(3));
    }
}
