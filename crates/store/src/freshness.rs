//! How the data of a tracking record stands, worked out from its own attempts and from when it is due.

use std::time::Duration;

use domain::{FreshnessState, Outcome, Timestamp};

use crate::views::Freshness;

/// What it is worked out from. The attempts are those that were made while this record was collected; what others had tried is not among them.
#[derive(Debug)]
pub struct Facts<'a> {
    pub is_collected: bool,
    pub is_unavailable: bool,
    pub last_scrape_at: Option<i64>,
    pub interval_hours: i64,
    pub due_at: Option<i64>,
    pub last_attempt_at: Option<i64>,
    pub last_attempt_outcome: Option<&'a str>,
    /// Failed attempts since the last good one.
    pub failures: i64,
}

/// Sums it up at `now`.
pub fn sum_up(facts: &Facts<'_>, now: Timestamp) -> Freshness {
    let state = if !facts.is_collected {
        FreshnessState::Paused
    } else if facts.last_attempt_at.is_some() && facts.is_unavailable {
        FreshnessState::Unavailable
    } else if facts.failures > 0 {
        FreshnessState::Failing
    } else {
        match facts.last_scrape_at.map(Timestamp::from_millis) {
            None => FreshnessState::Pending,
            Some(last) if now > stale_after(last, facts.interval_hours) => FreshnessState::Stale,
            Some(_) => FreshnessState::Fresh,
        }
    };
    Freshness {
        state,
        last_attempt_at: facts.last_attempt_at.map(Timestamp::from_millis),
        last_attempt_outcome: facts.last_attempt_outcome.and_then(|name| name.parse::<Outcome>().ok()),
        next_scrape_at: facts.due_at.filter(|_| facts.is_collected).map(Timestamp::from_millis),
        consecutive_failures: facts.failures,
    }
}

/// When what was read at `last` becomes stale. A scheduled read is spread over up to a tenth of the interval, which is not staleness.
fn stale_after(last: Timestamp, interval_hours: i64) -> Timestamp {
    let interval = Duration::from_hours(u64::try_from(interval_hours).unwrap_or(0));
    last.plus(interval + interval / 10)
}

/// Until when a record stands like this by itself.
pub fn good_until(freshness: &Freshness, last_scrape_at: Option<Timestamp>, interval_hours: i64) -> Option<Timestamp> {
    let is_fresh = freshness.state == FreshnessState::Fresh;
    last_scrape_at.filter(|_| is_fresh).map(|last| stale_after(last, interval_hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn facts() -> Facts<'static> {
        Facts {
            is_collected: true,
            is_unavailable: false,
            last_scrape_at: None,
            interval_hours: 24,
            due_at: Some(100),
            last_attempt_at: None,
            last_attempt_outcome: None,
            failures: 0,
        }
    }

    fn failed() -> Facts<'static> {
        Facts { last_attempt_at: Some(150), last_attempt_outcome: Some("blocked"), failures: 1, ..facts() }
    }

    #[test]
    fn what_others_found_to_be_gone_is_not_shown_before_an_own_attempt() {
        let gone = Facts { is_unavailable: true, ..facts() };
        assert_eq!(sum_up(&gone, Timestamp::from_millis(200)).state, FreshnessState::Pending);
        let tried = Facts { is_unavailable: true, ..failed() };
        assert_eq!(sum_up(&tried, Timestamp::from_millis(200)).state, FreshnessState::Unavailable);
    }

    #[test]
    fn a_failed_attempt_is_failing_and_a_late_one_stale() {
        assert_eq!(sum_up(&failed(), Timestamp::from_millis(200)).state, FreshnessState::Failing);
        let read = Facts { last_attempt_at: Some(150), last_scrape_at: Some(150), ..facts() };
        assert_eq!(sum_up(&read, Timestamp::from_millis(25 * HOUR)).state, FreshnessState::Fresh);
        assert_eq!(sum_up(&read, Timestamp::from_millis(27 * HOUR)).state, FreshnessState::Stale);
    }

    #[test]
    fn a_paused_record_has_no_next_time_and_keeps_its_attempts() {
        let paused = Facts { is_collected: false, ..failed() };
        let shown = sum_up(&paused, Timestamp::from_millis(200));
        assert_eq!((shown.state, shown.next_scrape_at), (FreshnessState::Paused, None));
        assert_eq!((shown.last_attempt_at, shown.consecutive_failures), (Some(Timestamp::from_millis(150)), 1));
    }
}
