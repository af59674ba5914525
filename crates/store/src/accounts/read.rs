//! Reading accounts.

use domain::{AccountId, Platform, Timestamp};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::row::{AccountRow, FROM, SELECT, sort_column};
use crate::listing::{self, Listing};
use crate::paging::{AccountFilter, AccountOrder, Page, PageRequest};
use crate::sql::{Filter, contains, row, values};
use crate::views::Account;
use crate::{StoreError, Tenant};

pub async fn find(
    connection: &impl ConnectionTrait,
    organization: Uuid,
    id: AccountId,
    now: Timestamp,
) -> Result<Option<Account>, StoreError> {
    row::<AccountRow>(
        connection,
        &format!("{SELECT} {FROM} WHERE a.id = $1 AND a.organization_id = $2"),
        values![id.0, organization],
    )
    .await?
    .map(|found| found.view(now))
    .transpose()
}

impl Tenant {
    /// One account.
    pub async fn account(&self, id: AccountId, now: Timestamp) -> Result<Option<Account>, StoreError> {
        find(&self.store.read, self.organization.0, id, now).await
    }

    /// A page of the organization's accounts.
    pub async fn accounts(
        &self,
        filter: &AccountFilter,
        page: &PageRequest<AccountOrder>,
        now: Timestamp,
    ) -> Result<Page<Account>, StoreError> {
        let mut conditions = Filter::new("a.organization_id = $1", self.organization.0);
        conditions.and_if("a.platform = ?", filter.platform.map(Platform::as_str));
        conditions.and_if("a.username LIKE ? ESCAPE '\\'", filter.q.as_deref().map(contains));
        conditions.and_if("a.is_active = ?", filter.is_active);
        conditions.and_if("a.category = ?", filter.category.clone());
        conditions.and_if("a.creator_id = ?", filter.creator_id.map(|id| id.0));
        let listing = Listing {
            select: &format!("{SELECT} {FROM}"),
            count_from: "FROM accounts a",
            id: "a.id",
            sort: sort_column(page.order_by),
        };
        let found =
            listing::page(&self.store.read, &listing, conditions, page, |row: &AccountRow| row.position(page.order_by))
                .await?;
        listing::convert(found, |row| row.view(now))
    }
}
