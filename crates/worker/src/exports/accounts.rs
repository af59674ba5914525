//! Accounts, a row each, as their list shows them.

use domain::{MetricStatus, Platform};
use files::{Column, Kind, Value};
use serde::Serialize;
use std::collections::BTreeMap;
use store::{
    Account, AccountOrder, Direction, Freshness, PageRequest, Position, PostCounts, RowId, SortKey, StoreError,
};

use super::walk::{AccountPlace, Place, Row, Walk};

/// The columns. Their order is part of the contract: new ones come at the end.
pub const COLUMNS: &[Column] = &[
    Column::new("id", Kind::Text),
    Column::new("platform", Kind::Text),
    Column::new("username", Kind::Text),
    Column::new("platform_account_id", Kind::Text),
    Column::new("previous_usernames", Kind::Json),
    Column::new("name", Kind::Text),
    Column::new("description", Kind::Text),
    Column::new("profile_pic_url_original", Kind::Text),
    Column::new("is_verified", Kind::Boolean),
    Column::new("is_private", Kind::Boolean),
    Column::new("is_active", Kind::Boolean),
    Column::new("is_unavailable", Kind::Boolean),
    Column::new("unavailable_reason", Kind::Text),
    Column::new("link_in_bio", Kind::Text),
    Column::new("creator_id", Kind::Text),
    Column::new("creator_name", Kind::Text),
    Column::new("category", Kind::Text),
    Column::new("metadata", Kind::Json),
    Column::new("added_at", Kind::Time),
    Column::new("updated_at", Kind::Time),
    Column::new("first_scrape_time", Kind::Time),
    Column::new("last_scrape_time", Kind::Time),
    Column::new("scrape_interval_hours", Kind::Integer),
    Column::new("follower_count", Kind::Integer),
    Column::new("following_count", Kind::Integer),
    Column::new("profile_post_count", Kind::Integer),
    Column::new("total_post_count", Kind::Integer),
    Column::new("view_count", Kind::Integer),
    Column::new("like_count", Kind::Integer),
    Column::new("comment_count", Kind::Integer),
    Column::new("share_count", Kind::Integer),
    Column::new("play_count", Kind::Integer),
    Column::new("saved_count", Kind::Integer),
    Column::new("max_recent_posts_per_account", Kind::Integer),
    Column::new("post_lookback_days", Kind::Integer),
    Column::new("effective_max_recent_posts_per_account", Kind::Integer),
    Column::new("effective_post_lookback_days", Kind::Integer),
    Column::new("freshness_state", Kind::Text),
    Column::new("freshness_last_attempt_time", Kind::Time),
    Column::new("freshness_last_attempt_outcome", Kind::Text),
    Column::new("freshness_next_scrape_time", Kind::Time),
    Column::new("freshness_consecutive_failures", Kind::Integer),
    Column::new("metric_status", Kind::Json),
    Column::new("metric_precision", Kind::Json),
];

/// The next accounts, in the order in which their tracking began.
pub async fn page(walk: &Walk) -> Result<Vec<Row>, StoreError> {
    let request = PageRequest {
        order_by: AccountOrder::AddedAt,
        direction: Direction::Asc,
        after: walk
            .account_place()
            .map(|place| Position { key: SortKey::Number(Some(place.added_at)), id: RowId::Uuid(place.id) }),
        limit: walk.page_rows,
        include_total: false,
    };
    let page = walk.tenant.accounts(&walk.account_filter(), &request, walk.job.as_of).await?;
    Ok(page.rows.iter().map(row).collect())
}

/// JSON of what cannot fail to be written.
pub fn json(value: &impl Serialize) -> Value {
    serde_json::to_string(value).map_or(Value::Null, Value::Json)
}

/// The metrics, as the row shows them.
fn metrics(account: &Account) -> [(&'static str, Option<i64>); 10] {
    let PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count } = account.sums;
    [
        ("follower_count", account.follower_count),
        ("following_count", account.following_count),
        ("profile_post_count", account.profile_post_count),
        ("total_post_count", account.total_post_count),
        ("view_count", view_count),
        ("like_count", like_count),
        ("comment_count", comment_count),
        ("share_count", share_count),
        ("play_count", play_count),
        ("saved_count", saved_count.filter(|_| account.platform.has_metric("saved_count"))),
    ]
}

/// Why each null metric is null.
fn statuses(account: &Account, metrics: &[(&'static str, Option<i64>)]) -> BTreeMap<&'static str, MetricStatus> {
    let is_scraped = account.first_scrape_at.is_some();
    let null = metrics.iter().filter(|(_, value)| value.is_none());
    null.map(|(name, _)| {
        let status = match (is_scraped, Platform::has_metric(account.platform, name)) {
            (false, _) => MetricStatus::NotYetScraped,
            (true, false) => MetricStatus::Unsupported,
            (true, true) => account.metric_status.get(*name).copied().unwrap_or(MetricStatus::NotProvided),
        };
        (*name, status)
    })
    .collect()
}

fn row(account: &Account) -> Row {
    let place = Place::Account(AccountPlace { added_at: account.added_at.as_millis(), id: account.id.0, day: None });
    let metrics = metrics(account);
    let statuses = statuses(account, &metrics);
    let precisions: BTreeMap<_, _> = account
        .metric_precision
        .iter()
        .filter(|(name, precision)| {
            **precision != domain::Precision::Exact
                && metrics.iter().any(|(known, value)| known == name && value.is_some())
        })
        .collect();
    let Freshness { state, last_attempt_at, last_attempt_outcome, next_scrape_at, consecutive_failures } =
        account.freshness.clone();
    let mut values = vec![
        Value::id(account.id),
        account.platform.as_str().into(),
        account.username.as_str().into(),
        account.platform_account_id.clone().into(),
        json(&account.previous_usernames),
        account.name.clone().into(),
        account.description.clone().into(),
        account.profile_pic_url_original.clone().into(),
        account.is_verified.into(),
        account.is_private.into(),
        account.is_active.into(),
        account.is_unavailable.into(),
        account.unavailable_reason.map(|reason| reason.as_str().to_owned()).into(),
        account.link_in_bio.clone().into(),
        account.creator_id.map(|id| id.to_string()).into(),
        account.creator_name.clone().into(),
        account.category.clone().into(),
        json(&account.metadata),
        account.added_at.into(),
        account.updated_at.into(),
        account.first_scrape_at.into(),
        account.last_scrape_at.into(),
        account.scrape_interval_hours.into(),
    ];
    values.extend(metrics.iter().map(|(_, value)| Value::from(*value)));
    values.extend([
        account.max_recent_posts.into(),
        account.post_lookback_days.into(),
        account.effective_max_recent_posts.into(),
        account.effective_post_lookback_days.into(),
        word(&state),
        last_attempt_at.into(),
        last_attempt_outcome.map(|outcome| outcome.as_str().to_owned()).into(),
        next_scrape_at.into(),
        consecutive_failures.into(),
        json(&statuses),
        json(&precisions),
    ]);
    Row { values, place }
}

/// A name of a closed set, as it is written everywhere.
fn word(name: &impl Serialize) -> Value {
    match serde_json::to_value(name) {
        Ok(serde_json::Value::String(text)) => Value::Text(text),
        Ok(_) | Err(_) => Value::Null,
    }
}
