//! A window day by day.

use std::collections::HashMap;

use domain::history::MetricDay;
use domain::{AccountId, Counts, Day, HistoryDay, Window};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use super::windows::gains_of;
use super::{TrackedKind, id_value};
use crate::columns::Columns;
use crate::days::fold::DAY_MS;
use crate::days::rows::{ACCOUNT_DAY, AccountDay, POST_DAY, PostDay, selected};
use crate::merged::padded;
use crate::paging::RowId;
use crate::sql::{places, rows, values};
use crate::{RunTarget, StoreError, Tenant};

/// A day of an account on which it, or one of its posts, was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfAccount {
    /// The account.
    pub account: AccountId,
    /// What is shown of the day.
    pub is: HistoryDay,
}

impl FromQueryResult for DayOfAccount {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut columns = Columns::of(row)?;
        let account = AccountId(columns.next::<Uuid>()?);
        Ok(Self { account, is: of_account(&AccountDay::read(&mut columns)?) })
    }
}

impl Tenant {
    /// Each day of `window`, the oldest first. `None` when the record is not the organization's.
    pub async fn timeseries(
        &self,
        kind: TrackedKind,
        id: RowId,
        window: Window,
    ) -> Result<Option<Vec<HistoryDay>>, StoreError> {
        if !self.has(kind, id).await? {
            return Ok(None);
        }
        self.days_of(kind, id, window).await.map(Some)
    }

    /// Whether a record is the organization's.
    pub(super) async fn has(&self, kind: TrackedKind, id: RowId) -> Result<bool, StoreError> {
        match (kind, id) {
            (TrackedKind::Account, RowId::Uuid(id)) => self.tracks(RunTarget::Account(AccountId(id))).await,
            (TrackedKind::Video, RowId::Uuid(id)) => self.tracks(RunTarget::Video(domain::VideoId(id))).await,
            (TrackedKind::AccountVideo, RowId::Integer(id)) => {
                self.tracks(RunTarget::AccountVideo(domain::AccountVideoId(id))).await
            }
            (TrackedKind::Account | TrackedKind::Video, RowId::Integer(_))
            | (TrackedKind::AccountVideo, RowId::Uuid(_)) => Ok(false),
        }
    }

    /// The days of `window` on which these accounts were read, account by account, the oldest first.
    pub async fn days_of_accounts(
        &self,
        accounts: &[AccountId],
        window: Window,
    ) -> Result<Vec<DayOfAccount>, StoreError> {
        if accounts.is_empty() {
            return Ok(Vec::new());
        }
        let ids = padded(accounts.iter().map(|id| id.0).collect());
        let sql = format!(
            "SELECT d.account_id, {} FROM account_days d WHERE d.account_id IN ({}) AND d.day >= $2 AND d.day <= $3 \
             AND d.organization_id = $1 ORDER BY d.account_id, d.day",
            selected("d", &ACCOUNT_DAY),
            places(4, ids.len())
        );
        let mut values = values![self.organization.0, window.first().number(), window.last().number()];
        values.extend(ids.into_iter().map(Value::from));
        rows::<DayOfAccount>(&self.store.read, &sql, values).await
    }

    /// Each day of `window`, of a record that may be anybody's: another organization's has no days here.
    pub(super) async fn days_of(
        &self,
        kind: TrackedKind,
        id: RowId,
        window: Window,
    ) -> Result<Vec<HistoryDay>, StoreError> {
        let mut known: HashMap<Day, HistoryDay> = match (kind, id) {
            (TrackedKind::Account, RowId::Uuid(id)) => {
                let found = self.days_of_accounts(&[AccountId(id)], window).await?;
                found.into_iter().map(|found| (found.is.day, found.is)).collect()
            }
            (TrackedKind::Account, RowId::Integer(_)) => HashMap::new(),
            (TrackedKind::Video | TrackedKind::AccountVideo, id) => {
                let sql = format!(
                    "SELECT {} FROM {} v JOIN tracked_posts t ON t.organization_id = v.organization_id AND t.post_id = v.post_id \
                     JOIN post_days d ON d.tracked_post_id = t.id AND d.day >= $2 AND d.day <= $3 \
                     WHERE v.id = $4 AND v.organization_id = $1 AND d.day >= v.first_scrape_at / {DAY_MS}",
                    selected("d", &POST_DAY),
                    kind.table()
                );
                let mut values = values![self.organization.0, window.first().number(), window.last().number()];
                values.push(id_value(id));
                let found = rows::<PostDay>(&self.store.read, &sql, values).await?;
                found.iter().map(|day| (day.day, of_post(day))).collect()
            }
        };
        Ok(window.each().map(|day| known.remove(&day).unwrap_or_else(|| HistoryDay::unobserved(day))).collect())
    }
}

/// What a read of the day gave.
fn read(metric: &MetricDay) -> Option<i64> {
    metric.count.filter(|_| metric.is_read).map(|count| count.value)
}

fn of_post(day: &PostDay) -> HistoryDay {
    let [views, likes, comments, shares, plays, saves] = &day.is.metrics;
    HistoryDay {
        day: day.day,
        observed: true,
        anomaly: day.is.metrics.iter().any(MetricDay::is_fall),
        values: Counts {
            views: read(views),
            likes: read(likes),
            comments: read(comments),
            shares: read(shares),
            plays: read(plays),
            saves: read(saves),
            ..Counts::default()
        },
        gains: gains_of(&day.is.metrics.map(|metric| metric.gain)),
    }
}

fn of_account(day: &AccountDay) -> HistoryDay {
    let [followers, following, posts] = &day.profile;
    // Sums of what was last known; on a day without a read of any post they are no news.
    let [views, likes, comments, shares, plays, saves] =
        day.sums.map(|sum| sum.count.filter(|_| day.posts_observed > 0));
    let mut gains = day.sums.map(|sum| sum.gain).to_vec();
    gains.push(followers.gain);
    HistoryDay {
        day: day.day,
        observed: true,
        anomaly: day.posts_fallen > 0 || day.profile.iter().any(MetricDay::is_fall),
        values: Counts {
            views,
            likes,
            comments,
            shares,
            plays,
            saves,
            followers: read(followers),
            following: read(following),
            posts: read(posts),
        },
        gains: gains_of(&gains),
    }
}
