//! The model's numbers in the shapes of the API.

use domain::{Platform, Precision};
use serde_json::{Value, json};

use crate::numbers::{self, Day, Kind, Metrics, Row, Subject};

/// A day as it is written.
pub fn date(day: Day) -> String {
    domain::Day::from_number(day).to_string()
}

/// What was gained.
pub fn gains(kind: Kind, gains: &Metrics) -> Value {
    let [views, likes, comments, shares, plays, saves, followers, _, _] = *gains;
    let engagement = numbers::engagement(likes, comments, shares);
    let rate = engagement.zip(views).and_then(|(engagement, views)| numbers::percent(engagement, views));
    let mut shape = json!({
        "views": views, "plays": plays, "likes": likes, "comments": comments, "shares": shares, "saves": saves,
        "engagement": engagement, "engagement_rate": rate,
    });
    if kind != Kind::Post {
        shape["followers_gained"] = json!(followers);
    }
    shape
}

/// How two stretches compare.
fn changes(kind: Kind, now: &Value, before: &Value) -> Value {
    let mut shape = json!({});
    for name in ["views", "plays", "likes", "comments", "shares", "saves", "engagement", "followers_gained"] {
        if kind != Kind::Post || name != "followers_gained" {
            let change = numbers::change(now[name].as_i64(), before[name].as_i64());
            shape[format!("{name}_pct")] = json!(change);
        }
    }
    // Of rates to two places.
    let whole = |rate: &Value| rate.as_f64().map(numbers::whole_hundredths);
    shape["engagement_rate_pct"] =
        json!(numbers::change(whole(&now["engagement_rate"]), whole(&before["engagement_rate"])));
    shape
}

/// How much of a window was seen.
pub fn coverage(subject: &Subject<'_>, first: Day, last: Day) -> Value {
    let mut shape = json!({ "days": last - first + 1, "observed_days": subject.observed_days(first, last) });
    if subject.kind != Kind::Post {
        let (posts, observed) = subject.posts(first, last);
        shape["posts"] = json!(posts);
        shape["posts_observed"] = json!(observed);
    }
    shape
}

/// Gains and coverage of a window.
pub fn window(subject: &Subject<'_>, first: Day, last: Day) -> Value {
    let mut shape = gains(subject.kind, &subject.gains(first, last));
    shape["coverage"] = coverage(subject, first, last);
    shape
}

/// One day.
pub fn row(kind: Kind, day: Day, row: &Row) -> Value {
    let [views, likes, comments, shares, plays, saves, followers, following, posts] = row.values;
    let mut values = json!({
        "views": views, "plays": plays, "likes": likes, "comments": comments, "shares": shares, "saves": saves,
    });
    if kind != Kind::Post {
        values["followers"] = json!(followers);
        values["following"] = json!(following);
        values["posts"] = json!(posts);
    }
    json!({
        "date": date(day), "observed": row.observed, "anomaly": row.anomaly, "values": values,
        "gains": gains(kind, &row.gains),
    })
}

/// Each day of a window.
pub fn rows(subject: &Subject<'_>, first: Day, last: Day) -> Value {
    (first..=last).map(|day| row(subject.kind, day, &subject.row(day))).collect()
}

/// A window beside the one before it.
pub fn analytics(subject: &Subject<'_>, name: &str, id: &Value, first: Day, last: Day) -> Value {
    let before = first - (last - first + 1);
    let totals = gains(subject.kind, &subject.gains(first, last));
    let previous = gains(subject.kind, &subject.gains(before, first - 1));
    json!({
        "type": name, "id": id, "changes": changes(subject.kind, &totals, &previous), "totals": totals,
        "previous": previous, "coverage": coverage(subject, first, last), "daily": rows(subject, first, last),
    })
}

/// What a window's answer says of itself.
pub fn window_meta(period: &str, first: Day, last: Day) -> Value {
    json!({ "period": period, "start_date": date(first), "end_date": date(last), "days": last - first + 1 })
}

/// The same beside the window before it.
pub fn analytics_meta(period: &str, first: Day, last: Day) -> Value {
    let mut shape = window_meta(period, first, last);
    shape["previous_start_date"] = json!(date(first - (last - first + 1)));
    shape["previous_end_date"] = json!(date(first - 1));
    shape
}

/// The name of a precision.
pub const fn precision(precision: Precision) -> &'static str {
    match precision {
        Precision::Rounded => "rounded",
        Precision::FromText => "from_text",
        Precision::Exact => "exact",
    }
}

/// The name of a platform.
pub const fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => "instagram",
        Platform::Tiktok => "tiktok",
        Platform::Youtube => "youtube",
        Platform::Pinterest => "pinterest",
    }
}
