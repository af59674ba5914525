//! History: one snapshot for each read, of what that page said and nothing from elsewhere, with what is not exact and what fell.

use domain::history::{Count, Sample};
use domain::{Day, Gain, Precision, Reading, Timestamp};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Value};

use super::Recording;
use super::provenance::Readings;
use crate::StoreError;
use crate::columns::Columns;
use crate::days::{SEEN_COLUMNS, Seen};
use crate::sql::{execute, places, row, rows, values};

/// A table of snapshots.
#[derive(Clone, Copy)]
pub struct History {
    pub(crate) table: &'static str,
    /// The column that names the target.
    pub(crate) key: &'static str,
    /// The columns of the metrics.
    pub(crate) metrics: &'static [&'static str],
    /// Whose rows tell which snapshots they have seen.
    pub(crate) trackers: &'static str,
}

/// The snapshots of profiles.
pub const PROFILES: History = History {
    table: "profile_snapshots",
    key: "profile_id",
    metrics: &["follower_count", "following_count", "post_count", "like_count"],
    trackers: "accounts",
};
/// The snapshots of posts.
pub const POSTS: History = History {
    table: "post_snapshots",
    key: "post_id",
    metrics: &["view_count", "like_count", "comment_count", "share_count", "play_count", "saved_count"],
    trackers: "tracked_posts",
};

/// A snapshot as it stands in its table.
struct Snapshot<const N: usize>(Sample<N>);

impl<const N: usize> FromQueryResult for Snapshot<N> {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut columns = Columns::of(row)?;
        let at = Timestamp::from_millis(columns.next()?);
        let inexact: Option<String> = columns.next()?;
        let mut counts = [None; N];
        for count in &mut counts {
            let (metric, value): (String, Option<i64>) = (columns.next()?, columns.next()?);
            let precision = precision_in(inexact.as_deref().unwrap_or_default(), &metric);
            *count = value.map(|value| Count { value, precision });
        }
        Ok(Self(Sample { at, counts }))
    }
}

/// The snapshots of a target from `from` on, oldest first. `N` is the number of the history's metrics.
pub async fn samples<const N: usize>(
    connection: &impl ConnectionTrait,
    history: History,
    id: i64,
    from: Timestamp,
) -> Result<Vec<Sample<N>>, StoreError> {
    let History { table, key, metrics, trackers: _ } = history;
    let metrics: Vec<_> = metrics.iter().map(|metric| format!("'{metric}', {metric}")).collect();
    let sql = format!(
        "SELECT taken_at, inexact, {} FROM {table} WHERE {key} = $1 AND taken_at >= $2 ORDER BY taken_at",
        metrics.join(", ")
    );
    let found = rows::<Snapshot<N>>(connection, &sql, values![id, from.as_millis()]).await?;
    Ok(found.into_iter().map(|Snapshot(sample)| sample).collect())
}

/// When the target was read before this time, whoever it was for.
pub async fn previous(recording: &Recording<'_>, history: History, id: i64) -> Result<Option<Timestamp>, StoreError> {
    #[derive(FromQueryResult)]
    struct Newest {
        at: Option<i64>,
    }
    let History { table, key, .. } = history;
    let sql = format!("SELECT MAX(taken_at) AS at FROM {table} WHERE {key} = $1 AND taken_at < $2");
    let newest = row::<Newest>(recording.tx, &sql, values![id, recording.now.as_millis()]).await?;
    Ok(newest.and_then(|newest| newest.at).map(Timestamp::from_millis))
}

