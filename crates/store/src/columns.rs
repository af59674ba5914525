//! Rows that are read by position. Each field names its own column, so that what is selected and what is read are one list.

use std::sync::Arc;

use sea_orm::{DbErr, QueryResult, RuntimeErr, SqlxError};
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row, Sqlite, Type, TypeInfo, ValueRef};

/// The columns of a row, from left to right.
pub struct Columns<'r> {
    row: Of<'r>,
    next: usize,
}

enum Of<'r> {
    Postgres(&'r PgRow),
    Sqlite(&'r SqliteRow),
}

/// What a column may hold, in both dialects.
pub trait Column<'r>: Decode<'r, Postgres> + Type<Postgres> + Decode<'r, Sqlite> + Type<Sqlite> {}

impl<'r, T> Column<'r> for T where T: Decode<'r, Postgres> + Type<Postgres> + Decode<'r, Sqlite> + Type<Sqlite> {}

impl<'r> Columns<'r> {
    /// Begins with the first column.
    pub fn of(row: &'r QueryResult) -> Result<Self, DbErr> {
        let row = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
            (Some(row), _) => Of::Postgres(row),
            (None, Some(row)) => Of::Sqlite(row),
            (None, None) => return Err(DbErr::Type("a row of neither PostgreSQL nor SQLite".to_owned())),
        };
        Ok(Self { row, next: 0 })
    }

    /// What tells a row from what it was before: on PostgreSQL its last columns, so many as there are `versions` of what it is made of; on SQLite,
    /// which has none, all of them. Each stands there with its length, so that two marks are the same when they have the same values.
    pub fn mark(&self, versions: usize) -> Result<Box<[u8]>, DbErr> {
        let mut bytes = Vec::with_capacity(match self.row {
            Of::Postgres(_) => versions * VERSION_BYTES,
            Of::Sqlite(_) => ROW_BYTES,
        });
        match self.row {
            Of::Postgres(row) => {
                for column in row.len().saturating_sub(versions)..row.len() {
                    let value = row.try_get_raw(column).map_err(failed)?;
                    put(&mut bytes, if value.is_null() { None } else { Some(value.as_bytes().map_err(undecodable)?) });
                }
            }
            Of::Sqlite(row) => {
                for column in 0..row.len() {
                    let value = row.try_get_raw(column).map_err(failed)?;
                    let kind = value.type_info().into_owned();
                    match kind.name() {
                        _ if value.is_null() => put(&mut bytes, None),
                        "INTEGER" | "BOOLEAN" => {
                            let number = <i64 as Decode<'_, Sqlite>>::decode(value).map_err(undecodable)?;
                            put(&mut bytes, Some(&number.to_be_bytes()));
                        }
                        "REAL" => {
                            let number = <f64 as Decode<'_, Sqlite>>::decode(value).map_err(undecodable)?;
                            put(&mut bytes, Some(&number.to_be_bytes()));
                        }
                        _ => put(&mut bytes, Some(<&[u8] as Decode<'_, Sqlite>>::decode(value).map_err(undecodable)?)),
                    }
                }
            }
        }
        Ok(bytes.into_boxed_slice())
    }

    /// The next column.
    pub fn next<T: Column<'r>>(&mut self) -> Result<T, DbErr> {
        let this = self.next;
        self.next += 1;
        let value = match self.row {
            Of::Postgres(row) => row.try_get(this),
            Of::Sqlite(row) => row.try_get(this),
        };
        value.map_err(failed)
    }
}

/// What a version takes at most, with its length.
const VERSION_BYTES: usize = 16;

/// What most rows take.
const ROW_BYTES: usize = 1024;

/// Appends a value, or that there is none.
fn put(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    let length = value.map_or(-1, |value| i64::try_from(value.len()).unwrap_or(i64::MAX));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value.unwrap_or_default());
}

fn failed(error: SqlxError) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
}

fn undecodable(error: sqlx::error::BoxDynError) -> DbErr {
    failed(SqlxError::Decode(error))
}

/// Declares a row: `field: type = "column"`. It gets the list of its columns and the reading of them.
macro_rules! columns {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $first_vis:vis $first:ident: $first_kind:ty = $first_column:literal
        $(, $field_vis:vis $field:ident: $kind:ty = $column:literal)* $(,)?
    }) => {
        $(#[$meta])*
        $vis struct $name {
            $first_vis $first: $first_kind,
            $($field_vis $field: $kind,)*
        }

        impl $name {
            /// What is to be selected, in the order in which it is read.
            const COLUMNS: &'static str = concat!($first_column $(, ", ", $column)*);
        }

        impl sea_orm::FromQueryResult for $name {
            fn from_query_result(row: &sea_orm::QueryResult, _prefix: &str) -> Result<Self, sea_orm::DbErr> {
                let mut columns = $crate::columns::Columns::of(row)?;
                Ok(Self { $first: columns.next()?, $($field: columns.next()?,)* })
            }
        }
    };
}
pub(crate) use columns;
