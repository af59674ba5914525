//! Taking up an export.

use std::time::Duration;

use domain::{
    ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, OrganizationId, RequestId, Timestamp,
};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{KEPT_AFTER, dataset_of, filters_of, format_of, status_of};
use crate::sql::{execute, row, rows, values};
use crate::{Store, StoreError};

/// Due exports that are looked at in one round: others may take the first of them.
const LOOK: i64 = 4;

/// When an export is looked at again that could not be read: a newer release asked for it, and its workers are on their way.
const READ_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// What a worker took up.
#[derive(Clone, Debug)]
pub enum ExportClaim {
    /// An export to be written, or written on.
    Write(Box<ExportJob>),
    /// An export that waited for too long, for its organization or for somebody who can read it. It is to be given up.
    GiveUp(ExportHold),
    /// A file whose time is over: its objects are to go, and the row is to say so.
    Expire(ExportHold),
    /// An export that nobody can see any more: its objects are to go, and the row with them.
    Forget(ExportHold),
}

/// A worker's hold on an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportHold {
    /// Which one.
    pub id: ExportId,
    /// Whose.
    pub organization: OrganizationId,
    /// Proves that the lease is still this worker's.
    pub lease_token: Uuid,
}

/// An export to be written.
#[derive(Clone, Debug)]
pub struct ExportJob {
    /// Which one, and what proves that it is in this worker's hands.
    pub hold: ExportHold,
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
    /// How often it was taken up since it last got further, this time included. What is written from now on does not show here.
    pub attempts: i64,
    /// After which row to go on, in the words of whoever reads the rows; at the beginning without it.
    pub place: Option<String>,
    /// Whether all rows are in parts, so that these are to be joined.
    pub is_read: bool,
    /// Parts that are written for good.
    pub parts: i64,
}

#[derive(FromQueryResult)]
struct DueRow {
    id: Uuid,
    dataset: String,
    format: String,
    filters: String,
    status: String,
    created_at: i64,
    removed_at: Option<i64>,
    is_active: bool,
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
    /// Takes up an export that is due, for `lease`; `None` when there is none. Exports of an organization that is not active wait, and so do those
    /// that this release cannot read; neither counts as an attempt.
    pub async fn claim_export(
        &self,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<ExportClaim>, StoreError> {
        let (queued, running) = (ExportStatus::Queued.as_str(), ExportStatus::Running.as_str());
        let waits_since = now.minus(KEPT_AFTER).as_millis();
        let due = "SELECT e.id, e.dataset, e.format, e.filters, e.status, e.created_at, e.removed_at, o.is_active \
             FROM exports e JOIN organizations o ON o.id = e.organization_id \
             WHERE e.due_at <= $1 AND (o.is_active OR e.status NOT IN ($2, $3) OR e.removed_at IS NOT NULL OR e.created_at <= $4) \
             ORDER BY e.due_at LIMIT $5";
        let due = rows::<DueRow>(&self.read, due, values![now.as_millis(), queued, running, waits_since, LOOK]).await?;
        for due in due {
            let can_be_written = match due.read() {
                Ok(()) => due.is_active,
                Err(_) if due.removed_at.is_some() || due.is_given_up(waits_since) => false,
                Err(unreadable) => {
                    tracing::warn!(export_id = %due.id, %unreadable, "an export is left to newer workers");
                    self.pass_over_export(&due, now).await?;
                    continue;
                }
            };
            let token = Uuid::now_v7();
            let claimed = row::<ClaimedRow>(
                &self.write,
                "UPDATE exports SET lease_token = $2, due_at = $3, worker = $4, attempts = attempts + 1, \
                 started_at = CASE WHEN status = $6 THEN COALESCE(started_at, $5) ELSE started_at END, \
                 status = CASE WHEN status = $6 THEN $7 ELSE status END \
                 WHERE id = $1 AND due_at <= $5 \
                 RETURNING organization_id, dataset, format, filters, status, created_at, request_id, removed_at, attempts, place, is_read, parts",
                values![due.id, token, now.plus(lease).as_millis(), worker, now.as_millis(), queued, running],
            )
            .await?;
            // Somebody else took it in between.
            let Some(claimed) = claimed else { continue };
            return claimed.claim(ExportId(due.id), token, can_be_written).map(Some);
        }
        Ok(None)
    }

    /// Looks at an export again somewhat later, unless somebody else has it by now.
    async fn pass_over_export(&self, due: &DueRow, now: Timestamp) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE exports SET due_at = $3 WHERE id = $1 AND due_at <= $2",
            values![due.id, now.as_millis(), now.plus(READ_AGAIN_AFTER).as_millis()],
        )
        .await?;
        Ok(())
    }
}

impl DueRow {
    /// Whether what is to be done with it can be read.
    fn read(&self) -> Result<(), StoreError> {
        match status_of(&self.status)? {
            ExportStatus::Queued | ExportStatus::Running => {
                dataset_of(&self.dataset)?;
                format_of(&self.format)?;
                filters_of(&self.filters)?;
            }
            ExportStatus::Succeeded | ExportStatus::Failed | ExportStatus::Expired => {}
        }
        Ok(())
    }

    /// Whether it is known to have waited since before `since`.
    fn is_given_up(&self, since: i64) -> bool {
        self.created_at <= since && status_of(&self.status).is_ok()
    }
}

impl ClaimedRow {
    fn claim(self, id: ExportId, lease_token: Uuid, can_be_written: bool) -> Result<ExportClaim, StoreError> {
        let hold = ExportHold { id, organization: OrganizationId(self.organization_id), lease_token };
        if self.removed_at.is_some() {
            return Ok(ExportClaim::Forget(hold));
        }
        Ok(match status_of(&self.status)? {
            ExportStatus::Queued | ExportStatus::Running if can_be_written => {
                ExportClaim::Write(Box::new(self.job(hold)?))
            }
            ExportStatus::Queued | ExportStatus::Running => ExportClaim::GiveUp(hold),
            ExportStatus::Succeeded => ExportClaim::Expire(hold),
            ExportStatus::Failed | ExportStatus::Expired => ExportClaim::Forget(hold),
        })
    }

    fn job(self, hold: ExportHold) -> Result<ExportJob, StoreError> {
        Ok(ExportJob {
            hold,
            dataset: dataset_of(&self.dataset)?,
            format: format_of(&self.format)?,
            filters: filters_of(&self.filters)?,
            as_of: Timestamp::from_millis(self.created_at),
            request_id: self.request_id.map(|id| RequestId::adopt(Some(&id))),
            attempts: self.attempts,
            place: self.place,
            is_read: self.is_read,
            parts: self.parts,
        })
    }
}
