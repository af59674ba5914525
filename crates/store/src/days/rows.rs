//! The rows of days, as they stand in the tables.

use std::sync::LazyLock;

use domain::history::{Count, MetricDay, TargetDay};
use domain::{Day, Precision};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use crate::columns::Columns;
use crate::copy::{Field, fields};
use crate::sql::places;

/// The metrics of a post, as their columns begin.
pub const POST_METRICS: [&str; 6] = ["view", "like", "comment", "share", "play", "saved"];

/// The metrics of a profile, as their columns begin.
pub const PROFILE_METRICS: [&str; 3] = ["follower", "following", "profile_post"];

/// The metrics of accounts that windows tell gains of: those of posts, then the followers.
pub const GAINED_METRICS: [&str; 7] = ["view", "like", "comment", "share", "play", "saved", "follower"];

/// What each metric has columns for.
const OF_METRIC: [&str; 4] = ["count", "gain", "total", "days"];

/// A day of a post, as an organization has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostDay {
    /// The day.
    pub day: Day,
    /// Its metrics, in the order of [`POST_METRICS`].
    pub is: TargetDay<6>,
}

/// A day of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDay {
    /// The day.
    pub day: Day,
    /// Days with any read so far.
    pub observed_days: i32,
    /// What the profile says, in the order of [`PROFILE_METRICS`].
    pub profile: [MetricDay; 3],
    /// The sums over posts, in the order of [`POST_METRICS`]. They have no precision of their own.
    pub sums: [SumDay; 6],
    /// Posts that were read at least once by then.
    pub posts: i32,
    /// Posts that were read on this day.
    pub posts_observed: i32,
    /// Posts of which a metric fell on this day.
    pub posts_fallen: i32,
}

/// One metric of one day, summed over an account's posts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SumDay {
    /// The sum of the last known counts; `None` when none is known.
    pub count: Option<i64>,
    /// The sum of the gains of the day; `None` when none is known.
    pub gain: Option<i64>,
    /// The sum of all known gains from the first day on.
    pub total: i64,
    /// Days, this one included, with a known gain.
    pub days: i16,
    /// Posts whose gain of this day is known.
    pub posts: i32,
}

fn columns_of(metrics: &[&str]) -> Vec<String> {
    metrics.iter().flat_map(|metric| OF_METRIC.map(|of| format!("{metric}_{of}"))).collect()
}

/// The columns of a [`PostDay`], in the order in which they are read and written.
pub static POST_DAY: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut columns: Vec<String> = ["day", "observed_days", "notes"].map(str::to_owned).into();
    columns.extend(columns_of(&POST_METRICS));
    columns
});

/// The columns of an [`AccountDay`], in the order in which they are read and written.
pub static ACCOUNT_DAY: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut columns: Vec<String> =
        ["day", "observed_days", "notes", "posts", "posts_observed", "posts_fallen"].map(str::to_owned).into();
    columns.extend(columns_of(&PROFILE_METRICS));
    columns.extend(columns_of(&POST_METRICS));
    columns.extend(POST_METRICS.map(|metric| format!("{metric}_posts")));
    columns
});

/// The columns in which a tracked post repeats its newest day, in the order of [`PostDay::newest_fields`].
pub static NEWEST_POST_DAY: LazyLock<Vec<String>> = LazyLock::new(|| newest_columns(&POST_METRICS));

/// The columns in which an account repeats its newest day, in the order of [`AccountDay::newest_fields`].
pub static NEWEST_ACCOUNT_DAY: LazyLock<Vec<String>> = LazyLock::new(|| newest_columns(&GAINED_METRICS));

fn newest_columns(metrics: &[&str]) -> Vec<String> {
    let of_metric = |metric: &&str| ["last", "total", "days"].map(|of| format!("{metric}_{of}"));
    let days = ["last_day", "observed_days"].map(str::to_owned);
    days.into_iter().chain(metrics.iter().flat_map(of_metric)).collect()
}

/// What is selected of `table` for rows of these columns.
pub fn selected(table: &str, columns: &[String]) -> String {
    columns.iter().map(|column| format!("{table}.{column}")).collect::<Vec<_>>().join(", ")
}

/// The statement that writes one row under its key, or over it.
pub fn upsert(table: &str, key: &[&str], columns: &[String]) -> String {
    let all: Vec<&str> = key.iter().copied().chain(columns.iter().map(String::as_str)).collect();
    let set: Vec<String> = columns
        .iter()
        .filter(|column| *column != "day")
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let unique = key.first().copied().unwrap_or_default();
    format!(
        "INSERT INTO {table} ({}) VALUES ({}) ON CONFLICT ({unique}, day) DO UPDATE SET {}",
        all.join(", "),
        places(1, all.len()),
        set.join(", ")
    )
}

/// Whether a metric was read that day, and how exact its count is: three bits for each.
fn notes(metrics: &[MetricDay]) -> i32 {
    metrics.iter().rev().fold(0, |notes, metric| {
        let precision = match metric.count.map(|count| count.precision) {
            None | Some(Precision::Exact) => 0,
            Some(Precision::FromText) => 1,
            Some(Precision::Rounded) => 2,
        };
        (notes << 3) | (precision << 1) | i32::from(metric.is_read)
    })
}

/// The metric at a place, of its four columns and the notes.
fn metric(columns: &mut Columns<'_>, notes: i32, place: usize) -> Result<MetricDay, DbErr> {
    let note = notes >> (3 * place);
    let precision = match (note >> 1) & 3 {
        0 => Precision::Exact,
        1 => Precision::FromText,
        _ => Precision::Rounded,
    };
    Ok(MetricDay {
        count: columns.next::<Option<i64>>()?.map(|value| Count { value, precision }),
        is_read: note & 1 == 1,
        gain: columns.next()?,
        total: columns.next()?,
        days: columns.next()?,
    })
}

