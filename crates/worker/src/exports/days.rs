//! Days of accounts: a row for each account and day of the window, read or not, as the timeseries of an account shows them.

use std::collections::HashMap;

use domain::{Counts, Gains, HistoryDay, Window};
use files::{Column, Kind, Value};
use store::{AccountFilterOfDays, StoreError, WalkedAccount};

use super::ExportError;
use super::walk::{AccountPlace, Place, Row, Walk};

/// The columns. Their order is part of the contract: new ones come at the end.
pub const COLUMNS: &[Column] = &[
    Column::new("account_id", Kind::Text),
    Column::new("platform", Kind::Text),
    Column::new("username", Kind::Text),
    Column::new("date", Kind::Day),
    Column::new("observed", Kind::Boolean),
    Column::new("anomaly", Kind::Boolean),
    Column::new("views", Kind::Integer),
    Column::new("plays", Kind::Integer),
    Column::new("likes", Kind::Integer),
    Column::new("comments", Kind::Integer),
    Column::new("shares", Kind::Integer),
    Column::new("saves", Kind::Integer),
    Column::new("followers", Kind::Integer),
    Column::new("following", Kind::Integer),
    Column::new("posts", Kind::Integer),
    Column::new("views_gained", Kind::Integer),
    Column::new("plays_gained", Kind::Integer),
    Column::new("likes_gained", Kind::Integer),
    Column::new("comments_gained", Kind::Integer),
    Column::new("shares_gained", Kind::Integer),
    Column::new("saves_gained", Kind::Integer),
    Column::new("engagement_gained", Kind::Integer),
    Column::new("engagement_rate", Kind::Number),
    Column::new("followers_gained", Kind::Integer),
];

/// The next days: the rest of the account at hand, or all of some further accounts.
pub async fn page(walk: &Walk) -> Result<Vec<Row>, ExportError> {
    let unreadable = StoreError::Unreadable { table: "exports", column: "filters" };
    let window = walk.job.filters.window().ok_or(unreadable)?;
    let filter = AccountFilterOfDays { accounts: walk.account_filter(), account_id: walk.job.filters.account_id };
    // A page may have ended amid an account, when a part did.
    if let Some(place) = walk.account_place()
        && let Some(day) = place.day.filter(|day| *day < window.last().number())
    {
        let this = AccountFilterOfDays { account_id: Some(place.account().1), ..filter.clone() };
        let found = walk.tenant.walk_accounts(&this, None, 1).await?;
        let mut rest = rows(walk, &found, window).await?;
        rest.retain(|row| matches!(row.place, Place::Account(AccountPlace { day: Some(of_row), .. }) if of_row > day));
        if !rest.is_empty() {
            return Ok(rest);
        }
    }
    let days = u32::try_from(window.days()).unwrap_or(1).max(1);
    let most = (walk.page_rows / days).clamp(1, MOST_ACCOUNTS);
    let found = walk.tenant.walk_accounts(&filter, walk.account_place().map(AccountPlace::account), most).await?;
    Ok(rows(walk, &found, window).await?)
}

/// Accounts at once, whatever the window: each is a parameter of the statement.
const MOST_ACCOUNTS: u32 = 512;

async fn rows(walk: &Walk, accounts: &[WalkedAccount], window: Window) -> Result<Vec<Row>, StoreError> {
    let ids: Vec<_> = accounts.iter().map(|account| account.id).collect();
    let found = walk.tenant.days_of_accounts(&ids, window).await?;
    let mut known: HashMap<_, _> = found.into_iter().map(|day| ((day.account, day.is.day), day.is)).collect();
    let mut rows = Vec::new();
    for account in accounts {
        rows.extend(window.each().map(|day| {
            let day = known.remove(&(account.id, day)).unwrap_or_else(|| HistoryDay::unobserved(day));
            row(account, &day)
        }));
    }
    Ok(rows)
}

fn row(account: &WalkedAccount, day: &HistoryDay) -> Row {
    let HistoryDay { day, observed, anomaly, values, gains } = *day;
    let (engagement, rate) = (gains.engagement(), gains.engagement_rate());
    let Counts { views, plays, likes, comments, shares, saves, followers, following, posts } = values;
    let mut row = vec![
        Value::id(account.id),
        account.platform.as_str().into(),
        account.username.as_str().into(),
        day.into(),
        observed.into(),
        anomaly.into(),
    ];
    row.extend([views, plays, likes, comments, shares, saves, followers, following, posts].map(Value::from));
    let Gains { views, plays, likes, comments, shares, saves, followers } = gains;
    row.extend([views, plays, likes, comments, shares, saves, engagement].map(Value::from));
    row.extend([rate.map(|rate| rate.0).into(), followers.into()]);
    let place = AccountPlace { added_at: account.added_at.as_millis(), id: account.id.0, day: Some(day.number()) };
    Row { values: row, place: Place::Account(place) }
}
