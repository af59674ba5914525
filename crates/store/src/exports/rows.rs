//! Walking through what exports are made of, by key.

use domain::{AccountId, Platform, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::accounts;
use crate::paging::AccountFilter;
use crate::sql::rows;
use crate::{StoreError, Tenant};

/// Which accounts a walk through days visits.
#[derive(Clone, Debug, Default)]
pub struct AccountFilterOfDays {
    /// Those of this filter …
    pub accounts: AccountFilter,
    /// … and this one alone.
    pub account_id: Option<AccountId>,
}

/// An account that a walk comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedAccount {
    /// Its id.
    pub id: AccountId,
    /// When tracking began, by which the walk goes.
    pub added_at: Timestamp,
    /// The platform.
    pub platform: Platform,
    /// The current handle.
    pub username: String,
}

#[derive(FromQueryResult)]
struct WalkedRow {
    id: Uuid,
    added_at: i64,
    platform: String,
    username: String,
}

impl Tenant {
    /// The next accounts after the one named, by when their tracking began.
    pub async fn walk_accounts(
        &self,
        filter: &AccountFilterOfDays,
        after: Option<(Timestamp, AccountId)>,
        most: u32,
    ) -> Result<Vec<WalkedAccount>, StoreError> {
        let mut conditions = accounts::conditions(self.organization, &filter.accounts);
        conditions.and_if("a.id = ?", filter.account_id.map(|id| id.0));
        if let Some((added_at, id)) = after {
            let (added_at, id) = (conditions.bind(added_at.as_millis()), conditions.bind(id.0));
            conditions.and_plain(&format!("(a.added_at, a.id) > ({added_at}, {id})"));
        }
        let limit = conditions.bind(i64::from(most));
        let sql = format!(
            "SELECT a.id, a.added_at, a.platform, a.username FROM accounts a WHERE {} ORDER BY a.added_at, a.id LIMIT {limit}",
            conditions.text()
        );
        let found = rows::<WalkedRow>(&self.store.read, &sql, conditions.values()).await?;
        let walked = found.into_iter().map(|WalkedRow { id, added_at, platform, username }| {
            Ok(WalkedAccount {
                id: AccountId(id),
                added_at: Timestamp::from_millis(added_at),
                platform: platform
                    .parse()
                    .map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?,
                username,
            })
        });
        walked.collect()
    }
}
