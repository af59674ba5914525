//! Putting to rest what nobody collects, and deleting what nobody tracks.

use domain::{TargetKind, Timestamp};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::{FROM_THE_FIRST_SOURCE, Target, lock_profile};
use crate::sql::{Number, execute, is_postgres, row, values};
use crate::{Store, StoreError, runs};

/// What became of a target that nobody collects.
pub(super) enum Rested {
    /// It has trackers left (paused ones): the row rests until one resumes.
    Kept,
    /// It had none and is gone, with its history.
    Gone {
        /// The profile of whoever made it, which may have been kept for it alone.
        author: Option<i64>,
    },
    /// Somebody is about to point at it, so nothing was done.
    Busy,
}

/// Nobody collects the target. When trackers are left (paused ones), the row rests until one resumes; when none are, the target goes,
/// with its history.
pub(super) async fn lay_to_rest(
    tx: &DatabaseTransaction,
    target: Target,
    now: Timestamp,
) -> Result<Rested, StoreError> {
    runs::skip_open(tx, target.kind, target.id, None, runs::NOT_COLLECTED, now).await?;
    let rested = match target.kind {
        TargetKind::Profile => forget_profile(tx, target.id, now).await?,
        TargetKind::Post => forget_post(tx, target.id, now).await?,
        TargetKind::Feed => Rested::Kept,
    };
    match rested {
        Rested::Kept => {
            execute(
                tx,
                &format!(
                    "UPDATE schedules SET due_at = NULL, run_id = NULL, request_id = NULL, attempts = 0, {FROM_THE_FIRST_SOURCE}, \
                     lease_token = NULL, lease_until = NULL, worker = NULL WHERE kind = $1 AND target_id = $2"
                ),
                values![target.kind.as_str(), target.id],
            )
            .await?;
        }
        Rested::Gone { .. } | Rested::Busy => {}
    }
    Ok(rested)
}

/// How many there are of what `sql` counts for `$1`.
async fn count(tx: &DatabaseTransaction, sql: &str, id: i64) -> Result<i64, StoreError> {
    Ok(row::<Number>(tx, sql, values![id]).await?.map_or(0, |number| number.value))
}

/// How many track a profile or have it as their author.
const POINT_AT_PROFILE: &str = "SELECT (SELECT COUNT(*) FROM accounts WHERE profile_id = $1) + \
     (SELECT COUNT(*) FROM posts WHERE profile_id = $1) AS value";

/// How many track a post.
const POINT_AT_POST: &str = "SELECT (SELECT COUNT(*) FROM videos WHERE post_id = $1) + \
     (SELECT COUNT(*) FROM account_videos WHERE post_id = $1) AS value";

/// Deletes a profile that nobody tracks and that is nobody's author.
async fn forget_profile(tx: &DatabaseTransaction, id: i64, now: Timestamp) -> Result<Rested, StoreError> {
    if count(tx, POINT_AT_PROFILE, id).await? > 0 {
        return Ok(Rested::Kept);
    }
    lock_profile(tx, id).await?;
    if is_postgres(tx) {
        row::<Number>(tx, "SELECT id AS value FROM profiles WHERE id = $1 FOR UPDATE", values![id]).await?;
    }
    // Counted again under the locks, by a statement that sees what was committed while they were waited for.
    if count(tx, POINT_AT_PROFILE, id).await? > 0 {
        return Ok(Rested::Kept);
    }
    for kind in [TargetKind::Profile, TargetKind::Feed] {
        runs::skip_open(tx, kind, id, None, runs::NOT_COLLECTED, now).await?;
    }
    for sql in [
        "DELETE FROM profile_snapshots WHERE profile_id = $1",
        "DELETE FROM schedules WHERE kind IN ('profile', 'feed') AND target_id = $1",
        "DELETE FROM profiles WHERE id = $1",
    ] {
        execute(tx, sql, values![id]).await?;
    }
    Ok(Rested::Gone { author: None })
}

/// Deletes a post that nobody tracks. Whoever is about to track it keeps it before they wait for its schedule row, which this transaction has: so nobody
/// is waited for here.
async fn forget_post(tx: &DatabaseTransaction, id: i64, now: Timestamp) -> Result<Rested, StoreError> {
    #[derive(FromQueryResult)]
    struct Author {
        profile_id: Option<i64>,
    }
    if count(tx, POINT_AT_POST, id).await? > 0 {
        return Ok(Rested::Kept);
    }
    let find = "SELECT profile_id FROM posts WHERE id = $1";
    let free = if is_postgres(tx) { "FOR UPDATE SKIP LOCKED" } else { "" };
    let found = row::<Author>(tx, &format!("{find} {free}"), values![id]).await?;
    if found.is_none() && row::<Author>(tx, find, values![id]).await?.is_some() {
        return Ok(Rested::Busy);
    }
    if count(tx, POINT_AT_POST, id).await? > 0 {
        return Ok(Rested::Kept);
    }
    for sql in [
        "DELETE FROM post_snapshots WHERE post_id = $1",
        "DELETE FROM schedules WHERE kind = 'post' AND target_id = $1",
        "DELETE FROM posts WHERE id = $1",
    ] {
        execute(tx, sql, values![id]).await?;
    }
    let author = found.and_then(|found| found.profile_id);
    if let Some(profile) = author {
        visit(tx, profile, now).await?;
    }
    Ok(Rested::Gone { author })
}

/// Makes the resting row of a profile without accounts due, so that a worker sees whether there is anything left to keep it for. A row that is in others'
/// hands is passed over: they may be waiting for the post at hand.
async fn visit(tx: &DatabaseTransaction, profile: i64, now: Timestamp) -> Result<(), StoreError> {
    let free = if is_postgres(tx) { "FOR UPDATE SKIP LOCKED" } else { "" };
    let sql = format!(
        "UPDATE schedules SET due_at = $2, priority = 1, offered_at = NULL WHERE (kind, target_id) IN \
         (SELECT kind, target_id FROM schedules WHERE kind = 'profile' AND target_id = $1 AND due_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM accounts WHERE profile_id = $1) {free})"
    );
    execute(tx, &sql, values![profile, now.as_millis()]).await?;
    Ok(())
}

impl Store {
    /// Deletes the author of a post that went, when that was the last thing known of them. In a transaction of its own, since the profile's locks come
    /// before the post's.
    pub(super) async fn forget_author(&self, profile: i64, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        forget_profile(&tx, profile, now).await?;
        tx.commit().await?;
        Ok(())
    }
}
