//! Collections: an organization's named sets of creators, accounts and posts, to report on together. Projects and groups are the same thing
//! under two names; a collection is found under its own name alone.

mod belonging;
mod members;
mod write;

use std::collections::BTreeMap;

use domain::{CollectionId, CollectionKind, MemberType, Metadata, OrganizationId, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

pub(crate) use self::belonging::belongs_to;
pub use self::members::{CollectionMember, MOST_MEMBERS, MemberFilter, MemberOrder};
pub use self::write::{CollectionChange, MOST_COLLECTIONS, NewCollection};
use crate::listing::{self, Listing, SortColumn};
use crate::merged::{Found, Key, Keyed, padded, rows_of};
use crate::paging::{Page, PageRequest, Position, RowId, SortKey};
use crate::search::Wanted;
use crate::sql::{Filter, places, rows};
use crate::{StoreError, Tenant};

/// A project or a group.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Collection {
    /// The collection's id.
    pub id: CollectionId,
    /// Under which name it is kept.
    pub kind: CollectionKind,
    /// The name.
    pub name: String,
    /// The client's own notes.
    pub metadata: Metadata,
    /// When it was added.
    pub added_at: Timestamp,
    /// When its name or notes last changed.
    pub updated_at: Timestamp,
    /// How many members it has.
    pub members: MemberCounts,
}

/// How many members a collection has, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MemberCounts {
    /// Creators.
    pub creators: i64,
    /// Accounts.
    pub accounts: i64,
    /// Posts, added by hand or found in feeds.
    pub videos: i64,
}

/// Filters of the list of collections; all combine.
#[derive(Clone, Debug, Default)]
pub struct CollectionFilter {
    /// Name contains this, without case and accents.
    pub q: Option<String>,
}

/// Sort columns of collections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionOrder {
    /// The name (the default).
    Name,
    /// When it was added.
    AddedAt,
}

const SELECTED: &str = "t.id, t.organization_id, t.kind, t.name, t.name_folded, t.metadata, t.added_at, t.updated_at";

#[derive(Clone, Debug, FromQueryResult)]
pub struct CollectionRow {
    id: Uuid,
    organization_id: Uuid,
    kind: String,
    name: String,
    name_folded: String,
    metadata: String,
    added_at: i64,
    updated_at: i64,
}

/// A collection with the number of its members.
pub type CountedCollection = (CollectionRow, MemberCounts);

impl Keyed for CollectionRow {
    type Id = Uuid;

    const TABLE: &'static str = "collections";
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

impl CollectionRow {
    fn view(self, members: MemberCounts) -> Result<Collection, StoreError> {
        let Self { id, organization_id: _, kind, name, name_folded: _, metadata, added_at, updated_at } = self;
        Ok(Collection {
            id: CollectionId(id),
            kind: kind.parse().map_err(|_| StoreError::Unreadable { table: "collections", column: "kind" })?,
            name,
            metadata: Metadata::from_stored(&metadata),
            added_at: Timestamp::from_millis(added_at),
            updated_at: Timestamp::from_millis(updated_at),
            members,
        })
    }

    fn position(&self, order: CollectionOrder) -> Position {
        let key = match order {
            CollectionOrder::Name => SortKey::Text(self.name_folded.clone()),
            CollectionOrder::AddedAt => SortKey::Number(Some(self.added_at)),
        };
        Position { key, id: RowId::Uuid(self.id) }
    }
}

/// The one of that kind, if it is one.
fn of_kind(found: Option<CountedCollection>, kind: CollectionKind) -> Result<Option<Collection>, StoreError> {
    let of_kind = found.filter(|(row, _)| row.kind == kind.as_str());
    of_kind.map(|(row, members)| row.view(members)).transpose()
}

#[derive(FromQueryResult)]
struct MemberCount {
    collection_id: Uuid,
    member_type: String,
    members: i64,
}

/// Members of several collections. They are counted when they are asked for: a collection has few enough, and whoever deletes what belongs to
/// many collections need not touch them.
async fn member_counts(
    connection: &impl ConnectionTrait,
    collections: &[Uuid],
) -> Result<BTreeMap<Uuid, MemberCounts>, StoreError> {
    let mut counts: BTreeMap<Uuid, MemberCounts> = BTreeMap::new();
    if collections.is_empty() {
        return Ok(counts);
    }
    let ids = padded(collections.to_vec());
    let sql = format!(
        "SELECT collection_id, member_type, COUNT(*) AS members FROM collection_members WHERE collection_id IN ({}) \
         GROUP BY collection_id, member_type",
        places(1, ids.len())
    );
    let ids = ids.into_iter().map(sea_orm::Value::from).collect();
    for MemberCount { collection_id, member_type, members } in rows::<MemberCount>(connection, &sql, ids).await? {
        let counted = counts.entry(collection_id).or_default();
        match members::type_of(&member_type)? {
            MemberType::Creator => counted.creators += members,
            MemberType::Account => counted.accounts += members,
            MemberType::Video | MemberType::AccountVideo => counted.videos += members,
        }
    }
    Ok(counts)
}

async fn find(connection: &impl ConnectionTrait, keys: &[Key<Uuid>]) -> Found<Key<Uuid>, CountedCollection> {
    let found = rows_of::<CollectionRow>(connection, keys).await?;
    let ids: Vec<Uuid> = found.values().map(|row| row.id).collect();
    let mut counts = member_counts(connection, &ids).await?;
    Ok(found.into_iter().map(|(key, row)| (key, (row, counts.remove(&key.id).unwrap_or_default()))).collect())
}

impl Tenant {
    /// One collection.
    pub async fn collection(&self, kind: CollectionKind, id: CollectionId) -> Result<Option<Collection>, StoreError> {
        let key = Key { organization: self.organization, id: id.0 };
        let connection = self.store.read.clone();
        let read = move |keys: Vec<_>| {
            let connection = connection.clone();
            async move { find(&connection, &keys).await }
        };
        of_kind(self.store.lookups.collections.find(key, read).await?, kind)
    }

    /// A page of the organization's collections of one kind.
    pub async fn collections(
        &self,
        kind: CollectionKind,
        filter: &CollectionFilter,
        page: &PageRequest<CollectionOrder>,
    ) -> Result<Page<Collection>, StoreError> {
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and("t.kind = ?", kind.as_str());
        conditions.and_if(
            "t.name_folded LIKE ? ESCAPE '\\'",
            filter.q.as_deref().and_then(Wanted::of).map(|wanted| wanted.anywhere()),
        );
        let sort = match page.order_by {
            CollectionOrder::Name => SortColumn::Text("t.name_folded"),
            CollectionOrder::AddedAt => SortColumn::Number("t.added_at"),
        };
        let listing = Listing { select: &CollectionRow::select(), count_from: "FROM collections t", id: "t.id", sort };
        let position = |row: &CollectionRow| row.position(page.order_by);
        let found = listing::page(&self.store.read, &listing, conditions, page, position).await?;
        let ids: Vec<Uuid> = found.rows.iter().map(|row| row.id).collect();
        let mut counts = member_counts(&self.store.read, &ids).await?;
        listing::convert(found, |row| {
            let members = counts.remove(&row.id).unwrap_or_default();
            row.view(members)
        })
    }
}
