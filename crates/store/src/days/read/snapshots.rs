//! The reads themselves, as far as an organization has seen them, newest first.

use domain::{Counts, Gain, Precision, Reading, RunId, Timestamp};
use sea_orm::{DbErr, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::{TrackedKind, id_value};
use crate::columns::Columns;
use crate::days::Seen;
use crate::paging::{Page, PageRequest, Position, RowId, SortKey};
use crate::record::history::{History, POSTS, PROFILES, precision_in};
use crate::sql::{Number, row, rows, values};
use crate::{MetricPrecisions, StoreError, Tenant};

/// Sort columns of snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotOrder {
    /// When they were taken.
    Time,
}

/// One read, and what it gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// When it was taken.
    pub at: Timestamp,
    /// What was read.
    pub counts: Counts,
    /// Likes as the profile itself counts them over its posts; of accounts alone.
    pub profile_likes: Option<i64>,
    /// Which of the counts are not exact, by their names on the wire.
    pub precision: MetricPrecisions,
    /// Whether one of the counts is less than the last one before it, where both are equally exact.
    pub anomaly: bool,
    /// Which reader understood the page.
    pub adapter: Option<String>,
    /// The run, when the organization sees it.
    pub run_id: Option<RunId>,
}

/// The names on the wire, in the order of the columns of [`POSTS`].
const POST_NAMES: [&str; 6] = ["views", "likes", "comments", "shares", "plays", "saves"];

/// Likewise of [`PROFILES`].
const PROFILE_NAMES: [&str; 4] = ["followers", "following", "posts", "profile_likes"];

/// A count that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReadCount {
    value: i64,
    precision: Precision,
}

impl ReadCount {
    fn fell_to(self, after: Self) -> bool {
        let reading = |it: Self| Reading::Known { value: it.value, precision: it.precision };
        Gain::between(reading(self), reading(after)).is_fall
    }
}

/// A row of a table of snapshots.
struct Taken<const N: usize> {
    at: i64,
    adapter: Option<String>,
    run_id: Option<Uuid>,
    counts: [Option<ReadCount>; N],
}

impl<const N: usize> FromQueryResult for Taken<N> {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut columns = Columns::of(row)?;
        let (at, adapter, run_id) = (columns.next()?, columns.next()?, columns.next()?);
        let inexact: Option<String> = columns.next()?;
        let mut counts = [None; N];
        for count in &mut counts {
            let (metric, value): (String, Option<i64>) = (columns.next()?, columns.next()?);
            let precision = precision_in(inexact.as_deref().unwrap_or_default(), &metric);
            *count = value.map(|value| ReadCount { value, precision });
        }
        Ok(Self { at, adapter, run_id, counts })
    }
}

/// Where the reads of a record are, and from when on it shows them.
#[derive(FromQueryResult)]
struct Located {
    target_id: i64,
    shown_since: Option<i64>,
    #[sea_orm(nested)]
    seen: Seen,
}

/// The reads that a record shows: of one target, in these stretches of time, oldest first.
struct Shown {
    history: History,
    target: i64,
    stretches: Vec<(i64, i64)>,
}

impl Tenant {
    /// A page of the reads of a record. `None` when it is not the organization's.
    pub async fn snapshots(
        &self,
        kind: TrackedKind,
        id: RowId,
        page: &PageRequest<SnapshotOrder>,
    ) -> Result<Option<Page<Snapshot>>, StoreError> {
        let Some(shown) = self.shown(kind, id).await? else { return Ok(None) };
        match kind {
            TrackedKind::Account => self.page_of_snapshots(&shown, page, of_profile).await,
            TrackedKind::Video | TrackedKind::AccountVideo => self.page_of_snapshots(&shown, page, of_post).await,
        }
        .map(Some)
    }

