//! The numbers by their definitions, from the reads alone: each day by a walk over all of them, each window by a walk over its days, each roll-up
//! by a walk over its posts.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Precision, Reading, Timestamp};

use crate::ledger::{POST_METRICS, PROFILE_METRICS, Read};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Days since 1970-01-01.
pub type Day = i32;

/// The day of a moment (UTC).
pub fn day_of(at: Timestamp) -> Day {
    i32::try_from(at.as_millis().div_euclid(DAY_MS)).expect("a day of our time")
}

/// A day with a read.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<const N: usize> {
    /// What was last known of each metric by the end of the day.
    pub last: [Option<i64>; N],
    /// Whether a read of the day gave it.
    pub is_read: [bool; N],
    /// What the day added.
    pub gains: [Option<i64>; N],
}

/// Each day with a read.
pub type Days<const N: usize> = BTreeMap<Day, Numbers<N>>;

type Count = (i64, Precision);

fn count(reading: Reading) -> Option<Count> {
    reading.value().zip(reading.precision())
}

/// The last count of one day. One that is better holds for an hour against worse ones of the same day.
fn last_of<const N: usize>(reads: &[Read<N>], metric: usize, day: Day) -> Option<Count> {
    let mut last: Option<(Count, i64)> = None;
    for read in reads.iter().filter(|read| day_of(read.at) == day) {
        let Some(said) = count(read.said[metric]) else { continue };
        let at = read.at.as_millis();
        if last.is_none_or(|(held, since)| held.1 <= said.1 || at - since >= HOUR_MS) {
            last = Some((said, at));
        }
    }
    last.map(|(count, _)| count)
}

/// The days of a target that was published at `told`, as far as that is known.
pub fn days<const N: usize>(reads: &[Read<N>], told: Option<Timestamp>) -> Days<N> {
    let mut all: Vec<Day> = reads.iter().map(|read| day_of(read.at)).collect();
    all.sort_unstable();
    all.dedup();
    let mut days = BTreeMap::new();
    for day in &all {
        let is_born = all.first() == Some(day) && told.map(day_of) == Some(*day);
        let numbers = std::array::from_fn(|metric| {
            let last = last_of(reads, metric, *day);
            let earlier = all.iter().rev().filter(|earlier| *earlier < day).find_map(|at| last_of(reads, metric, *at));
            let mut today = reads.iter().filter(|read| day_of(read.at) == *day);
            let first = today.find_map(|read| count(read.said[metric]));
            let base = earlier.or(first).map_or(0, |(then, _)| then);
            let base = if earlier.is_none() && is_born { 0 } else { base };
            let gain = last.map(|(now, _)| now - base);
            (last.or(earlier).map(|(value, _)| value), last.is_some(), gain)
        });
        let day_numbers = Numbers {
            last: numbers.map(|(last, _, _)| last),
            is_read: numbers.map(|(_, is_read, _)| is_read),
            gains: numbers.map(|(_, _, gain)| gain),
        };
        days.insert(*day, day_numbers);
    }
    days
}

/// Views, likes, comments, shares, plays, saves, followers, following, posts.
pub type Metrics = [Option<i64>; 9];

/// Whose numbers are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One post's.
    Post,
    /// One account's: its profile, and its posts together.
    Account,
    /// Of several accounts together.
    Rollup,
}

/// A post or many, profiles, and from which day on each counts.
pub struct Subject<'a> {
    pub kind: Kind,
    pub posts: Vec<(&'a Days<POST_METRICS>, Day)>,
    pub profiles: Vec<&'a Days<PROFILE_METRICS>>,
}

/// A day as it is shown.
pub struct Row {
    pub observed: bool,
    pub anomaly: bool,
    pub values: Metrics,
    pub gains: Metrics,
}

/// The sum of what is known; `None` when nothing is.
pub fn sum(of: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    of.flatten().reduce(|one, other| one + other)
}

/// What was last known by the end of a day.
fn known<const N: usize>(days: &Days<N>, day: Day, metric: usize) -> Option<i64> {
    days.range(..=day).next_back().and_then(|(_, numbers)| numbers.last[metric])
}

