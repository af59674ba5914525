//! Writing days: of a post from its snapshots, of an account from its profile's snapshots and its posts' days. The same for recording, which does
//! the day at hand, and for rebuilding, which does them all.

use std::collections::BTreeMap;

use domain::history::{MetricDay, Sample, TargetDay, fold};
use domain::{Day, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::organization::Changed;
use super::rows::{
    ACCOUNT_DAY, AccountDay, NEWEST_ACCOUNT_DAY, NEWEST_POST_DAY, POST_DAY, POST_METRICS, PostDay, SumDay, selected,
    upsert,
};
use super::seen::Seen;
use crate::StoreError;
use crate::columns::Columns;
use crate::sql::{Number, execute, row, rows, values};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// A tracked post, as far as its days go.
pub struct PostHistory {
    /// The id of its `tracked_posts` row.
    pub id: i64,
    /// Whose it is.
    pub organization: Uuid,
    /// When it was published.
    pub create_time: Option<Timestamp>,
    /// Which reads the organization has seen.
    pub seen: Seen,
}

/// An account, as far as its days go.
pub struct AccountHistory {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organization: Uuid,
    /// Which reads of the profile the organization has seen.
    pub seen: Seen,
}

/// The reads that were seen, by day.
pub fn by_day<const N: usize>(seen: &Seen, samples: &[Sample<N>], from: Day) -> BTreeMap<Day, Vec<Sample<N>>> {
    let mut days: BTreeMap<Day, Vec<Sample<N>>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| Day::of(sample.at) >= from && seen.has(sample.at)) {
        days.entry(Day::of(sample.at)).or_default().push(*sample);
    }
    days
}

/// Rows of days as they are kept: the last before some day, and those from it on.
pub struct Kept<D> {
    /// The last before.
    pub before: Option<D>,
    /// Those from the day on.
    pub days: BTreeMap<Day, D>,
}

/// What is asked for to find the rows of [`Kept`].
fn kept_sql(table: &str, key: &str, columns: &[String]) -> String {
    format!(
        "SELECT {} FROM {table} d WHERE d.{key} = $1 AND d.day >= COALESCE((SELECT MAX(x.day) FROM {table} x \
         WHERE x.{key} = $1 AND x.day < $2), $2) ORDER BY d.day",
        selected("d", columns)
    )
}

/// The days of a post.
pub async fn kept_post(tx: &DatabaseTransaction, id: i64, from: Day) -> Result<Kept<TargetDay<6>>, StoreError> {
    let sql = kept_sql("post_days", "tracked_post_id", &POST_DAY);
    let found = rows::<PostDay>(tx, &sql, values![id, from.number()]).await?;
    let mut days: BTreeMap<Day, _> = found.into_iter().map(|found| (found.day, found.is)).collect();
    let since = days.split_off(&from);
    Ok(Kept { before: days.into_values().next_back(), days: since })
}

/// The days of an account.
pub async fn kept_account(tx: &DatabaseTransaction, id: Uuid, from: Day) -> Result<Kept<AccountDay>, StoreError> {
    let sql = kept_sql("account_days", "account_id", &ACCOUNT_DAY);
    let found = rows::<AccountDay>(tx, &sql, values![id, from.number()]).await?;
    let mut days: BTreeMap<Day, _> = found.into_iter().map(|found| (found.day, found)).collect();
    let since = days.split_off(&from);
    Ok(Kept { before: days.into_values().next_back(), days: since })
}

/// Writes a post's days from `from` on. `samples` are all reads from then on, oldest first, whoever saw them. What that changes of the
/// organization's days is added to `changed`.
pub async fn write_post(
    tx: &DatabaseTransaction,
    post: &PostHistory,
    samples: &[Sample<6>],
    from: Day,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let days = by_day(&post.seen, samples, from);
    if days.is_empty() {
        return Ok(());
    }
    let mut kept = kept_post(tx, post.id, from).await?;
    changed.posts(post.organization, kept.before.as_ref(), &kept.days, -1);
    let write = upsert("post_days", &["tracked_post_id"], &POST_DAY);
    for day in post_days(kept.before.as_ref(), days, post.create_time) {
        execute(tx, &write, day.values(post.id)).await?;
        kept.days.insert(day.day, day.is);
    }
    changed.posts(post.organization, kept.before.as_ref(), &kept.days, 1);
    keep_newest_of_post(tx, post.id).await
}

