//! Roll-ups day by day, and windows as the sums of their days.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::{Analytics, Counts, Coverage, CreatorId, Day, Gains, HistoryDay, Window};

use super::{RolledUp, gains_of};
use crate::days::{DAY_MS, DaySums, MetricSums, Rows, SummedDay, summed};
use crate::sql::{rows, values};
use crate::{StoreError, Tenant};

/// What was known at the end of the day before a window, and what each of its days adds.
pub struct Summed {
    before: DaySums,
    days: BTreeMap<Day, DaySums>,
}

/// The days of organization `$1` up to `$3`. Those before `$2` are one.
static OF_ORGANIZATION: LazyLock<String> =
    LazyLock::new(|| by_day("SELECT * FROM organization_days WHERE organization_id = $1 AND day <= $3"));

/// The same without what was before `$2`, which only grows.
static WITHIN_ORGANIZATION: LazyLock<String> =
    LazyLock::new(|| by_day("SELECT * FROM organization_days WHERE organization_id = $1 AND day >= $2 AND day <= $3"));

/// The days of the accounts of creator `$4` up to `$3`, without what a second account of it repeats. Of each account's days before `$2` there is
/// the last, which stands for all.
static OF_CREATOR: LazyLock<String> = LazyLock::new(|| {
    let accounts = format!(
        "SELECT d.day, {} FROM accounts a JOIN account_days d ON d.account_id = a.id AND d.day <= $3 AND d.day >= \
         COALESCE((SELECT MAX(x.day) FROM account_days x WHERE x.account_id = a.id AND x.day < $2), $2) \
         WHERE a.organization_id = $1 AND a.creator_id = $4 {}",
        Rows::Accounts.additions(),
        Rows::Accounts.window()
    );
    let since = format!("v.first_scrape_at / {DAY_MS}");
    let repeats = format!(
        "SELECT d.day, {} FROM accounts a JOIN account_videos v ON v.account_id = a.id AND v.first_scrape_at IS NOT NULL \
         JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id AND t.feeds > 1 \
         JOIN post_days d ON d.tracked_post_id = t.id AND d.day <= $3 AND d.day >= {since} AND d.day >= COALESCE(\
         (SELECT MAX(x.day) FROM post_days x WHERE x.tracked_post_id = t.id AND x.day < $2 AND x.day >= {since}), $2) \
         WHERE a.organization_id = $1 AND a.creator_id = $4 AND {IS_REPEAT} {}",
        Rows::Repeats.additions(),
        Rows::Repeats.window()
    );
    by_day(&format!("{accounts} UNION ALL {repeats}"))
});

/// The condition under which the post of account video `v`, of an account `a`, was shown by another account of the same creator before.
const IS_REPEAT: &str = "EXISTS (SELECT 1 FROM account_videos e JOIN accounts b ON b.id = e.account_id \
     WHERE e.post_id = v.post_id AND b.creator_id = a.creator_id AND e.first_scrape_at IS NOT NULL \
     AND (e.first_scrape_at, e.id) < (v.first_scrape_at, v.id))";

fn by_day(rows: &str) -> String {
    let day = "CASE WHEN r.day < $2 THEN $2 - 1 ELSE r.day END";
    format!("SELECT {day}, {} FROM ({rows}) r GROUP BY {day}", summed())
}

impl Tenant {
    /// Each day of `window`, the oldest first. `None` when the creator is not the organization's.
    pub async fn rolled_up_timeseries(
        &self,
        of: RolledUp,
        window: Window,
    ) -> Result<Option<Vec<HistoryDay>>, StoreError> {
        Ok(self.summed(of, window).await?.map(|summed| summed.history(window)))
    }

