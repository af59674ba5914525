//! Numbers of days on the wire: what was gained, how that compares with the days before, how much was seen, and how counts stood. Each has two forms: that
//! of a single post, and that of what is made of posts, which has followers and a count of posts besides.

use domain::{Changes, Counts, Coverage, Float, Gains};
use serde::Serialize;
use utoipa::ToSchema;

/// What was gained over some days: sums of what each day added. Null when no gain of a metric is known on any of them; falls count as they are.
#[derive(Serialize, ToSchema)]
#[schema(as = Gains)]
pub(crate) struct GainsOut {
    /// Views.
    views: Option<i64>,
    /// Plays; on TikTok the same as views.
    plays: Option<i64>,
    /// Likes.
    likes: Option<i64>,
    /// Comments.
    comments: Option<i64>,
    /// Shares.
    shares: Option<i64>,
    /// Saves.
    saves: Option<i64>,
    /// Likes, comments and shares, as far as they are known; null when none of them is.
    engagement: Option<i64>,
    /// Engagement by views, in percent, to two places. Null when views are unknown or 0.
    #[schema(value_type = Option<f64>)]
    engagement_rate: Option<Float>,
}

impl From<Gains> for GainsOut {
    fn from(gains: Gains) -> Self {
        let (engagement, engagement_rate) = (gains.engagement(), gains.engagement_rate());
        let Gains { views, plays, likes, comments, shares, saves, followers: _ } = gains;
        Self { views, plays, likes, comments, shares, saves, engagement, engagement_rate }
    }
}

/// The same of an account, or of what is made of accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = RollupGains)]
pub(crate) struct RollupGainsOut {
    #[serde(flatten)]
    of_posts: GainsOut,
    /// Followers.
    followers_gained: Option<i64>,
}

impl From<Gains> for RollupGainsOut {
    fn from(gains: Gains) -> Self {
        Self { of_posts: gains.into(), followers_gained: gains.followers }
    }
}

/// How the gains compare with those of as many days before, in percent of those, to two places. Null where either is unknown, or the earlier is 0.
#[expect(clippy::struct_field_names, reason = "they are named as on the wire")]
#[derive(Serialize, ToSchema)]
#[schema(as = Changes)]
pub(crate) struct ChangesOut {
    /// Views.
    #[schema(value_type = Option<f64>)]
    views_pct: Option<Float>,
    /// Plays.
    #[schema(value_type = Option<f64>)]
    plays_pct: Option<Float>,
    /// Likes.
    #[schema(value_type = Option<f64>)]
    likes_pct: Option<Float>,
    /// Comments.
    #[schema(value_type = Option<f64>)]
    comments_pct: Option<Float>,
    /// Shares.
    #[schema(value_type = Option<f64>)]
    shares_pct: Option<Float>,
    /// Saves.
    #[schema(value_type = Option<f64>)]
    saves_pct: Option<Float>,
    /// Likes, comments and shares.
    #[schema(value_type = Option<f64>)]
    engagement_pct: Option<Float>,
    /// The engagement rate: by how many percent of itself it changed, worked out from the two rates as they are shown.
    #[schema(value_type = Option<f64>)]
    engagement_rate_pct: Option<Float>,
}

impl From<Changes> for ChangesOut {
    fn from(changes: Changes) -> Self {
        let Changes { views, plays, likes, comments, shares, saves, engagement, engagement_rate, followers: _ } =
            changes;
        Self {
            views_pct: views,
            plays_pct: plays,
            likes_pct: likes,
            comments_pct: comments,
            shares_pct: shares,
            saves_pct: saves,
            engagement_pct: engagement,
            engagement_rate_pct: engagement_rate,
        }
    }
}

/// The same of an account, or of what is made of accounts.
#[derive(Serialize, ToSchema)]
#[schema(as = RollupChanges)]
pub(crate) struct RollupChangesOut {
    #[serde(flatten)]
    of_posts: ChangesOut,
    /// Followers gained.
    #[schema(value_type = Option<f64>)]
    followers_gained_pct: Option<Float>,
}

impl From<Changes> for RollupChangesOut {
    fn from(changes: Changes) -> Self {
        Self { of_posts: changes.into(), followers_gained_pct: changes.followers }
    }
}

/// How much of the window was seen.
#[derive(Serialize, ToSchema)]
#[schema(as = Coverage)]
pub(crate) struct CoverageOut {
    /// Days of the window.
    #[schema(minimum = 1, maximum = 366)]
    days: i32,
    /// Those of them with a read.
    #[schema(minimum = 0, maximum = 366)]
    observed_days: i32,
}

impl From<Coverage> for CoverageOut {
    fn from(Coverage { days, observed_days, posts: _, posts_observed: _ }: Coverage) -> Self {
        Self { days, observed_days }
    }
}

/// The same of what is made of posts.
#[derive(Serialize, ToSchema)]
#[schema(as = RollupCoverage)]
pub(crate) struct RollupCoverageOut {
    #[serde(flatten)]
    of_days: CoverageOut,
    /// Posts that were known by the end of the window.
    #[schema(minimum = 0)]
    posts: i64,
    /// Those of them that were read within the window.
    #[schema(minimum = 0)]
    posts_observed: i64,
}

impl From<Coverage> for RollupCoverageOut {
    fn from(coverage: Coverage) -> Self {
        let Coverage { days: _, observed_days: _, posts, posts_observed } = coverage;
        Self { of_days: coverage.into(), posts, posts_observed }
    }
}

/// Counts as they stood at the end of a day. Null for what was not read that day.
#[derive(Serialize, ToSchema)]
#[schema(as = Values)]
pub(crate) struct ValuesOut {
    /// Views.
    views: Option<i64>,
    /// Plays; on TikTok the same as views.
    plays: Option<i64>,
    /// Likes.
    likes: Option<i64>,
    /// Comments.
    comments: Option<i64>,
    /// Shares.
    shares: Option<i64>,
    /// Saves.
    saves: Option<i64>,
}

impl From<Counts> for ValuesOut {
    fn from(counts: Counts) -> Self {
        let Counts { views, plays, likes, comments, shares, saves, followers: _, following: _, posts: _ } = counts;
        Self { views, plays, likes, comments, shares, saves }
    }
}

/// The same of what is made of posts: sums of the last known counts of its posts, where at least one of them was read that day.
#[derive(Serialize, ToSchema)]
#[schema(as = RollupValues)]
pub(crate) struct RollupValuesOut {
    #[serde(flatten)]
    of_posts: ValuesOut,
    /// Followers.
    followers: Option<i64>,
    /// Accounts that are followed.
    following: Option<i64>,
    /// Posts, as the profile counts them.
    posts: Option<i64>,
}

impl From<Counts> for RollupValuesOut {
    fn from(counts: Counts) -> Self {
        let Counts { followers, following, posts, .. } = counts;
        Self { of_posts: counts.into(), followers, following, posts }
    }
}
