//! Recording facts about posts: from their own pages and from the lists they were found in.

use std::collections::BTreeMap;

use domain::outcome::Verdict;
use domain::{MediaType, MetricStatus, Observation, PostFacts, PostStatus, Precision, Reading, Timestamp};
use sea_orm::{FromQueryResult, Value};

use super::sums::sum_accounts;
use super::{Facts, Recording};
use crate::StoreError;
use crate::sql::{Filter, execute, row, values};

/// The metrics of a post with their columns.
pub fn readings(facts: &PostFacts) -> [(&'static str, Reading); 6] {
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
pub async fn write_facts(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<(), StoreError> {
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
