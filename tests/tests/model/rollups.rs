//! Creators and the organization: days, windows, the overview, and who gained most.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use domain::{CreatorId, Timestamp};
use serde_json::{Value, json};

use crate::asking::Asker;
use crate::dice::Dice;
use crate::ledger::{Organization, Post};
use crate::numbers::{self, Day, Kind, Subject, day_of};
use crate::records::{AllDays, some_window};
use crate::shapes;
use crate::world::World;

/// Compares all that is rolled up for an organization.
pub async fn compare(world: &World, organization: &Organization, dice: &mut Dice, asker: &mut Asker) {
    let days = AllDays::of(organization);
    let today = day_of(world.now);
    let all = everything(organization, &days);
    compare_days(world, organization, dice, asker).await;
    for creator in &organization.creators {
        let (id, subject) = (creator.id.to_string(), of_creator(organization, &days, creator.id));
        let path = format!("/v2/creators/{id}");
        compare_one(&format!("creator {id}"), &path, Some(json!(id)), &subject, today, dice, asker).await;
    }
    for (period, many) in [("7d", 7), ("30d", 30), ("90d", 90)] {
        let answer = asker.get(&format!("/v2/overview?period={period}")).await;
        let expected = json!({
            "data": overview(organization, &all, today - many + 1, today),
            "meta": shapes::analytics_meta(period, today - many + 1, today),
        });
        asker.compare(&format!("overview {period}"), &expected, &answer);
        compare_top(organization, &days, period, (today - many + 1, today), asker).await;
    }
}

/// Compares the days of an organization.
pub async fn compare_days(world: &World, organization: &Organization, dice: &mut Dice, asker: &mut Asker) {
    let days = AllDays::of(organization);
    let all = everything(organization, &days);
    compare_one("organization", "/v2", None, &all, day_of(world.now), dice, asker).await;
}

/// All that an organization has: each post from its first read on.
fn everything<'a>(organization: &'a Organization, days: &'a AllDays) -> Subject<'a> {
    let first = |post: &Post| organization.seen[post].reads.first().map(|read| day_of(read.at));
    let posts = days.posts.iter().filter_map(|(post, its)| Some((its, first(post)?)));
    Subject { kind: Kind::Rollup, posts: posts.collect(), profiles: days.profiles.iter().collect() }
}

/// The accounts that are linked to a creator: each post once, from the day on which the first of them showed it.
pub fn of_creator<'a>(organization: &'a Organization, days: &'a AllDays, id: CreatorId) -> Subject<'a> {
    let mut posts: BTreeMap<Post, Day> = BTreeMap::new();
    let mut profiles = Vec::new();
    for (place, account) in organization.accounts.iter().enumerate().filter(|(_, it)| it.creator == Some(id)) {
        profiles.push(&days.profiles[place]);
        for (post, from) in AllDays::shown(account) {
            let since = posts.entry(post).or_insert(from);
            *since = (*since).min(from);
        }
    }
    let posts = posts.into_iter().filter_map(|(post, from)| Some((days.posts.get(&post)?, from)));
    Subject { kind: Kind::Rollup, posts: posts.collect(), profiles }
}

async fn compare_one(
    what: &str,
    path: &str,
    id: Option<Value>,
    subject: &Subject<'_>,
    today: Day,
    dice: &mut Dice,
    asker: &mut Asker,
) {
    let begin = subject.lifetime().map_or(today, |(first, _)| first) - 2;
    let range = format!("start_date={}&end_date={}", shapes::date(begin), shapes::date(today));
    let answer = asker.get(&format!("{path}/timeseries?{range}")).await;
    let meta = shapes::window_meta("custom", begin, today);
    let expected = json!({ "data": shapes::rows(subject, begin, today), "meta": meta });
    asker.compare(&format!("{what} timeseries"), &expected, &answer);
    // The parts of the lifetime, each by itself, are the same days.
    let mut first = begin;
    let mut rows = Vec::new();
    while first <= today {
        let last = (first + dice.days(12)).min(today);
        let range = format!("start_date={}&end_date={}", shapes::date(first), shapes::date(last));
        let part = asker.get(&format!("{path}/timeseries?{range}")).await;
        rows.extend(part["data"].as_array().expect("rows").clone());
        first = last + 1;
    }
    asker.compare(&format!("{what} timeseries in parts"), &answer["data"], &json!(rows));
    let Some(id) = id else { return };
    for _ in 0..3 {
        let (period, first, last, query) = some_window(dice, today);
        let answer = asker.get(&format!("{path}/analytics?{query}")).await;
        let expected = json!({
            "data": shapes::analytics(subject, "creator", &id, first, last),
            "meta": shapes::analytics_meta(period, first, last),
        });
        asker.compare(&format!("{what} analytics {query}"), &expected, &answer);
    }
}

