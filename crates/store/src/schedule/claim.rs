//! Claiming a due row, and giving it back.

use domain::{Channel, Platform, RequestId, RunId, RunStatus, Source, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::clear::{Rested, lay_to_rest};
use super::{Claim, ClaimPolicy, Job, JobTarget, PlatformPolicy, Target, gate, interval};
use crate::runs::NewRun;
use crate::sql::{execute, row, values};
use crate::{Store, StoreError, page_loads, runs};

#[derive(FromQueryResult)]
struct ClaimedRow {
    platform: String,
    generation: i64,
    reason: String,
    request_id: Option<String>,
    run_id: Option<Uuid>,
    attempts: i64,
    due_at: Option<i64>,
    step: i64,
    last_success_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct TargetRow {
    username: Option<String>,
    external_id: Option<String>,
}

impl Store {
    /// Claims the row that `wake` is about, when it is due and the platform may be asked now.
    pub async fn claim(&self, wake: &Wake, policy: &ClaimPolicy, now: Timestamp) -> Result<Claim, StoreError> {
        let tx = self.begin().await?;
        let token = Uuid::now_v7();
        let claimed = row::<ClaimedRow>(
            &tx,
            "UPDATE schedules SET lease_token = $4, lease_until = $5, worker = $6, attempts = attempts + 1 \
             WHERE kind = $1 AND target_id = $2 AND generation = $3 AND due_at IS NOT NULL AND due_at <= $7 \
             AND (lease_until IS NULL OR lease_until <= $7) \
             RETURNING platform, generation, reason, request_id, run_id, attempts, due_at, step, last_success_at",
            values![
                wake.kind.as_str(),
                wake.target_id,
                wake.generation,
                token,
                now.plus(policy.lease).as_millis(),
                policy.worker.clone(),
                now.as_millis(),
            ],
        )
        .await?;
        let Some(claimed) = claimed else { return Ok(Claim::NotDue) };
        let platform: Platform =
            claimed.platform.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "platform" })?;
        let target = Target { kind: wake.kind, id: wake.target_id, platform };
        if interval(&tx, target.kind, target.id, &self.age_curve, now).await?.is_none() {
            return self.clear_away(tx, target, now).await;
        }
        let Some(allowed) = policy.platforms.iter().find(|p| p.platform == platform) else {
            return Ok(Claim::Gated);
        };
        let Some(chosen) = choose(allowed, target.kind, claimed.step) else { return Ok(Claim::Gated) };
        let Some(egress) = gate::pass(&tx, allowed, chosen.source, policy.lease, now).await? else {
            return Ok(Claim::Gated);
        };
        let job = start(&tx, target, claimed, Access { token, egress, chosen, policy: allowed }, policy, now).await?;
        tx.commit().await?;
        Ok(job.map_or(Claim::NotDue, |job| Claim::Taken(Box::new(job))))
    }

    /// Ends the claim of a row that nobody collects.
    async fn clear_away(&self, tx: DatabaseTransaction, target: Target, now: Timestamp) -> Result<Claim, StoreError> {
        let author = match lay_to_rest(&tx, target, now).await? {
            // The row stays due, and the sweeper comes round.
            Rested::Busy => return Ok(Claim::NotDue),
            Rested::Kept => None,
            Rested::Gone { author } => author,
        };
        tx.commit().await?;
        if let Some(profile) = author {
            self.forget_author(profile, now).await?;
        }
        Ok(Claim::Untracked)
    }

    /// Gives a claim back unused, so that another worker can take it at once.
    pub async fn release(&self, job: &Job, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let released = execute(
            &tx,
            "UPDATE schedules SET lease_token = NULL, lease_until = NULL, worker = NULL, offered_at = NULL \
             WHERE kind = $1 AND target_id = $2 AND lease_token = $3",
            values![job.kind.as_str(), job.target_id, job.lease_token],
        )
        .await?;
        if released > 0 {
            runs::requeue(&tx, job.run_id).await?;
        }
        page_loads::break_off(&tx, job.load_id, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The source that a claim asks, and those after it.
struct Chosen {
    source: Source,
    further: Vec<Source>,
    is_primary: bool,
}

/// The source whose turn it is; `None` when the platform has none for the kind.
fn choose(policy: &PlatformPolicy, kind: TargetKind, step: i64) -> Option<Chosen> {
    let sources = policy.sources.of(kind);
    // Settings may have changed since the step was written.
    let step = usize::try_from(step).unwrap_or(0).min(sources.len().checked_sub(1)?);
    let (before, rest) = sources.split_at(step);
    let (source, further) = rest.split_first()?;
    let is_primary = before.iter().all(|source| source.channel == Channel::Official);
    Some(Chosen { source: *source, further: further.to_vec(), is_primary })
}

/// By what right and by which way a claimed target is read.
struct Access<'a> {
    token: Uuid,
    egress: String,
    chosen: Chosen,
    policy: &'a PlatformPolicy,
}

/// Begins (or takes over) the run of a claimed row and finds out what to read.
async fn start(
    tx: &DatabaseTransaction,
    target: Target,
    claimed: ClaimedRow,
    access: Access<'_>,
    policy: &ClaimPolicy,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let ClaimedRow { platform: _, generation, reason, request_id, run_id, attempts, due_at, step: _, last_success_at } =
        claimed;
    let Access { token, egress, chosen: Chosen { source, further, is_primary }, policy: platform_policy } = access;
    let reason: Trigger =
        reason.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "reason" })?;
    let request_id = request_id.map(|id| RequestId::adopt(Some(&id)));
    let run_id = if let Some(id) = run_id {
        RunId(id)
    } else {
        let id = RunId::new();
        let run = NewRun {
            id,
            target,
            reason,
            request_id: request_id.as_ref(),
            status: RunStatus::Running,
            worker: Some(&policy.worker),
            queued_at: due_at.map_or(now, Timestamp::from_millis),
        };
        runs::insert(tx, &run, None).await?;
        execute(
            tx,
            "UPDATE schedules SET run_id = $3 WHERE kind = $1 AND target_id = $2",
            values![target.kind.as_str(), target.id, id.0],
        )
        .await?;
        id
    };
    runs::start(tx, run_id, target, attempts, &policy.worker, now).await?;
    let Some(job_target) = job_target(tx, target).await? else {
        lay_to_rest(tx, target, now).await?;
        return Ok(None);
    };
    let load_id = Uuid::now_v7();
    let load = page_loads::NewLoad {
        id: load_id,
        run_id: Some(run_id.0),
        platform: target.platform,
        egress: &egress,
        source,
        kind: target.kind,
        target_id: Some(target.id),
        worker: &policy.worker,
    };
    page_loads::begin(tx, &load, now).await?;
    Ok(Some(Job {
        kind: target.kind,
        target_id: target.id,
        platform: target.platform,
        lease_token: token,
        generation,
        run_id,
        request_id,
        attempts,
        load_id,
        is_first: last_success_at.is_none(),
        source,
        is_primary,
        egress,
        further,
        breaker: platform_policy.breaker,
        target: job_target,
    }))
}

async fn job_target(tx: &DatabaseTransaction, target: Target) -> Result<Option<JobTarget>, StoreError> {
    let sql = match target.kind {
        TargetKind::Profile | TargetKind::Feed => {
            // A row whose handle went to another row is still asked for by the handle that its trackers gave.
            "SELECT COALESCE(p.username, (SELECT MIN(a.username) FROM accounts a WHERE a.profile_id = p.id)) AS username, \
             p.platform_id AS external_id FROM profiles p WHERE p.id = $1"
        }
        TargetKind::Post => {
            "SELECT COALESCE(f.username, p.author_username) AS username, p.external_id FROM posts p \
             LEFT JOIN profiles f ON f.id = p.profile_id WHERE p.id = $1"
        }
    };
    let found = row::<TargetRow>(tx, sql, values![target.id]).await?;
    Ok(found.and_then(|TargetRow { username, external_id }| match target.kind {
        TargetKind::Profile => username.map(|username| JobTarget::Profile { username, platform_id: external_id }),
        TargetKind::Feed => username.map(|username| JobTarget::Feed { username, platform_id: external_id }),
        TargetKind::Post => external_id.map(|external_id| JobTarget::Post { external_id, username }),
    }))
}
