//! The platforms that are tracked.

use serde::{Deserialize, Serialize};

use crate::validation::one_of;

/// A platform whose public pages are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// instagram.com
    Instagram,
    /// tiktok.com
    Tiktok,
    /// youtube.com
    Youtube,
    /// pinterest.com and its country sites
    Pinterest,
}

impl Platform {
    /// Every platform, in the order in which error messages name them.
    pub const ALL: [Self; 4] = [Self::Instagram, Self::Tiktok, Self::Youtube, Self::Pinterest];

    /// The name on the wire, in the database and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Instagram => "instagram",
            Self::Tiktok => "tiktok",
            Self::Youtube => "youtube",
            Self::Pinterest => "pinterest",
        }
    }

    /// Whether it has a metric at all, by the metric's name in records (`saved_count`).
    pub fn has_metric(self, metric: &str) -> bool {
        match self {
            Self::Instagram => true,
            // The number of collections that it shows is another thing than saves; it stands in `platform_data`.
            Self::Tiktok => !matches!(metric, "saved_count" | "fb_play_count" | "ig_play_count" | "fb_like_count"),
            Self::Youtube => !matches!(
                metric,
                "share_count"
                    | "saved_count"
                    | "play_count"
                    | "following_count"
                    | "fb_play_count"
                    | "ig_play_count"
                    | "fb_like_count"
            ),
            Self::Pinterest => !matches!(
                metric,
                "view_count" | "play_count" | "share_count" | "fb_play_count" | "ig_play_count" | "fb_like_count"
            ),
        }
    }

    /// Whether its posts have a count of saves. The number of collections that TikTok shows is another thing.
    pub const fn has_saves(self) -> bool {
        match self {
            Self::Instagram | Self::Pinterest => true,
            Self::Tiktok | Self::Youtube => false,
        }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Platform {
    type Err = String;

    /// The error is the message for the offending field: `must be one of: …`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Platform::as_str)
    }
}
