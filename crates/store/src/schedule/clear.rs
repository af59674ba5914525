//! Putting to rest what nobody collects, and deleting what nobody tracks.

use domain::{TargetKind, Timestamp};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::{FROM_THE_FIRST_SOURCE, Target, lock};
use crate::sql::{Number, execute, row, values};
use crate::{StoreError, runs};

/// Nobody collects the target. When trackers are left (paused ones), the row rests until one resumes; when none are, the target goes,
/// with its history.
pub(super) async fn lay_to_rest(tx: &DatabaseTransaction, target: Target, now: Timestamp) -> Result<(), StoreError> {
    runs::skip_open(tx, target.kind, target.id, None, runs::NOT_COLLECTED, now).await?;
    let kept = match target.kind {
        TargetKind::Profile => forget_profile(tx, target.id, now).await?,
        TargetKind::Post => forget_post(tx, target.id, now).await?,
        TargetKind::Feed => true,
    };
    if kept {
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
    Ok(())
}

/// Deletes a profile that nobody tracks; whether it had to be kept.
async fn forget_profile(tx: &DatabaseTransaction, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let accounts =
        row::<Number>(tx, "SELECT COUNT(*) AS value FROM accounts WHERE profile_id = $1", values![id]).await?;
    if accounts.is_some_and(|number| number.value > 0) {
        return Ok(true);
    }
    // Counted again under the lock: of several workers that clear away a profile's last posts at once, the last one must see that it is.
    lock(tx, TargetKind::Profile, id).await?;
    let trackers = row::<Number>(
        tx,
        "SELECT (SELECT COUNT(*) FROM accounts WHERE profile_id = $1) + \
         (SELECT COUNT(*) FROM posts WHERE profile_id = $1) AS value",
        values![id],
    )
    .await?;
    if trackers.is_some_and(|number| number.value > 0) {
        return Ok(true);
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
    Ok(false)
}

/// Deletes a post that nobody tracks, and its author when that was the last thing known of them; whether it had to be kept.
async fn forget_post(tx: &DatabaseTransaction, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    #[derive(FromQueryResult)]
    struct Author {
        profile_id: Option<i64>,
    }
    let trackers = row::<Number>(
        tx,
        "SELECT (SELECT COUNT(*) FROM videos WHERE post_id = $1) + \
         (SELECT COUNT(*) FROM account_videos WHERE post_id = $1) AS value",
        values![id],
    )
    .await?;
    if trackers.is_some_and(|number| number.value > 0) {
        return Ok(true);
    }
    let author = row::<Author>(tx, "SELECT profile_id FROM posts WHERE id = $1", values![id]).await?;
    for sql in [
        "DELETE FROM post_snapshots WHERE post_id = $1",
        "DELETE FROM schedules WHERE kind = 'post' AND target_id = $1",
        "DELETE FROM posts WHERE id = $1",
    ] {
        execute(tx, sql, values![id]).await?;
    }
    if let Some(profile) = author.and_then(|row| row.profile_id) {
        forget_profile(tx, profile, now).await?;
    }
    Ok(false)
}
