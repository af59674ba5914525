//! Recording facts about profiles, and who they are: the platform's own id is the identity, the handle is only today's name.

use domain::outcome::Verdict;
use domain::{Observation, Outcome, ProfileFacts, Reading, TargetKind, Trigger};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{Facts, Recording, post};
use crate::schedule::{self, Target};
use crate::sql::{execute, row, rows, values};
use crate::{StoreError, creators};

#[derive(FromQueryResult)]
struct Known {
    id: i64,
    username: Option<String>,
    platform_id: Option<String>,
    previous_usernames: String,
}

/// Which profile row a page's facts belong to.
enum Identity {
    /// This one.
    Known(Known),
    /// None that may take them; why.
    Foreign(String),
}

const KNOWN: &str = "SELECT id, username, platform_id, previous_usernames FROM profiles";

/// The metrics of a profile with their columns.
fn readings(facts: &ProfileFacts) -> [(&'static str, Reading); 4] {
    let metrics = &facts.metrics;
    [
        ("follower_count", metrics.followers),
        ("following_count", metrics.following),
        ("post_count", metrics.posts),
        ("like_count", metrics.likes),
    ]
}

/// Records a profile's page.
pub async fn record(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let Some(facts) = &observation.profile else {
        if observation.outcome.verdict() == Verdict::Gone {
            note_gone(recording).await?;
        }
        return Ok(Facts { outcome: observation.outcome, detail: None, kept: false, wakes: Vec::new() });
    };
    let known = match identify(recording, facts).await? {
        Identity::Known(known) => known,
        Identity::Foreign(detail) => {
            return Ok(Facts { outcome: Outcome::ParseError, detail: Some(detail), kept: false, wakes: Vec::new() });
        }
    };
    write_facts(recording, &known, facts).await?;
    write_snapshot(recording, known.id, facts).await?;
    let mut wakes = Vec::new();
    if observation.outcome.verdict() == Verdict::Good {
        wakes = post::record_list(recording, known.id, &observation.posts).await?;
        let feed = Target { kind: TargetKind::Feed, id: known.id, platform: facts.platform };
        let request_id = recording.job.request_id.as_ref();
        wakes.push(schedule::arm_now(recording.tx, feed, Trigger::Scheduled, request_id, recording.now).await?);
    }
    Ok(Facts { outcome: observation.outcome, detail: None, kept: true, wakes })
}

/// Records the list of a profile's posts. What the list's page says of the profile itself is rounded, so it is left aside.
pub async fn record_feed(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let is_good = observation.outcome.verdict() == Verdict::Good;
    let wakes = if is_good {
        post::record_list(recording, recording.job.target_id, &observation.posts).await?
    } else {
        Vec::new()
    };
    Ok(Facts { outcome: observation.outcome, detail: None, kept: is_good, wakes })
}

/// The platform says that there is no such profile: believed when it said so long enough before already.
async fn note_gone(recording: &Recording<'_>) -> Result<(), StoreError> {
    execute(
        recording.tx,
        "UPDATE profiles SET is_unavailable = COALESCE(gone_since <= $3, FALSE), gone_since = COALESCE(gone_since, $2) WHERE id = $1",
        values![recording.job.target_id, recording.now.as_millis(), recording.gone_before.as_millis()],
    )
    .await?;
    Ok(())
}

/// Finds the row that the facts belong to. A profile that was known under another handle takes the new one over, with the trackers that
/// were waiting for it.
async fn identify(recording: &Recording<'_>, facts: &ProfileFacts) -> Result<Identity, StoreError> {
    let asked = row::<Known>(recording.tx, &format!("{KNOWN} WHERE id = $1"), values![recording.job.target_id])
        .await?
        .ok_or(StoreError::Unreadable { table: "profiles", column: "id" })?;
    // A page that names the account by its handle alone says nothing about who has the handle.
    let Some(found) = &facts.platform_id else { return Ok(Identity::Known(asked)) };
    match &asked.platform_id {
        Some(id) if id == found => return Ok(Identity::Known(asked)),
        Some(id) => {
            let detail = format!("the handle belongs to another account now: id {found} instead of {id}");
            return Ok(Identity::Foreign(detail));
        }
        None => {}
    }
    let former = row::<Known>(
        recording.tx,
        &format!("{KNOWN} WHERE platform = $1 AND platform_id = $2"),
        values![facts.platform.as_str(), found.clone()],
    )
    .await?;
    let Some(former) = former else { return Ok(Identity::Known(asked)) };
    merge(recording, &asked, &former).await
}

/// `asked` turned out to be the profile that is known as `former`: its trackers move over. One whose organization tracks `former`
/// already stays where it is, in a clear state, instead of becoming a second record of the same profile.
async fn merge(recording: &Recording<'_>, asked: &Known, former: &Known) -> Result<Identity, StoreError> {
    let moved = execute(
        recording.tx,
        "UPDATE accounts SET profile_id = $2 WHERE profile_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM accounts b WHERE b.profile_id = $2 AND b.organization_id = accounts.organization_id)",
        values![asked.id, former.id],
    )
    .await?;
    if moved == 0 {
        let handle = former.username.as_deref().unwrap_or("?");
        return Ok(Identity::Foreign(format!("the same profile is tracked already, as {handle}")));
    }
    // The handle moves with them; the row that held it gives it up first.
    execute(recording.tx, "UPDATE profiles SET username = NULL WHERE id = $1", values![asked.id]).await?;
    let merged = Known {
        id: former.id,
        username: former.username.clone(),
        platform_id: former.platform_id.clone(),
        previous_usernames: former.previous_usernames.clone(),
    };
    let target = Target { kind: TargetKind::Profile, id: former.id, platform: recording.job.platform };
    schedule::rest(recording.tx, target).await?;
    schedule::follow_tracking(recording.tx, TargetKind::Profile, "SELECT CAST($3 AS BIGINT)", former.id, recording.now)
        .await?;
    Ok(Identity::Known(merged))
}

async fn write_facts(recording: &Recording<'_>, known: &Known, facts: &ProfileFacts) -> Result<(), StoreError> {
    let [followers, following, posts, likes] = readings(facts).map(|(_, reading)| reading.value());
    let (username, previous) = rename(recording, known, facts).await?;
    execute(
        recording.tx,
        "UPDATE profiles SET platform_id = COALESCE($2, platform_id), username = $3, previous_usernames = $4, name = $5, description = $6, \
         profile_pic_url = $7, is_verified = $8, is_private = $9, link_in_bio = $10, follower_count = $11, following_count = $12, \
         post_count = $13, like_count = $14, platform_data = $15, gone_since = NULL, is_unavailable = FALSE, last_scrape_at = $16 \
         WHERE id = $1",
        values![
            known.id,
            facts.platform_id.clone(),
            username.clone(),
            previous,
            facts.name.clone(),
            facts.description.clone(),
            facts.profile_pic_url.clone(),
            facts.is_verified,
            facts.is_private,
            facts.link_in_bio.clone(),
            followers,
            following,
            posts,
            likes,
            serde_json::Value::Object(facts.platform_data.clone()).to_string(),
            recording.now.as_millis(),
        ],
    )
    .await?;
    execute(
        recording.tx,
        "UPDATE accounts SET username = $2, follower_count = $3, following_count = $4, profile_post_count = $5, \
         first_scrape_at = COALESCE(first_scrape_at, $6), last_scrape_at = $6, updated_at = $6 \
         WHERE profile_id = $1 AND is_active AND (creator_id IS NULL OR creator_id IN (SELECT c.id FROM creators c WHERE c.is_active))",
        values![known.id, username, followers, following, posts, recording.now.as_millis()],
    )
    .await?;
    sum_creators(recording, known.id).await
}

/// The handle to keep, and the former ones. A handle that another row still holds is left to that row's own next read.
async fn rename(
    recording: &Recording<'_>,
    known: &Known,
    facts: &ProfileFacts,
) -> Result<(String, String), StoreError> {
    let Some(current) = known.username.clone() else {
        return Ok((facts.username.clone(), known.previous_usernames.clone()));
    };
    if current == facts.username {
        return Ok((current, known.previous_usernames.clone()));
    }
    let holder = row::<Known>(
        recording.tx,
        &format!("{KNOWN} WHERE platform = $1 AND username = $2"),
        values![facts.platform.as_str(), facts.username.clone()],
    )
    .await?;
    if holder.is_some_and(|holder| holder.id != known.id) {
        return Ok((current, known.previous_usernames.clone()));
    }
    let mut previous: Vec<String> = serde_json::from_str(&known.previous_usernames).unwrap_or_default();
    previous.retain(|name| *name != facts.username);
    previous.push(current);
    Ok((facts.username.clone(), serde_json::Value::from(previous).to_string()))
}

async fn sum_creators(recording: &Recording<'_>, profile_id: i64) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Linked {
        creator_id: Uuid,
    }
    let linked = rows::<Linked>(
        recording.tx,
        "SELECT DISTINCT creator_id FROM accounts WHERE profile_id = $1 AND creator_id IS NOT NULL ORDER BY creator_id",
        values![profile_id],
    )
    .await?;
    let ids: Vec<Uuid> = linked.into_iter().map(|row| row.creator_id).collect();
    creators::sum_followers(recording.tx, &ids).await
}

/// History holds what this page said.
async fn write_snapshot(recording: &Recording<'_>, id: i64, facts: &ProfileFacts) -> Result<(), StoreError> {
    let readings = readings(facts);
    let [followers, following, posts, likes] = readings.map(|(_, reading)| reading.value());
    execute(
        recording.tx,
        "INSERT INTO profile_snapshots (profile_id, taken_at, run_id, adapter, follower_count, following_count, post_count, \
         like_count, rounded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (profile_id, taken_at) DO NOTHING",
        values![
            id,
            recording.now.as_millis(),
            recording.job.run_id.0,
            recording.adapter,
            followers,
            following,
            posts,
            likes,
            post::rounded(&readings),
        ],
    )
    .await?;
    Ok(())
}
