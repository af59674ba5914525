//! Recording facts about posts: from their own pages and from the lists they were found in.

use std::collections::BTreeMap;

use domain::outcome::Verdict;
use domain::{
    Day, MediaType, MetricStatus, Observation, Outcome, Platform, PostFacts, PostStatus, Reading, Timestamp, fold,
};
use sea_orm::{FromQueryResult, Value};

use super::holding::keepers;
use super::provenance::{Kept, Provenance, Readings};
use super::sums::sum_accounts;
use super::{Facts, Recording, attempts, history, lost};
use crate::collecting::Listed;
use crate::days::ReadPost;
use crate::search::texts;
use crate::sql::{Filter, execute, is_postgres, row, values};
use crate::{StoreError, collecting, days};

/// The metrics of a post with their columns.
pub fn readings(facts: &PostFacts) -> Readings<6> {
    let metrics = &facts.metrics;
    let said = [
        ("view_count", metrics.views),
        ("like_count", metrics.likes),
        ("comment_count", metrics.comments),
        ("share_count", metrics.shares),
        ("play_count", metrics.plays),
        ("saved_count", metrics.saves),
    ];
    said.map(|(column, reading)| (column, counted(facts.platform, column, reading)))
}

/// A reading of a metric, of what the platform counts. A number for what it does not count is none.
pub fn counted(platform: Platform, column: &str, reading: Reading) -> Reading {
    match reading {
        Reading::Known { .. } if !platform.has_metric(column) => Reading::Null(MetricStatus::Unsupported),
        Reading::Known { .. } | Reading::Null(_) => reading,
    }
}

