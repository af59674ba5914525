//! The locks of schedule rows. Everybody takes locks in one order: schedule, profile, post, tracking rows, creators. SQLite has one
//! writer and needs none.

use domain::TargetKind;
use sea_orm::DatabaseTransaction;

use crate::StoreError;
use crate::sql::{Number, is_postgres, places, row, rows, values};

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
