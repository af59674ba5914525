//! Working on exports: keeping one that was taken up, noting how far it has come, and ending it. Every write is refused unless the lease still holds.

use std::time::Duration;

use domain::{ExportStatus, Timestamp};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::KEPT_AFTER;
use super::claim::ExportHold;
use crate::sql::{Number, execute, row, rows, values};
use crate::{Store, StoreError};

/// Whether the organization still gets files.
const IS_WANTED: &str = "EXISTS (SELECT 1 FROM organizations o WHERE o.id = exports.organization_id AND o.is_active)";

/// A part that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPart {
    /// Its object's name.
    pub name: String,
    /// Its rows.
    pub rows: i64,
    /// Its bytes.
    pub bytes: i64,
    /// The place of its last row.
    pub place: String,
}

/// The file that an export has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedExport {
    /// Its object's name.
    pub name: String,
    /// Its bytes.
    pub bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// How long it is kept.
    pub kept: Duration,
}

#[derive(FromQueryResult)]
struct NameRow {
    name: String,
}

impl Store {
    /// Keeps an export for `lease` from now on. `false` when the lease was lost, the export was deleted or its organization is not active.
    pub async fn renew_export(&self, hold: &ExportHold, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
        let kept = execute(
            &self.write,
            &format!("UPDATE exports SET due_at = $3 WHERE id = $1 AND lease_token = $2 AND {IS_WANTED}"),
            values![hold.id.0, hold.lease_token, now.plus(lease).as_millis()],
        )
        .await?;
        Ok(kept > 0)
    }

    /// Notes a part, and where the next one begins. `false` when the lease was lost.
    pub async fn record_export_part(&self, hold: &ExportHold, part: &ExportPart) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let ExportPart { name, rows, bytes, place } = part;
        let noted = execute(
            &tx,
            "UPDATE exports SET parts = parts + 1, rows_written = rows_written + $3, bytes_written = bytes_written + $4, place = $5, attempts = 1 \
             WHERE id = $1 AND lease_token = $2",
            values![hold.id.0, hold.lease_token, *rows, *bytes, place.clone()],
        )
        .await?;
        if noted == 0 {
            return Ok(false);
        }
        execute(
            &tx,
            "INSERT INTO export_parts (export_id, number, name) SELECT id, parts, $2 FROM exports WHERE id = $1",
            values![hold.id.0, name.clone()],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that there are no further rows. `false` when the lease was lost.
    pub async fn note_export_read(&self, hold: &ExportHold) -> Result<bool, StoreError> {
        let noted = execute(
            &self.write,
            "UPDATE exports SET is_read = TRUE WHERE id = $1 AND lease_token = $2",
            values![hold.id.0, hold.lease_token],
        )
        .await?;
        Ok(noted > 0)
    }

    /// The names of an export's parts, in their order.
    pub async fn export_parts(&self, hold: &ExportHold) -> Result<Vec<String>, StoreError> {
        let select = "SELECT name FROM export_parts WHERE export_id = $1 ORDER BY number";
        let found = rows::<NameRow>(&self.write, select, values![hold.id.0]).await?;
        Ok(found.into_iter().map(|NameRow { name }| name).collect())
    }

    /// Ends an export well. `false` when the lease was lost, or its organization is not active.
    pub async fn finish_export(
        &self,
        hold: &ExportHold,
        finished: &FinishedExport,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let FinishedExport { name, bytes, sha256, kept } = finished;
        let ended = execute(
            &tx,
            &format!(
                "UPDATE exports SET status = $3, finished_at = $4, expires_at = $5, due_at = $5, lease_token = NULL, attempts = 0, \
                 file = $6, file_bytes = $7, file_sha256 = $8 WHERE id = $1 AND lease_token = $2 AND {IS_WANTED}"
            ),
            values![
                hold.id.0,
                hold.lease_token,
                ExportStatus::Succeeded.as_str(),
                now.as_millis(),
                now.plus(*kept).as_millis(),
                name.clone(),
                *bytes,
                sha256.clone(),
            ],
        )
        .await?;
        if ended > 0 {
            execute(&tx, "DELETE FROM export_parts WHERE export_id = $1", values![hold.id.0]).await?;
        }
        tx.commit().await?;
        Ok(ended > 0)
    }

    /// Gives an export back, to be taken up again at `due_at`.
    pub async fn put_off_export(&self, hold: &ExportHold, due_at: Timestamp) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE exports SET lease_token = NULL, due_at = $3, status = CASE WHEN status = $4 THEN $5 ELSE status END \
             WHERE id = $1 AND lease_token = $2",
            values![
                hold.id.0,
                hold.lease_token,
                due_at.as_millis(),
                ExportStatus::Running.as_str(),
                ExportStatus::Queued.as_str(),
            ],
        )
        .await?;
        Ok(())
    }

    /// The same at once, and as if it had not been taken up: for whoever is told to stop, or may not go on.
    pub async fn release_export(&self, hold: &ExportHold, now: Timestamp) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE exports SET attempts = attempts - 1 WHERE id = $1 AND lease_token = $2 AND attempts > 0",
            values![hold.id.0, hold.lease_token],
        )
        .await?;
        self.put_off_export(hold, now).await
    }

    /// How often an export was taken up since it last got further, this time included; `None` when the lease was lost.
    pub async fn export_attempts(&self, hold: &ExportHold) -> Result<Option<i64>, StoreError> {
        let select = "SELECT attempts AS value FROM exports WHERE id = $1 AND lease_token = $2";
        let found = row::<Number>(&self.write, select, values![hold.id.0, hold.lease_token]).await?;
        Ok(found.map(|Number { value }| value))
    }

    /// Gives an export up. `false` when the lease was lost: then it is somebody else's, and so is what was written of it.
    pub async fn fail_export(&self, hold: &ExportHold, why: &str, now: Timestamp) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let ended = end(&tx, hold, ExportStatus::Failed, now).await?;
        if ended > 0 {
            execute(
                &tx,
                "UPDATE exports SET failure = $2, finished_at = $3 WHERE id = $1",
                values![hold.id.0, why, now.as_millis()],
            )
            .await?;
        }
        tx.commit().await?;
        Ok(ended > 0)
    }

    /// Notes that an export's file was removed because its time is over.
    pub async fn expire_export(&self, hold: &ExportHold, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        end(&tx, hold, ExportStatus::Expired, now).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets an export whose objects were removed.
    pub async fn forget_export(&self, hold: &ExportHold) -> Result<(), StoreError> {
        execute(
            &self.write,
            "DELETE FROM exports WHERE id = $1 AND lease_token = $2",
            values![hold.id.0, hold.lease_token],
        )
        .await?;
        Ok(())
    }
}

/// Ends the life of an export that has no file; it can be looked up for some time.
async fn end(
    tx: &DatabaseTransaction,
    hold: &ExportHold,
    status: ExportStatus,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let ended = execute(
        tx,
        "UPDATE exports SET status = $3, lease_token = NULL, due_at = $4, attempts = 0, file = NULL WHERE id = $1 AND lease_token = $2",
        values![hold.id.0, hold.lease_token, status.as_str(), now.plus(KEPT_AFTER).as_millis()],
    )
    .await?;
    if ended > 0 {
        execute(tx, "DELETE FROM export_parts WHERE export_id = $1", values![hold.id.0]).await?;
    }
    Ok(ended)
}
