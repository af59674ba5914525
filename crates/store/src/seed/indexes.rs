//! Indexes and references are in the way of many rows: into an empty PostgreSQL database they are made when the rows are there. It happens in the
//! transaction that writes the rows, so a database without them is never seen, whatever becomes of us.

use sqlx::{AssertSqlSafe, PgConnection};

use super::table::NAMES;
use crate::StoreError;

/// For the indexes of searched texts, which are sorted in memory.
const MEMORY: &str = "SET LOCAL maintenance_work_mem = '512MB'";

/// What was put aside.
#[derive(Debug, Default)]
pub struct PutAside {
    /// What each is called, and the statement that makes it again; indexes first.
    again: Vec<(String, String)>,
}

/// The indexes that hold no constraint.
const INDEXES: &str = "SELECT CAST(i.indexrelid::regclass AS TEXT), pg_get_indexdef(i.indexrelid) FROM pg_index i \
     WHERE i.indrelid = ANY (SELECT to_regclass(n) FROM unnest($1::TEXT[]) n) AND NOT i.indisunique ORDER BY 1";

/// The references that are no part of another's.
const REFERENCES: &str = "SELECT CAST(c.conrelid::regclass AS TEXT), CAST(c.conname AS TEXT), pg_get_constraintdef(c.oid) FROM pg_constraint c \
     WHERE c.conrelid = ANY (SELECT to_regclass(n) FROM unnest($1::TEXT[]) n) AND c.contype = 'f' AND c.conparentid = 0 ORDER BY 1, 2";

/// Drops them, in the transaction of this connection.
pub async fn put_aside(tx: &mut PgConnection) -> Result<PutAside, StoreError> {
    let mut aside = PutAside::default();
    let indexes: Vec<(String, String)> = sqlx::query_as(INDEXES).bind(NAMES.as_slice()).fetch_all(&mut *tx).await?;
    for (name, definition) in indexes {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(&mut *tx).await?;
        aside.again.push((name, definition));
    }
    let references: Vec<(String, String, String)> =
        sqlx::query_as(REFERENCES).bind(NAMES.as_slice()).fetch_all(&mut *tx).await?;
    for (table, name, definition) in references {
        sqlx::raw_sql(AssertSqlSafe(format!("ALTER TABLE {table} DROP CONSTRAINT {name}"))).execute(&mut *tx).await?;
        let again = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}");
        aside.again.push((name, again));
    }
    Ok(aside)
}

impl PutAside {
    /// Makes them again, in the same transaction; `tell` hears of each.
    pub async fn put_back(self, tx: &mut PgConnection, tell: &mut impl FnMut(&str)) -> Result<(), StoreError> {
        sqlx::raw_sql(MEMORY).execute(&mut *tx).await?;
        for (name, again) in self.again {
            tell(&name);
            sqlx::raw_sql(AssertSqlSafe(again)).execute(&mut *tx).await?;
        }
        Ok(())
    }
}
