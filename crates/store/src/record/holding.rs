//! Who keeps a better count of the last hour against what was just read. Provenance is shared and knows of better counts; whether somebody has seen them
//! is known by the stretches of reads that they have seen. Pages of different precision within an hour are rare, so this is looked up only then.

use domain::history::{Count, Sample, standing};
use domain::metric::BETTER_HOLDS;
use domain::{Precision, Timestamp};
use sea_orm::Value;

use super::Recording;
use super::history::{self, History};
use super::provenance::Kept;
use crate::StoreError;
use crate::days::Seen;
use crate::sql::Filter;

/// Some that keep a better count: who it is for, by their place among those for whom the page was read, and when their reads began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Whose it is.
    pub place: usize,
    /// The reads began after this time; `None` for those that began with the first.
    begun_after: Option<Timestamp>,
    /// They began by this time.
    begun_by: Timestamp,
    /// When the better count was read.
    read_at: Timestamp,
}

/// For each reading of a page, who keeps a better count. `seen` is what each of those for whom it was read had seen of the target before.
pub async fn keepers<const N: usize>(
    recording: &Recording<'_>,
    history: History,
    target: i64,
    kept: &[(&'static str, Kept); N],
    seen: &[&Seen],
) -> Result<[Vec<Keeper>; N], StoreError> {
    let behind = kept.map(|(_, kept)| match kept {
        Kept::Behind { reading, .. } => reading.precision(),
        Kept::Now(_) | Kept::Untouched => None,
    });
    let mut keepers = [const { Vec::new() }; N];
    if behind.iter().all(Option::is_none) {
        return Ok(keepers);
    }
    let now = recording.now;
    // What held something back in its hour is over after another.
    let since = now.minus(BETTER_HOLDS.saturating_mul(2));
    let samples: Vec<Sample<N>> = history::samples(recording.tx, history, target, since).await?;
    for (metric, (keepers, precision)) in keepers.iter_mut().zip(behind).enumerate() {
        let Some(precision) = precision else { continue };
        for (place, seen) in seen.iter().enumerate() {
            let own = samples.iter().filter(|sample| sample.at != now && seen.has(sample.at));
            let own: Vec<_> = own.filter_map(|sample| Some((sample.at, (*sample.counts.get(metric)?)?))).collect();
            keepers.extend(keepers_of(place, &own, precision, now));
        }
    }
    Ok(keepers)
}

/// Those that keep one of `counts` against what is read now, by when their reads began.
fn keepers_of(place: usize, counts: &[(Timestamp, Count)], precision: Precision, now: Timestamp) -> Vec<Keeper> {
    let mut keepers: Vec<Keeper> = Vec::new();
    let mut begun_after = None;
    for (first, (begun_by, _)) in counts.iter().enumerate() {
        let better = standing(counts.iter().skip(first).copied());
        if let Some((read_at, _)) = better.filter(|(at, better)| better.precision.holds(*at, precision, now)) {
            match keepers.last_mut().filter(|last| Some(last.begun_by) == begun_after && last.read_at == read_at) {
                Some(last) => last.begun_by = *begun_by,
                None => keepers.push(Keeper { place, begun_after, begun_by: *begun_by, read_at }),
            }
        }
        begun_after = Some(*begun_by);
    }
    keepers
}

impl Keeper {
    /// Whether it is who has seen all that there was to be seen for them.
    pub const fn is_from_the_first(self) -> bool {
        self.begun_after.is_none()
    }

    /// A condition on records of whose `owner` it is: that their reads began in this time, and went on when the better count was read.
    pub fn condition(self, owner: Value, set: &mut Filter) -> String {
        let (owner, by, read_at) =
            (set.bind(owner), set.bind(self.begun_by.as_millis()), set.bind(self.read_at.as_millis()));
        let after = self.begun_after.map(|at| format!(" AND first_scrape_at > {}", set.bind(at.as_millis())));
        format!(
            "(organization_id = {owner} AND first_scrape_at <= {by} AND last_scrape_at >= {read_at}{})",
            after.unwrap_or_default()
        )
    }
}

impl Kept {
    /// Adds what records make of the reading to the `SET` list of their update; those for which one of the conditions `keeping` holds keep what they have.
    pub fn assign(self, set: &mut Filter, column: &str, keeping: impl FnOnce(&mut Filter) -> Vec<String>) {
        let (Self::Now(reading) | Self::Behind { reading, .. }) = self else { return };
        let value = set.bind(reading.value());
        let keeping = keeping(set);
        if keeping.is_empty() {
            set.assign(column, &value);
        } else {
            let keeping = keeping.join(" OR ");
            set.assign(column, &format!("CASE WHEN {keeping} THEN COALESCE({column}, {value}) ELSE {value} END"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    #[test]
    fn who_keeps_a_better_count_depends_on_when_their_reads_began() {
        use Precision::{Exact, FromText, Rounded};
        let counts = |counts: &[(i64, Precision)]| -> Vec<_> {
            counts.iter().map(|(minute, precision)| (at(*minute), Count { value: 1, precision: *precision })).collect()
        };
        let keeper = |after: Option<i64>, by, read| Keeper {
            place: 3,
            begun_after: after.map(at),
            begun_by: at(by),
            read_at: at(read),
        };
        for (seen, now, expected) in [
            (vec![], 10, vec![]),
            (vec![(0, Exact)], 59, vec![keeper(None, 0, 0)]),
            (vec![(0, Exact)], 60, vec![]),
            (vec![(0, Exact), (5, Rounded), (20, FromText)], 50, vec![keeper(None, 0, 0), keeper(Some(0), 20, 20)]),
            (vec![(0, Exact), (20, FromText)], 70, vec![keeper(Some(0), 20, 20)]),
            (vec![(0, Rounded), (20, FromText), (30, Rounded)], 70, vec![keeper(None, 20, 20)]),
        ] {
            assert_eq!(keepers_of(3, &counts(&seen), Rounded, at(now)), expected, "{seen:?} at {now}");
        }
    }
}
