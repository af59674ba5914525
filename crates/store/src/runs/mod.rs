//! Runs: one row for each arming that a worker took up or a client can follow, from being queued to its end. Runs are shared; what an
//! organization may know of one is its own: see [`seen`].

mod read;
mod seen;

use domain::{Observation, OrganizationId, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

pub(crate) use self::read::last_read;
pub use self::read::{Run, RunFilter, RunOrder, RunTarget};
pub(crate) use self::seen::{knows, show_to_causer};
use crate::schedule::Target;
use crate::sql::{execute, is_postgres, row, rows, values};
use crate::{Store, StoreError};

/// The detail of a run whose target was given up before a worker came.
pub(crate) const NOT_COLLECTED: &str = "nobody collects it any more";

/// The detail of a run whose row was armed anew. Which run took its place may be another organization's affair.
pub(crate) const SUPERSEDED: &str = "a later run took its place";

/// The detail of a run that was in the hands of a worker of which nothing was heard again.
const LOST: &str = "its worker was lost, and a later run took its place";

/// A run to be noted.
pub(crate) struct NewRun<'a> {
    pub id: RunId,
    pub target: Target,
    pub reason: Trigger,
    pub request_id: Option<&'a RequestId>,
    pub status: RunStatus,
    pub worker: Option<&'a str>,
    pub queued_at: Timestamp,
}

/// What makes a row due at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause<'a> {
    /// A call of this organization.
    Call { organization: OrganizationId, request_id: &'a RequestId },
    /// What a run brought: who caused that run caused what follows from it.
    Run { id: RunId, request_id: Option<&'a RequestId> },
}

impl<'a> Cause<'a> {
    /// The call behind it, when there is one.
    pub(crate) const fn request_id(self) -> Option<&'a RequestId> {
        match self {
            Self::Call { organization: _, request_id } => Some(request_id),
            Self::Run { id: _, request_id } => request_id,
        }
    }
}

/// Notes a run. One without a cause of its own comes of the call that its target's row still names, if any.
pub(crate) async fn insert(
    tx: &DatabaseTransaction,
    run: &NewRun<'_>,
    cause: Option<Cause<'_>>,
) -> Result<(), StoreError> {
    let (causer, organization) = match (cause, run.request_id) {
        (Some(Cause::Call { organization, request_id: _ }), _) => (Some(organization.0), "$10"),
        (Some(Cause::Run { id, request_id: Some(_) }), _) => {
            (Some(id.0), "(SELECT p.organization_id FROM runs p WHERE p.id = $10)")
        }
        (None, Some(_)) => (
            None,
            "COALESCE($10, (SELECT p.organization_id FROM runs p WHERE p.kind = $2 AND p.target_id = $3 AND p.request_id = $6 \
             ORDER BY p.queued_at DESC LIMIT 1))",
        ),
        (Some(Cause::Run { id: _, request_id: None }) | None, _) => (None, "$10"),
    };
    execute(
        tx,
        &format!(
            "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, status, worker, queued_at, organization_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {organization})"
        ),
        values![
            run.id.0,
            run.target.kind.as_str(),
            run.target.id,
            run.target.platform.as_str(),
            run.reason.as_str(),
            run.request_id.map(RequestId::as_str),
            run.status.as_str(),
            run.worker,
            run.queued_at.as_millis(),
            causer,
        ],
    )
    .await?;
    Ok(())
}

/// A call came for a run that waits already: it is the call's from now on, unless it is another's.
pub(crate) async fn join(
    tx: &DatabaseTransaction,
    id: RunId,
    reason: Trigger,
    cause: Cause<'_>,
) -> Result<(), StoreError> {
    let Cause::Call { organization, request_id } = cause else { return Ok(()) };
    execute(
        tx,
        "UPDATE runs SET organization_id = $2, request_id = $3, reason = $4 \
         WHERE id = $1 AND organization_id IS NULL AND request_id IS NULL",
        values![id.0, organization.0, request_id.as_str(), reason.as_str()],
    )
    .await?;
    Ok(())
}