/// Records the page of a single post.
pub async fn record(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let id = recording.job.target_id;
    let (mut kept, mut wakes) = (false, Vec::new());
    let verdict = observation.outcome.verdict();
    // A page that withholds the counts as well is no read of them.
    let is_read = |facts: &&PostFacts| {
        verdict == Verdict::Good || readings(facts).iter().any(|(_, reading)| *reading != Reading::NOT_PROVIDED)
    };
    match (verdict, observation.posts.first().filter(is_read)) {
        (verdict @ (Verdict::Good | Verdict::Withheld), Some(facts)) => {
            let (found, woken) = lost::follow_authors(recording, std::slice::from_ref(facts)).await?;
            wakes = woken;
            let from = write_facts(recording, id, facts, Listed::default(), observation.outcome).await?;
            let status = if verdict == Verdict::Good { PostStatus::Live } else { PostStatus::Private };
            set_status(recording, id, status).await?;
            let written = days::write_accounts(recording, None, &[id], from).await?;
            sum_accounts(recording, &[id], &written).await?;
            texts::follow_posts(recording.tx, &[id]).await?;
            lost::show(recording, &found).await?;
            kept = true;
        }
        (Verdict::Gone, _) => note_gone(recording, id).await?,
        (Verdict::Withheld, None) => set_status(recording, id, PostStatus::Private).await?,
        (Verdict::Good | Verdict::Refused | Verdict::Broken, _) => {}
    }
    Ok(Facts { outcome: observation.outcome, detail: None, kept, wakes })
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

/// Writes facts to the shared post, its history, and the tracking rows that collect it, whose attempt ended with `outcome`. The first day of its
/// history that is other than before.
pub async fn write_facts(
    recording: &Recording<'_>,
    id: i64,
    facts: &PostFacts,
    listed: Listed,
    outcome: Outcome,
) -> Result<Day, StoreError> {
    let kept = write_post(recording, id, facts).await?;
    history::write(recording, history::POSTS, id, &readings(facts)).await?;
    let read = days::collected_posts(recording, id, listed).await?;
    write_trackers(recording, id, listed, &read, &kept, outcome).await?;
    days::write_posts(recording, id, read, kept.created).await
}

/// Writes a post's counts to the records of those who collect it, among them the tracked posts `read`.
async fn write_trackers(
    recording: &Recording<'_>,
    id: i64,
    listed: Listed,
    read: &[ReadPost],
    kept: &KeptPost,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let now = recording.now.as_millis();
    let seen: Vec<_> = read.iter().map(|read| &read.seen).collect();
    let keepers = keepers(recording, history::POSTS, id, &kept.counts, &seen).await?;
    // A tracked post has seen all that its organization has of the post; records of it began with the first read or later.
    let set = |is_record: bool| {
        let mut set =
            Filter::new("last_scrape_at = $1, updated_at = $1, first_scrape_at = COALESCE(first_scrape_at, $1)", now);
        if let Some(at) = kept.created {
            let place = set.bind(at.as_millis());
            set.assign("create_time", &place);
        }
        for ((column, kept), keepers) in kept.counts.into_iter().zip(&keepers) {
            kept.assign(&mut set, column, |set| {
                let owned = keepers.iter().filter_map(|keeper| Some((keeper, read.get(keeper.place)?)));
                if is_record {
                    owned.map(|(keeper, of)| keeper.condition(of.organization_id.into(), set)).collect()
                } else {
                    let whole = owned.filter(|(keeper, _)| keeper.is_from_the_first());
                    whole.map(|(_, of)| format!("id = {}", set.bind(of.id))).collect()
                }
            });
        }
        set
    };
    let record = || {
        let mut set = set(true);
        attempts::assign_good(&mut set, outcome);
        set
    };
    let mut by_hand = record();
    let which = format!("post_id = {} AND is_active", by_hand.bind(id));
    update(recording, "videos", &by_hand, &which).await?;
    let mut in_feeds = record();
    let (post, profile, rank) = (in_feeds.bind(id), in_feeds.bind(listed.profile_id), in_feeds.bind(listed.rank));
    let of_post = format!("av.post_id = {post}");
    let collected = collecting::account_videos("av.id", &of_post, &Listed::rank(&profile, &rank), "$1");
    update(recording, "account_videos", &in_feeds, &format!("id IN ({collected})")).await?;
    // As they were found before: a date that is told now may leave the post outside of bounds.
    if !read.is_empty() {
        let mut tracked = set(false);
        let ids: Vec<_> = read.iter().map(|read| tracked.bind(read.id)).collect();
        update(recording, "tracked_posts", &tracked, &format!("id IN ({})", ids.join(", "))).await?;
    }
    Ok(())
}

async fn update(recording: &Recording<'_>, table: &str, set: &Filter, which: &str) -> Result<(), StoreError> {
    execute(recording.tx, &format!("UPDATE {table} SET {} WHERE {which}", set.text()), set.values()).await?;
    Ok(())
}

/// What the shared post has after a read.
struct KeptPost {
    /// When it was published, where the page tells of that.
    created: Option<Timestamp>,
    /// What became of the page's counts.
    counts: [(&'static str, Kept); 6],
}

/// Writes facts to the shared post; what it has then. A fact that the page lacks stays as it is.
async fn write_post(recording: &Recording<'_>, id: i64, facts: &PostFacts) -> Result<KeptPost, StoreError> {
    #[derive(FromQueryResult)]
    struct Stored {
        create_time: Option<i64>,
        metric_status: String,
        provenance: String,
        platform_data: String,
    }
    let Recording { adapter, now, .. } = *recording;
    let sql = "SELECT create_time, metric_status, provenance, platform_data FROM posts WHERE id = $1";
    let stored = row::<Stored>(recording.tx, sql, values![id])
        .await?
        .ok_or(StoreError::Unreadable { table: "posts", column: "id" })?;
    let mut provenance = Provenance::from_stored(&stored.provenance);
    let counts = provenance.keep(readings(facts), adapter, now);
    let read = facts.create_time.map(|at| (at, facts.create_precision));
    let created = provenance.keep_created(stored.create_time.map(Timestamp::from_millis), read, adapter, now);
    let mut set = Filter::new("last_scrape_at = $1", now.as_millis());
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
    keep("author_folded", facts.author.username.as_deref().map(fold).map(Value::from));
    keep("description_folded", facts.description.as_deref().map(fold).map(Value::from));
    keep("create_time", created.map(Timestamp::as_millis).map(Value::from));
    keep("media_type", facts.media_type.map(MediaType::as_str).map(Value::from));
    keep("duration_seconds", facts.duration.map(Value::from));
    keep("cover_image_url", facts.cover_image_url.clone().map(Value::from));
    keep("video_url", facts.video_url.clone().map(Value::from));
    if !facts.platform_data.is_empty() {
        let extras = provenance.extras(&stored.platform_data, &facts.platform_data, adapter, now);
        keep("platform_data", Some(extras.into()));
    }
    keep("metric_status", Some(metric_status(&stored.metric_status, &counts).into()));
    keep("provenance", Some(provenance.to_stored().into()));
    for (column, kept) in counts {
        if let Some(reading) = kept.for_all() {
            let place = set.bind(reading.value());
            set.assign(column, &place);
        }
    }
    let place = set.bind(id);
    execute(recording.tx, &format!("UPDATE posts SET {} WHERE id = {place}", set.text()), set.values()).await?;
    // The author, when somebody tracks them.
    if facts.author.platform_id.is_some() || facts.author.username.is_some() {
        // One that is being cleared away or named anew at this moment is passed over: whoever has its row may be waiting for the post. The next
        // read looks again.
        let free = if is_postgres(recording.tx) { "FOR KEY SHARE SKIP LOCKED" } else { "" };
        let sql = format!(
            "UPDATE posts SET profile_id = COALESCE((SELECT f.id FROM profiles f WHERE f.platform = posts.platform \
             AND f.platform_id = posts.author_platform_id {free}), (SELECT f.id FROM profiles f WHERE f.platform = posts.platform \
             AND f.username = posts.author_username AND f.platform_id IS NULL {free})) WHERE id = $1 AND profile_id IS NULL"
        );
        execute(recording.tx, &sql, values![id]).await?;
    }
    // Whose read tells no date has none by it: what others read is not theirs.
    Ok(KeptPost { created: facts.create_time.and(created), counts })
}

/// Why metrics are null: what the page said now, over what was known before.
pub fn metric_status(stored: &str, kept: &[(&'static str, Kept); 6]) -> String {
    let mut statuses: BTreeMap<String, MetricStatus> = serde_json::from_str(stored).unwrap_or_default();
    for (column, kept) in kept {
        match kept.for_all() {
            Some(Reading::Known { .. }) => {
                statuses.remove(*column);
            }
            Some(Reading::Null(status)) => {
                statuses.insert((*column).to_owned(), status);
            }
            None => {}
        }
    }
    serde_json::to_string(&statuses).unwrap_or_else(|_| "{}".to_owned())
}
