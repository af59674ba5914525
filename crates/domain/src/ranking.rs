//! By what targets are ranked.

use crate::validation::one_of;

/// What was gained, by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GainName {
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
    /// Engagement by views.
    EngagementRate,
    /// Followers.
    FollowersGained,
}

impl GainName {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Views,
        Self::Plays,
        Self::Likes,
        Self::Comments,
        Self::Shares,
        Self::Saves,
        Self::Engagement,
        Self::EngagementRate,
        Self::FollowersGained,
    ];

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
            Self::FollowersGained => "followers_gained",
        }
    }
}

impl std::str::FromStr for GainName {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, GainName::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in GainName::ALL {
            assert_eq!(name.as_str().parse(), Ok(name));
        }
        assert!("view_count".parse::<GainName>().unwrap_err().starts_with("must be one of: views, plays"));
    }
}
