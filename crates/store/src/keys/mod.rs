//! API keys and the organizations that they belong to.
//!
//! A key has one secret in force, and for a while after each rotation the old ones beside it. What is changed of a key is changed in a
//! [`TenantTx`](crate::TenantTx), which leaves an audit record and the public parts that others may have kept records of.

mod change;
mod door;
mod organizations;
mod read;

use domain::{ApiKeyId, OrganizationId, Scopes, Timestamp};

use crate::StoreError;

pub use change::{KeyChange, NewKey, Rotated, Rotation};
pub use door::KeyRecord;
pub use organizations::{NewOrganization, Organization};

/// An API key's record, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The record's id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// The eight characters by which its secret in force is recognised.
    pub public_part: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// Since when it is disabled.
    pub disabled_at: Option<Timestamp>,
    /// Since when it is revoked, for good.
    pub revoked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When a call was last made with it, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// Old secrets that still open, the one that ends first before the others.
    pub retiring: Vec<RetiringSecret>,
}

/// An old secret of a key that still opens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RetiringSecret {
    /// The eight characters by which it is recognised.
    pub public_part: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

fn scopes_of(text: &str) -> Result<Scopes, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable { table: "api_keys", column: "scopes" })
}
