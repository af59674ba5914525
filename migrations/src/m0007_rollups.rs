//! An organization's days, each post counted once, made of what is kept of its posts and accounts so far.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Days of organizations.
pub struct Rollups;

impl MigrationName for Rollups {
    fn name(&self) -> &'static str {
        "m0007_rollups"
    }
}

/// What counts targets, in the order of the columns.
const TALLIES: [&str; 7] = [
    "accounts",
    "accounts_observed",
    "profiles_observed",
    "accounts_fallen",
    "posts",
    "posts_observed",
    "posts_fallen",
];

/// The metrics of posts, then those of profiles.
const METRICS: [&str; 9] =
    ["view", "like", "comment", "share", "play", "saved", "follower", "following", "profile_post"];

/// The metrics among them that are of profiles.
const OF_PROFILES: [&str; 3] = ["follower", "following", "profile_post"];

#[async_trait::async_trait]
impl MigrationTrait for Rollups {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0007_rollups.sql")).await?;
        sql::run(manager, &fill()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0007_rollups_down.sql")).await
    }
}

/// The sums over all days of posts that are tracked and of accounts.
fn fill() -> String {
    let metrics = METRICS.map(|metric| format!("{metric}_change, {metric}_counted, {metric}_gain, {metric}_known"));
    let columns = format!("{}, {}", TALLIES.join(", "), metrics.join(", "));
    let sums: Vec<String> = columns.split(", ").map(|column| format!("CAST(SUM({column}) AS BIGINT)")).collect();
    let window = |key: &str| format!("WINDOW w AS (PARTITION BY d.{key} ORDER BY d.day)");
    let is_first = "CASE WHEN LAG(d.day) OVER w IS NULL THEN 1 ELSE 0 END";
    format!(
        "INSERT INTO organization_days (organization_id, day, part, {columns}) \
         SELECT organization_id, day, 0, {} FROM (\
         SELECT t.organization_id, d.day, 0 AS accounts, 0 AS accounts_observed, 0 AS profiles_observed, 0 AS accounts_fallen, \
         {is_first} AS posts, 1 AS posts_observed, {} AS posts_fallen, {} \
         FROM post_days d JOIN tracked_posts t ON t.id = d.tracked_post_id {} \
         UNION ALL SELECT d.organization_id, d.day, {is_first}, 1, CASE WHEN (d.notes & 73) <> 0 THEN 1 ELSE 0 END, {}, 0, 0, 0, {} \
         FROM account_days d {}) r GROUP BY organization_id, day",
        sums.join(", "),
        fallen(false),
        of_rows(false),
        window("tracked_post_id"),
        fallen(true),
        of_rows(true),
        window("account_id"),
    )
}

/// Whether a metric fell on the day.
fn fallen(of_profiles: bool) -> String {
    let falls: Vec<String> = METRICS
        .iter()
        .filter(|metric| OF_PROFILES.contains(metric) == of_profiles)
        .map(|metric| format!("d.{metric}_gain < 0"))
        .collect();
    format!("CASE WHEN {} THEN 1 ELSE 0 END", falls.join(" OR "))
}

/// What one row adds: of its own metrics, and nothing of the others.
fn of_rows(of_profiles: bool) -> String {
    let of_row = METRICS.map(|metric| {
        if OF_PROFILES.contains(&metric) != of_profiles {
            return format!("0 AS {metric}_change, 0 AS {metric}_counted, 0 AS {metric}_gain, 0 AS {metric}_known");
        }
        let (is, was) = (format!("d.{metric}_count"), format!("LAG(d.{metric}_count) OVER w"));
        let known = |value: &str| format!("(CASE WHEN {value} IS NULL THEN 0 ELSE 1 END)");
        format!(
            "COALESCE({is}, 0) - COALESCE({was}, 0) AS {metric}_change, {} - {} AS {metric}_counted, \
             COALESCE(d.{metric}_gain, 0) AS {metric}_gain, {} AS {metric}_known",
            known(&is),
            known(&was),
            known(&format!("d.{metric}_gain")),
        )
    });
    of_row.join(", ")
}
