//! What the store hands out: resources as one organization sees them.
//!
//! A tracking record shows nothing that was read before it was made, even where the same profile or post was known already, so that
//! nobody learns what others track. The gate is `first_scrape_at`: while it is `None`, every fact is `None`.

use std::collections::BTreeMap;

use domain::{
    AccountId, AccountVideoId, CreatorId, Float, FreshnessState, MediaType, Metadata, MetricStatus, Outcome, Platform,
    PostStatus, Precision, Timestamp, UnavailableReason, VideoId,
};
use serde_json::{Map, Value};

/// Why each null metric is null, by the metric's name on the wire (`follower_count`, `view_count`, …).
pub type MetricStatuses = BTreeMap<String, MetricStatus>;

/// How exact the metrics are that are not exact, by the metric's name on the wire.
pub type MetricPrecisions = BTreeMap<String, Precision>;

/// How the data of a tracking record stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Freshness {
    /// In one word.
    pub state: FreshnessState,
    /// Until when it is fresh while nothing happens; `None` when it is not.
    pub fresh_until: Option<Timestamp>,
    /// When a worker last tried, since the record was made.
    pub last_attempt_at: Option<Timestamp>,
    /// How that ended.
    pub last_attempt_outcome: Option<Outcome>,
    /// When the next attempt is due; `None` when paused.
    pub next_scrape_at: Option<Timestamp>,
    /// Failed attempts since the last good one.
    pub consecutive_failures: i64,
}

/// A tracked account.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Account {
    /// The tracking record's id.
    pub id: AccountId,
    /// The platform.
    pub platform: Platform,
    /// The current handle.
    pub username: String,
    /// The platform's own id.
    pub platform_account_id: Option<String>,
    /// Handles that the profile had before, oldest first.
    pub previous_usernames: Vec<String>,
    /// The display name.
    pub name: Option<String>,
    /// The biography.
    pub description: Option<String>,
    /// The platform's (expiring) address of the profile picture.
    pub profile_pic_url_original: Option<String>,
    /// The platform's badge.
    pub is_verified: Option<bool>,
    /// Whether posts are shown to followers alone.
    pub is_private: Option<bool>,
    /// Whether it is certain that the profile cannot be read: see `unavailable_reason`.
    pub is_unavailable: bool,
    /// Why it is unavailable; `None` while it is not.
    pub unavailable_reason: Option<UnavailableReason>,
    /// The link in the biography.
    pub link_in_bio: Option<String>,
    /// Whether it is collected.
    pub is_active: bool,
    /// The creator it is linked to.
    pub creator_id: Option<CreatorId>,
    /// That creator's name.
    pub creator_name: Option<String>,
    /// The client's own category.
    pub category: Option<String>,
    /// The client's own notes.
    pub metadata: Metadata,
    /// When tracking began.
    pub added_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
    /// First good read since tracking began.
    pub first_scrape_at: Option<Timestamp>,
    /// Last good read.
    pub last_scrape_at: Option<Timestamp>,
    /// Hours between reads.
    pub scrape_interval_hours: i64,
    /// Followers.
    pub follower_count: Option<i64>,
    /// Accounts that it follows.
    pub following_count: Option<i64>,
    /// Posts as the profile counts them.
    pub profile_post_count: Option<i64>,
    /// Posts collected here.
    pub total_post_count: Option<i64>,
    /// Sums over the posts collected here; `None` until one is known.
    pub sums: PostCounts,
    /// The account's own bound on recent posts.
    pub max_recent_posts: Option<i64>,
    /// The account's own bound on age, in days.
    pub post_lookback_days: Option<i64>,
    /// The bound in force: the account's, else the organization's, else none.
    pub effective_max_recent_posts: Option<i64>,
    /// The bound in force, likewise.
    pub effective_post_lookback_days: Option<i64>,
    /// How the data stands.
    pub freshness: Freshness,
    /// Why metrics are null.
    pub metric_status: MetricStatuses,
    /// Which of the known metrics are not exact, and in what way. A sum is as exact as the least exact of what it is made of.
    pub metric_precision: MetricPrecisions,
}

/// What a search found, the best of each kind first.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct SearchResults {
    /// By handle or name.
    pub accounts: Vec<Account>,
    /// By name.
    pub creators: Vec<Creator>,
    /// By caption or author.
    pub videos: Vec<FoundPost>,
}

/// A post that was found.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum FoundPost {
    /// One that was added by hand.
    Video(Video),
    /// One of a tracked account's feed.
    AccountVideo(AccountVideo),
}

/// The counts of a post, or their sums over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PostCounts {
    /// Views.
    pub view_count: Option<i64>,
    /// Likes.
    pub like_count: Option<i64>,
    /// Comments.
    pub comment_count: Option<i64>,
    /// Shares.
    pub share_count: Option<i64>,
    /// Plays.
    pub play_count: Option<i64>,
    /// Saves.
    pub saved_count: Option<i64>,
}

/// A post as a tracking record sees it: what a video and an account video have in common.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct TrackedPost {
    /// The platform.
    pub platform: Platform,
    /// The platform's own id of the post.
    pub external_id: String,
    /// Instagram's shortcode.
    pub shortcode: Option<String>,
    /// Whether it is collected.
    pub is_active: bool,
    /// Hours between reads.
    pub scrape_interval_hours: i64,
    /// When tracking began.
    pub added_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
    /// First good read since tracking began.
    pub first_scrape_at: Option<Timestamp>,
    /// Last good read.
    pub last_scrape_at: Option<Timestamp>,
    /// The caption.
    pub description: Option<String>,
    /// When it was published.
    pub create_time: Option<Timestamp>,
    /// What it is made of.
    pub media_type: Option<MediaType>,
    /// Length in seconds.
    pub duration: Option<Float>,
    /// Where it stands.
    pub status: PostStatus,
    /// The platform's (expiring) address of the cover.
    pub cover_image_url_original: Option<String>,
    /// The platform's (expiring) address of the video file.
    pub video_url_original: Option<String>,
    /// The counts.
    pub counts: PostCounts,
    /// The organization's account of the author, when tracked.
    pub account_id: Option<AccountId>,
    /// That account's handle.
    pub account_username: Option<String>,
    /// The handle of the author as the page gave it, for addresses.
    pub author_username: Option<String>,
    /// The author's platform id.
    pub platform_account_id: Option<String>,
    /// Extras under the platform's own names.
    pub platform_data: Map<String, Value>,
    /// How the data stands.
    pub freshness: Freshness,
    /// Why metrics are null.
    pub metric_status: MetricStatuses,
    /// Which of the known metrics are not exact, and in what way.
    pub metric_precision: MetricPrecisions,
}

/// A post that was added by hand.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Video {
    /// The tracking record's id.
    pub id: VideoId,
    /// The client's own notes.
    pub metadata: Metadata,
    /// The post.
    pub post: TrackedPost,
}

/// A post that was found in a tracked account's feed.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct AccountVideo {
    /// The tracking record's id.
    pub id: AccountVideoId,
    /// The post; its `account_id` is always there.
    pub post: TrackedPost,
}

/// A creator with what its accounts add up to.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Creator {
    /// The creator's id.
    pub id: CreatorId,
    /// The name.
    pub name: String,
    /// Whether its accounts are collected.
    pub is_active: bool,
    /// The client's own notes.
    pub metadata: Metadata,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Linked accounts by platform; platforms without one are left out.
    pub accounts_by_platform: BTreeMap<Platform, i64>,
    /// Followers over the linked accounts, as far as they are known; `None` when there are accounts and none is known.
    pub total_followers: Option<i64>,
}
