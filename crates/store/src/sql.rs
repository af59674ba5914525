//! Running statements. One text serves both dialects: numbered parameters (`$1`), `ON CONFLICT`, `RETURNING`, `UPDATE … FROM` and
//! row values mean the same in both; where they do not, [`is_postgres`] decides.

use domain::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, Value};

use crate::error::StoreError;

/// The parameters of a statement, each turned into a [`Value`].
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(sea_orm::Value::from($value)),*] };
}
pub(crate) use values;

/// Whether the connection speaks PostgreSQL; otherwise it speaks SQLite.
pub fn is_postgres(connection: &impl ConnectionTrait) -> bool {
    connection.get_database_backend() == DbBackend::Postgres
}

fn statement(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Runs a statement; the number of rows it touched.
pub async fn execute(connection: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
    Ok(connection.execute_raw(statement(connection, sql, values)).await?.rows_affected())
}

/// The first row, if any.
pub async fn row<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<T>, StoreError> {
    match connection.query_one_raw(statement(connection, sql, values)).await? {
        Some(row) => Ok(Some(T::from_query_result(&row, "")?)),
        None => Ok(None),
    }
}

/// Every row.
pub async fn rows<T: FromQueryResult>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, StoreError> {
    rows_by(connection, sql, values, |row| T::from_query_result(row, "")).await
}

/// Every row, by a reading of the caller's.
pub async fn rows_by<T>(
    connection: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
    read: impl Fn(&QueryResult) -> Result<T, DbErr>,
) -> Result<Vec<T>, StoreError> {
    let rows = connection.query_all_raw(statement(connection, sql, values)).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// What ends a subquery that is planned by itself, and whose expressions are worked out once for each row, however often the query around it names
/// them.
pub const fn once(is_postgres: bool) -> &'static str {
    if is_postgres { " OFFSET 0" } else { " LIMIT -1" }
}

/// A row of one number, named `value`.
#[derive(Debug, FromQueryResult)]
pub struct Number {
    pub value: i64,
}

/// A `WHERE` clause (or a `SET` list) that grows, with its parameters.
#[derive(Clone, Debug)]
pub struct Filter {
    text: String,
    values: Vec<Value>,
}

impl Filter {
    /// Begins with `condition`, in which `$1` stands for `value`.
    pub fn new(condition: &str, value: impl Into<Value>) -> Self {
        Self { text: condition.to_owned(), values: vec![value.into()] }
    }

    /// Adds a condition; `?` in it stands for `value`.
    pub fn and(&mut self, condition: &str, value: impl Into<Value>) {
        let place = self.bind(value);
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &place));
    }

    /// Adds a condition when there is a value for it.
    pub fn and_if(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.and(condition, value);
        }
    }

    /// Adds a condition without a parameter.
    pub fn and_plain(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    /// For the `SET` list of an update: adds `column = place`.
    pub fn assign(&mut self, column: &str, place: &str) {
        self.text.push_str(", ");
        self.text.push_str(column);
        self.text.push_str(" = ");
        self.text.push_str(place);
    }

    /// Adds a parameter; its place in the text.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// The conditions.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parameters.
    pub fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}

/// The `SET` list of a change by a client: what is left out stays, and `updated_at` moves when a column becomes other than it was, and not otherwise.
pub struct Patch {
    set: Filter,
    differs: Vec<String>,
}

impl Patch {
    /// A change at `now` that changes nothing yet.
    pub fn at(now: Timestamp) -> Self {
        Self { set: Filter::new("", now.as_millis()), differs: Vec::new() }
    }

    /// Sets a column.
    pub fn set(&mut self, column: &str, value: impl Into<Value>) {
        let place = self.set.bind(value);
        self.set.assign(column, &place);
        self.differs.push(format!("{column} IS DISTINCT FROM {place}"));
    }

    /// Sets a column when there is a value for it.
    pub fn set_if(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(column, value);
        }
    }

    /// The change as an update of the row with this id, and its parameters.
    pub fn of(mut self, table: &str, id: impl Into<Value>) -> (String, Vec<Value>) {
        let id = self.set.bind(id);
        let differs = if self.differs.is_empty() { "FALSE".to_owned() } else { self.differs.join(" OR ") };
        let sql = format!(
            "UPDATE {table} SET updated_at = CASE WHEN {differs} THEN $1 ELSE updated_at END{} WHERE id = {id}",
            self.set.text()
        );
        (sql, self.set.values())
    }
}

/// An expression for a UUID in its hyphenated form.
pub fn uuid_text(connection: &impl ConnectionTrait, column: &str) -> String {
    if is_postgres(connection) {
        return format!("CAST({column} AS TEXT)");
    }
    let part = |from: u8, length: u8| format!("substr(hex({column}), {from}, {length})");
    let parts = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ");
    format!("lower({parts})")
}

/// `$from, $from+1, …` for `count` parameters.
pub fn places(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}
