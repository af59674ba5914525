//! Where metrics stood at the end of a day: the one look-up that every number of a window is a difference of.

use std::collections::HashMap;

use domain::{Day, Platform, Timestamp};
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::{TrackedKind, id_value, platform_of};
use crate::StoreError;
use crate::columns::{Column, Columns};
use crate::days::fold::DAY_MS;
use crate::days::newest::Newest;
use crate::days::rows::GAINED_METRICS;
use crate::merged::padded;
use crate::paging::RowId;
use crate::sql::{is_postgres, places, rows};

/// One metric at the end of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MetricAt {
    /// The last known count.
    pub count: Option<i64>,
    /// All gains that were known by then.
    total: i64,
    /// The days that they were of.
    days: i16,
}

impl MetricAt {
    /// Whether all that is counted was gained, so that nothing of it is older than what is known.
    pub fn is_all_gained(&self) -> bool {
        self.count == Some(self.total)
    }
}

/// How things stood at the end of a day. Before the first day everything is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<const N: usize> {
    /// Days with a read by then.
    pub observed_days: i32,
    /// The metrics that were asked for.
    pub metrics: [MetricAt; N],
}

impl<const N: usize> Default for Standing<N> {
    fn default() -> Self {
        Self { observed_days: 0, metrics: [MetricAt::default(); N] }
    }
}

impl<const N: usize> Standing<N> {
    /// What each metric gained since `before`; `None` where no gain is known.
    pub fn gains_since(&self, before: &Self) -> [Option<i64>; N] {
        let mut gains = [None; N];
        for ((gain, now), before) in gains.iter_mut().zip(self.metrics).zip(before.metrics) {
            *gain = (now.days != before.days).then(|| now.total.saturating_sub(before.total));
        }
        gains
    }
}

/// A record, and how it stood at the end of each day that was asked for.
#[derive(Clone, Debug)]
pub struct Standings<const N: usize> {
    /// The platform.
    pub platform: Platform,
    /// The first day that the record has, where another record may have had the target before it.
    pub begins: Option<Day>,
    /// Whether that is the day on which the post was published, so that nothing of it is older.
    pub is_whole: bool,
    /// In the order of the days that were asked for.
    pub at: Vec<Standing<N>>,
}

struct Found<I, const N: usize> {
    id: I,
    platform: String,
    first_scrape_at: Option<i64>,
    create_time: Option<i64>,
    place: i64,
    standing: Standing<N>,
}

impl<I, const N: usize> FromQueryResult for Found<I, N>
where
    I: for<'r> Column<'r>,
{
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut columns = Columns::of(row)?;
        let (id, platform) = (columns.next()?, columns.next()?);
        let (first_scrape_at, create_time, place) = (columns.next()?, columns.next()?, columns.next()?);
        let mut standing =
            Standing { observed_days: columns.next::<Option<i32>>()?.unwrap_or(0), ..Standing::default() };
        for metric in &mut standing.metrics {
            metric.count = columns.next()?;
            metric.total = columns.next::<Option<i64>>()?.unwrap_or(0);
            metric.days = columns.next::<Option<i16>>()?.unwrap_or(0);
        }
        Ok(Self { id, platform, first_scrape_at, create_time, place, standing })
    }
}

/// How `ids` of `organization` stood at the end of each of `days`, by `metrics` as their columns begin. What is not the organization's is left out.
pub async fn standings<const N: usize>(
    connection: &impl ConnectionTrait,
    organization: Uuid,
    kind: TrackedKind,
    ids: &[RowId],
    days: &[Day],
    metrics: [&str; N],
) -> Result<HashMap<RowId, Standings<N>>, StoreError> {
    let ids: Vec<RowId> = padded(ids.iter().copied().filter(|id| kind.fits(*id)).collect());
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = statement(kind, ids.len(), days.len(), metrics, is_postgres(connection));
    let mut values: Vec<Value> = vec![organization.into()];
    for (place, day) in (0_i64..).zip(days) {
        values.extend([place.into(), day.number().into()]);
    }
    values.extend(ids.into_iter().map(id_value));
    match kind {
        TrackedKind::Account | TrackedKind::Video => {
            gather(rows::<Found<Uuid, N>>(connection, &sql, values).await?, days)
        }
        TrackedKind::AccountVideo => gather(rows::<Found<i64, N>>(connection, &sql, values).await?, days),
    }
}

