//! History: one snapshot for each read, of what that page said and nothing from elsewhere, with what is not exact and what fell.

use domain::{Gain, Precision, Reading};
use sea_orm::{FromQueryResult, Value};

use super::Recording;
use super::provenance::Readings;
use crate::StoreError;
use crate::sql::{execute, places, rows, values};

/// A table of snapshots.
#[derive(Clone, Copy)]
pub struct History {
    table: &'static str,
    key: &'static str,
}

/// The snapshots of profiles.
pub const PROFILES: History = History { table: "profile_snapshots", key: "profile_id" };
/// The snapshots of posts.
pub const POSTS: History = History { table: "post_snapshots", key: "post_id" };

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
    let History { table, key } = history;
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
fn inexact(readings: &[(&'static str, Reading)]) -> Option<String> {
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
    let History { table, key } = history;
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
fn precision_in(list: &str, metric: &str) -> Precision {
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
