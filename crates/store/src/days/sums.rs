//! What many targets come to on a day: sums that can be added and taken away, so that each row of days adds its own to them.

use std::sync::LazyLock;

use domain::Day;
use domain::history::{MetricDay, TargetDay};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};

use super::rows::{AccountDay, POST_METRICS, PROFILE_METRICS};
use crate::columns::Columns;

/// What counts targets, as the columns are called.
const TALLIES: [&str; 7] = [
    "accounts",
    "accounts_observed",
    "profiles_observed",
    "accounts_fallen",
    "posts",
    "posts_observed",
    "posts_fallen",
];

/// What each metric has columns for.
const OF_METRIC: [&str; 4] = ["change", "counted", "gain", "known"];

/// The bits of an account's notes that say that a metric of the profile was read.
const READ: i32 = 0b001_001_001;

/// How many numbers there are.
const WIDTH: usize = TALLIES.len() + (POST_METRICS.len() + PROFILE_METRICS.len()) * OF_METRIC.len();

/// The columns of [`DaySums`], in the order in which they are read and written.
pub static COLUMNS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut columns = TALLIES.map(str::to_owned).to_vec();
    for metric in POST_METRICS.iter().chain(&PROFILE_METRICS) {
        columns.extend(OF_METRIC.map(|of| format!("{metric}_{of}")));
    }
    columns
});

/// What a day adds to what was before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySums {
    /// Accounts that have their first row of days.
    pub accounts: i64,
    /// Accounts of which something was read.
    pub accounts_observed: i64,
    /// Accounts whose own page was read.
    pub profiles_observed: i64,
    /// Accounts of which a metric of the profile fell.
    pub accounts_fallen: i64,
    /// Posts that have their first row of days.
    pub posts: i64,
    /// Posts that were read.
    pub posts_observed: i64,
    /// Posts of which a metric fell.
    pub posts_fallen: i64,
    /// The metrics of posts, in the order of [`POST_METRICS`].
    pub of_posts: [MetricSums; 6],
    /// The metrics of profiles, in the order of [`PROFILE_METRICS`].
    pub of_profiles: [MetricSums; 3],
}

/// One metric of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricSums {
    /// By how much the last known counts are more than before.
    pub change: i64,
    /// How many targets have a known count that had none before.
    pub counted: i64,
    /// The sum of the known gains.
    pub gain: i64,
    /// How many targets have a known gain.
    pub known: i64,
}

impl MetricSums {
    fn of(before: Option<&MetricDay>, is: &MetricDay) -> Self {
        let count = |day: &MetricDay| day.count.map(|count| count.value);
        let (was, now) = (before.and_then(count), count(is));
        Self {
            change: now.unwrap_or(0).saturating_sub(was.unwrap_or(0)),
            counted: i64::from(now.is_some()) - i64::from(was.is_some()),
            gain: is.gain.unwrap_or(0),
            known: i64::from(is.gain.is_some()),
        }
    }

    fn all<const N: usize>(before: Option<&[MetricDay; N]>, is: &[MetricDay; N]) -> [Self; N] {
        let mut sums = [Self::default(); N];
        for (place, (sum, is)) in sums.iter_mut().zip(is).enumerate() {
            *sum = Self::of(before.and_then(|before| before.get(place)), is);
        }
        sums
    }

    const fn numbers(self) -> [i64; 4] {
        [self.change, self.counted, self.gain, self.known]
    }
}

impl DaySums {
    /// What a post's day adds, after the row `before`.
    pub fn of_post(before: Option<&TargetDay<6>>, day: &TargetDay<6>) -> Self {
        Self {
            posts: i64::from(before.is_none()),
            posts_observed: 1,
            posts_fallen: i64::from(day.metrics.iter().any(MetricDay::is_fall)),
            of_posts: MetricSums::all(before.map(|before| &before.metrics), &day.metrics),
            ..Self::default()
        }
    }

