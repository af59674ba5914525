//! A model: a plain walk over what the tables say of posts and profiles.

use std::collections::{BTreeMap, BTreeSet};

use domain::{CreatorId, Day, GainName, Gains, HistoryDay, Timestamp, Window};
use store::{RolledUp, Tenant};

use crate::support::Home;

/// An id as [`ids`] has it in SQL.
pub fn plain(id: uuid::Uuid) -> String {
    id.simple().to_string()
}

pub fn ids(home: &Home, column: &str) -> String {
    if home.url.starts_with("sqlite") {
        format!("lower(hex({column}))")
    } else {
        format!("REPLACE(CAST({column} AS TEXT), '-', '')")
    }
}

pub async fn table(home: &Home, columns: &[String], rest: &str) -> Vec<Vec<String>> {
    let all: Vec<String> = columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
    let lines = home.lines(&format!("SELECT {} {rest}", all.join(" || '|' || "))).await;
    lines.iter().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

#[derive(Clone, Copy, Default)]
pub struct Read {
    pub views: Option<i64>,
    pub views_gain: Option<i64>,
    pub comments_gain: Option<i64>,
}

/// Whether followers were read, what is known of them, and their gain.
pub type ProfileRead = (bool, Option<i64>, Option<i64>);

/// What the tables say of posts and profiles, one by one.
pub struct Known {
    /// By tracked post and day.
    pub posts: BTreeMap<i64, BTreeMap<i32, Read>>,
    /// Account, creator, tracked post, first day.
    pub shown: Vec<(String, String, i64, i32)>,
    /// By account and day: followers as they were read, as they stand, their gain.
    pub profiles: BTreeMap<String, BTreeMap<i32, ProfileRead>>,
    /// Creators of accounts.
    pub links: BTreeMap<String, String>,
}

impl Known {
    pub async fn load(home: &Home, of: domain::OrganizationId) -> Self {
        let own = format!("{} = '{}'", ids(home, "t.organization_id"), plain(of.0));
        let number = |text: &String| text.parse::<i64>().ok();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut posts: BTreeMap<i64, BTreeMap<i32, Read>> = BTreeMap::new();
        let columns = names(&["t.id", "d.day", "d.view_count", "d.view_gain", "d.comment_gain"]);
        let from = format!("FROM tracked_posts t JOIN post_days d ON d.tracked_post_id = t.id WHERE {own}");
        for row in table(home, &columns, &from).await {
            let read = Read { views: number(&row[2]), views_gain: number(&row[3]), comments_gain: number(&row[4]) };
            posts.entry(row[0].parse().unwrap()).or_default().insert(row[1].parse().unwrap(), read);
        }
        let (account, creator) = (ids(home, "a.id"), ids(home, "a.creator_id"));
        let columns = [account.clone(), creator.clone(), "t.id".to_owned(), "v.first_scrape_at / 86400000".to_owned()];
        let from = format!(
            "FROM account_videos v JOIN accounts a ON a.id = v.account_id JOIN tracked_posts t \
             ON t.post_id = v.post_id AND t.organization_id = v.organization_id WHERE v.first_scrape_at IS NOT NULL AND {own}"
        );
        let shown = table(home, &columns, &from).await;
        let shown = shown
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone(), row[2].parse().unwrap(), row[3].parse().unwrap()))
            .collect();
        let mut profiles: BTreeMap<String, BTreeMap<_, _>> = BTreeMap::new();
        let columns = [
            account.clone(),
            "d.day".to_owned(),
            "d.notes".to_owned(),
            "d.follower_count".to_owned(),
            "d.follower_gain".to_owned(),
        ];
        let from = format!(
            "FROM account_days d JOIN accounts a ON a.id = d.account_id JOIN organizations t ON t.id = a.organization_id WHERE {}",
            own.replace("t.organization_id", "t.id")
        );
        for row in table(home, &columns, &from).await {
            let is_read = number(&row[2]).unwrap() & 0b001_001_001 != 0;
            let day = (is_read, number(&row[3]), number(&row[4]));
            profiles.entry(row[0].clone()).or_default().insert(row[1].parse().unwrap(), day);
        }
        let from = format!("FROM accounts a WHERE {}", own.replace("t.organization_id", "a.organization_id"));
        let links = table(home, &[account, creator], &from).await;
        Self { posts, shown, profiles, links: links.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect() }
    }

    /// The posts and accounts of a creator, or of all, each post with the day from which on it counts.
    pub fn of(&self, creator: Option<&str>) -> (BTreeMap<i64, i32>, BTreeSet<&str>) {
        let Some(creator) = creator else {
            return (self.posts.keys().map(|id| (*id, 0)).collect(), self.links.keys().map(String::as_str).collect());
        };
        let mut posts = BTreeMap::new();
        for (_, _, post, since) in self.shown.iter().filter(|(_, of, _, _)| of == creator) {
            let first = posts.entry(*post).or_insert(*since);
            *first = (*first).min(*since);
        }
        let accounts = self.links.iter().filter(|(_, of)| *of == creator).map(|(id, _)| id.as_str()).collect();
        (posts, accounts)
    }

    pub fn day(&self, creator: Option<&str>, day: Day) -> Modelled {
        let (posts, accounts) = self.of(creator);
        let day = day.number();
        let read: Vec<Read> = posts
            .iter()
            .filter(|(_, since)| **since <= day)
            .filter_map(|(id, _)| self.posts.get(id)?.get(&day).copied())
            .collect();
        let standing = posts
            .iter()
            .filter(|(_, since)| **since <= day)
            .filter_map(|(id, since)| self.posts.get(id)?.range(*since..=day).next_back()?.1.views)
            .reduce(|one, other| one + other);
        let sum = |of: fn(&Read) -> Option<i64>| read.iter().filter_map(of).reduce(|one, other| one + other);
        let profiles: Vec<_> = accounts.iter().filter_map(|id| self.profiles.get(*id)?.get(&day).copied()).collect();
        let followers = accounts
            .iter()
            .filter_map(|id| self.profiles.get(*id)?.range(..=day).next_back()?.1.1)
            .reduce(|one, other| one + other);
        let fell = |gain: Option<i64>| gain.is_some_and(|gain| gain < 0);
        Modelled {
            observed: !read.is_empty() || !profiles.is_empty(),
            anomaly: read.iter().any(|read| fell(read.views_gain) || fell(read.comments_gain))
                || profiles.iter().any(|(_, _, gain)| fell(*gain)),
            views: standing.filter(|_| !read.is_empty()),
            followers: followers.filter(|_| profiles.iter().any(|(is_read, _, _)| *is_read)),
            views_gain: sum(|read| read.views_gain),
            comments_gain: sum(|read| read.comments_gain),
            followers_gain: profiles.iter().filter_map(|(_, _, gain)| *gain).reduce(|one, other| one + other),
        }
    }

    pub fn window(&self, creator: Option<&str>, window: Window) -> Vec<Modelled> {
        window.each().map(|day| self.day(creator, day)).collect()
    }
}

