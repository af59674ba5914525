//! Numbers of stretches of days: what each metric gained, the rates that follow, and how one stretch compares with another.

use crate::day::Day;
use crate::float::Float;
use crate::validation::one_of;

/// The sums of what metrics gained over some days. `None`: no gain of the metric is known on any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gains {
    /// Views.
    pub views: Option<i64>,
    /// Plays; on TikTok the same as views.
    pub plays: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// Shares.
    pub shares: Option<i64>,
    /// Saves.
    pub saves: Option<i64>,
    /// Followers; of accounts, and of what is made of accounts.
    pub followers: Option<i64>,
}

impl Gains {
    /// Likes, comments and shares.
    pub fn engagement(&self) -> Option<i64> {
        engagement(self.likes, self.comments, self.shares)
    }

    /// Engagement by views, in percent.
    pub fn engagement_rate(&self) -> Option<Float> {
        self.rate().map(percent)
    }

    /// The same in hundredths of a percent.
    fn rate(&self) -> Option<i64> {
        hundredths(self.engagement()?, self.views?)
    }

    /// How these compare with those of the stretch before.
    pub fn changes_since(&self, before: &Self) -> Changes {
        let change = |of: fn(&Self) -> Option<i64>| change(of(self), of(before));
        Changes {
            views: change(|gains| gains.views),
            plays: change(|gains| gains.plays),
            likes: change(|gains| gains.likes),
            comments: change(|gains| gains.comments),
            shares: change(|gains| gains.shares),
            saves: change(|gains| gains.saves),
            engagement: change(Self::engagement),
            engagement_rate: change(Self::rate),
            followers: change(|gains| gains.followers),
        }
    }
}

/// By how many percent each number of a stretch is more than in the one before; `None` where either is unknown, or the one before is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Changes {
    /// Views.
    pub views: Option<Float>,
    /// Plays.
    pub plays: Option<Float>,
    /// Likes.
    pub likes: Option<Float>,
    /// Comments.
    pub comments: Option<Float>,
    /// Shares.
    pub shares: Option<Float>,
    /// Saves.
    pub saves: Option<Float>,
    /// Likes, comments and shares.
    pub engagement: Option<Float>,
    /// Engagement by views.
    pub engagement_rate: Option<Float>,
    /// Followers.
    pub followers: Option<Float>,
}

/// Likes, comments and shares together. What is not known of them adds nothing; `None` when nothing is.
pub fn engagement(likes: Option<i64>, comments: Option<i64>, shares: Option<i64>) -> Option<i64> {
    [likes, comments, shares].into_iter().flatten().reduce(i64::saturating_add)
}

/// Engagement by views in percent, to two places; `None` when either is unknown or views are 0.
pub fn engagement_rate(engagement: Option<i64>, views: Option<i64>) -> Option<Float> {
    hundredths(engagement?, views?).map(percent)
}

/// By how many percent `now` is more than `before`, to two places; `None` when either is unknown or `before` is 0.
pub fn change(now: Option<i64>, before: Option<i64>) -> Option<Float> {
    let (now, before) = (now?, before?);
    hundredths(now.saturating_sub(before), before.saturating_abs()).map(percent)
}

/// `part / whole` in hundredths of a percent, halves away from 0. In whole numbers, so that no rounding of fractions goes before it.
pub fn hundredths(part: i64, whole: i64) -> Option<i64> {
    if whole == 0 {
        return None;
    }
    let (part, whole) = (i128::from(part) * 10_000, i128::from(whole));
    let is_negative = (part < 0) != (whole < 0);
    let (part, whole) = (part.abs(), whole.abs());
    let rounded = (2 * part + whole) / (2 * whole);
    i64::try_from(if is_negative { -rounded } else { rounded }).ok()
}

#[expect(clippy::cast_precision_loss, reason = "a percentage beyond 2^53 hundredths is of no use to anybody")]
fn percent(hundredths: i64) -> Float {
    Float(hundredths as f64 / 100.0)
}

/// What was known at the end of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Views.
    pub views: Option<i64>,
    /// Plays; on TikTok the same as views.
    pub plays: Option<i64>,
    /// Likes.
    pub likes: Option<i64>,
    /// Comments.
    pub comments: Option<i64>,
    /// Shares.
    pub shares: Option<i64>,
    /// Saves.
    pub saves: Option<i64>,
    /// Followers; of accounts, and of what is made of accounts.
    pub followers: Option<i64>,
    /// Accounts that are followed, likewise.
    pub following: Option<i64>,
    /// Posts as profiles count them, likewise.
    pub posts: Option<i64>,
}

/// A day of a target, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryDay {
    /// The day.
    pub day: Day,
    /// Whether there was a read.
    pub observed: bool,
    /// Whether a metric fell, of the target or of one of its posts.
    pub anomaly: bool,
    /// What was read. `None` for a metric that was not.
    pub values: Counts,
    /// What the day added.
    pub gains: Gains,
}

