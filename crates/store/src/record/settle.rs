//! The end of a claim, and when the target is looked at again.

use std::time::Duration;

use domain::outcome::Verdict;
use domain::{Observation, TargetKind, Timestamp};
use uuid::Uuid;

use super::{RecordPolicy, Recording};
use crate::StoreError;
use crate::schedule::{self, Job};
use crate::sql::{execute, values};

/// Ends the claim and sets the next due time, unless the row was armed anew while the scrape ran: then it is due as armed.
pub async fn settle(
    recording: &Recording<'_>,
    observation: &Observation,
    is_good: bool,
    failures: i64,
    policy: &RecordPolicy,
) -> Result<(), StoreError> {
    let Recording { tx, job, now, age_curve, .. } = recording;
    let interval = schedule::interval(tx, job.kind, job.target_id, age_curve, *now).await?;
    // Without a collector the row is due at once, so that whoever claims it clears it away.
    let due_at = match interval {
        Some(interval) => next_due(job, observation, is_good, failures, interval, policy, *now),
        None => Some(*now),
    };
    execute(
        *tx,
        "UPDATE schedules SET lease_token = NULL, lease_until = NULL, worker = NULL, offered_at = NULL, \
         consecutive_failures = $3, last_success_at = CASE WHEN $4 THEN $5 ELSE last_success_at END, \
         due_at = CASE WHEN generation = $6 THEN $7 ELSE due_at END, \
         priority = CASE WHEN generation = $6 THEN 1 ELSE priority END, \
         reason = CASE WHEN generation = $6 THEN $8 ELSE reason END, \
         request_id = CASE WHEN generation = $6 AND $4 THEN NULL ELSE request_id END, \
         run_id = CASE WHEN generation = $6 THEN NULL ELSE run_id END, \
         attempts = CASE WHEN generation = $6 THEN 0 ELSE attempts END, \
         step = CASE WHEN generation = $6 THEN 0 ELSE step END, \
         first_outcome = CASE WHEN generation = $6 THEN NULL ELSE first_outcome END, \
         first_detail = CASE WHEN generation = $6 THEN NULL ELSE first_detail END, \
         generation = CASE WHEN generation = $6 THEN generation + 1 ELSE generation END \
         WHERE kind = $1 AND target_id = $2",
        values![
            job.kind.as_str(),
            job.target_id,
            if is_good { 0 } else { failures },
            is_good,
            now.as_millis(),
            job.generation,
            due_at.map(Timestamp::as_millis),
            if is_good { "scheduled" } else { "retry" },
        ],
    )
    .await?;
    Ok(())
}

/// When to look again. A feed is looked at after each good read of its profile, so it has no time of its own unless it failed.
fn next_due(
    job: &Job,
    observation: &Observation,
    is_good: bool,
    failures: i64,
    interval: Duration,
    policy: &RecordPolicy,
    now: Timestamp,
) -> Option<Timestamp> {
    let jitter = random();
    if is_good {
        // What was added together is first read together; its second read comes at a time of its own within the second half of the
        // interval, and later ones stay about as far apart.
        let (earliest, spread) =
            if job.is_first { (interval / 2, interval / 2) } else { (interval, interval / schedule::SPREAD_FRACTION) };
        let spread = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX).max(1);
        let due = now.plus(earliest).plus(Duration::from_millis(jitter % spread));
        return (job.kind != TargetKind::Feed).then_some(due);
    }
    let failures = u32::try_from(failures).unwrap_or(u32::MAX);
    let wait = match observation.outcome.verdict() {
        Verdict::Gone if failures <= 1 => policy.gone_confirm,
        Verdict::Gone | Verdict::Withheld => interval.max(policy.gone_confirm),
        Verdict::Good | Verdict::Refused | Verdict::Broken => {
            policy.backoff.delay(failures, observation.retry_after, jitter)
        }
    };
    Some(now.plus(wait))
}

/// Sixty-four random bits, taken from a fresh UUID so that no generator has to be carried about.
fn random() -> u64 {
    let bits = Uuid::now_v7().as_u128() & u128::from(u64::MAX >> 2);
    u64::try_from(bits).unwrap_or(0)
}
