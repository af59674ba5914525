//! Reports: posts and members, what is known now and what was gained within a window, under filters and sorts.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CollectionKind, CreatorId, MediaType, Member, Platform};
use serde_json::{Value, json};

use crate::asking::Asker;
use crate::dice::Dice;
use crate::ledger::{Account, Organization, POST_METRICS, Post, current};
use crate::numbers::{self, Day, day_of, sum};
use crate::prices::{self, Own};
use crate::records::AllDays;
use crate::shapes;
use crate::world::World;

/// Which posts are asked for, and which numbers of them.
#[derive(Clone, Copy, Debug, Default)]
struct Asked<'a> {
    platform: Option<Platform>,
    media_type: Option<MediaType>,
    source: Option<&'static str>,
    account: Option<&'a Account>,
    creator: Option<CreatorId>,
    collection: Option<&'a crate::ledger::Collection>,
    window: Option<(Day, Day)>,
    by_reads: bool,
    is_range: bool,
    has_own_prices: bool,
}

/// One post as the organization knows it.
struct Known {
    post: Post,
    counts: [Option<i64>; POST_METRICS],
}

/// Compares the reports of an organization.
pub async fn compare(world: &World, organization: &Organization, dice: &mut Dice, client: &mut Asker) {
    let reports = Reports { world, organization, days: AllDays::of(organization) };
    for round in 0..24 {
        let asked = reports.some_asked(dice, round);
        reports.compare_posts(asked, dice, client).await;
        reports.compare_members(asked, dice, client).await;
    }
    reports.compare_older(client).await;
}

struct Reports<'a> {
    world: &'a World,
    organization: &'a Organization,
    days: AllDays,
}

const ORDERS: [&str; 10] = [
    "views",
    "impressions",
    "engagements",
    "engagement_rate",
    "tmv",
    "view_time",
    "likes",
    "comments",
    "shares",
    "create_time",
];

