//! The truth about accounts and posts, as the platform itself keeps it: what a test holds the service's answers against.

use domain::{MediaType, PostFacts, PostMetrics, ProfileFacts, ProfileMetrics, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// An account's own counts, to the digit. `None` where the platform has no such count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProfileCounts {
    /// Accounts that follow this one.
    pub followers: Option<i64>,
    /// Accounts that this one follows.
    pub following: Option<i64>,
    /// Posts.
    pub posts: Option<i64>,
    /// Likes over all posts.
    pub likes: Option<i64>,
}

/// A post's own counts, to the digit, whether or not the platform shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PostCounts {
    /// Plays; on YouTube these are its views.
    pub plays: i64,
    /// Likes; on Pinterest reactions.
    pub likes: i64,
    /// Comments.
    pub comments: i64,
    /// Shares.
    pub shares: i64,
    /// Saves; on Pinterest those of all copies of the pin.
    pub saves: i64,
    /// Pinterest's saves of this very pin.
    pub own_repins: i64,
}

/// Whether a profile or post can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// By everybody.
    Live,
    /// By followers or its owner alone.
    Private,
    /// By nobody: deleted, or never there.
    Deleted,
}

/// The truth about an account now.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileTruth {
    /// When "now" is, by the sandbox's clock.
    pub at: Timestamp,
    /// The handles that it had before, the first one first. The present one is in `facts`.
    pub previous_usernames: Vec<String>,
    /// Whether it can be seen.
    pub standing: Standing,
    /// Its counts, to the digit.
    pub counts: ProfileCounts,
    /// What its pages say, rounded as they round it.
    pub facts: ProfileFacts,
}

/// The truth about a post now.
#[derive(Clone, Debug, PartialEq)]
pub struct PostTruth {
    /// When "now" is, by the sandbox's clock.
    pub at: Timestamp,
    /// Whether it can be seen; a post of a deleted or private account is as its account is.
    pub standing: Standing,
    /// Its counts, to the digit.
    pub counts: PostCounts,
    /// What its pages say, all pages taken together; rounded as they round it, hidden where the owner hides.
    pub facts: PostFacts,
}

/// The truth about what a handle or an id names.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// An account.
    Profile(Box<ProfileTruth>),
    /// A post.
    Post(Box<PostTruth>),
}

impl Truth {
    /// The truth as `GET /control/truth` writes it: exact `counts`, and `shown` as the pages round and hide.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Profile(truth) => {
                let ProfileTruth { at, previous_usernames, standing, counts, facts } = &**truth;
                let ProfileMetrics { followers, following, posts, likes } = facts.metrics;
                json!({
                    "type": "profile", "at": at, "platform": facts.platform, "platform_id": facts.platform_id, "username": facts.username,
                    "previous_usernames": previous_usernames, "standing": standing, "name": facts.name,
                    "description": facts.description, "is_verified": facts.is_verified, "is_private": facts.is_private, "counts": counts,
                    "shown": { "followers": followers.value(), "following": following.value(), "posts": posts.value(), "likes": likes.value() },
                })
            }
            Self::Post(truth) => {
                let PostTruth { at, standing, counts, facts } = &**truth;
                let PostMetrics { views, likes, comments, shares, plays, saves } = facts.metrics;
                json!({
                    "type": "post", "at": at, "platform": facts.platform, "external_id": facts.external_id, "shortcode": facts.shortcode,
                    "author_id": facts.author.platform_id, "author_username": facts.author.username, "standing": standing,
                    "description": facts.description, "create_time": facts.create_time,
                    "media_type": facts.media_type.map(MediaType::as_str), "counts": counts,
                    "shown": {
                        "views": views.value(), "likes": likes.value(), "comments": comments.value(), "shares": shares.value(),
                        "plays": plays.value(), "saves": saves.value(),
                    },
                })
            }
        }
    }
}
