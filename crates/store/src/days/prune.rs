//! Forgetting days: of what is no longer tracked, and those older than is kept.

use domain::Day;
use sea_orm::Value;
use uuid::Uuid;

use super::fold::DAY_MS;
use crate::sql::{execute, is_postgres, places, row, rows, values};
use crate::{Store, StoreError};

/// Whether a row of `post_days` is the newest before an account first read the post, which another record of the organization had until then: the
/// account's sums are less what it says, for as long as they go on.
fn is_base() -> String {
    format!(
        "EXISTS (SELECT 1 FROM tracked_posts t JOIN account_videos v ON v.organization_id = t.organization_id AND v.post_id = t.post_id \
         WHERE t.id = post_days.tracked_post_id AND t.first_scrape_at / {DAY_MS} < v.first_scrape_at / {DAY_MS} AND post_days.day = \
         (SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND x.day < v.first_scrape_at / {DAY_MS}))"
    )
}

/// How far a round of forgetting old days came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunedDays {
    /// The last post that was looked at; `None` when there are no more.
    post: Option<i64>,
    /// Likewise the last account.
    account: Option<Uuid>,
}

impl PrunedDays {
    /// Before the first.
    pub const BEGIN: Self = Self { post: Some(0), account: Some(Uuid::nil()) };

    /// Whether everything was looked at.
    pub const fn is_done(self) -> bool {
        self.post.is_none() && self.account.is_none()
    }
}

impl Store {
    /// Forgets the days of at most `most` posts that nobody of their organization tracks any more; of how many.
    pub async fn prune_forgotten_days(&self, most: u32) -> Result<u64, StoreError> {
        #[derive(sea_orm::FromQueryResult)]
        struct Forgotten {
            tracked_post_id: i64,
        }
        let tx = self.begin().await?;
        // The notes are taken first, so that two who do so at the same time never take the notes of posts whose days the other has.
        let lock = if is_postgres(&tx) { "FOR UPDATE SKIP LOCKED" } else { "" };
        let take = format!(
            "DELETE FROM forgotten_posts WHERE tracked_post_id IN (SELECT tracked_post_id FROM forgotten_posts \
             ORDER BY tracked_post_id LIMIT $1 {lock}) RETURNING tracked_post_id"
        );
        let taken = rows::<Forgotten>(&tx, &take, values![i64::from(most)]).await?;
        if taken.is_empty() {
            return Ok(0);
        }
        let days = format!("DELETE FROM post_days WHERE tracked_post_id IN ({})", places(1, taken.len()));
        let posts = taken.iter().map(|Forgotten { tracked_post_id }| Value::from(*tracked_post_id));
        execute(&tx, &days, posts.collect()).await?;
        tx.commit().await?;
        Ok(u64::try_from(taken.len()).unwrap_or(u64::MAX))
    }

    /// Forgets days before `before` of the next `most` posts and the next `most` accounts; where to go on. The newest of them stays with each, and of a
    /// post the newest before each account first read it: what later days are sums upon.
    pub async fn prune_days(&self, before: Day, from: PrunedDays, most: u32) -> Result<PrunedDays, StoreError> {
        let old = |table: &str, key: &str| {
            format!(
                "DELETE FROM {table} WHERE {key} > $1 AND {key} <= $2 AND day < $3 AND day < \
                 (SELECT MAX(x.day) FROM {table} x WHERE x.{key} = {table}.{key} AND x.day < $3)"
            )
        };
        let mut to = PrunedDays { post: None, account: None };
        if let Some(after) = from.post {
            let next = "SELECT MAX(id) AS id FROM (SELECT id FROM tracked_posts WHERE id > $1 ORDER BY id LIMIT $2) n";
            to.post =
                row::<NextPost>(&self.write, next, values![after, i64::from(most)]).await?.and_then(|next| next.id);
            let until = to.post.unwrap_or(i64::MAX);
            let sql = format!("{} AND NOT {}", old("post_days", "tracked_post_id"), is_base());
            execute(&self.write, &sql, values![after, until, before.number()]).await?;
        }
        if let Some(after) = from.account {
            let next = "SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2";
            let next = row::<NextAccount>(&self.write, next, values![after, i64::from(most)]).await?;
            to.account = next.map(|next| next.id);
            let until = to.account.unwrap_or(Uuid::max());
            execute(&self.write, &old("account_days", "account_id"), values![after, until, before.number()]).await?;
        }
        Ok(to)
    }
}

#[derive(sea_orm::FromQueryResult)]
struct NextPost {
    id: Option<i64>,
}

#[derive(sea_orm::FromQueryResult)]
struct NextAccount {
    id: Uuid,
}
