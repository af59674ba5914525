//! Exports: the jobs that write what an organization tracks to files, and how far they have come.
//!
//! `due_at` drives everything that happens to one: it is when a worker is to look at it next, and while one works, when its lease ends. So an export whose
//! worker died is taken up by another, a file whose time is over is removed, and so is the row in the end, all by the same look.

mod claim;
mod make;
mod rows;
mod work;

use std::time::Duration;

use domain::{
    DateBasis, ExportDataset, ExportFilters, ExportFormat, ExportId, ExportStatus, OrganizationId, ReportedMetrics,
    Timestamp,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::columns::columns;
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{Page, PageRequest, Position, RowId, SortKey};
use crate::report::{ReportFilter, ReportMetrics};
use crate::sql::{Filter, row, values};
use crate::{Store, StoreError, Tenant, TenantTx};

pub use claim::{ExportClaim, ExportHold, ExportJob};
pub use make::{MOST_EXPORTS, MOST_EXPORTS_AT_ONCE, NewExport};
pub use rows::{AccountFilterOfDays, WalkedAccount};
pub use work::{ExportPart, FinishedExport};

/// How long an export can be looked up after its end, or after its file's.
const KEPT_AFTER: Duration = Duration::from_hours(30 * 24);

/// An export, as its organization sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Export {
    /// Its id.
    pub id: ExportId,
    /// What it is of.
    pub dataset: ExportDataset,
    /// The form of its file.
    pub format: ExportFormat,
    /// Which rows it has.
    pub filters: ExportFilters,
    /// How far it has come.
    pub status: ExportStatus,
    /// Rows that are written for good.
    pub rows_written: i64,
    /// Bytes of the parts that are written for good.
    pub bytes_written: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended, well or not.
    pub finished_at: Option<Timestamp>,
    /// When its file goes.
    pub expires_at: Option<Timestamp>,
    /// Why it was given up.
    pub failure: Option<String>,
    /// The file, while it is there.
    pub file: Option<ExportFile>,
}

/// The file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExportFile {
    /// Its object's name.
    pub name: String,
    /// Its bytes.
    pub bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Filters of the list of exports; all combine.
#[derive(Clone, Debug, Default)]
pub struct ExportFilter {
    /// Of this.
    pub dataset: Option<ExportDataset>,
}

/// Sort columns of exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportOrder {
    /// When it was asked for (the default).
    CreatedAt,
}

impl ReportFilter {
    /// Which posts are reported on under these filters, on a page as in a file.
    pub fn of(filters: &ExportFilters) -> Self {
        let window = filters.window();
        let basis = filters.report.as_ref().map(|report| report.date_basis).unwrap_or_default();
        Self {
            platform: filters.platform,
            media_type: filters.media_type,
            source: filters.source,
            status: filters.status,
            account_id: filters.account_id,
            creator_id: filters.creator_id,
            project_id: filters.project_id,
            group_id: filters.group_id,
            published: window.filter(|_| basis == DateBasis::Published),
            read: window.filter(|_| basis == DateBasis::Metric),
        }
    }
}

impl ReportMetrics {
    /// Which numbers are reported under these filters, on a page as in a file.
    pub fn of(filters: &ExportFilters) -> Self {
        match (filters.report.as_ref().map(|report| report.metrics), filters.window()) {
            (Some(ReportedMetrics::Range), Some(window)) => Self::Range(window),
            (Some(ReportedMetrics::Range), None) | (Some(ReportedMetrics::Lifetime) | None, _) => Self::Lifetime,
        }
    }
}

const FROM: &str = "FROM exports e";

columns! {
    #[derive(Clone, Debug)]
    pub(crate) struct ExportRow {
        id: Uuid = "e.id",
        organization_id: Uuid = "e.organization_id",
        dataset: String = "e.dataset",
        format: String = "e.format",
        filters: String = "e.filters",
        status: String = "e.status",
        created_at: i64 = "e.created_at",
        started_at: Option<i64> = "e.started_at",
        finished_at: Option<i64> = "e.finished_at",
        expires_at: Option<i64> = "e.expires_at",
        rows_written: i64 = "e.rows_written",
        bytes_written: i64 = "e.bytes_written",
        failure: Option<String> = "e.failure",
        file: Option<String> = "e.file",
        file_bytes: Option<i64> = "e.file_bytes",
        file_sha256: Option<String> = "e.file_sha256",
    }
}

const fn unreadable(column: &'static str) -> StoreError {
    StoreError::Unreadable { table: "exports", column }
}

