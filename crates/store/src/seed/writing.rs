//! Writing: one transaction on PostgreSQL, so that all of it is there or nothing; on SQLite several into an empty file, because its log would
//! grow as large as the file otherwise, and one into a file that holds something already.

use domain::Day;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use super::indexes::{self, PutAside};
use super::person::{NextIds, SeedEncoder};
use super::table::SeedBatch;
use crate::days::Changed;
use crate::sql::{Number, execute, is_postgres, row};
use crate::{Store, StoreError};

/// Rows of a transaction on SQLite.
const ROWS_OF_A_PART: u64 = 500_000;

/// Others may read meanwhile; what they would write waits.
const LOCK: &str = "LOCK TABLE profiles, posts, account_videos, tracked_posts, account_texts, creator_texts, video_texts, account_video_texts \
     IN SHARE ROW EXCLUSIVE MODE";

/// Whether nobody is tracked by anybody.
const IS_EMPTY: &str = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM organizations) OR EXISTS (SELECT 1 FROM profiles) \
     OR EXISTS (SELECT 1 FROM posts) THEN 0 ELSE 1 END AS BIGINT) AS value";

const COUNT_ACCOUNTS: &str = "UPDATE organizations SET tracked_accounts = n.accounts FROM \
     (SELECT organization_id, COUNT(*) AS accounts FROM accounts GROUP BY organization_id) n \
     WHERE organizations.id = n.organization_id AND organizations.tracked_accounts <> n.accounts";

/// A database into which a history is being written. Dropped before [`Seeding::finish`], it leaves PostgreSQL as it was.
#[derive(Debug)]
pub struct Seeding {
    store: Store,
    into: Into,
    next: NextIds,
}

#[derive(Debug)]
enum Into {
    Postgres {
        tx: Transaction<'static, Postgres>,
        aside: PutAside,
    },
    Sqlite {
        /// `None` between two parts.
        tx: Option<DatabaseTransaction>,
        rows: u64,
        /// Whether it is written in parts.
        is_parted: bool,
    },
}

impl Store {
    /// Begins to write a history of these days.
    pub async fn begin_seeding(&self, first: Day, last: Day) -> Result<Seeding, StoreError> {
        let mut day = first;
        while day < last {
            self.make_partitions(day.start()).await?;
            day = day.plus(28);
        }
        self.make_partitions(last.start()).await?;
        if is_postgres(&self.write) {
            let mut tx = self.write.get_postgres_connection_pool().begin().await?;
            // Making the rows of a part may take longer than an idle transaction is left alone for.
            sqlx::raw_sql("SET LOCAL idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
            sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
            let is_empty: i64 = sqlx::query_scalar(IS_EMPTY).fetch_one(&mut *tx).await?;
            let aside = if is_empty == 1 { indexes::put_aside(&mut tx).await? } else { PutAside::default() };
            let next = next_on_postgres(&mut tx).await?;
            return Ok(Seeding { store: self.clone(), into: Into::Postgres { tx, aside }, next });
        }
        let tx = self.begin().await?;
        let is_parted = row::<Number>(&tx, IS_EMPTY, vec![]).await?.is_some_and(|found| found.value == 1);
        let next = next_on_sqlite(&tx).await?;
        Ok(Seeding { store: self.clone(), into: Into::Sqlite { tx: Some(tx), rows: 0, is_parted }, next })
    }
}

/// No id of a table.
const NO_IDS: NextIds = NextIds::of([0; 8]);

async fn next_on_postgres(tx: &mut PgConnection) -> Result<NextIds, StoreError> {
    let mut ids = [0; 8];
    for (id, (table, _)) in ids.iter_mut().zip(NO_IDS.of_tables()) {
        let next = "SELECT nextval(pg_get_serial_sequence($1, 'id'))";
        *id = sqlx::query_scalar(next).bind(table).fetch_one(&mut *tx).await?;
    }
    Ok(NextIds::of(ids))
}

async fn next_on_sqlite(tx: &DatabaseTransaction) -> Result<NextIds, StoreError> {
    let mut ids = [0; 8];
    for (id, (table, _)) in ids.iter_mut().zip(NO_IDS.of_tables()) {
        let sql = "SELECT COALESCE(MAX(seq), 0) + 1 AS value FROM sqlite_sequence WHERE name = $1";
        *id = row::<Number>(tx, sql, vec![table.into()]).await?.map_or(1, |found| found.value);
    }
    Ok(NextIds::of(ids))
}

impl Seeding {
    /// What makes rows for this database. There is one: it gives the ids.
    pub fn encoder(&self) -> SeedEncoder {
        let is_postgres = matches!(self.into, Into::Postgres { .. });
        SeedEncoder { is_postgres, next: self.next, changed: Changed::default() }
    }

    /// Writes rows.
    pub async fn write(&mut self, batch: SeedBatch) -> Result<(), StoreError> {
        match &mut self.into {
            Into::Postgres { tx, .. } => {
                for table in batch.in_order() {
                    table.copy(tx).await?;
                }
            }
            Into::Sqlite { tx, rows, is_parted } => {
                *rows += batch.rows();
                let part = match tx.take() {
                    Some(part) => part,
                    None => self.store.begin().await?,
                };
                for table in batch.in_order() {
                    table.insert(&part).await?;
                }
                if *is_parted && *rows >= ROWS_OF_A_PART {
                    *rows = 0;
                    part.commit().await?;
                } else {
                    *tx = Some(part);
                }
            }
        }
        Ok(())
    }

    /// Brings the database into order and makes it last. `encoder` is the one that made the rows; `tell` hears what is being done.
    pub async fn finish(mut self, encoder: &SeedEncoder, mut tell: impl FnMut(&str)) -> Result<(), StoreError> {
        self.write(encoder.organization_days()).await?;
        match self.into {
            Into::Postgres { mut tx, aside } => {
                aside.put_back(&mut tx, &mut tell).await?;
                sqlx::raw_sql(COUNT_ACCOUNTS).execute(&mut *tx).await?;
                for (table, next) in encoder.next.of_tables() {
                    let sql = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), {next}, FALSE)");
                    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                tell("statistics");
                // Of its own tables: an owner that is no superuser is warned of each that is the server's.
                let own = "DO $$ DECLARE one regclass; BEGIN FOR one IN SELECT c.oid FROM pg_class c \
                           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(FALSE)) \
                           AND c.relkind IN ('r', 'p') AND NOT c.relispartition LOOP EXECUTE format('ANALYZE %s', one); END LOOP; END $$";
                self.store.write.execute_unprepared(own).await?;
            }
            Into::Sqlite { tx, .. } => {
                let part = match tx {
                    Some(part) => part,
                    None => self.store.begin().await?,
                };
                execute(&part, COUNT_ACCOUNTS, vec![]).await?;
                part.commit().await?;
            }
        }
        Ok(())
    }
}