    async fn shown(&self, kind: TrackedKind, id: RowId) -> Result<Option<Shown>, StoreError> {
        if !kind.fits(id) {
            return Ok(None);
        }
        let (history, sql) = match kind {
            TrackedKind::Account => (
                PROFILES,
                "SELECT profile_id AS target_id, CAST(NULL AS BIGINT) AS shown_since, seen_since, seen_until, seen_before \
                 FROM accounts WHERE id = $1 AND organization_id = $2"
                    .to_owned(),
            ),
            TrackedKind::Video | TrackedKind::AccountVideo => (
                POSTS,
                format!(
                    "SELECT v.post_id AS target_id, v.first_scrape_at AS shown_since, t.seen_since, t.seen_until, t.seen_before \
                     FROM {} v LEFT JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
                     AND v.first_scrape_at IS NOT NULL WHERE v.id = $1 AND v.organization_id = $2",
                    kind.table()
                ),
            ),
        };
        let found = row::<Located>(&self.store.read, &sql, vec![id_value(id), self.organization.0.into()]).await?;
        let Some(Located { target_id, shown_since, seen }) = found else {
            return Ok(None);
        };
        let stretches = seen.since(shown_since.unwrap_or(i64::MIN));
        Ok(Some(Shown { history, target: target_id, stretches }))
    }

    async fn page_of_snapshots<const N: usize>(
        &self,
        shown: &Shown,
        page: &PageRequest<SnapshotOrder>,
        view: impl Fn(Taken<N>, bool) -> Snapshot,
    ) -> Result<Page<Snapshot>, StoreError> {
        let total = if page.include_total { Some(self.count_snapshots(shown).await?) } else { None };
        let before = page.after.as_ref().and_then(|after| match after.key {
            SortKey::Number(at) => at,
            SortKey::Text(_) => None,
        });
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let mut found = self.newest::<N>(shown, before, wanted.saturating_add(1)).await?;
        let fell = self.falls(shown, &found).await?;
        let has_next = found.len() > wanted;
        found.truncate(wanted);
        let next = found
            .last()
            .filter(|_| has_next)
            .map(|last| Position { key: SortKey::Number(Some(last.at)), id: RowId::Integer(last.at) });
        let rows = found.into_iter().zip(fell).map(|(taken, fell)| view(taken, fell)).collect();
        Ok(Page { rows, next, total })
    }

    /// The newest `most` reads that are shown, of those before `before`. Each stretch is a range of the primary key.
    async fn newest<const N: usize>(
        &self,
        shown: &Shown,
        before: Option<i64>,
        most: usize,
    ) -> Result<Vec<Taken<N>>, StoreError> {
        let History { table, key, metrics, trackers: _ } = shown.history;
        let metrics: Vec<_> = metrics.iter().map(|metric| format!("'{metric}', s.{metric}")).collect();
        let sql = format!(
            "SELECT s.taken_at, s.adapter, r.run_id, s.inexact, {} FROM {table} s \
             LEFT JOIN tracked_runs r ON r.run_id = s.run_id AND r.organization_id = $2 \
             WHERE s.{key} = $1 AND s.taken_at >= $3 AND s.taken_at <= $4 ORDER BY s.taken_at DESC LIMIT $5",
            metrics.join(", ")
        );
        let mut found: Vec<Taken<N>> = Vec::new();
        for (since, until) in shown.stretches.iter().rev() {
            let until = before.map_or(*until, |before| before.saturating_sub(1).min(*until));
            let left = most.saturating_sub(found.len());
            if until < *since || left == 0 {
                continue;
            }
            let values =
                values![shown.target, self.organization.0, *since, until, i64::try_from(left).unwrap_or(i64::MAX)];
            found.extend(rows::<Taken<N>>(&self.store.read, &sql, values).await?);
        }
        Ok(found)
    }

    async fn count_snapshots(&self, shown: &Shown) -> Result<i64, StoreError> {
        let History { table, key, .. } = shown.history;
        let sql =
            format!("SELECT COUNT(*) AS value FROM {table} WHERE {key} = $1 AND taken_at >= $2 AND taken_at <= $3");
        let mut total = 0;
        for (since, until) in &shown.stretches {
            let found = row::<Number>(&self.store.read, &sql, values![shown.target, *since, *until]).await?;
            total += found.map_or(0, |found| found.value);
        }
        Ok(total)
    }

