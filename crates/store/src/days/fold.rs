//! Writing days: of a post from its snapshots, of an account from its profile's snapshots and its posts' days. The same for recording, which does
//! the day at hand, and for rebuilding, which does them all.

use std::collections::BTreeMap;

use domain::history::{MetricDay, Sample, TargetDay, fold};
use domain::{Day, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::organization::Changed;
use super::rows::{AccountDay, PostDay, SumDay};
use super::seen::Seen;
use super::statements::{
    KEPT_OF_ACCOUNT, KEPT_OF_POST, NEWEST_OF_ACCOUNT, NEWEST_OF_POST, SUMS_OF_ACCOUNT, WRITE_OF_ACCOUNT, WRITE_OF_POST,
};
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

/// The days of a post.
pub async fn kept_post(tx: &DatabaseTransaction, id: i64, from: Day) -> Result<Kept<TargetDay<6>>, StoreError> {
    let found = rows::<PostDay>(tx, &KEPT_OF_POST, values![id, from.number()]).await?;
    let mut days: BTreeMap<Day, _> = found.into_iter().map(|found| (found.day, found.is)).collect();
    let since = days.split_off(&from);
    Ok(Kept { before: days.into_values().next_back(), days: since })
}

/// The days of an account.
pub async fn kept_account(tx: &DatabaseTransaction, id: Uuid, from: Day) -> Result<Kept<AccountDay>, StoreError> {
    let found = rows::<AccountDay>(tx, &KEPT_OF_ACCOUNT, values![id, from.number()]).await?;
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
    for day in post_days(kept.before.as_ref(), days, post.create_time) {
        execute(tx, &WRITE_OF_POST, day.values(post.id)).await?;
        kept.days.insert(day.day, day.is);
    }
    changed.posts(post.organization, kept.before.as_ref(), &kept.days, 1);
    keep_newest_of_post(tx, post.id).await
}

/// Brings what the tracked post itself knows of its newest day up to date: most windows end there, and then need not look for it.
pub async fn keep_newest_of_post(tx: &DatabaseTransaction, id: i64) -> Result<(), StoreError> {
    execute(tx, &NEWEST_OF_POST, values![id]).await?;
    Ok(())
}

/// Likewise what the account itself knows.
pub async fn keep_newest_of_account(tx: &DatabaseTransaction, id: Uuid) -> Result<(), StoreError> {
    execute(tx, &NEWEST_OF_ACCOUNT, values![id]).await?;
    Ok(())
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
/// first, whoever saw them. Of days before `whole` they are not all there any more: what those days have of the profile stays. What that changes of the
/// organization's days is added to `changed`. What the account itself knows of its newest day is brought up to date by the caller.
pub async fn write_account(
    tx: &DatabaseTransaction,
    account: &AccountHistory,
    samples: &[Sample<3>],
    from: Day,
    whole: Day,
    changed: &mut Changed,
) -> Result<(), StoreError> {
    let mut days = by_day(&account.seen, samples, from);
    for day in days_of_posts(tx, account.id, from).await? {
        days.entry(day).or_default();
    }
    let mut kept = kept_account(tx, account.id, from).await?;
    for day in kept.days.range(..whole).map(|(day, _)| *day) {
        days.entry(day).or_default();
    }
    if days.is_empty() {
        return Ok(());
    }
    changed.accounts(account.organization, kept.before.as_ref(), &kept.days, -1);
    let mut before = kept.before.clone();
    for (day, samples) in days {
        let posts = row::<PostSums>(tx, &SUMS_OF_ACCOUNT, values![account.id, day.number()]).await?.unwrap_or_default();
        let mut is = account_day(day, &samples, before.as_ref(), &posts);
        if let Some(kept) = kept.days.get(&day).filter(|_| day < whole) {
            is.profile = kept.profile;
        }
        execute(tx, &WRITE_OF_ACCOUNT, is.values(account.id, account.organization)).await?;
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
         JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id AND t.last_day >= $2 \
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
