//! Projects and groups on the wire, and their members.

use domain::{CollectionKind, Member, MemberType, Metadata, Timestamp};
use serde::Serialize;
use store::{Collection, CollectionMember, MemberCounts};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::vocabulary::MemberTypeName;

/// A project: creators, accounts and posts that belong together.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
pub(crate) struct CollectionOut {
    /// The project's id.
    id: Uuid,
    /// `project`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "project")]
    kind: CollectionKind,
    /// The name. Several may have the same.
    name: String,
    /// Your own notes.
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// How many members it has.
    members_summary: MembersSummaryOut,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// When its name or notes last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// How many members there are.
#[derive(Serialize, ToSchema)]
#[schema(as = MembersSummary)]
pub(crate) struct MembersSummaryOut {
    /// Creators.
    #[schema(minimum = 0)]
    creators: i64,
    /// Accounts that are members themselves.
    #[schema(minimum = 0)]
    accounts: i64,
    /// Videos and account videos that are members themselves.
    #[schema(minimum = 0)]
    videos: i64,
}

impl From<Collection> for CollectionOut {
    fn from(collection: Collection) -> Self {
        let Collection { id, kind, name, metadata, added_at, updated_at, members } = collection;
        let MemberCounts { creators, accounts, videos } = members;
        let members_summary = MembersSummaryOut { creators, accounts, videos };
        Self { id: id.0, kind, name, metadata, members_summary, added_at, updated_at }
    }
}

/// What belongs to a project or group.
#[derive(Serialize, ToSchema)]
#[schema(as = CollectionMember)]
pub(crate) struct CollectionMemberOut {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(value_type = MemberTypeName)]
    member_type: MemberType,
    /// Its id.
    id: MemberIdOut,
    /// When it was put there.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
}

/// An id of a creator, account, video or account video.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = CollectionMemberId)]
pub(crate) enum MemberIdOut {
    /// Of a creator, account or video.
    Uuid(Uuid),
    /// Of an account video.
    Integer(i64),
}

impl From<CollectionMember> for CollectionMemberOut {
    fn from(found: CollectionMember) -> Self {
        let CollectionMember { member, added_at } = found;
        let id = match member {
            Member::Creator(id) => MemberIdOut::Uuid(id.0),
            Member::Account(id) => MemberIdOut::Uuid(id.0),
            Member::Video(id) => MemberIdOut::Uuid(id.0),
            Member::AccountVideo(id) => MemberIdOut::Integer(id.0),
        };
        Self { member_type: member.member_type(), id, added_at }
    }
}
