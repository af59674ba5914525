//! What each organization may know of a run. A run is of a target that several organizations may track, and must not tell one of them of
//! the others: each has a row of its own in `tracked_runs`, with its own target, its own cause and its own end.
//!
//! Who caused a run sees it from its arming on. Everybody else who collects the target sees it from its start: as the retry of a read that
//! they saw fail, otherwise as one that was scheduled, queued when it began. Who collects it no longer when a worker takes it up sees it end there, as it would have if nobody else tracked it.

use domain::{Outcome, RunId, RunStatus, TargetKind, Timestamp, Trigger};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::Cause;
use crate::schedule::Target;
use crate::sql::{Number, execute, row, uuid_text, values};
use crate::{StoreError, collecting};

/// What a run was before it began.
#[derive(FromQueryResult)]
pub struct Started {
    reason: String,
    queued_at: i64,
}

/// A query of those who collect a target, `$1`, at `now`: organization, type and id of what it tracks, and since when. A post that is tracked by
/// hand counts as that, wherever else it was found.
fn collectors(tx: &DatabaseTransaction, kind: TargetKind, now: &str) -> String {
    match kind {
        TargetKind::Profile | TargetKind::Feed => format!(
            "SELECT a.organization_id, 'account' AS target_type, {} AS target_id, a.added_at FROM accounts a \
             LEFT JOIN creators c ON c.id = a.creator_id \
             WHERE a.profile_id = $1 AND a.is_active AND COALESCE(c.is_active, TRUE)",
            uuid_text(tx, "a.id")
        ),
        TargetKind::Post => format!(
            "SELECT v.organization_id, 'video' AS target_type, {} AS target_id, v.added_at FROM videos v \
             WHERE v.post_id = $1 AND v.is_active UNION ALL \
             {} GROUP BY av.organization_id",
            uuid_text(tx, "v.id"),
            collecting::account_videos(
                "av.organization_id, 'account_video' AS target_type, CAST(MIN(av.id) AS TEXT) AS target_id, \
                 MIN(av.added_at) AS added_at",
                "av.post_id = $1 AND NOT EXISTS (SELECT 1 FROM videos w WHERE w.post_id = av.post_id \
                 AND w.organization_id = av.organization_id AND w.is_active)",
                collecting::RANK,
                now
            )
        ),
    }
}

const INSERT: &str = "INSERT INTO tracked_runs \
     (organization_id, run_id, target_type, target_id, reason, request_id, queued_at, status) \
     SELECT x.organization_id, $2, x.target_type, x.target_id,";

/// Whether the organization that called sees the run already.
pub async fn knows(tx: &DatabaseTransaction, cause: Cause<'_>, id: RunId) -> Result<bool, StoreError> {
    let Cause::Call { organization, request_id: _ } = cause else { return Ok(false) };
    let sql = "SELECT queued_at AS value FROM tracked_runs WHERE run_id = $1 AND organization_id = $2";
    Ok(row::<Number>(tx, sql, values![id.0, organization.0]).await?.is_some())
}

/// Shows a run that was just armed to who caused it.
pub async fn show_to_causer(
    tx: &DatabaseTransaction,
    id: RunId,
    target: Target,
    reason: Trigger,
    cause: Cause<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let collectors = collectors(tx, target.kind, "$4");
    let (sql, causer) = match cause {
        Cause::Call { organization, request_id } => (
            format!(
                "{INSERT} $3, $6, $4, 'queued' FROM ({collectors}) x WHERE x.organization_id = $5 \
                 ON CONFLICT (run_id, organization_id) DO NOTHING"
            ),
            values![organization.0, request_id.as_str()],
        ),
        Cause::Run { id, request_id: _ } => (
            format!(
                "{INSERT} $3, p.request_id, $4, 'queued' FROM ({collectors}) x \
                 JOIN tracked_runs p ON p.run_id = $5 AND p.organization_id = x.organization_id WHERE p.request_id IS NOT NULL \
                 ON CONFLICT (run_id, organization_id) DO NOTHING"
            ),
            values![id.0],
        ),
    };
    let mut values = values![target.id, id.0, reason.as_str(), now.as_millis()];
    values.extend(causer);
    execute(tx, &sql, values).await?;
    Ok(())
}

