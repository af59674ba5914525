//! Lost profiles: those whose handle leads nowhere, or to somebody else by now. They are looked for by their posts, which say who made
//! them and under which handle; after two such signals they count as unavailable. Who a page is about is told by [`super::identity`].

use domain::{PostFacts, TargetKind, Trigger, UnavailableReason, Wake, fold};

use super::Recording;
use super::identity::{KNOWN, Known, is_held_elsewhere, is_stand_in, known};
use crate::schedule::{self, FROM_THE_FIRST_SOURCE, Target};
use crate::search::texts;
use crate::sql::{Number, execute, is_postgres, row, values};
use crate::{StoreError, runs};

/// A lost profile that was found under this handle.
pub struct Found {
    profile_id: i64,
    username: String,
}

/// The handle of the profile at hand leads nowhere, or to somebody else: believed when it did so long enough before already. A handle
/// that is somebody else's is given up at once, so that who adds it from now on gets its new owner. At the first time, a post of the
/// profile is read, which may say under which handle it is to be found.
pub async fn note_gone(recording: &Recording<'_>, why: UnavailableReason) -> Result<Vec<Wake>, StoreError> {
    let Recording { tx, job, now, .. } = recording;
    let known = known(recording).await?;
    rest_feed(recording).await?;
    let wakes = if known.is_gone() { Vec::new() } else { search(recording).await? };
    let gives_up = why == UnavailableReason::HandleTaken;
    execute(
        *tx,
        "UPDATE profiles SET is_unavailable = COALESCE(gone_since <= $3, FALSE), gone_since = COALESCE(gone_since, $2), \
         unavailable_because = $4, username = CASE WHEN $5 THEN NULL ELSE username END WHERE id = $1",
        values![job.target_id, now.as_millis(), recording.gone_before.as_millis(), why.as_str(), gives_up],
    )
    .await?;
    Ok(wakes)
}

/// The profile at hand exists and is not shown, without a word on whose it is: it is not gone. What was somebody else's, or a second
/// record, stays that.
pub async fn note_withheld(recording: &Recording<'_>) -> Result<(), StoreError> {
    execute(
        recording.tx,
        "UPDATE profiles SET gone_since = NULL, is_unavailable = FALSE, unavailable_because = NULL \
         WHERE id = $1 AND unavailable_because = 'not_found'",
        values![recording.job.target_id],
    )
    .await?;
    Ok(())
}

/// A list that waits to be read would be asked for by a handle that is not the profile's any more. The next good read of the profile
/// makes it due again.
async fn rest_feed(recording: &Recording<'_>) -> Result<(), StoreError> {
    let Recording { tx, job, now, .. } = recording;
    schedule::lock(tx, TargetKind::Feed, job.target_id).await?;
    if let Some(waiting) = schedule::waiting(tx, TargetKind::Feed, job.target_id).await? {
        runs::skip(tx, waiting.run_id, "its profile is not to be found", *now).await?;
    }
    execute(
        *tx,
        &format!(
            "UPDATE schedules SET due_at = NULL, run_id = NULL, request_id = NULL, attempts = 0, {FROM_THE_FIRST_SOURCE}, \
             generation = generation + 1 WHERE kind = 'feed' AND target_id = $1 AND lease_token IS NULL"
        ),
        values![job.target_id],
    )
    .await?;
    Ok(())
}

/// Has the youngest live post of the profile read that somebody collects.
async fn search(recording: &Recording<'_>) -> Result<Vec<Wake>, StoreError> {
    let Recording { tx, job, now, .. } = recording;
    let youngest = row::<Number>(
        *tx,
        "SELECT p.id AS value FROM posts p WHERE p.profile_id = $1 AND p.status = 'live' AND EXISTS \
         (SELECT 1 FROM schedules s WHERE s.kind = 'post' AND s.target_id = p.id AND s.due_at IS NOT NULL) \
         ORDER BY COALESCE(p.create_time, -1) DESC, p.id DESC LIMIT 1",
        values![job.target_id],
    )
    .await?;
    let Some(Number { value: id }) = youngest else { return Ok(Vec::new()) };
    let post = Target { kind: TargetKind::Post, id, platform: job.platform };
    let wake = schedule::arm_now(tx, post, Trigger::Scheduled, job.cause(), *now).await?;
    Ok(vec![wake])
}

