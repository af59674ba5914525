//! How many posts were known by the end of a window, and how many of them were read within it. A post counts once.

use domain::{CreatorId, Window};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::days::DAY_MS;
use crate::sql::{places, rows, values};
use crate::{StoreError, Tenant};

/// How much of a window was seen of a creator.
#[derive(FromQueryResult)]
pub struct CreatorCoverage {
    pub creator_id: Uuid,
    pub observed_days: i64,
    pub posts: i64,
    pub posts_observed: i64,
}

/// Counts posts of tracked posts `t`, each known from the time `since` on: all that were known before `$3`, and those that were read from `$2` on
/// before it, which are the days `$4` to `$5`. Mostly the last read says so; a post that was read later too is looked up.
fn counted(since: &str) -> String {
    format!(
        "COUNT(*) AS posts, COUNT(CASE WHEN t.last_scrape_at >= $2 AND (t.last_scrape_at < $3 OR EXISTS \
         (SELECT 1 FROM post_days d WHERE d.tracked_post_id = t.id AND d.day >= $4 AND d.day <= $5 AND d.day >= {since} / {DAY_MS})) \
         THEN 1 END)"
    )
}

fn bounds(tenant: &Tenant, window: Window) -> Vec<Value> {
    values![
        tenant.organization.0,
        window.first().start().as_millis(),
        window.last().plus(1).start().as_millis(),
        window.first().number(),
        window.last().number(),
    ]
}

impl Tenant {
    /// The coverage of each of `creators`; none for those without accounts.
    pub(super) async fn creators_coverage(
        &self,
        creators: &[CreatorId],
        window: Window,
    ) -> Result<Vec<CreatorCoverage>, StoreError> {
        if creators.is_empty() {
            return Ok(Vec::new());
        }
        let list = places(6, creators.len());
        let sql = format!(
            "SELECT c.id AS creator_id, COALESCE(o.observed_days, 0) AS observed_days, COALESCE(p.posts, 0) AS posts, \
             COALESCE(p.posts_observed, 0) AS posts_observed FROM creators c LEFT JOIN (\
             SELECT a.creator_id, COUNT(DISTINCT d.day) AS observed_days FROM accounts a \
             JOIN account_days d ON d.account_id = a.id AND d.day >= $4 AND d.day <= $5 \
             WHERE a.organization_id = $1 AND a.creator_id IN ({list}) GROUP BY a.creator_id) o ON o.creator_id = c.id LEFT JOIN (\
             SELECT s.creator_id, {} AS posts_observed FROM (SELECT a.creator_id, v.post_id, MIN(v.first_scrape_at) AS since \
             FROM accounts a JOIN account_videos v ON v.account_id = a.id AND v.first_scrape_at < $3 \
             WHERE a.organization_id = $1 AND a.creator_id IN ({list}) GROUP BY a.creator_id, v.post_id) s \
             JOIN tracked_posts t ON t.organization_id = $1 AND t.post_id = s.post_id GROUP BY s.creator_id) p ON p.creator_id = c.id \
             WHERE c.organization_id = $1 AND c.id IN ({list})",
            counted("s.since")
        );
        let mut values = bounds(self, window);
        values.extend(creators.iter().map(|id| Value::from(id.0)));
        rows::<CreatorCoverage>(&self.store.read, &sql, values).await
    }
}
