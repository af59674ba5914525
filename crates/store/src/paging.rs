//! Keyset paging: a page begins after the last row of the page before it, so it costs the same anywhere and a walk sees every row that
//! existed throughout exactly once, whatever is inserted meanwhile. A row whose sort key changes during a walk moves, and may be seen at
//! either place, at both or at none.

use domain::Timestamp;
use uuid::Uuid;

/// Which way a list is sorted. Nulls come last in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest first.
    Desc,
}

/// The value of the sort column in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// Names.
    Text(String),
    /// Counts and times (milliseconds); `None` sorts last.
    Number(Option<i64>),
}

/// A row's id, the second sort column, which makes the order total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// Most resources.
    Uuid(Uuid),
    /// Account videos.
    Integer(i64),
}

impl From<Uuid> for RowId {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

impl From<i64> for RowId {
    fn from(id: i64) -> Self {
        Self::Integer(id)
    }
}

/// Where a page ends: the position of its last row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The sort column's value.
    pub key: SortKey,
    /// The row's id.
    pub id: RowId,
}

/// Which page of a list.
#[derive(Clone, Debug)]
pub struct PageRequest<O> {
    /// The sort column.
    pub order_by: O,
    /// Its direction.
    pub direction: Direction,
    /// Begin after this row.
    pub after: Option<Position>,
    /// Rows at most.
    pub limit: u32,
    /// Whether to count all rows that match.
    pub include_total: bool,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Position>,
    /// All rows that match, when asked for.
    pub total: Option<i64>,
}

/// Sort columns of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountOrder {
    /// When tracking began (the default).
    AddedAt,
    /// The handle.
    Username,
    /// Last good read.
    LastScrapeTime,
    /// Followers.
    FollowerCount,
    /// Views over collected posts.
    ViewCount,
    /// Likes over collected posts.
    LikeCount,
    /// Plays over collected posts.
    PlayCount,
}

/// Sort columns of videos and account videos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostOrder {
    /// When tracking began (the default).
    AddedAt,
    /// When the post was published.
    CreateTime,
    /// Views.
    ViewCount,
    /// Likes.
    LikeCount,
    /// Plays.
    PlayCount,
}

/// Sort columns of creators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatorOrder {
    /// The name (the default).
    Name,
    /// When it was added.
    AddedAt,
    /// Followers over its accounts.
    TotalFollowers,
}

/// Filters of the list of accounts; all combine.
#[derive(Clone, Debug, Default)]
pub struct AccountFilter {
    /// On this platform.
    pub platform: Option<domain::Platform>,
    /// Handle contains this, without case.
    pub q: Option<String>,
    /// Collected or paused.
    pub is_active: Option<bool>,
    /// In this category.
    pub category: Option<String>,
    /// Linked to this creator.
    pub creator_id: Option<domain::CreatorId>,
}

/// Filters of the list of videos; all combine.
#[derive(Clone, Debug, Default)]
pub struct VideoFilter {
    /// On this platform.
    pub platform: Option<domain::Platform>,
    /// By this tracked account.
    pub account_id: Option<domain::AccountId>,
    /// Collected or paused.
    pub is_active: Option<bool>,
    /// Caption contains this, without case.
    pub q: Option<String>,
    /// Belonging to this project.
    pub project_id: Option<domain::CollectionId>,
    /// Belonging to this group.
    pub group_id: Option<domain::CollectionId>,
}

/// Filters of the list of account videos; all combine.
#[derive(Clone, Debug, Default)]
pub struct AccountVideoFilter {
    /// On this platform.
    pub platform: Option<domain::Platform>,
    /// In this tracked account's feed.
    pub account_id: Option<domain::AccountId>,
    /// In the feed of an account of this creator.
    pub creator_id: Option<domain::CreatorId>,
    /// Made of this.
    pub media_type: Option<domain::MediaType>,
    /// Caption contains this, without case.
    pub q: Option<String>,
    /// Published at or after this.
    pub created_after: Option<Timestamp>,
    /// Published at or before this.
    pub created_before: Option<Timestamp>,
    /// Belonging to this project.
    pub project_id: Option<domain::CollectionId>,
    /// Belonging to this group.
    pub group_id: Option<domain::CollectionId>,
}

/// Filters of the list of creators; all combine.
#[derive(Clone, Debug, Default)]
pub struct CreatorFilter {
    /// Collected or paused.
    pub is_active: Option<bool>,
    /// Name contains this, without case.
    pub q: Option<String>,
}

/// Sort columns of API keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrder {
    /// When it was made (the default).
    CreatedAt,
    /// The name.
    Name,
}

/// Filters of the list of API keys; all combine.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// Enabled or disabled.
    pub is_active: Option<bool>,
    /// Name contains this, without case.
    pub q: Option<String>,
}
