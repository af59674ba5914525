//! The creators whose accounts gained most.
//!
//! What an account gained is the difference of two sums: as of the window's end, and as of the day before it. A look-up for each account and sum would
//! be most of the work, and most accounts are read every day: so the days at hand, and those before them, are taken by the organization's index, and
//! only what has neither is looked up.

use domain::{Coverage, CreatorId, Day, GainName, Gains, Window};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::days::IS_REPEAT;
use super::{OF_GAINS, gains_of};
use crate::columns::Columns;
use crate::days::{DAY_MS, POST_METRICS};
use crate::sql::{rows, values};
use crate::{StoreError, Tenant};

/// A creator in a window.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopCreator {
    /// Its id.
    pub id: CreatorId,
    /// Its name.
    pub name: String,
    /// What its accounts gained.
    pub gains: Gains,
    /// How much of the window was seen.
    pub coverage: Coverage,
}

struct Ranked {
    id: Uuid,
    name: String,
    gains: Gains,
}

impl FromQueryResult for Ranked {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let columns = &mut Columns::of(row)?;
        let (id, name) = (columns.next()?, columns.next()?);
        let mut gains = [None; OF_GAINS.len()];
        for gain in &mut gains {
            *gain = columns.next()?;
        }
        Ok(Self { id, name, gains: gains_of(gains) })
    }
}

/// The sums of each account of organization `$1` as of the day at the place `day`, those accounts that have any, each with `sign` before it: three
/// rows of accounts, each of those that the ones before lack. The days of an account say how many of its days have a known gain.
fn standings(day: &str, sign: &str) -> String {
    let columns = OF_GAINS.map(|metric| format!("{sign}s.{metric}_total, {sign}s.{metric}_days")).join(", ");
    let has =
        |days: &str| format!("SELECT x.account_id FROM account_days x WHERE x.organization_id = $1 AND x.day {days}");
    format!(
        "SELECT s.account_id, {columns} FROM account_days s WHERE s.organization_id = $1 AND s.day = {day} \
         UNION ALL SELECT s.account_id, {columns} FROM account_days s WHERE s.organization_id = $1 AND s.day = {day} - 1 \
         AND s.account_id NOT IN ({}) \
         UNION ALL SELECT s.account_id, {columns} FROM accounts b JOIN account_days s ON s.account_id = b.id AND s.day = \
         (SELECT MAX(x.day) FROM account_days x WHERE x.account_id = b.id AND x.day < {day} - 1) \
         WHERE b.organization_id = $1 AND b.id NOT IN ({})",
        has(&format!("= {day}")),
        has(&format!(">= {day} - 1 AND x.day <= {day}")),
    )
}

/// What is to be taken away: of each post that an account shows which another of its creator showed before, what it gained since this one did.
fn repeats() -> String {
    let since = format!("v.first_scrape_at / {DAY_MS}");
    let newest = |than: &str| format!("(SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND {than})");
    // The account's own number of known days stays: it is known as long as one of its posts is.
    let columns = OF_GAINS.map(|metric| {
        if POST_METRICS.contains(&metric) {
            format!("COALESCE(o.{metric}_total, 0) - n.{metric}_total, 0")
        } else {
            "0, 0".to_owned()
        }
    });
    format!(
        "SELECT v.account_id, {} FROM tracked_posts t \
         JOIN account_videos v ON v.post_id = t.post_id AND v.organization_id = $1 AND {since} <= $3 JOIN accounts a ON a.id = v.account_id \
         JOIN post_days n ON n.tracked_post_id = t.id AND n.day = {} \
         LEFT JOIN post_days o ON o.tracked_post_id = t.id AND o.day = {} \
         WHERE t.organization_id = $1 AND t.feeds > 1 AND {IS_REPEAT}",
        columns.join(", "),
        newest(&format!("x.day <= $3 AND x.day >= {since}")),
        newest(&format!("x.day < CASE WHEN {since} > $2 THEN {since} ELSE $2 END")),
    )
}