fn metric_fields(metric: &MetricDay) -> [Field<'static>; 4] {
    fields![metric.count.map(|count| count.value), metric.gain, metric.total, metric.days]
}

fn as_values(fields: Vec<Field<'_>>) -> Vec<Value> {
    fields.into_iter().map(Value::from).collect()
}

fn metrics<const N: usize>(columns: &mut Columns<'_>, notes: i32) -> Result<[MetricDay; N], DbErr> {
    let mut metrics = [MetricDay::default(); N];
    for (place, slot) in metrics.iter_mut().enumerate() {
        *slot = metric(columns, notes, place)?;
    }
    Ok(metrics)
}

impl PostDay {
    /// The next columns of a row, which are those of [`POST_DAY`].
    pub fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let (day, observed_days, notes) = (columns.next::<i32>()?, columns.next()?, columns.next()?);
        Ok(Self { day: Day::from_number(day), is: TargetDay { observed_days, metrics: metrics(columns, notes)? } })
    }

    /// The row: its key, and what the columns of [`POST_DAY`] hold.
    pub fn fields(&self, tracked_post: i64) -> Vec<Field<'static>> {
        let Self { day, is: TargetDay { metrics, observed_days } } = self;
        let mut all = fields![tracked_post, day.number(), *observed_days, notes(metrics)].to_vec();
        all.extend(metrics.iter().flat_map(metric_fields));
        all
    }

    /// What its tracked post knows of it while it is the newest: the columns of [`NEWEST_POST_DAY`].
    pub fn newest_fields(&self) -> Vec<Field<'static>> {
        let Self { day, is: TargetDay { metrics, observed_days } } = self;
        let mut all = fields![day.number(), *observed_days].to_vec();
        all.extend(
            metrics.iter().flat_map(|metric| fields![metric.count.map(|count| count.value), metric.total, metric.days]),
        );
        all
    }

    /// The parameters of an [`upsert`].
    pub fn values(&self, tracked_post: i64) -> Vec<Value> {
        as_values(self.fields(tracked_post))
    }
}

impl FromQueryResult for PostDay {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        Self::read(&mut Columns::of(row)?)
    }
}

impl AccountDay {
    /// The next columns of a row, which are those of [`ACCOUNT_DAY`].
    pub fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let (day, observed_days, notes) = (columns.next::<i32>()?, columns.next()?, columns.next()?);
        let (posts, posts_observed, posts_fallen) = (columns.next()?, columns.next()?, columns.next()?);
        let profile = metrics(columns, notes)?;
        let mut sums = [SumDay::default(); 6];
        for sum in &mut sums {
            (sum.count, sum.gain) = (columns.next()?, columns.next()?);
            (sum.total, sum.days) = (columns.next()?, columns.next()?);
        }
        for sum in &mut sums {
            sum.posts = columns.next()?;
        }
        Ok(Self { day: Day::from_number(day), observed_days, profile, sums, posts, posts_observed, posts_fallen })
    }

    /// The row: its key with the organization, and what the columns of [`ACCOUNT_DAY`] hold.
    pub fn fields(&self, account: Uuid, organization: Uuid) -> Vec<Field<'static>> {
        let Self { day, observed_days, profile, sums, posts, posts_observed, posts_fallen } = self;
        let mut all = fields![account, organization, day.number(), *observed_days, notes(profile)].to_vec();
        all.extend(fields![*posts, *posts_observed, *posts_fallen]);
        all.extend(profile.iter().flat_map(metric_fields));
        all.extend(sums.iter().flat_map(|sum| fields![sum.count, sum.gain, sum.total, sum.days]));
        all.extend(sums.iter().map(|sum| Field::from(sum.posts)));
        all
    }

    /// What its account knows of it while it is the newest: the columns of [`NEWEST_ACCOUNT_DAY`].
    pub fn newest_fields(&self) -> Vec<Field<'static>> {
        let [followers, _, _] = &self.profile;
        let mut all = fields![self.day.number(), self.observed_days].to_vec();
        all.extend(self.sums.iter().flat_map(|sum| fields![sum.count, sum.total, sum.days]));
        all.extend(fields![followers.count.map(|count| count.value), followers.total, followers.days]);
        all
    }

    /// The parameters of an [`upsert`].
    pub fn values(&self, account: Uuid, organization: Uuid) -> Vec<Value> {
        as_values(self.fields(account, organization))
    }
}

impl FromQueryResult for AccountDay {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        Self::read(&mut Columns::of(row)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_value_for_each_of_its_columns() {
        let day = Day::from_number(1);
        let post = PostDay { day, is: TargetDay { metrics: [MetricDay::default(); 6], observed_days: 1 } };
        assert_eq!(post.values(1).len(), 1 + POST_DAY.len());
        assert_eq!(post.newest_fields().len(), NEWEST_POST_DAY.len());
        let account = AccountDay {
            day,
            observed_days: 1,
            profile: [MetricDay::default(); 3],
            sums: [SumDay::default(); 6],
            posts: 0,
            posts_observed: 0,
            posts_fallen: 0,
        };
        assert_eq!(account.values(Uuid::nil(), Uuid::nil()).len(), 2 + ACCOUNT_DAY.len());
        assert_eq!(account.newest_fields().len(), NEWEST_ACCOUNT_DAY.len());
    }
}