/// A period at a glance, beside as many days before it.
fn overview(organization: &Organization, all: &Subject<'_>, first: Day, last: Day) -> Value {
    let days = last - first + 1;
    let numbers = |first: Day, last: Day| {
        let gains = shapes::gains(Kind::Rollup, &all.gains(first, last));
        let by = |at: Timestamp| day_of(at) <= last;
        let accounts = organization.accounts.iter();
        let active = accounts.clone().filter(|it| organization.is_collected(it) && by(it.added_at)).count();
        let shown = accounts.flat_map(|account| account.shows.values()).filter(|shown| by(shown.added_at)).count();
        let videos = organization.videos.iter().filter(|video| by(video.added_at)).count();
        json!({
            "total_views": gains["views"], "total_plays": gains["plays"], "total_likes": gains["likes"],
            "total_comments": gains["comments"], "total_shares": gains["shares"], "total_saves": gains["saves"],
            "total_engagement": gains["engagement"], "engagement_rate": gains["engagement_rate"],
            "followers_gained": gains["followers_gained"], "active_accounts": active, "account_videos": shown,
            "tracked_videos": videos,
        })
    };
    let (now, before) = (numbers(first, last), numbers(first - days, first - 1));
    let mut changes = json!({});
    for name in now.as_object().expect("an object").keys() {
        let whole = |value: &Value| match (name.as_str(), value.as_f64()) {
            ("engagement_rate", Some(rate)) => Some(numbers::whole_hundredths(rate)),
            _ => value.as_i64(),
        };
        changes[format!("{name}_pct")] = json!(numbers::change(whole(&now[name]), whole(&before[name])));
    }
    json!({ "type": "overview", "current": now, "previous": before, "changes": changes })
}

const RANKINGS: [&str; 9] =
    ["views", "plays", "likes", "comments", "shares", "saves", "engagement", "engagement_rate", "followers_gained"];

/// A number to rank by: a fraction, so that rates count with all their places.
fn rank(gains: &Value, by: &str) -> Option<(i128, i128)> {
    let of = |name: &str| gains[name].as_i64().map(i128::from);
    if by != "engagement_rate" {
        return of(by).map(|number| (number, 1));
    }
    let (part, whole) = (of("engagement")?, of("views")?);
    match whole.cmp(&0) {
        Ordering::Equal => None,
        Ordering::Greater => Some((part, whole)),
        Ordering::Less => Some((-part, -whole)),
    }
}

async fn compare_top(organization: &Organization, days: &AllDays, period: &str, of: (Day, Day), asker: &mut Asker) {
    let (first, last) = of;
    let windows: Vec<Value> = organization
        .creators
        .iter()
        .map(|creator| shapes::window(&of_creator(organization, days, creator.id), first, last))
        .collect();
    for by in RANKINGS {
        let mut rows: Vec<((i128, i128), &str, String, Value)> = Vec::new();
        for (creator, window) in organization.creators.iter().zip(&windows) {
            let Some(rank) = rank(window, by) else { continue };
            rows.push((rank, &creator.name, creator.id.to_string(), window.clone()));
        }
        rows.sort_by(|one, other| {
            let fractions = (other.0.0 * one.0.1).cmp(&(one.0.0 * other.0.1));
            fractions.then_with(|| one.1.cmp(other.1)).then_with(|| one.2.cmp(&other.2))
        });
        let data: Value = rows
            .into_iter()
            .take(25)
            .enumerate()
            .map(|(place, (_, name, id, mut row))| {
                row["type"] = json!("creator");
                row["id"] = json!(id);
                row["name"] = json!(name);
                row["rank"] = json!(place + 1);
                row
            })
            .collect();
        let mut meta = shapes::window_meta(period, first, last);
        meta["order_by"] = json!(by);
        meta["limit"] = json!(25);
        let answer = asker.get(&format!("/v2/creators/top?period={period}&order_by={by}&limit=25")).await;
        asker.compare(&format!("top creators by {by} {period}"), &json!({ "data": data, "meta": meta }), &answer);
    }
}
