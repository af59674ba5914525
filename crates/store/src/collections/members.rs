//! What belongs to a collection.

use domain::{
    AccountId, AccountVideoId, CollectionId, CollectionKind, CreatorId, Member, MemberType, Timestamp, VideoId,
};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use crate::changes::{Linked, Refusal};
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, Number, execute, is_postgres, row, values};
use crate::{StoreError, Tenant, TenantTx};

/// Members that a collection may have.
pub const MOST_MEMBERS: i64 = 10_000;

/// A member of a collection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CollectionMember {
    /// Which one.
    pub member: Member,
    /// When it was put there.
    pub added_at: Timestamp,
}

/// Filters of the list of members; all combine.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter {
    /// Of this type.
    pub member_type: Option<MemberType>,
}

/// Sort columns of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberOrder {
    /// When they were put there (the default).
    AddedAt,
}

const SELECT: &str = "SELECT m.id, m.member_type, m.creator_id, m.account_id, m.video_id, m.account_video_id, m.added_at \
     FROM collection_members m JOIN collections c ON c.id = m.collection_id";

#[derive(Debug, FromQueryResult)]
struct MemberRow {
    id: Uuid,
    member_type: String,
    creator_id: Option<Uuid>,
    account_id: Option<Uuid>,
    video_id: Option<Uuid>,
    account_video_id: Option<i64>,
    added_at: i64,
}

fn unreadable(column: &'static str) -> StoreError {
    StoreError::Unreadable { table: "collection_members", column }
}

/// The type of a member by its stored name.
pub(super) fn type_of(name: &str) -> Result<MemberType, StoreError> {
    name.parse().map_err(|_| unreadable("member_type"))
}

impl MemberRow {
    fn view(self) -> Result<CollectionMember, StoreError> {
        let member = match type_of(&self.member_type)? {
            MemberType::Creator => self.creator_id.map(|id| Member::Creator(CreatorId(id))),
            MemberType::Account => self.account_id.map(|id| Member::Account(AccountId(id))),
            MemberType::Video => self.video_id.map(|id| Member::Video(VideoId(id))),
            MemberType::AccountVideo => self.account_video_id.map(|id| Member::AccountVideo(AccountVideoId(id))),
        };
        Ok(CollectionMember {
            member: member.ok_or_else(|| unreadable("member_type"))?,
            added_at: Timestamp::from_millis(self.added_at),
        })
    }
}

/// Where a member's own row is, which column of `collection_members` names it, and by which value.
fn place_of(member: Member) -> (&'static str, &'static str, Value) {
    match member {
        Member::Creator(id) => ("creators", "creator_id", id.0.into()),
        Member::Account(id) => ("accounts", "account_id", id.0.into()),
        Member::Video(id) => ("videos", "video_id", id.0.into()),
        Member::AccountVideo(id) => ("account_videos", "account_video_id", id.0.into()),
    }
}

impl Tenant {
    /// A page of the members of a collection; nothing, when the organization has no such collection.
    pub async fn collection_members(
        &self,
        kind: CollectionKind,
        id: CollectionId,
        filter: &MemberFilter,
        page: &PageRequest<MemberOrder>,
    ) -> Result<Page<CollectionMember>, StoreError> {
        let mut conditions = Filter::new("c.organization_id = $1", self.organization.0);
        conditions.and("c.kind = ?", kind.as_str());
        conditions.and("m.collection_id = ?", id.0);
        conditions.and_if("m.member_type = ?", filter.member_type.map(MemberType::as_str));
        let sort = match page.order_by {
            MemberOrder::AddedAt => SortColumn::Number("m.added_at"),
        };
        let count_from = "FROM collection_members m JOIN collections c ON c.id = m.collection_id";
        let listing = Listing { select: SELECT, count_from, id: "m.id", sort };
        let found = listing::page(&self.store.read, &listing, conditions, page, |row: &MemberRow| Position {
            key: SortKey::Number(Some(row.added_at)),
            id: RowId::Uuid(row.id),
        })
        .await?;
        listing::convert(found, MemberRow::view)
    }
}

impl TenantTx {
    /// A member of a collection, kept where it is until the transaction ends, unless it is deleted altogether.
    pub async fn hold_member(
        &self,
        kind: CollectionKind,
        id: CollectionId,
        member: Member,
    ) -> Result<CollectionMember, Refusal> {
        self.lock_collection(kind, id).await?;
        self.membership(id, member).await?.ok_or(Refusal::NoMember(member))
    }

    /// Puts something into a collection, refusing to pass [`MOST_MEMBERS`]. What is a member already stays as it is.
    pub async fn add_member(
        &mut self,
        kind: CollectionKind,
        id: CollectionId,
        member: Member,
    ) -> Result<(Linked, CollectionMember), Refusal> {
        self.lock_collection(kind, id).await?;
        if let Some(found) = self.membership(id, member).await? {
            return Ok((Linked::Before, found));
        }
        let (table, column, value) = place_of(member);
        // Whoever deletes it waits until it is a member, and takes that away as well.
        let lock = if is_postgres(&self.tx) { " FOR KEY SHARE" } else { "" };
        let own = format!("SELECT added_at AS value FROM {table} WHERE id = $1 AND organization_id = $2{lock}");
        if row::<Number>(&self.tx, &own, vec![value.clone(), self.organization.0.into()]).await?.is_none() {
            return Err(Refusal::NoMember(member));
        }
        let count = "SELECT COUNT(*) AS value FROM collection_members WHERE collection_id = $1";
        let counted = row::<Number>(&self.tx, count, values![id.0]).await?;
        if counted.is_some_and(|number| number.value >= MOST_MEMBERS) {
            return Err(Refusal::CollectionFull { kind, most: MOST_MEMBERS });
        }
        let insert = format!(
            "INSERT INTO collection_members (id, collection_id, member_type, {column}, added_at) VALUES ($1, $2, $3, $4, $5)"
        );
        let mut row = values![Uuid::now_v7(), id.0, member.member_type().as_str()];
        row.extend([value, self.now.as_millis().into()]);
        execute(&self.tx, &insert, row).await?;
        Ok((Linked::Now, CollectionMember { member, added_at: self.now }))
    }

    /// Takes something out of a collection. It stays as it is otherwise.
    pub async fn remove_member(
        &mut self,
        kind: CollectionKind,
        id: CollectionId,
        member: Member,
    ) -> Result<(), Refusal> {
        self.lock_collection(kind, id).await?;
        let (_, column, value) = place_of(member);
        let delete = format!("DELETE FROM collection_members WHERE {column} = $1 AND collection_id = $2");
        let gone = execute(&self.tx, &delete, vec![value, id.0.into()]).await?;
        if gone == 0 { Err(Refusal::NoMember(member)) } else { Ok(()) }
    }

    async fn membership(&self, id: CollectionId, member: Member) -> Result<Option<CollectionMember>, StoreError> {
        let (_, column, value) = place_of(member);
        let sql =
            format!("SELECT added_at AS value FROM collection_members WHERE {column} = $1 AND collection_id = $2");
        let found = row::<Number>(&self.tx, &sql, vec![value, id.0.into()]).await?;
        Ok(found.map(|found| CollectionMember { member, added_at: Timestamp::from_millis(found.value) }))
    }
}
