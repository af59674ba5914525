//! One way to read any list: filters, a total order of (sort key, id), and a page that begins after a position.

use sea_orm::{DatabaseConnection, DbErr, FromQueryResult, QueryResult, Value};

use crate::StoreError;
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, Number, row, rows_by};

/// The sort column of a list: its SQL, and what kind of value it holds.
#[derive(Clone, Copy, Debug)]
pub enum SortColumn {
    /// Text, never null.
    Text(&'static str),
    /// A number that is never null.
    Number(&'static str),
    /// A number of at least 0, or null, which sorts last.
    NullableNumber(&'static str),
}

impl SortColumn {
    /// The expression to sort by. A null stands below every value, so that one index on the expression serves both directions.
    fn expression(self) -> String {
        match self {
            Self::Text(column) | Self::Number(column) => column.to_owned(),
            Self::NullableNumber(column) => format!("COALESCE({column}, {NULL})"),
        }
    }

    /// The stretches of the order, each a condition on the expression: nulls are last in both directions, so upwards they are read
    /// after the values.
    const fn stretches(self, direction: Direction) -> &'static [Stretch] {
        match (self, direction) {
            (Self::NullableNumber(_), Direction::Asc) => &[Stretch::Values, Stretch::Nulls],
            (Self::Text(_) | Self::Number(_), _) | (Self::NullableNumber(_), Direction::Desc) => &[Stretch::All],
        }
    }
}

/// What stands for a null; no count and no time is below 0.
const NULL: i64 = -1;

/// A part of a list that one range of an index gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stretch {
    /// Everything.
    All,
    /// What has a value.
    Values,
    /// What has none.
    Nulls,
}

/// Where in a stretch to begin, when the page before ended at a row with `key`.
enum Begin {
    /// It was read to its end.
    Past,
    /// At its beginning.
    First,
    /// After that row.
    After,
}

impl Stretch {
    fn begin(self, key: &SortKey) -> Begin {
        match (self, key) {
            (Self::Values, SortKey::Number(None)) => Begin::Past,
            (Self::Nulls, SortKey::Number(Some(_))) => Begin::First,
            (Self::All | Self::Values | Self::Nulls, SortKey::Text(_) | SortKey::Number(_)) => Begin::After,
        }
    }
}

fn key_value(key: &SortKey) -> Value {
    match key {
        SortKey::Text(text) => text.clone().into(),
        SortKey::Number(number) => number.unwrap_or(NULL).into(),
    }
}

/// What a list is read from.
pub struct Listing<'a> {
    /// `SELECT … FROM … JOIN …`, without `WHERE`.
    pub select: &'a str,
    /// The `FROM …` part that the filters need, for counting.
    pub count_from: &'a str,
    /// The id column.
    pub id: &'a str,
    /// The sort column.
    pub sort: SortColumn,
}

/// What is joined to the rows of a page once they are found.
#[derive(Clone, Copy)]
pub struct Joined<'a> {
    /// What is selected then.
    pub columns: &'a str,
    /// What the page's rows are called, inside and outside.
    pub alias: &'a str,
    /// `JOIN …`.
    pub joins: &'a str,
}

/// Reads one page; `position` tells a row's place in the order.
pub async fn page<R: FromQueryResult, O>(
    connection: &DatabaseConnection,
    listing: &Listing<'_>,
    filter: Filter,
    request: &PageRequest<O>,
    position: impl Fn(&R) -> Position,
) -> Result<Page<R>, StoreError> {
    page_from(connection, listing, filter, request, 0, position).await
}

/// Counts the rows that match.
pub async fn count(connection: &DatabaseConnection, from: &str, filter: &Filter) -> Result<i64, StoreError> {
    let sql = format!("SELECT COUNT(*) AS value {from} WHERE {}", filter.text());
    Ok(row::<Number>(connection, &sql, filter.values()).await?.map_or(0, |number| number.value))
}

/// Reads one page that begins after `offset` further rows, which costs as much as reading them.
pub async fn page_from<R: FromQueryResult, O>(
    connection: &DatabaseConnection,
    listing: &Listing<'_>,
    filter: Filter,
    request: &PageRequest<O>,
    offset: u64,
    position: impl Fn(&R) -> Position,
) -> Result<Page<R>, StoreError> {
    let read = |row: &QueryResult| R::from_query_result(row, "");
    Ok(rows_of_page(connection, listing, None, filter, (request, offset), read).await?.page(position))
}

