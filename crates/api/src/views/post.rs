//! Videos and account videos on the wire: one set of fields, two kinds of ids.

use domain::{Float, Handle, MediaType, Metadata, Platform, PostRef, PostStatus, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{AccountVideo, PostCounts, TrackedPost, Video};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::vocabulary::{
    MediaTypeName, MetricStatusName, PlatformName, PostStatusName, PrecisionName, SourceName,
};
use crate::views::{
    FreshnessOut, Metric, MetricPrecisionOut, MetricStatusOut, has_metric, metric_precision, metric_status,
};

/// A post that was added by hand.
#[derive(Serialize, ToSchema)]
#[schema(as = Video)]
pub(crate) struct VideoOut {
    /// The video's id here.
    id: Uuid,
    /// `video`.
    #[serde(rename = "type")]
    #[schema(example = "video")]
    kind: &'static str,
    #[serde(flatten)]
    post: PostOut,
}

/// A post that was found in a tracked account's feed.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountVideo)]
pub(crate) struct AccountVideoOut {
    /// The account video's id here.
    id: i64,
    /// `account_video`.
    #[serde(rename = "type")]
    #[schema(example = "account_video")]
    kind: &'static str,
    #[serde(flatten)]
    post: PostOut,
}

/// What every tracked post has. Metrics that are not known are null, and `metric_status` says why.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackedPost)]
pub(crate) struct PostOut {
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// The platform's own id of the post.
    external_id: String,
    /// Instagram's shortcode; null elsewhere.
    shortcode: Option<String>,
    /// The post's address on the platform.
    url: String,
    /// Whether it is collected; paused when false.
    is_active: bool,
    /// Hours between reads.
    scrape_interval_hours: i64,
    /// Your own notes; empty on an account video.
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// When tracking began.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// When the record last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// First good read since tracking began.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_scrape_time: Option<Timestamp>,
    /// Last good read; null until the first.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_scrape_time: Option<Timestamp>,
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
    /// Whether it can no longer be seen by the public: its status is `deleted`, `expired` or `private`.
    is_unavailable: bool,
    /// Where it stands.
    #[schema(value_type = PostStatusName)]
    status: PostStatus,
    /// Our copy of the cover, where copies are kept.
    #[schema(value_type = Option<String>)]
    cover_image_url: (),
    /// The platform's address of the cover, which expires.
    cover_image_url_original: Option<String>,
    /// Our copy of the video file, where copies are kept.
    #[schema(value_type = Option<String>)]
    video_url: (),
    /// The platform's address of the video file, which expires.
    video_url_original: Option<String>,
    /// Views (null on Pinterest).
    view_count: Option<i64>,
    /// Likes; the owner may hide them.
    like_count: Option<i64>,
    /// Comments.
    comment_count: Option<i64>,
    /// Shares (null on YouTube and Pinterest).
    share_count: Option<i64>,
    /// Plays; on TikTok the same as views (null on YouTube and Pinterest).
    play_count: Option<i64>,
    /// Saves (Instagram and Pinterest; null on TikTok and YouTube). On Pinterest those of all copies of the pin together; its own stand in
    /// `platform_data.repin_count`. What TikTok shows of the kind stands in `platform_data.collect_count`.
    saved_count: Option<i64>,
    /// Views on Instagram and Facebook together where both are known, else `view_count`.
    total_views: Option<i64>,
    /// Plays on Instagram and Facebook together where both are known, else `play_count`.
    total_plays: Option<i64>,
    /// Your account of the author; null when the author is not tracked.
    #[schema(value_type = Option<String>, format = Uuid)]
    account_id: Option<domain::AccountId>,
    /// That account's handle.
    account_username: Option<String>,
    /// The platform's own id of the author.
    platform_account_id: Option<String>,
    /// Extras under the platform's own names.
    #[schema(value_type = Object)]
    platform_data: Map<String, Value>,
    /// How it came to be tracked.
    #[schema(value_type = SourceName)]
    source: &'static str,
    /// How the data stands.
    freshness: FreshnessOut,
    /// Why each null metric is null, by the metric's name.
    #[schema(value_type = std::collections::HashMap<String, MetricStatusName>)]
    metric_status: MetricStatusOut,
    /// How exact each known metric is, by the metric's name; exact ones are left out.
    #[schema(value_type = std::collections::HashMap<String, PrecisionName>)]
    metric_precision: MetricPrecisionOut,
}

impl From<Video> for VideoOut {
    fn from(video: Video) -> Self {
        let Video { id, metadata, post } = video;
        Self { id: id.0, kind: "video", post: PostOut::new(post, metadata, "submitted") }
    }
}

impl From<AccountVideo> for AccountVideoOut {
    fn from(video: AccountVideo) -> Self {
        let AccountVideo { id, post } = video;
        Self { id: id.0, kind: "account_video", post: PostOut::new(post, Metadata::default(), "auto_discovered") }
    }
}

impl PostOut {
    fn new(post: TrackedPost, metadata: Metadata, source: &'static str) -> Self {
        let TrackedPost {
            platform,
            external_id,
            shortcode,
            is_active,
            scrape_interval_hours,
            added_at,
            updated_at,
            first_scrape_at,
            last_scrape_at,
            description,
            create_time,
            media_type,
            duration,
            status,
            cover_image_url_original,
            video_url_original,
            counts,
            account_id,
            account_username,
            author_username,
            platform_account_id,
            platform_data,
            freshness,
            metric_status: statuses,
            metric_precision: precisions,
        } = post;
        let PostCounts { view_count, like_count, comment_count, share_count, play_count, saved_count } = counts;
        // Posts that were read by earlier versions may hold a number for it.
        let saved_count = saved_count.filter(|_| has_metric(platform, "saved_count"));
        let metrics: [Metric; 8] = [
            ("view_count", "view_count", view_count),
            ("like_count", "like_count", like_count),
            ("comment_count", "comment_count", comment_count),
            ("share_count", "share_count", share_count),
            ("play_count", "play_count", play_count),
            ("saved_count", "saved_count", saved_count),
            ("total_views", "view_count", view_count),
            ("total_plays", "play_count", play_count),
        ];
        let (external_id, url) = address(platform, external_id, author_username.or_else(|| account_username.clone()));
        Self {
            platform,
            external_id,
            shortcode,
            url,
            is_active,
            scrape_interval_hours,
            metadata,
            added_at,
            updated_at,
            first_scrape_time: first_scrape_at,
            last_scrape_time: last_scrape_at,
            description,
            create_time,
            media_type,
            duration,
            is_unavailable: is_unavailable(status),
            status,
            cover_image_url: (),
            cover_image_url_original,
            video_url: (),
            video_url_original,
            view_count,
            like_count,
            comment_count,
            share_count,
            play_count,
            saved_count,
            total_views: view_count,
            total_plays: play_count,
            account_id,
            account_username,
            platform_account_id,
            platform_data,
            source,
            freshness: freshness.into(),
            metric_status: metric_status(platform, first_scrape_at.is_some(), &statuses, &metrics),
            metric_precision: metric_precision(&precisions, &metrics),
        }
    }
}

/// The canonical address, with the author's handle in it where the platform wants one and it is known.
pub(crate) fn address(platform: Platform, external_id: String, author: Option<String>) -> (String, String) {
    let handle = author.and_then(|author| Handle::parse(platform, &author).ok());
    let post = PostRef { platform, external_id, handle };
    let url = post.url();
    (post.external_id, url)
}

const fn is_unavailable(status: PostStatus) -> bool {
    match status {
        PostStatus::Live | PostStatus::Missing => false,
        PostStatus::Deleted | PostStatus::Expired | PostStatus::Private => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::{AccountId, AccountVideoId, FreshnessState, MetricStatus, Precision, VideoId};
    use serde_json::json;
    use store::Freshness;

    use super::*;

    fn post() -> TrackedPost {
        let at = Timestamp::from_millis(1_790_000_000_000);
        TrackedPost {
            platform: Platform::Tiktok,
            external_id: "7571863205253778710".to_owned(),
            shortcode: None,
            is_active: true,
            scrape_interval_hours: 24,
            added_at: at,
            updated_at: at,
            first_scrape_at: Some(at),
            last_scrape_at: Some(at),
            description: None,
            create_time: None,
            media_type: Some(MediaType::Video),
            duration: Some(Float(12.5)),
            status: PostStatus::Live,
            cover_image_url_original: None,
            video_url_original: None,
            counts: PostCounts { view_count: Some(9), saved_count: Some(3), ..PostCounts::default() },
            account_id: Some(AccountId::new()),
            account_username: Some("someone".to_owned()),
            author_username: None,
            platform_account_id: None,
            platform_data: Map::new(),
            freshness: Freshness {
                state: FreshnessState::Fresh,
                fresh_until: None,
                last_attempt_at: Some(at),
                last_attempt_outcome: Some(domain::Outcome::Ok),
                next_scrape_at: Some(at),
                consecutive_failures: 0,
            },
            metric_status: BTreeMap::from([("play_count".to_owned(), MetricStatus::Hidden)]),
            metric_precision: BTreeMap::from(
                [("view_count", Precision::Rounded), ("saved_count", Precision::FromText)]
                    .map(|(name, precision)| (name.to_owned(), precision)),
            ),
        }
    }

    #[test]
    fn a_video_and_an_account_video_have_the_same_members() {
        let video = VideoOut::from(Video { id: VideoId::new(), metadata: Metadata::default(), post: post() });
        let found = AccountVideoOut::from(AccountVideo { id: AccountVideoId(4), post: post() });
        let video = serde_json::to_value(video).unwrap();
        let found = serde_json::to_value(found).unwrap();
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&video), names(&found));
        assert_eq!((&video["source"], &found["source"]), (&json!("submitted"), &json!("auto_discovered")));
        assert_eq!(
            (&found["id"], &found["type"], &found["metadata"]),
            (&json!(4), &json!("account_video"), &json!({}))
        );
    }

    #[test]
    fn totals_follow_their_counts_and_share_their_reasons() {
        let found = AccountVideoOut::from(AccountVideo { id: AccountVideoId(4), post: post() });
        let found = serde_json::to_value(found).unwrap();
        assert_eq!((&found["total_views"], &found["saved_count"]), (&json!(9), &Value::Null));
        let expected = json!({
            "like_count": "not_provided", "comment_count": "not_provided", "share_count": "not_provided",
            "play_count": "hidden", "total_plays": "hidden", "saved_count": "unsupported",
        });
        assert_eq!(found["metric_status"], expected);
        assert_eq!(found["metric_precision"], json!({"view_count": "rounded", "total_views": "rounded"}));
        assert_eq!(found["url"], "https://www.tiktok.com/@someone/video/7571863205253778710");
    }

    fn shown_on(platform: Platform) -> Value {
        let post = TrackedPost { platform, ..post() };
        serde_json::to_value(AccountVideoOut::from(AccountVideo { id: AccountVideoId(4), post })).unwrap()
    }

    #[test]
    fn what_a_platform_does_not_have_is_unsupported_whatever_the_page_said() {
        let youtube = shown_on(Platform::Youtube);
        assert_eq!((&youtube["view_count"], &youtube["total_views"]), (&json!(9), &json!(9)));
        for name in ["share_count", "saved_count", "play_count", "total_plays"] {
            assert_eq!((&youtube[name], &youtube["metric_status"][name]), (&Value::Null, &json!("unsupported")));
        }
        let pinterest = shown_on(Platform::Pinterest);
        assert_eq!(
            (&pinterest["saved_count"], &pinterest["metric_precision"]["saved_count"]),
            (&json!(3), &json!("from_text"))
        );
        for name in ["share_count", "play_count", "total_plays"] {
            assert_eq!(pinterest["metric_status"][name], "unsupported", "{name}");
        }
        assert_eq!(shown_on(Platform::Instagram)["metric_status"]["share_count"], "not_provided");
    }

    #[test]
    fn the_address_is_the_platforms_canonical_one() {
        let url =
            |platform, id: &str, author: Option<&str>| address(platform, id.to_owned(), author.map(str::to_owned)).1;
        assert_eq!(url(Platform::Instagram, "2555323354817229568", None), "https://www.instagram.com/p/CN2VQ1yI_MA/");
        assert_eq!(
            url(Platform::Tiktok, "7571863205253778710", Some("Some.One")),
            "https://www.tiktok.com/@some.one/video/7571863205253778710"
        );
        assert_eq!(
            url(Platform::Tiktok, "7571863205253778710", None),
            "https://www.tiktok.com/@/video/7571863205253778710"
        );
        assert_eq!(url(Platform::Youtube, "dQw4w9WgXcQ", None), "https://www.youtube.com/watch?v=dQw4w9WgXcQ");
        assert_eq!(url(Platform::Pinterest, "424605071103", None), "https://www.pinterest.com/pin/424605071103/");
    }

    #[test]
    fn a_post_that_was_said_once_to_be_missing_is_not_unavailable_yet() {
        assert!(!is_unavailable(PostStatus::Missing) && is_unavailable(PostStatus::Deleted));
    }
}
