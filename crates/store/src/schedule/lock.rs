//! The locks of schedule rows. Everybody takes locks in one order: schedule, profile, post, tracking rows, creators. SQLite has one
//! writer and needs none.

use domain::TargetKind;
use sea_orm::DatabaseTransaction;

use super::Target;
use crate::StoreError;
use crate::sql::{Number, execute, is_postgres, places, row, rows, values};

/// Takes the row's lock, so that everybody takes locks in the same order: schedule, profile, post, tracking rows, creators.
/// SQLite has one writer and needs none.
pub(crate) async fn lock(tx: &DatabaseTransaction, kind: TargetKind, id: i64) -> Result<(), StoreError> {
    if is_postgres(tx) {
        row::<Number>(
            tx,
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id = $2 FOR UPDATE",
            values![kind.as_str(), id],
        )
        .await?;
    }
    Ok(())
}

/// Takes the locks of several rows of `kind`, in the order of their ids. `targets` is a subquery of ids in which `$3` stands for `value`.
pub(crate) async fn lock_all(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
) -> Result<(), StoreError> {
    if is_postgres(tx) {
        let sql = format!(
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id IN ({}) ORDER BY target_id FOR UPDATE",
            targets.replace("$3", "$2")
        );
        rows::<Number>(tx, &sql, vec![kind.as_str().into(), value.into()]).await?;
    }
    Ok(())
}

/// Likewise for the rows of these targets.
pub(crate) async fn lock_list(tx: &DatabaseTransaction, kind: TargetKind, ids: &[i64]) -> Result<(), StoreError> {
    if is_postgres(tx) && !ids.is_empty() {
        let sql = format!(
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id IN ({}) ORDER BY target_id FOR UPDATE",
            places(2, ids.len())
        );
        let values = std::iter::once(kind.as_str().into()).chain(ids.iter().map(|id| (*id).into())).collect();
        rows::<Number>(tx, &sql, values).await?;
    }
    Ok(())
}

/// Takes the locks of a profile's rows, its own and then its list's. While they are held, no account of it gets another post.
pub(crate) async fn lock_profile(tx: &DatabaseTransaction, id: i64) -> Result<(), StoreError> {
    // One statement would not see the list's row when whoever has the profile's makes it.
    lock(tx, TargetKind::Profile, id).await?;
    lock(tx, TargetKind::Feed, id).await
}

/// What ends a query for schedule rows `s` of profiles `p`: the locks, in their order.
const HELD: &str = "FOR UPDATE OF s FOR KEY SHARE OF p";

/// Takes the lock of a profile's row, and sees that the profile stays. `false` when it was cleared away before that; then the row is one that was made
/// for it since, and goes with it.
pub(crate) async fn hold(tx: &DatabaseTransaction, profile: Target) -> Result<bool, StoreError> {
    if hold_list(tx, &[profile.id]).await? {
        return Ok(true);
    }
    let sql = "DELETE FROM schedules WHERE kind = $1 AND target_id = $2";
    execute(tx, sql, values![profile.kind.as_str(), profile.id]).await?;
    Ok(false)
}

/// Likewise for several profiles, in the order of their ids; whether all of them are there.
pub(crate) async fn hold_list(tx: &DatabaseTransaction, profiles: &[i64]) -> Result<bool, StoreError> {
    if !is_postgres(tx) || profiles.is_empty() {
        return Ok(true);
    }
    let sql = format!(
        "SELECT s.target_id AS value FROM schedules s JOIN profiles p ON p.id = s.target_id \
         WHERE s.kind = 'profile' AND s.target_id IN ({}) ORDER BY s.target_id {HELD}",
        places(1, profiles.len())
    );
    let held = rows::<Number>(tx, &sql, profiles.iter().map(|id| (*id).into()).collect()).await?;
    Ok(held.len() == profiles.len())
}
