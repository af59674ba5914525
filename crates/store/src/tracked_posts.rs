//! What an organization collects of a post: one row, however many of its records (account videos, a video added by hand) show the post. History
//! by days hangs on it, so that a post counts once.

use domain::{AccountId, OrganizationId, Timestamp};
use sea_orm::{DatabaseTransaction, Value};

use crate::bulk::ROWS_AT_ONCE;
use crate::sql::{execute, places, values};
use crate::{StoreError, days};

/// Sees that there is a row for each organization that tracks one of `posts`, and that it knows in how many feeds it stands.
pub async fn keep(tx: &DatabaseTransaction, posts: &[i64], now: Timestamp) -> Result<(), StoreError> {
    for some in posts.chunks(ROWS_AT_ONCE) {
        let list = places(2, some.len());
        let sql = format!(
            "INSERT INTO tracked_posts (organization_id, post_id, platform, feeds, added_at, updated_at, create_time) \
             SELECT v.organization_id, v.post_id, MIN(v.platform), SUM(v.feed), MIN(v.added_at), $1, MAX(v.create_time) FROM \
             (SELECT organization_id, post_id, platform, 1 AS feed, added_at, create_time FROM account_videos WHERE post_id IN ({list}) \
             UNION ALL SELECT organization_id, post_id, platform, 0, added_at, create_time FROM videos WHERE post_id IN ({list})) v \
             GROUP BY v.organization_id, v.post_id \
             ON CONFLICT (organization_id, post_id) DO UPDATE SET feeds = excluded.feeds WHERE tracked_posts.feeds <> excluded.feeds"
        );
        let ids = some.iter().map(|id| Value::from(*id));
        execute(tx, &sql, std::iter::once(now.as_millis().into()).chain(ids).collect()).await?;
    }
    Ok(())
}

/// An account is about to be deleted: its days go, and its posts stay only where another record of the organization shows them.
pub async fn leave_account(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    account: AccountId,
) -> Result<(), StoreError> {
    let posts = |table: &str| {
        format!(
            "{table}organization_id = $1 AND {table}post_id IN (SELECT v.post_id FROM account_videos v WHERE v.account_id = $2)"
        )
    };
    let fewer = format!("UPDATE tracked_posts SET feeds = feeds - 1 WHERE {}", posts(""));
    execute(tx, &fewer, values![organization.0, account.0]).await?;
    let unseen = format!(
        "{} AND t.feeds = 0 AND NOT EXISTS (SELECT 1 FROM videos w WHERE w.organization_id = $1 AND w.post_id = t.post_id)",
        posts("t.")
    );
    forget(tx, &unseen, "d.account_id = $2", values![organization.0, account.0]).await?;
    execute(tx, "DELETE FROM account_days WHERE account_id = $1", values![account.0]).await?;
    Ok(())
}

/// A video added by hand was deleted: its post stays only where a feed shows it.
pub async fn leave_video(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    post_id: i64,
) -> Result<(), StoreError> {
    let unseen = "t.organization_id = $1 AND t.post_id = $2 AND t.feeds = 0";
    forget(tx, unseen, "FALSE", values![organization.0, post_id]).await
}

/// Deletes tracked posts `t`. Their days may be many, so they are only noted, for whoever clears away; the organization's days are without them,
/// and without the days `d` of `accounts`, at once.
async fn forget(tx: &DatabaseTransaction, which: &str, accounts: &str, values: Vec<Value>) -> Result<(), StoreError> {
    days::take_away(tx, which, accounts, values.clone()).await?;
    let note = format!("INSERT INTO forgotten_posts (tracked_post_id) SELECT t.id FROM tracked_posts t WHERE {which}");
    execute(tx, &note, values.clone()).await?;
    execute(tx, &format!("DELETE FROM tracked_posts AS t WHERE {which}"), values).await?;
    Ok(())
}
