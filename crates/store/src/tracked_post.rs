//! What videos and account videos have in common: a post as one organization sees it.

use std::time::Duration;

use domain::{AccountId, Float, MediaType, MetricStatus, Platform, PostStatus, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::StoreError;
use crate::freshness;
use crate::listing::SortColumn;
use crate::paging::{PostOrder, SortKey};
use crate::record::provenance::Provenance;
use crate::views::{MetricPrecisions, MetricStatuses, PostCounts, TrackedPost};

/// The columns of [`PostRow`], of tracking rows `t`, posts `p`, tracked accounts `a`, their profiles `f` and schedules `s`.
pub const COLUMNS: &str = "t.platform, t.added_at, t.updated_at, t.first_scrape_at, t.last_scrape_at, t.create_time, t.view_count, \
     t.like_count, t.comment_count, t.share_count, t.play_count, t.saved_count, p.external_id, p.shortcode, p.description, \
     p.media_type, p.duration_seconds, p.status, p.cover_image_url, p.video_url, p.author_username, p.author_platform_id, \
     p.platform_data, p.metric_status, p.provenance, a.id AS account_id, a.username AS account_username, \
     t.last_attempt_at, t.last_attempt_outcome, t.failures, s.due_at";

/// The joins that [`COLUMNS`] need beside `t` and `a`.
pub const JOINS: &str =
    "JOIN posts p ON p.id = t.post_id LEFT JOIN schedules s ON s.kind = 'post' AND s.target_id = t.post_id";

/// A tracking row with its post.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PostRow {
    pub platform: String,
    pub added_at: i64,
    pub updated_at: i64,
    pub first_scrape_at: Option<i64>,
    pub last_scrape_at: Option<i64>,
    pub create_time: Option<i64>,
    pub view_count: Option<i64>,
    pub like_count: Option<i64>,
    pub comment_count: Option<i64>,
    pub share_count: Option<i64>,
    pub play_count: Option<i64>,
    pub saved_count: Option<i64>,
    pub external_id: String,
    pub shortcode: Option<String>,
    pub description: Option<String>,
    pub media_type: Option<String>,
    pub duration_seconds: Option<f64>,
    pub status: String,
    pub cover_image_url: Option<String>,
    pub video_url: Option<String>,
    pub author_username: Option<String>,
    pub author_platform_id: Option<String>,
    pub platform_data: String,
    pub metric_status: String,
    pub provenance: String,
    pub account_id: Option<Uuid>,
    pub account_username: Option<String>,
    pub is_active: bool,
    pub is_collected: bool,
    pub scrape_interval_hours: i64,
    pub due_at: Option<i64>,
    pub last_attempt_at: Option<i64>,
    pub last_attempt_outcome: Option<String>,
    pub failures: i64,
}