/// Brings what the tracked post itself knows of its newest day up to date: most windows end there, and then need not look for it.
pub async fn keep_newest_of_post(tx: &DatabaseTransaction, id: i64) -> Result<(), StoreError> {
    let sql = newest_sql("tracked_posts", "post_days", "tracked_post_id", &NEWEST_POST_DAY);
    execute(tx, &sql, values![id]).await?;
    Ok(())
}

/// Likewise what the account itself knows.
pub async fn keep_newest_of_account(tx: &DatabaseTransaction, id: Uuid) -> Result<(), StoreError> {
    let sql = newest_sql("accounts", "account_days", "account_id", &NEWEST_ACCOUNT_DAY);
    execute(tx, &sql, values![id]).await?;
    Ok(())
}

/// The statement that has the row `$1` of `table` repeat its newest day in `columns`. Without a day it knows nothing.
fn newest_sql(table: &str, days: &str, key: &str, columns: &[String]) -> String {
    format!(
        "UPDATE {table} SET {} FROM (SELECT 1 AS one) o LEFT JOIN {days} d ON d.{key} = $1 \
         AND d.day = (SELECT MAX(x.day) FROM {days} x WHERE x.{key} = $1) WHERE {table}.id = $1",
        newest(table, days, key, columns)
    )
}

/// What is assigned to rows of `table` that are to repeat their newest day `d` in `columns`.
fn newest(table: &str, days: &str, key: &str, columns: &[String]) -> String {
    let of_day = |column: &str| match column.strip_suffix("_last") {
        Some(metric) => format!("{metric}_count"),
        None if column == "last_day" => "day".to_owned(),
        None => column.to_owned(),
    };
    let set: Vec<String> = columns.iter().map(|column| format!("{column} = d.{}", of_day(column))).collect();
    format!("first_day = (SELECT MIN(x.day) FROM {days} x WHERE x.{key} = {table}.id), {}", set.join(", "))
}

/// The same for accounts, for a statement that changes more of them.
pub fn newest_of_accounts() -> String {
    newest("accounts", "account_days", "account_id", &NEWEST_ACCOUNT_DAY)
}

/// The days of a post that was published at `create_time`, of the reads of each; `before` is the last day before them.
pub fn post_days(
    before: Option<&TargetDay<6>>,
    days: BTreeMap<Day, Vec<Sample<6>>>,
    create_time: Option<Timestamp>,
) -> Vec<PostDay> {
    let mut made: Vec<PostDay> = Vec::with_capacity(days.len());
    for (day, samples) in days {
        let is_first = create_time.is_some_and(|at| Day::of(at) == day);
        let known = made.last().map(|day| &day.is).or(before);
        made.push(PostDay { day, is: fold(known, &samples, is_first) });
    }
    made
}

/// Writes an account's days from `from` on, of what is known of its posts' days. `samples` are all reads of its profile from then on, oldest
/// first, whoever saw them. What that changes of the organization's days is added to `changed`. What the account itself knows of its newest day is
/// brought up to date by the caller.
pub async fn write_account(
    tx: &DatabaseTransaction,
    account: &AccountHistory,
    samples: &[Sample<3>],
    from: Day,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let mut days = by_day(&account.seen, samples, from);
    for day in days_of_posts(tx, account.id, from).await? {
        days.entry(day).or_default();
    }
    if days.is_empty() {
        return Ok(());
    }
    let mut kept = kept_account(tx, account.id, from).await?;
    changed.accounts(account.organization, kept.before.as_ref(), &kept.days, -1);
    let mut before = kept.before.clone();
    let write = upsert("account_days", &["account_id", "organization_id"], &ACCOUNT_DAY);
    for (day, samples) in days {
        let posts = row::<PostSums>(tx, &sums_sql(), values![account.id, day.number()]).await?.unwrap_or_default();
        let is = account_day(day, &samples, before.as_ref(), &posts);
        execute(tx, &write, is.values(account.id, account.organization)).await?;
        kept.days.insert(day, is.clone());
        before = Some(is);
    }
    changed.accounts(account.organization, kept.before.as_ref(), &kept.days, 1);
    Ok(())
}

