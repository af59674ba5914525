//! What a page said: facts about a profile and about posts, and the observation that a scrape comes back with.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::metric::{Precision, Reading};
use crate::outcome::Outcome;
use crate::platform::Platform;
use crate::validation::one_of;

/// The counts on a profile page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProfileMetrics {
    /// Accounts that follow this one.
    pub followers: Reading,
    /// Accounts that this one follows.
    pub following: Reading,
    /// Posts, as the profile itself counts them.
    pub posts: Reading,
    /// Likes over all posts, as the profile itself counts them (TikTok's hearts).
    pub likes: Reading,
}

/// The counts of a post. `views` and `plays` are different numbers on Instagram and one and the same on TikTok.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostMetrics {
    /// Views.
    pub views: Reading,
    /// Likes.
    pub likes: Reading,
    /// Comments.
    pub comments: Reading,
    /// Shares.
    pub shares: Reading,
    /// Plays.
    pub plays: Reading,
    /// Saves (bookmarks).
    pub saves: Reading,
}

/// What a post is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    /// One video.
    Video,
    /// One image.
    Image,
    /// Several images or videos to swipe through.
    Carousel,
    /// A post that vanishes after a day.
    Story,
}

impl MediaType {
    /// Every type, in the order in which error messages name them.
    pub const ALL: [Self; 4] = [Self::Video, Self::Image, Self::Carousel, Self::Story];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
            Self::Carousel => "carousel",
            Self::Story => "story",
        }
    }
}

impl std::str::FromStr for MediaType {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, MediaType::as_str)
    }
}

/// Whether a post can still be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostStatus {
    /// It can be seen, or nothing says otherwise.
    Live,
    /// The platform said once that it does not exist; not confirmed yet.
    Missing,
    /// The platform said so again, long enough after.
    Deleted,
    /// It vanished by design (a story).
    Expired,
    /// It exists and is withheld: private, or restricted by region, age or review.
    Private,
}

impl PostStatus {
    const ALL: [Self; 5] = [Self::Live, Self::Missing, Self::Deleted, Self::Expired, Self::Private];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Missing => "missing",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Private => "private",
        }
    }
}

impl std::str::FromStr for PostStatus {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, PostStatus::as_str)
    }
}

/// How a post came to be tracked. Every post has one: what somebody added by hand was not discovered, wherever else it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostSource {
    /// It was found in the feed of a tracked account.
    AutoDiscovered,
    /// It was added by hand.
    Submitted,
    /// It was added by hand, and its notes say `"source": "brand_initiated"`.
    BrandInitiated,
}

impl PostSource {
    /// Every source, in the order in which error messages name them.
    pub const ALL: [Self; 3] = [Self::AutoDiscovered, Self::Submitted, Self::BrandInitiated];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoDiscovered => "auto_discovered",
            Self::Submitted => "submitted",
            Self::BrandInitiated => "brand_initiated",
        }
    }
}

impl std::str::FromStr for PostSource {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, PostSource::as_str)
    }
}

/// Why a profile cannot be read, once that is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnavailableReason {
    /// The platform said, twice and long enough apart, that there is no such profile.
    NotFound,
    /// The handle belongs to another account now, seen twice and long enough apart; where the profile went is not known.
    HandleTaken,
    /// The organization tracks the same profile under another handle already.
    Duplicate,
}

impl UnavailableReason {
    /// Every reason, in the order in which error messages name them.
    pub const ALL: [Self; 3] = [Self::NotFound, Self::HandleTaken, Self::Duplicate];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::HandleTaken => "handle_taken",
            Self::Duplicate => "duplicate",
        }
    }
}

impl std::str::FromStr for UnavailableReason {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, UnavailableReason::as_str)
    }
}

