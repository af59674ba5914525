//! Rows of files: what the API says of a record, a value for each column.
//!
//! A record becomes a row by its own view, so a file says what a page says. The names follow from the places: what stands in an object has the
//! object's name before it (`account.id` is `account_id`), but for the metrics, which are named by themselves. Lists and objects without fixed members
//! stay JSON. Of what is said once for all rows of a page each row has its own copy, but for the prices, which the export shows.

use domain::{Day, ExportFilters, Timestamp};
use files::{Column, FilesError, Kind, Layout, Rows, Value};
use serde::Serialize;
use serde_json::Value as Json;
use store::{Account, ReportMember, ReportMetrics, ReportPost};

use crate::views::account::AccountOut;
use crate::views::report::{ReportMetaOut, Row};
use crate::views::report_member::ReportMemberOut;
use crate::views::report_post::ReportPostOut;

/// Columns, each with its place in the record.
macro_rules! layout {
    ($columns:ident, $places:ident, $($name:literal $kind:ident $place:literal,)*) => {
        /// Their order is part of the contract: new ones come at the end.
        const $columns: &[Column] = &[$(Column::new($name, Kind::$kind)),*];
        const $places: &[&str] = &[$($place),*];
    };
}

layout! { POST_COLUMNS, POST_PLACES,
    "id" Integer "/id",
    "platform" Text "/platform",
    "external_id" Text "/external_id",
    "url" Text "/url",
    "video_id" Text "/video_id",
    "account_video_ids" Json "/account_video_ids",
    "account_id" Text "/account/id",
    "account_username" Text "/account/username",
    "creator_id" Text "/creator/id",
    "creator_name" Text "/creator/name",
    "source" Text "/source",
    "status" Text "/status",
    "media_type" Text "/media_type",
    "duration" Number "/duration",
    "description" Text "/description",
    "create_time" Time "/create_time",
    "added_at" Time "/added_at",
    "first_scrape_time" Time "/first_scrape_time",
    "last_scrape_time" Time "/last_scrape_time",
    "views" Integer "/metrics/views",
    "impressions" Integer "/metrics/impressions",
    "likes" Integer "/metrics/likes",
    "comments" Integer "/metrics/comments",
    "shares" Integer "/metrics/shares",
    "saves" Integer "/metrics/saves",
    "plays" Integer "/metrics/plays",
    "engagements" Integer "/metrics/engagements",
    "engagement_rate" Number "/metrics/engagement_rate",
    "view_time" Integer "/metrics/view_time",
    "tmv" Number "/metrics/tmv",
    "metric_status" Json "/metric_status",
    "coverage_days" Integer "/coverage/days",
    "coverage_observed_days" Integer "/coverage/observed_days",
    "metrics" Text "/meta/metrics",
    "start_date" Day "/meta/start_date",
    "end_date" Day "/meta/end_date",
    "rate_card_id" Text "/meta/rate_card/id",
    "rate_card_base" Text "/meta/rate_card/base",
    "rate_card_currency" Text "/meta/rate_card/currency",
}

layout! { MEMBER_COLUMNS, MEMBER_PLACES,
    "id" Text "/id",
    "name" Text "/name",
    "is_active" Boolean "/is_active",
    "added_at" Time "/added_at",
    "accounts_summary_total" Integer "/accounts_summary/total",
    "accounts_summary_platforms" Json "/accounts_summary/platforms",
    "accounts_summary_total_followers" Integer "/accounts_summary/total_followers",
    "followers" Integer "/followers",
    "posts_known" Integer "/posts_known",
    "posts_counted" Integer "/posts_counted",
    "views" Integer "/metrics/views",
    "impressions" Integer "/metrics/impressions",
    "likes" Integer "/metrics/likes",
    "comments" Integer "/metrics/comments",
    "shares" Integer "/metrics/shares",
    "saves" Integer "/metrics/saves",
    "plays" Integer "/metrics/plays",
    "engagements" Integer "/metrics/engagements",
    "engagement_rate" Number "/metrics/engagement_rate",
    "view_time" Integer "/metrics/view_time",
    "tmv" Number "/metrics/tmv",
    "counted_views" Integer "/counted/views",
    "counted_likes" Integer "/counted/likes",
    "counted_comments" Integer "/counted/comments",
    "counted_shares" Integer "/counted/shares",
    "counted_saves" Integer "/counted/saves",
    "counted_plays" Integer "/counted/plays",
    "metric_status" Json "/metric_status",
    "by_platform" Json "/by_platform",
    "by_media_type" Json "/by_media_type",
    "coverage_days" Integer "/coverage/days",
    "coverage_posts" Integer "/coverage/posts",
    "coverage_posts_observed" Integer "/coverage/posts_observed",
    "metrics" Text "/meta/metrics",
    "start_date" Day "/meta/start_date",
    "end_date" Day "/meta/end_date",
    "rate_card_id" Text "/meta/rate_card/id",
    "rate_card_base" Text "/meta/rate_card/base",
    "rate_card_currency" Text "/meta/rate_card/currency",
}

