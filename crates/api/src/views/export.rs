//! An export on the wire.

use domain::{
    DateBasis, Day, ExportDataset, ExportFilters, ExportFormat, ExportStatus, MediaType, Platform, PostSource,
    PostStatus, ReportedMetrics, Timestamp,
};
use serde::Serialize;
use store::Export;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::report::RateCardOut;
use crate::views::vocabulary::{
    DateBasisName, ExportDatasetName, ExportFormatName, ExportStatusName, MediaTypeName, PlatformName, PostSourceName,
    PostStatusName, ReportMetricsName,
};

/// An export with the link to its file, when it has one.
#[derive(Hash)]
pub(crate) struct ExportView {
    pub(crate) export: Export,
    /// The link, and when it ends.
    pub(crate) link: Option<(String, Timestamp)>,
}

/// Rows of one kind, written to a file.
#[derive(Serialize, ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportOut {
    /// The export's id.
    id: Uuid,
    /// `export`.
    #[serde(rename = "type")]
    #[schema(example = "export")]
    kind: &'static str,
    /// What it is of.
    #[schema(value_type = ExportDatasetName)]
    dataset: ExportDataset,
    /// The form of its file.
    #[schema(value_type = ExportFormatName)]
    format: ExportFormat,
    /// Which rows it has.
    filters: ExportFiltersOut,
    /// By which prices the media value is estimated; of `posts` and `members` alone.
    rate_card: Option<RateCardOut>,
    /// How far it has come. One that waits after a failure is `queued` again.
    #[schema(value_type = ExportStatusName)]
    status: ExportStatus,
    /// Rows that are written so far.
    #[schema(minimum = 0)]
    rows_written: i64,
    /// Bytes that are written so far. The file may have some more or less.
    #[schema(minimum = 0)]
    bytes_written: i64,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was begun; null until then.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it ended, well or not.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Until when the file is kept.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Why it was given up, when it `failed`.
    failure_reason: Option<String>,
    /// The file's bytes; null while there is no file.
    #[schema(minimum = 0)]
    size_bytes: Option<i64>,
    /// Their SHA-256, in hexadecimal.
    sha256: Option<String>,
    /// Where the file can be downloaded, without a key, until `download_url_expires_at`. Takes `Range`, `If-Range` and `If-None-Match`. Read the export
    /// again for a new link.
    download_url: Option<String>,
    /// Until when the link is good.
    #[schema(value_type = Option<String>, format = DateTime)]
    download_url_expires_at: Option<Timestamp>,
}

/// Which rows an export has; null for a filter that is not set.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportFilters)]
pub(crate) struct ExportFiltersOut {
    /// On this platform.
    #[schema(value_type = Option<PlatformName>)]
    platform: Option<Platform>,
    /// Collected or paused.
    is_active: Option<bool>,
    /// In this category.
    category: Option<String>,
    /// Linked to this creator.
    creator_id: Option<Uuid>,
    /// This account alone.
    account_id: Option<Uuid>,
    /// Posts made of this.
    #[schema(value_type = Option<MediaTypeName>)]
    media_type: Option<MediaType>,
    /// Posts that came to be tracked like this.
    #[schema(value_type = Option<PostSourceName>)]
    source: Option<PostSource>,
    /// Posts standing there.
    #[schema(value_type = Option<PostStatusName>)]
    status: Option<PostStatus>,
    /// Posts belonging to this project.
    project_id: Option<Uuid>,
    /// Posts belonging to this group.
    group_id: Option<Uuid>,
    /// The first day of the window.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Day>,
    /// The last day, itself included.
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Day>,
    /// Which posts the window chooses; of `posts` and `members` alone.
    #[schema(value_type = Option<DateBasisName>)]
    date_basis: Option<DateBasis>,
    /// Which numbers; of `posts` and `members` alone.
    #[schema(value_type = Option<ReportMetricsName>)]
    metrics: Option<ReportedMetrics>,
    /// The card that was named.
    rate_card: Option<String>,
    /// The prices that were given instead of the card's.
    rates: Option<String>,
}

impl From<ExportFilters> for ExportFiltersOut {
    fn from(filters: ExportFilters) -> Self {
        let ExportFilters {
            platform,
            is_active,
            category,
            creator_id,
            account_id,
            media_type,
            source,
            status,
            project_id,
            group_id,
            start_date,
            end_date,
            report,
        } = filters;
        let (date_basis, metrics) = report.as_ref().map(|report| (report.date_basis, report.metrics)).unzip();
        let (rate_card, rates) = report.map(|report| (report.rate_card, report.rates)).unzip();
        Self {
            platform,
            is_active,
            category,
            creator_id: creator_id.map(|id| id.0),
            account_id: account_id.map(|id| id.0),
            media_type,
            source,
            status,
            project_id: project_id.map(|id| id.0),
            group_id: group_id.map(|id| id.0),
            start_date,
            end_date,
            date_basis,
            metrics,
            rate_card: rate_card.flatten(),
            rates: rates.flatten(),
        }
    }
}

impl From<ExportView> for ExportOut {
    fn from(view: ExportView) -> Self {
        let ExportView { export, link } = view;
        let Export {
            id,
            dataset,
            format,
            filters,
            status,
            rows_written,
            bytes_written,
            created_at,
            started_at,
            finished_at,
            expires_at,
            failure,
            file,
        } = export;
        let (download_url, download_url_expires_at) = link.unzip();
        let (size_bytes, sha256) = file.map(|file| (file.bytes, file.sha256)).unzip();
        Self {
            id: id.0,
            kind: "export",
            dataset,
            format,
            rate_card: filters.report.as_ref().map(|report| report.card.clone().into()),
            filters: filters.into(),
            status,
            rows_written,
            bytes_written,
            created_at,
            started_at,
            finished_at,
            expires_at,
            failure_reason: failure,
            size_bytes,
            sha256,
            download_url,
            download_url_expires_at,
        }
    }
}
