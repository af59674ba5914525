//! A creator on the wire.

use std::collections::BTreeMap;

use domain::{Metadata, Platform, Timestamp};
use serde::Serialize;
use store::Creator;
use utoipa::ToSchema;
use uuid::Uuid;

/// A person or brand with accounts on several platforms.
#[derive(Serialize, ToSchema)]
#[schema(as = Creator)]
pub(crate) struct CreatorOut {
    /// The creator's id.
    id: Uuid,
    /// `creator`.
    #[serde(rename = "type")]
    #[schema(example = "creator")]
    kind: &'static str,
    /// The name.
    name: String,
    /// Whether its accounts are collected; paused when false.
    is_active: bool,
    /// Your own notes.
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// The linked accounts.
    accounts_summary: AccountsSummaryOut,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// What a creator's linked accounts add up to.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountsSummary)]
pub(crate) struct AccountsSummaryOut {
    /// Linked accounts.
    total: i64,
    /// Linked accounts by platform; platforms without one are left out.
    #[schema(value_type = std::collections::HashMap<String, i64>)]
    platforms: BTreeMap<Platform, i64>,
    /// Followers over the linked accounts, as far as they are known; null when there are accounts and none is known.
    total_followers: Option<i64>,
}

impl AccountsSummaryOut {
    pub(crate) fn new(platforms: BTreeMap<Platform, i64>, total_followers: Option<i64>) -> Self {
        Self { total: platforms.values().sum(), platforms, total_followers }
    }
}

impl From<Creator> for CreatorOut {
    fn from(creator: Creator) -> Self {
        let Creator { id, name, is_active, metadata, added_at, updated_at, accounts_by_platform, total_followers } =
            creator;
        Self {
            id: id.0,
            kind: "creator",
            name,
            is_active,
            metadata,
            accounts_summary: AccountsSummaryOut::new(accounts_by_platform, total_followers),
            added_at,
            updated_at,
        }
    }
}