    /// What an account's day adds beside its posts, after the row `before`.
    pub fn of_profile(before: Option<&AccountDay>, day: &AccountDay) -> Self {
        Self {
            accounts: i64::from(before.is_none()),
            accounts_observed: 1,
            profiles_observed: i64::from(day.profile.iter().any(|metric| metric.is_read)),
            accounts_fallen: i64::from(day.profile.iter().any(MetricDay::is_fall)),
            of_profiles: MetricSums::all(before.map(|before| &before.profile), &day.profile),
            ..Self::default()
        }
    }

    /// Every number, in the order of [`COLUMNS`].
    pub fn numbers(&self) -> Vec<i64> {
        let Self {
            accounts,
            accounts_observed,
            profiles_observed,
            accounts_fallen,
            posts,
            posts_observed,
            posts_fallen,
            of_posts,
            of_profiles,
        } = self;
        let tallies = [
            *accounts,
            *accounts_observed,
            *profiles_observed,
            *accounts_fallen,
            *posts,
            *posts_observed,
            *posts_fallen,
        ];
        let metrics = of_posts.iter().chain(of_profiles).flat_map(|metric| metric.numbers());
        tallies.into_iter().chain(metrics).collect()
    }

    /// The same as parameters.
    pub fn values(&self) -> Vec<Value> {
        self.numbers().into_iter().map(Value::from).collect()
    }

    /// From every number, in the order of [`COLUMNS`].
    fn from_numbers(numbers: &[i64]) -> Self {
        let mut numbers = numbers.iter().copied();
        let mut next = || numbers.next().unwrap_or(0);
        let mut sums = Self {
            accounts: next(),
            accounts_observed: next(),
            profiles_observed: next(),
            accounts_fallen: next(),
            posts: next(),
            posts_observed: next(),
            posts_fallen: next(),
            ..Self::default()
        };
        for metric in sums.of_posts.iter_mut().chain(&mut sums.of_profiles) {
            *metric = MetricSums { change: next(), counted: next(), gain: next(), known: next() };
        }
        sums
    }

    /// These and `times` times the others.
    pub fn add(&mut self, others: &Self, times: i64) {
        let sums: Vec<i64> =
            self.numbers().into_iter().zip(others.numbers()).map(|(one, other)| one + times * other).collect();
        *self = Self::from_numbers(&sums);
    }

    /// The next columns of a row, which are [`COLUMNS`].
    pub fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        let mut numbers = [0; WIDTH];
        for number in &mut numbers {
            *number = columns.next()?;
        }
        Ok(Self::from_numbers(&numbers))
    }
}

/// A day with its sums.
#[derive(Clone, Copy, Debug)]
pub struct SummedDay {
    /// The day.
    pub day: Day,
    /// What it adds.
    pub sums: DaySums,
}

impl FromQueryResult for SummedDay {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let columns = &mut Columns::of(row)?;
        Ok(Self { day: Day::from_number(columns.next::<i32>()?), sums: DaySums::read(columns)? })
    }
}

/// What an SQL row of [`COLUMNS`] is made of: each column by what it is in rows of posts or of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Rows `d` of `post_days`, in a window `w` over each post's.
    Posts,
    /// Rows `d` of `account_days`, in a window `w` over each account's: what profiles say.
    Profiles,
    /// The same with the sums over the accounts' posts.
    Accounts,
    /// Rows `d` of `post_days`, in a window over each account video `v`'s: what is to be taken away of [`Rows::Accounts`] where two accounts have
    /// one post.
    Repeats,
}

