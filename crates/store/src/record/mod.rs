//! Recording what a scrape brought: one transaction, fenced by the lease, that writes facts, snapshot, tracking rows, the run's end and
//! the next due time together, or nothing at all.

mod list;
mod post;
mod profile;
mod sums;

use std::time::Duration;

use domain::backoff::Backoff;
use domain::outcome::Verdict;
use domain::{Observation, Outcome, RunStatus, TargetKind, Timestamp, Wake};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::schedule::{self, Job};
use crate::sql::{Number, execute, row, values};
use crate::{Store, StoreError, runs};

/// How failures are followed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPolicy {
    /// Waits after failures.
    pub backoff: Backoff,
    /// A target counts as gone when the platform says so twice, this far apart.
    pub gone_confirm: Duration,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is kept; these wakes are to be rung.
    Stored(Vec<Wake>),
    /// The lease had ended and another worker may have the target: nothing was written.
    LeaseLost,
}

/// The condition under which an account is collected: neither it nor its creator is paused.
const COLLECTED: &str = "accounts.is_active \
     AND NOT EXISTS (SELECT 1 FROM creators c WHERE c.id = accounts.creator_id AND NOT c.is_active)";

/// What a record is about, for those that write parts of it.
struct Recording<'a> {
    tx: &'a DatabaseTransaction,
    job: &'a Job,
    adapter: Option<&'static str>,
    /// The platform must have said so before this for a target to count as gone.
    gone_before: Timestamp,
    now: Timestamp,
}

/// What the facts came to.
struct Facts {
    /// As the observation has it, unless the facts turned out to be somebody else's.
    outcome: Outcome,
    detail: Option<String>,
    /// Whether facts were kept.
    kept: bool,
    wakes: Vec<Wake>,
}

impl Store {
    /// Records what a claimed job brought.
    pub async fn record(
        &self,
        job: &Job,
        observation: &Observation,
        policy: &RecordPolicy,
        now: Timestamp,
    ) -> Result<Recorded, StoreError> {
        let tx = self.begin().await?;
        // The fence, which is the row's lock as well.
        let held = execute(
            &tx,
            "UPDATE schedules SET last_attempt_at = $4 WHERE kind = $1 AND target_id = $2 AND lease_token = $3",
            values![job.kind.as_str(), job.target_id, job.lease_token, now.as_millis()],
        )
        .await?;
        if held == 0 {
            return Ok(Recorded::LeaseLost);
        }
        let recording =
            Recording { tx: &tx, job, adapter: observation.adapter, gone_before: now.minus(policy.gone_confirm), now };
        let facts = match job.kind {
            TargetKind::Profile => profile::record(&recording, observation).await?,
            TargetKind::Feed => profile::record_feed(&recording, observation).await?,
            TargetKind::Post => post::record(&recording, observation).await?,
        };
        let mut ended = observation.clone();
        ended.outcome = facts.outcome;
        ended.detail = facts.detail.or(ended.detail);
        let is_good = facts.kept || facts.outcome.verdict() == Verdict::Good;
        let status = if is_good { RunStatus::Succeeded } else { RunStatus::Failed };
        runs::finish(&tx, job.run_id, status, &ended, now).await?;
        settle(&recording, &ended, is_good, policy).await?;
        note_refusal(&recording, facts.outcome).await?;
        tx.commit().await?;
        Ok(Recorded::Stored(facts.wakes))
    }
}

/// Ends the claim and sets the next due time, unless the row was armed anew while the scrape ran: then it is due as armed.
async fn settle(
    recording: &Recording<'_>,
    observation: &Observation,
    is_good: bool,
    policy: &RecordPolicy,
) -> Result<(), StoreError> {
    let Recording { tx, job, now, .. } = recording;
    let interval = schedule::interval(tx, job.kind, job.target_id).await?;
    let failures = row::<Number>(
        *tx,
        "SELECT consecutive_failures + 1 AS value FROM schedules WHERE kind = $1 AND target_id = $2",
        values![job.kind.as_str(), job.target_id],
    )
    .await?
    .map_or(1, |number| number.value);
    // Without a collector the row is due at once, so that whoever claims it clears it away.
    let due_at = match interval {
        Some(interval) => next_due(job, observation, is_good, failures, interval, policy, *now),
        None => Some(*now),
    };
    execute(
        *tx,
        "UPDATE schedules SET lease_token = NULL, lease_until = NULL, worker = NULL, offered_at = NULL, \
         last_attempt_outcome = $3, consecutive_failures = $4, \
         last_success_at = CASE WHEN $5 THEN $6 ELSE last_success_at END, \
         due_at = CASE WHEN generation = $7 THEN $8 ELSE due_at END, \
         priority = CASE WHEN generation = $7 THEN 1 ELSE priority END, \
         reason = CASE WHEN generation = $7 THEN $9 ELSE reason END, \
         request_id = CASE WHEN generation = $7 AND $5 THEN NULL ELSE request_id END, \
         run_id = CASE WHEN generation = $7 THEN NULL ELSE run_id END, \
         attempts = CASE WHEN generation = $7 THEN 0 ELSE attempts END, \
         generation = CASE WHEN generation = $7 THEN generation + 1 ELSE generation END \
         WHERE kind = $1 AND target_id = $2",
        values![
            job.kind.as_str(),
            job.target_id,
            observation.outcome.as_str(),
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
        let spread = u64::try_from((interval / schedule::SPREAD_FRACTION).as_millis()).unwrap_or(u64::MAX).max(1);
        let due = now.plus(interval).plus(Duration::from_millis(jitter % spread));
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

/// Counts refusals over all workers; at the bound the platform's gate closes for everybody.
async fn note_refusal(recording: &Recording<'_>, outcome: Outcome) -> Result<(), StoreError> {
    let Recording { tx, job, now, .. } = recording;
    match outcome.verdict() {
        Verdict::Refused => {
            execute(
                *tx,
                "UPDATE platform_gates SET refusals = refusals + 1, \
                 closed_until = CASE WHEN refusals + 1 >= $2 THEN $3 ELSE closed_until END WHERE platform = $1",
                values![
                    job.platform.as_str(),
                    i64::from(job.policy.refusals_to_close),
                    now.plus(job.policy.closed).as_millis(),
                ],
            )
            .await?;
        }
        Verdict::Good | Verdict::Gone | Verdict::Withheld => {
            execute(
                *tx,
                "UPDATE platform_gates SET refusals = 0 WHERE platform = $1 AND refusals > 0",
                values![job.platform.as_str()],
            )
            .await?;
        }
        Verdict::Broken => {}
    }
    Ok(())
}
