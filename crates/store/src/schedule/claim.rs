//! Claiming a due row, and giving it back.

use domain::{Platform, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::clear::lay_to_rest;
use super::{Claim, ClaimPolicy, Job, JobTarget, PlatformPolicy, Target, interval};
use crate::sql::{Number, execute, row, values};
use crate::{Store, StoreError, runs};

#[derive(FromQueryResult)]
struct ClaimedRow {
    platform: String,
    generation: i64,
    reason: String,
    request_id: Option<String>,
    run_id: Option<Uuid>,
    attempts: i64,
    due_at: Option<i64>,
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
             RETURNING platform, generation, reason, request_id, run_id, attempts, due_at",
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
        if interval(&tx, target.kind, target.id).await?.is_none() {
            lay_to_rest(&tx, target, claimed.run_id, now).await?;
            tx.commit().await?;
            return Ok(Claim::Untracked);
        }
        let Some(allowed) = policy.platforms.iter().find(|p| p.platform == platform) else {
            return Ok(Claim::Gated);
        };
        if !pass_gate(&tx, *allowed, now).await? {
            return Ok(Claim::Gated);
        }
        let job = start(&tx, target, claimed, token, policy, *allowed, now).await?;
        tx.commit().await?;
        Ok(job.map_or(Claim::NotDue, |job| Claim::Taken(Box::new(job))))
    }

    /// Gives a claim back unused, so that another worker can take it at once.
    pub async fn release(&self, job: &Job) -> Result<(), StoreError> {
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
        tx.commit().await?;
        Ok(())
    }
}

/// Whether the platform may be asked now; takes the slot when it may.
async fn pass_gate(tx: &DatabaseTransaction, policy: PlatformPolicy, now: Timestamp) -> Result<bool, StoreError> {
    let passed = if policy.min_interval.is_zero() {
        u64::from(
            row::<Number>(
                tx,
                "SELECT refusals AS value FROM platform_gates WHERE platform = $1 AND closed_until <= $2",
                values![policy.platform.as_str(), now.as_millis()],
            )
            .await?
            .is_some(),
        )
    } else {
        execute(
            tx,
            "UPDATE platform_gates SET next_slot_at = $3 WHERE platform = $1 AND closed_until <= $2 AND next_slot_at <= $2",
            values![policy.platform.as_str(), now.as_millis(), now.plus(policy.min_interval).as_millis()],
        )
        .await?
    };
    Ok(passed > 0)
}

/// Begins (or takes over) the run of a claimed row and finds out what to read.
async fn start(
    tx: &DatabaseTransaction,
    target: Target,
    claimed: ClaimedRow,
    token: Uuid,
    policy: &ClaimPolicy,
    platform_policy: PlatformPolicy,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let ClaimedRow { platform: _, generation, reason, request_id, run_id, attempts, due_at } = claimed;
    let reason: Trigger =
        reason.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "reason" })?;
    let request_id = request_id.map(|id| RequestId::adopt(Some(&id)));
    let run_id = if let Some(id) = run_id {
        runs::start(tx, RunId(id), attempts, &policy.worker, now).await?;
        RunId(id)
    } else {
        let id = RunId::new();
        runs::insert(
            tx,
            &runs::NewRun {
                id,
                target,
                reason,
                request_id: request_id.as_ref(),
                status: RunStatus::Running,
                worker: Some(&policy.worker),
                queued_at: due_at.map_or(now, Timestamp::from_millis),
            },
        )
        .await?;
        runs::start(tx, id, attempts, &policy.worker, now).await?;
        execute(
            tx,
            "UPDATE schedules SET run_id = $3 WHERE kind = $1 AND target_id = $2",
            values![target.kind.as_str(), target.id, id.0],
        )
        .await?;
        id
    };
    let Some(job_target) = job_target(tx, target).await? else {
        lay_to_rest(tx, target, Some(run_id.0), now).await?;
        return Ok(None);
    };
    Ok(Some(Job {
        kind: target.kind,
        target_id: target.id,
        platform: target.platform,
        lease_token: token,
        generation,
        run_id,
        request_id,
        attempts,
        policy: platform_policy,
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
        TargetKind::Profile => {
            username.map(|username| JobTarget::Profile { username, platform_id: external_id })
        },
        TargetKind::Feed => username.map(|username| JobTarget::Feed { username, platform_id: external_id }),
        TargetKind::Post => external_id.map(|external_id| JobTarget::Post { external_id, username }),
    }))
}
