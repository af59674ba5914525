//! Posts as they are reported, each once, with what is known of them now.

use domain::{Handle, PostRef, RateCard};
use files::{Column, Kind, Value};
use store::{PostCounts, ReportMetrics, ReportNumbers, ReportPost, StoreError};

use super::accounts::json;
use super::walk::{Place, Row, Walk};

/// The columns. Their order is part of the contract: new ones come at the end.
pub const COLUMNS: &[Column] = &[
    Column::new("platform", Kind::Text),
    Column::new("external_id", Kind::Text),
    Column::new("url", Kind::Text),
    Column::new("video_id", Kind::Text),
    Column::new("account_video_ids", Kind::Json),
    Column::new("account_id", Kind::Text),
    Column::new("account_username", Kind::Text),
    Column::new("creator_id", Kind::Text),
    Column::new("creator_name", Kind::Text),
    Column::new("source", Kind::Text),
    Column::new("status", Kind::Text),
    Column::new("media_type", Kind::Text),
    Column::new("duration", Kind::Number),
    Column::new("description", Kind::Text),
    Column::new("create_time", Kind::Time),
    Column::new("added_at", Kind::Time),
    Column::new("first_scrape_time", Kind::Time),
    Column::new("last_scrape_time", Kind::Time),
    Column::new("views", Kind::Integer),
    Column::new("plays", Kind::Integer),
    Column::new("likes", Kind::Integer),
    Column::new("comments", Kind::Integer),
    Column::new("shares", Kind::Integer),
    Column::new("saves", Kind::Integer),
    Column::new("engagement", Kind::Integer),
    Column::new("engagement_rate", Kind::Number),
    Column::new("metric_status", Kind::Json),
];

/// The next posts.
pub async fn page(walk: &Walk) -> Result<Vec<Row>, StoreError> {
    let after = match walk.place {
        Some(Place::Post(id)) => Some(id),
        Some(Place::Account(_) | Place::Member(_)) | None => None,
    };
    let (filter, metrics) = (walk.report_filter(), ReportMetrics::Lifetime);
    let card = RateCard::without_prices();
    let found = walk.tenant.report_posts(&filter, metrics, &card, after, walk.page_rows).await?;
    Ok(found.into_iter().map(row).collect())
}

/// The counts, and what follows from them, in the order of the columns.
pub fn numbers(numbers: &ReportNumbers) -> [Value; 8] {
    let ReportNumbers { counts, engagements, engagement_rate, tmv: _ } = *numbers;
    let PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count } = counts;
    [
        view_count.into(),
        play_count.into(),
        like_count.into(),
        comment_count.into(),
        share_count.into(),
        saved_count.into(),
        engagements.into(),
        engagement_rate.map(percent).into(),
    ]
}

/// A rate that is given in hundredths of a percent.
#[expect(clippy::cast_precision_loss, reason = "a percentage beyond 2^53 hundredths is of no use to anybody")]
pub fn percent(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

fn row(post: ReportPost) -> Row {
    let handle = post.author_username.as_ref().or(post.account_username.as_ref());
    let handle = handle.and_then(|text| Handle::parse(post.platform, text).ok());
    let reference = PostRef { platform: post.platform, external_id: post.external_id.clone(), handle };
    let mut values = vec![
        post.platform.as_str().into(),
        post.external_id.as_str().into(),
        reference.url().into(),
        post.video_id.map(|id| id.to_string()).into(),
        json(&post.account_video_ids),
        post.account_id.map(|id| id.to_string()).into(),
        post.account_username.into(),
        post.creator_id.map(|id| id.to_string()).into(),
        post.creator_name.into(),
        post.source.as_str().into(),
        post.status.as_str().into(),
        post.media_type.map(|kind| kind.as_str().to_owned()).into(),
        post.duration.map(|duration| duration.0).into(),
        post.description.into(),
        post.create_time.into(),
        post.added_at.into(),
        post.first_scrape_at.into(),
        post.last_scrape_at.into(),
    ];
    values.extend(numbers(&post.numbers));
    values.push(json(&post.metric_status));
    Row { values, place: Place::Post(post.id) }
}
