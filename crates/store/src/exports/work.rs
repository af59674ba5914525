//! Working on exports: taking one up, keeping it, noting how far it has come, and ending it. Every write is refused unless the lease still holds.

use std::time::Duration;

use domain::{
    ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, OrganizationId, RequestId, Timestamp,
};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use super::{KEPT_AFTER, dataset_of, filters_of, format_of, status_of};
use crate::sql::{execute, row, rows, values};
use crate::{Store, StoreError};

/// Due exports that are looked at in one round: others may take the first of them.
const LOOK: i64 = 4;

/// Whether the organization still gets files.
const IS_WANTED: &str = "EXISTS (SELECT 1 FROM organizations o WHERE o.id = exports.organization_id AND o.is_active)";

/// What a worker took up.
#[derive(Clone, Debug)]
pub enum ExportClaim {
    /// An export to be written, or written on.
    Write(Box<ExportJob>),
    /// A file whose time is over: its objects are to go, and the row is to say so.
    Expire(ExportJob),
    /// An export that nobody can see any more: its objects are to go, and the row with them.
    Forget(ExportJob),
}

/// An export in the hands of a worker.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// Which one.
    pub id: ExportId,
    /// Whose.
    pub organization: OrganizationId,
    /// What it is of.
    pub dataset: ExportDataset,
    /// The form of its file.
    pub format: ExportFormat,
    /// Which rows it has.
    pub filters: ExportFilters,
    /// When it was asked for: what "now" means in its rows.
    pub as_of: Timestamp,
    /// The call that asked for it.
    pub request_id: Option<RequestId>,
    /// Proves that the lease is still this worker's.
    pub lease_token: Uuid,
    /// How often it was taken up since it last got further, this time included.
    pub attempts: i64,
    /// After which row to go on, in the words of whoever reads the rows; at the beginning without it.
    pub place: Option<String>,
    /// Whether all rows are in parts, so that these are to be joined.
    pub is_read: bool,
    /// Parts that are written for good.
    pub parts: i64,
}

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
struct DueRow {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct NameRow {
    name: String,
}

#[derive(FromQueryResult)]
struct ClaimedRow {
    organization_id: Uuid,
    dataset: String,
    format: String,
    filters: String,
    status: String,
    created_at: i64,
    request_id: Option<String>,
    removed_at: Option<i64>,
    attempts: i64,
    place: Option<String>,
    is_read: bool,
    parts: i64,
}

impl Store {
    /// Takes up an export that is due, for `lease`; `None` when there is none.
    pub async fn claim_export(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<ExportClaim>, StoreError> {
        let due = "SELECT id FROM exports WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
        for DueRow { id } in rows::<DueRow>(&self.read, due, values![now.as_millis(), LOOK]).await? {
            let token = Uuid::now_v7();
            let claimed = row::<ClaimedRow>(
                &self.write,
                "UPDATE exports SET lease_token = $2, due_at = $3, worker = $4, attempts = attempts + 1, \
                 started_at = CASE WHEN status = $6 THEN COALESCE(started_at, $5) ELSE started_at END, \
                 status = CASE WHEN status = $6 THEN $7 ELSE status END \
                 WHERE id = $1 AND due_at <= $5 \
                 RETURNING organization_id, dataset, format, filters, status, created_at, request_id, removed_at, attempts, place, is_read, parts",
                values![
                    id,
                    token,
                    now.plus(lease).as_millis(),
                    worker,
                    now.as_millis(),
                    ExportStatus::Queued.as_str(),
                    ExportStatus::Running.as_str(),
                ],
            )
            .await?;
            // Somebody else took it in between.
            let Some(claimed) = claimed else { continue };
            return claimed.claim(ExportId(id), token).map(Some);
        }
        Ok(None)
    }

    /// Keeps an export for `lease` from now on. `false` when the lease was lost, the export was deleted or its organization is not active.
    pub async fn renew_export(&self, job: &ExportJob, lease: Duration, now: Timestamp) -> Result<bool, StoreError> {
        let kept = execute(
            &self.write,
            &format!("UPDATE exports SET due_at = $3 WHERE id = $1 AND lease_token = $2 AND {IS_WANTED}"),
            values![job.id.0, job.lease_token, now.plus(lease).as_millis()],
        )
        .await?;
        Ok(kept > 0)
    }

    /// Notes a part, and where the next one begins. `false` when the lease was lost.
    pub async fn record_export_part(&self, job: &ExportJob, part: &ExportPart) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let ExportPart { name, rows, bytes, place } = part;
        let noted = execute(
            &tx,
            "UPDATE exports SET parts = parts + 1, rows_written = rows_written + $3, bytes_written = bytes_written + $4, place = $5, attempts = 1 \
             WHERE id = $1 AND lease_token = $2",
            values![job.id.0, job.lease_token, *rows, *bytes, place.clone()],
        )
        .await?;
        if noted == 0 {
            return Ok(false);
        }
        execute(
            &tx,
            "INSERT INTO export_parts (export_id, number, name) SELECT id, parts, $2 FROM exports WHERE id = $1",
            values![job.id.0, name.clone()],
        )
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Notes that there are no further rows. `false` when the lease was lost.
    pub async fn note_export_read(&self, job: &ExportJob) -> Result<bool, StoreError> {
        let noted = execute(
            &self.write,
            "UPDATE exports SET is_read = TRUE WHERE id = $1 AND lease_token = $2",
            values![job.id.0, job.lease_token],
        )
        .await?;
        Ok(noted > 0)
    }

    /// The names of an export's parts, in their order.
    pub async fn export_parts(&self, job: &ExportJob) -> Result<Vec<String>, StoreError> {
        let select = "SELECT name FROM export_parts WHERE export_id = $1 ORDER BY number";
        let found = rows::<NameRow>(&self.write, select, values![job.id.0]).await?;
        Ok(found.into_iter().map(|NameRow { name }| name).collect())
    }

    /// Ends an export well. `false` when the lease was lost, or its organization is not active.
    pub async fn finish_export(
        &self,
        job: &ExportJob,
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
                job.id.0,
                job.lease_token,
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
            execute(&tx, "DELETE FROM export_parts WHERE export_id = $1", values![job.id.0]).await?;
        }
        tx.commit().await?;
        Ok(ended > 0)
    }

