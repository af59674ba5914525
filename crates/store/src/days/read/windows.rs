//! What windows gained: the difference of two standings, however long the window is.

use std::collections::HashMap;

use domain::{Analytics, Coverage, Gains, Platform, Window};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::standings::{Standing, standings};
use super::{TrackedKind, id_value};
use crate::days::fold::DAY_MS;
use crate::days::rows::{GAINED_METRICS, POST_METRICS};
use crate::merged::padded;
use crate::paging::RowId;
use crate::sql::{places, rows};
use crate::{StoreError, Tenant};

/// What a record gained in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowNumbers {
    /// The record.
    pub id: RowId,
    /// Its platform.
    pub platform: Platform,
    /// What it gained.
    pub gains: Gains,
    /// How much of the window was seen.
    pub coverage: Coverage,
}

/// Gains out of what metrics gained, in the order of [`GAINED_METRICS`], of which a post has the first.
pub fn gains_of(gains: &[Option<i64>]) -> Gains {
    let at = |place: usize| gains.get(place).copied().flatten();
    Gains { views: at(0), likes: at(1), comments: at(2), shares: at(3), plays: at(4), saves: at(5), followers: at(6) }
}

/// Of a record, what each of several stretches between days gained, and the days in it with a read.
struct Stretches {
    platform: Platform,
    each: Vec<(Gains, i32)>,
}

/// What lies between one day and the next of `at`.
fn between<const N: usize>(at: &[Standing<N>]) -> Vec<(Gains, i32)> {
    let pairs = at.iter().zip(at.iter().skip(1));
    pairs.map(|(before, now)| (gains_of(&now.gains_since(before)), now.observed_days - before.observed_days)).collect()
}

impl Tenant {
    /// What each of `ids` gained in `window`. What is not the organization's is left out.
    pub async fn window_numbers(
        &self,
        kind: TrackedKind,
        ids: &[RowId],
        window: Window,
    ) -> Result<Vec<WindowNumbers>, StoreError> {
        let days = [window.first().plus(-1), window.last()];
        let (found, posts) = tokio::try_join!(self.stretches(kind, ids, &days), self.posts_covered(kind, ids, window))?;
        let mut numbers: Vec<WindowNumbers> = Vec::with_capacity(found.len());
        for id in ids {
            let Some(Stretches { platform, each }) = found.get(id) else { continue };
            let (gains, observed_days) = each.first().copied().unwrap_or_default();
            let (posts, posts_observed) = posts.get(id).copied().unwrap_or_default();
            let coverage = Coverage { days: window.days(), observed_days, posts, posts_observed };
            numbers.push(WindowNumbers { id: *id, platform: *platform, gains, coverage });
        }
        Ok(numbers)
    }

    /// `window` day by day, beside the window before it. `None` when the record is not the organization's.
    pub async fn analytics(
        &self,
        kind: TrackedKind,
        id: RowId,
        window: Window,
    ) -> Result<Option<Analytics>, StoreError> {
        let days = [window.before().first().plus(-1), window.first().plus(-1), window.last()];
        let Some(Stretches { platform: _, each }) = self.stretches(kind, &[id], &days).await?.remove(&id) else {
            return Ok(None);
        };
        let (previous, _) = each.first().copied().unwrap_or_default();
        let (totals, observed_days) = each.get(1).copied().unwrap_or_default();
        let posts = self.posts_covered(kind, &[id], window).await?;
        let (posts, posts_observed) = posts.get(&id).copied().unwrap_or_default();
        let coverage = Coverage { days: window.days(), observed_days, posts, posts_observed };
        let daily = self.days_of(kind, id, window).await?;
        Ok(Some(Analytics { totals, previous, coverage, daily }))
    }

    async fn stretches(
        &self,
        kind: TrackedKind,
        ids: &[RowId],
        days: &[domain::Day],
    ) -> Result<HashMap<RowId, Stretches>, StoreError> {
        let (connection, organization) = (&self.store.read, self.organization.0);
        Ok(match kind {
            TrackedKind::Account => {
                let found = standings(connection, organization, kind, ids, days, GAINED_METRICS).await?;
                let each = found.into_iter();
                each.map(|(id, it)| (id, Stretches { platform: it.platform, each: between(&it.at) })).collect()
            }
            TrackedKind::Video | TrackedKind::AccountVideo => {
                let found = standings(connection, organization, kind, ids, days, POST_METRICS).await?;
                let each = found.into_iter();
                each.map(|(id, it)| (id, Stretches { platform: it.platform, each: between(&it.at) })).collect()
            }
        })
    }

    /// Of each account, the posts that were known by the end of `window`, and those of them that were read within it. Mostly the record's last read says so;
    /// the days of the others are looked up.
    async fn posts_covered(
        &self,
        kind: TrackedKind,
        ids: &[RowId],
        window: Window,
    ) -> Result<HashMap<RowId, (i64, i64)>, StoreError> {
        let ids: Vec<RowId> = match kind {
            TrackedKind::Account => padded(ids.iter().copied().filter(|id| kind.fits(*id)).collect()),
            TrackedKind::Video | TrackedKind::AccountVideo => Vec::new(),
        };
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT v.account_id AS id, COUNT(*) AS posts, COUNT(CASE WHEN v.last_scrape_at >= $2 AND v.last_scrape_at < $3 \
             OR EXISTS (SELECT 1 FROM tracked_posts t JOIN post_days d ON d.tracked_post_id = t.id \
             WHERE t.organization_id = v.organization_id AND t.post_id = v.post_id AND d.day >= $4 AND d.day <= $5 \
             AND d.day >= v.first_scrape_at / {DAY_MS}) THEN 1 END) AS observed FROM account_videos v \
             WHERE v.organization_id = $1 AND v.first_scrape_at < $3 AND v.account_id IN ({}) GROUP BY v.account_id",
            places(6, ids.len())
        );
        let mut values: Vec<Value> = vec![
            self.organization.0.into(),
            window.first().start().as_millis().into(),
            window.last().plus(1).start().as_millis().into(),
            window.first().number().into(),
            window.last().number().into(),
        ];
        values.extend(ids.into_iter().map(id_value));
        let found = rows::<Covered>(&self.store.read, &sql, values).await?;
        Ok(found.into_iter().map(|found| (RowId::Uuid(found.id), (found.posts, found.observed))).collect())
    }
}

#[derive(FromQueryResult)]
struct Covered {
    id: Uuid,
    posts: i64,
    observed: i64,
}