/// The statement: each record beside each day, and of that day the last row by then. A record whose newest day that is knows of it itself, and the
/// key of the days finds any other. A day before the record's first is taken for the last one before it, which another record may have.
fn statement<const N: usize>(
    kind: TrackedKind,
    ids: usize,
    days: usize,
    metrics: [&str; N],
    is_postgres: bool,
) -> String {
    // Who knows of its newest day, what it has of it, and by which day a row is looked for.
    let (times, joins, newest, by) = match kind {
        TrackedKind::Account => (
            "CAST(NULL AS BIGINT), CAST(NULL AS BIGINT)",
            "",
            (
                "v",
                Newest::of_account("v.id", is_postgres),
                metrics.iter().all(|metric| GAINED_METRICS.contains(metric)),
            ),
            "q.column2".to_owned(),
        ),
        TrackedKind::Video | TrackedKind::AccountVideo => (
            "v.first_scrape_at, v.create_time",
            " LEFT JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
             AND v.first_scrape_at IS NOT NULL",
            ("t", Newest::of_post("t.id", is_postgres), true),
            format!(
                "CASE WHEN q.column2 < v.first_scrape_at / {DAY_MS} THEN v.first_scrape_at / {DAY_MS} - 1 ELSE q.column2 END"
            ),
        ),
    };
    let (owner, newest, is_known) = newest;
    let when = if is_known {
        format!("{owner}.first_day <= {by} AND {owner}.last_day > {by}")
    } else {
        format!("{owner}.first_day <= {by}")
    };
    let standing = |known: &str, of_day: &str| {
        if is_known {
            format!("CASE WHEN {owner}.last_day <= {by} THEN {owner}.{known} ELSE d.{of_day} END")
        } else {
            format!("d.{of_day}")
        }
    };
    let mut columns = vec![standing("observed_days", "observed_days")];
    for metric in metrics {
        columns.push(standing(&format!("{metric}_last"), &format!("{metric}_count")));
        columns.extend(["total", "days"].map(|of| format!("{metric}_{of}")).map(|column| standing(&column, &column)));
    }
    let asked: Vec<_> = (0..days).map(|place| format!("(${}, ${})", 2 + 2 * place, 3 + 2 * place)).collect();
    format!(
        "SELECT v.id, v.platform, {times}, q.column1, {} \
         FROM {} v CROSS JOIN (VALUES {}) q{joins}{} WHERE v.organization_id = $1 AND v.id IN ({})",
        columns.join(", "),
        kind.table(),
        asked.join(", "),
        newest.join("d", &format!("<= {by}"), &when),
        places(2 + 2 * days, ids),
    )
}

fn gather<I: Into<RowId>, const N: usize>(
    found: Vec<Found<I, N>>,
    days: &[Day],
) -> Result<HashMap<RowId, Standings<N>>, StoreError> {
    let mut all: HashMap<RowId, Standings<N>> = HashMap::new();
    for Found { id, platform, first_scrape_at, create_time, place, standing } in found {
        let day = |at: Option<i64>| at.map(|at| Day::of(Timestamp::from_millis(at)));
        let standings = match all.entry(id.into()) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => new.insert(Standings {
                platform: platform_of(&platform)?,
                begins: day(first_scrape_at),
                is_whole: first_scrape_at.is_some() && day(first_scrape_at) == day(create_time),
                at: vec![Standing::default(); days.len()],
            }),
        };
        if let Some(slot) = usize::try_from(place).ok().and_then(|place| standings.at.get_mut(place)) {
            *slot = standing;
        }
    }
    Ok(all)
}
