//! What the door keeper needs to know of a key: one read for each call.

use std::sync::Arc;

use domain::{ApiKeyId, OrganizationId, Scopes, Timestamp};
use sea_orm::{DatabaseConnection, FromQueryResult};
use uuid::Uuid;

use super::scopes_of;
use crate::merged::{Found, padded};
use crate::sql::{places, rows};
use crate::{Store, StoreError};

/// What the door keeper needs to know of a key.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// The record's id.
    pub id: ApiKeyId,
    /// The name.
    pub name: String,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// SHA-256 of the secret part.
    pub secret_hash: Vec<u8>,
    /// What it may do.
    pub scopes: Scopes,
    /// When this secret ends: with its key, or earlier when it is an old one.
    pub expires_at: Option<Timestamp>,
    /// Disabled or revoked.
    pub is_disabled: bool,
    /// Revoked, for good.
    pub is_revoked: bool,
    /// Whether the organization is active.
    pub organization_is_active: bool,
    /// The organization's own rate limit.
    pub rate_limit_per_minute: Option<i64>,
}

#[derive(FromQueryResult)]
struct DoorRow {
    public_part: String,
    id: Uuid,
    name: String,
    organization_id: Uuid,
    secret_hash: Vec<u8>,
    scopes: String,
    expires_at: Option<i64>,
    is_disabled: bool,
    is_revoked: bool,
    is_active: bool,
    rate_limit_per_minute: Option<i64>,
}

impl DoorRow {
    fn record(self) -> Result<(String, Arc<KeyRecord>), StoreError> {
        let Self {
            public_part,
            id,
            name,
            organization_id,
            secret_hash,
            scopes,
            expires_at,
            is_disabled,
            is_revoked,
            is_active,
            rate_limit_per_minute,
        } = self;
        let record = KeyRecord {
            id: ApiKeyId(id),
            name,
            organization_id: OrganizationId(organization_id),
            secret_hash,
            scopes: scopes_of(&scopes)?,
            expires_at: expires_at.map(Timestamp::from_millis),
            is_disabled,
            is_revoked,
            organization_is_active: is_active,
            rate_limit_per_minute,
        };
        Ok((public_part, Arc::new(record)))
    }
}

/// The secrets in force and old ones: a public part is in one of the two tables, each has it as a key.
fn sql(public_parts: &str) -> String {
    format!(
        "SELECT k.public_part, k.id, k.name, k.organization_id, k.secret_hash, k.scopes, k.expires_at, \
         (k.disabled_at IS NOT NULL OR k.revoked_at IS NOT NULL) AS is_disabled, k.revoked_at IS NOT NULL AS is_revoked, o.is_active, o.rate_limit_per_minute \
         FROM api_keys k JOIN organizations o ON o.id = k.organization_id WHERE k.public_part IN ({public_parts}) \
         UNION ALL \
         SELECT r.public_part, k.id, k.name, k.organization_id, r.secret_hash, k.scopes, \
         CASE WHEN k.expires_at < r.expires_at THEN k.expires_at ELSE r.expires_at END, \
         (k.disabled_at IS NOT NULL OR k.revoked_at IS NOT NULL), k.revoked_at IS NOT NULL, o.is_active, o.rate_limit_per_minute \
         FROM retired_secrets r JOIN api_keys k ON k.id = r.api_key_id JOIN organizations o ON o.id = k.organization_id \
         WHERE r.public_part IN ({public_parts})"
    )
}

async fn records(read: DatabaseConnection, public_parts: Vec<String>) -> Found<String, Arc<KeyRecord>> {
    let public_parts = padded(public_parts);
    let sql = sql(&places(1, public_parts.len()));
    let found = rows::<DoorRow>(&read, &sql, public_parts.into_iter().map(Into::into).collect()).await?;
    found.into_iter().map(DoorRow::record).collect()
}

impl Store {
    /// What the door keeper needs to know of the key with this public part, be its secret the one in force or an old one that was rotated
    /// away: one indexed read, which calls that wait at the same time share.
    pub async fn authenticate(&self, public_part: &str) -> Result<Option<Arc<KeyRecord>>, StoreError> {
        let read = self.read.clone();
        self.lookups.api_keys.find(public_part.to_owned(), move |parts| records(read.clone(), parts)).await
    }
}
