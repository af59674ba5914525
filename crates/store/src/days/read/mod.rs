//! Reading history by days, as one organization has it: what windows gained, day by day and as a whole, and the reads themselves.
//!
//! A record shows days from its own first read on, even where another record of the organization had the post before.

mod deltas;
mod series;
mod snapshots;
mod standings;
mod windows;

use domain::Platform;
use sea_orm::Value;

pub use deltas::{Delta, Deltas};
pub use series::DayOfAccount;
pub use snapshots::{Snapshot, SnapshotOrder};
pub use windows::WindowNumbers;

use crate::paging::RowId;

/// What has a history of its own: the records of an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrackedKind {
    /// Accounts.
    Account,
    /// Posts that were added by hand.
    Video,
    /// Posts that were found in a feed.
    AccountVideo,
}

impl TrackedKind {
    const fn table(self) -> &'static str {
        match self {
            Self::Account => "accounts",
            Self::Video => "videos",
            Self::AccountVideo => "account_videos",
        }
    }

    /// Whether an id is one of this kind.
    const fn fits(self, id: RowId) -> bool {
        match (self, id) {
            (Self::Account | Self::Video, RowId::Uuid(_)) | (Self::AccountVideo, RowId::Integer(_)) => true,
            (Self::Account | Self::Video, RowId::Integer(_)) | (Self::AccountVideo, RowId::Uuid(_)) => false,
        }
    }
}

fn id_value(id: RowId) -> Value {
    match id {
        RowId::Uuid(id) => id.into(),
        RowId::Integer(id) => id.into(),
    }
}

fn platform_of(text: &str) -> Result<Platform, crate::StoreError> {
    text.parse()
        .map_err(|_| crate::StoreError::Unreadable { table: "accounts, videos or account_videos", column: "platform" })
}
