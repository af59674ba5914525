//! The creators whose accounts gained most.
//!
//! What an account gained is the difference of two sums: as of the window's end, and as of the day before it. An account knows the sums of its newest
//! day, which is within most windows, and whether it is older than the window; so there is one look-up for each account at most, and none for one
//! that was not read in the window, or first read in it. A post that is shown twice knows the same of itself.
//!
//! Nor is every account looked up. What a post gained is no more than its count at the end, so what a creator's accounts gained is no more than
//! their counts of that day, which they know: of those that may have gained most a few are looked up, and more where these do not tell.

use domain::{Coverage, CreatorId, Day, GainName, Gains, Window};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::gains_of;
use crate::columns::Columns;
use crate::days::{DAY_MS, GAINED_METRICS, Newest, POST_METRICS};
use crate::sql::{is_postgres, rows, values};
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

/// Creators that are looked up first for each one that is wanted. More were slower, though fewer questions need a second look then.
const CANDIDATES_FOR_EACH: u32 = 8;

struct Ranked {
    id: Uuid,
    name: String,
    /// By which those are in order that gained the same.
    name_folded: String,
    gains: Gains,
    /// How many were looked up.
    candidates: i64,
    /// The least that one of them could have gained.
    bound: Option<i64>,
}

impl FromQueryResult for Ranked {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let columns = &mut Columns::of(row)?;
        let (id, name, name_folded) = (columns.next()?, columns.next()?, columns.next()?);
        let mut gains = [None; GAINED_METRICS.len()];
        for gain in &mut gains {
            *gain = columns.next()?;
        }
        let gains = gains_of(gains);
        Ok(Self { id, name, name_folded, gains, candidates: columns.next()?, bound: columns.next()? })
    }
}

/// The sum `sum` of the newest day by the window's end, which the row `of` knows itself or `e` has, less that of the newest before the window, `b`.
fn gained(of: &str, sum: &str) -> String {
    format!("CASE WHEN {of}.last_day <= $3 THEN {of}.{sum} ELSE e.{sum} END - COALESCE(b.{sum}, 0)")
}

/// What each account gained, by its creator. The days of an account say how many of its days have a known gain.
fn accounts(is_postgres: bool) -> String {
    let days = Newest::of_account("a.id", is_postgres);
    let columns = GAINED_METRICS.map(|metric| {
        format!("{}, {}", gained("a", &format!("{metric}_total")), gained("a", &format!("{metric}_days")))
    });
    format!(
        "SELECT a.creator_id, {} FROM c JOIN a ON a.creator_id = c.creator_id AND a.last_day >= $2{}{}",
        columns.join(", "),
        days.join("e", "<= $3", "a.last_day > $3"),
        days.join("b", "< $2", "a.first_day < $2 AND a.last_day >= $2"),
    )
}

