//! Making, changing, rotating and revoking keys. Every way to do so leaves an audit record in the same transaction.

use std::time::Duration;

use domain::{ApiKey, ApiKeyId, OrganizationId, RequestId, Scopes, Timestamp, fold};
use sea_orm::FromQueryResult;
use serde_json::{Value, json};

use super::{Key, RetiringSecret};
use crate::audit::{Action, Change};
use crate::sql::{execute, rows, values};
use crate::{Store, StoreError, TenantTx};

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A change of a key: `None` leaves a field.
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// The name.
    pub name: Option<String>,
    /// Enable or disable.
    pub is_active: Option<bool>,
}

/// How a key gets a new secret.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// How long the secret of now goes on opening, though never longer than it would have without the rotation.
    pub overlap: Duration,
    /// When the key ends from now on, `Some(None)` for never; `None` leaves its end.
    pub expires_at: Option<Option<Timestamp>>,
}

/// What rotating a key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// It has the new secret; the key as it is now.
    Done(Box<Key>),
    /// Nothing was done: the key has ended, and the rotation gives it no new lifetime, so the new secret would open nothing.
    Ended,
}

#[derive(FromQueryResult)]
struct PublicPart {
    public_part: String,
}

/// How a key's public part is shown to people and in records.
fn prefix(public_part: &str) -> String {
    format!("ca_{public_part}")
}

fn summary(key: &Key) -> Value {
    json!({ "name": key.name, "prefix": prefix(&key.public_part), "scopes": key.scopes, "expires_at": key.expires_at })
}

