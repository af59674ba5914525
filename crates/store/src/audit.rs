//! Who changed what of an organization and its keys, kept in the transaction of the change itself: there is no change without its record.

use domain::{ApiKeyId, OrganizationId, RequestId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::sql::{Filter, execute, rows, values};
use crate::{Store, StoreError, TenantTx};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A key was made.
    ApiKeyCreated,
    /// A key got another name.
    ApiKeyRenamed,
    /// A key was disabled.
    ApiKeyDisabled,
    /// A key was enabled again.
    ApiKeyEnabled,
    /// A key got a new secret.
    ApiKeyRotated,
    /// A key was revoked for good.
    ApiKeyRevoked,
    /// An organization was made.
    OrganizationCreated,
    /// An organization's own settings were changed.
    OrganizationUpdated,
}

impl Action {
    /// The name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyRenamed => "api_key.renamed",
            Self::ApiKeyDisabled => "api_key.disabled",
            Self::ApiKeyEnabled => "api_key.enabled",
            Self::ApiKeyRotated => "api_key.rotated",
            Self::ApiKeyRevoked => "api_key.revoked",
            Self::OrganizationCreated => "organization.created",
            Self::OrganizationUpdated => "organization.updated",
        }
    }

    /// The kind of thing that it is done to.
    const fn subject_type(self) -> &'static str {
        match self {
            Self::ApiKeyCreated
            | Self::ApiKeyRenamed
            | Self::ApiKeyDisabled
            | Self::ApiKeyEnabled
            | Self::ApiKeyRotated
            | Self::ApiKeyRevoked => "api_key",
            Self::OrganizationCreated | Self::OrganizationUpdated => "organization",
        }
    }
}

/// A change to be noted: what it was, and the changed fields before and after it. Never a secret, nor the hash of one.
#[derive(Clone, Debug)]
pub struct Change {
    /// What was done.
    pub action: Action,
    /// The id of the key or organization that it was done to.
    pub subject_id: Uuid,
    /// The changed fields as they were; `None` for what was made.
    pub before: Option<Value>,
    /// The changed fields as they are; `None` for what is gone.
    pub after: Option<Value>,
}

/// On whose behalf a transaction works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs the command line.
    Operator,
    /// A request made with an API key.
    Key {
        /// The key.
        id: ApiKeyId,
        /// Its name at that time.
        name: String,
    },
}

/// The name of the operator in records.
const OPERATOR: &str = "operator";

/// A change as it was noted.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// The record's id.
    pub id: Uuid,
    /// Whose key or organization was changed.
    pub organization_id: OrganizationId,
    /// When.
    pub occurred_at: Timestamp,
    /// The request that asked for it; `None` for the command line.
    pub request_id: Option<String>,
    /// The key that asked for it; `None` for the command line.
    pub actor_key_id: Option<ApiKeyId>,
    /// The name of that key at that time, or `operator`.
    pub actor: String,
    /// What was done, such as `api_key.rotated`.
    pub action: String,
    /// `api_key` or `organization`.
    pub subject_type: String,
    /// The id of the key or organization that was changed.
    pub subject_id: Uuid,
    /// The changed fields as they were.
    pub before: Option<Value>,
    /// The changed fields as they are.
    pub after: Option<Value>,
}

/// Which records are asked for, newest first.
#[derive(Clone, Copy, Debug)]
pub struct AuditFilter {
    /// Those of one organization.
    pub organization: Option<OrganizationId>,
    /// At or after this.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
}

#[derive(FromQueryResult)]
struct AuditRow {
    id: Uuid,
    organization_id: Uuid,
    occurred_at: i64,
    request_id: Option<String>,
    actor_key_id: Option<Uuid>,
    actor: String,
    action: String,
    subject_type: String,
    subject_id: Uuid,
    before: Option<String>,
    after: Option<String>,
}

impl TryFrom<AuditRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let AuditRow {
            id,
            organization_id,
            occurred_at,
            request_id,
            actor_key_id,
            actor,
            action,
            subject_type,
            subject_id,
            before,
            after,
        } = row;
        Ok(Self {
            id,
            organization_id: OrganizationId(organization_id),
            occurred_at: Timestamp::from_millis(occurred_at),
            request_id,
            actor_key_id: actor_key_id.map(ApiKeyId),
            actor,
            action,
            subject_type,
            subject_id,
            before: before.map(|text| parsed("before", &text)).transpose()?,
            after: after.map(|text| parsed("after", &text)).transpose()?,
        })
    }
}

fn parsed(column: &'static str, text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable { table: "audit_records", column })
}

impl TenantTx {
    /// Says that the transaction works for a request made with this key. Without it, it works for the operator.
    pub fn acting_as(&mut self, id: ApiKeyId, name: &str) {
        self.actor = Actor::Key { id, name: name.to_owned() };
    }

    /// Notes a change, to be kept when the transaction is.
    pub async fn note_change(&self, change: &Change) -> Result<(), StoreError> {
        insert(&self.tx, self.organization, &self.actor, &self.request_id, change, self.now).await
    }
}

async fn insert(
    tx: &impl ConnectionTrait,
    organization: OrganizationId,
    actor: &Actor,
    request_id: &RequestId,
    change: &Change,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Change { action, subject_id, before, after } = change;
    let (actor_key_id, actor, request_id) = match actor {
        // The command line's transactions have an id too, but no request that anybody could look for.
        Actor::Operator => (None, OPERATOR, None),
        Actor::Key { id, name } => (Some(id.0), name.as_str(), Some(request_id.as_str())),
    };
    execute(
        tx,
        "INSERT INTO audit_records (id, organization_id, occurred_at, request_id, actor_key_id, actor, action, subject_type, \
         subject_id, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        values![
            Uuid::now_v7(),
            organization.0,
            now.as_millis(),
            request_id,
            actor_key_id,
            actor,
            action.as_str(),
            action.subject_type(),
            *subject_id,
            before.as_ref().map(Value::to_string),
            after.as_ref().map(Value::to_string),
        ],
    )
    .await?;
    Ok(())
}

impl Store {
    /// What was changed, newest first.
    pub async fn audit_records(&self, filter: &AuditFilter) -> Result<Vec<AuditRecord>, StoreError> {
        let AuditFilter { organization, since, limit } = filter;
        let mut conditions = Filter::new("occurred_at >= $1", since.map_or(i64::MIN, Timestamp::as_millis));
        conditions.and_if("organization_id = ?", organization.map(|id| id.0));
        let most = conditions.bind(i64::from(*limit));
        let sql = format!(
            "SELECT id, organization_id, occurred_at, request_id, actor_key_id, actor, action, subject_type, subject_id, \
             before, after FROM audit_records WHERE {} ORDER BY occurred_at DESC, id DESC LIMIT {most}",
            conditions.text()
        );
        rows::<AuditRow>(&self.read, &sql, conditions.values()).await?.into_iter().map(AuditRecord::try_from).collect()
    }
}
