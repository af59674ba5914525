//! An organization's days: the sums over all days of its posts, each post once, and over what the profiles of its accounts say.
//!
//! Whoever writes or deletes days of posts or accounts adds the difference to `organization_days`, in the same transaction, so that the table is
//! at each commit the sum of those that there are. A day of an organization that is read all the time would be a row that every worker waits
//! for. So it has parts, whose sum is the day: who adds takes a part that nobody else is writing at the moment, or makes another. There are as
//! many as ever wrote at the same time, mostly one. When the day is over they are laid together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::Day;
use domain::history::TargetDay;
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult, Value};
use uuid::Uuid;

use super::rows::AccountDay;
use super::sums::{COLUMNS, DaySums, Rows, SummedDay, summed};
use crate::sql::{execute, is_postgres, places, row, rows, values};
use crate::{Store, StoreError};

/// By what organizations' days are to change.
#[derive(Debug, Default)]
pub struct Changed(BTreeMap<(Uuid, Day), DaySums>);

impl Changed {
    fn add(&mut self, organization: Uuid, day: Day, sums: &DaySums, times: i64) {
        self.0.entry((organization, day)).or_default().add(sums, times);
    }

    /// Adds `times` times what a post's days come to; `before` is the row before the first.
    pub fn posts(
        &mut self,
        organization: Uuid,
        before: Option<&TargetDay<6>>,
        days: &BTreeMap<Day, TargetDay<6>>,
        times: i64,
    ) {
        let mut before = before;
        for (day, is) in days {
            self.add(organization, *day, &DaySums::of_post(before, is), times);
            before = Some(is);
        }
    }

    /// Adds `times` times what an account's days come to beside its posts; `before` is the row before the first.
    pub fn accounts(
        &mut self,
        organization: Uuid,
        before: Option<&AccountDay>,
        days: &BTreeMap<Day, AccountDay>,
        times: i64,
    ) {
        let mut before = before;
        for (day, is) in days {
            self.add(organization, *day, &DaySums::of_profile(before, is), times);
            before = Some(is);
        }
    }

    /// Adds all of `others`.
    pub fn join(&mut self, others: Self) {
        for ((organization, day), sums) in others.0 {
            self.add(organization, day, &sums, 1);
        }
    }

    /// Each day of an organization that is to change, and by what.
    pub fn rows(&self) -> impl Iterator<Item = (Uuid, Day, &DaySums)> {
        self.0.iter().map(|((organization, day), sums)| (*organization, *day, sums))
    }

    /// Writes what changed. To be the last that a transaction writes, so that a part is held no longer than need be. It waits for nobody.
    pub async fn write(self, tx: &DatabaseTransaction) -> Result<(), StoreError> {
        let sql = &ADD[usize::from(is_postgres(tx))];
        for ((organization, day), sums) in self.0 {
            if sums == DaySums::default() {
                continue;
            }
            let mut all = values![organization, day.number(), new_part()];
            all.extend(sums.values());
            execute(tx, sql, all).await?;
        }
        Ok(())
    }
}

/// The number of a part that may be needed. Part 0 is kept for those who change many days at once.
fn new_part() -> i32 {
    let bits = Uuid::now_v7().as_u128() & u128::from(u32::MAX >> 1);
    i32::try_from(bits).unwrap_or(i32::MAX).max(1)
}

fn and_add() -> String {
    let sums: Vec<String> =
        COLUMNS.iter().map(|column| format!("{column} = organization_days.{column} + excluded.{column}")).collect();
    format!("ON CONFLICT (organization_id, day, part) DO UPDATE SET {}", sums.join(", "))
}

/// Adds to a free part of a day, on SQLite and on PostgreSQL.
static ADD: LazyLock<[String; 2]> = LazyLock::new(|| {
    ["", "FOR NO KEY UPDATE SKIP LOCKED"].map(|lock| {
        format!(
            "INSERT INTO organization_days (organization_id, day, part, {}) VALUES ($1, $2, COALESCE((SELECT o.part \
             FROM organization_days o WHERE o.organization_id = $1 AND o.day = $2 AND o.part > 0 LIMIT 1 {lock}), $3), {}) {}",
            COLUMNS.join(", "),
            places(4, COLUMNS.len()),
            and_add()
        )
    })
});

