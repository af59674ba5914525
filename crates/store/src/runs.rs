//! Runs: one row for each arming that a worker took up or a client can follow, from being queued to its end.

use domain::{Observation, RequestId, RunId, RunStatus, Timestamp, Trigger};
use sea_orm::DatabaseTransaction;

use crate::StoreError;
use crate::schedule::Target;
use crate::sql::{execute, values};

/// A run to be noted.
pub struct NewRun<'a> {
    pub id: RunId,
    pub target: Target,
    pub reason: Trigger,
    pub request_id: Option<&'a RequestId>,
    pub status: RunStatus,
    pub worker: Option<&'a str>,
    pub queued_at: Timestamp,
}

/// Notes a run.
pub async fn insert(tx: &DatabaseTransaction, run: &NewRun<'_>) -> Result<(), StoreError> {
    execute(
        tx,
        "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, status, worker, queued_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
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
        ],
    )
    .await?;
    Ok(())
}

/// A worker took it up; not the first one, when `attempts` is above one.
pub async fn start(
    tx: &DatabaseTransaction,
    id: RunId,
    attempts: i64,
    worker: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE runs SET status = 'running', started_at = COALESCE(started_at, $2), attempts = $3, worker = $4 WHERE id = $1",
        values![id.0, now.as_millis(), attempts, worker],
    )
    .await?;
    Ok(())
}

/// The worker gave it back.
pub async fn requeue(tx: &DatabaseTransaction, id: RunId) -> Result<(), StoreError> {
    execute(tx, "UPDATE runs SET status = 'queued', worker = NULL WHERE id = $1 AND status = 'running'", values![id.0])
        .await?;
    Ok(())
}

/// It ended, as `observation` tells.
pub async fn finish(
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
    Ok(())
}

/// Nobody collects its target any more.
pub async fn skip(tx: &DatabaseTransaction, id: RunId, now: Timestamp) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE runs SET status = 'skipped', finished_at = $2, detail = 'nobody collects it any more' \
         WHERE id = $1 AND status IN ('queued', 'running')",
        values![id.0, now.as_millis()],
    )
    .await?;
    Ok(())
}

/// A later arming took its place before any worker came.
pub async fn supersede(tx: &DatabaseTransaction, id: RunId, by: RunId, now: Timestamp) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE runs SET status = 'skipped', finished_at = $2, detail = $3 WHERE id = $1 AND status = 'queued'",
        values![id.0, now.as_millis(), format!("superseded by run {by}")],
    )
    .await?;
    Ok(())
}
