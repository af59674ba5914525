//! Rows that others may take away while this transaction is about to point at them.
//!
//! A post is kept by the statement that finds it ([`kept`]), and whoever clears posts away passes over those that are kept. A profile's row is changed
//! by whoever has its schedule row, so it is kept after that ([`crate::schedule::hold`]); when it has gone by then, it is looked for again.
//! SQLite has one writer, so there nothing goes.

use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use crate::StoreError;
use crate::sql::{Number, is_postgres, row};

/// Finds a post by its platform and its id there.
pub(crate) const POST: &str = "SELECT id AS value FROM posts WHERE platform = $1 AND external_id = $2";

/// What ends a `SELECT` of rows that are not to go, nor to change what they are known by, before the transaction ends.
pub(crate) fn kept(tx: &DatabaseTransaction) -> &'static str {
    if is_postgres(tx) { "FOR KEY SHARE" } else { "" }
}

/// The id of the row that `find` finds by `key`, or of the one that `insert` makes of `new` unless somebody else did just then; and whether it did. The row
/// stays until the transaction ends.
pub(crate) async fn found_or_made(
    tx: &DatabaseTransaction,
    find: &str,
    key: Vec<Value>,
    insert: &str,
    new: Vec<Value>,
) -> Result<(i64, bool), StoreError> {
    let find = format!("{find} {}", kept(tx));
    loop {
        if let Some(found) = row::<Number>(tx, &find, key.clone()).await? {
            return Ok((found.value, false));
        }
        if let Some(made) = row::<Number>(tx, insert, new.clone()).await? {
            return Ok((made.value, true));
        }
        // Somebody else made it a moment ago.
    }
}

/// A place in a transaction to go back to, which lets go of the locks taken since. A transaction has one at a time.
pub(crate) struct Savepoint<'a>(&'a DatabaseTransaction);

impl<'a> Savepoint<'a> {
    /// Here.
    pub(crate) async fn at(tx: &'a DatabaseTransaction) -> Result<Self, StoreError> {
        let place = Self(tx);
        place.run("SAVEPOINT looked").await?;
        Ok(place)
    }

    /// Undoes what was done since.
    pub(crate) async fn go_back(&self) -> Result<(), StoreError> {
        self.run("ROLLBACK TO SAVEPOINT looked").await
    }

    /// What was done since stands, as the rest of the transaction does.
    pub(crate) async fn go_on(self) -> Result<(), StoreError> {
        self.run("RELEASE SAVEPOINT looked").await
    }

    async fn run(&self, sql: &str) -> Result<(), StoreError> {
        if is_postgres(self.0) {
            self.0.execute_unprepared(sql).await?;
        }
        Ok(())
    }
}
