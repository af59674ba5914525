//! Walking through the rows of an export, page by page, from any place.

use domain::{AccountId, ExportDataset, Timestamp};
use files::{Column, Value};
use serde::{Deserialize, Serialize};
use store::{AccountFilter, ExportJob, ReportFilter, StoreError, Tenant};
use uuid::Uuid;

use super::{accounts, days, members, posts};

/// Where a row stands: what a walk goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Place {
    /// In a walk of accounts, or of their days.
    Account(AccountPlace),
    /// In a walk of posts, by their ids in reports.
    Post(i64),
    /// In a walk of creators.
    Member(Uuid),
}

/// An account in a walk, or one of its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPlace {
    /// When tracking of the account began, in milliseconds.
    pub added_at: i64,
    /// The account.
    pub id: Uuid,
    /// The day, where an account has several rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<i32>,
}

impl AccountPlace {
    /// The account's position in the walk of accounts.
    pub const fn account(self) -> (Timestamp, AccountId) {
        (Timestamp::from_millis(self.added_at), AccountId(self.id))
    }
}

/// A row, and where it stands.
pub struct Row {
    pub values: Vec<Value>,
    pub place: Place,
}

/// A walk through an export's rows.
pub struct Walk {
    pub tenant: Tenant,
    pub job: ExportJob,
    /// The last row that was read.
    pub place: Option<Place>,
    /// Rows at once, about.
    pub page_rows: u32,
}

impl Walk {
    /// A walk from where the job stands.
    pub fn of(tenant: Tenant, job: &ExportJob, page_rows: u32) -> Result<Self, StoreError> {
        let unreadable = |_| StoreError::Unreadable { table: "exports", column: "place" };
        let place = job.place.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?;
        Ok(Self { tenant, job: job.clone(), place, page_rows })
    }

    /// The next rows; none at the end.
    pub async fn page(&mut self) -> Result<Vec<Row>, StoreError> {
        let rows = match self.job.dataset {
            ExportDataset::Accounts => accounts::page(self).await,
            ExportDataset::Timeseries => days::page(self).await,
            ExportDataset::Posts => posts::page(self).await,
            ExportDataset::Members => members::page(self).await,
        }?;
        if let Some(last) = rows.last() {
            self.place = Some(last.place);
        }
        Ok(rows)
    }

    /// The account that was read last, in walks of accounts.
    pub const fn account_place(&self) -> Option<AccountPlace> {
        match self.place {
            Some(Place::Account(place)) => Some(place),
            Some(Place::Post(_) | Place::Member(_)) | None => None,
        }
    }

    /// Which posts are reported on.
    pub fn report_filter(&self) -> ReportFilter {
        let filters = &self.job.filters;
        ReportFilter {
            platform: filters.platform,
            media_type: filters.media_type,
            source: filters.source,
            status: filters.status,
            account_id: filters.account_id,
            creator_id: filters.creator_id,
            project_id: filters.project_id,
            group_id: filters.group_id,
            published: filters.window(),
            read: None,
        }
    }

    /// Which accounts are visited.
    pub fn account_filter(&self) -> AccountFilter {
        let filters = &self.job.filters;
        AccountFilter {
            platform: filters.platform,
            q: None,
            is_active: filters.is_active,
            category: filters.category.clone(),
            creator_id: filters.creator_id,
        }
    }
}

/// The columns of an export of `dataset`.
pub const fn columns(dataset: ExportDataset) -> &'static [Column] {
    match dataset {
        ExportDataset::Accounts => accounts::COLUMNS,
        ExportDataset::Timeseries => days::COLUMNS,
        ExportDataset::Posts => posts::COLUMNS,
        ExportDataset::Members => members::COLUMNS,
    }
}
