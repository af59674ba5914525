//! What texts are found by: folded forms, the texts that each organization may search, and their indexes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement, TryGetable, Value};

use crate::sql;

/// Searching accounts, creators and posts.
pub struct Search;

/// Rows whose texts are folded by one statement.
const ROWS_AT_ONCE: usize = 200;

impl MigrationName for Search {
    fn name(&self) -> &'static str {
        "m0006_search"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Search {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0006_search.sql")).await?;
        // What SQL calls lower case is not what the service compares by.
        fold::<i64>(manager, "profiles", "name", "name_folded", i64::MIN).await?;
        fold::<i64>(manager, "posts", "description", "description_folded", i64::MIN).await?;
        fold::<i64>(manager, "posts", "author_username", "author_folded", i64::MIN).await?;
        fold::<Uuid>(manager, "accounts", "username", "username_folded", Uuid::nil()).await?;
        fold::<Uuid>(manager, "creators", "name", "name_folded", Uuid::nil()).await?;
        fold::<Uuid>(manager, "api_keys", "name", "name_folded", Uuid::nil()).await?;
        sql::run(manager, include_str!("m0006_search_fill.sql")).await?;
        sql::run(manager, if is_postgres(manager) { ON_POSTGRES } else { ON_SQLITE }).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if !is_postgres(manager) {
            sql::run(manager, include_str!("m0006_search_sqlite_down.sql")).await?;
        }
        sql::run(manager, include_str!("m0006_search_down.sql")).await
    }
}

const ON_POSTGRES: &str = include_str!("m0006_search_postgres.sql");
const ON_SQLITE: &str = include_str!("m0006_search_sqlite.sql");

fn is_postgres(manager: &SchemaManager<'_>) -> bool {
    manager.get_database_backend() == DbBackend::Postgres
}

/// Fills `folded` of every row with the folded form of `column`. Rows are taken in the order of their ids, after `first`.
async fn fold<I>(manager: &SchemaManager<'_>, table: &str, column: &str, folded: &str, first: I) -> Result<(), DbErr>
where
    I: Copy + TryGetable + Into<Value>,
{
    let (connection, backend) = (manager.get_connection(), manager.get_database_backend());
    let read = format!(
        "SELECT id, {column} FROM {table} WHERE id > $1 AND {column} IS NOT NULL ORDER BY id LIMIT {ROWS_AT_ONCE}"
    );
    let mut last = first;
    loop {
        let rows =
            connection.query_all_raw(Statement::from_sql_and_values(backend, read.as_str(), [last.into()])).await?;
        let mut values: Vec<Value> = Vec::with_capacity(2 * rows.len());
        for row in &rows {
            last = row.try_get_by_index(0)?;
            values.push(last.into());
            values.push(domain::fold(&row.try_get_by_index::<String>(1)?).into());
        }
        if rows.is_empty() {
            return Ok(());
        }
        let id = match (table, is_postgres(manager)) {
            ("accounts" | "api_keys" | "creators", true) => "UUID",
            ("accounts" | "api_keys" | "creators", false) => "BLOB",
            (_, _) => "BIGINT",
        };
        let pairs: Vec<String> =
            (0..rows.len()).map(|n| format!("(CAST(${} AS {id}), CAST(${} AS TEXT))", 2 * n + 1, 2 * n + 2)).collect();
        let write = format!(
            "WITH made (id, text) AS (VALUES {}) UPDATE {table} SET {folded} = made.text FROM made WHERE {table}.id = made.id",
            pairs.join(", ")
        );
        connection.execute_raw(Statement::from_sql_and_values(backend, write, values)).await?;
    }
}