impl Rows {
    /// The window `w`.
    pub fn window(self) -> &'static str {
        match self {
            Self::Posts => "WINDOW w AS (PARTITION BY d.tracked_post_id ORDER BY d.day)",
            Self::Repeats => "WINDOW w AS (PARTITION BY v.id ORDER BY d.day)",
            Self::Profiles | Self::Accounts => "WINDOW w AS (PARTITION BY d.account_id ORDER BY d.day)",
        }
    }

    /// What one row adds: [`COLUMNS`], each under its name.
    pub fn additions(self) -> String {
        let (has_posts, has_profiles) = match self {
            Self::Posts | Self::Repeats => (true, false),
            Self::Profiles => (false, true),
            Self::Accounts => (true, true),
        };
        let zero = || "0".to_owned();
        let mut all = self.tallies().to_vec();
        for metric in POST_METRICS {
            all.extend(if has_posts { self.metric(metric) } else { [zero(), zero(), zero(), zero()] });
        }
        for metric in PROFILE_METRICS {
            all.extend(if has_profiles { self.metric(metric) } else { [zero(), zero(), zero(), zero()] });
        }
        let sign = if self == Self::Repeats { "-" } else { "" };
        let named: Vec<String> =
            all.iter().zip(COLUMNS.iter()).map(|(what, name)| format!("{sign}({what}) AS {name}")).collect();
        named.join(", ")
    }

    fn tallies(self) -> [String; 7] {
        let is_first = || "CASE WHEN LAG(d.day) OVER w IS NULL THEN 1 ELSE 0 END".to_owned();
        let falls = |metrics: &[&str]| {
            let falls: Vec<String> = metrics.iter().map(|metric| format!("d.{metric}_gain < 0")).collect();
            format!("CASE WHEN {} THEN 1 ELSE 0 END", falls.join(" OR "))
        };
        let (zero, one) = (|| "0".to_owned(), || "1".to_owned());
        let profiles = [
            is_first(),
            one(),
            format!("CASE WHEN (d.notes & {READ}) <> 0 THEN 1 ELSE 0 END"),
            falls(&PROFILE_METRICS),
        ];
        let (of_accounts, of_posts) = match self {
            Self::Posts | Self::Repeats => {
                ([zero(), zero(), zero(), zero()], [is_first(), one(), falls(&POST_METRICS)])
            }
            Self::Profiles => (profiles, [zero(), zero(), zero()]),
            Self::Accounts => {
                let known = "d.posts - COALESCE(LAG(d.posts) OVER w, 0)".to_owned();
                (profiles, [known, "d.posts_observed".to_owned(), "d.posts_fallen".to_owned()])
            }
        };
        let [accounts, accounts_observed, profiles_observed, accounts_fallen] = of_accounts;
        let [posts, posts_observed, posts_fallen] = of_posts;
        [accounts, accounts_observed, profiles_observed, accounts_fallen, posts, posts_observed, posts_fallen]
    }

    fn metric(self, metric: &str) -> [String; 4] {
        let known = |value: &str| format!("(CASE WHEN {value} IS NULL THEN 0 ELSE 1 END)");
        let (is, was) = (format!("d.{metric}_count"), format!("LAG(d.{metric}_count) OVER w"));
        let gain = format!("d.{metric}_gain");
        let known_gains = if self == Self::Accounts && POST_METRICS.contains(&metric) {
            format!("d.{metric}_posts")
        } else {
            known(&gain)
        };
        // An account's sum counts as one, so there a post is nothing to take away.
        let counted = if self == Self::Repeats { "0".to_owned() } else { format!("{} - {}", known(&is), known(&was)) };
        [format!("COALESCE({is}, 0) - COALESCE({was}, 0)"), counted, format!("COALESCE({gain}, 0)"), known_gains]
    }
}

/// The sums of [`COLUMNS`] over rows that have them.
pub fn summed() -> String {
    COLUMNS.iter().map(|column| format!("CAST(SUM({column}) AS BIGINT)")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let numbers: Vec<i64> = (1..).take(WIDTH).collect();
        let sums = DaySums::from_numbers(&numbers);
        assert_eq!(sums.numbers(), numbers);
        assert_eq!((COLUMNS.len(), sums.posts, sums.of_posts[0].change), (WIDTH, 5, 8));
        let mut twice = sums;
        twice.add(&sums, 2);
        assert_eq!(twice.of_profiles[2].known, 3 * i64::try_from(WIDTH).unwrap());
        twice.add(&sums, -3);
        assert_eq!(twice, DaySums::default());
    }
}
