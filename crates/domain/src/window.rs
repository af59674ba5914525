//! Stretches of days that numbers are asked for.

use crate::day::Day;

/// Days a window may have at most.
pub const MOST_DAYS: i32 = 366;

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
