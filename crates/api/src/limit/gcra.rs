//! How often is too often, as one number: the generic cell rate algorithm.
//!
//! All that is kept of a caller is when the whole limit will be there again. Each call that passes puts that off by one interval; a call
//! passes while it is no more than the burst away. `take.lua` does the same in Redis.

use super::Window;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// A limit: so many calls at once, and one more after each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rate {
    /// Calls at once.
    pub(super) limit: u32,
    /// Until one more may be made, in microseconds; rounded up, so that a minute never holds more than the limit.
    pub(super) interval_us: i64,
    /// What the whole limit takes to come back, in microseconds.
    pub(super) burst_us: i64,
}

/// What became of some calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// How many of them passed: the first ones.
    pub(super) admitted: u32,
    /// When the whole limit is there again, in microseconds since 1970; the state to keep when any passed.
    pub(super) full_at_us: i64,
}

impl Rate {
    pub(super) fn per_minute(limit: u32) -> Self {
        let calls = i64::from(limit.max(1));
        let interval_us = (super::WINDOW_SECONDS * MICROS_PER_SECOND + calls - 1) / calls;
        Self { limit, interval_us, burst_us: i64::from(limit) * interval_us }
    }

    /// Lets as many of `calls` pass as there is room for at `now_us`, when the state kept is `full_at_us`; a caller of whom nothing is kept
    /// has everything: any time that has passed.
    pub(super) fn take(self, full_at_us: i64, now_us: i64, calls: u32) -> Taken {
        let mut full_at_us = full_at_us.max(now_us);
        // Calls alone do not bring it there: the clock was set back, and nobody is to wait for that.
        if full_at_us - now_us > 2 * self.burst_us {
            full_at_us = now_us + self.burst_us;
        }
        let admitted = calls.min(self.room(full_at_us, now_us));
        Taken { admitted, full_at_us: full_at_us + i64::from(admitted) * self.interval_us }
    }

    /// Calls that would pass at `now_us`.
    fn room(self, full_at_us: i64, now_us: i64) -> u32 {
        let room = (self.burst_us - (full_at_us - now_us)).max(0) / self.interval_us;
        u32::try_from(room).unwrap_or(u32::MAX)
    }

    /// Where the `place`-th of the calls in `taken`, counted from 1, stands at `now_us`.
    pub(super) fn window(self, taken: Taken, place: u32, now_us: i64) -> Window {
        let Taken { admitted, full_at_us } = taken;
        let later = i64::from(admitted.saturating_sub(place));
        let full_at_us = (full_at_us - later * self.interval_us).max(now_us);
        let next_at_us = full_at_us + self.interval_us - self.burst_us;
        Window {
            limit: self.limit,
            remaining: self.room(full_at_us, now_us),
            reset_at: seconds(full_at_us),
            reset_after: whole_seconds(full_at_us - now_us),
            retry_after: whole_seconds(next_at_us - now_us).max(1),
            is_admitted: place <= admitted,
        }
    }
}

/// Rounded up.
fn seconds(micros: i64) -> i64 {
    (micros + MICROS_PER_SECOND - 1).div_euclid(MICROS_PER_SECOND)
}

