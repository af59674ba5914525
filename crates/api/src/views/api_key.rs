//! An API key on the wire. The key itself is in the answers that make it, and nowhere else.

use std::hash::{Hash, Hasher};

use domain::{ApiKey, Scopes, Timestamp};
use serde::Serialize;
use store::{Key, RetiringSecret};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::views::vocabulary::ScopeName;

/// An API key of your organization.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyOut {
    /// The id, which stays through rotations.
    id: Uuid,
    /// `api_key`.
    #[serde(rename = "type")]
    #[schema(example = "api_key")]
    kind: &'static str,
    /// The name.
    name: String,
    /// The beginning of the key, by which it can be recognised.
    #[schema(example = "ca_3fKx09Qz")]
    prefix: String,
    /// The scopes that it was issued with.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Scopes,
    /// Whether it is enabled. An enabled key that has expired opens nothing either.
    is_active: bool,
    /// When it ends; null for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it was last renamed, disabled, enabled or rotated.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// When a call was last made with it, to the minute or so; null when none was.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    /// Since when it is disabled; null when it is not.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// Old secrets that were rotated away and still open, the one that ends first before the others.
    retiring_secrets: Vec<RetiringSecretOut>,
}

/// An old secret of a key that still opens.
#[derive(Serialize, ToSchema)]
#[schema(as = RetiringSecret)]
pub(crate) struct RetiringSecretOut {
    /// The beginning of the key as it was with this secret.
    #[schema(example = "ca_8sWd1LmT")]
    prefix: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

fn prefix(public_part: &str) -> String {
    format!("ca_{public_part}")
}

impl From<Key> for ApiKeyOut {
    fn from(key: Key) -> Self {
        let Key {
            id,
            organization_id: _,
            name,
            public_part,
            scopes,
            expires_at,
            disabled_at,
            // Revoked keys are not shown.
            revoked_at: _,
            created_at,
            updated_at,
            last_used_at,
            retiring,
        } = key;
        Self {
            id: id.0,
            kind: "api_key",
            name,
            prefix: prefix(&public_part),
            scopes,
            is_active: disabled_at.is_none(),
            expires_at,
            created_at,
            updated_at,
            last_used_at,
            disabled_at,
            retiring_secrets: retiring.into_iter().map(RetiringSecretOut::from).collect(),
        }
    }
}

impl From<RetiringSecret> for RetiringSecretOut {
    fn from(secret: RetiringSecret) -> Self {
        let RetiringSecret { public_part, expires_at } = secret;
        Self { prefix: prefix(&public_part), expires_at }
    }
}

/// A key with the secret that it has just got.
pub(crate) struct Issued {
    pub(crate) key: Key,
    pub(crate) secret: ApiKey,
}

impl Hash for Issued {
    /// The tag is that of the key as a GET shows it, so that it can be sent as `If-Match`; and nothing is made of the secret.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// An API key, with the whole key to be kept by you: it is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = IssuedApiKey)]
pub(crate) struct IssuedKeyOut {
    #[serde(flatten)]
    api_key: ApiKeyOut,
    /// The whole key, for `Authorization: Bearer`.
    #[schema(example = "ca_3fKx09Qz_...")]
    key: String,
}

impl From<Issued> for IssuedKeyOut {
    fn from(issued: Issued) -> Self {
        let Issued { key, secret } = issued;
        Self { api_key: key.into(), key: secret.reveal().to_owned() }
    }
}
