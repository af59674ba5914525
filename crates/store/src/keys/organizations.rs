//! Organizations, as the operator sees them.

use domain::{OrganizationId, RequestId, Timestamp};
use sea_orm::FromQueryResult;
use serde_json::json;
use uuid::Uuid;

use crate::audit::{Action, Change};
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

#[derive(FromQueryResult)]
struct OrganizationRow {
    id: Uuid,
    name: String,
    is_active: bool,
    max_tracked_accounts: Option<i64>,
    tracked_accounts: i64,
    created_at: i64,
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
    /// Makes an organization, as the operator.
    pub async fn create_organization(&self, new: &NewOrganization, now: Timestamp) -> Result<Organization, StoreError> {
        let NewOrganization { name, max_tracked_accounts } = new.clone();
        let id = OrganizationId::new();
        let tx = self.tenant(id).begin(&RequestId::new(), now).await?;
        execute(
            &tx.tx,
            "INSERT INTO organizations (id, name, max_tracked_accounts, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
            values![id.0, name.clone(), max_tracked_accounts, now.as_millis()],
        )
        .await?;
        let after = json!({ "name": name, "max_tracked_accounts": max_tracked_accounts });
        let change = Change { action: Action::OrganizationCreated, subject_id: id.0, before: None, after: Some(after) };
        tx.note_change(&change).await?;
        tx.commit().await?;
        Ok(Organization { id, name, is_active: true, max_tracked_accounts, tracked_accounts: 0, created_at: now })
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
}
