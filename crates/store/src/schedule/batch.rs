//! Making many rows due at once, for whoever adds many targets in one transaction.

use std::collections::{HashMap, HashSet};

use domain::{OrganizationId, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::{FROM_THE_FIRST_SOURCE, Target, arm_now};
use crate::StoreError;
use crate::bulk::{ROWS_AT_ONCE, listed};
use crate::runs::Cause;
use crate::sql::{Number, execute, places, rows, values};

/// Who asks for many targets at once.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
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
    asker: Asker<'_>,
    now: Timestamp,
) -> Result<Vec<Wake>, StoreError> {
    let mut wakes = Vec::with_capacity(targets.len());
    for some in targets.chunks(ROWS_AT_ONCE) {
        let waiting = waiting_runs(tx, some).await?;
        let (shared, fresh): (Vec<_>, Vec<_>) = some.iter().partition(|(target, _)| waiting.contains(&target.id));
        let armed: Vec<Armed> =
            fresh.into_iter().map(|(target, tracked)| Armed { target, tracked, run_id: RunId::new() }).collect();
        if !armed.is_empty() {
            let generations = arm(tx, &armed, asker.request_id, now).await?;
            note_runs(tx, &armed, asker, now).await?;
            wakes.extend(armed.iter().map(|Armed { target, .. }| Wake {
                kind: target.kind,
                target_id: target.id,
                generation: generations.get(&target.id).copied().unwrap_or(1),
                request_id: Some(asker.request_id.clone()),
            }));
        }
        // What becomes of a run that waits already is decided in one place.
        let cause = Cause::Call { organization: asker.organization, request_id: asker.request_id };
        for (target, _) in shared {
            wakes.push(arm_now(tx, target, Trigger::Created, cause, now).await?);
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

/// Those of the targets whose rows have a run already that no worker has in hand.
async fn waiting_runs(tx: &DatabaseTransaction, targets: &[(Target, Uuid)]) -> Result<HashSet<i64>, StoreError> {
    let sql = format!(
        "SELECT target_id AS value FROM schedules \
         WHERE kind = $1 AND run_id IS NOT NULL AND lease_token IS NULL AND target_id IN ({})",
        places(2, targets.len())
    );
    let kind = targets.first().map_or(TargetKind::Profile, |(target, _)| target.kind);
    let ids = targets.iter().map(|(target, _)| Value::from(target.id));
    let values = std::iter::once(kind.as_str().into()).chain(ids).collect();
    Ok(rows::<Number>(tx, &sql, values).await?.into_iter().map(|found| found.value).collect())
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
    asker: Asker<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Asker { organization, request_id, target_type } = asker;
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
        "($1, ?, $2, ?, $3, $4, $5, $6)",
        values![
            organization.0,
            target_type,
            Trigger::Created.as_str(),
            request_id.as_str(),
            now.as_millis(),
            RunStatus::Queued.as_str(),
        ],
        armed.iter().map(|armed| values![armed.run_id.0, armed.tracked.to_string()]),
    );
    let sql = format!(
        "INSERT INTO tracked_runs (organization_id, run_id, target_type, target_id, reason, request_id, queued_at, status) VALUES {list}"
    );
    execute(tx, &sql, values).await?;
    Ok(())
}
