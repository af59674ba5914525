//! Accounts, videos and account videos: windows, deltas, days, reads.

use std::collections::BTreeMap;

use domain::Timestamp;
use serde_json::{Value, json};

use crate::asking::Asker;
use crate::dice::Dice;
use crate::ledger::{Account, Organization, POST_METRICS, PROFILE_METRICS, Post, Read};
use crate::numbers::{self, Day, Days, Kind, Subject, day_of};
use crate::shapes;
use crate::world::World;

/// The days of all that an organization saw.
pub struct AllDays {
    pub posts: BTreeMap<Post, Days<POST_METRICS>>,
    /// In the order of the accounts.
    pub profiles: Vec<Days<PROFILE_METRICS>>,
    pub never_read: Days<POST_METRICS>,
}

impl AllDays {
    pub fn of(organization: &Organization) -> Self {
        let posts = organization.seen.iter().map(|(post, seen)| (*post, numbers::days(&seen.reads, seen.told)));
        let profiles = organization.accounts.iter().map(|account| numbers::days(&account.reads, None));
        Self { posts: posts.collect(), profiles: profiles.collect(), never_read: Days::new() }
    }

    /// A record of a post: it has days from its own first read on.
    fn record(&self, post: Post, first_read: Option<Timestamp>) -> Subject<'_> {
        let days = self.posts.get(&post).unwrap_or(&self.never_read);
        let posts = first_read.map(|at| (days, day_of(at))).into_iter().collect();
        Subject { kind: Kind::Post, posts, profiles: Vec::new() }
    }

    /// What an account's feed showed, from the day on which it did.
    pub fn shown(account: &Account) -> Vec<(Post, Day)> {
        let read = account.shows.iter().filter_map(|(post, shown)| Some((*post, day_of(shown.first_read?))));
        read.collect()
    }

    fn account(&self, place: usize, account: &Account) -> Subject<'_> {
        let posts = Self::shown(account).into_iter().filter_map(|(post, from)| Some((self.posts.get(&post)?, from)));
        Subject { kind: Kind::Account, posts: posts.collect(), profiles: vec![&self.profiles[place]] }
    }
}

/// One record, as the API names it.
struct Record<'a> {
    id: Value,
    subject: Subject<'a>,
    /// Whether all that there is of it was seen from its publishing on.
    is_whole: bool,
    reads: Reads<'a>,
}

enum Reads<'a> {
    Post(Vec<&'a Read<POST_METRICS>>),
    Profile(&'a [Read<PROFILE_METRICS>]),
}

/// A kind of record.
struct Family<'a> {
    path: &'static str,
    name: &'static str,
    ids: &'static str,
    count: &'static str,
    metrics: &'static [&'static str],
    records: Vec<Record<'a>>,
}

const OF_POSTS: [&str; 8] = ["views", "plays", "likes", "comments", "shares", "saves", "engagement", "engagement_rate"];
const OF_ACCOUNTS: [&str; 11] = [
    "views",
    "plays",
    "likes",
    "comments",
    "shares",
    "saves",
    "engagement",
    "engagement_rate",
    "followers",
    "following",
    "posts",
];

/// Compares all that the API says of each record of an organization.
pub async fn compare(world: &World, organization: &Organization, dice: &mut Dice, asker: &mut Asker) {
    let days = AllDays::of(organization);
    let ids = account_video_ids(asker).await;
    for family in families(world, organization, &days, &ids) {
        if !family.records.is_empty() {
            family.compare_windows(world, dice, asker).await;
            family.compare_deltas(world, dice, asker).await;
            family.compare_days(world, dice, asker).await;
            family.compare_reads(asker).await;
        }
    }
}

/// The ids of account videos by account and the platform's id.
async fn account_video_ids(asker: &Asker) -> BTreeMap<(String, String), Value> {
    let mut ids = BTreeMap::new();
    let mut path = "/v2/account-videos?limit=200".to_owned();
    loop {
        let page = asker.get(&path).await;
        for row in page["data"].as_array().expect("rows") {
            let text = |name: &str| row[name].as_str().expect("a text").to_owned();
            ids.insert((text("account_id"), text("external_id")), row["id"].clone());
        }
        let Some(cursor) = page["pagination"]["next_cursor"].as_str() else { return ids };
        path = format!("/v2/account-videos?limit=200&cursor={cursor}");
    }
}