    /// Gives an export back, to be taken up again at `due_at`.
    pub async fn put_off_export(&self, job: &ExportJob, due_at: Timestamp) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE exports SET lease_token = NULL, due_at = $3, status = CASE WHEN status = $4 THEN $5 ELSE status END \
             WHERE id = $1 AND lease_token = $2",
            values![
                job.id.0,
                job.lease_token,
                due_at.as_millis(),
                ExportStatus::Running.as_str(),
                ExportStatus::Queued.as_str(),
            ],
        )
        .await?;
        Ok(())
    }

    /// The same at once, and as if it had not been taken up: for a worker that is told to stop.
    pub async fn release_export(&self, job: &ExportJob, now: Timestamp) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE exports SET attempts = attempts - 1 WHERE id = $1 AND lease_token = $2 AND attempts > 0",
            values![job.id.0, job.lease_token],
        )
        .await?;
        self.put_off_export(job, now).await
    }

    /// Gives an export up.
    pub async fn fail_export(&self, job: &ExportJob, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let ended = end(&tx, job, ExportStatus::Failed, now).await?;
        if ended > 0 {
            execute(
                &tx,
                "UPDATE exports SET failure = $2, finished_at = $3 WHERE id = $1",
                values![job.id.0, why, now.as_millis()],
            )
            .await?;
        }
        Ok(tx.commit().await?)
    }

    /// Notes that an export's file was removed because its time is over.
    pub async fn expire_export(&self, job: &ExportJob, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        end(&tx, job, ExportStatus::Expired, now).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets an export whose objects were removed.
    pub async fn forget_export(&self, job: &ExportJob) -> Result<(), StoreError> {
        execute(
            &self.write,
            "DELETE FROM exports WHERE id = $1 AND lease_token = $2",
            values![job.id.0, job.lease_token],
        )
        .await?;
        Ok(())
    }
}

/// Ends the life of an export that has no file; it can be looked up for some time.
async fn end(
    tx: &DatabaseTransaction,
    job: &ExportJob,
    status: ExportStatus,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let ended = execute(
        tx,
        "UPDATE exports SET status = $3, lease_token = NULL, due_at = $4, attempts = 0, file = NULL WHERE id = $1 AND lease_token = $2",
        values![job.id.0, job.lease_token, status.as_str(), now.plus(KEPT_AFTER).as_millis()],
    )
    .await?;
    if ended > 0 {
        execute(tx, "DELETE FROM export_parts WHERE export_id = $1", values![job.id.0]).await?;
    }
    Ok(ended)
}

impl ClaimedRow {
    fn claim(self, id: ExportId, token: Uuid) -> Result<ExportClaim, StoreError> {
        let status = status_of(&self.status)?;
        let job = ExportJob {
            id,
            organization: OrganizationId(self.organization_id),
            dataset: dataset_of(&self.dataset)?,
            format: format_of(&self.format)?,
            filters: filters_of(&self.filters)?,
            as_of: Timestamp::from_millis(self.created_at),
            request_id: self.request_id.map(|id| RequestId::adopt(Some(&id))),
            lease_token: token,
            attempts: self.attempts,
            place: self.place,
            is_read: self.is_read,
            parts: self.parts,
        };
        if self.removed_at.is_some() {
            return Ok(ExportClaim::Forget(job));
        }
        Ok(match status {
            ExportStatus::Queued | ExportStatus::Running => ExportClaim::Write(Box::new(job)),
            ExportStatus::Succeeded => ExportClaim::Expire(job),
            ExportStatus::Failed | ExportStatus::Expired => ExportClaim::Forget(job),
        })
    }
}
