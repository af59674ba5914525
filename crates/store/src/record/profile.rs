//! Recording facts about profiles, and who they are: the platform's own id is the identity, the handle is only today's name.

use domain::outcome::Verdict;
use domain::{Observation, Outcome, ProfileFacts, Reading, TargetKind, Trigger};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::{COLLECTED, Facts, Recording, list, post};
use crate::schedule::{self, Target};
use crate::sql::{Filter, Number, execute, row, rows, values};
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
    /// This one, which most of the trackers of the row that was asked for moved to; why the others did not.
    Joined(Known, String),
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
    let (known, left_behind) = match identify(recording, facts).await? {
        Identity::Known(known) => (known, None),
        Identity::Joined(known, detail) => (known, Some(detail)),
        Identity::Foreign(detail) => {
            return Ok(Facts { outcome: Outcome::ParseError, detail: Some(detail), kept: false, wakes: Vec::new() });
        }
    };
    let mut wakes = Vec::new();
    let is_good = observation.outcome.verdict() == Verdict::Good;
    if is_good {
        // Before any row that the feed's own recording locks after its schedule.
        let feed = Target { kind: TargetKind::Feed, id: known.id, platform: facts.platform };
        let request_id = recording.job.request_id.as_ref();
        wakes.push(schedule::arm_now(recording.tx, feed, Trigger::Scheduled, request_id, recording.now).await?);
    }
    let username = write_profile(recording, &known, facts).await?;
    write_snapshot(recording, known.id, facts).await?;
    if is_good {
        wakes.extend(list::record_list(recording, known.id, &observation.posts).await?);
    }
    write_accounts(recording, &known, facts, username).await?;
    Ok(match left_behind {
        None => Facts { outcome: observation.outcome, detail: None, kept: true, wakes },
        // The row that was asked for has trackers left, who got nothing.
        Some(detail) => Facts { outcome: Outcome::ParseError, detail: Some(detail), kept: false, wakes },
    })
}

