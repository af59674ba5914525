//! An organization that changes its bounds touches none of its accounts: each finds out when its list of posts is read next.
//!
//! What a narrower bound shuts out is put to rest when its turn comes. What a wider one lets in again rests, and is made due here.

use domain::TargetKind;

use super::Recording;
use crate::StoreError;
use crate::schedule;
use crate::sql::{Number, rows, values};

/// A change may become visible somewhat later than the time that it bears; a read in between must not count as one after it.
const SLACK_MS: i64 = 60_000;

/// The posts of account videos `v` that rest, of accounts of profile `$3`.
const RESTING: &str = "SELECT v.post_id FROM accounts a JOIN account_videos v ON v.account_id = a.id \
     JOIN schedules s ON s.kind = 'post' AND s.target_id = v.post_id WHERE a.profile_id = $3 AND s.due_at IS NULL";

/// The profile's posts that rest, in the order of their ids; none unless an organization that tracks it changed its bounds since the target
/// at hand was last read.
pub async fn resting(recording: &Recording<'_>, profile_id: i64) -> Result<Vec<i64>, StoreError> {
    let job = recording.job;
    let changed = "SELECT COUNT(*) AS value FROM accounts a JOIN organizations o ON o.id = a.organization_id WHERE a.profile_id = $1 \
         AND o.bounds_changed_at > COALESCE((SELECT s.last_success_at FROM schedules s WHERE s.kind = $2 AND s.target_id = $3), 0) - $4";
    let values = values![profile_id, job.kind.as_str(), job.target_id, SLACK_MS];
    let changed = rows::<Number>(recording.tx, changed, values).await?;
    if changed.iter().all(|number| number.value == 0) {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT DISTINCT r.post_id AS value FROM ({}) r ORDER BY 1", RESTING.replace("$3", "$1"));
    let found = rows::<Number>(recording.tx, &sql, values![profile_id]).await?;
    Ok(found.into_iter().map(|number| number.value).collect())
}

/// Makes those of them due that are collected again. The caller holds their locks.
pub async fn follow(recording: &Recording<'_>, profile_id: i64) -> Result<(), StoreError> {
    schedule::follow_tracking(recording.tx, TargetKind::Post, RESTING, profile_id, recording.age_curve, recording.now)
        .await
}