/// The rows of a page as they are read.
pub struct ReadPage<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Whether more follow.
    pub has_next: bool,
    /// All rows that match, when asked for.
    pub total: Option<i64>,
}

impl<R> ReadPage<R> {
    /// The page; `position` tells a row's place in the order.
    pub fn page(self, position: impl Fn(&R) -> Position) -> Page<R> {
        let next = if self.has_next { self.rows.last().map(position) } else { None };
        Page { rows: self.rows, next, total: self.total }
    }
}

/// Reads the rows of one page, which begins after `offset` further rows, each by `read`; where there is something to be joined to them, that alone is
/// selected in the end.
pub async fn rows_of_page<R, O>(
    connection: &DatabaseConnection,
    listing: &Listing<'_>,
    joined: Option<Joined<'_>>,
    filter: Filter,
    (request, offset): (&PageRequest<O>, u64),
    read: impl Fn(&QueryResult) -> Result<R, DbErr>,
) -> Result<ReadPage<R>, StoreError> {
    let total = if request.include_total { Some(count(connection, listing.count_from, &filter).await?) } else { None };
    let mut to_skip = i64::try_from(offset).unwrap_or(i64::MAX);
    let (word, comparison) = match request.direction {
        Direction::Asc => ("ASC", ">"),
        Direction::Desc => ("DESC", "<"),
    };
    let (expression, id) = (listing.sort.expression(), listing.id);
    let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let mut found: Vec<R> = Vec::new();
    for stretch in listing.sort.stretches(request.direction) {
        let mut conditions = filter.clone();
        match stretch {
            Stretch::All => {}
            Stretch::Values => conditions.and_plain(&format!("{expression} > {NULL}")),
            Stretch::Nulls => conditions.and_plain(&format!("{expression} = {NULL}")),
        }
        if let Some(after) = &request.after {
            match stretch.begin(&after.key) {
                Begin::Past => continue,
                Begin::First => {}
                Begin::After => {
                    let key = conditions.bind(key_value(&after.key));
                    let row_id = match after.id {
                        RowId::Uuid(id) => conditions.bind(id),
                        RowId::Integer(id) => conditions.bind(id),
                    };
                    conditions.and_plain(&format!("({expression}, {id}) {comparison} ({key}, {row_id})"));
                }
            }
        }
        // One row more than asked tells whether there is a next page.
        let most = i64::from(request.limit) + 1 - i64::try_from(found.len()).unwrap_or(i64::MAX);
        let in_stretch = (to_skip > 0).then(|| conditions.clone());
        let limit = conditions.bind(most);
        let offset = if to_skip > 0 { format!(" OFFSET {}", conditions.bind(to_skip)) } else { String::new() };
        let order = format!("ORDER BY {expression} {word}, {id} {word}");
        let page = format!("{} WHERE {} {order} LIMIT {limit}{offset}", listing.select, conditions.text());
        let sql = match joined {
            Some(Joined { columns, alias, joins }) => format!("SELECT {columns} FROM ({page}) {alias} {joins} {order}"),
            None => page,
        };
        let rows = rows_by(connection, &sql, conditions.values(), &read).await?;
        if let Some(in_stretch) = in_stretch {
            // What was passed over here is not passed over in the next stretch.
            let passed =
                if rows.is_empty() { count(connection, listing.count_from, &in_stretch).await? } else { to_skip };
            to_skip = to_skip.saturating_sub(passed).max(0);
        }
        found.extend(rows);
        if found.len() > wanted {
            break;
        }
    }
    let has_next = found.len() > wanted;
    found.truncate(wanted);
    Ok(ReadPage { rows: found, has_next, total })
}

/// Turns the rows of a page into what is handed out.
pub fn convert<R, T>(page: Page<R>, view: impl FnMut(R) -> Result<T, StoreError>) -> Result<Page<T>, StoreError> {
    Ok(Page { rows: page.rows.into_iter().map(view).collect::<Result<_, _>>()?, next: page.next, total: page.total })
}
