//! Collections: named sets of what an organization tracks, to report on together.

use serde::Serialize;

use crate::ids::{AccountId, AccountVideoId, CreatorId, VideoId};
use crate::validation::one_of;

/// Under which name an organization keeps a collection. The two are the same in every other respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionKind {
    /// A project.
    Project,
    /// A group.
    Group,
}

impl CollectionKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Project, Self::Group];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Group => "group",
        }
    }

    /// The same for several, as it stands in sentences and in paths.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Project => "projects",
            Self::Group => "groups",
        }
    }
}

impl std::str::FromStr for CollectionKind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, CollectionKind::as_str)
    }
}

/// What a member of a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberType {
    /// A creator, and with it its accounts and their posts.
    Creator,
    /// An account, and with it its posts.
    Account,
    /// A post that was added by hand.
    Video,
    /// A post that was found in an account's feed.
    AccountVideo,
}

impl MemberType {
    /// Every type, in the order in which error messages name them.
    pub const ALL: [Self; 4] = [Self::Creator, Self::Account, Self::Video, Self::AccountVideo];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creator => "creator",
            Self::Account => "account",
            Self::Video => "video",
            Self::AccountVideo => "account_video",
        }
    }
}

impl std::str::FromStr for MemberType {
    type Err = String;

    /// The error is the message for the offending field: `must be one of: …`.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, MemberType::as_str)
    }
}

/// A member of a collection, by its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// A creator.
    Creator(CreatorId),
    /// An account.
    Account(AccountId),
    /// A post that was added by hand.
    Video(VideoId),
    /// A post that was found in an account's feed.
    AccountVideo(AccountVideoId),
}

impl Member {
    /// What it is.
    pub const fn member_type(self) -> MemberType {
        match self {
            Self::Creator(_) => MemberType::Creator,
            Self::Account(_) => MemberType::Account,
            Self::Video(_) => MemberType::Video,
            Self::AccountVideo(_) => MemberType::AccountVideo,
        }
    }
}

impl std::fmt::Display for Member {
    /// The type and the id, such as `account_video 48213`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.member_type().as_str();
        match self {
            Self::Creator(id) => write!(f, "{kind} {id}"),
            Self::Account(id) => write!(f, "{kind} {id}"),
            Self::Video(id) => write!(f, "{kind} {id}"),
            Self::AccountVideo(id) => write!(f, "{kind} {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in CollectionKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for member in MemberType::ALL {
            assert_eq!(member.as_str().parse(), Ok(member));
            assert_eq!(serde_json::to_value(member).unwrap(), member.as_str());
        }
        assert_eq!(
            "post".parse::<MemberType>(),
            Err("must be one of: creator, account, video, account_video".to_owned())
        );
        assert_eq!(Member::AccountVideo(AccountVideoId(48_213)).to_string(), "account_video 48213");
    }
}
