//! The sums of accounts over the posts they collect.

use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{COLLECTED, Recording};
use crate::StoreError;
use crate::sql::{execute, is_postgres, places, rows};

/// Brings the sums of the accounts that collect these posts up to date.
pub async fn sum_accounts(recording: &Recording<'_>, posts: &[i64]) -> Result<(), StoreError> {
    let collectors =
        format!("SELECT v.account_id FROM account_videos v WHERE v.post_id IN ({})", places(1, posts.len()));
    sum(recording, &format!("accounts.id IN ({collectors})"), posts.iter().map(|id| Value::from(*id))).await
}

/// Likewise for a profile's accounts, and those that found any of these posts in another profile's list.
pub async fn sum_profile(recording: &Recording<'_>, profile_id: i64, posts: &[i64]) -> Result<(), StoreError> {
    let mut collectors = "SELECT b.id FROM accounts b WHERE b.profile_id = $1".to_owned();
    if !posts.is_empty() {
        collectors.push_str(" UNION SELECT v.account_id FROM account_videos v WHERE v.post_id IN (");
        collectors.push_str(&places(2, posts.len()));
        collectors.push(')');
    }
    let values = std::iter::once(profile_id).chain(posts.iter().copied()).map(Value::from);
    sum(recording, &format!("accounts.id IN ({collectors})"), values).await
}

/// The sums are made anew from the account's videos each time, so they cannot drift. An account's posts are bounded (2,000), and reads
/// of pages are far rarer than the database can sum. `which` is a condition on accounts; `values` are its parameters.
async fn sum(recording: &Recording<'_>, which: &str, values: impl Iterator<Item = Value>) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Collector {
        id: Uuid,
    }
    // Locked by a statement of its own, so that the sums are made of what is committed by then.
    let lock = if is_postgres(recording.tx) { "FOR NO KEY UPDATE" } else { "" };
    let now = Value::from(recording.now.as_millis());
    let sql = format!("SELECT id FROM accounts WHERE {COLLECTED} AND {which} ORDER BY id {lock}");
    let accounts = rows::<Collector>(recording.tx, &sql, values.collect()).await?;
    if accounts.is_empty() {
        return Ok(());
    }
    let total = |column: &str| {
        format!(
            "{column} = (SELECT CAST(SUM(v.{column}) AS BIGINT) FROM account_videos v WHERE v.account_id = accounts.id)"
        )
    };
    let totals: Vec<_> =
        ["view_count", "like_count", "comment_count", "share_count", "play_count", "saved_count"].map(total).into();
    let sql = format!(
        "UPDATE accounts SET total_post_count = (SELECT COUNT(*) FROM account_videos v WHERE v.account_id = accounts.id), {}, \
         updated_at = $1 WHERE id IN ({})",
        totals.join(", "),
        places(2, accounts.len())
    );
    let ids = accounts.into_iter().map(|Collector { id }| Value::from(id));
    execute(recording.tx, &sql, std::iter::once(now).chain(ids).collect()).await?;
    Ok(())
}
