//! One metric over several windows that all end today.

use domain::gains::{engagement, engagement_rate};
use domain::{Day, Float, MetricName, Platform};

use super::TrackedKind;
use super::standings::{Standing, Standings, standings};
use crate::paging::RowId;
use crate::{StoreError, Tenant};

/// What one metric gained in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delta {
    /// A count.
    Count(i64),
    /// The engagement rate of what was gained, in percent.
    Rate(Float),
}

/// What a record gained in each of several windows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Deltas {
    /// The record.
    pub id: RowId,
    /// Its platform.
    pub platform: Platform,
    /// In the order of the windows; `None` where history does not reach that far.
    pub by_window: Vec<Option<Delta>>,
}

impl Tenant {
    /// What `metric` of each of `ids` gained in the last so many days, for each of `windows`. What is not the organization's is left out.
    ///
    /// A window is known when the metric's count was known by the end of the day before it, or when all that there is of it was seen from the
    /// target's publishing on; and when a gain within is known.
    pub async fn deltas(
        &self,
        kind: TrackedKind,
        ids: &[RowId],
        metric: MetricName,
        windows: &[i32],
        today: Day,
    ) -> Result<Vec<Deltas>, StoreError> {
        match metric {
            MetricName::Views => self.counted(kind, ids, ["view"], windows, today, sum).await,
            MetricName::Plays => self.counted(kind, ids, ["play"], windows, today, sum).await,
            MetricName::Likes => self.counted(kind, ids, ["like"], windows, today, sum).await,
            MetricName::Comments => self.counted(kind, ids, ["comment"], windows, today, sum).await,
            MetricName::Shares => self.counted(kind, ids, ["share"], windows, today, sum).await,
            MetricName::Saves => self.counted(kind, ids, ["saved"], windows, today, sum).await,
            MetricName::Followers => self.counted(kind, ids, ["follower"], windows, today, sum).await,
            MetricName::Following => self.counted(kind, ids, ["following"], windows, today, sum).await,
            MetricName::Posts => self.counted(kind, ids, ["profile_post"], windows, today, sum).await,
            MetricName::Engagement => {
                self.counted(kind, ids, ["like", "comment", "share"], windows, today, |[likes, comments, shares]| {
                    engagement(likes, comments, shares).map(Delta::Count)
                })
                .await
            }
            MetricName::EngagementRate => {
                let metrics = ["view", "like", "comment", "share"];
                self.counted(kind, ids, metrics, windows, today, |[views, likes, comments, shares]| {
                    engagement_rate(engagement(likes, comments, shares), views).map(Delta::Rate)
                })
                .await
            }
        }
    }

    async fn counted<const N: usize>(
        &self,
        kind: TrackedKind,
        ids: &[RowId],
        metrics: [&str; N],
        windows: &[i32],
        today: Day,
        made_of: impl Fn([Option<i64>; N]) -> Option<Delta>,
    ) -> Result<Vec<Deltas>, StoreError> {
        let days: Vec<Day> = std::iter::once(today).chain(windows.iter().map(|window| today.plus(-*window))).collect();
        let found = standings(&self.store.read, self.organization.0, kind, ids, &days, metrics).await?;
        let known = ids.iter().filter_map(|id| Some((id, found.get(id)?)));
        Ok(known
            .map(|(id, standings)| {
                let by_window = days.iter().zip(&standings.at).skip(1);
                let by_window = by_window.map(|(day, before)| made_of(gained(standings, *day, before)));
                Deltas { id: *id, platform: standings.platform, by_window: by_window.collect() }
            })
            .collect())
    }
}

fn sum([gain]: [Option<i64>; 1]) -> Option<Delta> {
    gain.map(Delta::Count)
}

/// What each metric gained from the end of `day`, when things stood as `before`, to the end of the first day that was asked for.
fn gained<const N: usize>(standings: &Standings<N>, day: Day, before: &Standing<N>) -> [Option<i64>; N] {
    let Some(now) = standings.at.first() else { return [None; N] };
    let is_within = standings.begins.is_none_or(|begins| begins <= day);
    let mut gains = now.gains_since(before);
    for ((gain, now), before) in gains.iter_mut().zip(now.metrics).zip(before.metrics) {
        let is_known = (standings.is_whole && now.is_all_gained()) || (is_within && before.count.is_some());
        *gain = gain.filter(|_| is_known);
    }
    gains
}