/// What is to be taken away, by creator: of each post that an account shows which another of its creator showed before, what it gained since this one
/// did. Of a creator's accounts that show a post, the first has it.
fn repeats(is_postgres: bool) -> String {
    let days = Newest::of_post("s.id", is_postgres);
    let begin = "CASE WHEN s.since > $2 THEN s.since ELSE $2 END";
    // The accounts' own number of known days stays: it is known as long as one of their posts is.
    let columns = GAINED_METRICS.map(|metric| {
        if POST_METRICS.contains(&metric) {
            format!("-({}), 0", gained("s", &format!("{metric}_total")))
        } else {
            "0, 0".to_owned()
        }
    });
    format!(
        "SELECT s.creator_id, {} FROM (SELECT a.creator_id, t.id, t.first_day, t.last_day, v.first_scrape_at / {DAY_MS} AS since, {}, \
         ROW_NUMBER() OVER (PARTITION BY a.creator_id, v.post_id ORDER BY v.first_scrape_at, v.id) AS place \
         FROM tracked_posts t JOIN account_videos v ON v.post_id = t.post_id AND v.organization_id = $1 AND v.first_scrape_at IS NOT NULL \
         JOIN a ON a.id = v.account_id JOIN c ON c.creator_id = a.creator_id WHERE t.organization_id = $1 AND t.feeds > 1 AND t.last_day >= $2) s{}{} \
         WHERE s.place > 1 AND s.since <= $3 AND CASE WHEN s.last_day <= $3 THEN s.last_day ELSE e.day END >= s.since",
        columns.join(", "),
        POST_METRICS.map(|metric| format!("t.{metric}_total")).join(", "),
        days.join("e", "<= $3", "s.last_day > $3"),
        days.join("b", &format!("< {begin}"), &format!("s.first_day < {begin}")),
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

/// The metrics whose counts bound what is ranked by. Of a rate nothing can be said: one like of two views is much. Nor do followers say who won most of
/// theirs lately.
const fn bounded_by(order: GainName) -> &'static [&'static str] {
    match order {
        GainName::Views => &["view"],
        GainName::Plays => &["play"],
        GainName::Likes => &["like"],
        GainName::Comments => &["comment"],
        GainName::Shares => &["share"],
        GainName::Saves => &["saved"],
        GainName::Engagement => &["like", "comment", "share"],
        GainName::EngagementRate | GainName::FollowersGained => &[],
    }
}

/// Which creators are looked up, by the most that they can have gained.
#[derive(Clone, Copy)]
enum Candidates {
    /// So many of those that may have gained most.
    Most(u32),
    /// All that may have gained as much as this.
    From(i64),
    /// Those of them that can have gained no more than the least of those that were looked up.
    Rest(i64, i64),
    All,
}

impl Candidates {
    /// The condition or order on `bound`, in which `$5` and `$6` are the numbers; nothing is known of those whose accounts were read after the window.
    const fn which(self) -> &'static str {
        match self {
            Self::Most(_) => "ORDER BY bound DESC NULLS FIRST LIMIT $5",
            Self::From(_) => "WHERE bound >= $5 OR bound IS NULL",
            Self::Rest(..) => "WHERE bound >= $5 AND bound <= $6",
            Self::All => "",
        }
    }

    fn numbers(self) -> Vec<i64> {
        match self {
            Self::Most(number) => vec![i64::from(number)],
            Self::From(number) => vec![number],
            Self::Rest(from, to) => vec![from, to],
            Self::All => Vec::new(),
        }
    }
}

/// What was ranked by.
fn ranked_by(order: GainName, gains: &Gains) -> Option<i64> {
    match order {
        GainName::Views => gains.views,
        GainName::Plays => gains.plays,
        GainName::Likes => gains.likes,
        GainName::Comments => gains.comments,
        GainName::Shares => gains.shares,
        GainName::Saves => gains.saves,
        GainName::Engagement => domain::gains::engagement(gains.likes, gains.comments, gains.shares),
        GainName::EngagementRate | GainName::FollowersGained => None,
    }
}