fn whole_seconds(micros: i64) -> u32 {
    u32::try_from(seconds(micros).max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = MICROS_PER_SECOND;
    const START: i64 = 1_790_000_040 * SECOND;

    #[test]
    fn the_whole_limit_passes_at_once_and_then_one_at_each_interval() {
        let rate = Rate::per_minute(100);
        assert_eq!(rate.take(0, START, 250), Taken { admitted: 100, full_at_us: START + 60 * SECOND });
        let full_at = START + 60 * SECOND;
        assert_eq!(rate.take(full_at, START + 599_999, 1).admitted, 0);
        assert_eq!(rate.take(full_at, START + 600_000, 5).admitted, 1);
        assert_eq!(rate.take(full_at, START + 30 * SECOND, 100).admitted, 50);
        assert_eq!(rate.take(full_at, full_at, 101).admitted, 100);
    }

    #[test]
    fn each_of_several_calls_has_a_place_of_its_own() {
        let rate = Rate::per_minute(3);
        let taken = rate.take(0, START, 5);
        let windows: Vec<_> = (1..=5).map(|place| rate.window(taken, place, START)).collect();
        assert_eq!(windows.iter().map(|w| w.is_admitted).collect::<Vec<_>>(), [true, true, true, false, false]);
        assert_eq!(windows.iter().map(|w| w.remaining).collect::<Vec<_>>(), [2, 1, 0, 0, 0]);
        assert_eq!(windows.iter().map(|w| w.reset_after).collect::<Vec<_>>(), [20, 40, 60, 60, 60]);
        assert_eq!(windows[4].retry_after, 20);
        assert_eq!(windows[4].reset_at, START / SECOND + 60);
    }

    #[test]
    fn a_limit_of_nothing_lets_nothing_pass() {
        let rate = Rate::per_minute(0);
        let taken = rate.take(0, START, 1);
        assert_eq!((taken.admitted, rate.window(taken, 1, START).retry_after), (0, 60));
    }

    #[test]
    fn a_clock_that_was_set_back_costs_a_minute_at_most() {
        let rate = Rate::per_minute(10);
        let taken = rate.take(START + 3_600 * SECOND, START, 1);
        assert_eq!(rate.window(taken, 1, START).retry_after, 6);
    }

    proptest! {
        #[test]
        fn no_span_of_time_holds_more_than_the_limit_and_its_intervals(
            limit in 1_u32..500, steps in vec((0_i64..3_000_000, 1_u32..80), 1..200),
        ) {
            let rate = Rate::per_minute(limit);
            let (mut full_at, mut now, mut passed) = (0, START, Vec::new());
            for (pause, calls) in steps {
                now += pause;
                let taken = rate.take(full_at, now, calls);
                full_at = taken.full_at_us;
                passed.push((now, i64::from(taken.admitted)));
            }
            for first in 0..passed.len() {
                let mut sum = 0;
                for (at, admitted) in &passed[first..] {
                    sum += admitted;
                    prop_assert!(sum <= i64::from(limit) + (at - passed[first].0) / rate.interval_us);
                }
            }
        }

        #[test]
        fn calls_taken_together_are_told_what_they_would_be_one_by_one(
            limit in 0_u32..200, full_in in -1_000_000_i64..60_000_000, calls in 1_u32..300,
        ) {
            let rate = Rate::per_minute(limit);
            let together = rate.take(START + full_in, START, calls);
            let mut full_at = START + full_in;
            for place in 1..=calls {
                let alone = rate.take(full_at, START, 1);
                full_at = alone.full_at_us;
                prop_assert_eq!(rate.window(together, place, START), rate.window(alone, 1, START));
            }
        }

        #[test]
        fn what_a_caller_is_told_is_true(limit in 1_u32..700, steps in vec((0_i64..2_000_000, 1_u32..50), 1..100)) {
            let rate = Rate::per_minute(limit);
            let (mut full_at, mut now) = (0, START);
            for (pause, calls) in steps {
                now += pause;
                let taken = rate.take(full_at, now, calls);
                full_at = taken.full_at_us;
                let window = rate.window(taken, calls, now);
                prop_assert_eq!(rate.take(full_at, now, u32::MAX).admitted, window.remaining);
                prop_assert_eq!(rate.take(full_at, window.reset_at * SECOND, u32::MAX).admitted, limit);
                prop_assert!(window.reset_at * SECOND - now <= i64::from(window.reset_after) * SECOND + SECOND);
                if !window.is_admitted {
                    let then = now + i64::from(window.retry_after) * SECOND;
                    prop_assert_eq!(rate.take(full_at, then, 1).admitted, 1);
                }
            }
        }

        #[test]
        fn a_client_that_paces_itself_is_never_refused(limit in 1_u32..100, pauses in vec(0_i64..1_500_000, 1..400)) {
            let rate = Rate::per_minute(limit);
            let (mut full_at, mut now) = (0, START);
            for pause in pauses {
                now += pause;
                let taken = rate.take(full_at, now, 1);
                full_at = taken.full_at_us;
                let window = rate.window(taken, 1, now);
                prop_assert!(window.is_admitted);
                if window.remaining == 0 {
                    now = window.reset_at * SECOND;
                }
            }
        }
    }
}
