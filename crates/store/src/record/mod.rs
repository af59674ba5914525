//! Recording what a scrape brought: one transaction, fenced by the lease, that writes facts, snapshot, tracking rows, the run's end and
//! the next due time together, or nothing at all.

mod attempts;
mod bounds;
pub(crate) mod history;
mod holding;
mod identity;
mod list;
mod lost;
mod post;
mod profile;
pub(crate) mod provenance;
mod settle;
mod sums;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::backoff::Backoff;
use domain::outcome::Verdict;
use domain::{AgeCurve, Channel, Observation, Outcome, PostMetrics, RunStatus, TargetKind, Timestamp, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use crate::days::Changed;
use crate::schedule::{Job, JobTarget, gate};
use crate::sql::{execute, row, values};
use crate::{Store, StoreError, page_loads, runs};

pub(crate) use post::{counted, metric_status};
pub(crate) use sums::note_of;

/// How failures are followed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPolicy {
    /// Waits after failures.
    pub backoff: Backoff,
    /// A target counts as gone when the platform says so twice, this far apart.
    pub gone_confirm: Duration,
    /// Whether of reads of one day that say the same only the first and the last are kept.
    pub compact: bool,
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
pub(crate) struct Recording<'a> {
    pub(crate) tx: &'a DatabaseTransaction,
    job: &'a Job,
    adapter: Option<&'static str>,
    /// The platform must have said so before this for a target to count as gone.
    gone_before: Timestamp,
    age_curve: &'a AgeCurve,
    compact: bool,
    pub(crate) now: Timestamp,
    /// By what organizations' days change, to be written at the end.
    changed: Mutex<Changed>,
}

impl Recording<'_> {
    /// Notes by what organizations' days change.
    pub(crate) fn change_organizations(&self, changed: Changed) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).join(changed);
    }
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

/// The run's first source that counts, when it failed and others were asked after it.
#[derive(FromQueryResult)]
struct Before {
    consecutive_failures: i64,
    first_outcome: Option<String>,
    first_detail: Option<String>,
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
            "UPDATE schedules SET offered_at = NULL WHERE kind = $1 AND target_id = $2 AND lease_token = $3",
            values![job.kind.as_str(), job.target_id, job.lease_token],
        )
        .await?;
        // The page was loaded, whoever has the target by now.
        page_loads::end(&tx, job.load_id, observation, now).await?;
        if held == 0 {
            gate::note(&tx, job.platform, &job.egress, job.breaker, observation, now).await?;
            tx.commit().await?;
            return Ok(Recorded::LeaseLost);
        }
        let gone_before = now.minus(policy.gone_confirm);
        let recording = Recording {
            tx: &tx,
            job,
            adapter: observation.adapter,
            gone_before,
            age_curve: &self.age_curve,
            compact: policy.compact,
            now,
            changed: Mutex::default(),
        };
        let wakes = if goes_on(job, observation) {
            next_source(&recording, observation).await?
        } else {
            conclude(&recording, observation, policy).await?
        };
        let changed = recording.changed.into_inner().unwrap_or_else(PoisonError::into_inner);
        gate::note(&tx, job.platform, &job.egress, job.breaker, observation, now).await?;
        changed.write(&tx).await?;
        tx.commit().await?;
        Ok(Recorded::Stored(wakes))
    }
}

/// Whether the next source is asked after this one. A source that could not be read, or that refused, says nothing of the others; a
/// platform that asks for fewer requests, or does not answer at all, is left alone, unless the next source is behind another door.
fn goes_on(job: &Job, observation: &Observation) -> bool {
    let Some(next) = job.further.first() else { return false };
    match observation.outcome {
        Outcome::Blocked | Outcome::ParseError => true,
        Outcome::RateLimited | Outcome::NetworkError | Outcome::Timeout => next.channel != job.source.channel,
        Outcome::Private | Outcome::NotFound | Outcome::Removed => {
            job.source.channel == Channel::Official || !job.is_primary
        }
        Outcome::Ok | Outcome::Empty => says_nothing(job, observation) || is_unnamed(job, observation),
    }
}

/// Whether an official source told of an account without the id by which it is known: then a page must say who has the handle.
fn is_unnamed(job: &Job, observation: &Observation) -> bool {
    let JobTarget::Profile { platform_id: Some(_), .. } = &job.target else { return false };
    job.source.channel == Channel::Official
        && observation.profile.as_ref().is_none_or(|facts| facts.platform_id.is_none())
}

