//! A model of a post's days: a plain walk over all reads for each day.

use std::collections::{BTreeMap, BTreeSet};

use domain::Precision;

pub const DAY_MS: i64 = 86_400_000;

/// What a model of ours knows of one organization's post: the reads that it saw, oldest first, and when it was published.
pub type Reads = Vec<(i64, [Option<(i64, Precision)>; 2])>;

/// One metric of one day: the last count that a read of the day gave, the gain, the sum of gains.
pub type Modelled = (Option<i64>, Option<i64>, i64);

/// The same numbers by other means: a plain walk over all reads for each day.
pub fn model(reads: &Reads, created: i64, metric: usize) -> BTreeMap<i64, Modelled> {
    let mut days = BTreeMap::new();
    let all: BTreeSet<i64> = reads.iter().map(|(at, _)| at.div_euclid(DAY_MS)).collect();
    let first_day = all.first().copied();
    let mut total = 0;
    for day in all {
        let standing = |before: i64| {
            // The last of each earlier day and of this one, each day by itself.
            let mut known = None;
            let mut shown_at = i64::MIN;
            for (at, counts) in reads.iter().filter(|(at, _)| *at < before) {
                let Some((value, precision)) = counts[metric] else { continue };
                let is_same_day = shown_at.div_euclid(DAY_MS) == at.div_euclid(DAY_MS);
                let is_worse = known.is_some_and(|(_, held): (i64, Precision)| held > precision);
                if !(is_same_day && is_worse && at - shown_at < 3_600_000) {
                    (known, shown_at) = (Some((value, precision)), *at);
                }
            }
            known
        };
        let is_today = |(at, _): &&(i64, [Option<(i64, Precision)>; 2])| at.div_euclid(DAY_MS) == day;
        let first_today = reads.iter().filter(is_today).find_map(|(_, counts)| counts[metric]);
        let last = first_today.and_then(|_| standing((day + 1) * DAY_MS));
        let born = first_day == Some(day) && created.div_euclid(DAY_MS) == day;
        let base = standing(day * DAY_MS).or(first_today.filter(|_| !born)).map_or(0, |(then, _)| then);
        let gain = last.map(|(now, _)| now - base);
        total += gain.unwrap_or(0);
        days.insert(day, (last.map(|(value, _)| value), gain, total));
    }
    days
}
