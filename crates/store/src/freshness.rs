//! How the data of a tracking record stands, worked out from its schedule row.

use std::time::Duration;

use domain::{FreshnessState, Outcome, Timestamp};

use crate::views::Freshness;

/// What it is worked out from. Attempts before `added_at` are somebody else's and not shown, nor are those made while this record is
/// not collected: it shows its own last good read as the last attempt then.
#[derive(Debug)]
pub struct Facts<'a> {
    pub added_at: i64,
    pub is_collected: bool,
    pub is_unavailable: bool,
    pub last_scrape_at: Option<i64>,
    pub interval_hours: i64,
    pub due_at: Option<i64>,
    pub last_attempt_at: Option<i64>,
    pub last_attempt_outcome: Option<&'a str>,
    pub consecutive_failures: Option<i64>,
}

/// Sums it up at `now`.
pub fn sum_up(facts: &Facts<'_>, now: Timestamp) -> Freshness {
    let last_attempt_at = if facts.is_collected { facts.last_attempt_at } else { facts.last_scrape_at };
    let attempted = last_attempt_at.is_some_and(|at| at >= facts.added_at);
    let outcome = if last_attempt_at == facts.last_attempt_at { facts.last_attempt_outcome } else { Some("ok") };
    let failures = facts.consecutive_failures.filter(|_| attempted && facts.is_collected).unwrap_or(0);
    let state = if !facts.is_collected {
        FreshnessState::Paused
    } else if attempted && facts.is_unavailable {
        FreshnessState::Unavailable
    } else if failures > 0 {
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
        last_attempt_at: last_attempt_at.filter(|_| attempted).map(Timestamp::from_millis),
        last_attempt_outcome: outcome.filter(|_| attempted).and_then(|name| name.parse::<Outcome>().ok()),
        next_scrape_at: facts.due_at.filter(|_| facts.is_collected).map(Timestamp::from_millis),
        consecutive_failures: failures,
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
            added_at: 100,
            is_collected: true,
            is_unavailable: false,
            last_scrape_at: None,
            interval_hours: 24,
            due_at: Some(100),
            last_attempt_at: None,
            last_attempt_outcome: None,
            consecutive_failures: Some(0),
        }
    }

    #[test]
    fn what_others_attempted_before_is_not_shown() {
        let before = Facts {
            last_attempt_at: Some(99),
            last_attempt_outcome: Some("blocked"),
            consecutive_failures: Some(3),
            ..facts()
        };
        let shown = sum_up(&before, Timestamp::from_millis(200));
        assert_eq!(shown.state, FreshnessState::Pending);
        assert_eq!((shown.last_attempt_at, shown.last_attempt_outcome, shown.consecutive_failures), (None, None, 0));
    }

    #[test]
    fn a_failed_attempt_is_failing_and_a_late_one_stale() {
        let failing = Facts {
            last_attempt_at: Some(150),
            last_attempt_outcome: Some("blocked"),
            consecutive_failures: Some(1),
            ..facts()
        };
        assert_eq!(sum_up(&failing, Timestamp::from_millis(200)).state, FreshnessState::Failing);
        let read = Facts { last_attempt_at: Some(150), last_scrape_at: Some(150), ..facts() };
        assert_eq!(sum_up(&read, Timestamp::from_millis(25 * HOUR)).state, FreshnessState::Fresh);
        assert_eq!(sum_up(&read, Timestamp::from_millis(27 * HOUR)).state, FreshnessState::Stale);
    }

    #[test]
    fn a_paused_record_has_no_next_time() {
        let paused = Facts { is_collected: false, ..facts() };
        let shown = sum_up(&paused, Timestamp::from_millis(200));
        assert_eq!((shown.state, shown.next_scrape_at), (FreshnessState::Paused, None));
    }
}