/// The rows of all that an organization's days are made of. `posts` is a condition on `tracked_posts` `t`, `accounts` one on `account_days` `d`.
fn made_of(posts: &str, accounts: &str) -> String {
    format!(
        "SELECT t.organization_id, d.day, {} FROM tracked_posts t JOIN post_days d ON d.tracked_post_id = t.id WHERE {posts} {} \
         UNION ALL SELECT d.organization_id, d.day, {} FROM account_days d WHERE {accounts} {}",
        Rows::Posts.additions(),
        Rows::Posts.window(),
        Rows::Profiles.additions(),
        Rows::Profiles.window(),
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

/// Adds the sums of rows, or takes them away, for many days at once: of those days that `having` chooses.
fn add_all(sign: Sign, rows: &str, having: &str) -> String {
    let sums = if sign == Sign::Plus { summed() } else { summed().replace("CAST(SUM(", "CAST(-SUM(") };
    // In one order, so that two who do so wait for each other and no more.
    format!(
        "INSERT INTO organization_days (organization_id, day, part, {}) SELECT s.* FROM (\
         SELECT organization_id, day, 0, {} FROM ({rows}) r GROUP BY organization_id, day {having} ORDER BY organization_id, day) s \
         WHERE TRUE {}",
        COLUMNS.join(", "),
        sums,
        and_add()
    )
}

/// Takes away what is about to be deleted: tracked posts `t`, and days `d` of accounts. To be called once in a transaction.
pub async fn take_away(
    tx: &impl ConnectionTrait,
    posts: &str,
    accounts: &str,
    values: Vec<Value>,
) -> Result<(), StoreError> {
    execute(tx, &add_all(Sign::Minus, &made_of(posts, accounts), ""), values).await?;
    Ok(())
}

/// Days of an organization, from the first to the last.
#[derive(FromQueryResult)]
struct Stretch {
    organization_id: Uuid,
    first: i32,
    last: i32,
}

#[derive(FromQueryResult)]
struct Next {
    id: Uuid,
}

impl Store {
    /// Lays the parts of at most `most` days before `until` together, and all days before `kept_from`, which nobody can ask for any more, into the
    /// last of them; how many days were written. What organizations' days add up to stays.
    pub async fn fold_organization_days(
        &self,
        until: Day,
        kept_from: Option<Day>,
        most: u32,
    ) -> Result<u64, StoreError> {
        let parted = "SELECT organization_id, day AS first, day AS last FROM organization_days WHERE day < $1 \
             GROUP BY organization_id, day HAVING COUNT(*) > 1 LIMIT $2";
        let old = "SELECT organization_id, MIN(day) AS first, MAX(day) AS last FROM organization_days WHERE day < $1 \
             GROUP BY organization_id HAVING COUNT(*) > 1 LIMIT $2";
        let mut found: Vec<Stretch> = Vec::new();
        if let Some(kept_from) = kept_from {
            found = rows(&self.read, old, values![kept_from.number(), i64::from(most)]).await?;
        }
        if found.is_empty() {
            found = rows(&self.read, parted, values![until.number(), i64::from(most)]).await?;
        }
        for stretch in &found {
            self.fold_stretch(stretch).await?;
        }
        Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
    }

    async fn fold_stretch(&self, stretch: &Stretch) -> Result<(), StoreError> {
        let Stretch { organization_id, first, last } = *stretch;
        let tx = self.begin().await?;
        let those = "organization_id = $1 AND day >= $2 AND day <= $3";
        if is_postgres(&tx) {
            // In the order in which they are changed by others.
            let lock = format!("SELECT day FROM organization_days WHERE {those} ORDER BY day, part FOR UPDATE");
            execute(&tx, &lock, values![organization_id, first, last]).await?;
        }
        let take = format!("DELETE FROM organization_days WHERE {those} RETURNING day, {}", COLUMNS.join(", "));
        let mut sums = DaySums::default();
        for part in rows::<SummedDay>(&tx, &take, values![organization_id, first, last]).await? {
            sums.add(&part.sums, 1);
        }
        let mut all = values![organization_id, last];
        all.extend(sums.values());
        let add = format!(
            "INSERT INTO organization_days (organization_id, day, part, {}) VALUES ($1, $2, 0, {}) {}",
            COLUMNS.join(", "),
            places(3, COLUMNS.len()),
            and_add()
        );
        execute(&tx, &add, all).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes the days of the first organization after the id `after` come to those of its posts and accounts; its id, or `None` at the end. For
    /// who has written days past the store, or to mend a fault.
    ///
    /// What is wanting is added, like any other change, and found by one statement, which sees what is kept and what it is made of at one
    /// moment. Whoever records meanwhile adds to both, so the difference stays what it is, and nobody waits.
    pub async fn rebuild_organization_days(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        let tx = self.begin().await?;
        let next = "SELECT id FROM organizations WHERE id > $1 ORDER BY id LIMIT 1";
        let Some(Next { id }) = row::<Next>(&tx, next, values![after]).await? else { return Ok(None) };
        let of_accounts = "d.account_id IN (SELECT a.id FROM accounts a WHERE a.organization_id = $1)";
        let kept: Vec<String> = COLUMNS.iter().map(|column| format!("-{column}")).collect();
        let rows = format!(
            "{} UNION ALL SELECT organization_id, day, {} FROM organization_days WHERE organization_id = $1",
            made_of("t.organization_id = $1", of_accounts),
            kept.join(", ")
        );
        execute(&tx, &add_all(Sign::Plus, &rows, &any_is_wanting()), values![id]).await?;
        tx.commit().await?;
        Ok(Some(id))
    }
}

/// Of the sums of rows, those that change anything.
fn any_is_wanting() -> String {
    let any: Vec<String> = COLUMNS.iter().map(|column| format!("SUM({column}) <> 0")).collect();
    format!("HAVING {}", any.join(" OR "))
}