fn dataset_of(text: &str) -> Result<ExportDataset, StoreError> {
    text.parse().map_err(|_| unreadable("dataset"))
}

fn format_of(text: &str) -> Result<ExportFormat, StoreError> {
    text.parse().map_err(|_| unreadable("format"))
}

fn filters_of(text: &str) -> Result<ExportFilters, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable("filters"))
}

fn status_of(text: &str) -> Result<ExportStatus, StoreError> {
    text.parse().map_err(|_| unreadable("status"))
}

impl ExportRow {
    fn view(self, now: Timestamp) -> Result<Export, StoreError> {
        let expires_at = self.expires_at.map(Timestamp::from_millis);
        let mut status = status_of(&self.status)?;
        // The file may be there for some moments more.
        if status == ExportStatus::Succeeded && expires_at.is_some_and(|end| end <= now) {
            status = ExportStatus::Expired;
        }
        let file = match (self.file, self.file_bytes, self.file_sha256) {
            (Some(name), Some(bytes), Some(sha256)) => Some(ExportFile { name, bytes, sha256 }),
            (_, _, _) => None,
        };
        Ok(Export {
            id: ExportId(self.id),
            dataset: dataset_of(&self.dataset)?,
            format: format_of(&self.format)?,
            filters: filters_of(&self.filters)?,
            status,
            rows_written: self.rows_written,
            bytes_written: self.bytes_written,
            created_at: Timestamp::from_millis(self.created_at),
            started_at: self.started_at.map(Timestamp::from_millis),
            finished_at: self.finished_at.map(Timestamp::from_millis),
            expires_at,
            failure: self.failure,
            file: file.filter(|_| status == ExportStatus::Succeeded),
        })
    }

    fn position(&self, order: ExportOrder) -> Position {
        let key = match order {
            ExportOrder::CreatedAt => SortKey::Number(Some(self.created_at)),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    id: ExportId,
    now: Timestamp,
) -> Result<Option<Export>, StoreError> {
    let sql = format!(
        "SELECT {} {FROM} WHERE e.id = $1 AND e.organization_id = $2 AND e.removed_at IS NULL",
        ExportRow::COLUMNS
    );
    let found = row::<ExportRow>(connection, &sql, values![id.0, organization.0]).await?;
    found.map(|found| found.view(now)).transpose()
}

impl TenantTx {
    /// One export, as the transaction sees it.
    pub async fn export(&self, id: ExportId) -> Result<Option<Export>, StoreError> {
        find(&self.tx, self.organization, id, self.now).await
    }
}

impl Tenant {
    /// One export.
    pub async fn export(&self, id: ExportId, now: Timestamp) -> Result<Option<Export>, StoreError> {
        find(&self.store.read, self.organization, id, now).await
    }

    /// A page of the organization's exports.
    pub async fn exports(
        &self,
        filter: &ExportFilter,
        page: &PageRequest<ExportOrder>,
        now: Timestamp,
    ) -> Result<Page<Export>, StoreError> {
        let mut conditions = Filter::new("e.organization_id = $1", self.organization.0);
        conditions.and_plain("e.removed_at IS NULL");
        conditions.and_if("e.dataset = ?", filter.dataset.map(ExportDataset::as_str));
        let sort = match page.order_by {
            ExportOrder::CreatedAt => SortColumn::Number("e.created_at"),
        };
        let select = format!("SELECT {} {FROM}", ExportRow::COLUMNS);
        let listing = Listing { select: &select, count_from: FROM, id: "e.id", sort };
        let position = |row: &ExportRow| row.position(page.order_by);
        let found = listing::page(&self.store.read, &listing, conditions, page, position).await?;
        listing::convert(found, |row| row.view(now))
    }
}

impl Store {
    /// The export that a signed link names, and whose it is. The signature stands for the key that the link was made for, so this is no
    /// tenant's read; an organization that is not active has no links.
    pub async fn linked_export(
        &self,
        id: ExportId,
        now: Timestamp,
    ) -> Result<Option<(OrganizationId, Export)>, StoreError> {
        let sql = format!(
            "SELECT {} {FROM} JOIN organizations o ON o.id = e.organization_id WHERE e.id = $1 AND e.removed_at IS NULL AND o.is_active",
            ExportRow::COLUMNS
        );
        let Some(found) = row::<ExportRow>(&self.read, &sql, values![id.0]).await? else { return Ok(None) };
        let organization = OrganizationId(found.organization_id);
        Ok(Some((organization, found.view(now)?)))
    }
}
