//! Reading creators, each with its linked accounts.

use std::collections::BTreeMap;

use domain::{CreatorId, Metadata, OrganizationId, Platform, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::listing::{self, Listing, SortColumn};
use crate::merged::{Found, Key, Keyed, padded, rows_of};
use crate::paging::{CreatorFilter, CreatorOrder, Page, PageRequest, Position, RowId, SortKey};
use crate::search::{Wanted, found_in};
use crate::sql::{Filter, places, rows};
use crate::views::Creator;
use crate::{StoreError, Tenant, TenantTx};

const SELECTED: &str = "t.id, t.organization_id, t.name, t.name_folded, t.is_active, t.metadata, t.total_followers, t.added_at, t.updated_at";

#[derive(Clone, Debug, FromQueryResult)]
pub struct CreatorRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    name_folded: String,
    is_active: bool,
    metadata: String,
    total_followers: Option<i64>,
    added_at: i64,
    updated_at: i64,
}

/// A creator with its linked accounts by platform.
pub type LinkedCreator = (CreatorRow, BTreeMap<Platform, i64>);

impl Keyed for CreatorRow {
    type Id = Uuid;

    const TABLE: &'static str = "creators";
    const ALIAS: &'static str = "t";

    fn columns() -> &'static str {
        SELECTED
    }

    fn joins() -> &'static str {
        ""
    }

    fn key(&self) -> Key<Uuid> {
        Key { organization: OrganizationId(self.organization_id), id: self.id }
    }
}

#[derive(FromQueryResult)]
struct LinkCount {
    creator_id: Uuid,
    platform: String,
    accounts: i64,
}

impl CreatorRow {
    pub fn view(self, accounts_by_platform: BTreeMap<Platform, i64>) -> Creator {
        let Self {
            id,
            organization_id: _,
            name,
            name_folded: _,
            is_active,
            metadata,
            total_followers,
            added_at,
            updated_at,
        } = self;
        Creator {
            id: CreatorId(id),
            name,
            is_active,
            metadata: Metadata::from_stored(&metadata),
            added_at: Timestamp::from_millis(added_at),
            updated_at: Timestamp::from_millis(updated_at),
            accounts_by_platform,
            total_followers,
        }
    }

    fn position(&self, order: CreatorOrder) -> Position {
        let key = match order {
            CreatorOrder::Name => SortKey::Text(self.name_folded.clone()),
            CreatorOrder::AddedAt => SortKey::Number(Some(self.added_at)),
            CreatorOrder::TotalFollowers => SortKey::Number(self.total_followers),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

/// Linked accounts of several creators, by creator and platform.
async fn link_counts(
    connection: &impl ConnectionTrait,
    creators: &[Uuid],
) -> Result<BTreeMap<Uuid, BTreeMap<Platform, i64>>, StoreError> {
    let mut counts: BTreeMap<Uuid, BTreeMap<Platform, i64>> = BTreeMap::new();
    if creators.is_empty() {
        return Ok(counts);
    }
    let ids = padded(creators.to_vec());
    let sql = format!(
        "SELECT creator_id, platform, COUNT(*) AS accounts FROM accounts WHERE creator_id IN ({}) GROUP BY creator_id, platform",
        places(1, ids.len())
    );
    let ids = ids.into_iter().map(sea_orm::Value::from).collect();
    for LinkCount { creator_id, platform, accounts } in rows::<LinkCount>(connection, &sql, ids).await? {
        let platform =
            platform.parse().map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?;
        counts.entry(creator_id).or_default().insert(platform, accounts);
    }
    Ok(counts)
}

/// Creators with their links.
pub async fn find(connection: &impl ConnectionTrait, keys: &[Key<Uuid>]) -> Found<Key<Uuid>, LinkedCreator> {
    let found = rows_of::<CreatorRow>(connection, keys).await?;
    let ids: Vec<Uuid> = found.values().map(|row| row.id).collect();
    let mut links = link_counts(connection, &ids).await?;
    Ok(found.into_iter().map(|(key, row)| (key, (row, links.remove(&key.id).unwrap_or_default()))).collect())
}

impl Tenant {
    /// One creator.
    pub async fn creator(&self, id: CreatorId) -> Result<Option<Creator>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        let connection = self.store.read.clone();
        let read = move |keys: Vec<_>| {
            let connection = connection.clone();
            async move { find(&connection, &keys).await }
        };
        Ok(self.store.lookups.creators.find(key, read).await?.map(|(row, links)| row.view(links)))
    }

    /// A page of the organization's creators.
    pub async fn creators(
        &self,
        filter: &CreatorFilter,
        page: &PageRequest<CreatorOrder>,
    ) -> Result<Page<Creator>, StoreError> {
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and_if("t.is_active = ?", filter.is_active);
        if let Some(wanted) = filter.q.as_deref().and_then(Wanted::of) {
            conditions.and(&found_in("names", "creator_texts", "t"), wanted.anywhere());
        }
        let sort = match page.order_by {
            CreatorOrder::Name => SortColumn::Text("t.name_folded"),
            CreatorOrder::AddedAt => SortColumn::Number("t.added_at"),
            CreatorOrder::TotalFollowers => SortColumn::NullableNumber("t.total_followers"),
        };
        let listing = Listing { select: &CreatorRow::select(), count_from: "FROM creators t", id: "t.id", sort };
        let found =
            listing::page(&self.store.read, &listing, conditions, page, |row: &CreatorRow| row.position(page.order_by))
                .await?;
        let ids: Vec<Uuid> = found.rows.iter().map(|row| row.id).collect();
        let mut links = link_counts(&self.store.read, &ids).await?;
        listing::convert(found, |row| {
            let own = links.remove(&row.id).unwrap_or_default();
            Ok(row.view(own))
        })
    }
}

impl TenantTx {
    /// One creator, as the transaction sees it.
    pub async fn creator(&self, id: CreatorId) -> Result<Option<Creator>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        Ok(find(&self.tx, &[key]).await?.remove(&key).map(|(row, links)| row.view(links)))
    }

    /// One creator, kept from being changed by others until the transaction ends.
    pub async fn hold_creator(&self, id: CreatorId) -> Result<Option<Creator>, StoreError> {
        self.hold_accounts_of(id).await?;
        self.creator(id).await
    }
}