/// Facts about a profile, as one page gave them. Only `username` is certain to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileFacts {
    /// The platform that the profile is on.
    pub platform: Platform,
    /// The platform's own id of the account, as text (it may pass 2^53). It survives a change of handle. `None` when the page names the
    /// account by its handle alone (a description's text); then nothing is known about who has the handle.
    pub platform_id: Option<String>,
    /// The handle, case-folded.
    pub username: String,
    /// The display name.
    pub name: Option<String>,
    /// The biography.
    pub description: Option<String>,
    /// Address of the profile picture; signed, so it expires.
    pub profile_pic_url: Option<String>,
    /// The platform's badge.
    pub is_verified: Option<bool>,
    /// Whether posts are shown to followers alone.
    pub is_private: Option<bool>,
    /// The link in the biography.
    pub link_in_bio: Option<String>,
    /// The counts.
    pub metrics: ProfileMetrics,
    /// What else the page said that is worth keeping, under the platform's own names (`sec_uid`, `fbid`, …).
    pub platform_data: Map<String, Value>,
}

/// Who made a post, as the post's own page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorFacts {
    /// The platform's own id of the account.
    pub platform_id: Option<String>,
    /// The handle, case-folded.
    pub username: Option<String>,
}

/// Facts about a post, as one page gave them. Only `external_id` is certain to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct PostFacts {
    /// The platform that the post is on.
    pub platform: Platform,
    /// The platform's own id of the post, as text.
    pub external_id: String,
    /// Instagram's shortcode; `None` elsewhere.
    pub shortcode: Option<String>,
    /// Who made it.
    pub author: AuthorFacts,
    /// The caption.
    pub description: Option<String>,
    /// When it was published. Taken from the id where the page has no date.
    pub create_time: Option<Timestamp>,
    /// How exact that is: exact where the page tells the moment, rounded where it was taken from the id, which is as old as the upload and not as
    /// the publication, or where the page tells no more than the day.
    pub create_precision: Precision,
    /// What it is made of.
    pub media_type: Option<MediaType>,
    /// Length in seconds; for what does not play `None`, or 0 where the platform says so (TikTok).
    pub duration: Option<f64>,
    /// Address of the cover image; signed, so it expires.
    pub cover_image_url: Option<String>,
    /// Address of the video file; signed, so it expires.
    pub video_url: Option<String>,
    /// The counts.
    pub metrics: PostMetrics,
    /// What else the page said that is worth keeping, under the platform's own names.
    pub platform_data: Map<String, Value>,
}

impl PostFacts {
    /// Facts that say nothing but which post it is.
    pub fn bare(platform: Platform, external_id: impl Into<String>) -> Self {
        Self {
            platform,
            external_id: external_id.into(),
            shortcode: None,
            author: AuthorFacts::default(),
            description: None,
            create_time: None,
            create_precision: Precision::Exact,
            media_type: None,
            duration: None,
            cover_image_url: None,
            video_url: None,
            metrics: PostMetrics::default(),
            platform_data: Map::new(),
        }
    }

    /// Takes over when it was published, with how exact that is; `None` when the page does not tell.
    pub fn set_created(&mut self, told: Option<(Timestamp, Precision)>) {
        self.create_time = told.map(|(at, _)| at);
        self.create_precision = told.map_or(Precision::Exact, |(_, precision)| precision);
    }
}

/// What a scrape came back with: the outcome, and the facts when there were any.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// How it ended.
    pub outcome: Outcome,
    /// The reader that understood the page, such as `tiktok.universal_data.user_detail`.
    pub adapter: Option<&'static str>,
    /// The status of the last HTTP answer, when there was one.
    pub http_status: Option<u16>,
    /// One sentence on why, for support staff. Never holds page content beyond short codes.
    pub detail: Option<String>,
    /// How long the platform asked to be left alone.
    pub retry_after: Option<Duration>,
    /// The profile that the page is about.
    pub profile: Option<ProfileFacts>,
    /// The posts on the page that belong to what was asked for.
    pub posts: Vec<PostFacts>,
}

impl Observation {
    /// An observation without facts.
    pub fn failed(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            adapter: None,
            http_status: None,
            detail: Some(detail.into()),
            retry_after: None,
            profile: None,
            posts: Vec::new(),
        }
    }

    /// An observation of facts by `adapter`.
    pub fn ok(adapter: &'static str) -> Self {
        Self {
            outcome: Outcome::Ok,
            adapter: Some(adapter),
            http_status: None,
            detail: None,
            retry_after: None,
            profile: None,
            posts: Vec::new(),
        }
    }
}
