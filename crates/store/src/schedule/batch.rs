//! Making many rows due at once, for whoever adds many targets in one transaction.

use std::collections::HashMap;

use domain::{OrganizationId, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::{FROM_THE_FIRST_SOURCE, Target};
use crate::bulk::{ROWS_AT_ONCE, listed};
use crate::sql::{execute, places, rows, values};
use crate::{StoreError, runs};

/// Whose tracking makes targets due.
#[derive(Clone, Copy)]
pub(crate) struct Cause<'a> {
    pub organization: OrganizationId,
    pub request_id: &'a RequestId,
    /// What the organization knows the targets as: `account` or `video`.
    pub target_type: &'static str,
}

/// Makes sure that there are rows, resting until something arms them. `targets` are of one kind, in the order of their ids, and so are the
/// locks that are waited for.
pub(crate) async fn rest_batch(tx: &DatabaseTransaction, targets: &[Target]) -> Result<(), StoreError> {
    for some in targets.chunks(ROWS_AT_ONCE) {
        let (rows, values) = listed(
            "(?, ?, ?, 1, 'created')",
            Vec::new(),
            some.iter().map(|target| values![target.kind.as_str(), target.id, target.platform.as_str()]),
        );
        let sql = format!(
            "INSERT INTO schedules (kind, target_id, platform, priority, reason) VALUES {rows} \
             ON CONFLICT (kind, target_id) DO NOTHING"
        );
        execute(tx, &sql, values).await?;
    }
    Ok(())
}

/// Arms rows of one kind, whose locks the caller holds, so that they are due now, ahead of routine work. Each comes with the id by which the
/// organization tracks it.
pub(crate) async fn arm_batch(
    tx: &DatabaseTransaction,
    targets: &[(Target, Uuid)],
    cause: Cause<'_>,
    now: Timestamp,
) -> Result<Vec<Wake>, StoreError> {
    let mut wakes = Vec::with_capacity(targets.len());
    for some in targets.chunks(ROWS_AT_ONCE) {
        let armed: Vec<Armed> = some
            .iter()
            .map(|(target, tracked)| Armed { target: *target, tracked: *tracked, run_id: RunId::new() })
            .collect();
        let waiting = waiting_runs(tx, &armed).await?;
        let generations = arm(tx, &armed, cause.request_id, now).await?;
        note_runs(tx, &armed, cause, now).await?;
        for Armed { target, tracked: _, run_id } in armed {
            if let Some(superseded) = waiting.get(&target.id) {
                runs::supersede(tx, RunId(*superseded), run_id, now).await?;
            }
            let generation = generations.get(&target.id).copied().unwrap_or(1);
            let request_id = Some(cause.request_id.clone());
            wakes.push(Wake { kind: target.kind, target_id: target.id, generation, request_id });
        }
    }
    Ok(wakes)
}

struct Armed {
    target: Target,
    tracked: Uuid,
    run_id: RunId,
}

const fn kind_of(armed: &[Armed]) -> TargetKind {
    match armed.first() {
        Some(first) => first.target.kind,
        None => TargetKind::Profile,
    }
}

/// The runs of these rows that no worker took up yet, by target.
async fn waiting_runs(tx: &DatabaseTransaction, armed: &[Armed]) -> Result<HashMap<i64, Uuid>, StoreError> {
    #[derive(FromQueryResult)]
    struct Waiting {
        target_id: i64,
        run_id: Uuid,
    }
    let sql = format!(
        "SELECT target_id, run_id FROM schedules WHERE kind = $1 AND run_id IS NOT NULL AND lease_token IS NULL AND target_id IN ({})",
        places(2, armed.len())
    );
    let ids = armed.iter().map(|armed| Value::from(armed.target.id));
    let values = std::iter::once(kind_of(armed).as_str().into()).chain(ids).collect();
    let found = rows::<Waiting>(tx, &sql, values).await?;
    Ok(found.into_iter().map(|waiting| (waiting.target_id, waiting.run_id)).collect())
}

/// Arms the rows; their generations, by target.
async fn arm(
    tx: &DatabaseTransaction,
    armed: &[Armed],
    request_id: &RequestId,
    now: Timestamp,
) -> Result<HashMap<i64, i64>, StoreError> {
    #[derive(FromQueryResult)]
    struct Generation {
        target_id: i64,
        generation: i64,
    }
    let (list, values) = listed(
        "($1, ?, ?, 0, $2, 1, $3, $4, ?)",
        values![kind_of(armed).as_str(), now.as_millis(), Trigger::Created.as_str(), request_id.as_str()],
        armed.iter().map(|armed| values![armed.target.id, armed.target.platform.as_str(), armed.run_id.0]),
    );
    let sql = format!(
        "INSERT INTO schedules (kind, target_id, platform, priority, due_at, generation, reason, request_id, run_id) VALUES {list} \
         ON CONFLICT (kind, target_id) DO UPDATE SET priority = 0, due_at = excluded.due_at, \
         generation = schedules.generation + 1, reason = excluded.reason, request_id = excluded.request_id, \
         run_id = excluded.run_id, attempts = 0, {FROM_THE_FIRST_SOURCE}, offered_at = NULL RETURNING target_id, generation"
    );
    let found = rows::<Generation>(tx, &sql, values).await?;
    Ok(found.into_iter().map(|row| (row.target_id, row.generation)).collect())
}

/// Notes the runs, and that the organization that causes them may see them.
async fn note_runs(
    tx: &DatabaseTransaction,
    armed: &[Armed],
    cause: Cause<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Cause { organization, request_id, target_type } = cause;
    let (list, common) = listed(
        "(?, $1, ?, ?, $2, $3, $4, $5, $6)",
        values![
            kind_of(armed).as_str(),
            Trigger::Created.as_str(),
            request_id.as_str(),
            RunStatus::Queued.as_str(),
            now.as_millis(),
            organization.0,
        ],
        armed.iter().map(|armed| values![armed.run_id.0, armed.target.id, armed.target.platform.as_str()]),
    );
    let sql = format!(
        "INSERT INTO runs (id, kind, target_id, platform, reason, request_id, status, queued_at, organization_id) VALUES {list}"
    );
    execute(tx, &sql, common).await?;
    let (list, values) = listed(
        "($1, ?, $2, ?)",
        values![organization.0, target_type],
        armed.iter().map(|armed| values![armed.run_id.0, armed.tracked.to_string()]),
    );
    let sql = format!("INSERT INTO tracked_runs (organization_id, run_id, target_type, target_id) VALUES {list}");
    execute(tx, &sql, values).await?;
    Ok(())
}
