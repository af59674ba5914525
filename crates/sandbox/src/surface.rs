//! The kinds of page and interface that a platform answers at. Faults are set and requests are counted by them.

use serde::{Deserialize, Serialize};

/// A kind of address of a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surface {
    /// A profile's page.
    Profile,
    /// A profile's embed page (Instagram).
    ProfileEmbed,
    /// A list of a profile's posts: TikTok's embed page, Instagram's reels tab, the RSS of YouTube and Pinterest.
    Feed,
    /// A post's page.
    Post,
    /// A post's embed page (Instagram, TikTok).
    PostEmbed,
    /// An oEmbed answer.
    Oembed,
    /// The platform's official interface: Instagram's Graph, YouTube's Data API.
    Official,
    /// A share link that leads to a post.
    ShortLink,
    /// A page that guests are sent to instead of the one they asked for.
    Login,
    /// Anything else; not found.
    Other,
}

impl Surface {
    /// The name on the wire and in the statistics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::ProfileEmbed => "profile_embed",
            Self::Feed => "feed",
            Self::Post => "post",
            Self::PostEmbed => "post_embed",
            Self::Oembed => "oembed",
            Self::Official => "official",
            Self::ShortLink => "short_link",
            Self::Login => "login",
            Self::Other => "other",
        }
    }
}
