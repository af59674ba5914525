//! What an organization uses: counts for its bills and its cap.

use std::collections::BTreeMap;

use domain::Platform;
use sea_orm::{DatabaseConnection, FromQueryResult};

use crate::sql::{Number, row, rows, values};
use crate::{StoreError, Tenant};

/// How many are tracked, and of these how many are collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tracked {
    /// All of them.
    pub total: i64,
    /// Those that neither they nor their creator are paused.
    pub billable: i64,
}

/// An organization's counts. A platform without any is left out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Usage {
    /// Accounts.
    pub accounts: BTreeMap<Platform, Tracked>,
    /// Cap on tracked accounts; `None` for no cap.
    pub max_tracked_accounts: Option<i64>,
    /// Posts added by hand.
    pub videos: BTreeMap<Platform, Tracked>,
    /// Posts found in the feeds of accounts.
    pub account_videos: BTreeMap<Platform, i64>,
    /// Creators.
    pub creators: i64,
    /// API keys that are not revoked.
    pub api_keys: i64,
}

#[derive(FromQueryResult)]
struct PlatformRow {
    platform: String,
    total: i64,
    billable: i64,
    posts: i64,
}

impl PlatformRow {
    fn platform(&self, table: &'static str) -> Result<Platform, StoreError> {
        self.platform.parse().map_err(|_| StoreError::Unreadable { table, column: "platform" })
    }

    const fn tracked(&self) -> Tracked {
        Tracked { total: self.total, billable: self.billable }
    }
}

/// Account videos are not counted: each account keeps the number of its own, made anew whenever its list is read, so this costs as much as
/// the organization has accounts, however many posts these have.
const ACCOUNTS: &str = "SELECT a.platform, COUNT(*) AS total, \
     COUNT(CASE WHEN a.is_active AND COALESCE(c.is_active, TRUE) THEN 1 END) AS billable, \
     CAST(COALESCE(SUM(a.total_post_count), 0) AS BIGINT) AS posts \
     FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id WHERE a.organization_id = $1 GROUP BY a.platform";

const VIDEOS: &str = "SELECT platform, COUNT(*) AS total, COUNT(CASE WHEN is_active THEN 1 END) AS billable, \
     CAST(0 AS BIGINT) AS posts FROM videos WHERE organization_id = $1 GROUP BY platform";

impl Tenant {
    /// What the organization uses now.
    pub async fn usage(&self) -> Result<Usage, StoreError> {
        let read = &self.store.read;
        let own = || values![self.organization.0];
        let mut accounts = BTreeMap::new();
        let mut account_videos = BTreeMap::new();
        for found in rows::<PlatformRow>(read, ACCOUNTS, own()).await? {
            let platform = found.platform("accounts")?;
            accounts.insert(platform, found.tracked());
            account_videos.insert(platform, found.posts);
        }
        let mut videos = BTreeMap::new();
        for found in rows::<PlatformRow>(read, VIDEOS, own()).await? {
            videos.insert(found.platform("videos")?, found.tracked());
        }
        let of = |what| self.count(read, what);
        Ok(Usage {
            accounts,
            max_tracked_accounts: self.settings().await?.max_tracked_accounts,
            videos,
            account_videos,
            creators: of("FROM creators WHERE organization_id = $1").await?,
            api_keys: of("FROM api_keys WHERE organization_id = $1 AND revoked_at IS NULL").await?,
        })
    }

    async fn count(&self, read: &DatabaseConnection, what: &str) -> Result<i64, StoreError> {
        let sql = format!("SELECT COUNT(*) AS value {what}");
        Ok(row::<Number>(read, &sql, values![self.organization.0]).await?.map_or(0, |number| number.value))
    }
}
