//! Stretches of days that numbers are asked for.

use crate::day::Day;
use crate::validation::one_of;

/// Days a window may have at most.
pub const MOST_DAYS: i32 = 366;

/// How a window is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// Today and the six days before it.
    Week,
    /// Today and the 29 days before it.
    Month,
    /// Today and the 89 days before it.
    Quarter,
    /// From one date to another.
    Custom,
}

impl Period {
    /// Those that end today, and the one that is given by its dates.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Custom];

    /// Those that end today.
    pub const ROLLING: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Custom => "custom",
        }
    }

    /// How many days it has; `None` where its dates say.
    pub const fn days(self) -> Option<i32> {
        match self {
            Self::Week => Some(7),
            Self::Month => Some(30),
            Self::Quarter => Some(90),
            Self::Custom => None,
        }
    }

    /// Finds a name among `known`.
    pub fn parse(text: &str, known: &[Self]) -> Result<Self, String> {
        one_of(text, known, Self::as_str)
    }
}

/// Whole days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    first: Day,
    last: Day,
}

/// What is wrong with a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowError {
    /// It ends before it begins.
    Reversed,
    /// It is longer than [`MOST_DAYS`].
    TooLong,
    /// It ends after today.
    InTheFuture,
}

impl Window {
    /// The window of `days` days that ends with `today`: `7d` is today and the six days before it.
    pub fn ending(today: Day, days: i32) -> Self {
        let days = days.clamp(1, MOST_DAYS);
        Self { first: today.plus(1 - days), last: today }
    }

    /// The window from `first` to `last`.
    pub fn new(first: Day, last: Day, today: Day) -> Result<Self, WindowError> {
        let this = Self { first, last };
        if last > today {
            return Err(WindowError::InTheFuture);
        }
        if first > last {
            return Err(WindowError::Reversed);
        }
        if this.days() > MOST_DAYS {
            return Err(WindowError::TooLong);
        }
        Ok(this)
    }

    /// Its first day.
    pub const fn first(self) -> Day {
        self.first
    }

    /// Its last day.
    pub const fn last(self) -> Day {
        self.last
    }

    /// Whether a day is one of its days.
    pub fn has(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// How many days it has; at least one.
    pub const fn days(self) -> i32 {
        self.last.number().saturating_sub(self.first.number()).saturating_add(1)
    }

    /// The window of as many days before it.
    #[must_use]
    pub const fn before(self) -> Self {
        Self { first: self.first.plus(-self.days()), last: self.first.plus(-1) }
    }

    /// Each of its days.
    pub fn each(self) -> impl DoubleEndedIterator<Item = Day> {
        (self.first.number()..=self.last.number()).map(Day::from_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_week_is_today_and_the_six_days_before_it() {
        let week = Window::ending(day("2024-03-02"), 7);
        assert_eq!((week.first(), week.last(), week.days()), (day("2024-02-25"), day("2024-03-02"), 7));
        assert_eq!(week.each().count(), 7);
        assert_eq!(week.before(), Window::ending(day("2024-02-24"), 7));
    }

    #[test]
    fn a_window_ends_no_later_than_today_and_has_a_leap_year_at_most() {
        let today = day("2024-12-31");
        let new = |first, last| Window::new(day(first), day(last), today);
        assert_eq!(new("2024-01-01", "2024-12-31").unwrap().days(), 366);
        assert_eq!(new("2023-12-31", "2024-12-31"), Err(WindowError::TooLong));
        assert_eq!(new("2024-05-02", "2024-05-01"), Err(WindowError::Reversed));
        assert_eq!(new("2024-05-02", "2025-01-01"), Err(WindowError::InTheFuture));
        assert_eq!(new("2024-05-02", "2024-05-02").unwrap().days(), 1);
    }
}