/// Of three reads of one day that say the same, of the same adapter, and that the same organizations have seen, the one in the middle tells
/// nothing and goes. `samples` are those of the day.
pub async fn compact<const N: usize>(
    recording: &Recording<'_>,
    history: History,
    id: i64,
    samples: &[Sample<N>],
) -> Result<(), StoreError> {
    let [.., first, middle, last] = samples else { return Ok(()) };
    let says_the_same = first.counts == middle.counts && middle.counts == last.counts;
    if !recording.compact || !says_the_same || Day::of(first.at) != Day::of(last.at) {
        return Ok(());
    }
    let History { table, key, trackers, .. } = history;
    let sql = format!("SELECT {SEEN_COLUMNS} FROM {trackers} WHERE {key} = $1");
    for seen in rows::<Seen>(recording.tx, &sql, values![id]).await? {
        if seen.has(first.at) != seen.has(middle.at) || seen.has(middle.at) != seen.has(last.at) {
            return Ok(());
        }
    }
    let adapter = |place: &str| {
        format!("(SELECT COALESCE(s.adapter, '') FROM {table} s WHERE s.{key} = $1 AND s.taken_at = {place})")
    };
    let sql = format!(
        "DELETE FROM {table} WHERE {key} = $1 AND taken_at = $3 AND COALESCE(adapter, '') = {} AND COALESCE(adapter, '') = {}",
        adapter("$2"),
        adapter("$4")
    );
    let [first, middle, last] = [first, middle, last].map(|sample| sample.at.as_millis());
    execute(recording.tx, &sql, values![id, first, middle, last]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Before {
    metric: String,
    value: i64,
    inexact: Option<String>,
}

/// Writes the snapshot of a read.
pub async fn write<const N: usize>(
    recording: &Recording<'_>,
    history: History,
    id: i64,
    readings: &Readings<N>,
) -> Result<(), StoreError> {
    let fell = fallen(recording, history, id, readings).await?;
    let History { table, key, .. } = history;
    let columns: Vec<_> = readings.iter().map(|(column, _)| *column).collect();
    let sql = format!(
        "INSERT INTO {table} ({key}, taken_at, run_id, adapter, inexact, fell, {}) VALUES ({}) \
         ON CONFLICT ({key}, taken_at) DO NOTHING",
        columns.join(", "),
        places(1, 6 + N)
    );
    let mut values =
        values![id, recording.now.as_millis(), recording.job.run_id.0, recording.adapter, inexact(readings), fell,];
    values.extend(readings.iter().map(|(_, reading)| Value::from(reading.value())));
    execute(recording.tx, &sql, values).await?;
    Ok(())
}

/// The metrics that are not exact, as `follower_count:rounded,view_count:from_text`; `None` when all are.
pub fn inexact(readings: &[(&'static str, Reading)]) -> Option<String> {
    let names: Vec<_> = readings
        .iter()
        .filter_map(|(name, reading)| {
            let precision = reading.precision().filter(|precision| *precision != Precision::Exact)?;
            Some(format!("{name}:{}", precision.as_str()))
        })
        .collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// The metrics that fell since the last snapshot that knew them, separated by commas; `None` when none did.
async fn fallen(
    recording: &Recording<'_>,
    history: History,
    id: i64,
    readings: &[(&'static str, Reading)],
) -> Result<Option<String>, StoreError> {
    let History { table, key, .. } = history;
    // Each finds its row from the end of the primary key, mostly at the first step.
    let parts: Vec<_> = readings
        .iter()
        .filter(|(_, reading)| reading.value().is_some())
        .map(|(column, _)| {
            format!(
                "SELECT '{column}' AS metric, h.value, h.inexact FROM (SELECT {column} AS value, inexact FROM {table} \
                 WHERE {key} = $1 AND {column} IS NOT NULL ORDER BY taken_at DESC LIMIT 1) h"
            )
        })
        .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let before = rows::<Before>(recording.tx, &parts.join(" UNION ALL "), values![id]).await?;
    let fell: Vec<_> = readings
        .iter()
        .filter(|(column, reading)| {
            before.iter().find(|row| row.metric == *column).is_some_and(|row| row.gain_to(*reading).is_fall)
        })
        .map(|(column, _)| *column)
        .collect();
    Ok((!fell.is_empty()).then(|| fell.join(",")))
}

impl Before {
    fn gain_to(&self, after: Reading) -> Gain {
        let precision = precision_in(self.inexact.as_deref().unwrap_or_default(), &self.metric);
        Gain::between(Reading::Known { value: self.value, precision }, after)
    }
}

/// How exact a metric is, by a list such as [`inexact`] makes. A name alone is of the time when rounding was all that was told apart.
pub fn precision_in(list: &str, metric: &str) -> Precision {
    list.split(',')
        .find_map(|item| match item.split_once(':') {
            Some((name, precision)) => (name == metric).then(|| precision.parse().unwrap_or(Precision::Rounded)),
            None => (item == metric).then_some(Precision::Rounded),
        })
        .unwrap_or(Precision::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precisions_are_read_as_they_are_written() {
        let of = |precision| Reading::of(Some(1), precision);
        let readings = [
            ("view_count", of(Precision::Rounded)),
            ("like_count", of(Precision::Exact)),
            ("play_count", of(Precision::FromText)),
            ("share_count", Reading::NOT_PROVIDED),
        ];
        let list = inexact(&readings).unwrap();
        assert_eq!(list, "view_count:rounded,play_count:from_text");
        for (name, reading) in readings {
            assert_eq!(precision_in(&list, name), reading.precision().unwrap_or(Precision::Exact), "{name}");
        }
        assert_eq!(inexact(&readings[1..2]), None);
        assert_eq!(precision_in("view_count,like_count", "like_count"), Precision::Rounded, "as older rows have it");
    }
}