    /// Whether a count fell at each of `found`, which are shown one after another, newest first. What fell against a read that is not shown is not
    /// told: it would tell of others who read.
    async fn falls<const N: usize>(&self, shown: &Shown, found: &[Taken<N>]) -> Result<Vec<bool>, StoreError> {
        let mut known = self.known_before(shown, found).await?;
        let mut fell = vec![false; found.len()];
        for (taken, fell) in found.iter().zip(&mut fell).rev() {
            for (known, count) in known.iter_mut().zip(taken.counts) {
                let Some(count) = count else { continue };
                *fell |= known.is_some_and(|known| known.fell_to(count));
                *known = Some(count);
            }
        }
        Ok(fell)
    }

    /// The last count that is shown before the oldest of `found`, of each metric that they have.
    async fn known_before<const N: usize>(
        &self,
        shown: &Shown,
        found: &[Taken<N>],
    ) -> Result<[Option<ReadCount>; N], StoreError> {
        let mut known = [None; N];
        let Some(oldest) = found.last() else { return Ok(known) };
        let mut wanted: Vec<usize> = (0..N)
            .filter(|place| found.iter().any(|taken| taken.counts.get(*place).is_some_and(Option::is_some)))
            .collect();
        for (since, until) in shown.stretches.iter().rev() {
            let until = oldest.at.saturating_sub(1).min(*until);
            if until < *since || wanted.is_empty() {
                continue;
            }
            let sql = last_counts(shown.history, &wanted);
            for before in rows::<Before>(&self.store.read, &sql, values![shown.target, *since, until]).await? {
                let place = usize::try_from(before.place).unwrap_or(usize::MAX);
                if let (Some(known), Some(metric)) = (known.get_mut(place), shown.history.metrics.get(place)) {
                    let precision = precision_in(before.inexact.as_deref().unwrap_or_default(), metric);
                    *known = Some(ReadCount { value: before.value, precision });
                    wanted.retain(|wanted| *wanted != place);
                }
            }
        }
        Ok(known)
    }
}

/// The statement that finds the last known count of each of these metrics in a stretch.
fn last_counts(history: History, wanted: &[usize]) -> String {
    let History { table, key, metrics, trackers: _ } = history;
    let known = wanted.iter().filter_map(|place| Some((place, metrics.get(*place)?)));
    let parts: Vec<_> = known
        .map(|(place, metric)| {
            format!(
                "SELECT CAST({place} AS BIGINT) AS place, h.value, h.inexact FROM (SELECT {metric} AS value, inexact FROM {table} \
                 WHERE {key} = $1 AND taken_at >= $2 AND taken_at <= $3 AND {metric} IS NOT NULL ORDER BY taken_at DESC LIMIT 1) h"
            )
        })
        .collect();
    parts.join(" UNION ALL ")
}

#[derive(FromQueryResult)]
struct Before {
    place: i64,
    value: i64,
    inexact: Option<String>,
}

fn precisions<const N: usize>(names: [&str; N], counts: &[Option<ReadCount>; N]) -> MetricPrecisions {
    let known = names.iter().zip(counts).filter_map(|(name, count)| Some((*name, count.as_ref()?.precision)));
    known
        .filter(|(_, precision)| *precision != Precision::Exact)
        .map(|(name, precision)| (name.to_owned(), precision))
        .collect()
}

fn of_post(taken: Taken<6>, anomaly: bool) -> Snapshot {
    let precision = precisions(POST_NAMES, &taken.counts);
    let [views, likes, comments, shares, plays, saves] = taken.counts.map(|count| count.map(|count| count.value));
    let counts = Counts { views, plays, likes, comments, shares, saves, ..Counts::default() };
    Snapshot {
        at: Timestamp::from_millis(taken.at),
        counts,
        profile_likes: None,
        precision,
        anomaly,
        adapter: taken.adapter,
        run_id: taken.run_id.map(RunId),
    }
}

fn of_profile(taken: Taken<4>, anomaly: bool) -> Snapshot {
    let precision = precisions(PROFILE_NAMES, &taken.counts);
    let [followers, following, posts, profile_likes] = taken.counts.map(|count| count.map(|count| count.value));
    let counts = Counts { followers, following, posts, ..Counts::default() };
    Snapshot {
        at: Timestamp::from_millis(taken.at),
        counts,
        profile_likes,
        precision,
        anomaly,
        adapter: taken.adapter,
        run_id: taken.run_id.map(RunId),
    }
}
