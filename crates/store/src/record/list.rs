//! Recording the list of a profile's posts: which of them each account collects, and that every one is read.

use domain::{Day, MediaType, Outcome, PostFacts, Reading, TargetKind, Timestamp, Trigger, fold};
use sea_orm::FromQueryResult;

use super::identity::is_stand_in;
use super::post::{readings, write_facts};
use super::sums::sum_profile;
use super::{Recording, bounds, lost};
use crate::collecting::Listed;
use crate::schedule::{self, Target};
use crate::search::texts;
use crate::sql::{execute, row, rows, values};
use crate::{StoreError, collecting, days, lasting, tracked_posts};

#[derive(FromQueryResult)]
struct Bounds {
    max_posts: Option<i64>,
    lookback_days: Option<i64>,
}

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
    let (found_again, mut wakes) = lost::follow_authors(recording, posts).await?;
    // Newest first: pinned posts stand first on the page, whatever their age.
    let mut newest: Vec<&PostFacts> = posts.iter().collect();
    newest.sort_by_key(|facts| std::cmp::Reverse(facts.create_time));
    let mut wanted: Vec<(usize, &PostFacts)> = newest
        .into_iter()
        .enumerate()
        .filter(|(rank, facts)| bounds.iter().any(|bounds| bounds.admit(*rank, facts, recording.now)))
        .collect();
    // Everybody makes posts in the order of their names.
    wanted.sort_by(|(_, one), (_, other)| one.external_id.cmp(&other.external_id));
    let lister = lister(recording, profile_id).await?;
    let mut found = Vec::with_capacity(wanted.len());
    for (rank, facts) in wanted {
        found.push((shared_post(recording, lister.author_of(facts), facts).await?, rank, facts));
    }
    // Everybody locks rows in the order of their ids, and schedules before anything that hangs on them.
    found.sort_by_key(|((id, _), _, _)| *id);
    let ids: Vec<i64> = found.iter().map(|((id, _), _, _)| *id).collect();
    let resting = bounds::resting(recording, profile_id).await?;
    let mut locked: Vec<i64> = ids.iter().chain(&resting).copied().collect();
    locked.sort_unstable();
    locked.dedup();
    schedule::lock_list(recording.tx, TargetKind::Post, &locked).await?;
    let mut linked = Vec::new();
    for ((id, is_new), rank, facts) in &found {
        if let Some(author) = lister.author_of(facts) {
            adopt(recording, *id, author).await?;
        }
        if link(recording, profile_id, *id, *rank, facts).await? {
            let target = Target { kind: TargetKind::Post, id: *id, platform: facts.platform };
            let cause = recording.job.cause();
            wakes.push(schedule::arm_now(recording.tx, target, Trigger::Created, cause, recording.now).await?);
        } else if *is_new {
            // Whoever would have collected it was paused a moment ago; nobody else knows of the row yet.
            execute(recording.tx, "DELETE FROM posts WHERE id = $1", values![*id]).await?;
            continue;
        }
        linked.push((*id, *rank, *facts));
    }
    tracked_posts::keep(recording.tx, &linked.iter().map(|(id, _, _)| *id).collect::<Vec<_>>(), recording.now).await?;
    let mut from = Day::of(recording.now);
    for (id, rank, facts) in linked {
        if readings(facts).iter().any(|(_, reading)| *reading != Reading::NOT_PROVIDED) {
            let place = Listed { profile_id: Some(profile_id), rank: i64::try_from(rank).unwrap_or(i64::MAX) };
            from = from.min(write_facts(recording, id, facts, place, Outcome::Ok).await?);
        }
    }
    if !resting.is_empty() {
        bounds::follow(recording, profile_id).await?;
    }
    let written = days::write_accounts(recording, None, &ids, from).await?;
    sum_profile(recording, profile_id, &ids, &written).await?;
    texts::follow_posts(recording.tx, &ids).await?;
    lost::show(recording, &found_again).await?;
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

/// Whose list it is.
#[derive(FromQueryResult)]
struct Lister {
    id: i64,
    platform_id: Option<String>,
    username: Option<String>,
}

async fn lister(recording: &Recording<'_>, profile_id: i64) -> Result<Lister, StoreError> {
    let sql = "SELECT id, platform_id, username FROM profiles WHERE id = $1";
    row::<Lister>(recording.tx, sql, values![profile_id])
        .await?
        .ok_or(StoreError::Unreadable { table: "profiles", column: "id" })
}

impl Lister {
    /// The lister, unless the page names somebody else as the author: what two made together stands in the lists of both.
    fn author_of(&self, facts: &PostFacts) -> Option<i64> {
        let is_handle = |name: &&String| !is_stand_in(facts.platform, name);
        let author = &facts.author;
        let is_its = if let (Some(author), Some(lister)) = (&author.platform_id, &self.platform_id) {
            author == lister
        } else {
            let handles = author.username.as_ref().filter(is_handle).zip(self.username.as_ref().filter(is_handle));
            handles.is_none_or(|(author, lister)| author == lister)
        };
        is_its.then_some(self.id)
    }
}

/// Notes the author of a post whose author was not known.
async fn adopt(recording: &Recording<'_>, id: i64, author: i64) -> Result<(), StoreError> {
    execute(recording.tx, "UPDATE posts SET profile_id = $2 WHERE id = $1 AND profile_id IS NULL", values![id, author])
        .await?;
    Ok(())
}

/// The shared row of a post, and whether it was made just now.
async fn shared_post(
    recording: &Recording<'_>,
    author: Option<i64>,
    facts: &PostFacts,
) -> Result<(i64, bool), StoreError> {
    let key = values![facts.platform.as_str(), facts.external_id.clone()];
    let new = values![
        facts.platform.as_str(),
        facts.external_id.clone(),
        facts.shortcode.clone(),
        author,
        facts.author.platform_id.clone(),
        facts.author.username.clone(),
        facts.description.clone(),
        facts.create_time.map(Timestamp::as_millis),
        facts.media_type.map(MediaType::as_str),
        facts.duration,
        facts.cover_image_url.clone(),
        facts.description.as_deref().map(fold),
        facts.author.username.as_deref().map(fold),
    ];
    let insert = "INSERT INTO posts (platform, external_id, shortcode, profile_id, author_platform_id, author_username, description, \
         create_time, media_type, duration_seconds, cover_image_url, description_folded, author_folded) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (platform, external_id) DO NOTHING RETURNING id AS value";
    lasting::found_or_made(recording.tx, lasting::POST, key, insert, new).await
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
         WHERE a.profile_id = $1 AND {} \
         ON CONFLICT (account_id, post_id) DO NOTHING",
        collecting::collects("CAST($4 AS BIGINT)", "$6", "$5")
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
            i64::try_from(rank).unwrap_or(i64::MAX),
        ],
    )
    .await?;
    Ok(linked > 0)
}
