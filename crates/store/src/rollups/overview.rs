//! What an organization has and gained, at a glance.

use domain::{Gains, Window};
use sea_orm::FromQueryResult;

use crate::sql::{row, values};
use crate::{StoreError, Tenant};

/// An organization in a window, beside the window before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Overview {
    /// The window.
    pub current: OverviewNumbers,
    /// The one before it.
    pub previous: OverviewNumbers,
}

/// An organization in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OverviewNumbers {
    /// What was gained.
    pub gains: Gains,
    /// Accounts that are collected now (neither they nor their creator are paused) and were there at the end of the window.
    pub active_accounts: i64,
    /// Posts of accounts' feeds that were there at the end of the window.
    pub account_videos: i64,
    /// Posts added by hand that were there at the end of the window.
    pub tracked_videos: i64,
}

#[derive(FromQueryResult)]
struct Numbers {
    accounts: i64,
    accounts_before: i64,
    posts: i64,
    posts_since: i64,
    videos: i64,
    videos_before: i64,
}

/// What organization `$1` has now, and what of it is older than `$2`. Posts of accounts are not counted one by one: each account keeps the number
/// of its own, so that only what came since is counted.
const NUMBERS: &str = "SELECT a.accounts, a.accounts_before, a.posts, v.videos, v.videos_before, \
     (SELECT COUNT(*) FROM account_videos p WHERE p.organization_id = $1 AND p.added_at >= $2) AS posts_since FROM \
     (SELECT COUNT(CASE WHEN n.is_collected THEN 1 END) AS accounts, \
     COUNT(CASE WHEN n.is_collected AND n.added_at < $2 THEN 1 END) AS accounts_before, \
     CAST(COALESCE(SUM(n.total_post_count), 0) AS BIGINT) AS posts FROM \
     (SELECT a.added_at, a.total_post_count, a.is_active AND COALESCE(c.is_active, TRUE) AS is_collected \
     FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id AND c.organization_id = $1 WHERE a.organization_id = $1) n) a, \
     (SELECT COUNT(*) AS videos, COUNT(CASE WHEN w.added_at < $2 THEN 1 END) AS videos_before \
     FROM videos w WHERE w.organization_id = $1) v";

impl Tenant {
    /// The organization in `window`, which ends today, beside the window before it.
    pub async fn overview(&self, window: Window) -> Result<Overview, StoreError> {
        let previous = window.before();
        let summed = self.summed_within(previous.and(window)).await?;
        let since = window.first().start().as_millis();
        let found = row::<Numbers>(&self.store.read, NUMBERS, values![self.organization.0, since]).await?;
        let Numbers { accounts, accounts_before, posts, posts_since, videos, videos_before } =
            found.ok_or(StoreError::Unreadable { table: "accounts", column: "id" })?;
        Ok(Overview {
            current: OverviewNumbers {
                gains: summed.gains(window),
                active_accounts: accounts,
                account_videos: posts,
                tracked_videos: videos,
            },
            previous: OverviewNumbers {
                gains: summed.gains(previous),
                active_accounts: accounts_before,
                account_videos: posts.saturating_sub(posts_since),
                tracked_videos: videos_before,
            },
        })
    }
}
