//! Reading keys: one, a page of an organization's, or all.

use std::collections::BTreeMap;

use domain::{ApiKeyId, OrganizationId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::{Key, RetiringSecret, scopes_of};
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{KeyFilter, KeyOrder, Page, PageRequest, Position, RowId, SortKey};
use crate::search::Wanted;
use crate::sql::{Filter, is_postgres, row, rows, values};
use crate::{Store, StoreError, Tenant, TenantTx};

const SELECT: &str = "\
SELECT t.id, t.organization_id, t.name, t.name_folded, t.public_part, t.scopes, t.expires_at, t.disabled_at, t.revoked_at, t.created_at, \
COALESCE(t.updated_at, t.created_at) AS updated_at, t.last_used_at FROM api_keys t";

#[derive(FromQueryResult)]
struct KeyRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    name_folded: String,
    public_part: String,
    scopes: String,
    expires_at: Option<i64>,
    disabled_at: Option<i64>,
    revoked_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    last_used_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct RetiringRow {
    api_key_id: Uuid,
    public_part: String,
    expires_at: i64,
}

impl KeyRow {
    fn view(self, retiring: Vec<RetiringRow>) -> Result<Key, StoreError> {
        let Self {
            id,
            organization_id,
            name,
            name_folded: _,
            public_part,
            scopes,
            expires_at,
            disabled_at,
            revoked_at,
            created_at,
            updated_at,
            last_used_at,
        } = self;
        let retiring = retiring.into_iter().map(|RetiringRow { api_key_id: _, public_part, expires_at: own }| {
            // An old secret never outlives its key.
            let ends = expires_at.map_or(own, |end| end.min(own));
            RetiringSecret { public_part, expires_at: Timestamp::from_millis(ends) }
        });
        Ok(Key {
            id: ApiKeyId(id),
            organization_id: OrganizationId(organization_id),
            name,
            public_part,
            scopes: scopes_of(&scopes)?,
            expires_at: expires_at.map(Timestamp::from_millis),
            disabled_at: disabled_at.map(Timestamp::from_millis),
            revoked_at: revoked_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(created_at),
            updated_at: Timestamp::from_millis(updated_at),
            last_used_at: last_used_at.map(Timestamp::from_millis),
            retiring: retiring.collect(),
        })
    }

    fn position(&self, order: KeyOrder) -> Position {
        let key = match order {
            KeyOrder::CreatedAt => SortKey::Number(Some(self.created_at)),
            KeyOrder::Name => SortKey::Text(self.name_folded.clone()),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

/// The old secrets that `conditions` speak of, by key.
async fn retiring(
    connection: &impl ConnectionTrait,
    conditions: Filter,
) -> Result<BTreeMap<Uuid, Vec<RetiringRow>>, StoreError> {
    let sql = format!(
        "SELECT r.api_key_id, r.public_part, r.expires_at FROM retired_secrets r JOIN api_keys k ON k.id = r.api_key_id \
         WHERE {} ORDER BY r.expires_at, r.public_part",
        conditions.text()
    );
    let mut by_key: BTreeMap<Uuid, Vec<RetiringRow>> = BTreeMap::new();
    for found in rows::<RetiringRow>(connection, &sql, conditions.values()).await? {
        by_key.entry(found.api_key_id).or_default().push(found);
    }
    Ok(by_key)
}

/// The old secrets of these keys that still open at `now`, by key.
async fn retiring_of(
    connection: &impl ConnectionTrait,
    keys: &[Uuid],
    now: Timestamp,
) -> Result<BTreeMap<Uuid, Vec<RetiringRow>>, StoreError> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut conditions = Filter::new("r.expires_at > $1", now.as_millis());
    conditions.and_plain("(k.expires_at IS NULL OR k.expires_at > $1)");
    let places: Vec<_> = keys.iter().map(|id| conditions.bind(*id)).collect();
    conditions.and_plain(&format!("r.api_key_id IN ({})", places.join(", ")));
    retiring(connection, conditions).await
}

async fn find(
    connection: &impl ConnectionTrait,
    organization: OrganizationId,
    id: ApiKeyId,
    lock: &str,
    now: Timestamp,
) -> Result<Option<Key>, StoreError> {
    let sql = format!("{SELECT} WHERE t.id = $1 AND t.organization_id = $2 AND t.revoked_at IS NULL{lock}");
    let Some(found) = row::<KeyRow>(connection, &sql, values![id.0, organization.0]).await? else { return Ok(None) };
    let old = retiring_of(connection, &[id.0], now).await?.remove(&id.0);
    found.view(old.unwrap_or_default()).map(Some)
}

impl Tenant {
    /// One key that is not revoked, with the old secrets that still open at `now`.
    pub async fn api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<Option<Key>, StoreError> {
        find(&self.store.read, self.organization, id, "", now).await
    }

    /// A page of the organization's keys that are not revoked.
    pub async fn api_keys(
        &self,
        filter: &KeyFilter,
        page: &PageRequest<KeyOrder>,
        now: Timestamp,
    ) -> Result<Page<Key>, StoreError> {
        let KeyFilter { is_active, q } = filter;
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and_plain("t.revoked_at IS NULL");
        match is_active {
            Some(true) => conditions.and_plain("t.disabled_at IS NULL"),
            Some(false) => conditions.and_plain("t.disabled_at IS NOT NULL"),
            None => {}
        }
        let wanted = q.as_deref().and_then(Wanted::of);
        conditions.and_if("t.name_folded LIKE ? ESCAPE '\\'", wanted.map(|wanted| wanted.anywhere()));
        let sort = match page.order_by {
            KeyOrder::CreatedAt => SortColumn::Number("t.created_at"),
            KeyOrder::Name => SortColumn::Text("t.name_folded"),
        };
        let listing = Listing { select: SELECT, count_from: "FROM api_keys t", id: "t.id", sort };
        let found =
            listing::page(&self.store.read, &listing, conditions, page, |row: &KeyRow| row.position(page.order_by))
                .await?;
        let ids: Vec<_> = found.rows.iter().map(|row| row.id).collect();
        let mut old = retiring_of(&self.store.read, &ids, now).await?;
        listing::convert(found, |row| {
            let own = old.remove(&row.id).unwrap_or_default();
            row.view(own)
        })
    }
}

impl TenantTx {
    /// One key that is not revoked, kept from being changed by others until the transaction ends.
    pub async fn hold_api_key(&self, id: ApiKeyId) -> Result<Option<Key>, StoreError> {
        let lock = if is_postgres(&self.tx) { " FOR UPDATE" } else { "" };
        find(&self.tx, self.organization, id, lock, self.now).await
    }
}

impl Store {
    /// The organization of a key, revoked or not.
    pub async fn organization_of_key(&self, id: ApiKeyId) -> Result<Option<OrganizationId>, StoreError> {
        #[derive(FromQueryResult)]
        struct Owner {
            organization_id: Uuid,
        }
        let sql = "SELECT organization_id FROM api_keys WHERE id = $1";
        let found = row::<Owner>(&self.read, sql, values![id.0]).await?;
        Ok(found.map(|owner| OrganizationId(owner.organization_id)))
    }

    /// The keys of one organization, or of all, oldest first, as the operator sees them: the revoked ones too, and old secrets until they
    /// are pruned.
    pub async fn keys(&self, organization: Option<OrganizationId>) -> Result<Vec<Key>, StoreError> {
        let (whose, all) = (organization.map_or_else(Uuid::nil, |id| id.0), organization.is_none());
        let sql = format!("{SELECT} WHERE t.organization_id = $1 OR $2 ORDER BY t.created_at, t.id");
        let found = rows::<KeyRow>(&self.read, &sql, values![whose, all]).await?;
        let mut conditions = Filter::new("r.expires_at > $1", 0);
        let (whose, all) = (conditions.bind(whose), conditions.bind(all));
        conditions.and_plain(&format!("(k.organization_id = {whose} OR {all})"));
        let mut old = retiring(&self.read, conditions).await?;
        found
            .into_iter()
            .map(|row| {
                let own = old.remove(&row.id).unwrap_or_default();
                row.view(own)
            })
            .collect()
    }
}