fn families<'a>(
    world: &World,
    organization: &'a Organization,
    days: &'a AllDays,
    ids: &BTreeMap<(String, String), Value>,
) -> [Family<'a>; 3] {
    let post = |id: Value, post: Post, first_read: Option<Timestamp>| {
        let seen = organization.seen.get(&post);
        let told = seen.and_then(|seen| seen.told);
        let is_since = |read: &&Read<POST_METRICS>| first_read.is_some_and(|first| read.at >= first);
        Record {
            id,
            subject: days.record(post, first_read),
            is_whole: first_read.map(day_of).is_some_and(|first| told.map(day_of) == Some(first)),
            reads: Reads::Post(seen.iter().flat_map(|seen| &seen.reads).filter(is_since).collect()),
        }
    };
    let accounts = organization.accounts.iter().enumerate().map(|(place, account)| Record {
        id: json!(account.id.to_string()),
        subject: days.account(place, account),
        is_whole: false,
        reads: Reads::Profile(&account.reads),
    });
    let videos = organization.videos.iter().map(|it| post(json!(it.id.to_string()), it.post, it.first_read));
    let shown = organization.accounts.iter().flat_map(|account| {
        account.shows.iter().map(move |(post, shown)| (account.id.to_string(), *post, shown.first_read))
    });
    let account_videos = shown.map(|(account, its, first_read)| {
        let key = (account, world.posts[its].external_id.clone());
        post(ids.get(&key).unwrap_or_else(|| panic!("no account video {key:?}")).clone(), its, first_read)
    });
    [
        Family {
            path: "accounts",
            name: "account",
            ids: "account_ids",
            count: "account_count",
            metrics: &OF_ACCOUNTS,
            records: accounts.collect(),
        },
        Family {
            path: "videos",
            name: "video",
            ids: "video_ids",
            count: "video_count",
            metrics: &OF_POSTS,
            records: videos.collect(),
        },
        Family {
            path: "account-videos",
            name: "account_video",
            ids: "account_video_ids",
            count: "video_count",
            metrics: &OF_POSTS,
            records: account_videos.collect(),
        },
    ]
}