impl HistoryDay {
    /// A day without a read.
    pub fn unobserved(day: Day) -> Self {
        Self { day, observed: false, anomaly: false, values: Counts::default(), gains: Gains::default() }
    }
}

/// How much of a window was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Coverage {
    /// Days of the window.
    pub days: i32,
    /// Those of them with a read.
    pub observed_days: i32,
    /// Posts that were known by the end of the window; 0 for a single post.
    pub posts: i64,
    /// Those of them that were read within the window.
    pub posts_observed: i64,
}

/// A window beside the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Analytics {
    /// What the window gained.
    pub totals: Gains,
    /// What as many days before it gained.
    pub previous: Gains,
    /// How much of the window was seen.
    pub coverage: Coverage,
    /// Each day of the window, the oldest first.
    pub daily: Vec<HistoryDay>,
}

/// A metric by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricName {
    /// Views.
    Views,
    /// Plays.
    Plays,
    /// Likes.
    Likes,
    /// Comments.
    Comments,
    /// Shares.
    Shares,
    /// Saves.
    Saves,
    /// Likes, comments and shares.
    Engagement,
    /// Engagement by views, in percent.
    EngagementRate,
    /// Followers.
    Followers,
    /// Accounts that are followed.
    Following,
    /// Posts as the profile counts them.
    Posts,
}

impl MetricName {
    /// What an account has.
    pub const OF_ACCOUNTS: &'static [Self] = &[
        Self::Views,
        Self::Plays,
        Self::Likes,
        Self::Comments,
        Self::Shares,
        Self::Saves,
        Self::Engagement,
        Self::EngagementRate,
        Self::Followers,
        Self::Following,
        Self::Posts,
    ];

    /// What a post has: the first of them.
    pub const OF_POSTS: &'static [Self] = Self::OF_ACCOUNTS.split_at(8).0;

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Plays => "plays",
            Self::Likes => "likes",
            Self::Comments => "comments",
            Self::Shares => "shares",
            Self::Saves => "saves",
            Self::Engagement => "engagement",
            Self::EngagementRate => "engagement_rate",
            Self::Followers => "followers",
            Self::Following => "following",
            Self::Posts => "posts",
        }
    }

    /// Finds a name among `known`.
    pub fn parse(text: &str, known: &[Self]) -> Result<Self, String> {
        one_of(text, known, Self::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_adds_nothing_to_engagement() {
        assert_eq!(engagement(Some(5), None, Some(-2)), Some(3));
        assert_eq!(engagement(None, None, None), None);
        assert_eq!(engagement(None, Some(0), None), Some(0));
    }

    #[test]
    fn rates_have_two_places_and_none_by_nothing() {
        let rate = |engagement, views| engagement_rate(engagement, views).map(|rate| rate.0);
        assert_eq!(rate(Some(1), Some(3)), Some(33.33));
        assert_eq!(rate(Some(2), Some(3)), Some(66.67));
        assert_eq!(rate(Some(201), Some(20_000)), Some(1.01), "1.005, which no fraction of two can hold");
        assert_eq!(rate(Some(0), Some(7)), Some(0.0));
        assert_eq!(rate(Some(-1), Some(3)), Some(-33.33));
        assert_eq!((rate(Some(1), Some(0)), rate(None, Some(1)), rate(Some(1), None)), (None, None, None));
        assert_eq!(rate(Some(i64::MAX), Some(i64::MAX)), Some(100.0));
    }

    #[test]
    fn changes_are_in_percent_of_what_was() {
        let percent = |now, before| change(now, before).map(|change| change.0);
        assert_eq!(percent(Some(150), Some(100)), Some(50.0));
        assert_eq!(percent(Some(0), Some(100)), Some(-100.0));
        assert_eq!(percent(Some(10), Some(-20)), Some(150.0), "up from a fall");
        assert_eq!((percent(Some(1), Some(0)), percent(None, Some(1)), percent(Some(1), None)), (None, None, None));
    }

    #[test]
    fn the_change_of_a_rate_is_that_of_the_rates_as_they_are_shown() {
        let gains = |likes, views| Gains { likes: Some(likes), views: Some(views), ..Gains::default() };
        let (now, before) = (gains(1, 3), gains(1, 6));
        assert_eq!((now.engagement_rate(), before.engagement_rate()), (Some(Float(33.33)), Some(Float(16.67))));
        assert_eq!(now.changes_since(&before).engagement_rate, Some(Float(99.94)));
        assert_eq!(now.changes_since(&before).comments, None);
    }

    #[test]
    fn a_metric_is_found_among_those_of_its_kind() {
        for name in MetricName::OF_ACCOUNTS {
            assert_eq!(MetricName::parse(name.as_str(), MetricName::OF_ACCOUNTS), Ok(*name));
        }
        let refused = MetricName::parse("followers", MetricName::OF_POSTS).unwrap_err();
        assert_eq!(
            refused,
            "must be one of: views, plays, likes, comments, shares, saves, engagement, engagement_rate"
        );
    }
}