impl PostRow {
    /// The post as the organization sees it at `now`, which reads it at least every `interval`. Until its own first read, the post's facts are somebody else's.
    pub fn view(self, interval: Duration, now: Timestamp) -> Result<TrackedPost, StoreError> {
        let unreadable = |column| StoreError::Unreadable { table: "posts", column };
        let platform: Platform = self.platform.parse().map_err(|_| unreadable("platform"))?;
        let status: PostStatus = self.status.parse().map_err(|_| unreadable("status"))?;
        let media_type = self.media_type.as_deref().map(str::parse::<MediaType>).transpose();
        let freshness = freshness::sum_up(
            &freshness::Facts {
                is_collected: self.is_collected,
                is_unavailable: status == PostStatus::Deleted,
                last_scrape_at: self.last_scrape_at,
                interval,
                due_at: self.due_at,
                last_attempt_at: self.last_attempt_at,
                last_attempt_outcome: self.last_attempt_outcome.as_deref(),
                failures: self.failures,
            },
            now,
        );
        let metric_status = self.metric_status(platform);
        let metric_precision = self.metric_precision();
        let seen = self.first_scrape_at.is_some();
        let attempted = freshness.last_attempt_at.is_some();
        Ok(TrackedPost {
            platform,
            external_id: self.external_id,
            shortcode: self.shortcode,
            is_active: self.is_active,
            scrape_interval_hours: self.scrape_interval_hours,
            added_at: Timestamp::from_millis(self.added_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            first_scrape_at: self.first_scrape_at.map(Timestamp::from_millis),
            last_scrape_at: self.last_scrape_at.map(Timestamp::from_millis),
            description: self.description.filter(|_| seen),
            create_time: self.create_time.map(Timestamp::from_millis),
            media_type: media_type.map_err(|_| unreadable("media_type"))?.filter(|_| seen),
            duration: self.duration_seconds.filter(|_| seen).map(Float),
            status: if seen || attempted { status } else { PostStatus::Live },
            cover_image_url_original: self.cover_image_url.filter(|_| seen),
            video_url_original: self.video_url.filter(|_| seen),
            counts: PostCounts {
                view_count: self.view_count,
                like_count: self.like_count,
                comment_count: self.comment_count,
                share_count: self.share_count,
                play_count: self.play_count,
                saved_count: self.saved_count,
            },
            account_id: self.account_id.map(AccountId),
            account_username: self.account_username,
            author_username: self.author_username.filter(|_| seen),
            platform_account_id: self.author_platform_id.filter(|_| seen),
            platform_data: if seen {
                serde_json::from_str(&self.platform_data).unwrap_or_default()
            } else {
                serde_json::Map::new()
            },
            freshness,
            metric_status,
            metric_precision,
        })
    }

    /// The metrics as this record has them.
    const fn metrics(&self) -> [(&'static str, Option<i64>); 6] {
        [
            ("view_count", self.view_count),
            ("like_count", self.like_count),
            ("comment_count", self.comment_count),
            ("share_count", self.share_count),
            ("play_count", self.play_count),
            ("saved_count", self.saved_count),
        ]
    }

    fn metric_status(&self, platform: Platform) -> MetricStatuses {
        let stored: MetricStatuses = serde_json::from_str(&self.metric_status).unwrap_or_default();
        let seen = self.first_scrape_at.is_some();
        let otherwise = |name| match (platform, name) {
            (Platform::Tiktok, "saved_count") => MetricStatus::Unsupported,
            (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _) => {
                MetricStatus::NotProvided
            }
        };
        self.metrics()
            .into_iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| {
                let why = if seen {
                    stored.get(name).copied().unwrap_or_else(|| otherwise(name))
                } else {
                    MetricStatus::NotYetScraped
                };
                (name.to_owned(), why)
            })
            .collect()
    }

    fn metric_precision(&self) -> MetricPrecisions {
        let provenance = Provenance::from_stored(&self.provenance);
        self.metrics()
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .filter_map(|(name, _)| Some((name.to_owned(), provenance.precision(name, self.first_scrape_at)?)))
            .collect()
    }

    /// The sort column's value.
    pub fn sort_key(&self, order: PostOrder) -> SortKey {
        SortKey::Number(match order {
            PostOrder::AddedAt => Some(self.added_at),
            PostOrder::CreateTime => self.create_time,
            PostOrder::ViewCount => self.view_count,
            PostOrder::LikeCount => self.like_count,
            PostOrder::PlayCount => self.play_count,
        })
    }
}

/// The sort column.
pub const fn sort_column(order: PostOrder) -> SortColumn {
    match order {
        PostOrder::AddedAt => SortColumn::Number("t.added_at"),
        PostOrder::CreateTime => SortColumn::NullableNumber("t.create_time"),
        PostOrder::ViewCount => SortColumn::NullableNumber("t.view_count"),
        PostOrder::LikeCount => SortColumn::NullableNumber("t.like_count"),
        PostOrder::PlayCount => SortColumn::NullableNumber("t.play_count"),
    }
}
