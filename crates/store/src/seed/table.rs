//! Rows that wait to be written, in the form in which their database takes them.

use sea_orm::{DatabaseTransaction, Value};
use sqlx::PgConnection;

use crate::StoreError;
use crate::copy::{CopyRows, Field};
use crate::days::{ACCOUNT_DAY, NEWEST_ACCOUNT_DAY, NEWEST_POST_DAY, ORGANIZATION_DAY, POST_DAY};
use crate::insert::insert;

/// Rows of one table.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Rows,
    count: usize,
}

#[derive(Debug)]
enum Rows {
    Copied(CopyRows),
    Inserted(Vec<Value>),
}

impl Table {
    fn new(is_postgres: bool, name: &'static str, columns: Vec<&'static str>) -> Self {
        let rows = if is_postgres { Rows::Copied(CopyRows::default()) } else { Rows::Inserted(Vec::new()) };
        Self { name, columns, rows, count: 0 }
    }

    /// Adds a row of all its columns.
    pub fn push(&mut self, row: &[Field<'_>]) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.name);
        match &mut self.rows {
            Rows::Copied(rows) => rows.push(row),
            Rows::Inserted(values) => values.extend(row.iter().map(|field| Value::from(*field))),
        }
        self.count += 1;
    }

    /// Writes the rows to PostgreSQL.
    pub async fn copy(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        match self.rows {
            Rows::Copied(rows) => Ok(rows.write(connection, self.name, &self.columns).await?),
            Rows::Inserted(_) => Ok(()),
        }
    }

    /// Writes the rows to SQLite.
    pub async fn insert(self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        match self.rows {
            Rows::Inserted(values) => insert(tx, self.name, &self.columns, self.count, values.into_iter()).await,
            Rows::Copied(_) => Ok(()),
        }
    }
}

/// Rows of all tables, of the same people.
#[derive(Debug)]
pub struct SeedBatch {
    pub(super) organizations: Table,
    pub(super) keys: Table,
    pub(super) creators: Table,
    pub(super) creator_texts: Table,
    pub(super) profiles: Table,
    pub(super) profile_snapshots: Table,
    pub(super) posts: Table,
    pub(super) post_snapshots: Table,
    pub(super) accounts: Table,
    pub(super) account_texts: Table,
    pub(super) account_days: Table,
    pub(super) videos: Table,
    pub(super) video_texts: Table,
    pub(super) account_videos: Table,
    pub(super) account_video_texts: Table,
    pub(super) tracked_posts: Table,
    pub(super) post_days: Table,
    pub(super) organization_days: Table,
    pub(super) schedules: Table,
}

/// The tables that are written.
pub const NAMES: [&str; 19] = [
    "organizations",
    "api_keys",
    "creators",
    "creator_texts",
    "profiles",
    "profile_snapshots",
    "posts",
    "post_snapshots",
    "accounts",
    "account_texts",
    "account_days",
    "videos",
    "video_texts",
    "account_videos",
    "account_video_texts",
    "tracked_posts",
    "post_days",
    "organization_days",
    "schedules",
];

impl SeedBatch {
    /// Without rows.
    pub(super) fn new(is_postgres: bool) -> Self {
        let table = |name: &'static str, columns: &'static str| {
            Table::new(is_postgres, name, columns.split_whitespace().collect())
        };
        let days = |name: &'static str, others: &'static str, columns: &'static [String]| {
            let days = columns.iter().map(String::as_str);
            Table::new(is_postgres, name, others.split_whitespace().chain(days).collect())
        };
        Self {
            organizations: table("organizations", "id name is_active created_at updated_at"),
            keys: table(
                "api_keys",
                "id organization_id name name_folded public_part secret_hash scopes created_at updated_at",
            ),
            creators: table(
                "creators",
                "id organization_id name name_folded is_active metadata total_followers added_at updated_at",
            ),
            creator_texts: table("creator_texts", "id target_id organization_id names"),
            profiles: table(
                "profiles",
                "id platform username platform_id name name_folded description profile_pic_url is_verified is_private link_in_bio \
                 follower_count following_count post_count like_count platform_data provenance last_scrape_at",
            ),
            profile_snapshots: table(
                "profile_snapshots",
                "profile_id taken_at run_id adapter inexact fell follower_count following_count post_count like_count",
            ),
            posts: table(
                "posts",
                "id platform external_id shortcode profile_id author_platform_id author_username author_folded description \
                 description_folded create_time media_type duration_seconds cover_image_url video_url view_count like_count \
                 comment_count share_count play_count saved_count metric_status platform_data provenance status gone_since \
                 last_scrape_at",
            ),
            post_snapshots: table(
                "post_snapshots",
                "post_id taken_at run_id adapter inexact fell view_count like_count comment_count share_count play_count saved_count",
            ),
            accounts: days(
                "accounts",
                "id organization_id profile_id creator_id platform username username_folded category metadata is_active \
                 scrape_interval_hours added_at updated_at first_scrape_at last_scrape_at follower_count following_count \
                 profile_post_count total_post_count view_count like_count comment_count share_count play_count saved_count \
                 sum_notes seen_since seen_until seen_before last_attempt_at last_attempt_outcome first_day",
                &NEWEST_ACCOUNT_DAY,
            ),
            account_texts: table("account_texts", "id target_id organization_id names"),
            account_days: days("account_days", "account_id organization_id", &ACCOUNT_DAY),
            videos: table(
                "videos",
                "id organization_id post_id platform metadata is_active scrape_interval_hours added_at updated_at first_scrape_at \
                 last_scrape_at create_time view_count like_count comment_count share_count play_count saved_count last_attempt_at \
                 last_attempt_outcome",
            ),
            video_texts: table("video_texts", "id target_id organization_id names words"),
            account_videos: table(
                "account_videos",
                "id organization_id account_id post_id platform added_at updated_at first_scrape_at last_scrape_at create_time \
                 view_count like_count comment_count share_count play_count saved_count last_attempt_at last_attempt_outcome",
            ),
            account_video_texts: table("account_video_texts", "id target_id organization_id names words"),
            tracked_posts: days(
                "tracked_posts",
                "id organization_id post_id platform feeds added_at updated_at first_scrape_at last_scrape_at create_time \
                 view_count like_count comment_count share_count play_count saved_count seen_since seen_until seen_before \
                 gained_rate worth first_day",
                &NEWEST_POST_DAY,
            ),
            post_days: days("post_days", "tracked_post_id", &POST_DAY),
            organization_days: days("organization_days", "organization_id day part", &ORGANIZATION_DAY),
            schedules: table("schedules", "kind target_id platform priority generation reason last_success_at"),
        }
    }

