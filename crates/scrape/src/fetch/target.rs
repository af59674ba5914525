//! What can be asked for. Where it is asked for stands in `address`.

use domain::{Platform, TargetKind};

/// What to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account's page.
    Profile {
        /// Where.
        platform: Platform,
        /// Its handle; of a YouTube channel whose handle is not known the channel id, `c/name` or `user/name`.
        username: String,
        /// The platform's id of the account, where it is known. Some sources know accounts by it alone.
        platform_id: Option<String>,
    },
    /// The list of an account's recent posts.
    Feed {
        /// Where.
        platform: Platform,
        /// Its handle; of a YouTube channel whose handle is not known the channel id, `c/name` or `user/name`.
        username: String,
        /// The platform's id of the account, where it is known. Some sources know accounts by it alone.
        platform_id: Option<String>,
    },
    /// One post.
    Post {
        /// Where.
        platform: Platform,
        /// The platform's id of the post (not Instagram's shortcode).
        external_id: String,
        /// The author's handle, where it is known.
        username: Option<String>,
    },
}

impl Target {
    /// Where it is.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Profile { platform, .. } | Self::Feed { platform, .. } | Self::Post { platform, .. } => *platform,
        }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> TargetKind {
        match self {
            Self::Profile { .. } => TargetKind::Profile,
            Self::Feed { .. } => TargetKind::Feed,
            Self::Post { .. } => TargetKind::Post,
        }
    }
}
