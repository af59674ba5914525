//! Identifiers, each a type of its own, so that an account's id cannot be passed where a video's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($made:ident: $($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one.
            pub fn new() -> Self {
                Self(Uuid::$made())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

macro_rules! integer_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

// Version 7, so that ids sort by age.
uuid_id! { now_v7:
    /// An organization: a tenant.
    OrganizationId;
    /// An API key's record (not the key itself).
    ApiKeyId;
    /// An organization's tracking of a profile.
    AccountId;
    /// An organization's tracking of one post, added by hand.
    VideoId;
    /// A creator: an organization's name for a person with several accounts.
    CreatorId;
    /// A collection: a project or a group.
    CollectionId;
    /// An export.
    ExportId;
}

// Version 4: organizations share runs, and when somebody else asked for one is none of theirs.
uuid_id! { new_v4:
    /// One scrape, from being queued to its end.
    RunId;
}

integer_id! {
    /// A profile: the public facts of one platform account, shared by all who track it.
    ProfileId;
    /// A post: the public facts of one video, image or carousel, shared by all who track it.
    PostId;
    /// A post found in a tracked account's feed, as one organization sees it.
    AccountVideoId;
}