    /// `window` of a creator day by day, beside the window before it. `None` when the creator is not the organization's.
    pub async fn creator_analytics(&self, creator: CreatorId, window: Window) -> Result<Option<Analytics>, StoreError> {
        let previous = window.before();
        let summed = self.summed(RolledUp::Creator(creator), previous.and(window)).await?;
        let Some(summed) = summed else { return Ok(None) };
        let daily = summed.history(window);
        let observed_days = i32::try_from(daily.iter().filter(|day| day.observed).count()).unwrap_or(i32::MAX);
        let covered = self.creators_coverage(&[creator], window).await?;
        let (posts, posts_observed) = covered.first().map_or((0, 0), |found| (found.posts, found.posts_observed));
        let coverage = Coverage { days: window.days(), observed_days, posts, posts_observed };
        Ok(Some(Analytics { totals: summed.gains(window), previous: summed.gains(previous), coverage, daily }))
    }

    /// The sums of the days of `window`. `None` when the creator is not the organization's.
    async fn summed(&self, of: RolledUp, window: Window) -> Result<Option<Summed>, StoreError> {
        let mut values = values![self.organization.0, window.first().number(), window.last().number()];
        let sql = match of {
            RolledUp::Organization => &*OF_ORGANIZATION,
            RolledUp::Creator(id) => {
                if self.creator(id).await?.is_none() {
                    return Ok(None);
                }
                values.push(id.0.into());
                &*OF_CREATOR
            }
        };
        Ok(Some(Summed::of(rows(&self.store.read, sql, values).await?, window)))
    }

    /// The sums of the days of `window` of the organization, as far as gains need them.
    pub(super) async fn summed_within(&self, window: Window) -> Result<Summed, StoreError> {
        let values = values![self.organization.0, window.first().number(), window.last().number()];
        Ok(Summed::of(rows(&self.store.read, &WITHIN_ORGANIZATION, values).await?, window))
    }
}

impl Summed {
    fn of(found: Vec<SummedDay>, window: Window) -> Self {
        let mut days: BTreeMap<Day, DaySums> = found.into_iter().map(|found| (found.day, found.sums)).collect();
        let since = days.split_off(&window.first());
        Self { before: days.into_values().next().unwrap_or_default(), days: since }
    }

    /// What the days of `window`, which is the one that was asked for or a part of it, gained.
    pub fn gains(&self, window: Window) -> Gains {
        let mut sums = DaySums::default();
        for (_, day) in self.days.range(window.first()..=window.last()) {
            sums.add(day, 1);
        }
        gains(&sums)
    }

    /// Each day of `window`, which is the one that was asked for or the end of it.
    fn history(&self, window: Window) -> Vec<HistoryDay> {
        let mut standing = self.before;
        for (_, day) in self.days.range(..window.first()) {
            standing.add(day, 1);
        }
        window
            .each()
            .map(|day| match self.days.get(&day) {
                Some(sums) => {
                    standing.add(sums, 1);
                    history_day(day, &standing, sums)
                }
                None => HistoryDay::unobserved(day),
            })
            .collect()
    }
}

fn history_day(day: Day, standing: &DaySums, sums: &DaySums) -> HistoryDay {
    let count = |metric: MetricSums| (metric.counted > 0).then_some(metric.change);
    // Sums of what was last known: on a day without a read of any of those that they are of, they are no news.
    let [views, likes, comments, shares, plays, saves] =
        standing.of_posts.map(|metric| count(metric).filter(|_| sums.posts_observed > 0));
    let [followers, following, posts] =
        standing.of_profiles.map(|metric| count(metric).filter(|_| sums.profiles_observed > 0));
    HistoryDay {
        day,
        observed: sums.accounts_observed > 0 || sums.posts_observed > 0,
        anomaly: sums.accounts_fallen > 0 || sums.posts_fallen > 0,
        values: Counts { views, plays, likes, comments, shares, saves, followers, following, posts },
        gains: gains(sums),
    }
}

/// What a day, or many together, gained.
fn gains(sums: &DaySums) -> Gains {
    let known = |metric: MetricSums| (metric.known > 0).then_some(metric.gain);
    let [views, likes, comments, shares, plays, saves] = sums.of_posts.map(known);
    let [followers, _, _] = sums.of_profiles.map(known);
    gains_of([views, likes, comments, shares, plays, saves, followers])
}