impl TenantTx {
    /// Makes a key of this secret, of which the hash alone is kept.
    pub async fn create_api_key(&mut self, new: &NewKey, secret: &ApiKey) -> Result<Key, StoreError> {
        let NewKey { name, scopes, expires_at } = new.clone();
        let key = Key {
            id: ApiKeyId::new(),
            organization_id: self.organization,
            name,
            public_part: secret.public_part().to_owned(),
            scopes,
            expires_at,
            disabled_at: None,
            revoked_at: None,
            created_at: self.now,
            updated_at: self.now,
            last_used_at: None,
            retiring: Vec::new(),
        };
        execute(
            &self.tx,
            "INSERT INTO api_keys (id, organization_id, name, name_folded, public_part, secret_hash, scopes, expires_at, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            values![
                key.id.0,
                self.organization.0,
                key.name.clone(),
                fold(&key.name),
                key.public_part.clone(),
                secret.secret_hash().to_vec(),
                key.scopes.to_string(),
                key.expires_at.map(Timestamp::as_millis),
                self.now.as_millis(),
            ],
        )
        .await?;
        self.note(Action::ApiKeyCreated, key.id, None, Some(summary(&key))).await?;
        Ok(key)
    }

    /// Changes a key that the transaction holds (see [`TenantTx::hold_api_key`]); the key as it is then. What is so already is no change.
    pub async fn change_api_key(&mut self, held: Key, change: &KeyChange) -> Result<Key, StoreError> {
        let KeyChange { name, is_active } = change;
        let mut key = held.clone();
        if let Some(name) = name {
            key.name.clone_from(name);
        }
        match is_active {
            Some(true) => key.disabled_at = None,
            Some(false) => key.disabled_at = held.disabled_at.or(Some(self.now)),
            None => {}
        }
        if key == held {
            return Ok(held);
        }
        key.updated_at = self.now;
        execute(
            &self.tx,
            "UPDATE api_keys SET name = $3, name_folded = $4, disabled_at = $5, updated_at = $6 \
             WHERE id = $1 AND organization_id = $2",
            values![
                key.id.0,
                self.organization.0,
                key.name.clone(),
                fold(&key.name),
                key.disabled_at.map(Timestamp::as_millis),
                self.now.as_millis(),
            ],
        )
        .await?;
        self.touch(&held).await?;
        if key.name != held.name {
            let (before, after) = (json!({ "name": held.name }), json!({ "name": key.name }));
            self.note(Action::ApiKeyRenamed, key.id, Some(before), Some(after)).await?;
        }
        if key.disabled_at != held.disabled_at {
            let action = if key.disabled_at.is_some() { Action::ApiKeyDisabled } else { Action::ApiKeyEnabled };
            let (before, after) =
                (json!({ "disabled_at": held.disabled_at }), json!({ "disabled_at": key.disabled_at }));
            self.note(action, key.id, Some(before), Some(after)).await?;
        }
        Ok(key)
    }

    /// Gives a key that the transaction holds another secret. The one of now goes on opening for the overlap; older ones until their own ends,
    /// and no longer than that: without an overlap nothing but the new secret opens.
    pub async fn rotate_api_key(
        &mut self,
        held: Key,
        rotation: &Rotation,
        secret: &ApiKey,
    ) -> Result<Rotated, StoreError> {
        let Rotation { overlap, expires_at } = rotation;
        if expires_at.is_none() && held.expires_at.is_some_and(|end| end <= self.now) {
            return Ok(Rotated::Ended);
        }
        // A secret that has ended is not brought back by a new lifetime of its key, and one that is to end is not kept alive by it.
        let overlap_ends = self.now.plus(*overlap);
        let retires_at = held.expires_at.map_or(overlap_ends, |end| end.min(overlap_ends));
        let retired = RetiringSecret { public_part: held.public_part.clone(), expires_at: retires_at };
        self.touch(&held).await?;
        execute(
            &self.tx,
            "UPDATE retired_secrets SET expires_at = $2 WHERE api_key_id = $1 AND expires_at > $2",
            values![held.id.0, retires_at.as_millis()],
        )
        .await?;
        if retires_at > self.now {
            execute(
                &self.tx,
                "INSERT INTO retired_secrets (public_part, api_key_id, secret_hash, expires_at) \
                 SELECT public_part, id, secret_hash, $3 FROM api_keys WHERE id = $1 AND organization_id = $2",
                values![held.id.0, self.organization.0, retires_at.as_millis()],
            )
            .await?;
        }
        let mut key = held.clone();
        secret.public_part().clone_into(&mut key.public_part);
        key.expires_at = expires_at.unwrap_or(held.expires_at);
        key.updated_at = self.now;
        for older in &mut key.retiring {
            older.expires_at = older.expires_at.min(retires_at);
        }
        key.retiring.retain(|older| older.expires_at > self.now);
        if retires_at > self.now {
            key.retiring.push(retired);
            key.retiring
                .sort_by(|one, two| (one.expires_at, &one.public_part).cmp(&(two.expires_at, &two.public_part)));
        }
        execute(
            &self.tx,
            "UPDATE api_keys SET public_part = $3, secret_hash = $4, expires_at = $5, updated_at = $6 \
             WHERE id = $1 AND organization_id = $2",
            values![
                key.id.0,
                self.organization.0,
                key.public_part.clone(),
                secret.secret_hash().to_vec(),
                key.expires_at.map(Timestamp::as_millis),
                self.now.as_millis(),
            ],
        )
        .await?;
        let before = json!({ "prefix": prefix(&held.public_part), "expires_at": held.expires_at });
        let after = json!({
            "prefix": prefix(&key.public_part),
            "expires_at": key.expires_at,
            "old_secret_expires_at": retires_at,
        });
        self.note(Action::ApiKeyRotated, key.id, Some(before), Some(after)).await?;
        Ok(Rotated::Done(Box::new(key)))
    }

    /// Revokes a key that the transaction holds, for good.
    pub async fn revoke_api_key(&mut self, held: Key) -> Result<(), StoreError> {
        execute(
            &self.tx,
            "UPDATE api_keys SET revoked_at = $3, updated_at = $3 WHERE id = $1 AND organization_id = $2",
            values![held.id.0, self.organization.0, self.now.as_millis()],
        )
        .await?;
        self.touch(&held).await?;
        self.note(Action::ApiKeyRevoked, held.id, Some(summary(&held)), None).await
    }

    /// Notes every public part of a key, so that whoever keeps records of them lets go.
    async fn touch(&mut self, key: &Key) -> Result<(), StoreError> {
        let old = rows::<PublicPart>(
            &self.tx,
            "SELECT public_part FROM retired_secrets WHERE api_key_id = $1",
            values![key.id.0],
        )
        .await?;
        self.changed_keys.push(key.public_part.clone());
        self.changed_keys.extend(old.into_iter().map(|row| row.public_part));
        Ok(())
    }

    async fn note(
        &self,
        action: Action,
        key: ApiKeyId,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<(), StoreError> {
        self.note_change(&Change { action, subject_id: key.0, before, after }).await
    }
}

impl Store {
    /// Makes a key, as the operator.
    pub async fn create_key(
        &self,
        organization: OrganizationId,
        name: &str,
        key: &ApiKey,
        scopes: &Scopes,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Key, StoreError> {
        let mut tx = self.tenant(organization).begin(&RequestId::new(), now).await?;
        let new = NewKey { name: name.to_owned(), scopes: scopes.clone(), expires_at };
        let made = tx.create_api_key(&new, key).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Revokes a key for good, as the operator; `false` when there is none of that id. Takes effect on the next request, in every process
    /// that keeps no records of keys.
    pub async fn revoke_key(&self, id: ApiKeyId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(organization) = self.organization_of_key(id).await? else { return Ok(false) };
        let mut tx = self.tenant(organization).begin(&RequestId::new(), now).await?;
        if let Some(held) = tx.hold_api_key(id).await? {
            tx.revoke_api_key(held).await?;
            tx.commit().await?;
        }
        Ok(true)
    }

    /// Forgets old secrets that have ended, at most `limit` of them; how many went.
    pub async fn prune_retired_secrets(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        execute(
            &self.write,
            "DELETE FROM retired_secrets WHERE public_part IN \
             (SELECT public_part FROM retired_secrets WHERE expires_at <= $1 LIMIT $2)",
            values![now.as_millis(), i64::from(limit)],
        )
        .await
    }
}
