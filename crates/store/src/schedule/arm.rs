//! Making rows due: at once when a client waits, or as a change of tracking calls for.

use domain::{AgeCurve, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::cadence::{shortest_interval, wishes};
use super::{FROM_THE_FIRST_SOURCE, Target, lock};
use crate::runs::{Cause, NewRun};
use crate::sql::{Number, execute, row, values};
use crate::{StoreError, runs};

/// The run of a row that no worker has in hand.
pub(crate) struct Waiting {
    pub(crate) run_id: RunId,
    /// Claims of it so far.
    attempts: i64,
}

/// The run that a row waits with, when it has one and no worker has it in hand.
pub(crate) async fn waiting(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    id: i64,
) -> Result<Option<Waiting>, StoreError> {
    #[derive(FromQueryResult)]
    struct Row {
        run_id: Uuid,
        attempts: i64,
    }
    let found = row::<Row>(
        tx,
        "SELECT run_id, attempts FROM schedules WHERE kind = $1 AND target_id = $2 AND lease_token IS NULL AND run_id IS NOT NULL",
        values![kind.as_str(), id],
    )
    .await?;
    Ok(found.map(|Row { run_id, attempts }| Waiting { run_id: RunId(run_id), attempts }))
}

/// Makes sure that there is a row, resting until something arms it.
pub(crate) async fn rest(tx: &DatabaseTransaction, target: Target) -> Result<(), StoreError> {
    execute(
        tx,
        "INSERT INTO schedules (kind, target_id, platform, priority, reason) VALUES ($1, $2, $3, 1, 'created') \
         ON CONFLICT (kind, target_id) DO NOTHING",
        values![target.kind.as_str(), target.id, target.platform.as_str()],
    )
    .await?;
    Ok(())
}

/// Arms a row so that it is due now, ahead of routine work, and makes the run that the caller can follow. A run that waits for its first
/// claim does for whoever comes later as well, so that nobody learns from its end that somebody came; who knows it already gets another.
pub(crate) async fn arm_now(
    tx: &DatabaseTransaction,
    target: Target,
    reason: Trigger,
    cause: Cause<'_>,
    now: Timestamp,
) -> Result<Wake, StoreError> {
    lock(tx, target.kind, target.id).await?;
    arm_locked_now(tx, target, reason, cause, now).await
}

/// The same for a row whose lock the transaction has.
pub(crate) async fn arm_locked_now(
    tx: &DatabaseTransaction,
    target: Target,
    reason: Trigger,
    cause: Cause<'_>,
    now: Timestamp,
) -> Result<Wake, StoreError> {
    let before = waiting(tx, target.kind, target.id).await?;
    let joined = match &before {
        Some(run) if run.attempts == 0 && !runs::knows(tx, cause, run.run_id).await? => Some(run.run_id),
        Some(_) | None => None,
    };
    let run_id = joined.unwrap_or_default();
    let request_id = cause.request_id();
    let generation = due_now(tx, target, reason, cause, run_id, now).await?;
    if joined.is_some() {
        runs::join(tx, run_id, reason, cause).await?;
    } else {
        if let Some(run) = before {
            runs::skip(tx, run.run_id, runs::SUPERSEDED, now).await?;
        }
        let run =
            NewRun { id: run_id, target, reason, request_id, status: RunStatus::Queued, worker: None, queued_at: now };
        runs::insert(tx, &run, Some(cause)).await?;
    }
    runs::show_to_causer(tx, run_id, target, reason, cause, now).await?;
    Ok(Wake { kind: target.kind, target_id: target.id, generation, request_id: request_id.cloned() })
}

/// Makes the row due now with `run_id` as its run; the arming that it is. What a client waits for goes before the rest: what was asked for, and the
/// list of posts that follows from it. Each of these posts may have a page of its own to be read, which is no reason to let others wait.
async fn due_now(
    tx: &DatabaseTransaction,
    target: Target,
    reason: Trigger,
    cause: Cause<'_>,
    run_id: RunId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let is_waited_for = match cause {
        Cause::Call { .. } => true,
        Cause::Run { id: _, request_id } => request_id.is_some() && target.kind == TargetKind::Feed,
    };
    let armed = row::<Number>(
        tx,
        &format!("INSERT INTO schedules (kind, target_id, platform, priority, due_at, generation, reason, request_id, run_id) \
         VALUES ($1, $2, $3, $8, $4, 1, $5, $6, $7) \
         ON CONFLICT (kind, target_id) DO UPDATE SET due_at = excluded.due_at, priority = CASE WHEN schedules.due_at IS NOT NULL \
         AND schedules.priority < excluded.priority THEN schedules.priority ELSE excluded.priority END, \
         generation = schedules.generation + 1, reason = excluded.reason, \
         request_id = CASE WHEN schedules.run_id = excluded.run_id THEN COALESCE(schedules.request_id, excluded.request_id) \
         ELSE excluded.request_id END, \
         run_id = excluded.run_id, attempts = 0, {FROM_THE_FIRST_SOURCE}, offered_at = NULL RETURNING generation AS value"),
        values![
            target.kind.as_str(),
            target.id,
            target.platform.as_str(),
            now.as_millis(),
            reason.as_str(),
            cause.request_id().map(RequestId::as_str),
            run_id.0,
            i64::from(!is_waited_for),
        ],
    )
    .await?;
    Ok(armed.map_or(1, |number| number.value))
}

/// Routine reads are spread over this fraction of their interval, so that what was added together does not come back together for ever.
pub(crate) const SPREAD_FRACTION: u32 = 50;

/// Makes rows of `kind` due when a change of tracking calls for it: when the interval of one of those who collect it now will have passed since its
/// own last read, at once when it has. A time that suits that already stays. `targets` is a subquery of ids in which `$3` stands for `value`.
pub(crate) async fn follow_tracking(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
    curve: &AgeCurve,
    now: Timestamp,
) -> Result<(), StoreError> {
    let value: sea_orm::Value = value.into();
    // What fails keeps its back-off: a change of tracking is no way to ask more often. What is due already may be in a worker's hands,
    // and stays the arming that it is.
    let sql = format!(
        "UPDATE schedules SET due_at = CASE WHEN w.due_at > $2 THEN w.due_at ELSE $2 END, generation = generation + 1, \
         offered_at = NULL, {FROM_THE_FIRST_SOURCE}, \
         reason = CASE WHEN schedules.due_at IS NULL THEN 'scheduled' ELSE reason END \
         FROM ({}) w WHERE schedules.kind = $1 AND schedules.target_id = w.target_id \
         AND (schedules.due_at IS NULL OR (consecutive_failures = 0 AND schedules.due_at > $2 \
         AND NOT schedules.due_at BETWEEN w.due_at AND w.due_at + w.millis / {SPREAD_FRACTION}))",
        wishes(kind, curve, "$2", targets)
    );
    execute(tx, &sql, values![kind.as_str(), now.as_millis(), value]).await?;
    Ok(())
}

/// Makes rows due at once so that a worker finds out that nobody tracks them and clears them away.
pub(crate) async fn visit_orphans(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
    curve: &AgeCurve,
    now: Timestamp,
) -> Result<(), StoreError> {
    let value: sea_orm::Value = value.into();
    let sql = format!(
        "UPDATE schedules SET due_at = $2, priority = 1, offered_at = NULL WHERE kind = $1 AND target_id IN ({targets}) \
         AND {} IS NULL",
        shortest_interval(kind, curve, "$2")
    );
    execute(tx, &sql, values![kind.as_str(), now.as_millis(), value]).await?;
    Ok(())
}
