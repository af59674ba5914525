//! Attempts as records have them: each knows those that were made while it was collected, and of what others had tried nothing.

use std::sync::LazyLock;

use domain::{Outcome, TargetKind};
use sea_orm::Value;

use super::{COLLECTED, Recording};
use crate::sql::{Filter, execute, is_postgres, values};
use crate::{StoreError, collecting};

/// For the `SET` list of records that were just read, in which `$1` is the present time: this was their last attempt, and it was a good one.
pub fn assign_good(set: &mut Filter, outcome: Outcome) {
    let place = set.bind(outcome.as_str());
    set.assign("last_attempt_at", "$1");
    set.assign("last_attempt_outcome", &place);
    set.assign("failures", "0");
}

/// Notes on the records that collect the target at hand that an attempt brought them nothing, whether or not it was a good one.
pub async fn note_without_facts(recording: &Recording<'_>, outcome: Outcome, is_good: bool) -> Result<(), StoreError> {
    let Recording { tx, job, now, .. } = recording;
    let (id, now) = (job.target_id, now.as_millis());
    let note = |table: &str, which: &str| {
        let failures = if is_good { "0" } else { "failures + 1" };
        let sql = format!(
            "UPDATE {table} SET last_attempt_at = $2, last_attempt_outcome = $3, failures = {failures} WHERE {which}"
        );
        (sql, values![id, now, outcome.as_str()])
    };
    let statements: Vec<(String, Vec<Value>)> = match job.kind {
        TargetKind::Profile => {
            // In the order in which those who record posts take them.
            let lock = if is_postgres(*tx) { "FOR NO KEY UPDATE" } else { "" };
            let which = format!(
                "id IN (SELECT accounts.id FROM accounts WHERE accounts.profile_id = $1 AND {COLLECTED} ORDER BY accounts.id {lock})"
            );
            vec![note("accounts", &which)]
        }
        // A list that could not be read is no attempt at the profile.
        TargetKind::Feed => Vec::new(),
        TargetKind::Post => vec![
            note("videos", "post_id = $1 AND is_active"),
            note("account_videos", &ACCOUNT_VIDEOS),
            (FIRST_TRY.clone(), values![id, now]),
        ],
    };
    for (sql, values) in statements {
        execute(*tx, &sql, values).await?;
    }
    Ok(())
}

/// The account videos that collect post `$1` at `$2`.
static ACCOUNT_VIDEOS: LazyLock<String> = LazyLock::new(|| {
    format!("id IN ({})", collecting::account_videos("av.id", "av.post_id = $1", collecting::RANK, "$2"))
});

/// What an organization never read it tried to read for the first time.
static FIRST_TRY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "UPDATE tracked_posts SET tried_at = $2 WHERE post_id = $1 AND first_scrape_at IS NULL AND tried_at IS NULL AND {}",
        collecting::tracked_post("tracked_posts", collecting::RANK, "$2")
    )
});