/// What is ranked by. Whoever has no known number of it has no rank.
const fn key(order: GainName) -> &'static str {
    const ENGAGEMENT: &str = "CASE WHEN g.likes IS NOT NULL OR g.comments IS NOT NULL OR g.shares IS NOT NULL \
         THEN COALESCE(g.likes, 0) + COALESCE(g.comments, 0) + COALESCE(g.shares, 0) END";
    match order {
        GainName::Views => "g.views",
        GainName::Plays => "g.plays",
        GainName::Likes => "g.likes",
        GainName::Comments => "g.comments",
        GainName::Shares => "g.shares",
        GainName::Saves => "g.saves",
        GainName::Engagement => ENGAGEMENT,
        GainName::EngagementRate => {
            "CASE WHEN g.views <> 0 AND (g.likes IS NOT NULL OR g.comments IS NOT NULL OR g.shares IS NOT NULL) THEN \
             CAST(COALESCE(g.likes, 0) + COALESCE(g.comments, 0) + COALESCE(g.shares, 0) AS DOUBLE PRECISION) / g.views END"
        }
        GainName::FollowersGained => "g.followers",
    }
}

fn sql(order: GainName) -> String {
    let named: Vec<String> = OF_GAINS.iter().map(|metric| format!("{metric}_total, {metric}_days")).collect();
    let sums = OF_GAINS.iter().zip(["views", "likes", "comments", "shares", "plays", "saves", "followers"]);
    let sums: Vec<String> = sums
        .map(|(metric, name)| {
            format!("CASE WHEN SUM(r.{metric}_days) <> 0 THEN CAST(SUM(r.{metric}_total) AS BIGINT) END AS {name}")
        })
        .collect();
    format!(
        "WITH r (account_id, {}) AS ({} UNION ALL {} UNION ALL {}) \
         SELECT c.id, c.name, g.views, g.likes, g.comments, g.shares, g.plays, g.saves, g.followers FROM \
         (SELECT a.creator_id, {} FROM r JOIN accounts a ON a.id = r.account_id AND a.creator_id IS NOT NULL GROUP BY a.creator_id) g \
         JOIN creators c ON c.id = g.creator_id AND c.organization_id = $1 \
         WHERE {key} IS NOT NULL ORDER BY {key} DESC, c.name_folded, c.id LIMIT $4",
        named.join(", "),
        standings("$3", ""),
        standings("($2 - 1)", "-"),
        repeats(),
        sums.join(", "),
        key = key(order),
    )
}

impl Tenant {
    /// At most `limit` creators, those whose accounts gained most in `window` first; of those that gained the same, by name. Whoever has no known
    /// number of what is ranked by is left out.
    pub async fn top_creators(
        &self,
        order: GainName,
        window: Window,
        limit: u32,
    ) -> Result<Vec<TopCreator>, StoreError> {
        let number = |day: Day| day.number();
        let values = values![self.organization.0, number(window.first()), number(window.last()), i64::from(limit)];
        let ranked = rows::<Ranked>(&self.store.read, &sql(order), values).await?;
        let ids: Vec<CreatorId> = ranked.iter().map(|found| CreatorId(found.id)).collect();
        let covered = self.creators_coverage(&ids, window).await?;
        let coverage = |id: Uuid| {
            let found = covered.iter().find(|covered| covered.creator_id == id);
            let days = Coverage { days: window.days(), ..Coverage::default() };
            found.map_or(days, |found| Coverage {
                observed_days: i32::try_from(found.observed_days).unwrap_or(i32::MAX),
                posts: found.posts,
                posts_observed: found.posts_observed,
                ..days
            })
        };
        Ok(ranked
            .into_iter()
            .map(|Ranked { id, name, gains }| TopCreator { id: CreatorId(id), name, gains, coverage: coverage(id) })
            .collect())
    }
}