/// Whether a source after the first came with no metric at all. It proves that the target is there, not that its metrics were read.
fn says_nothing(job: &Job, observation: &Observation) -> bool {
    let is_bare = |metrics: &PostMetrics| {
        [metrics.views, metrics.likes, metrics.comments, metrics.shares, metrics.plays, metrics.saves]
            .into_iter()
            .all(|reading| reading.value().is_none())
    };
    !job.is_primary && job.kind == TargetKind::Post && observation.posts.iter().all(|facts| is_bare(&facts.metrics))
}

/// Ends the claim, not the run: the next source is asked as soon as its door lets a request through. Until the run ends, it shows as no attempt.
async fn next_source(recording: &Recording<'_>, observation: &Observation) -> Result<Vec<Wake>, StoreError> {
    let Recording { tx, job, .. } = recording;
    let detail = format!("{}: {}", job.source.name, observation.detail.as_deref().unwrap_or("no facts"));
    execute(
        *tx,
        "UPDATE schedules SET lease_token = NULL, lease_until = NULL, worker = NULL, offered_at = NULL, \
         step = CASE WHEN generation = $3 THEN step + 1 ELSE step END, \
         first_outcome = CASE WHEN generation <> $3 THEN first_outcome WHEN $4 THEN $5 ELSE COALESCE(first_outcome, $5) END, \
         first_detail = CASE WHEN generation <> $3 THEN first_detail WHEN first_detail IS NULL THEN $6 \
         ELSE first_detail || '; ' || $6 END \
         WHERE kind = $1 AND target_id = $2",
        values![
            job.kind.as_str(),
            job.target_id,
            job.generation,
            job.is_primary,
            observation.outcome.as_str(),
            detail,
        ],
    )
    .await?;
    runs::requeue(tx, job.run_id).await?;
    Ok(vec![Wake {
        kind: job.kind,
        target_id: job.target_id,
        generation: job.generation,
        request_id: job.request_id.clone(),
    }])
}

/// Ends the run: keeps the facts, or what is known of why there are none, and sets the next due time.
async fn conclude(
    recording: &Recording<'_>,
    observation: &Observation,
    policy: &RecordPolicy,
) -> Result<Vec<Wake>, StoreError> {
    let Recording { tx, job, now, .. } = recording;
    let before = row::<Before>(
        *tx,
        "SELECT consecutive_failures, first_outcome, first_detail FROM schedules WHERE kind = $1 AND target_id = $2",
        values![job.kind.as_str(), job.target_id],
    )
    .await?
    .ok_or(StoreError::Unreadable { table: "schedules", column: "kind" })?;
    let judged = judged(job, observation, &before);
    let facts = match job.kind {
        TargetKind::Profile => profile::record(recording, &judged).await?,
        TargetKind::Feed => profile::record_feed(recording, &judged).await?,
        TargetKind::Post => post::record(recording, &judged).await?,
    };
    let is_good = facts.kept || facts.outcome.verdict() == Verdict::Good;
    if !facts.kept {
        attempts::note_without_facts(recording, facts.outcome, is_good).await?;
    }
    let mut ended = judged;
    ended.outcome = facts.outcome;
    ended.detail = facts.detail.or(ended.detail);
    let status = if is_good { RunStatus::Succeeded } else { RunStatus::Failed };
    runs::finish(tx, job.run_id, status, &ended, *now).await?;
    settle::settle(recording, &ended, is_good, before.consecutive_failures + 1, policy).await?;
    Ok(facts.wakes)
}

/// The observation as it counts. A source after the first can only add metrics: that an embedded page does not show a post proves neither
/// that it is gone nor that it is private, and a caption without counts is no read of it; then the run ends as its first source did.
fn judged(job: &Job, observation: &Observation, before: &Before) -> Observation {
    let first = before.first_outcome.as_deref().and_then(|name| name.parse::<Outcome>().ok());
    let Some(first) = first.filter(|_| !job.is_primary) else { return observation.clone() };
    let has_facts = observation.outcome.verdict() == Verdict::Good && !says_nothing(job, observation);
    if has_facts {
        return observation.clone();
    }
    let detail = [
        before.first_detail.clone(),
        Some(format!("{}: {}", job.source.name, observation.detail.as_deref().unwrap_or("no metrics"))),
    ];
    let detail = detail.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Observation {
        retry_after: observation.retry_after,
        http_status: observation.http_status,
        adapter: observation.adapter,
        ..Observation::failed(first, detail)
    }
}
