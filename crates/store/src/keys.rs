//! Organizations and their API keys, as the operator and the door keeper see them.

use domain::{ApiKey, ApiKeyId, OrganizationId, Scopes, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::sql::{execute, row, rows, values};
use crate::{Store, StoreError};

/// An organization to be made.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// The name.
    pub name: String,
    /// Cap on tracked accounts; `None` for no cap.
    pub max_tracked_accounts: Option<i64>,
}

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The id.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// Whether its keys open anything.
    pub is_active: bool,
    /// Cap on tracked accounts.
    pub max_tracked_accounts: Option<i64>,
    /// Accounts that it tracks.
    pub tracked_accounts: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An API key's record, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The record's id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The name.
    pub name: String,
    /// The eight characters by which it is recognised.
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
}

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
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Disabled or revoked.
    pub is_disabled: bool,
    /// Whether the organization is active.
    pub organization_is_active: bool,
    /// The organization's own rate limit.
    pub rate_limit_per_minute: Option<i64>,
}

#[derive(FromQueryResult)]
struct OrganizationRow {
    id: Uuid,
    name: String,
    is_active: bool,
    max_tracked_accounts: Option<i64>,
    tracked_accounts: i64,
    created_at: i64,
}

#[derive(FromQueryResult)]
struct KeyRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    public_part: String,
    scopes: String,
    expires_at: Option<i64>,
    disabled_at: Option<i64>,
    revoked_at: Option<i64>,
    created_at: i64,
}

#[derive(FromQueryResult)]
struct DoorRow {
    id: Uuid,
    name: String,
    organization_id: Uuid,
    secret_hash: Vec<u8>,
    scopes: String,
    expires_at: Option<i64>,
    is_disabled: bool,
    is_active: bool,
    rate_limit_per_minute: Option<i64>,
}

fn scopes(text: &str) -> Result<Scopes, StoreError> {
    text.parse().map_err(|_| StoreError::Unreadable { table: "api_keys", column: "scopes" })
}

const ORGANIZATION: &str =
    "SELECT id, name, is_active, max_tracked_accounts, tracked_accounts, created_at FROM organizations";

impl From<OrganizationRow> for Organization {
    fn from(row: OrganizationRow) -> Self {
        let OrganizationRow { id, name, is_active, max_tracked_accounts, tracked_accounts, created_at } = row;
        Self {
            id: OrganizationId(id),
            name,
            is_active,
            max_tracked_accounts,
            tracked_accounts,
            created_at: Timestamp::from_millis(created_at),
        }
    }
}

impl Store {
    /// Makes an organization.
    pub async fn create_organization(&self, new: &NewOrganization, now: Timestamp) -> Result<Organization, StoreError> {
        let id = OrganizationId::new();
        execute(
            &self.write,
            "INSERT INTO organizations (id, name, max_tracked_accounts, created_at) VALUES ($1, $2, $3, $4)",
            values![id.0, new.name.clone(), new.max_tracked_accounts, now.as_millis()],
        )
        .await?;
        Ok(Organization {
            id,
            name: new.name.clone(),
            is_active: true,
            max_tracked_accounts: new.max_tracked_accounts,
            tracked_accounts: 0,
            created_at: now,
        })
    }

    /// One organization.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<Organization>, StoreError> {
        let found = row::<OrganizationRow>(&self.read, &format!("{ORGANIZATION} WHERE id = $1"), values![id.0]).await?;
        Ok(found.map(Organization::from))
    }

    /// Every organization, oldest first.
    pub async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        let found =
            rows::<OrganizationRow>(&self.read, &format!("{ORGANIZATION} ORDER BY created_at, id"), vec![]).await?;
        Ok(found.into_iter().map(Organization::from).collect())
    }

    /// Keeps the record of a new key: its public part and the hash of its secret.
    pub async fn create_key(
        &self,
        organization: OrganizationId,
        name: &str,
        key: &ApiKey,
        scopes: &Scopes,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Key, StoreError> {
        let id = ApiKeyId::new();
        execute(
            &self.write,
            "INSERT INTO api_keys (id, organization_id, name, public_part, secret_hash, scopes, expires_at, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                id.0,
                organization.0,
                name,
                key.public_part(),
                key.secret_hash().to_vec(),
                scopes.to_string(),
                expires_at.map(Timestamp::as_millis),
                now.as_millis(),
            ],
        )
        .await?;
        Ok(Key {
            id,
            organization_id: organization,
            name: name.to_owned(),
            public_part: key.public_part().to_owned(),
            scopes: scopes.clone(),
            expires_at,
            disabled_at: None,
            revoked_at: None,
            created_at: now,
        })
    }

    /// The keys of one organization, or of all, oldest first.
    pub async fn keys(&self, organization: Option<OrganizationId>) -> Result<Vec<Key>, StoreError> {
        let found = rows::<KeyRow>(
            &self.read,
            "SELECT id, organization_id, name, public_part, scopes, expires_at, disabled_at, revoked_at, created_at \
             FROM api_keys WHERE organization_id = $1 OR $2 ORDER BY created_at, id",
            values![organization.map_or_else(Uuid::nil, |id| id.0), organization.is_none()],
        )
        .await?;
        found
            .into_iter()
            .map(|row| {
                let KeyRow {
                    id,
                    organization_id,
                    name,
                    public_part,
                    scopes: text,
                    expires_at,
                    disabled_at,
                    revoked_at,
                    created_at,
                } = row;
                Ok(Key {
                    id: ApiKeyId(id),
                    organization_id: OrganizationId(organization_id),
                    name,
                    public_part,
                    scopes: scopes(&text)?,
                    expires_at: expires_at.map(Timestamp::from_millis),
                    disabled_at: disabled_at.map(Timestamp::from_millis),
                    revoked_at: revoked_at.map(Timestamp::from_millis),
                    created_at: Timestamp::from_millis(created_at),
                })
            })
            .collect()
    }

    /// Revokes a key for good; `false` when there is none of that id. Takes effect on the next request, in every process.
    pub async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        let touched = execute(
            &self.write,
            "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1",
            values![id.0, now.as_millis()],
        )
        .await?;
        Ok(touched > 0)
    }

    /// What the door keeper needs to know of the key with this public part: one indexed read.
    pub async fn authenticate(&self, public_part: &str) -> Result<Option<KeyRecord>, StoreError> {
        let found = row::<DoorRow>(
            &self.read,
            "SELECT k.id, k.name, k.organization_id, k.secret_hash, k.scopes, k.expires_at, \
             (k.disabled_at IS NOT NULL OR k.revoked_at IS NOT NULL) AS is_disabled, o.is_active, o.rate_limit_per_minute \
             FROM api_keys k JOIN organizations o ON o.id = k.organization_id WHERE k.public_part = $1",
            values![public_part],
        )
        .await?;
        found
            .map(|row| {
                let DoorRow {
                    id,
                    name,
                    organization_id,
                    secret_hash,
                    scopes: text,
                    expires_at,
                    is_disabled,
                    is_active,
                    rate_limit_per_minute,
                } = row;
                Ok(KeyRecord {
                    id: ApiKeyId(id),
                    name,
                    organization_id: OrganizationId(organization_id),
                    secret_hash,
                    scopes: scopes(&text)?,
                    expires_at: expires_at.map(Timestamp::from_millis),
                    is_disabled,
                    organization_is_active: is_active,
                    rate_limit_per_minute,
                })
            })
            .transpose()
    }
}