/// Records the list of a profile's posts. What the list's page says of the profile itself is rounded, so it is left aside.
pub async fn record_feed(recording: &Recording<'_>, observation: &Observation) -> Result<Facts, StoreError> {
    let is_good = observation.outcome.verdict() == Verdict::Good;
    let wakes = if is_good {
        list::record_list(recording, recording.job.target_id, &observation.posts).await?
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
    let Some(found) = &facts.platform_id else {
        // The page names the account by its handle alone. Where it is known whose handle it was, that is not enough: somebody else may have
        // it by now.
        return Ok(match &asked.platform_id {
            Some(id) => Identity::Foreign(format!("the page does not say whether it is about account {id}")),
            None => Identity::Known(asked),
        });
    };
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
    let target = Target { kind: TargetKind::Profile, id: former.id, platform: recording.job.platform };
    schedule::rest(recording.tx, target).await?;
    schedule::lock(recording.tx, target.kind, target.id).await?;
    let moved = execute(
        recording.tx,
        "UPDATE accounts SET profile_id = $2 WHERE profile_id = $1 AND NOT EXISTS \
         (SELECT 1 FROM accounts b WHERE b.profile_id = $2 AND b.organization_id = accounts.organization_id)",
        values![asked.id, former.id],
    )
    .await?;
    let handle = former.username.as_deref().unwrap_or("?");
    let detail = format!("the same profile is tracked already, as {handle}");
    if moved == 0 {
        return Ok(Identity::Foreign(detail));
    }
    execute(recording.tx, "UPDATE posts SET profile_id = $2 WHERE profile_id = $1", values![asked.id, former.id])
        .await?;
    let left =
        row::<Number>(recording.tx, "SELECT COUNT(*) AS value FROM accounts WHERE profile_id = $1", values![asked.id])
            .await?;
    // The handle moves with them; the row that held it gives it up first.
    execute(recording.tx, "UPDATE profiles SET username = NULL WHERE id = $1", values![asked.id]).await?;
    let merged = Known {
        id: former.id,
        username: former.username.clone(),
        platform_id: former.platform_id.clone(),
        previous_usernames: former.previous_usernames.clone(),
    };
    // This read was one of the profile as it is known from now on.
    execute(
        recording.tx,
        "UPDATE schedules SET last_attempt_at = $2, last_attempt_outcome = 'ok', last_success_at = $2, consecutive_failures = 0 \
         WHERE kind = 'profile' AND target_id = $1",
        values![former.id, recording.now.as_millis()],
    )
    .await?;
    schedule::follow_tracking(recording.tx, TargetKind::Profile, "SELECT CAST($3 AS BIGINT)", former.id, recording.now)
        .await?;
    Ok(if left.is_some_and(|left| left.value > 0) { Identity::Joined(merged, detail) } else { Identity::Known(merged) })
}

/// Writes what the page says of the profile; the handle by which it is shown from now on. A count that the page did not carry stays as
/// it is.
async fn write_profile(recording: &Recording<'_>, known: &Known, facts: &ProfileFacts) -> Result<String, StoreError> {
    let Names { held, shown, previous } = rename(recording, known, facts).await?;
    let mut set =
        Filter::new("gone_since = NULL, is_unavailable = FALSE, last_scrape_at = $1", recording.now.as_millis());
    let mut assign = |column: &str, value: Value| {
        let place = set.bind(value);
        set.assign(column, &place);
    };
    if let Some(platform_id) = &facts.platform_id {
        assign("platform_id", platform_id.clone().into());
    }
    assign("username", held.into());
    assign("previous_usernames", previous.into());
    assign("name", facts.name.clone().into());
    assign("description", facts.description.clone().into());
    assign("profile_pic_url", facts.profile_pic_url.clone().into());
    assign("is_verified", facts.is_verified.into());
    assign("is_private", facts.is_private.into());
    assign("link_in_bio", facts.link_in_bio.clone().into());
    assign("platform_data", serde_json::Value::Object(facts.platform_data.clone()).to_string().into());
    for (column, reading) in readings(facts) {
        if reading != Reading::NOT_PROVIDED {
            assign(column, reading.value().into());
        }
    }
    let place = set.bind(known.id);
    let sql = format!("UPDATE profiles SET {} WHERE id = {place}", set.text());
    execute(recording.tx, &sql, set.values()).await?;
    Ok(shown)
}

/// Writes the counts to the accounts that collect the profile, and what they add up to to their creators.
async fn write_accounts(
    recording: &Recording<'_>,
    known: &Known,
    facts: &ProfileFacts,
    username: String,
) -> Result<(), StoreError> {
    let mut set = Filter::new(
        "last_scrape_at = $1, updated_at = $1, first_scrape_at = COALESCE(first_scrape_at, $1)",
        recording.now.as_millis(),
    );
    let place = set.bind(username);
    set.assign("username", &place);
    let columns = ["follower_count", "following_count", "profile_post_count"];
    for (column, (_, reading)) in columns.into_iter().zip(readings(facts)) {
        if reading != Reading::NOT_PROVIDED {
            let place = set.bind(reading.value());
            set.assign(column, &place);
        }
    }
    let place = set.bind(known.id);
    let sql = format!("UPDATE accounts SET {} WHERE profile_id = {place} AND {COLLECTED}", set.text());
    execute(recording.tx, &sql, set.values()).await?;
    sum_creators(recording, known.id).await
}

/// A profile's names after a read.
struct Names {
    /// The handle that the row holds; none while another row holds it.
    held: Option<String>,
    /// The handle by which its accounts show it.
    shown: String,
    /// The former ones, as stored.
    previous: String,
}

/// The handle to keep, and the former ones. A handle that another row still holds is left to that row's own next read.
async fn rename(recording: &Recording<'_>, known: &Known, facts: &ProfileFacts) -> Result<Names, StoreError> {
    let previous = known.previous_usernames.clone();
    if let Some(current) = known.username.clone().filter(|current| *current == facts.username) {
        return Ok(Names { held: Some(current.clone()), shown: current, previous });
    }
    let holder = row::<Known>(
        recording.tx,
        &format!("{KNOWN} WHERE platform = $1 AND username = $2"),
        values![facts.platform.as_str(), facts.username.clone()],
    )
    .await?;
    if holder.is_some_and(|holder| holder.id != known.id) {
        let shown = known.username.clone().unwrap_or_else(|| facts.username.clone());
        return Ok(Names { held: known.username.clone(), shown, previous });
    }
    let mut former: Vec<String> = serde_json::from_str(&previous).unwrap_or_default();
    former.retain(|name| *name != facts.username);
    former.extend(known.username.clone());
    Ok(Names {
        held: Some(facts.username.clone()),
        shown: facts.username.clone(),
        previous: serde_json::Value::from(former).to_string(),
    })
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
