//! History by days: what the reads of a day come to, given what was known before.
//!
//! These few rules are the only place where a gain is made. Recording applies them to the day at hand, rebuilding to every day from the first, so
//! both come to the same.

use crate::clock::Timestamp;
use crate::metric::Precision;

/// A count that a page gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The count.
    pub value: i64,
    /// How exact it is.
    pub precision: Precision,
}

/// One read of several metrics; `None` for what the page did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample<const N: usize> {
    /// When it was read.
    pub at: Timestamp,
    /// What was read.
    pub counts: [Option<Count>; N],
}

/// One metric of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricDay {
    /// The last known count as of the end of the day, which an earlier day may have given.
    pub count: Option<Count>,
    /// Whether a read of this very day gave it.
    pub is_read: bool,
    /// What the day added: its last count less the last before it. `None` when one of the two is unknown.
    pub gain: Option<i64>,
    /// The sum of all gains that are known, from the first day to this one.
    pub total: i64,
    /// The number of days, this one included, whose gain is known.
    pub days: i16,
}

impl MetricDay {
    /// Whether the metric fell on this day. Falls are kept: people delete comments and platforms clear out followers.
    pub fn is_fall(&self) -> bool {
        self.gain.is_some_and(|gain| gain < 0)
    }
}

/// A day of a target with `N` metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetDay<const N: usize> {
    /// Its metrics.
    pub metrics: [MetricDay; N],
    /// The number of days, this one included, on which the target was read.
    pub observed_days: i32,
}

/// What the reads of one day, in the order of their time, come to. `before` is the last day with a read before this one.
///
/// A target that is first read today and was `created_today` gained all that it has; otherwise its first count is the base, as it is for a
/// metric that shows for the first time later. A day without reads has no row, so `samples` are at least one.
pub fn fold<const N: usize>(before: Option<&TargetDay<N>>, samples: &[Sample<N>], created_today: bool) -> TargetDay<N> {
    let is_born = before.is_none() && created_today;
    let metrics = std::array::from_fn(|metric| {
        let before = before.and_then(|day| day.metrics.get(metric)).copied().unwrap_or_default();
        let counts = samples.iter().filter_map(|sample| Some((sample.at, (*sample.counts.get(metric)?)?)));
        fold_metric(before, counts, is_born)
    });
    TargetDay { metrics, observed_days: before.map_or(0, |day| day.observed_days) + 1 }
}

/// The count that is current after some, in the order of their time: the last, but a worse one does not replace a better one of the hour before it.
pub fn standing(counts: impl Iterator<Item = (Timestamp, Count)>) -> Option<(Timestamp, Count)> {
    counts.reduce(
        |(since, better), (at, count)| {
            if better.precision.holds(since, count.precision, at) { (since, better) } else { (at, count) }
        },
    )
}

fn fold_metric(before: MetricDay, counts: impl Iterator<Item = (Timestamp, Count)>, is_born: bool) -> MetricDay {
    let mut first: Option<Count> = None;
    let counts = counts.inspect(|(_, count)| {
        first.get_or_insert(*count);
    });
    let Some((_, last)) = standing(counts) else { return MetricDay { is_read: false, gain: None, ..before } };
    let base = before.count.or(first.filter(|_| !is_born)).map_or(0, |base| base.value);
    let gain = last.value.saturating_sub(base);
    MetricDay {
        count: Some(last),
        is_read: true,
        gain: Some(gain),
        total: before.total.saturating_add(gain),
        days: before.days.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn exact(hour: i64, value: i64) -> Sample<1> {
        of(hour, value, Precision::Exact)
    }

    fn of(hour: i64, value: i64, precision: Precision) -> Sample<1> {
        Sample { at: Timestamp::from_millis(hour * HOUR), counts: [Some(Count { value, precision })] }
    }

    fn silent(hour: i64) -> Sample<1> {
        Sample { at: Timestamp::from_millis(hour * HOUR), counts: [None] }
    }

    /// Count, gain, total and known days of each of several days, each with its reads.
    fn days(days: &[&[Sample<1>]], born: bool) -> Vec<(Option<i64>, Option<i64>, i64, i16)> {
        let mut before: Option<TargetDay<1>> = None;
        let mut seen = Vec::new();
        for samples in days {
            let day = fold(before.as_ref(), samples, born && before.is_none());
            let [metric] = day.metrics;
            seen.push((metric.count.map(|count| count.value), metric.gain, metric.total, metric.days));
            before = Some(day);
        }
        seen
    }

    #[test]
    fn the_first_count_is_the_base_unless_all_of_it_is_new() {
        let reads: &[&[Sample<1>]] = &[&[exact(1, 100), exact(5, 130)], &[exact(30, 150)]];
        assert_eq!(days(reads, false), [(Some(130), Some(30), 30, 1), (Some(150), Some(20), 50, 2)]);
        assert_eq!(days(reads, true), [(Some(130), Some(130), 130, 1), (Some(150), Some(20), 150, 2)]);
    }

    #[test]
    fn a_fall_is_kept() {
        let reads: &[&[Sample<1>]] = &[&[exact(1, 100)], &[exact(30, 90)]];
        assert_eq!(days(reads, false), [(Some(100), Some(0), 0, 1), (Some(90), Some(-10), -10, 2)]);
        let day = fold(Some(&fold(None, &[exact(1, 100)], false)), &[exact(30, 90)], false);
        assert!(day.metrics[0].is_fall());
    }

    #[test]
    fn what_was_gained_across_a_change_of_precision_is_not_lost() {
        let reads: &[&[Sample<1>]] =
            &[&[exact(1, 1234)], &[of(30, 1300, Precision::Rounded)], &[of(60, 1400, Precision::Rounded)]];
        assert_eq!(
            days(reads, false),
            [(Some(1234), Some(0), 0, 1), (Some(1300), Some(66), 66, 2), (Some(1400), Some(100), 166, 3)]
        );
    }

    #[test]
    fn a_read_that_does_not_say_leaves_what_was_known_and_adds_nothing() {
        let reads: &[&[Sample<1>]] = &[&[exact(1, 5)], &[silent(30)], &[exact(60, 9)]];
        assert_eq!(days(reads, false), [(Some(5), Some(0), 0, 1), (Some(5), None, 0, 1), (Some(9), Some(4), 4, 2)]);
        // Born today, but the count shows only tomorrow: then that is the base.
        assert_eq!(days(&[&[silent(1)], &[exact(30, 9)]], true), [(None, None, 0, 0), (Some(9), Some(0), 0, 1)]);
    }

    #[test]
    fn a_better_count_of_the_last_hour_stands_against_a_worse_one() {
        let soon = Sample { at: Timestamp::from_millis(2 * HOUR - 1), ..of(0, 1300, Precision::Rounded) };
        assert_eq!(days(&[&[exact(1, 1234), soon]], false)[0].0, Some(1234));
        assert_eq!(days(&[&[exact(1, 1234), of(2, 1300, Precision::Rounded)]], false)[0].0, Some(1300));
    }
}