/// A worker took it up; not the first one, when `attempts` is above one. Everybody who collects the target sees it from now on.
pub(crate) async fn start(
    tx: &DatabaseTransaction,
    id: RunId,
    target: Target,
    attempts: i64,
    worker: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let started = row::<seen::Started>(
        tx,
        "UPDATE runs SET status = 'running', started_at = COALESCE(started_at, $2), attempts = $3, worker = $4 WHERE id = $1 \
         RETURNING reason, queued_at",
        values![id.0, now.as_millis(), attempts, worker],
    )
    .await?
    .ok_or(StoreError::Unreadable { table: "runs", column: "id" })?;
    seen::follow_collectors(tx, id, target, attempts, now).await?;
    skip_open(tx, target.kind, target.id, Some(id), LOST, now).await?;
    seen::show_to_collectors(tx, id, target, &started, now).await
}

/// The worker gave it back.
pub(crate) async fn requeue(tx: &DatabaseTransaction, id: RunId) -> Result<(), StoreError> {
    let sql = "UPDATE runs SET status = 'queued', worker = NULL WHERE id = $1 AND status = 'running'";
    if execute(tx, sql, values![id.0]).await? > 0 {
        seen::tell(tx, id, RunStatus::Queued, None).await?;
    }
    Ok(())
}

/// It ended, as `observation` tells.
pub(crate) async fn finish(
    tx: &DatabaseTransaction,
    id: RunId,
    status: RunStatus,
    observation: &Observation,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE runs SET status = $2, outcome = $3, finished_at = $4, http_status = $5, adapter = $6, detail = $7 WHERE id = $1",
        values![
            id.0,
            status.as_str(),
            observation.outcome.as_str(),
            now.as_millis(),
            observation.http_status.map(i64::from),
            observation.adapter,
            observation.detail.clone(),
        ],
    )
    .await?;
    seen::tell(tx, id, status, Some(observation.outcome)).await
}

/// It is not needed any more, for the reason that `detail` gives.
pub(crate) async fn skip(tx: &DatabaseTransaction, id: RunId, detail: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE runs SET status = 'skipped', finished_at = $2, detail = $3, worker = NULL \
         WHERE id = $1 AND status IN ('queued', 'running')";
    if execute(tx, sql, values![id.0, now.as_millis(), detail]).await? > 0 {
        seen::tell(tx, id, RunStatus::Skipped, None).await?;
    }
    Ok(())
}

/// Likewise for every run of a target that has not ended, but `except`. To be called by who holds the target's lease, or ends its row.
pub(crate) async fn skip_open(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    target_id: i64,
    except: Option<RunId>,
    detail: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Open {
        id: Uuid,
    }
    let sql = "SELECT id FROM runs WHERE kind = $1 AND target_id = $2 AND status IN ('queued', 'running')";
    for Open { id } in rows::<Open>(tx, sql, values![kind.as_str(), target_id]).await? {
        if except != Some(RunId(id)) {
            skip(tx, RunId(id), detail, now).await?;
        }
    }
    Ok(())
}

impl Store {
    /// Forgets runs that ended before `before`, at most `most`, and never one that a schedule row still names; how many went.
    pub async fn prune_runs(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let skip = if is_postgres(&self.write) { "FOR UPDATE OF r SKIP LOCKED" } else { "" };
        let sql = format!(
            "DELETE FROM runs WHERE id IN (SELECT r.id FROM runs r WHERE r.queued_at < $1 AND r.finished_at < $1 \
             AND r.status NOT IN ('queued', 'running') AND NOT EXISTS (SELECT 1 FROM schedules s \
             WHERE s.kind = r.kind AND s.target_id = r.target_id AND s.run_id = r.id) ORDER BY r.queued_at LIMIT $2 {skip})"
        );
        execute(&self.write, &sql, values![before.as_millis(), i64::from(most)]).await
    }
}
