//! What a client asks to be written, already valid, and why the store may refuse.

use domain::{
    AccountId, CollectionId, CollectionKind, CreatorId, ExportId, Handle, Member, Metadata, Platform, PostRef, VideoId,
};
use thiserror::Error;
use uuid::Uuid;

use crate::error::StoreError;

/// A new account to track.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The platform.
    pub platform: Platform,
    /// The handle.
    pub handle: Handle,
    /// The client's own category.
    pub category: Option<String>,
    /// Hours between reads; `None` for the organization's default.
    pub scrape_interval_hours: Option<i64>,
    /// The client's own notes.
    pub metadata: Metadata,
    /// Whether to collect it at once.
    pub is_active: bool,
    /// The creator to link it to.
    pub creator_id: Option<CreatorId>,
    /// Bound on recent posts.
    pub max_recent_posts: Option<i64>,
    /// Bound on age in days.
    pub post_lookback_days: Option<i64>,
}

/// A change of an account: `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The client's own category.
    pub category: Option<Option<String>>,
    /// Hours between reads.
    pub scrape_interval_hours: Option<i64>,
    /// The client's own notes, replaced as a whole.
    pub metadata: Option<Metadata>,
    /// Collect or pause.
    pub is_active: Option<bool>,
    /// Link to a creator, or unlink.
    pub creator_id: Option<Option<CreatorId>>,
    /// Bound on recent posts.
    pub max_recent_posts: Option<Option<i64>>,
    /// Bound on age in days.
    pub post_lookback_days: Option<Option<i64>>,
}

/// A new post to track.
#[derive(Clone, Debug)]
pub struct NewVideo {
    /// Which one.
    pub post: PostRef,
    /// Hours between reads; `None` for the organization's default.
    pub scrape_interval_hours: Option<i64>,
    /// The client's own notes.
    pub metadata: Metadata,
    /// Whether to collect it at once.
    pub is_active: bool,
}

/// A change of a video: `None` leaves a field.
#[derive(Clone, Debug, Default)]
pub struct VideoChange {
    /// Hours between reads.
    pub scrape_interval_hours: Option<i64>,
    /// The client's own notes, replaced as a whole.
    pub metadata: Option<Metadata>,
    /// Collect or pause.
    pub is_active: Option<bool>,
}

/// A new creator.
#[derive(Clone, Debug)]
pub struct NewCreator {
    /// The name.
    pub name: String,
    /// Whether its accounts are collected.
    pub is_active: bool,
    /// The client's own notes.
    pub metadata: Metadata,
}

/// A change of a creator: `None` leaves a field.
#[derive(Clone, Debug, Default)]
pub struct CreatorChange {
    /// The name.
    pub name: Option<String>,
    /// Collect or pause its accounts.
    pub is_active: Option<bool>,
    /// The client's own notes, replaced as a whole.
    pub metadata: Option<Metadata>,
}

/// What linking an account to a creator did, or putting something into a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It was not there before.
    Now,
    /// It was there already.
    Before,
}

/// Why a write was refused. Nothing was written.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The organization tracks it already.
    #[error("it is tracked already, as {existing_id}")]
    Duplicate {
        /// The id of the tracking record that is there.
        existing_id: Uuid,
    },
    /// The organization's cap on tracked accounts is reached.
    #[error("the organization's cap of {cap} tracked accounts is reached")]
    QuotaExceeded {
        /// The cap.
        cap: i64,
    },
    /// No such account in this organization.
    #[error("no account {0}")]
    NoAccount(AccountId),
    /// No such video in this organization.
    #[error("no video {0}")]
    NoVideo(VideoId),
    /// No such creator in this organization.
    #[error("no creator {0}")]
    NoCreator(CreatorId),
    /// The account is linked to another creator.
    #[error("the account is linked to creator {0}")]
    LinkedElsewhere(CreatorId),
    /// No such collection in this organization.
    #[error("no collection {0}")]
    NoCollection(CollectionId),
    /// No such thing in this organization, or not a member of the collection.
    #[error("no {0}")]
    NoMember(Member),
    /// The organization has as many collections of the kind as it may have.
    #[error("the organization has {most} {}", kind.plural())]
    TooManyCollections {
        /// The kind.
        kind: CollectionKind,
        /// How many it may have.
        most: i64,
    },
    /// The collection has as many members as it may have.
    #[error("the {} has {most} members", kind.as_str())]
    CollectionFull {
        /// The kind.
        kind: CollectionKind,
        /// How many it may have.
        most: i64,
    },
    /// No such export in this organization.
    #[error("no export {0}")]
    NoExport(ExportId),
    /// The organization has as many exports as it may have.
    #[error("the organization has {most} exports")]
    TooManyExports {
        /// How many it may have.
        most: i64,
    },
    /// As many exports of the organization wait or are being written as may be.
    #[error("{most} exports of the organization are not finished")]
    TooManyExportsAtOnce {
        /// How many may be.
        most: i64,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