    /// The tables in an order in which each refers to earlier ones alone.
    pub(super) fn in_order(self) -> [Table; NAMES.len()] {
        [
            self.organizations,
            self.keys,
            self.creators,
            self.creator_texts,
            self.profiles,
            self.profile_snapshots,
            self.posts,
            self.post_snapshots,
            self.accounts,
            self.account_texts,
            self.account_days,
            self.videos,
            self.video_texts,
            self.account_videos,
            self.account_video_texts,
            self.tracked_posts,
            self.post_days,
            self.organization_days,
            self.schedules,
        ]
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        let tables = [
            &self.organizations,
            &self.keys,
            &self.creators,
            &self.creator_texts,
            &self.profiles,
            &self.profile_snapshots,
            &self.posts,
            &self.post_snapshots,
            &self.accounts,
            &self.account_texts,
            &self.account_days,
            &self.videos,
            &self.video_texts,
            &self.account_videos,
            &self.account_video_texts,
            &self.tracked_posts,
            &self.post_days,
            &self.organization_days,
            &self.schedules,
        ];
        tables.iter().map(|table| u64::try_from(table.count).unwrap_or(u64::MAX)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_written_under_its_name() {
        assert_eq!(SeedBatch::new(true).in_order().map(|table| table.name), NAMES);
    }
}