/// The days from `from` on with a read of one of the account's posts.
async fn days_of_posts(tx: &impl ConnectionTrait, account: Uuid, from: Day) -> Result<Vec<Day>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT CAST(d.day AS BIGINT) AS value FROM account_videos v \
         JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
         JOIN post_days d ON d.tracked_post_id = t.id AND d.day >= $2 \
         WHERE v.account_id = $1 AND d.day >= v.first_scrape_at / {DAY_MS}"
    );
    let found = rows::<Number>(tx, &sql, values![account, from.number()]).await?;
    Ok(found.into_iter().map(|found| Day::from_number(i32::try_from(found.value).unwrap_or(i32::MAX))).collect())
}

/// A day of an account, of the reads of its profile and what its posts come to on that day; `before` is the last day before it.
pub fn account_day(day: Day, samples: &[Sample<3>], before: Option<&AccountDay>, posts: &PostSums) -> AccountDay {
    let observed_days = before.map_or(0, |before| before.observed_days) + 1;
    let known = before.map(|before| TargetDay { metrics: before.profile, observed_days: before.observed_days });
    let profile = if samples.is_empty() {
        let carried = known.map_or([MetricDay::default(); 3], |known| known.metrics);
        carried.map(|metric| MetricDay { is_read: false, gain: None, ..metric })
    } else {
        fold(known.as_ref(), samples, false).metrics
    };
    let PostSums { posts, observed, fallen, mut sums } = *posts;
    for (metric, sum) in sums.iter_mut().enumerate() {
        let known_days = before.and_then(|before| before.sums.get(metric)).map_or(0, |before| before.days);
        sum.days = known_days.saturating_add(i16::from(sum.gain.is_some()));
    }
    AccountDay { day, observed_days, profile, sums, posts, posts_observed: observed, posts_fallen: fallen }
}

/// What an account's posts come to on a day.
#[derive(Clone, Copy, Default)]
pub struct PostSums {
    /// Posts that were read by then.
    pub posts: i32,
    /// Posts that were read on the day.
    pub observed: i32,
    /// Posts of which a metric fell on the day.
    pub fallen: i32,
    /// The metrics; their days are not known here.
    pub sums: [SumDay; 6],
}

impl FromQueryResult for PostSums {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let columns = &mut Columns::of(row)?;
        let number = |value: i64| i32::try_from(value).unwrap_or(i32::MAX);
        let (posts, observed, fallen) = (number(columns.next()?), number(columns.next()?), number(columns.next()?));
        let mut sums = [SumDay::default(); 6];
        for sum in &mut sums {
            (sum.count, sum.gain) = (columns.next()?, columns.next()?);
            sum.total = columns.next::<Option<i64>>()?.unwrap_or(0);
            sum.posts = number(columns.next()?);
        }
        Ok(Self { posts, observed, fallen, sums })
    }
}

/// The sums of the account `$1` as of the day `$2`: of each post the last row by then (`d`), less what it had gained before the account showed it
/// (`b`), which another record of the organization may have seen.
fn sums_sql() -> String {
    let newest =
        |than: &str| format!("(SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND x.day {than})");
    let sums = POST_METRICS.map(|metric| {
        format!(
            "CAST(SUM(d.{metric}_count) AS BIGINT), CAST(SUM(CASE WHEN d.day = $2 THEN d.{metric}_gain END) AS BIGINT), \
             CAST(SUM(d.{metric}_total - COALESCE(b.{metric}_total, 0)) AS BIGINT), COUNT(CASE WHEN d.day = $2 THEN d.{metric}_gain END)"
        )
    });
    let falls = POST_METRICS.map(|metric| format!("d.{metric}_gain < 0")).join(" OR ");
    format!(
        "SELECT COUNT(*), COUNT(CASE WHEN d.day = $2 THEN 1 END), COUNT(CASE WHEN d.day = $2 AND ({falls}) THEN 1 END), {} \
         FROM account_videos v JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
         JOIN post_days d ON d.tracked_post_id = t.id AND d.day = {} \
         LEFT JOIN post_days b ON t.first_scrape_at / {DAY_MS} < v.first_scrape_at / {DAY_MS} \
         AND b.tracked_post_id = t.id AND b.day = {} \
         WHERE v.account_id = $1 AND v.first_scrape_at / {DAY_MS} <= $2",
        sums.join(", "),
        newest("<= $2"),
        newest(&format!("< v.first_scrape_at / {DAY_MS}")),
    )
}
