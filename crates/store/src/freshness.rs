//! How the data of a tracking record stands, worked out from its own attempts and from when it is due.

use std::time::Duration;

use domain::{AgeCurve, FreshnessState, Outcome, Timestamp};

use crate::views::Freshness;

/// What a row is viewed by, beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The present time.
    pub now: Timestamp,
    /// How often the posts of a feed are read.
    pub curve: &'a AgeCurve,
}

/// What it is worked out from. The attempts are those that were made while this record was collected; what others had tried is not among them.
#[derive(Debug)]
pub struct Facts<'a> {
    pub is_collected: bool,
    pub is_unavailable: bool,
    pub last_scrape_at: Option<i64>,
    /// The longest time that passes between two reads when all goes well.
    pub interval: Duration,
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
            Some(last) if now > stale_after(last, facts.interval) => FreshnessState::Stale,
            Some(_) => FreshnessState::Fresh,
        }
    };
    let is_fresh = state == FreshnessState::Fresh;
    Freshness {
        state,
        fresh_until: facts
            .last_scrape_at
            .filter(|_| is_fresh)
            .map(|last| stale_after(Timestamp::from_millis(last), facts.interval)),
        last_attempt_at: facts.last_attempt_at.map(Timestamp::from_millis),
        last_attempt_outcome: facts.last_attempt_outcome.and_then(|name| name.parse::<Outcome>().ok()),
        next_scrape_at: facts.due_at.filter(|_| facts.is_collected).map(Timestamp::from_millis),
        consecutive_failures: facts.failures,
    }
}

/// When what was read at `last` becomes stale. A scheduled read is spread over up to a tenth of the interval, which is not staleness.
fn stale_after(last: Timestamp, interval: Duration) -> Timestamp {
    last.plus(interval + interval / 10)
}

/// The interval of a record that is read every so many hours.
pub fn hours(count: i64) -> Duration {
    Duration::from_hours(u64::try_from(count).unwrap_or(0))
}

/// The interval of a feed's post: as often as its account, or more seldom by the age that it had when it was last read. That young ones are read more often
/// is not promised, and so not missed.
pub fn hours_by_age(count: i64, created_at: Option<i64>, last_scrape_at: Option<i64>, curve: &AgeCurve) -> Duration {
    let own = hours(count);
    let age = created_at
        .zip(last_scrape_at)
        .map(|(created, read)| Timestamp::from_millis(read).since(Timestamp::from_millis(created)));
    own.max(curve.interval(own, age))
}

#[cfg(test)]
mod tests {
    use domain::AgeStep;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn facts() -> Facts<'static> {
        Facts {
            is_collected: true,
            is_unavailable: false,
            last_scrape_at: None,
            interval: hours(24),
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
    fn an_old_post_is_stale_once_its_longer_interval_passed() {
        let curve = AgeCurve::new(vec![AgeStep { younger_than_days: 2, percent: 25 }], 400);
        let day = 24 * HOUR;
        for (age, hours_until_stale) in [(day, 26.4), (10 * day, 105.6)] {
            let read_at = 100 * day;
            let interval = hours_by_age(24, Some(read_at - age), Some(read_at), &curve);
            let facts = Facts { last_scrape_at: Some(read_at), last_attempt_at: Some(read_at), interval, ..facts() };
            let until = Timestamp::from_millis(read_at).plus(Duration::from_hours(1).mul_f64(hours_until_stale));
            let shown = sum_up(&facts, until);
            assert_eq!((shown.state, shown.fresh_until), (FreshnessState::Fresh, Some(until)));
            let shown = sum_up(&facts, until.plus(Duration::from_millis(1)));
            assert_eq!((shown.state, shown.fresh_until), (FreshnessState::Stale, None));
        }
        assert_eq!(hours_by_age(24, None, Some(0), &curve), hours(24));
    }

    #[test]
    fn a_paused_record_has_no_next_time_and_keeps_its_attempts() {
        let paused = Facts { is_collected: false, ..failed() };
        let shown = sum_up(&paused, Timestamp::from_millis(200));
        assert_eq!((shown.state, shown.next_scrape_at), (FreshnessState::Paused, None));
        assert_eq!((shown.last_attempt_at, shown.consecutive_failures), (Some(Timestamp::from_millis(150)), 1));
    }
}