/// A day of a roll-up, as far as the test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modelled {
    pub observed: bool,
    pub anomaly: bool,
    pub views: Option<i64>,
    pub followers: Option<i64>,
    pub views_gain: Option<i64>,
    pub comments_gain: Option<i64>,
    pub followers_gain: Option<i64>,
}

impl From<&HistoryDay> for Modelled {
    fn from(day: &HistoryDay) -> Self {
        Self {
            observed: day.observed,
            anomaly: day.anomaly,
            views: day.values.views,
            followers: day.values.followers,
            views_gain: day.gains.views,
            comments_gain: day.gains.comments,
            followers_gain: day.gains.followers,
        }
    }
}

pub fn total(days: &[Modelled], of: fn(&Modelled) -> Option<i64>) -> Option<i64> {
    days.iter().filter_map(of).reduce(|one, other| one + other)
}

pub fn shown(gains: &Gains) -> [Option<i64>; 3] {
    [gains.views, gains.comments, gains.followers]
}

pub fn gained(days: &[Modelled]) -> [Option<i64>; 3] {
    [total(days, |day| day.views_gain), total(days, |day| day.comments_gain), total(days, |day| day.followers_gain)]
}

/// Every number of the organization and its creators is the model's, in several windows.
pub async fn compare(home: &Home, tenant: &Tenant, of: domain::OrganizationId, creators: &[CreatorId], now: Timestamp) {
    let known = Known::load(home, of).await;
    let today = Day::of(now);
    let windows = [
        Window::ending(today, 7),
        Window::ending(today, 30),
        Window::new(today.plus(-9), today.plus(-3), today).unwrap(),
        Window::new(today.plus(-5), today.plus(-5), today).unwrap(),
        Window::new(today.plus(-300), today.plus(-200), today).unwrap(),
    ];
    let scopes: Vec<(RolledUp, Option<String>)> = std::iter::once((RolledUp::Organization, None))
        .chain(creators.iter().map(|id| (RolledUp::Creator(*id), Some(plain(id.0)))))
        .collect();
    for window in windows {
        for (scope, creator) in &scopes {
            let expected = known.window(creator.as_deref(), window);
            let found = tenant.rolled_up_timeseries(*scope, window).await.unwrap().unwrap();
            let found: Vec<Modelled> = found.iter().map(Modelled::from).collect();
            assert_eq!(found, expected, "{scope:?} {window:?}");
            let RolledUp::Creator(id) = scope else { continue };
            let analytics = tenant.creator_analytics(*id, window).await.unwrap().unwrap();
            assert_eq!(analytics.daily.iter().map(Modelled::from).collect::<Vec<_>>(), expected);
            assert_eq!(shown(&analytics.totals), gained(&expected), "{scope:?} {window:?}");
            let before = known.window(creator.as_deref(), window.before());
            assert_eq!(shown(&analytics.previous), gained(&before), "{scope:?} {window:?}");
            let (posts, _) = known.of(creator.as_deref());
            let has = |from: i32| {
                let of = |(id, since): (&i64, &i32)| {
                    known.posts[id]
                        .keys()
                        .filter(|day| **day >= from.max(*since) && **day <= window.last().number())
                        .count()
                };
                i64::try_from(posts.iter().filter(|post| of(*post) > 0).count()).unwrap()
            };
            let coverage = analytics.coverage;
            assert_eq!(
                (coverage.posts, coverage.posts_observed),
                (has(0), has(window.first().number())),
                "{scope:?} {window:?}"
            );
            assert_eq!(
                usize::try_from(coverage.observed_days).unwrap(),
                expected.iter().filter(|day| day.observed).count()
            );
        }
        for (place, order) in [GainName::Views, GainName::Comments, GainName::FollowersGained].into_iter().enumerate() {
            let top = tenant.top_creators(order, window, 25).await.unwrap();
            let mut expected: Vec<(i64, String, [Option<i64>; 3])> = Vec::new();
            for id in creators {
                let days = known.window(Some(&plain(id.0)), window);
                let [views, comments, followers] = gained(&days);
                let key = [views, comments, followers][place];
                let name = tenant.creator(*id).await.unwrap().unwrap().name;
                expected.extend(key.map(|key| (-key, name, [views, comments, followers])));
            }
            expected.sort();
            let found: Vec<_> = top.iter().map(|creator| (creator.name.clone(), shown(&creator.gains))).collect();
            let expected: Vec<_> = expected.into_iter().map(|(_, name, gains)| (name, gains)).collect();
            assert_eq!(found, expected, "{order:?} {window:?}");
            for creator in top {
                let own = tenant.creator_analytics(creator.id, window).await.unwrap().unwrap();
                assert_eq!((creator.gains, creator.coverage), (own.totals, own.coverage));
            }
        }
        if window.last() == today {
            let overview = tenant.overview(window).await.unwrap();
            assert_eq!(shown(&overview.current.gains), gained(&known.window(None, window)));
            assert_eq!(shown(&overview.previous.gains), gained(&known.window(None, window.before())));
        }
    }
}
