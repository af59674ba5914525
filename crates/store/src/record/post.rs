//! Recording facts about posts: from their own pages and from the lists they were found in.

use std::collections::BTreeMap;

use domain::outcome::Verdict;
use domain::{
    MediaType, MetricStatus, Observation, PostFacts, PostStatus, Precision, Reading, TargetKind, Timestamp, Trigger,
};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{COLLECTED, Facts, Recording};
use crate::StoreError;
use crate::schedule::{self, Target};
use crate::sql::{Filter, Number, execute, is_postgres, places, row, rows, values};

/// The metrics of a post with their columns.
fn readings(facts: &PostFacts) -> [(&'static str, Reading); 6] {
    let metrics = &facts.metrics;
    [
        ("view_count", metrics.views),
        ("like_count", metrics.likes),
        ("comment_count", metrics.comments),
        ("share_count", metrics.shares),
        ("play_count", metrics.plays),
        ("saved_count", metrics.saves),
    ]
}

/// Records the page of a single post.
pub async fn record(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let id = recording.job.target_id;
    let mut kept = false;
    match observation.posts.first() {
        Some(facts) => {
            write_facts(recording, id, facts).await?;
            let status = match observation.outcome.verdict() {
                Verdict::Withheld => PostStatus::Private,
                Verdict::Good | Verdict::Gone | Verdict::Refused | Verdict::Broken => PostStatus::Live,
            };
            set_status(recording, id, status).await?;
            sum_accounts(recording, &[id]).await?;
            kept = true;
        }
        None => match observation.outcome.verdict() {
            Verdict::Gone => note_gone(recording, id).await?,
            Verdict::Withheld => set_status(recording, id, PostStatus::Private).await?,
            Verdict::Good | Verdict::Refused | Verdict::Broken => {}
        },
    }
    Ok(Facts { outcome: observation.outcome, detail: None, kept, wakes: Vec::new() })
}

/// The post can be seen again, or is withheld.
async fn set_status(recording: &Recording<'_>, id: i64, status: PostStatus) -> Result<(), StoreError> {
    execute(
        recording.tx,
        "UPDATE posts SET status = $2, gone_since = NULL WHERE id = $1 AND (status <> $2 OR gone_since IS NOT NULL)",
        values![id, status.as_str()],
    )
    .await?;
    Ok(())
}

/// The platform says that there is no such post: missing at first, deleted when it said so long enough before already.
async fn note_gone(recording: &Recording<'_>, id: i64) -> Result<(), StoreError> {
    execute(
        recording.tx,
        "UPDATE posts SET status = CASE WHEN gone_since <= $3 THEN 'deleted' ELSE 'missing' END, \
         gone_since = COALESCE(gone_since, $2) WHERE id = $1",
        values![id, recording.now.as_millis(), recording.gone_before.as_millis()],
    )
    .await?;
    Ok(())
}

/// Adds `SET` items for the metrics that the page spoke of; what it did not carry stays as it is.
fn assign_metrics(set: &mut Filter, facts: &PostFacts) {
    for (column, reading) in readings(facts) {
        if reading != Reading::NOT_PROVIDED {
            let place = set.bind(reading.value());
            set.assign(column, &place);
        }
    }
}

/// Writes facts to the shared post, its history, and the tracking rows that collect it.
async fn write_facts(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<(), StoreError> {
    write_post(recording, id, facts).await?;
    write_snapshot(recording, id, facts).await?;
    let now = recording.now.as_millis();
    for (table, collected) in [
        ("videos", "is_active"),
        (
            "account_videos",
            "account_id IN (SELECT a.id FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id \
             WHERE a.is_active AND COALESCE(c.is_active, TRUE))",
        ),
    ] {
        let mut set =
            Filter::new("last_scrape_at = $1, updated_at = $1, first_scrape_at = COALESCE(first_scrape_at, $1)", now);
        if let Some(at) = facts.create_time {
            let place = set.bind(at.as_millis());
            set.assign("create_time", &place);
        }
        assign_metrics(&mut set, facts);
        let place = set.bind(id);
        let sql = format!("UPDATE {table} SET {} WHERE post_id = {place} AND {collected}", set.text());
        execute(recording.tx, &sql, set.values()).await?;
    }
    Ok(())
}

async fn write_post(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<(), StoreError> {
    let mut set = Filter::new("last_scrape_at = $1", recording.now.as_millis());
    let mut keep = |column: &str, value: Option<Value>| {
        if let Some(value) = value {
            let place = set.bind(value);
            set.assign(column, &place);
        }
    };
    keep("shortcode", facts.shortcode.clone().map(Value::from));
    keep("author_platform_id", facts.author.platform_id.clone().map(Value::from));
    keep("author_username", facts.author.username.clone().map(Value::from));
    keep("description", facts.description.clone().map(Value::from));
    keep("description_folded", facts.description.as_deref().map(str::to_lowercase).map(Value::from));
    keep("create_time", facts.create_time.map(Timestamp::as_millis).map(Value::from));
    keep("media_type", facts.media_type.map(MediaType::as_str).map(Value::from));
    keep("duration_seconds", facts.duration.map(Value::from));
    keep("cover_image_url", facts.cover_image_url.clone().map(Value::from));
    keep("video_url", facts.video_url.clone().map(Value::from));
    if !facts.platform_data.is_empty() {
        keep("platform_data", Some(serde_json::Value::Object(facts.platform_data.clone()).to_string().into()));
    }
    assign_metrics(&mut set, facts);
    let status = metric_status(recording, id, facts).await?;
    let place = set.bind(status);
    set.assign("metric_status", &place);
    let place = set.bind(id);
    execute(recording.tx, &format!("UPDATE posts SET {} WHERE id = {place}", set.text()), set.values()).await?;
    // The author, when somebody tracks them.
    if facts.author.platform_id.is_some() || facts.author.username.is_some() {
        execute(
            recording.tx,
            "UPDATE posts SET profile_id = COALESCE((SELECT f.id FROM profiles f WHERE f.platform = posts.platform \
             AND f.platform_id = posts.author_platform_id), (SELECT f.id FROM profiles f WHERE f.platform = posts.platform \
             AND f.username = posts.author_username AND f.platform_id IS NULL)) WHERE id = $1 AND profile_id IS NULL",
            values![id],
        )
        .await?;
    }
    Ok(())
}

/// Why metrics are null: what the page said now, over what was known before.
async fn metric_status(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<String, StoreError> {
    #[derive(FromQueryResult)]
    struct Stored {
        metric_status: String,
    }
    let stored = row::<Stored>(recording.tx, "SELECT metric_status FROM posts WHERE id = $1", values![id]).await?;
    let mut statuses: BTreeMap<String, MetricStatus> =
        stored.and_then(|stored| serde_json::from_str(&stored.metric_status).ok()).unwrap_or_default();
    for (column, reading) in readings(facts) {
        match reading {
            Reading::Known { .. } => {
                statuses.remove(column);
            }
            Reading::Null(MetricStatus::NotProvided) => {}
            Reading::Null(status) => {
                statuses.insert(column.to_owned(), status);
            }
        }
    }
    Ok(serde_json::to_string(&statuses).unwrap_or_else(|_| "{}".to_owned()))
}

/// History holds what this page said, and nothing from elsewhere.
async fn write_snapshot(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<(), StoreError> {
    let readings = readings(facts);
    let [views, likes, comments, shares, plays, saves] = readings.map(|(_, reading)| reading.value());
    execute(
        recording.tx,
        "INSERT INTO post_snapshots (post_id, taken_at, run_id, adapter, view_count, like_count, comment_count, share_count, \
         play_count, saved_count, rounded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
         ON CONFLICT (post_id, taken_at) DO NOTHING",
        values![
            id,
            recording.now.as_millis(),
            recording.job.run_id.0,
            recording.adapter,
            views,
            likes,
            comments,
            shares,
            plays,
            saves,
            rounded(&readings),
        ],
    )
    .await?;
    Ok(())
}

/// The names of the rounded ones, separated by commas; `None` when all are exact.
pub fn rounded(readings: &[(&'static str, Reading)]) -> Option<String> {
    let names: Vec<_> = readings
        .iter()
        .filter(|(_, reading)| reading.precision() == Some(Precision::Rounded))
        .map(|(name, _)| *name)
        .collect();
    (!names.is_empty()).then(|| names.join(","))
}

#[derive(FromQueryResult)]
struct Bounds {
    max_posts: Option<i64>,
    lookback_days: Option<i64>,
}

/// The condition under which account `a` collects a post: of rank `$r` (0 for the newest) and published at `$c`.
const WITHIN_BOUNDS: &str = "(COALESCE(a.max_recent_posts, o.max_recent_posts) IS NULL \
     OR $7 < COALESCE(a.max_recent_posts, o.max_recent_posts)) \
     AND (COALESCE(a.post_lookback_days, o.post_lookback_days) IS NULL OR $6 < 0 \
     OR $6 >= $5 - COALESCE(a.post_lookback_days, o.post_lookback_days) * 86400000)";

/// Records the posts of a profile's list: makes account videos of those within each account's bounds, and sees that each is read.
pub async fn record_list(
    recording: &Recording<'_>,
    profile_id: i64,
    posts: &[PostFacts],
) -> Result<Vec<domain::Wake>, StoreError> {
    let bounds = rows::<Bounds>(
        recording.tx,
        "SELECT COALESCE(a.max_recent_posts, o.max_recent_posts) AS max_posts, \
         COALESCE(a.post_lookback_days, o.post_lookback_days) AS lookback_days \
         FROM accounts a JOIN organizations o ON o.id = a.organization_id LEFT JOIN creators c ON c.id = a.creator_id \
         WHERE a.profile_id = $1 AND a.is_active AND COALESCE(c.is_active, TRUE)",
        values![profile_id],
    )
    .await?;
    // Newest first: pinned posts stand first on the page, whatever their age.
    let mut newest: Vec<&PostFacts> = posts.iter().collect();
    newest.sort_by_key(|facts| std::cmp::Reverse(facts.create_time));
    let wanted: Vec<(usize, &PostFacts)> = newest
        .into_iter()
        .enumerate()
        .filter(|(rank, facts)| bounds.iter().any(|bounds| bounds.admit(*rank, facts, recording.now)))
        .collect();
    let mut found = Vec::with_capacity(wanted.len());
    for (rank, facts) in wanted {
        found.push((shared_post(recording, profile_id, facts).await?, rank, facts));
    }
    // Everybody locks rows in the order of their ids, and schedules before anything that hangs on them.
    found.sort_by_key(|((id, _), _, _)| *id);
    let ids: Vec<i64> = found.iter().map(|((id, _), _, _)| *id).collect();
    schedule::lock_list(recording.tx, TargetKind::Post, &ids).await?;
    let mut wakes = Vec::new();
    for ((id, is_new), rank, facts) in &found {
        adopt(recording, *id, profile_id).await?;
        if link(recording, profile_id, *id, *rank, facts).await? {
            let target = Target { kind: TargetKind::Post, id: *id, platform: facts.platform };
            let request_id = recording.job.request_id.as_ref();
            wakes.push(schedule::arm_now(recording.tx, target, Trigger::Created, request_id, recording.now).await?);
        } else if *is_new {
            // Whoever would have collected it was paused a moment ago; nobody else knows of the row yet.
            execute(recording.tx, "DELETE FROM posts WHERE id = $1", values![*id]).await?;
            continue;
        }
        if readings(facts).iter().any(|(_, reading)| *reading != Reading::NOT_PROVIDED) {
            write_facts(recording, *id, facts).await?;
        }
    }
    sum_profile(recording, profile_id, &ids).await?;
    Ok(wakes)
}

impl Bounds {
    fn admit(&self, rank: usize, facts: &PostFacts, now: Timestamp) -> bool {
        let few = self.max_posts.is_none_or(|max| i64::try_from(rank).is_ok_and(|rank| rank < max));
        let young = match (self.lookback_days, facts.create_time) {
            (Some(days), Some(at)) => at.as_millis() >= now.as_millis() - days * 86_400_000,
            (Some(_) | None, _) => true,
        };
        few && young
    }
}

/// Notes the author of a post whose author was not known.
async fn adopt(recording: &Recording<'_>, id: i64, profile_id: i64) -> Result<(), StoreError> {
    execute(
        recording.tx,
        "UPDATE posts SET profile_id = $2 WHERE id = $1 AND profile_id IS NULL",
        values![id, profile_id],
    )
    .await?;
    Ok(())
}

/// The shared row of a post, and whether it was made just now.
async fn shared_post(recording: &Recording<'_>, profile_id: i64, facts: &PostFacts) -> Result<(i64, bool), StoreError> {
    let key = || values![facts.platform.as_str(), facts.external_id.clone()];
    let find = "SELECT id AS value FROM posts WHERE platform = $1 AND external_id = $2";
    if let Some(found) = row::<Number>(recording.tx, find, key()).await? {
        return Ok((found.value, false));
    }
    let made = row::<Number>(
        recording.tx,
        "INSERT INTO posts (platform, external_id, shortcode, profile_id, author_platform_id, author_username, description, \
         create_time, media_type, duration_seconds, cover_image_url, description_folded) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT (platform, external_id) DO NOTHING RETURNING id AS value",
        values![
            facts.platform.as_str(),
            facts.external_id.clone(),
            facts.shortcode.clone(),
            profile_id,
            facts.author.platform_id.clone(),
            facts.author.username.clone(),
            facts.description.clone(),
            facts.create_time.map(Timestamp::as_millis),
            facts.media_type.map(MediaType::as_str),
            facts.duration,
            facts.cover_image_url.clone(),
            facts.description.as_deref().map(str::to_lowercase),
        ],
    )
    .await?;
    if let Some(made) = made {
        return Ok((made.value, true));
    }
    row::<Number>(recording.tx, find, key())
        .await?
        .map(|found| (found.value, false))
        .ok_or(StoreError::Unreadable { table: "posts", column: "id" })
}

/// Makes the account videos of one post for every account within whose bounds it is; whether there was a new one.
async fn link(
    recording: &Recording<'_>,
    profile_id: i64,
    post_id: i64,
    rank: usize,
    facts: &PostFacts,
) -> Result<bool, StoreError> {
    let sql = format!(
        "INSERT INTO account_videos (organization_id, account_id, post_id, platform, added_at, updated_at, create_time) \
         SELECT a.organization_id, a.id, $2, $3, $5, $5, $4 FROM accounts a JOIN organizations o ON o.id = a.organization_id \
         LEFT JOIN creators c ON c.id = a.creator_id \
         WHERE a.profile_id = $1 AND a.is_active AND COALESCE(c.is_active, TRUE) AND {WITHIN_BOUNDS} \
         ON CONFLICT (account_id, post_id) DO NOTHING"
    );
    let linked = execute(
        recording.tx,
        &sql,
        values![
            profile_id,
            post_id,
            facts.platform.as_str(),
            facts.create_time.map(Timestamp::as_millis),
            recording.now.as_millis(),
            facts.create_time.map_or(-1, Timestamp::as_millis),
            i64::try_from(rank).unwrap_or(i64::MAX),
        ],
    )
    .await?;
    Ok(linked > 0)
}

/// Brings the sums of the accounts that collect these posts up to date.
async fn sum_accounts(recording: &Recording<'_>, posts: &[i64]) -> Result<(), StoreError> {
    let collectors =
        format!("SELECT v.account_id FROM account_videos v WHERE v.post_id IN ({})", places(1, posts.len()));
    sum(recording, &format!("accounts.id IN ({collectors})"), posts.iter().map(|id| Value::from(*id))).await
}

/// Likewise for a profile's accounts, and those that found any of these posts in another profile's list.
async fn sum_profile(recording: &Recording<'_>, profile_id: i64, posts: &[i64]) -> Result<(), StoreError> {
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
