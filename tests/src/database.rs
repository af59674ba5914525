//! A look into a deployment's database, for what the API does not show: how many rows there are, and a key's expiry set back.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

/// A database by its URL, `sqlite://…` or `postgres://…`. Each look is a connection of its own.
pub struct Database {
    url: String,
}

impl Database {
    /// The database at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    /// The one whole number that `query` answers with.
    pub async fn number(&self, query: &str) -> i64 {
        self.try_number(query).await.unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    async fn try_number(&self, query: &str) -> sqlx::Result<i64> {
        let sql = AssertSqlSafe(query.to_owned());
        if self.url.starts_with("sqlite") {
            let mut connection = SqliteConnection::connect(&self.url).await?;
            let number = sqlx::query(sql).fetch_one(&mut connection).await?.try_get(0)?;
            connection.close().await?;
            Ok(number)
        } else {
            let mut connection = PgConnection::connect(&self.url).await?;
            let number = sqlx::query(sql).fetch_one(&mut connection).await?.try_get(0)?;
            connection.close().await?;
            Ok(number)
        }
    }

    /// Runs a statement that changes something.
    pub async fn execute(&self, statement: &str) {
        execute_in(&self.url, statement.to_owned()).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
}

/// Runs statements in the database at `url`.
pub(crate) async fn execute_in(url: &str, statements: String) -> sqlx::Result<()> {
    let sql = AssertSqlSafe(statements);
    if url.starts_with("sqlite") {
        let mut connection = SqliteConnection::connect(url).await?;
        sqlx::raw_sql(sql).execute(&mut connection).await?;
        connection.close().await
    } else {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql(sql).execute(&mut connection).await?;
        connection.close().await
    }
}