/// A worker takes the run up: it runs for those who collect the target still, and is over for those who do not.
pub async fn follow_collectors(
    tx: &DatabaseTransaction,
    id: RunId,
    target: Target,
    attempts: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    let collects =
        format!("organization_id IN (SELECT x.organization_id FROM ({}) x)", collectors(tx, target.kind, "$3"));
    let sql = format!(
        "UPDATE tracked_runs SET status = CASE WHEN {collects} THEN 'running' ELSE 'skipped' END, \
         left_at = CASE WHEN {collects} THEN NULL ELSE CAST($3 AS BIGINT) END, \
         left_after = CASE WHEN {collects} THEN NULL ELSE CAST($4 AS BIGINT) END WHERE run_id = $2 AND left_at IS NULL"
    );
    execute(tx, &sql, values![target.id, id.0, now.as_millis(), attempts - 1]).await?;
    Ok(())
}

/// Shows a run that begins to all who collect the target. It is the retry of who saw the last read of it fail, whoever armed it; the first
/// read of what was found when the run was armed is that for who found it.
///
/// A retry waited from when it was due, unless somebody else's doings are in that time: another run since the failure, or a call.
pub async fn show_to_collectors(
    tx: &DatabaseTransaction,
    id: RunId,
    target: Target,
    started: &Started,
    now: Timestamp,
) -> Result<(), StoreError> {
    let collectors = collectors(tx, target.kind, "$3");
    let is_due = "$6 = 'retry' AND NOT EXISTS (SELECT 1 FROM runs o WHERE o.kind = $4 AND o.target_id = $1 \
         AND o.queued_at >= f.queued_at AND o.id <> $2 AND o.id <> f.id)";
    // Armed by what found it, in the millisecond in which it was added.
    let is_found = "p.run_id IS NULL AND $6 = 'created' AND x.added_at = $5";
    let sql = format!(
        "{INSERT} CASE WHEN p.run_id IS NOT NULL THEN 'retry' WHEN {is_found} THEN 'created' ELSE 'scheduled' END, p.request_id, \
         CASE WHEN p.run_id IS NOT NULL AND {is_due} THEN $5 WHEN {is_found} THEN $5 ELSE $3 END, 'running' \
         FROM ({collectors}) x LEFT JOIN tracked_runs p ON p.organization_id = x.organization_id AND p.status = 'failed' \
         AND p.run_id = (SELECT l.run_id FROM tracked_runs l JOIN runs r ON r.id = l.run_id \
         WHERE l.organization_id = x.organization_id AND l.target_id = x.target_id AND r.kind = $4 AND l.run_id <> $2 \
         AND l.status <> 'skipped' ORDER BY l.queued_at DESC, l.run_id DESC LIMIT 1) LEFT JOIN runs f ON f.id = p.run_id \
         WHERE TRUE ON CONFLICT (run_id, organization_id) DO NOTHING"
    );
    let values =
        values![target.id, id.0, now.as_millis(), target.kind.as_str(), started.queued_at, started.reason.clone(),];
    execute(tx, &sql, values).await?;
    Ok(())
}

/// Tells those who see a run, and for whom it is not over, where it stands.
pub async fn tell(
    tx: &DatabaseTransaction,
    id: RunId,
    status: RunStatus,
    outcome: Option<Outcome>,
) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE tracked_runs SET status = $2, outcome = $3 WHERE run_id = $1 AND left_at IS NULL",
        values![id.0, status.as_str(), outcome.map(Outcome::as_str)],
    )
    .await?;
    Ok(())
}
