//! The sums of accounts over the posts they collect.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use domain::{MetricStatus, Precision};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::provenance::written_as;
use super::{COLLECTED, Recording};
use crate::StoreError;
use crate::days::{NEWEST_OF_ACCOUNTS, keep_newest_of_account};
use crate::sql::{execute, is_postgres, places, rows};

const METRICS: [&str; 6] = ["view_count", "like_count", "comment_count", "share_count", "play_count", "saved_count"];

/// Brings the sums of the accounts that collect these posts up to date, and what those whose days were `written` know of their newest.
pub async fn sum_accounts(
    recording: &Recording<'_>,
    posts: &[i64],
    written: &BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    let collectors =
        format!("SELECT v.account_id FROM account_videos v WHERE v.post_id IN ({})", places(1, posts.len()));
    let values = posts.iter().map(|id| Value::from(*id));
    sum(recording, &format!("accounts.id IN ({collectors})"), values, written).await
}

/// Likewise for a profile's accounts, and those that found any of these posts in another profile's list.
pub async fn sum_profile(
    recording: &Recording<'_>,
    profile_id: i64,
    posts: &[i64],
    written: &BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    let mut collectors = "SELECT b.id FROM accounts b WHERE b.profile_id = $1".to_owned();
    if !posts.is_empty() {
        collectors.push_str(" UNION SELECT v.account_id FROM account_videos v WHERE v.post_id IN (");
        collectors.push_str(&places(2, posts.len()));
        collectors.push(')');
    }
    let values = std::iter::once(profile_id).chain(posts.iter().copied()).map(Value::from);
    sum(recording, &format!("accounts.id IN ({collectors})"), values, written).await
}

/// The sums are made anew from the account's videos each time, so they cannot drift; reads of pages are far rarer than the database can sum.
/// `which` is a condition on accounts; `values` are its parameters.
///
/// Each account is changed once in a recording of a post or a list. At a second change PostgreSQL would look again whether its profile is there, and
/// wait for whoever renames that, who may be waiting for the account.
async fn sum(
    recording: &Recording<'_>,
    which: &str,
    values: impl Iterator<Item = Value>,
    written: &BTreeSet<Uuid>,
) -> Result<(), StoreError> {
    #[derive(FromQueryResult)]
    struct Collector {
        id: Uuid,
    }
    // Locked by a statement of its own, so that the sums are made of what is committed by then.
    let lock = if is_postgres(recording.tx) { "FOR NO KEY UPDATE" } else { "" };
    let now = Value::from(recording.now.as_millis());
    let sql = format!("SELECT id FROM accounts WHERE {COLLECTED} AND {which} ORDER BY id {lock}");
    let accounts = rows::<Collector>(recording.tx, &sql, values.collect()).await?;
    for account in written.iter().filter(|id| accounts.iter().all(|account| account.id != **id)) {
        keep_newest_of_account(recording.tx, *account).await?;
    }
    if accounts.is_empty() {
        return Ok(());
    }
    let sql = SUM[usize::from(is_postgres(recording.tx))].replace(IDS, &places(2, accounts.len()));
    let ids = accounts.into_iter().map(|Collector { id }| Value::from(id));
    execute(recording.tx, &sql, std::iter::once(now).chain(ids).collect()).await?;
    Ok(())
}

/// Stands in [`SUM`] where the accounts' ids go.
const IDS: &str = "(ids)";

/// Writes the sums of accounts, the names of the functions being those of SQLite and of PostgreSQL.
static SUM: LazyLock<[String; 2]> = LazyLock::new(|| {
    let all = |item: fn(&str) -> String| METRICS.map(item).join(", ");
    ["instr", "strpos"].map(|find| {
        format!(
            "UPDATE accounts SET total_post_count = t.posts, {}, sum_notes = t.notes, updated_at = $1, {} \
             FROM (SELECT b.id, COUNT(v.id) AS posts, {}, {} AS notes FROM accounts b \
             LEFT JOIN account_videos v ON v.account_id = b.id LEFT JOIN posts p ON p.id = v.post_id \
             WHERE b.id IN ({IDS}) GROUP BY b.id) t LEFT JOIN account_days d ON d.account_id = t.id \
             AND d.day = (SELECT MAX(x.day) FROM account_days x WHERE x.account_id = t.id) WHERE accounts.id = t.id",
            all(|metric| format!("{metric} = t.{metric}")),
            *NEWEST_OF_ACCOUNTS,
            all(|metric| format!("CAST(SUM(v.{metric}) AS BIGINT) AS {metric}")),
            METRICS.map(|metric| note(metric, find)).join(" || "),
        )
    })
});

/// An SQL expression for what is to be said of one sum: `view_count:hidden,` when there is none because every post's is (`unsupported`
/// likewise), `view_count:rounded,` (or `from_text`) when the least exact of its posts is, else nothing. `find` is the dialect's name for
/// the place of one text in another.
fn note(metric: &str, find: &str) -> String {
    let everywhere = |status: MetricStatus| {
        let word = status.as_str();
        format!(
            "SUM(CASE WHEN v.{metric} IS NULL AND {find}(p.metric_status, '\"{metric}\":\"{word}\"') > 0 THEN 1 ELSE 0 END) \
             = COUNT(v.id) THEN '{metric}:{word},'"
        )
    };
    let anywhere = |precision: Precision| {
        format!(
            "MAX(CASE WHEN v.{metric} IS NOT NULL AND {find}(p.provenance, '{}') > 0 THEN 1 ELSE 0 END) = 1 \
             THEN '{metric}:{},'",
            written_as(metric, precision),
            precision.as_str()
        )
    };
    format!(
        "CASE WHEN COUNT(v.id) = 0 THEN '' \
         WHEN COUNT(v.{metric}) = 0 THEN CASE WHEN {} WHEN {} ELSE '' END \
         WHEN {} WHEN {} ELSE '' END",
        everywhere(MetricStatus::Hidden),
        everywhere(MetricStatus::Unsupported),
        anywhere(Precision::Rounded),
        anywhere(Precision::FromText),
    )
}

/// The same as [`note`] says, of posts that are at hand: what each has of the metric, why that is null, and how exact it is when it is not exact.
pub fn note_of(metric: &str, posts: &[(Option<i64>, Option<MetricStatus>, Option<Precision>)]) -> String {
    let known = || posts.iter().filter(|(count, ..)| count.is_some());
    let everywhere = |status| posts.iter().all(|(_, why, _)| *why == Some(status));
    let anywhere = |precision| known().any(|(.., how)| *how == Some(precision));
    let word = match (posts.is_empty(), known().count()) {
        (true, _) => None,
        (false, 0) => [MetricStatus::Hidden, MetricStatus::Unsupported]
            .into_iter()
            .find(|status| everywhere(*status))
            .map(MetricStatus::as_str),
        (false, _) => [Precision::Rounded, Precision::FromText]
            .into_iter()
            .find(|precision| anywhere(*precision))
            .map(Precision::as_str),
    };
    word.map(|word| format!("{metric}:{word},")).unwrap_or_default()
}
