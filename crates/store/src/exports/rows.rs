//! Walking through what exports are made of, by key.

use domain::history::MetricDay;
use domain::{AccountId, Counts, Gains, HistoryDay, Platform, Timestamp, Window};
use sea_orm::{DbErr, FromQueryResult, QueryResult, Value};
use uuid::Uuid;

use crate::accounts;
use crate::columns::Columns;
use crate::days::rows::{ACCOUNT_DAY, AccountDay, selected};
use crate::merged::padded;
use crate::paging::AccountFilter;
use crate::sql::{places, rows, values};
use crate::{StoreError, Tenant};

/// Which accounts a walk through days visits.
#[derive(Clone, Debug, Default)]
pub struct AccountFilterOfDays {
    /// Those of this filter …
    pub accounts: AccountFilter,
    /// … and this one alone.
    pub account_id: Option<AccountId>,
}

/// An account that a walk comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedAccount {
    /// Its id.
    pub id: AccountId,
    /// When tracking began, by which the walk goes.
    pub added_at: Timestamp,
    /// The platform.
    pub platform: Platform,
    /// The current handle.
    pub username: String,
}

/// A day of an account on which it, or one of its posts, was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfAccount {
    /// The account.
    pub account: AccountId,
    /// What is shown of the day.
    pub is: HistoryDay,
}

#[derive(FromQueryResult)]
struct WalkedRow {
    id: Uuid,
    added_at: i64,
    platform: String,
    username: String,
}

struct DayRow {
    account: Uuid,
    day: AccountDay,
}

impl FromQueryResult for DayRow {
    fn from_query_result(row: &QueryResult, _prefix: &str) -> Result<Self, DbErr> {
        let mut columns = Columns::of(row)?;
        Ok(Self { account: columns.next()?, day: AccountDay::read(&mut columns)? })
    }
}

impl Tenant {
    /// The next accounts after the one named, by when their tracking began.
    pub async fn walk_accounts(
        &self,
        filter: &AccountFilterOfDays,
        after: Option<(Timestamp, AccountId)>,
        most: u32,
    ) -> Result<Vec<WalkedAccount>, StoreError> {
        let mut conditions = accounts::conditions(self.organization, &filter.accounts);
        conditions.and_if("a.id = ?", filter.account_id.map(|id| id.0));
        if let Some((added_at, id)) = after {
            let (added_at, id) = (conditions.bind(added_at.as_millis()), conditions.bind(id.0));
            conditions.and_plain(&format!("(a.added_at, a.id) > ({added_at}, {id})"));
        }
        let limit = conditions.bind(i64::from(most));
        let sql = format!(
            "SELECT a.id, a.added_at, a.platform, a.username FROM accounts a WHERE {} ORDER BY a.added_at, a.id LIMIT {limit}",
            conditions.text()
        );
        let found = rows::<WalkedRow>(&self.store.read, &sql, conditions.values()).await?;
        let walked = found.into_iter().map(|WalkedRow { id, added_at, platform, username }| {
            Ok(WalkedAccount {
                id: AccountId(id),
                added_at: Timestamp::from_millis(added_at),
                platform: platform
                    .parse()
                    .map_err(|_| StoreError::Unreadable { table: "accounts", column: "platform" })?,
                username,
            })
        });
        walked.collect()
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
        let found = rows::<DayRow>(&self.store.read, &sql, values).await?;
        Ok(found.into_iter().map(DayRow::view).collect())
    }
}

impl DayRow {
    /// Of the profile's own counts those that were read this day, and the sums of the last known counts of its posts when one of them was.
    fn view(self) -> DayOfAccount {
        let Self { account, day: AccountDay { day, profile, sums, posts_observed, posts_fallen, .. } } = self;
        let anomaly = posts_fallen > 0 || profile.iter().any(MetricDay::is_fall);
        let [followers, following, posts] =
            profile.map(|metric| metric.count.filter(|_| metric.is_read).map(|count| count.value));
        let [views, likes, comments, shares, plays, saves] = sums.map(|sum| sum.count.filter(|_| posts_observed > 0));
        let values = Counts { views, plays, likes, comments, shares, saves, followers, following, posts };
        let [views, likes, comments, shares, plays, saves] = sums.map(|sum| sum.gain);
        let [followers, _, _] = profile.map(|metric| metric.gain);
        let gains = Gains { views, plays, likes, comments, shares, saves, followers };
        let is = HistoryDay { day, observed: true, anomaly, values, gains };
        DayOfAccount { account: AccountId(account), is }
    }
}
