//! When to try again after a failure.

use std::time::Duration;

/// Exponential back-off with jitter, bounded on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Wait after the first failure.
    pub base: Duration,
    /// Longest wait.
    pub cap: Duration,
}

impl Backoff {
    /// The wait after `failures` failures in a row (1 for the first): `base · 2^(failures − 1)`, at most `cap`, then moved by up to
    /// ±20 % so that targets which failed together do not come back together. `jitter` is a random number of any size.
    ///
    /// When the platform named a wait (`retry_after`), the longer of the two is taken, the platform's clamped to `cap`.
    pub fn delay(self, failures: u32, retry_after: Option<Duration>, jitter: u64) -> Duration {
        let doubled =
            self.base.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1).min(31)).unwrap_or(u32::MAX));
        let own = doubled.min(self.cap);
        let percent = 80 + u32::try_from(jitter % 41).unwrap_or(0);
        let own = own.saturating_mul(percent) / 100;
        own.max(retry_after.unwrap_or_default().min(self.cap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { base: Duration::from_secs(30), cap: Duration::from_hours(6) };

    #[test]
    fn the_wait_doubles_and_stays_within_a_fifth() {
        for (failures, seconds) in [(1, 30), (2, 60), (3, 120), (10, 15_360)] {
            for jitter in 0..100 {
                let wait = BACKOFF.delay(failures, None, jitter).as_secs_f64();
                let middle = f64::from(seconds);
                assert!((middle * 0.8..=middle * 1.2).contains(&wait), "{failures} {jitter} {wait}");
            }
        }
    }

    #[test]
    fn no_number_of_failures_overflows_or_passes_the_cap() {
        for failures in [0, 31, 32, 33, u32::MAX] {
            assert!(BACKOFF.delay(failures, None, 40) <= BACKOFF.cap * 120 / 100);
        }
    }

    #[test]
    fn the_platforms_own_wait_is_respected_up_to_the_cap() {
        assert_eq!(BACKOFF.delay(1, Some(Duration::from_mins(10)), 0), Duration::from_mins(10));
        assert_eq!(BACKOFF.delay(1, Some(Duration::from_hours(1000)), 0), BACKOFF.cap);
    }
}