fn sql(order: GainName, candidates: Candidates, is_postgres: bool) -> String {
    let named = GAINED_METRICS.map(|metric| format!("{metric}_total, {metric}_days")).join(", ");
    let last: Vec<String> = bounded_by(order).iter().map(|metric| format!(", {metric}_last")).collect();
    let last = last.concat();
    let most: Vec<String> = bounded_by(order).iter().map(|metric| format!("COALESCE({metric}_last, 0)")).collect();
    let bound = if most.is_empty() {
        "CAST(NULL AS BIGINT)".to_owned()
    } else {
        format!("CASE WHEN MAX(last_day) <= $3 THEN CAST(SUM({}) AS BIGINT) END", most.join(" + "))
    };
    let sums = GAINED_METRICS.iter().zip(["views", "likes", "comments", "shares", "plays", "saves", "followers"]);
    let sums: Vec<String> = sums
        .map(|(metric, name)| {
            format!("CASE WHEN SUM(r.{metric}_days) <> 0 THEN CAST(SUM(r.{metric}_total) AS BIGINT) END AS {name}")
        })
        .collect();
    // That an account has a creator is asked so that no index serves it: PostgreSQL would look for the accounts with a creator of all organizations.
    format!(
        "WITH a AS MATERIALIZED (SELECT id, creator_id, first_day, last_day, {named}{last} FROM accounts WHERE organization_id = $1 \
         AND CASE WHEN creator_id IS NULL THEN 0 ELSE 1 END = 1), \
         c AS (SELECT * FROM (SELECT creator_id, {bound} AS bound FROM a WHERE last_day >= $2 \
         GROUP BY creator_id) b {}), \
         r (creator_id, {named}) AS ({} UNION ALL {}), \
         g AS (SELECT r.creator_id, {} FROM r GROUP BY r.creator_id), \
         k AS (SELECT g.*, RANK() OVER (ORDER BY {key} DESC) AS place FROM g WHERE {key} IS NOT NULL) \
         SELECT n.id, n.name, n.name_folded, g.views, g.likes, g.comments, g.shares, g.plays, g.saves, g.followers, \
         (SELECT COUNT(*) FROM c) AS candidates, (SELECT MIN(bound) FROM c) AS bound \
         FROM k g JOIN creators n ON n.id = g.creator_id AND n.organization_id = $1 \
         WHERE g.place <= $4 ORDER BY {key} DESC, n.name_folded, n.id LIMIT $4",
        candidates.which(),
        accounts(is_postgres),
        repeats(is_postgres),
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
        let ranked = self.ranked(order, window, limit).await?;
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
            .map(|Ranked { id, name, gains, .. }| TopCreator { id: CreatorId(id), name, gains, coverage: coverage(id) })
            .collect())
    }

    /// The creators in order. First those are looked up that may have gained most. If others may have gained as much as the last that is wanted
    /// of them, then these too.
    async fn ranked(&self, order: GainName, window: Window, limit: u32) -> Result<Vec<Ranked>, StoreError> {
        if bounded_by(order).is_empty() {
            return self.ranked_of(Candidates::All, order, window, limit).await;
        }
        let candidates = limit.saturating_mul(CANDIDATES_FOR_EACH);
        let mut found = self.ranked_of(Candidates::Most(candidates), order, window, limit).await?;
        if found.first().is_some_and(|found| found.candidates < i64::from(candidates)) {
            return Ok(found);
        }
        let limited = usize::try_from(limit).unwrap_or(usize::MAX);
        let last = found.last().filter(|_| found.len() >= limited);
        let (gained, bound) = match last.and_then(|last| Some((ranked_by(order, &last.gains)?, last.bound))) {
            None => return self.ranked_of(Candidates::All, order, window, limit).await,
            Some((gained, None)) => return self.ranked_of(Candidates::From(gained), order, window, limit).await,
            Some((gained, Some(bound))) if gained > bound => return Ok(found),
            Some((gained, Some(bound))) => (gained, bound),
        };
        let rest = self.ranked_of(Candidates::Rest(gained, bound), order, window, limit).await?;
        // Those of which as much could be as of the least were looked up twice.
        let known: Vec<Uuid> = found.iter().map(|found| found.id).collect();
        found.extend(rest.into_iter().filter(|found| !known.contains(&found.id)));
        found.sort_by(|one, other| {
            let key = |of: &Ranked| ranked_by(order, &of.gains);
            key(other).cmp(&key(one)).then_with(|| (&one.name_folded, one.id).cmp(&(&other.name_folded, other.id)))
        });
        found.truncate(limited);
        Ok(found)
    }

    /// The first of some.
    async fn ranked_of(
        &self,
        candidates: Candidates,
        order: GainName,
        window: Window,
        limit: u32,
    ) -> Result<Vec<Ranked>, StoreError> {
        let number = |day: Day| day.number();
        let mut values = values![self.organization.0, number(window.first()), number(window.last()), i64::from(limit)];
        values.extend(candidates.numbers().into_iter().map(Value::from));
        let read = &self.store.read;
        rows::<Ranked>(read, &sql(order, candidates, is_postgres(read)), values).await
    }
}