layout! { ACCOUNT_COLUMNS, ACCOUNT_PLACES,
    "id" Text "/id",
    "platform" Text "/platform",
    "username" Text "/username",
    "platform_account_id" Text "/platform_account_id",
    "previous_usernames" Json "/previous_usernames",
    "name" Text "/name",
    "description" Text "/description",
    "profile_pic_url" Text "/profile_pic_url",
    "profile_pic_url_original" Text "/profile_pic_url_original",
    "is_verified" Boolean "/is_verified",
    "is_private" Boolean "/is_private",
    "is_active" Boolean "/is_active",
    "is_unavailable" Boolean "/is_unavailable",
    "unavailable_reason" Text "/unavailable_reason",
    "link_in_bio" Text "/link_in_bio",
    "creator_id" Text "/creator_id",
    "creator_name" Text "/creator_name",
    "category" Text "/category",
    "metadata" Json "/metadata",
    "added_at" Time "/added_at",
    "updated_at" Time "/updated_at",
    "first_scrape_time" Time "/first_scrape_time",
    "last_scrape_time" Time "/last_scrape_time",
    "scrape_interval_hours" Integer "/scrape_interval_hours",
    "follower_count" Integer "/follower_count",
    "following_count" Integer "/following_count",
    "profile_post_count" Integer "/profile_post_count",
    "total_post_count" Integer "/total_post_count",
    "view_count" Integer "/view_count",
    "like_count" Integer "/like_count",
    "comment_count" Integer "/comment_count",
    "share_count" Integer "/share_count",
    "play_count" Integer "/play_count",
    "saved_count" Integer "/saved_count",
    "fb_play_count" Integer "/fb_play_count",
    "ig_play_count" Integer "/ig_play_count",
    "fb_like_count" Integer "/fb_like_count",
    "max_recent_posts_per_account" Integer "/max_recent_posts_per_account",
    "post_lookback_days" Integer "/post_lookback_days",
    "effective_max_recent_posts_per_account" Integer "/effective_max_recent_posts_per_account",
    "effective_post_lookback_days" Integer "/effective_post_lookback_days",
    "freshness_state" Text "/freshness/state",
    "freshness_last_attempt_time" Time "/freshness/last_attempt_time",
    "freshness_last_attempt_outcome" Text "/freshness/last_attempt_outcome",
    "freshness_next_scrape_time" Time "/freshness/next_scrape_time",
    "freshness_consecutive_failures" Integer "/freshness/consecutive_failures",
    "metric_status" Json "/metric_status",
    "metric_precision" Json "/metric_precision",
}

/// Accounts, as their list shows them.
pub static ACCOUNT_ROWS: Layout<Account> = Layout { columns: ACCOUNT_COLUMNS, rows: accounts };

/// Posts, as `/v2/posts` reports them.
pub static POST_ROWS: Layout<ReportPost> = Layout { columns: POST_COLUMNS, rows: posts };

/// Members, as `/v2/members` reports them.
pub static MEMBER_ROWS: Layout<ReportMember> = Layout { columns: MEMBER_COLUMNS, rows: members };

fn accounts(records: Vec<Account>, _: &ExportFilters) -> Result<Rows, FilesError> {
    let shown = records.into_iter().map(|account| serde_json::to_value(AccountOut::from(account)));
    shown.map(|shown| row(shown?, ACCOUNT_COLUMNS, ACCOUNT_PLACES)).collect()
}

fn posts(records: Vec<ReportPost>, filters: &ExportFilters) -> Result<Rows, FilesError> {
    report::<_, ReportPostOut>(records, filters, POST_COLUMNS, POST_PLACES)
}

fn members(records: Vec<ReportMember>, filters: &ExportFilters) -> Result<Rows, FilesError> {
    report::<_, ReportMemberOut>(records, filters, MEMBER_COLUMNS, MEMBER_PLACES)
}

/// The rows of a report, each with what a page says once.
fn report<R, T: From<Row<R>> + Serialize>(
    records: Vec<R>,
    filters: &ExportFilters,
    columns: &[Column],
    places: &[&str],
) -> Result<Rows, FilesError> {
    let metrics = ReportMetrics::of(filters);
    let card = filters.report.as_ref().map(|report| report.card.clone()).ok_or(FilesError::Misfit)?;
    let mut meta = serde_json::to_value(ReportMetaOut::new(metrics, filters.window(), card))?;
    if let Some(card) = meta["rate_card"].as_object_mut() {
        card.remove("prices");
    }
    let rows = records.into_iter().map(|of| {
        let mut shown = serde_json::to_value(T::from(Row { of, metrics }))?;
        shown["meta"] = meta.clone();
        row(shown, columns, places)
    });
    rows.collect()
}

/// The values of a record's columns.
fn row(mut record: Json, columns: &[Column], places: &[&str]) -> Result<Vec<Value>, FilesError> {
    let values = columns.iter().zip(places).map(|(column, place)| {
        // An object that is null has no members: then these are.
        let value = record.pointer_mut(place).map(Json::take).unwrap_or_default();
        value_of(column.kind, value).ok_or(FilesError::Misfit)
    });
    values.collect()
}

/// The value of a column of this kind; `None` for a value of another kind.
fn value_of(kind: Kind, value: Json) -> Option<Value> {
    match (kind, value) {
        (_, Json::Null) => Some(Value::Null),
        (Kind::Text, Json::String(text)) => Some(Value::Text(text)),
        (Kind::Json, value) => Some(Value::Json(value.to_string())),
        (Kind::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer),
        (Kind::Number, Json::Number(number)) => number.as_f64().map(Value::Number),
        (Kind::Boolean, Json::Bool(flag)) => Some(Value::Boolean(flag)),
        (Kind::Time, Json::String(text)) => Timestamp::parse(&text).map(Value::Time),
        (Kind::Day, Json::String(text)) => Day::parse(&text).map(Value::Day),
        (Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean | Kind::Time | Kind::Day, _) => None,
    }
}

#[cfg(test)]
mod tests;
