//! Days as history counts them: UTC, from midnight to midnight.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::clock::Timestamp;

const FORM: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The Julian day of 1970-01-01.
const EPOCH: i32 = 2_440_588;

const DAY_MS: i64 = 86_400_000;

/// A day of the UTC calendar. On the wire `YYYY-MM-DD`, in the tables the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(i32);

impl Day {
    /// The day that a moment belongs to. Midnight belongs to the day that it begins.
    pub fn of(at: Timestamp) -> Self {
        // Beyond some millions of years, which no clock shows.
        Self(i32::try_from(at.as_millis().div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// From the number of days since 1970-01-01.
    pub const fn from_number(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// Its first moment.
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(i64::from(self.0) * DAY_MS)
    }

    /// The day so many days later; earlier when `days` is negative.
    #[must_use]
    pub const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        // Ten characters: the format would also take a sign.
        let date = Date::parse(text, FORM).ok().filter(|_| text.len() == 10)?;
        Some(Self(date.to_julian_day() - EPOCH))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let date = Date::from_julian_day(self.0.saturating_add(EPOCH)).unwrap_or(Date::MAX);
        write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("must be a date of the form YYYY-MM-DD"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_begins_a_day() {
        let midnight = Timestamp::parse("2024-02-29T00:00:00Z").unwrap();
        let day = Day::of(midnight);
        assert_eq!((day.to_string().as_str(), day.start()), ("2024-02-29", midnight));
        assert_eq!(Day::of(Timestamp::from_millis(midnight.as_millis() - 1)), day.plus(-1));
        assert_eq!(Day::of(Timestamp::from_millis(-1)).to_string(), "1969-12-31");
    }

    #[test]
    fn dates_are_read_as_they_are_written_and_no_other_way() {
        for text in ["1970-01-01", "2023-12-31", "2024-02-29", "2100-03-01"] {
            assert_eq!(Day::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Day::parse("1970-01-02"), Some(Day::from_number(1)));
        for text in ["2023-02-29", "2023-2-1", "+2023-02-01", "2023-02-01T00:00:00Z", "", "today"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
