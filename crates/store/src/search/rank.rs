//! The best of what matches, with bounded work.
//!
//! What matches is taken at three levels, each within the one before: anywhere, at the beginning of a name, as a whole name. At each, the [`FIRST`]
//! rows of most followers or views are looked through.
//!
//! - A text that is common is found among these as often as is asked, and they are the best of those that match at this level. What is better yet
//!   matches at the next one.
//! - A text that is not is rare, or stands where few look: the index gives those that match, [`MOST`] at most, of which the best are taken. Only where
//!   more match than that may there be better ones of the same level among those that were not looked at.
//!
//! What the index does not know is found by the first step alone.

use std::cmp::Reverse;

use domain::OrganizationId;
use sea_orm::{DatabaseConnection, DbErr, FromQueryResult, QueryResult, TryGetable};

use super::wanted::{Reach, Wanted};
use crate::StoreError;
use crate::sql::{is_postgres, once, rows, values};

/// Rows that are looked through in the order of their followers or views.
const FIRST: u32 = 1_000;

/// Rows of the index that are looked at.
const MOST: i64 = 5_000;

/// A kind of things that are searched.
#[derive(Debug)]
pub struct Searched {
    /// Its table, in which `organization_id` and `rank` have an index.
    table: &'static str,
    /// The table of its texts. Its index on SQLite is called by that and `_search`.
    texts: &'static str,
    /// What more of it is better.
    rank: &'static str,
    /// Whether it has texts beside its names.
    has_words: bool,
}

pub const ACCOUNTS: Searched =
    Searched { table: "accounts", texts: "account_texts", rank: "follower_count", has_words: false };
pub const CREATORS: Searched =
    Searched { table: "creators", texts: "creator_texts", rank: "total_followers", has_words: false };
pub const VIDEOS: Searched = Searched { table: "videos", texts: "video_texts", rank: "view_count", has_words: true };
pub const ACCOUNT_VIDEOS: Searched =
    Searched { table: "account_videos", texts: "account_video_texts", rank: "view_count", has_words: true };

/// Where a hit stands: how its names match, and then what it has most of.
pub type Place = (i64, Reverse<i64>);

/// Something that matches.
#[derive(Clone, Copy, Debug)]
pub struct Hit<I> {
    pub id: I,
    /// 0 for a whole name, 1 for the beginning of one, 2 for anything else.
    kind: i64,
    rank: i64,
}

impl<I> Hit<I> {
    pub fn place(&self) -> Place {
        (self.kind, Reverse(self.rank))
    }
}

impl<I: TryGetable> FromQueryResult for Hit<I> {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        Ok(Self { id: row.try_get_by_index(0)?, kind: row.try_get_by_index(1)?, rank: row.try_get_by_index(2)? })
    }
}

/// The best `limit` of those that match.
pub async fn ranked<I>(
    read: &DatabaseConnection,
    searched: &Searched,
    organization: OrganizationId,
    wanted: &Wanted,
    limit: u32,
) -> Result<Vec<Hit<I>>, StoreError>
where
    I: TryGetable + Copy + Ord,
{
    let search = Search { read, searched, organization, wanted, limit };
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut hits: Vec<Hit<I>> = Vec::new();
    let mut rare = None;
    for level in [Reach::Anywhere, Reach::Begins, Reach::Whole] {
        if level == Reach::Whole && wanted.reach() != Reach::Nowhere {
            // Whole names are few, and the index knows them.
            rare = Some(level);
            break;
        }
        let first = search.first(level).await?;
        let is_common = first.len() >= most;
        hits.extend(first);
        if !is_common {
            rare = Some(level);
            break;
        }
    }
    // Whatever the first rows have at narrower levels is among the hits by now.
    match rare.map(|level| level.max(wanted.reach())) {
        Some(level @ (Reach::Anywhere | Reach::Begins | Reach::Whole)) => hits.extend(search.by_index(level).await?),
        Some(Reach::Nowhere) | None => {}
    }
    Ok(sorted(hits, limit))
}

fn sorted<I: Copy + Ord>(mut hits: Vec<Hit<I>>, limit: u32) -> Vec<Hit<I>> {
    hits.sort_by_key(|hit| hit.id);
    hits.dedup_by_key(|hit| hit.id);
    hits.sort_by_key(|hit| (hit.place(), Reverse(hit.id)));
    hits.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    hits
}

