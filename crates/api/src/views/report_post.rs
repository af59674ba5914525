//! Posts on the wire, as reports show them.

use domain::{Coverage, Float, MediaType, MetricStatus, Platform, PostSource, PostStatus, Timestamp};
use serde::Serialize;
use store::{ReportMetrics, ReportPost};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::gains::CoverageOut;
use crate::views::post::address;
use crate::views::report::{NOT_SHOWN, ReportNumbersOut, Row, metrics_of};
use crate::views::vocabulary::{MediaTypeName, MetricStatusName, PlatformName, PostSourceName, PostStatusName};
use crate::views::{MetricStatusOut, metric_status};

/// A post with its numbers. A post that is tracked several times is there once.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportPost)]
pub(crate) struct ReportPostOut {
    /// The post's id in reports.
    id: i64,
    /// `post`.
    #[serde(rename = "type")]
    #[schema(example = "post")]
    kind: &'static str,
    /// The account videos that show it, oldest first.
    account_video_ids: Vec<i64>,
    /// The video that shows it, when it was added by hand.
    video_id: Option<Uuid>,
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// The platform's own id of the post.
    external_id: String,
    /// The post's address on the platform.
    url: String,
    /// The caption; on YouTube and Pinterest the title too, where there is one.
    description: Option<String>,
    /// When it was published.
    #[schema(value_type = Option<String>, format = DateTime)]
    create_time: Option<Timestamp>,
    /// What it is made of.
    #[schema(value_type = Option<MediaTypeName>)]
    media_type: Option<MediaType>,
    /// Length in seconds; for what does not play null, or 0 where the platform says so.
    #[schema(value_type = Option<f64>)]
    duration: Option<Float>,
    /// Where it stands.
    #[schema(value_type = PostStatusName)]
    status: PostStatus,
    /// How it came to be tracked. What was added by hand is `submitted`, or `brand_initiated`, wherever else it stands.
    #[schema(value_type = PostSourceName)]
    source: PostSource,
    /// When tracking began.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// First good read since tracking began.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_scrape_time: Option<Timestamp>,
    /// Last good read; null until the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_scrape_time: Option<Timestamp>,
    /// Your account of the author, else the first whose feed shows it; null when there is none.
    account: Option<ReportAccountOut>,
    /// The creator that the account is linked to.
    creator: Option<ReportCreatorOut>,
    /// The numbers.
    metrics: ReportNumbersOut,
    /// Why metrics are null, by their names. Engagements, their rate and the media value are null when what they are made of is.
    #[schema(value_type = std::collections::HashMap<String, MetricStatusName>)]
    metric_status: MetricStatusOut,
    /// How much of the window was seen; with `metrics=range` alone.
    coverage: Option<CoverageOut>,
}

/// The account that a post is counted to.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportAccount)]
pub(crate) struct ReportAccountOut {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its handle.
    pub(crate) username: String,
}

/// The creator that a post is counted to.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportCreator)]
pub(crate) struct ReportCreatorOut {
    /// The id.
    pub(crate) id: Uuid,
    /// The name.
    pub(crate) name: String,
}

impl From<Row<ReportPost>> for ReportPostOut {
    fn from(Row { of: post, metrics }: Row<ReportPost>) -> Self {
        let ReportPost {
            id,
            video_id,
            account_video_ids,
            platform,
            external_id,
            author_username,
            description,
            create_time,
            media_type,
            duration,
            status,
            source,
            added_at,
            first_scrape_at,
            last_scrape_at,
            account_id,
            account_username,
            creator_id,
            creator_name,
            numbers,
            observed_days,
            metric_status: known,
        } = post;
        let counts = numbers.counts;
        let mut statuses = metric_status(platform, first_scrape_at.is_some(), &known, &metrics_of(&counts));
        statuses.extend(NOT_SHOWN.map(|name| (name, MetricStatus::NotProvided)));
        let (external_id, url) = address(platform, external_id, author_username.or_else(|| account_username.clone()));
        let coverage = match metrics {
            ReportMetrics::Lifetime => None,
            ReportMetrics::Range(window) => {
                let observed_days = observed_days.unwrap_or(0);
                Some(Coverage { days: window.days(), observed_days, ..Coverage::default() }.into())
            }
        };
        Self {
            id,
            kind: "post",
            account_video_ids: account_video_ids.into_iter().map(|id| id.0).collect(),
            video_id: video_id.map(|id| id.0),
            platform,
            external_id,
            url,
            description,
            create_time,
            media_type,
            duration,
            status,
            source,
            added_at,
            first_scrape_time: first_scrape_at,
            last_scrape_time: last_scrape_at,
            account: account_id.zip(account_username).map(|(id, username)| ReportAccountOut { id: id.0, username }),
            creator: creator_id.zip(creator_name).map(|(id, name)| ReportCreatorOut { id: id.0, name }),
            metrics: numbers.into(),
            metric_status: statuses,
            coverage,
        }
    }
}
