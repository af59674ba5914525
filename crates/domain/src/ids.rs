//! Identifiers, each a type of its own, so that an account's id cannot be passed where a video's is meant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Clock, Day};

macro_rules! uuid_id {
    ($made:path: $($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new one.
            pub fn new() -> Self {
                Self($made())
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
uuid_id! { Uuid::now_v7:
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

uuid_id! { of_the_day:
    /// One scrape, from being queued to its end.
    RunId;
}

/// Of version 7, of which the time is the day's (UTC): organizations share runs, and when somebody else asked for one is none of theirs.
fn of_the_day() -> Uuid {
    let day = Day::of(Clock::system().now()).start().as_millis();
    let mut bytes = Uuid::new_v4().into_bytes();
    bytes[..6].copy_from_slice(&day.to_be_bytes()[2..]);
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    Uuid::from_bytes(bytes)
}

integer_id! {
    /// A profile: the public facts of one platform account, shared by all who track it.
    ProfileId;
    /// A post: the public facts of one video, image or carousel, shared by all who track it.
    PostId;
    /// A post found in a tracked account's feed, as one organization sees it.
    AccountVideoId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_version_7_and_says_the_day_alone() {
        let (one, other) = (RunId::new(), RunId::new());
        let [(seconds, nanos), (others, _)] = [one, other].map(|id| id.0.get_timestamp().unwrap().to_unix());
        assert_ne!(one, other);
        assert_eq!((one.0.get_version_num(), one.0.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(seconds.is_multiple_of(86_400) && nanos == 0 && others - seconds <= 86_400);
    }
}
