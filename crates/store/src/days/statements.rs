//! The statements by which days are written. They are long and always the same, so each is made once.

use std::sync::LazyLock;

use super::fold::DAY_MS;
use super::ranks;
use super::rows::{ACCOUNT_DAY, NEWEST_ACCOUNT_DAY, NEWEST_POST_DAY, POST_DAY, POST_METRICS, selected, upsert};

/// Finds the last day of the tracked post `$1` before `$2`, and those from it on.
pub static KEPT_OF_POST: LazyLock<String> = LazyLock::new(|| kept("post_days", "tracked_post_id", &POST_DAY));

/// Likewise of the account `$1`.
pub static KEPT_OF_ACCOUNT: LazyLock<String> = LazyLock::new(|| kept("account_days", "account_id", &ACCOUNT_DAY));

/// Writes a day of a post.
pub static WRITE_OF_POST: LazyLock<String> = LazyLock::new(|| upsert("post_days", &["tracked_post_id"], &POST_DAY));

/// Writes a day of an account.
pub static WRITE_OF_ACCOUNT: LazyLock<String> =
    LazyLock::new(|| upsert("account_days", &["account_id", "organization_id"], &ACCOUNT_DAY));

/// Has the tracked post `$1` repeat its newest day. Without a day it knows nothing.
pub static NEWEST_OF_POST: LazyLock<String> =
    LazyLock::new(|| newest("tracked_posts", "post_days", "tracked_post_id", &NEWEST_POST_DAY, &ranks::assigned()));

/// Likewise the account `$1`.
pub static NEWEST_OF_ACCOUNT: LazyLock<String> =
    LazyLock::new(|| newest("accounts", "account_days", "account_id", &NEWEST_ACCOUNT_DAY, ""));

/// What is assigned to accounts that are to repeat their newest day `d`, for a statement that changes more of them.
pub static NEWEST_OF_ACCOUNTS: LazyLock<String> =
    LazyLock::new(|| repeated("accounts", "account_days", "account_id", &NEWEST_ACCOUNT_DAY));

fn kept(table: &str, key: &str, columns: &[String]) -> String {
    format!(
        "SELECT {} FROM {table} d WHERE d.{key} = $1 AND d.day >= COALESCE((SELECT MAX(x.day) FROM {table} x \
         WHERE x.{key} = $1 AND x.day < $2), $2) ORDER BY d.day",
        selected("d", columns)
    )
}

fn newest(table: &str, days: &str, key: &str, columns: &[String], also: &str) -> String {
    let also = if also.is_empty() { String::new() } else { format!(", {also}") };
    format!(
        "UPDATE {table} SET {}{also} FROM (SELECT 1 AS one) o LEFT JOIN {days} d ON d.{key} = $1 \
         AND d.day = (SELECT MAX(x.day) FROM {days} x WHERE x.{key} = $1) WHERE {table}.id = $1",
        repeated(table, days, key, columns)
    )
}

/// What is assigned to rows of `table` that are to repeat their newest day `d` in `columns`.
fn repeated(table: &str, days: &str, key: &str, columns: &[String]) -> String {
    let of_day = |column: &str| match column.strip_suffix("_last") {
        Some(metric) => format!("{metric}_count"),
        None if column == "last_day" => "day".to_owned(),
        None => column.to_owned(),
    };
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = d.{}", of_day(column))).collect();
    format!("first_day = (SELECT MIN(x.day) FROM {days} x WHERE x.{key} = {table}.id), {}", set.join(", "))
}

/// The sums of the account `$1` as of the day `$2`: of each post the last row by then (`d`), less what it had gained before the account showed it
/// (`b`), which another record of the organization may have seen.
pub static SUMS_OF_ACCOUNT: LazyLock<String> = LazyLock::new(|| {
    let newest =
        |than: &str| format!("(SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND x.day {than})");
    let sums = POST_METRICS.map(|metric| {
        format!(
            "CAST(SUM(d.{metric}_count) AS BIGINT), CAST(SUM(CASE WHEN d.day = $2 THEN d.{metric}_gain END) AS BIGINT), \
             CAST(SUM(d.{metric}_total - COALESCE(b.{metric}_total, 0)) AS BIGINT), COUNT(CASE WHEN d.day = $2 THEN d.{metric}_gain END)"
        )
    });
    let falls = POST_METRICS.map(|metric| format!("d.{metric}_gain < 0")).join(" OR ");
    format!(
        "SELECT COUNT(*), COUNT(CASE WHEN d.day = $2 THEN 1 END), COUNT(CASE WHEN d.day = $2 AND ({falls}) THEN 1 END), {} \
         FROM account_videos v JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
         JOIN post_days d ON d.tracked_post_id = t.id AND d.day = {} \
         LEFT JOIN post_days b ON t.first_scrape_at / {DAY_MS} < v.first_scrape_at / {DAY_MS} \
         AND b.tracked_post_id = t.id AND b.day = {} \
         WHERE v.account_id = $1 AND v.first_scrape_at / {DAY_MS} <= $2",
        sums.join(", "),
        newest("<= $2"),
        newest(&format!("< v.first_scrape_at / {DAY_MS}")),
    )
});
