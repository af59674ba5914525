//! One way to read any list: filters, a total order of (sort key, id), and a page that begins after a position.

use sea_orm::{DatabaseConnection, FromQueryResult, Value};

use crate::StoreError;
use crate::paging::{Direction, Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, Number, row, rows};

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
    /// The expression to sort by. A null takes the place of a value that is last in the direction, so that the order is one of plain
    /// values and an index on the expression serves it.
    fn expression(self, direction: Direction) -> String {
        match (self, direction) {
            (Self::Text(column) | Self::Number(column), _) => column.to_owned(),
            (Self::NullableNumber(column), Direction::Desc) => format!("COALESCE({column}, -1)"),
            (Self::NullableNumber(column), Direction::Asc) => format!("COALESCE({column}, {})", i64::MAX),
        }
    }

    fn value(key: &SortKey, direction: Direction) -> Value {
        match (key, direction) {
            (SortKey::Text(text), _) => text.clone().into(),
            (SortKey::Number(Some(number)), _) => (*number).into(),
            (SortKey::Number(None), Direction::Desc) => (-1_i64).into(),
            (SortKey::Number(None), Direction::Asc) => i64::MAX.into(),
        }
    }
}

/// What a list is read from.
pub struct Listing<'a> {
    /// `SELECT … FROM … JOIN …`, without `WHERE`.
    pub select: &'a str,
    /// The `FROM …` part that the filters need, for counting.
    pub count_from: &'a str,
    /// The id column.
    pub id: &'static str,
    /// The sort column.
    pub sort: SortColumn,
}

/// Reads one page; `position` tells a row's place in the order.
pub async fn page<R: FromQueryResult, O>(
    connection: &DatabaseConnection,
    listing: &Listing<'_>,
    mut filter: Filter,
    request: &PageRequest<O>,
    position: impl Fn(&R) -> Position,
) -> Result<Page<R>, StoreError> {
    let total = if request.include_total {
        let sql = format!("SELECT COUNT(*) AS value {} WHERE {}", listing.count_from, filter.text());
        row::<Number>(connection, &sql, filter.values()).await?.map(|number| number.value)
    } else {
        None
    };
    let (word, comparison) = match request.direction {
        Direction::Asc => ("ASC", ">"),
        Direction::Desc => ("DESC", "<"),
    };
    let (expression, id) = (listing.sort.expression(request.direction), listing.id);
    if let Some(after) = &request.after {
        let key = filter.bind(SortColumn::value(&after.key, request.direction));
        let row_id = match after.id {
            RowId::Uuid(id) => filter.bind(id),
            RowId::Integer(id) => filter.bind(id),
        };
        filter.and_plain(&format!("({expression}, {id}) {comparison} ({key}, {row_id})"));
    }
    // One row more than asked tells whether there is a next page.
    let limit = filter.bind(i64::from(request.limit) + 1);
    let sql =
        format!("{} WHERE {} ORDER BY {expression} {word}, {id} {word} LIMIT {limit}", listing.select, filter.text());
    let mut found = rows::<R>(connection, &sql, filter.values()).await?;
    let wanted = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let has_next = found.len() > wanted;
    found.truncate(wanted);
    let next = if has_next { found.last().map(position) } else { None };
    Ok(Page { rows: found, next, total })
}

/// Turns the rows of a page into what is handed out.
pub fn convert<R, T>(page: Page<R>, view: impl FnMut(R) -> Result<T, StoreError>) -> Result<Page<T>, StoreError> {
    Ok(Page { rows: page.rows.into_iter().map(view).collect::<Result<_, _>>()?, next: page.next, total: page.total })
}