/// An id as the name of a field.
fn key(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

impl Family<'_> {
    fn all_ids(&self) -> Vec<&Value> {
        self.records.iter().map(|record| &record.id).collect()
    }

    async fn window(&self, asker: &Asker, first: Day, last: Day) -> Value {
        let (first, last) = (shapes::date(first), shapes::date(last));
        let body = json!({ self.ids: self.all_ids(), "start_date": first, "end_date": last });
        asker.post(&format!("/v2/{}/metrics", self.path), &body).await
    }

    /// Periods, windows of all lengths, and what adds up: the parts of a lifetime to the whole of it.
    async fn compare_windows(&self, world: &World, dice: &mut Dice, asker: &mut Asker) {
        let today = day_of(world.now);
        let expected = |first: Day, last: Day| -> Value {
            let all = self.records.iter();
            all.map(|record| (key(&record.id), shapes::window(&record.subject, first, last))).collect()
        };
        for (period, days) in [("7d", 7), ("30d", 30), ("90d", 90)] {
            let body = json!({ self.ids: self.all_ids(), "period": period });
            let answer = asker.post(&format!("/v2/{}/metrics", self.path), &body).await;
            let first = today - days + 1;
            let mut meta = shapes::window_meta(period, first, today);
            meta["not_found"] = json!([]);
            let what = format!("{} {period}", self.path);
            asker.compare(&what, &json!({ "data": expected(first, today), "meta": meta }), &answer);
        }
        let lives = self.records.iter().filter_map(|record| record.subject.lifetime());
        let Some(begin) = lives.map(|(first, _)| first).min() else { return };
        for _ in 0..4 {
            let last = today - dice.days(u64::try_from(today - begin + 2).expect("it began before today"));
            let first = last - dice.days(20);
            let answer = self.window(asker, first, last).await;
            let what = format!("{} {}..{}", self.path, shapes::date(first), shapes::date(last));
            asker.compare(&what, &expected(first, last), &answer["data"]);
        }
        let whole = self.window(asker, begin, today).await;
        let mut parts = Vec::new();
        let mut first = begin;
        while first <= today {
            let last = (first + dice.days(12)).min(today);
            parts.push(self.window(asker, first, last).await);
            first = last + 1;
        }
        for record in &self.records {
            let id = key(&record.id);
            for metric in ["views", "plays", "likes", "comments", "shares", "saves", "engagement", "followers_gained"] {
                let of = |answer: &Value| answer["data"][&id][metric].as_i64();
                let sum = numbers::sum(parts.iter().map(of));
                asker.check(sum == of(&whole), || {
                    format!("{} {id}: the parts' {metric} come to {sum:?}, the whole to {:?}", self.path, of(&whole))
                });
            }
        }
    }

    async fn compare_deltas(&self, world: &World, dice: &mut Dice, asker: &mut Asker) {
        let today = day_of(world.now);
        let windows: Vec<Day> = vec![1, 2, 7, 14 + dice.days(10), 30 + dice.days(30)];
        for metric in self.metrics {
            let body = json!({ self.ids: self.all_ids(), "metric": metric, "windows": windows });
            let answer = asker.post(&format!("/v2/{}/deltas", self.path), &body).await;
            let data: Value = self
                .records
                .iter()
                .map(|record| {
                    let each = windows.iter().map(|days| {
                        let delta = record.delta(metric, today - *days, today);
                        (format!("{days}d"), delta)
                    });
                    (key(&record.id), each.collect::<Value>())
                })
                .collect();
            asker.compare(&format!("{} deltas of {metric}", self.path), &data, &answer["data"]);
            let meta = json!({ "windows": windows, self.count: self.records.len(), "not_found": [] });
            let found = &answer["meta"];
            for (name, value) in meta.as_object().expect("an object") {
                asker.compare(&format!("{} deltas' {name}", self.path), value, &found[name]);
            }
        }
    }

    /// Some records day by day, and beside the days before.
    async fn compare_days(&self, world: &World, dice: &mut Dice, asker: &mut Asker) {
        let today = day_of(world.now);
        for record in &self.records {
            if self.records.len() > 12 && dice.chance(70) {
                continue;
            }
            let (id, subject) = (key(&record.id), &record.subject);
            let begin = subject.lifetime().map_or(today, |(first, _)| first) - 3;
            let range = format!("start_date={}&end_date={}", shapes::date(begin), shapes::date(today));
            let answer = asker.get(&format!("/v2/{}/{id}/timeseries?{range}", self.path)).await;
            let meta = shapes::window_meta("custom", begin, today);
            let expected = json!({ "data": shapes::rows(subject, begin, today), "meta": meta });
            asker.compare(&format!("{} {id} timeseries", self.path), &expected, &answer);
            // The days of any window add up to it.
            let sum =
                numbers::sum(answer["data"].as_array().expect("rows").iter().map(|row| row["gains"]["views"].as_i64()));
            let window = self.window(asker, begin, today).await;
            asker.check(sum == window["data"][&id]["views"].as_i64(), || {
                format!("{} {id}: days do not add up", self.path)
            });
            let (period, first, last, query) = some_window(dice, today);
            let answer = asker.get(&format!("/v2/{}/{id}/analytics?{query}", self.path)).await;
            let expected = json!({
                "data": shapes::analytics(subject, self.name, &record.id, first, last),
                "meta": shapes::analytics_meta(period, first, last),
            });
            asker.compare(&format!("{} {id} analytics {query}", self.path), &expected, &answer);
        }
    }

    /// The reads that were seen, newest first, but for those between equal ones of a day.
    async fn compare_reads(&self, asker: &mut Asker) {
        for record in self.records.iter().take(6) {
            let id = key(&record.id);
            let mut expected: Vec<(Value, Value)> = match &record.reads {
                Reads::Post(reads) => reads.iter().map(|read| snapshot(read)).collect(),
                Reads::Profile(reads) => reads.iter().map(snapshot).collect(),
            };
            expected.reverse();
            let mut found = Vec::new();
            let mut path = format!("/v2/{}/{id}/snapshots?limit=20", self.path);
            loop {
                let page = asker.get(&path).await;
                found.extend(page["data"].as_array().expect("rows").clone());
                let Some(cursor) = page["pagination"]["next_cursor"].as_str() else { break };
                path = format!("/v2/{}/{id}/snapshots?limit=20&cursor={cursor}", self.path);
            }
            let mut rest = found.iter().peekable();
            for (place, (time, said)) in expected.iter().enumerate() {
                if let Some(row) = rest.next_if(|row| row["time"] == *time) {
                    let is = json!({ "values": row["values"], "metric_precision": row["metric_precision"] });
                    asker.compare(&format!("{} {id} read of {time}", self.path), said, &is);
                } else {
                    let is_equal = |other: Option<&(Value, Value)>| other.is_some_and(|(_, other)| other == said);
                    let is_between = is_equal(place.checked_sub(1).and_then(|place| expected.get(place)))
                        && is_equal(expected.get(place + 1));
                    asker.check(is_between, || format!("{} {id}: the read of {time} is missing", self.path));
                }
            }
            let surplus: Vec<_> = rest.map(|row| &row["time"]).collect();
            asker.check(surplus.is_empty(), || format!("{} {id} was not read at {surplus:?}", self.path));
        }
    }
}

