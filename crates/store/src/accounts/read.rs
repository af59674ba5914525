//! Reading accounts.

use std::sync::Arc;

use domain::{AccountId, OrganizationId, Platform, Timestamp};

use super::row::{AccountRow, sort_column};
use crate::merged::{Key, row_of};
use crate::paging::{AccountFilter, AccountOrder, Page, PageRequest};
use crate::search::{Wanted, found_in};
use crate::seen::{Seen, Viewed};
use crate::sql::Filter;
use crate::versions::{self, Source};
use crate::views::Account;
use crate::{StoreError, Tenant, TenantTx};

impl TenantTx {
    /// One account, as the transaction sees it.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        row_of::<AccountRow>(&self.tx, key).await?.map(|found| found.view(self.moment())).transpose()
    }
}

impl Tenant {
    /// One account.
    pub async fn account(&self, id: AccountId, now: Timestamp) -> Result<Option<Arc<Seen<Account>>>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        self.store.lookups.accounts.view(&self.store.read, key, self.store.moment(now)).await
    }

    /// A page of the organization's accounts.
    pub async fn accounts(
        &self,
        filter: &AccountFilter,
        page: &PageRequest<AccountOrder>,
        now: Timestamp,
    ) -> Result<Page<Arc<Seen<Account>>>, StoreError> {
        let conditions = conditions(self.organization, filter);
        let source = Source { from: "FROM accounts a", sort: sort_column(page.order_by) };
        let memory = &self.store.lookups.accounts.memory;
        let position = |row: &AccountRow| row.position(page.order_by);
        versions::page(&self.store.read, source, conditions, (page, self.store.moment(now)), memory, position).await
    }
}

/// Which accounts of the organization a filter leaves; they are `a` in the statement.
pub(crate) fn conditions(organization: OrganizationId, filter: &AccountFilter) -> Filter {
    let mut conditions = Filter::new("a.organization_id = $1", organization.0);
    conditions.and_if("a.platform = ?", filter.platform.map(Platform::as_str));
    if let Some(wanted) = filter.q.as_deref().and_then(Wanted::of) {
        conditions.and(&found_in("names", "account_texts", "a"), wanted.anywhere());
        conditions.and("a.username_folded LIKE ? ESCAPE '\\'", wanted.anywhere());
    }
    conditions.and_if("a.is_active = ?", filter.is_active);
    conditions.and_if("a.category = ?", filter.category.clone());
    conditions.and_if("a.creator_id = ?", filter.creator_id.map(|id| id.0));
    conditions
}