impl<'a> Reports<'a> {
    fn some_asked(&self, dice: &mut Dice, round: u64) -> Asked<'a> {
        let mut asked = Asked { has_own_prices: dice.chance(30), ..Asked::default() };
        let today = day_of(self.world.now);
        if round % 2 == 1 {
            let last = today - dice.days(12);
            asked.window = Some((last - dice.days(30), last));
            asked.by_reads = dice.chance(60);
            asked.is_range = dice.chance(75);
        }
        // The first of each kind has no other filter.
        if round < 4 {
            return asked;
        }
        let organization = self.organization;
        match dice.roll(6) {
            0 => asked.platform = dice.one_of(&Platform::ALL).copied(),
            1 => asked.media_type = dice.one_of(&MediaType::ALL).copied(),
            2 => asked.source = dice.one_of(&["auto_discovered", "submitted", "brand_initiated"]).copied(),
            3 => asked.account = dice.one_of(&organization.accounts),
            4 => asked.creator = dice.one_of(&organization.creators).map(|creator| creator.id),
            _ => asked.collection = dice.one_of(&organization.collections),
        }
        if dice.chance(30) {
            asked.creator = dice.one_of(&organization.creators).map(|creator| creator.id);
        }
        asked
    }

    /// Whether the organization has read a post: before that it does not know whose it is, or what it is made of.
    fn is_read(&self, post: Post) -> bool {
        self.organization.seen.contains_key(&post)
    }

    /// Whether a post is an account's: its feed shows it, or it was added by hand and made by it.
    fn is_of(&self, account: &Account, post: Post) -> bool {
        let is_by_hand = self.organization.videos.iter().any(|it| it.post == post && it.first_read.is_some());
        account.shows.contains_key(&post) || (is_by_hand && self.world.posts[post].feeds[0] == account.profile)
    }

    fn is_of_creator(&self, creator: CreatorId, post: Post) -> bool {
        let accounts = self.organization.accounts.iter();
        accounts.filter(|account| account.creator == Some(creator)).any(|account| self.is_of(account, post))
    }

    fn is_in(&self, collection: &crate::ledger::Collection, post: Post) -> bool {
        let organization = self.organization;
        collection.members.iter().any(|member| match member {
            Member::Creator(id) => self.is_of_creator(*id, post),
            Member::Account(id) => organization.accounts.iter().any(|it| it.id == *id && self.is_of(it, post)),
            Member::Video(id) => organization.videos.iter().any(|it| it.id == *id && it.post == post),
            Member::AccountVideo(id) => collection.shown.iter().any(|(its, _, shown)| its == id && *shown == post),
        })
    }

    fn source(&self, post: Post) -> &'static str {
        let is_by_hand = self.organization.videos.iter().any(|it| it.post == post);
        if is_by_hand { "submitted" } else { "auto_discovered" }
    }

    /// The posts that match, each with its numbers.
    fn matching(&self, asked: &Asked<'_>) -> Vec<Known> {
        let all = self.organization.tracked().into_iter();
        all.filter(|post| self.matches(asked, *post))
            .map(|post| Known { post, counts: self.counts(asked, post) })
            .collect()
    }

    fn matches(&self, asked: &Asked<'_>, post: Post) -> bool {
        let page = &self.world.posts[post];
        let is_within = |(first, last): (Day, Day)| {
            if asked.by_reads {
                self.days.posts.get(&post).is_some_and(|days| days.range(first..=last).next().is_some())
            } else {
                let told = self.organization.seen.get(&post).and_then(|seen| seen.told).map(day_of);
                told.is_some_and(|day| (first..=last).contains(&day))
            }
        };
        asked.platform.is_none_or(|platform| page.platform == platform)
            && asked.media_type.is_none_or(|kind| self.is_read(post) && page.media_type == kind)
            && asked.source.is_none_or(|source| self.source(post) == source)
            && asked.account.is_none_or(|account| self.is_of(account, post))
            && asked.creator.is_none_or(|creator| self.is_of_creator(creator, post))
            && asked.collection.is_none_or(|collection| self.is_in(collection, post))
            && asked.window.is_none_or(is_within)
    }

    /// What is known of a post now, or what it gained.
    fn counts(&self, asked: &Asked<'_>, post: Post) -> [Option<i64>; POST_METRICS] {
        let Some(seen) = self.organization.seen.get(&post) else { return [None; POST_METRICS] };
        std::array::from_fn(|metric| match (asked.is_range, asked.window) {
            (true, Some((first, last))) => {
                sum(self.days.posts[&post].range(first..=last).map(|(_, numbers)| numbers.gains[metric]))
            }
            _ => current(&seen.reads, metric).value(),
        })
    }

    fn query(asked: &Asked<'_>) -> String {
        let mut query = String::new();
        let mut add = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                query.extend(["&", name, "=", &value]);
            }
        };
        add("platform", asked.platform.map(|it| shapes::platform(it).to_owned()));
        add("media_type", asked.media_type.map(|it| it.as_str().to_owned()));
        add("source", asked.source.map(str::to_owned));
        add("account_id", asked.account.map(|it| it.id.to_string()));
        add("creator_id", asked.creator.map(|it| it.to_string()));
        let kind = |kind: CollectionKind| asked.collection.filter(|it| it.kind == kind).map(|it| it.id.to_string());
        add("project_id", kind(CollectionKind::Project));
        add("group_id", kind(CollectionKind::Group));
        add("start_date", asked.window.map(|(first, _)| shapes::date(first)));
        add("end_date", asked.window.map(|(_, last)| shapes::date(last)));
        add("date_basis", asked.by_reads.then(|| "metric".to_owned()));
        add("metrics", asked.is_range.then(|| "range".to_owned()));
        query.push_str(own(asked).query());
        query
    }

    async fn compare_posts(&self, asked: Asked<'_>, dice: &mut Dice, client: &mut Asker) {
        let order = *dice.one_of(&ORDERS).expect("an order");
        let direction = if dice.chance(50) { "asc" } else { "desc" };
        let sort = format!("order_by={order}&order_direction={direction}");
        let query = Self::query(&asked);
        let path = format!("/v2/posts?limit=500&include_total=true&{sort}{query}");
        let answer = client.get(&path).await;
        let rows = answer["data"].as_array().expect("rows").clone();
        let matching = self.matching(&asked);
        client.compare(&format!("{path} total"), &json!(matching.len()), &answer["pagination"]["total_count"]);
        let name = |platform: &str, id: &str| format!("{platform} {id}");
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        let found: BTreeMap<String, &Value> =
            rows.iter().map(|row| (name(&text(row, "platform"), &text(row, "external_id")), row)).collect();
        let mut expected: BTreeSet<String> = BTreeSet::new();
        for known in &matching {
            let page = &self.world.posts[known.post];
            let key = name(shapes::platform(page.platform), &page.external_id);
            if let Some(row) = found.get(&key) {
                let model = self.post(&asked, known);
                let shown: Value = model
                    .as_object()
                    .expect("an object")
                    .keys()
                    .map(|name| (name.clone(), row[name].clone()))
                    .collect();
                client.compare(&format!("{path} {key}"), &model, &shown);
            }
            expected.insert(key);
        }
        let is: BTreeSet<String> = found.keys().cloned().collect();
        client.compare(&format!("{path} posts"), &json!(expected), &json!(is));
        client.check(rows.len() == found.len(), || format!("{path}: a post is there twice"));
        check_order(&path, order, direction, &rows, client);
        // The same in pages.
        let (mut walked, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.get(&format!("/v2/posts?limit=7&{sort}{query}{cursor}")).await;
            walked.extend(page["data"].as_array().expect("rows").iter().map(|row| row["id"].clone()));
            let Some(next) = page["pagination"]["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let ids: Vec<Value> = rows.iter().map(|row| row["id"].clone()).collect();
        client.compare(&format!("{path} in pages"), &json!(ids), &json!(walked));
    }

    /// A post, as far as the model knows it.
    fn post(&self, asked: &Asked<'_>, known: &Known) -> Value {
        let organization = self.organization;
        let (post, page) = (known.post, &self.world.posts[known.post]);
        let seen = organization.seen.get(&post);
        let by_author = organization.accounts.iter().find(|it| seen.is_some() && it.profile == page.feeds[0]);
        let mut showing: Vec<&Account> =
            organization.accounts.iter().filter(|it| it.shows.contains_key(&post)).collect();
        showing.sort_by_key(|account| account.shows[&post].added_at);
        let account = by_author.or(showing.first().copied());
        let creator =
            account.and_then(|account| organization.creators.iter().find(|it| Some(it.id) == account.creator));
        let video = organization.videos.iter().find(|video| video.post == post);
        let username = |account: &Account| self.world.profiles[account.profile].username.clone();
        let worth = prices::worth(page.platform, own(asked), &known.counts);
        let time = |read: Option<&crate::ledger::Read<POST_METRICS>>| read.map(|read| read.at.to_string());
        let mut shape = json!({
            "type": "post", "video_id": video.map(|it| it.id.to_string()), "source": self.source(post),
            "create_time": seen.and_then(|seen| seen.told).map(|at| at.to_string()),
            "media_type": seen.map(|_| page.media_type.as_str()),
            "first_scrape_time": time(seen.and_then(|seen| seen.reads.first())),
            "last_scrape_time": time(seen.and_then(|seen| seen.reads.last())),
            "account": account.map(|it| json!({ "id": it.id.to_string(), "username": username(it) })),
            "creator": creator.map(|it| json!({ "id": it.id.to_string(), "name": it.name })),
            "metrics": metrics(&[known.counts], worth), "coverage": null,
        });
        if let (true, Some((first, last))) = (asked.is_range, asked.window) {
            let observed = self.days.posts.get(&post).map_or(0, |days| days.range(first..=last).count());
            shape["coverage"] = json!({ "days": last - first + 1, "observed_days": observed });
        }
        shape
    }

    async fn compare_members(&self, asked: Asked<'_>, dice: &mut Dice, client: &mut Asker) {
        let order = *dice.one_of(&ORDERS).expect("an order");
        let direction = if dice.chance(50) { "asc" } else { "desc" };
        let query = Self::query(&asked);
        let path = format!("/v2/members?limit=500&order_by={order}&order_direction={direction}{query}");
        let answer = client.get(&path).await;
        let rows = answer["data"].as_array().expect("rows").clone();
        let found: BTreeMap<&str, &Value> = rows.iter().map(|row| (row["id"].as_str().expect("an id"), row)).collect();
        let matching = self.matching(&asked);
        let mut expected = BTreeSet::new();
        for creator in self.organization.creators.iter().filter(|creator| self.is_member(&asked, creator.id)) {
            let id = creator.id.to_string();
            if let Some(row) = found.get(id.as_str()) {
                let model = self.member(&asked, creator, &matching);
                let shown: Value = model
                    .as_object()
                    .expect("an object")
                    .keys()
                    .map(|name| (name.clone(), row[name].clone()))
                    .collect();
                client.compare(&format!("{path} {id}"), &model, &shown);
            }
            expected.insert(id);
        }
        let is: BTreeSet<&str> = found.keys().copied().collect();
        client.compare(&format!("{path} members"), &json!(expected), &json!(is));
        check_order(&path, order, direction, &rows, client);
    }

    /// Whether a creator is chosen: by itself, by one of its accounts, or because something of theirs is in the collection.
    fn is_member(&self, asked: &Asked<'_>, creator: CreatorId) -> bool {
        let accounts = || self.organization.accounts.iter().filter(move |it| it.creator == Some(creator));
        let belongs = |collection: &crate::ledger::Collection| {
            collection.members.iter().any(|member| match member {
                Member::Creator(id) => *id == creator,
                Member::Account(id) => accounts().any(|account| account.id == *id),
                Member::Video(id) => {
                    let video = self.organization.videos.iter().find(|video| video.id == *id);
                    video.is_some_and(|video| self.is_of_creator(creator, video.post))
                }
                Member::AccountVideo(id) => {
                    let shown = collection.shown.iter().find(|(its, _, _)| its == id);
                    shown.is_some_and(|(_, _, post)| self.is_of_creator(creator, *post))
                }
            })
        };
        asked.creator.is_none_or(|id| id == creator)
            && asked.account.is_none_or(|account| account.creator == Some(creator))
            && asked.collection.is_none_or(belongs)
    }

    /// A member, as far as the model knows it.
    fn member(&self, asked: &Asked<'_>, creator: &crate::ledger::Creator, matching: &[Known]) -> Value {
        let its: Vec<&Known> = matching.iter().filter(|known| self.is_of_creator(creator.id, known.post)).collect();
        let accounts = self.organization.accounts.iter().filter(|it| it.creator == Some(creator.id));
        // Of no accounts it is known that nobody follows them.
        let is_linked = accounts.clone().next().is_some();
        let followers = if is_linked { sum(accounts.map(|it| current(&it.reads, 0).value())) } else { Some(0) };
        let mut shape = self.breakdown(asked, &its);
        shape["type"] = json!("member");
        shape["name"] = json!(creator.name);
        shape["is_active"] = json!(creator.is_active);
        shape["followers"] = json!(followers);
        let mut by_platform: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
        let mut by_media_type: BTreeMap<&str, Vec<&Known>> = BTreeMap::new();
        for known in &its {
            let page = &self.world.posts[known.post];
            by_platform.entry(shapes::platform(page.platform)).or_default().push(known);
            let kind = if self.is_read(known.post) { page.media_type.as_str() } else { "unknown" };
            by_media_type.entry(kind).or_default().push(known);
        }
        let each = |by: BTreeMap<&str, Vec<&Known>>| -> Value {
            by.into_iter().map(|(name, its)| (name.to_owned(), self.breakdown(asked, &its))).collect()
        };
        shape["by_platform"] = each(by_platform);
        shape["by_media_type"] = each(by_media_type);
        shape["coverage"] = Value::Null;
        if let (true, Some((first, last))) = (asked.is_range, asked.window) {
            let is_observed = |known: &&&Known| {
                self.days.posts.get(&known.post).is_some_and(|days| days.range(first..=last).next().is_some())
            };
            let observed = its.iter().filter(is_observed).count();
            shape["coverage"] = json!({ "days": last - first + 1, "posts": its.len(), "posts_observed": observed });
        }
        shape
    }

    /// What posts come to.
    fn breakdown(&self, asked: &Asked<'_>, its: &[&Known]) -> Value {
        let worth = |known: &&Known| prices::worth(self.world.posts[known.post].platform, own(asked), &known.counts);
        let counts: Vec<[Option<i64>; POST_METRICS]> = its.iter().map(|known| known.counts).collect();
        let counted = |metric: usize| counts.iter().filter(|counts| counts[metric].is_some()).count();
        json!({
            "metrics": metrics(&counts, sum(its.iter().map(worth))),
            "posts_known": its.len(),
            "posts_counted": counts.iter().filter(|counts| counts.iter().any(Option::is_some)).count(),
            "counted": {
                "views": counted(0), "likes": counted(1), "comments": counted(2), "shares": counted(3),
                "plays": counted(4), "saves": counted(5),
            },
        })
    }

    /// The same posts and members under the older paths.
    async fn compare_older(&self, client: &mut Asker) {
        let asked = Asked::default();
        let path = format!("/v1/posts?client_id={}&limit=500", self.organization.id);
        let rows = client.get(&path).await;
        let of = |row: &Value| row["post_id"].as_str().unwrap_or_default().to_owned();
        let is: BTreeSet<String> = rows.as_array().expect("a bare list").iter().map(of).collect();
        let matching = self.matching(&asked);
        let expected: BTreeSet<String> =
            matching.iter().map(|known| self.world.posts[known.post].external_id.clone()).collect();
        client.compare(&path, &json!(expected), &json!(is));
        let path = format!("/v1/members?client_id={}&limit=500", self.organization.id);
        let rows = client.get(&path).await;
        let many = rows.as_array().expect("a bare list").len();
        client.compare(&path, &json!(self.organization.creators.len()), &json!(many));
    }
}

const fn own(asked: &Asked<'_>) -> Own {
    if asked.has_own_prices { Own::Some } else { Own::Nothing }
}

/// The numbers of posts together; their rate is of those of which engagements and views are known.
fn metrics(all: &[[Option<i64>; POST_METRICS]], worth: Option<i64>) -> Value {
    let of = |metric: usize| sum(all.iter().map(|counts| counts[metric]));
    let engagement = |counts: &[Option<i64>; POST_METRICS]| numbers::engagement(counts[1], counts[2], counts[3]);
    let both = all.iter().filter_map(|counts| engagement(counts).zip(counts[0]));
    let rate = both.reduce(|one, other| (one.0 + other.0, one.1 + other.1));
    json!({
        "views": of(0), "impressions": null, "likes": of(1), "comments": of(2), "shares": of(3), "plays": of(4),
        "saves": of(5), "engagements": sum(all.iter().map(engagement)),
        "engagement_rate": rate.and_then(|(engagement, views)| numbers::percent(engagement, views)),
        "view_time": null, "tmv": worth.map(|millionths| numbers::fraction(millionths, 1_000_000)),
    })
}

/// Whether rows are in the order that was asked for, nulls last.
fn check_order(path: &str, order: &str, direction: &str, rows: &[Value], client: &mut Asker) {
    let value = |row: &Value| -> Option<f64> {
        match order {
            "create_time" => {
                let text = row["create_time"].as_str().or(row["added_at"].as_str())?;
                let text = if row["type"] == "post" { row["create_time"].as_str()? } else { text };
                domain::Timestamp::parse(text).map(|at| numbers::fraction(at.as_millis(), 1))
            }
            _ => row["metrics"][order].as_f64(),
        }
    };
    let values: Vec<Option<f64>> = rows.iter().map(value).collect();
    let holds = values.windows(2).all(|two| match (two[0], two[1]) {
        (Some(one), Some(other)) if direction == "asc" => one <= other,
        (Some(one), Some(other)) => one >= other,
        (Some(_) | None, None) => true,
        (None, Some(_)) => false,
    });
    client.check(holds, || format!("{path}: out of order: {values:?}"));
}