/// A window, how it is called, and how it is asked for.
pub fn some_window(dice: &mut Dice, today: Day) -> (&'static str, Day, Day, String) {
    match dice.roll(5) {
        0 => ("7d", today - 6, today, "period=7d".to_owned()),
        1 => ("30d", today - 29, today, String::new()),
        2 => ("90d", today - 89, today, "period=90d".to_owned()),
        _ => {
            let last = today - dice.days(30);
            let first = last - dice.days(25);
            let query = format!("period=custom&start_date={}&end_date={}", shapes::date(first), shapes::date(last));
            ("custom", first, last, query)
        }
    }
}

/// A read as it is listed: its time, and what it said.
fn snapshot<const N: usize>(read: &Read<N>) -> (Value, Value) {
    const OF_POSTS: [&str; POST_METRICS] = ["views", "likes", "comments", "shares", "plays", "saves"];
    const OF_PROFILES: [&str; PROFILE_METRICS] = ["followers", "following", "posts"];
    let names: &[&str] = if N == POST_METRICS { &OF_POSTS } else { &OF_PROFILES };
    let (mut values, mut precisions) = (json!({}), json!({}));
    if N == PROFILE_METRICS {
        values["profile_likes"] = Value::Null;
    }
    for (name, said) in names.iter().zip(read.said) {
        values[*name] = json!(said.value());
        if let Some(precision) = said.precision().filter(|precision| *precision != domain::Precision::Exact) {
            precisions[*name] = json!(shapes::precision(precision));
        }
    }
    (json!(read.at.to_string()), json!({ "values": values, "metric_precision": precisions }))
}

impl Record<'_> {
    /// What a metric gained after the day `before`; null unless it was known by its end, or the record is whole and had it from the beginning.
    fn delta(&self, metric: &str, before: Day, today: Day) -> Value {
        let gains = self.subject.gains(before + 1, today);
        let is_whole = |metric| self.is_whole && self.subject.began_with(metric);
        let known = |metric: usize| gains[metric].filter(|_| is_whole(metric) || self.subject.knows(metric, before));
        let engagement = || numbers::engagement(known(1), known(2), known(3));
        match metric {
            "views" => json!(known(0)),
            "likes" => json!(known(1)),
            "comments" => json!(known(2)),
            "shares" => json!(known(3)),
            "plays" => json!(known(4)),
            "saves" => json!(known(5)),
            "engagement" => json!(engagement()),
            "engagement_rate" => {
                json!(engagement().zip(known(0)).and_then(|(engagement, views)| numbers::percent(engagement, views)))
            }
            "followers" => json!(known(6)),
            "following" => json!(known(7)),
            "posts" => json!(known(8)),
            other => panic!("{other} is no metric"),
        }
    }
}
