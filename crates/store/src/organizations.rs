//! An organization as its own members see and change it.

use domain::{OrganizationId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{Action, Change};
use crate::sql::{Patch, execute, is_postgres, row, rows, values};
use crate::{StoreError, Tenant, TenantTx};

/// Hours between reads where neither the client nor its organization says.
pub const DEFAULT_INTERVAL_HOURS: i64 = 24;

/// An organization's defaults and bounds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OrganizationSettings {
    /// The id.
    pub id: OrganizationId,
    /// The name.
    pub name: String,
    /// Whether its keys open anything.
    pub is_active: bool,
    /// Hours between reads of what is added from now on without an interval of its own.
    pub scrape_interval_hours: i64,
    /// Bound on recent posts, for accounts without one of their own; `None` for no bound.
    pub max_recent_posts: Option<i64>,
    /// Bound on age in days, likewise.
    pub post_lookback_days: Option<i64>,
    /// Cap on tracked accounts; `None` for no cap.
    pub max_tracked_accounts: Option<i64>,
    /// The organization's own rate limit; `None` for the service's.
    pub rate_limit_per_minute: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A change of an organization: `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChange {
    /// The name.
    pub name: Option<String>,
    /// Hours between reads of what is added from now on.
    pub scrape_interval_hours: Option<Option<i64>>,
    /// Bound on recent posts.
    pub max_recent_posts: Option<Option<i64>>,
    /// Bound on age in days.
    pub post_lookback_days: Option<Option<i64>>,
}

/// A change of what the operator alone decides: `None` leaves a field, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct TermsChange {
    /// Whether its keys open anything.
    pub is_active: Option<bool>,
    /// Cap on tracked accounts.
    pub max_tracked_accounts: Option<Option<i64>>,
    /// Requests a minute for each of its keys.
    pub rate_limit_per_minute: Option<Option<i64>>,
}

#[derive(FromQueryResult)]
struct PublicPart {
    public_part: String,
}

#[derive(FromQueryResult)]
struct SettingsRow {
    id: Uuid,
    name: String,
    is_active: bool,
    scrape_interval_hours: Option<i64>,
    max_recent_posts: Option<i64>,
    post_lookback_days: Option<i64>,
    max_tracked_accounts: Option<i64>,
    rate_limit_per_minute: Option<i64>,
    created_at: i64,
    updated_at: Option<i64>,
}

impl From<SettingsRow> for OrganizationSettings {
    fn from(row: SettingsRow) -> Self {
        let SettingsRow {
            id,
            name,
            is_active,
            scrape_interval_hours,
            max_recent_posts,
            post_lookback_days,
            max_tracked_accounts,
            rate_limit_per_minute,
            created_at,
            updated_at,
        } = row;
        Self {
            id: OrganizationId(id),
            name,
            is_active,
            scrape_interval_hours: scrape_interval_hours.unwrap_or(DEFAULT_INTERVAL_HOURS),
            max_recent_posts,
            post_lookback_days,
            max_tracked_accounts,
            rate_limit_per_minute,
            created_at: Timestamp::from_millis(created_at),
            updated_at: Timestamp::from_millis(updated_at.unwrap_or(created_at)),
        }
    }
}

impl OrganizationSettings {
    /// What a PATCH can change, as an audit record tells it.
    fn told(&self) -> Value {
        json!({
            "name": self.name,
            "scrape_interval_hours": self.scrape_interval_hours,
            "max_recent_posts_per_account": self.max_recent_posts,
            "post_lookback_days": self.post_lookback_days,
        })
    }

    /// What the operator decides, likewise.
    fn terms_told(&self) -> Value {
        json!({
            "is_active": self.is_active,
            "max_tracked_accounts": self.max_tracked_accounts,
            "rate_limit_per_minute": self.rate_limit_per_minute,
        })
    }
}

/// An SQL expression for the hours between reads of what an organization adds without saying. `organization` is the place of its id.
pub(crate) fn default_interval(organization: &str) -> String {
    format!(
        "(SELECT COALESCE(o.scrape_interval_hours, {DEFAULT_INTERVAL_HOURS}) FROM organizations o WHERE o.id = {organization})"
    )
}

/// `lock` is what the dialect says after the statement to keep the row.
async fn find(
    connection: &impl ConnectionTrait,
    id: OrganizationId,
    lock: &str,
) -> Result<OrganizationSettings, StoreError> {
    let sql = format!(
        "SELECT id, name, is_active, scrape_interval_hours, max_recent_posts, post_lookback_days, max_tracked_accounts, \
         rate_limit_per_minute, created_at, updated_at FROM organizations WHERE id = $1 {lock}"
    );
    let found = row::<SettingsRow>(connection, &sql, values![id.0]).await?;
    found.map(OrganizationSettings::from).ok_or(StoreError::Unreadable { table: "organizations", column: "id" })
}

impl Tenant {
    /// The organization itself.
    pub async fn settings(&self) -> Result<OrganizationSettings, StoreError> {
        find(&self.store.read, self.organization, "").await
    }
}

impl TenantTx {
    /// The organization, kept from being changed by others until the transaction ends.
    pub async fn hold_settings(&self) -> Result<OrganizationSettings, StoreError> {
        find(&self.tx, self.organization, if is_postgres(&self.tx) { "FOR NO KEY UPDATE" } else { "" }).await
    }

    /// Changes what the operator alone decides; how it is afterwards. What is known of the organization's keys elsewhere is to be forgotten.
    pub async fn change_terms(&mut self, change: &TermsChange) -> Result<OrganizationSettings, StoreError> {
        let before = self.hold_settings().await?;
        let TermsChange { is_active, max_tracked_accounts, rate_limit_per_minute } = change;
        execute(
            &self.tx,
            "UPDATE organizations SET is_active = $2, max_tracked_accounts = $3, rate_limit_per_minute = $4, updated_at = $5 WHERE id = $1",
            values![
                self.organization.0,
                is_active.unwrap_or(before.is_active),
                max_tracked_accounts.unwrap_or(before.max_tracked_accounts),
                rate_limit_per_minute.unwrap_or(before.rate_limit_per_minute),
                self.now.as_millis(),
            ],
        )
        .await?;
        let keys = rows::<PublicPart>(
            &self.tx,
            "SELECT k.public_part FROM api_keys k WHERE k.organization_id = $1 AND k.revoked_at IS NULL UNION ALL \
             SELECT r.public_part FROM retired_secrets r JOIN api_keys k ON k.id = r.api_key_id WHERE k.organization_id = $1",
            values![self.organization.0],
        )
        .await?;
        self.changed_keys.extend(keys.into_iter().map(|key| key.public_part));
        let after = find(&self.tx, self.organization, "").await?;
        let (was, is) = (before.terms_told(), after.terms_told());
        if was != is {
            let action = Action::OrganizationUpdated;
            self.note_change(&Change { action, subject_id: self.organization.0, before: Some(was), after: Some(is) })
                .await?;
        }
        Ok(after)
    }

    /// Changes the organization; how it is afterwards.
    ///
    /// Bounds are looked up wherever they matter, so no row but this one is touched. What a narrower bound shuts out is put to rest when
    /// its turn comes; what a wider one lets in again is found at the account's next read, by `bounds_changed_at`.
    pub async fn update_settings(&mut self, change: &OrganizationChange) -> Result<OrganizationSettings, StoreError> {
        let before = self.hold_settings().await?;
        let OrganizationChange { name, scrape_interval_hours, max_recent_posts, post_lookback_days } = change;
        let mut patch = Patch::at(self.now);
        patch.set_if("name", name.clone());
        patch.set_if("scrape_interval_hours", *scrape_interval_hours);
        patch.set_if("max_recent_posts", *max_recent_posts);
        patch.set_if("post_lookback_days", *post_lookback_days);
        let moves = max_recent_posts.is_some_and(|bound| bound != before.max_recent_posts)
            || post_lookback_days.is_some_and(|bound| bound != before.post_lookback_days);
        if moves {
            patch.set("bounds_changed_at", self.now.as_millis());
        }
        let (sql, values) = patch.of("organizations", self.organization.0);
        execute(&self.tx, &sql, values).await?;
        let after = find(&self.tx, self.organization, "").await?;
        let (was, is) = (before.told(), after.told());
        if was != is {
            let action = Action::OrganizationUpdated;
            self.note_change(&Change { action, subject_id: self.organization.0, before: Some(was), after: Some(is) })
                .await?;
        }
        Ok(after)
    }
}
