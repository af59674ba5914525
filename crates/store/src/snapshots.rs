//! Keeping the snapshots in bounds: months of their own on PostgreSQL, made ahead and dropped whole; what is out of date goes.

use domain::{Day, Timestamp};
use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::sql::{Number, execute, is_postgres, row, rows, values};
use crate::{Store, StoreError};

const TABLES: [&str; 2] = ["profile_snapshots", "post_snapshots"];

/// Months that are made ahead of the present one.
const MONTHS_AHEAD: i32 = 2;

/// How long dropping a month may wait for those who read it. It is tried again.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";

/// A month of the UTC calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Month {
    year: i32,
    /// From 1 to 12.
    month: i32,
}

impl Month {
    fn of(at: Timestamp) -> Self {
        let date = Day::of(at).to_string();
        let mut parts = date.rsplit('-').skip(1);
        let month = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
        let year = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1970);
        Self { year, month }
    }

    fn next(self) -> Self {
        if self.month == 12 { Self { year: self.year + 1, month: 1 } } else { Self { month: self.month + 1, ..self } }
    }

    fn start(self) -> Timestamp {
        Day::parse(&format!("{:04}-{:02}-01", self.year, self.month)).map_or(Timestamp::from_millis(0), Day::start)
    }

    /// The name of a table's part that holds it.
    fn part(self, table: &str) -> String {
        format!("{table}_y{:04}m{:02}", self.year, self.month)
    }

    /// The month of a part of `table`; `None` for the part that holds what has no month of its own.
    fn of_part(table: &str, part: &str) -> Option<Self> {
        let (year, month) = part.strip_prefix(table)?.strip_prefix("_y")?.split_once('m')?;
        Some(Self { year: year.parse().ok()?, month: month.parse().ok()? })
    }
}

impl Store {
    /// Sees that the present month and those soon to come have parts of their own; how many were made. On SQLite there is nothing to do.
    pub async fn keep_partitions(&self, now: Timestamp) -> Result<u32, StoreError> {
        let mut month = Month::of(now);
        let mut made = 0;
        for _ in 0..=MONTHS_AHEAD {
            made += self.make_partitions(month.start()).await?;
            month = month.next();
        }
        Ok(made)
    }

    /// Makes the parts of the month that `at` is in, where they are missing, and moves into them what had to be kept elsewhere; how many were made.
    pub async fn make_partitions(&self, at: Timestamp) -> Result<u32, StoreError> {
        if !is_postgres(&self.write) {
            return Ok(0);
        }
        let month = Month::of(at);
        let mut made = 0;
        for table in TABLES {
            let part = month.part(table);
            let exists = "SELECT CAST(COUNT(*) AS BIGINT) AS value FROM pg_class WHERE oid = to_regclass($1)";
            if row::<Number>(&self.write, exists, values![part.clone()]).await?.is_some_and(|found| found.value > 0) {
                continue;
            }
            let (from, until) = (month.start().as_millis(), month.next().start().as_millis());
            let tx = self.write.begin().await?;
            tx.execute_unprepared(LOCK_TIMEOUT).await?;
            // Several processes may come here at once; whoever is second finds the part there.
            tx.execute_unprepared(&format!("LOCK TABLE {table}_rest IN ACCESS EXCLUSIVE MODE")).await?;
            if row::<Number>(&tx, exists, values![part.clone()]).await?.is_some_and(|found| found.value > 0) {
                continue;
            }
            tx.execute_unprepared(&format!("CREATE TABLE {part} (LIKE {table} INCLUDING ALL)")).await?;
            tx.execute_unprepared(&format!(
                "WITH moved AS (DELETE FROM {table}_rest WHERE taken_at >= {from} AND taken_at < {until} RETURNING *) \
                 INSERT INTO {part} SELECT * FROM moved"
            ))
            .await?;
            tx.execute_unprepared(&format!(
                "ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM ({from}) TO ({until})"
            ))
            .await?;
            tx.commit().await?;
            made += 1;
        }
        Ok(made)
    }

    /// Forgets snapshots taken before `before`: whole months on PostgreSQL, at most `most` rows of each table besides; how many rows or months
    /// went. Days stay.
    pub async fn prune_snapshots(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let mut gone = 0;
        for table in TABLES {
            let sql = if is_postgres(&self.write) {
                gone += self.drop_months(table, before).await?;
                format!(
                    "DELETE FROM {table}_rest WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table}_rest WHERE taken_at < $1 LIMIT $2))"
                )
            } else {
                // Rows are as old as they stand, and an index by age would serve nothing else.
                format!(
                    "DELETE FROM {table} WHERE taken_at < $1 AND rowid IN (SELECT rowid FROM {table} ORDER BY rowid LIMIT $2)"
                )
            };
            gone += execute(&self.write, &sql, values![before.as_millis(), i64::from(most)]).await?;
        }
        Ok(gone)
    }

    async fn drop_months(&self, table: &str, before: Timestamp) -> Result<u64, StoreError> {
        #[derive(sea_orm::FromQueryResult)]
        struct Part {
            name: String,
        }
        let parts = "SELECT CAST(c.relname AS TEXT) AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
             WHERE i.inhparent = to_regclass($1)";
        let mut gone = 0;
        for Part { name } in rows::<Part>(&self.write, parts, values![table]).await? {
            let is_old = Month::of_part(table, &name).is_some_and(|month| month.next().start() <= before);
            if is_old {
                let tx = self.write.begin().await?;
                tx.execute_unprepared(LOCK_TIMEOUT).await?;
                tx.execute_unprepared(&format!("DROP TABLE {name}")).await?;
                tx.commit().await?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_one_another_and_are_known_by_their_parts() {
        let december = Month::of(Timestamp::parse("2024-12-31T23:59:59.999Z").unwrap());
        assert_eq!(december.part("post_snapshots"), "post_snapshots_y2024m12");
        assert_eq!(december.next().start(), Timestamp::parse("2025-01-01T00:00:00Z").unwrap());
        assert_eq!(Month::of(december.next().start()), december.next());
        assert_eq!(Month::of_part("post_snapshots", "post_snapshots_y2024m12"), Some(december));
        assert_eq!(Month::of_part("post_snapshots", "post_snapshots_rest"), None);
    }
}