struct Search<'a> {
    read: &'a DatabaseConnection,
    searched: &'a Searched,
    organization: OrganizationId,
    wanted: &'a Wanted,
    limit: u32,
}

/// How the names of `x` match, by the patterns `$3` and `$4`.
const KIND: &str =
    "CAST(CASE WHEN x.names LIKE $4 ESCAPE '\\' THEN 0 WHEN x.names LIKE $3 ESCAPE '\\' THEN 1 ELSE 2 END AS BIGINT)";

impl Search<'_> {
    /// The condition on texts `x` for a match at this level, by the pattern `$2`.
    fn condition(&self, level: Reach) -> &'static str {
        match (level, self.searched.has_words) {
            (Reach::Anywhere | Reach::Nowhere, true) => "(x.names LIKE $2 ESCAPE '\\' OR x.words LIKE $2 ESCAPE '\\')",
            (Reach::Anywhere | Reach::Nowhere, false) | (Reach::Begins | Reach::Whole, _) => {
                "x.names LIKE $2 ESCAPE '\\'"
            }
        }
    }

    fn values(&self, level: Reach) -> Vec<sea_orm::Value> {
        let (begins, whole) = (self.wanted.begins(), self.wanted.whole());
        let pattern = match level {
            Reach::Anywhere | Reach::Nowhere => self.wanted.anywhere(),
            Reach::Begins => begins.clone(),
            Reach::Whole => whole.clone(),
        };
        values![self.organization.0, pattern, begins, whole, i64::from(self.limit)]
    }

    /// Those with most followers or views that match at this level, of the first.
    async fn first<I: TryGetable>(&self, level: Reach) -> Result<Vec<Hit<I>>, StoreError> {
        let Searched { table, texts, rank, has_words } = self.searched;
        let condition = self.condition(level);
        let words = if *has_words { ", x.words" } else { "" };
        // Their texts are looked up one by one, whatever the planner believes of how many texts there are that match.
        let once = once(is_postgres(self.read));
        let sql = format!(
            "SELECT x.id, {KIND} AS kind, x.rank FROM (SELECT t.id, t.rank, x.names{words} FROM \
             (SELECT id, COALESCE({rank}, -1) AS rank FROM {table} \
             WHERE organization_id = $1 ORDER BY COALESCE({rank}, -1) DESC, id DESC LIMIT {FIRST}) t \
             JOIN {texts} x ON x.target_id = t.id{once}) x WHERE {condition} ORDER BY x.rank DESC, x.id DESC LIMIT $5"
        );
        rows(self.read, &sql, self.values(level)).await
    }

    /// The best of those that the index has at this level.
    async fn by_index<I: TryGetable>(&self, level: Reach) -> Result<Vec<Hit<I>>, StoreError> {
        let Searched { table, texts, rank, has_words } = self.searched;
        let condition = self.condition(level);
        let mut values = self.values(level);
        let matching = if is_postgres(self.read) {
            // Kept apart, and its rows looked up one by one, so that the planner goes by the index whatever it believes of their number; they are
            // read no further than they are wanted.
            format!(
                "MATERIALIZED (SELECT x.target_id, x.names FROM {texts} x WHERE x.organization_id = $1 AND {condition})"
            )
        } else {
            let columns = if *has_words && level == Reach::Anywhere { "{names words}" } else { "names" };
            let organization = self.organization.0.simple().to_string().to_uppercase();
            let tag = organization.get(29..).unwrap_or_default();
            values.push(format!("organization : \"{tag}\" AND {columns} : {}", self.wanted.phrase(level)).into());
            format!(
                "(SELECT x.target_id, x.names FROM {texts}_search JOIN {texts} x ON x.id = {texts}_search.rowid \
                 WHERE {texts}_search MATCH $6 AND x.organization_id = $1 AND {condition} LIMIT {MOST})"
            )
        };
        let sql = format!(
            "WITH matching AS {matching} SELECT x.target_id, {KIND} AS kind, \
             (SELECT COALESCE(t.{rank}, -1) FROM {table} t WHERE t.id = x.target_id) AS rank \
             FROM (SELECT target_id, names FROM matching LIMIT {MOST}) x ORDER BY kind, rank DESC, x.target_id DESC LIMIT $5"
        );
        rows(self.read, &sql, values).await
    }
}
