//! Creators with what their posts come to now, a row each. A post counts once for a creator.

use std::collections::BTreeMap;

use domain::{CreatorId, RateCard};
use files::{Column, Kind, Value};
use serde::Serialize;
use store::{MemberNumbers, PostCounts, ReportMember, ReportMetrics, StoreError};

use super::accounts::json;
use super::posts::{numbers, percent};
use super::walk::{Place, Row, Walk};

/// The columns. Their order is part of the contract: new ones come at the end.
pub const COLUMNS: &[Column] = &[
    Column::new("id", Kind::Text),
    Column::new("name", Kind::Text),
    Column::new("is_active", Kind::Boolean),
    Column::new("added_at", Kind::Time),
    Column::new("followers", Kind::Integer),
    Column::new("accounts_by_platform", Kind::Json),
    Column::new("posts_known", Kind::Integer),
    Column::new("posts_counted", Kind::Integer),
    Column::new("views", Kind::Integer),
    Column::new("plays", Kind::Integer),
    Column::new("likes", Kind::Integer),
    Column::new("comments", Kind::Integer),
    Column::new("shares", Kind::Integer),
    Column::new("saves", Kind::Integer),
    Column::new("engagement", Kind::Integer),
    Column::new("engagement_rate", Kind::Number),
    Column::new("by_platform", Kind::Json),
    Column::new("by_media_type", Kind::Json),
];

/// Creators at once: the posts of each are summed.
const MOST_CREATORS: u32 = 200;

/// The next creators.
pub async fn page(walk: &Walk) -> Result<Vec<Row>, StoreError> {
    let after = match walk.place {
        Some(Place::Member(id)) => Some(CreatorId(id)),
        Some(Place::Account(_) | Place::Post(_)) | None => None,
    };
    let (filter, metrics) = (walk.report_filter(), ReportMetrics::Lifetime);
    let (card, most) = (RateCard::without_prices(), walk.page_rows.min(MOST_CREATORS));
    let found = walk.tenant.report_members(&filter, metrics, &card, after, most).await?;
    Ok(found.into_iter().map(row).collect())
}

/// What a part of a creator's posts comes to, as JSON has it.
#[derive(Serialize)]
struct Share {
    posts_known: i64,
    posts_counted: i64,
    views: Option<i64>,
    plays: Option<i64>,
    likes: Option<i64>,
    comments: Option<i64>,
    shares: Option<i64>,
    saves: Option<i64>,
    engagement: Option<i64>,
    engagement_rate: Option<f64>,
}

impl From<&MemberNumbers> for Share {
    fn from(of: &MemberNumbers) -> Self {
        let PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count } =
            of.numbers.counts;
        Self {
            posts_known: of.posts_known,
            posts_counted: of.posts_counted,
            views: view_count,
            plays: play_count,
            likes: like_count,
            comments: comment_count,
            shares: share_count,
            saves: saved_count,
            engagement: of.numbers.engagements,
            engagement_rate: of.numbers.engagement_rate.map(percent),
        }
    }
}

fn row(member: ReportMember) -> Row {
    let by_platform: BTreeMap<_, _> =
        member.by_platform.iter().map(|(platform, of)| (platform.as_str(), Share::from(of))).collect();
    let by_media_type: BTreeMap<_, _> = member
        .by_media_type
        .iter()
        .map(|(kind, of)| (kind.map_or("unknown", domain::MediaType::as_str), Share::from(of)))
        .collect();
    let accounts: BTreeMap<_, _> =
        member.accounts_by_platform.iter().map(|(platform, count)| (platform.as_str(), count)).collect();
    let mut values = vec![
        Value::id(member.id),
        member.name.into(),
        member.is_active.into(),
        member.added_at.into(),
        member.followers.into(),
        json(&accounts),
        member.total.posts_known.into(),
        member.total.posts_counted.into(),
    ];
    values.extend(numbers(&member.total.numbers));
    values.extend([json(&by_platform), json(&by_media_type)]);
    Row { values, place: Place::Member(member.id.0) }
}