impl Subject<'_> {
    /// The posts that count on a day.
    fn posts_by(&self, day: Day) -> impl Iterator<Item = &Days<POST_METRICS>> {
        self.posts.iter().filter(move |(_, from)| *from <= day).map(|(days, _)| *days)
    }

    pub fn row(&self, day: Day) -> Row {
        let posts: Vec<&Numbers<POST_METRICS>> = self.posts_by(day).filter_map(|days| days.get(&day)).collect();
        let profiles: Vec<&Numbers<PROFILE_METRICS>> = self.profiles.iter().filter_map(|days| days.get(&day)).collect();
        let fell = |gains: &[Option<i64>]| gains.iter().any(|gain| gain.is_some_and(|gain| gain < 0));
        let mut gains = [None; 9];
        let mut values = [None; 9];
        for metric in 0..POST_METRICS {
            gains[metric] = sum(posts.iter().map(|numbers| numbers.gains[metric]));
            let is_shown = match self.kind {
                Kind::Post => posts.iter().any(|numbers| numbers.is_read[metric]),
                Kind::Account | Kind::Rollup => !posts.is_empty(),
            };
            values[metric] = sum(self.posts_by(day).map(|days| known(days, day, metric))).filter(|_| is_shown);
        }
        for metric in 0..PROFILE_METRICS {
            let is_shown = match self.kind {
                Kind::Post | Kind::Account => profiles.iter().any(|numbers| numbers.is_read[metric]),
                Kind::Rollup => profiles.iter().any(|numbers| numbers.is_read.contains(&true)),
            };
            let last = self.profiles.iter().map(|days| known(days, day, metric));
            gains[POST_METRICS + metric] = sum(profiles.iter().map(|numbers| numbers.gains[metric]));
            values[POST_METRICS + metric] = sum(last).filter(|_| is_shown);
        }
        Row {
            observed: !posts.is_empty() || !profiles.is_empty(),
            anomaly: posts.iter().any(|numbers| fell(&numbers.gains))
                || profiles.iter().any(|numbers| fell(&numbers.gains)),
            values,
            gains,
        }
    }

    /// The days of a window with a read.
    fn days_read(&self, first: Day, last: Day) -> BTreeSet<Day> {
        let posts = self.posts.iter().flat_map(|(days, from)| days.keys().copied().filter(|day| day >= from));
        let all = posts.chain(self.profiles.iter().flat_map(|days| days.keys().copied()));
        all.filter(|day| (first..=last).contains(day)).collect()
    }

    /// What the days from `first` to `last` added.
    pub fn gains(&self, first: Day, last: Day) -> Metrics {
        let rows: Vec<Row> = self.days_read(first, last).into_iter().map(|day| self.row(day)).collect();
        std::array::from_fn(|metric| sum(rows.iter().map(|row| row.gains[metric])))
    }

    /// How many days of a window have a read.
    pub fn observed_days(&self, first: Day, last: Day) -> usize {
        self.days_read(first, last).len()
    }

    /// The posts that are known by the end of a window, and those of them that were read within it.
    pub fn posts(&self, first: Day, last: Day) -> (usize, usize) {
        let known: Vec<_> = self.posts.iter().filter(|(_, from)| *from <= last).collect();
        let is_observed = |days: &Days<POST_METRICS>, from: Day| {
            days.range(first.max(from)..).next().is_some_and(|(day, _)| *day <= last)
        };
        let observed = known.iter().filter(|(days, from)| is_observed(days, *from)).count();
        (known.len(), observed)
    }

    /// Whether a metric was known by the end of a day: of a post its count, else of one of the posts. Followers are the seventh, then following and
    /// posts.
    pub fn knows(&self, metric: usize, day: Day) -> bool {
        match metric.checked_sub(POST_METRICS) {
            None => self.posts_by(day).any(|days| known(days, day, metric).is_some()),
            Some(metric) => self.profiles.iter().any(|days| known(days, day, metric).is_some()),
        }
    }

    /// Whether a metric of a post was known on the first day, or nothing was counted when it was.
    pub fn began_with(&self, metric: usize) -> bool {
        let first = self.lifetime().map(|(first, _)| first);
        self.posts.iter().all(|(days, from)| {
            let told = days.range(from..).find_map(|(day, _)| Some((*day, known(days, *day, metric)?)));
            told.is_none_or(|(day, count)| Some(day) == first || count == 0)
        })
    }

    /// The first and the last day with a read.
    pub fn lifetime(&self) -> Option<(Day, Day)> {
        let posts = self.posts.iter().flat_map(|(days, from)| days.range(from..).map(|(day, _)| *day));
        let all: Vec<Day> = posts.chain(self.profiles.iter().flat_map(|days| days.keys().copied())).collect();
        all.iter().min().copied().zip(all.iter().max().copied())
    }
}

/// Likes, comments and shares, as far as they are known.
pub fn engagement(likes: Option<i64>, comments: Option<i64>, shares: Option<i64>) -> Option<i64> {
    sum([likes, comments, shares].into_iter())
}

/// `part` in percent of `whole`, to two places, halves away from 0; `None` of nothing.
pub fn percent(part: i64, whole: i64) -> Option<f64> {
    hundredths(part, whole).map(|hundredths| fraction(hundredths, 100))
}

/// Parts of a whole as they are written.
#[expect(clippy::cast_precision_loss, reason = "the numbers of these worlds are small")]
pub fn fraction(parts: i64, of: i64) -> f64 {
    parts as f64 / of as f64
}

/// The whole number of hundredths of what is written to two places.
#[expect(clippy::cast_possible_truncation, reason = "the numbers of these worlds are small")]
pub fn whole_hundredths(written: f64) -> i64 {
    (written * 100.0).round() as i64
}

/// The same in hundredths.
pub fn hundredths(part: i64, whole: i64) -> Option<i64> {
    if whole == 0 {
        return None;
    }
    let sign = if (part < 0) == (whole < 0) { 1 } else { -1 };
    let (part, whole) = (i128::from(part).abs() * 10_000, i128::from(whole).abs());
    let (full, rest) = (part / whole, part % whole);
    let rounded = if rest * 2 >= whole { full + 1 } else { full };
    i64::try_from(rounded).ok().map(|rounded| sign * rounded)
}

/// By how many percent `now` is more than `before`.
pub fn change(now: Option<i64>, before: Option<i64>) -> Option<f64> {
    let (now, before) = (now?, before?);
    percent(now - before, before.abs())
}