/// Looks at who made these posts: a lost profile takes the handle under which it made them, and is read at once. A profile that is fine
/// is left to its own page. To be called before any post is written; [`show`] tells the accounts after that.
pub async fn follow_authors(
    recording: &Recording<'_>,
    posts: &[PostFacts],
) -> Result<(Vec<Found>, Vec<Wake>), StoreError> {
    let mut authors: Vec<(&str, &str)> = posts
        .iter()
        .filter_map(|facts| Some((facts.author.platform_id.as_deref()?, facts.author.username.as_deref()?)))
        .filter(|(_, username)| !is_stand_in(recording.job.platform, username))
        .collect();
    authors.sort_unstable();
    authors.dedup_by_key(|(id, _)| *id);
    let (mut found, mut wakes) = (Vec::new(), Vec::new());
    for (platform_id, username) in authors {
        let Some(profile) = find(recording, platform_id, username).await? else { continue };
        if !hold(recording, profile.id).await? {
            continue;
        }
        // Seen again under the locks.
        let Some(profile) = find(recording, platform_id, username).await? else { continue };
        wakes.extend(settle_under(recording, &profile, username).await?);
        found.push(Found { profile_id: profile.id, username: username.to_owned() });
    }
    Ok((found, wakes))
}

/// The profile of this id, when it is lost and could take this handle.
async fn find(recording: &Recording<'_>, platform_id: &str, username: &str) -> Result<Option<Known>, StoreError> {
    let lost = row::<Known>(
        recording.tx,
        &format!("{KNOWN} WHERE platform = $1 AND platform_id = $2 AND (gone_since IS NOT NULL OR username IS NULL)"),
        values![recording.job.platform.as_str(), platform_id],
    )
    .await?;
    let Some(lost) = lost.filter(|lost| lost.is_lost(username)) else { return Ok(None) };
    Ok(if is_held_elsewhere(recording, lost.id, username).await? { None } else { Some(lost) })
}

/// Takes the locks of a profile's schedule and of the profile without waiting, since who holds them may be waiting for the post at hand;
/// whether they were free. When they are not, the profile is being dealt with, and its next post tells again.
async fn hold(recording: &Recording<'_>, id: i64) -> Result<bool, StoreError> {
    if !is_postgres(recording.tx) {
        return Ok(true);
    }
    for sql in [
        "SELECT target_id AS value FROM schedules WHERE kind = 'profile' AND target_id = $1 FOR UPDATE SKIP LOCKED",
        "SELECT id AS value FROM profiles WHERE id = $1 FOR UPDATE SKIP LOCKED",
    ] {
        if row::<Number>(recording.tx, sql, values![id]).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives a lost profile the handle that it was found under, unless another row holds it, and has it read at once when somebody collects
/// it.
pub async fn settle_under(recording: &Recording<'_>, lost: &Known, username: &str) -> Result<Option<Wake>, StoreError> {
    let Recording { tx, job, now, .. } = recording;
    if is_held_elsewhere(recording, lost.id, username).await? {
        return Ok(None);
    }
    let is_collected = row::<Number>(
        *tx,
        "SELECT CAST(1 AS BIGINT) AS value FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id \
         WHERE a.profile_id = $1 AND a.is_active AND COALESCE(c.is_active, TRUE) LIMIT 1",
        values![lost.id],
    )
    .await?
    .is_some();
    let target = Target { kind: TargetKind::Profile, id: lost.id, platform: job.platform };
    let wake = if is_collected {
        Some(schedule::arm_now(tx, target, Trigger::Scheduled, job.cause(), *now).await?)
    } else {
        None
    };
    execute(
        *tx,
        "UPDATE profiles SET username = $2, previous_usernames = $3, gone_since = NULL, is_unavailable = FALSE, \
         unavailable_because = NULL WHERE id = $1",
        values![lost.id, username, lost.former_names(job.platform, username)],
    )
    .await?;
    Ok(wake)
}

/// Shows the accounts of found profiles under their new handles, at the end of a recording. Rows that others hold at this moment are left
/// to the profile's own read, which is due.
pub async fn show(recording: &Recording<'_>, found: &[Found]) -> Result<(), StoreError> {
    let skip = if is_postgres(recording.tx) { "FOR NO KEY UPDATE SKIP LOCKED" } else { "" };
    for Found { profile_id, username } in found {
        let sql = format!(
            "UPDATE accounts SET username = $2, username_folded = $4, updated_at = $3 WHERE id IN (SELECT b.id FROM accounts b WHERE b.profile_id = $1 \
             AND b.is_active AND NOT EXISTS (SELECT 1 FROM creators c WHERE c.id = b.creator_id AND NOT c.is_active) \
             ORDER BY b.id {skip})"
        );
        let values = values![*profile_id, username.clone(), recording.now.as_millis(), fold(username)];
        execute(recording.tx, &sql, values).await?;
        texts::follow_accounts(recording.tx, "a.profile_id = $1", values![*profile_id]).await?;
    }
    Ok(())
}
