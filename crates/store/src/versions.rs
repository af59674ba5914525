//! Asking only whether rows are those of last time.
//!
//! PostgreSQL keeps with each version of a row which transaction wrote it (`xmin`), so the versions of the few rows that a record is made of tell
//! whether it is the one that is remembered, at less than half of the cost of reading it: nothing but numbers is sent. Nobody who writes has to think of it.
//! Transactions are numbered anew where a server goes back to an earlier state (a standby that lagged, a restored copy), so the time at which the server was
//! started is part of a version. SQLite has no versions; its rows are read whole and compared whole.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::{DatabaseConnection, QueryResult};

use crate::StoreError;
use crate::freshness::Moment;
use crate::listing::{self, Joined, Listing, ReadPage, SortColumn};
use crate::merged::{Found, Key, rows_by_keys};
use crate::paging::{Page, PageRequest, Position};
use crate::seen::{Kept, Memory, Recalled, Seen, Viewed};
use crate::sql::{Filter, is_postgres};

/// Tells the transactions of one server from those of another, and from those before it was put back to an earlier state.
const SERVER: &str = "pg_postmaster_start_time()";

/// How many columns the versions of a row take.
pub const fn columns_of<R: Viewed>() -> usize {
    R::PARTS.len() + 1
}

/// The statements of rows of one kind, without `WHERE`.
#[derive(Debug)]
pub struct Statements {
    /// Whole rows.
    whole: String,
    /// Whole rows with their versions.
    with_versions: String,
    /// What is selected of keys and versions.
    versions: String,
    /// `SELECT … FROM … JOIN …` of these.
    of_versions: String,
}

impl Statements {
    /// Those of `R`.
    pub fn of<R: Viewed>() -> Self {
        let parts = format!("{}, {SERVER}", R::PARTS.join(", "));
        let versions = format!("{own}.id, {own}.organization_id, {parts}", own = R::ALIAS);
        Self {
            whole: R::select(),
            with_versions: R::select_of(&format!("{}, {parts}", R::columns())),
            of_versions: R::select_of(&versions),
            versions,
        }
    }

    fn of_rows(&self, connection: &DatabaseConnection) -> &str {
        if is_postgres(connection) { &self.with_versions } else { &self.whole }
    }
}

/// The rows of `keys`.
pub async fn rows_of<R: Viewed>(
    connection: &DatabaseConnection,
    memory: &Memory<R>,
    keys: Vec<Key<R::Id>>,
) -> Found<Key<R::Id>, Arc<Kept<R>>> {
    if !is_postgres(connection) || !memory.serves() {
        return whole_rows_of(connection, memory, &keys).await;
    }
    let select = &memory.statements.of_versions;
    let recalled = rows_by_keys::<R, _>(connection, select, &keys, |row| memory.recall(row)).await?;
    let changed: Vec<_> = recalled.iter().filter(|row| row.kept.is_none()).map(|row| row.key).collect();
    let mut found = whole_rows_of(connection, memory, &changed).await?;
    found.extend(recalled.into_iter().filter_map(|row| Some((row.key, row.kept?))));
    Ok(found)
}

async fn whole_rows_of<R: Viewed>(
    connection: &DatabaseConnection,
    memory: &Memory<R>,
    keys: &[Key<R::Id>],
) -> Found<Key<R::Id>, Arc<Kept<R>>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let select = memory.statements.of_rows(connection);
    let found = rows_by_keys::<R, _>(connection, select, keys, |row| memory.read(row)).await?;
    Ok(found.into_iter().map(|kept| (kept.row().key(), kept)).collect())
}

/// What a list of rows that are remembered is read from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The `FROM …` part that the filters need.
    pub from: &'a str,
    /// The sort column, one of the record's own.
    pub sort: SortColumn,
}

impl<'a> Source<'a> {
    const fn listing(self, select: &'a str, id: &'a str) -> Listing<'a> {
        Listing { select, count_from: self.from, id, sort: self.sort }
    }
}

/// Reads one page of rows that are remembered, as they stand at that moment; `position` tells a row's place in the order.
pub async fn page<R: Viewed, O>(
    connection: &DatabaseConnection,
    source: Source<'_>,
    filter: Filter,
    (request, moment): (&PageRequest<O>, Moment<'_>),
    memory: &Memory<R>,
    position: impl Fn(&R) -> Position,
) -> Result<Page<Arc<Seen<R::View>>>, StoreError> {
    let mut rows = None;
    if is_postgres(connection) && memory.serves() {
        rows = remembered_page(connection, source, filter.clone(), request, memory).await?;
    }
    let rows = if let Some(rows) = rows {
        rows
    } else {
        let id = id_of::<R>();
        let listing = source.listing(memory.statements.of_rows(connection), &id);
        listing::rows_of_page(connection, &listing, None, filter, (request, 0), |row| memory.read(row)).await?
    };
    listing::convert(rows.page(|kept| position(kept.row())), |kept| kept.view(moment))
}

/// The page by its versions. `None` when a row became another between that and its reading, and may stand at another place.
///
/// It is found among the record's own rows before anything is joined to them: so the planner joins a page, not a list.
async fn remembered_page<R: Viewed, O>(
    connection: &DatabaseConnection,
    source: Source<'_>,
    filter: Filter,
    request: &PageRequest<O>,
    memory: &Memory<R>,
) -> Result<Option<ReadPage<Arc<Kept<R>>>>, StoreError> {
    let (own, id) = (R::ALIAS, id_of::<R>());
    let select = format!("SELECT {own}.*, {own}.xmin {}", source.from);
    let joined = Joined { columns: &memory.statements.versions, alias: own, joins: R::joins() };
    let (listing, recall) = (source.listing(&select, &id), |row: &QueryResult| memory.recall(row));
    let ReadPage { rows, has_next, total } =
        listing::rows_of_page(connection, &listing, Some(joined), filter, (request, 0), recall).await?;
    let changed: Vec<_> = rows.iter().filter(|row| row.kept.is_none()).map(|row| row.key).collect();
    let mut read = whole_rows_of(connection, memory, &changed).await?;
    let mut stand_in = |row: &Recalled<R>| read.remove(&row.key).filter(|kept| row.is_of(kept));
    let rows: Option<Vec<_>> = rows.into_iter().map(|mut row| row.kept.take().or_else(|| stand_in(&row))).collect();
    Ok(rows.map(|rows| ReadPage { rows, has_next, total }))
}

fn id_of<R: Viewed>() -> String {
    format!("{}.id", R::ALIAS)
}
