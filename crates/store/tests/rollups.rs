//! Numbers of creators and organizations: each post once, of what is linked now, the same as a plain walk over the days of posts and profiles.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{AccountId, CreatorId, Day, GainName, Gains, HistoryDay, PostFacts, Reading, Timestamp, VideoId, Window};
use store::{AccountChange, JobTarget, RolledUp, Tenant};
use support::{
    HOUR, Home, START, add, add_creator, add_video, begin, exact, feed, make_due, new_account, new_video, page_of,
    patch, post, post_id, profile, tenant, work,
};

const HANDLES: [(&str, &str); 3] = [("11", "amy"), ("12", "ben"), ("13", "cat")];

/// Reads everything that is due. `lists` are the posts in the list of each of [`HANDLES`].
async fn read(home: &Home, lists: &[Vec<PostFacts>; 3], followers: i64, now: Timestamp) {
    make_due(home, now).await;
    let place = |name: &str| HANDLES.iter().position(|(_, handle)| *handle == name).unwrap();
    work(&home.store, now, |job| match &job.target {
        JobTarget::Profile { username, .. } => {
            let (id, handle) = HANDLES[place(username.as_str())];
            profile(id, handle, followers)
        }
        JobTarget::Feed { username, .. } => feed(lists[place(username.as_str())].clone()),
        JobTarget::Post { external_id, .. } => {
            page_of(lists.iter().flatten().find(|facts| facts.external_id == *external_id).unwrap().clone())
        }
    })
    .await;
}

async fn link(tenant: &Tenant, account: AccountId, creator: Option<CreatorId>, now: Timestamp) {
    let change = AccountChange { creator_id: Some(creator), ..AccountChange::default() };
    patch(tenant, account, &change, now).await;
}

async fn delete_account(tenant: &Tenant, id: AccountId, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.delete_account(id).await.unwrap();
    tx.commit().await.unwrap();
}

async fn delete_video(tenant: &Tenant, id: VideoId, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.delete_video(id).await.unwrap();
    tx.commit().await.unwrap();
}

/// An id as [`ids`] has it in SQL.
fn plain(id: uuid::Uuid) -> String {
    id.simple().to_string()
}

fn ids(home: &Home, column: &str) -> String {
    if home.url.starts_with("sqlite") {
        format!("lower(hex({column}))")
    } else {
        format!("REPLACE(CAST({column} AS TEXT), '-', '')")
    }
}

async fn table(home: &Home, columns: &[String], rest: &str) -> Vec<Vec<String>> {
    let all: Vec<String> = columns.iter().map(|column| format!("COALESCE(CAST({column} AS TEXT), '')")).collect();
    let lines = home.lines(&format!("SELECT {} {rest}", all.join(" || '|' || "))).await;
    lines.iter().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

#[derive(Clone, Copy, Default)]
struct Read {
    views: Option<i64>,
    views_gain: Option<i64>,
    comments_gain: Option<i64>,
}

/// Whether followers were read, what is known of them, and their gain.
type ProfileRead = (bool, Option<i64>, Option<i64>);

/// What the tables say of posts and profiles, one by one.
struct Known {
    /// By tracked post and day.
    posts: BTreeMap<i64, BTreeMap<i32, Read>>,
    /// Account, creator, tracked post, first day.
    shown: Vec<(String, String, i64, i32)>,
    /// By account and day: followers as they were read, as they stand, their gain.
    profiles: BTreeMap<String, BTreeMap<i32, ProfileRead>>,
    /// Creators of accounts.
    links: BTreeMap<String, String>,
}

impl Known {
    async fn load(home: &Home, of: domain::OrganizationId) -> Self {
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
    fn of(&self, creator: Option<&str>) -> (BTreeMap<i64, i32>, BTreeSet<&str>) {
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

    fn day(&self, creator: Option<&str>, day: Day) -> Modelled {
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

    fn window(&self, creator: Option<&str>, window: Window) -> Vec<Modelled> {
        window.each().map(|day| self.day(creator, day)).collect()
    }
}

/// A day of a roll-up, as far as the test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modelled {
    observed: bool,
    anomaly: bool,
    views: Option<i64>,
    followers: Option<i64>,
    views_gain: Option<i64>,
    comments_gain: Option<i64>,
    followers_gain: Option<i64>,
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

fn total(days: &[Modelled], of: fn(&Modelled) -> Option<i64>) -> Option<i64> {
    days.iter().filter_map(of).reduce(|one, other| one + other)
}

fn shown(gains: &Gains) -> [Option<i64>; 3] {
    [gains.views, gains.comments, gains.followers]
}

fn gained(days: &[Modelled]) -> [Option<i64>; 3] {
    [total(days, |day| day.views_gain), total(days, |day| day.comments_gain), total(days, |day| day.followers_gain)]
}

/// Every number of the organization and its creators is the model's, in several windows.
async fn compare(home: &Home, tenant: &Tenant, of: domain::OrganizationId, creators: &[CreatorId], now: Timestamp) {
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

/// The sums that are kept of organizations, each day's parts together.
async fn kept(home: &Home) -> Vec<String> {
    let metrics = ["view", "like", "comment", "share", "play", "saved", "follower", "following", "profile_post"];
    let sums: Vec<String> = metrics
        .iter()
        .flat_map(|metric| ["change", "counted", "gain", "known"].map(|of| format!(" || '|' || SUM({metric}_{of})")))
        .collect();
    let sums = sums.concat();
    let tallies = "SUM(accounts) || '|' || SUM(accounts_observed) || '|' || SUM(profiles_observed) || '|' || SUM(accounts_fallen) \
         || '|' || SUM(posts) || '|' || SUM(posts_observed) || '|' || SUM(posts_fallen)";
    let sql = format!(
        "SELECT {} || '|' || day || '|' || {tallies}{sums} FROM organization_days GROUP BY organization_id, day \
         HAVING SUM(accounts_observed) + SUM(posts_observed) > 0 ORDER BY 1",
        ids(home, "organization_id")
    );
    home.lines(&sql).await
}

async fn make_anew(home: &Home) {
    let mut after = uuid::Uuid::nil();
    while let Some(last) = home.store.rebuild_organization_days(after).await.unwrap() {
        after = last;
    }
}

/// Small numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).unwrap()
    }

    fn number(&mut self, sides: u64) -> i64 {
        i64::try_from(self.roll(sides)).unwrap()
    }
}

struct World {
    dice: Dice,
    tenant: Tenant,
    creators: Vec<CreatorId>,
    accounts: [Option<(AccountId, bool)>; 3],
    lists: [Vec<PostFacts>; 3],
    videos: BTreeMap<String, VideoId>,
}

impl World {
    fn publish(&mut self, now: Timestamp) {
        let n = self.lists.iter().flatten().map(|facts| facts.external_id.clone()).collect::<BTreeSet<_>>().len();
        let age = u32::try_from(self.dice.roll(40)).unwrap();
        let facts = post(post_id(i64::try_from(n).unwrap()), now.minus(HOUR * age), self.dice.number(50));
        let list = self.dice.roll(3);
        self.lists[list].push(facts.clone());
        if self.dice.roll(2) == 0 {
            // Somebody else's list shows it too, at once or some day.
            self.lists[(list + 1) % 3].push(facts);
        }
    }

    async fn happen(&mut self, now: Timestamp) {
        let place = self.dice.roll(3);
        match (self.dice.roll(9), self.accounts[place]) {
            (0, Some((id, is_active))) => {
                let change = AccountChange { is_active: Some(!is_active), ..AccountChange::default() };
                patch(&self.tenant, id, &change, now).await;
                self.accounts[place] = Some((id, !is_active));
            }
            (1, Some((id, _))) => {
                let to = [None, Some(self.creators[0]), Some(self.creators[1])][self.dice.roll(3)];
                link(&self.tenant, id, None, now).await;
                link(&self.tenant, id, to, now).await;
            }
            (2, Some((id, _))) => {
                delete_account(&self.tenant, id, now).await;
                self.accounts[place] = None;
            }
            (_, None) => {
                let (id, _) = add(&self.tenant, &new_account(HANDLES[place].1), now).await;
                let to = self.creators[self.dice.roll(2)];
                link(&self.tenant, id, Some(to), now).await;
                self.accounts[place] = Some((id, true));
            }
            (3, Some(_)) => {
                let Some(facts) = self.lists[place].get(self.dice.roll(3)) else { return };
                let name = facts.external_id.clone();
                if let Some(id) = self.videos.remove(&name) {
                    delete_video(&self.tenant, id, now).await;
                } else {
                    let id = add_video(&self.tenant, &new_video(&name), now).await;
                    self.videos.insert(name, id);
                }
            }
            (4, Some(_)) => self.publish(now),
            _ => {}
        }
        let mut said: BTreeMap<String, PostFacts> = BTreeMap::new();
        for facts in self.lists.iter_mut().flatten() {
            if let Some(same) = said.get(&facts.external_id) {
                *facts = same.clone();
                continue;
            }
            let value = facts.metrics.views.value().unwrap_or(0);
            let views = (value + self.dice.number(60) - 15).max(0);
            facts.metrics.views = if self.dice.roll(7) == 0 { Reading::NOT_PROVIDED } else { exact(views) };
            facts.metrics.comments =
                if self.dice.roll(3) == 0 { Reading::NOT_PROVIDED } else { exact(self.dice.number(30)) };
            said.insert(facts.external_id.clone(), facts.clone());
        }
    }
}

on_both! {
    async fn roll_ups_are_those_of_a_plain_walk_over_posts_and_profiles(home) {
        for seed in 1..=2 {
            let of = support::organization(&home.store, None).await;
            let tenant = home.store.tenant(of);
            let creators = vec![add_creator(&tenant, "Zoe", START).await, add_creator(&tenant, "Al", START).await];
            let mut world = World {
                dice: Dice(seed), tenant: tenant.clone(), creators, accounts: [None; 3], lists: Default::default(), videos: BTreeMap::new(),
            };
            for _ in 0..5 {
                world.publish(START);
            }
            let mut now = START;
            for step in 0..45 {
                world.happen(now).await;
                world.happen(now).await;
                let followers = world.dice.number(2000);
                read(&home, &world.lists, followers, now).await;
                if step % 9 == 8 {
                    compare(&home, &tenant, of, &world.creators, now).await;
                }
                let hours = u32::try_from(world.dice.roll(20)).unwrap();
                now = now.plus(HOUR * hours + Duration::from_mins(7));
                if world.dice.roll(8) == 0 {
                    now = now.plus(HOUR * 72);
                }
            }
            compare(&home, &tenant, of, &world.creators, now).await;
            let sums = kept(&home).await;
            assert!(sums.len() > 15, "{}", sums.len());
            make_anew(&home).await;
            assert_eq!(kept(&home).await, sums);
            for (id, _) in world.accounts.into_iter().flatten() {
                delete_account(&tenant, id, now).await;
            }
            for id in world.videos.into_values() {
                delete_video(&tenant, id, now).await;
            }
            let own = format!("{} = '{}'", ids(&home, "organization_id"), plain(of.0));
            let parts: Vec<String> = ["view_gain", "view_change", "comment_gain", "follower_change", "posts", "accounts", "posts_observed"]
                .map(|name| format!("ABS(SUM({name}))")).into();
            let sql = format!("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM (SELECT {} AS n FROM organization_days WHERE {own} GROUP BY day) d", parts.join(" + "));
            assert_eq!(home.number(&sql).await, Some(0), "nothing is left of what is gone");
            while home.store.prune_forgotten_days(10).await.unwrap() > 0 {}
            work(&home.store, now.plus(HOUR), |_| panic!("nothing is collected")).await;
        }
    }

    async fn a_post_in_two_feeds_and_added_by_hand_counts_once(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let shared = |views| post(post_id(1), START.minus(HOUR * 100), views);
        let apart = |views| post(post_id(2), START.minus(HOUR * 100), views);
        let by_hand = add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        add_video(&tenant, &new_video(&post_id(2).to_string()), START).await;
        let day = |n: u32| START.plus(HOUR * 24 * n);
        // By hand alone for two days.
        read(&home, &[vec![shared(100), apart(1000)], vec![], vec![]], 10, day(0)).await;
        read(&home, &[vec![shared(107), apart(1001)], vec![], vec![]], 10, day(1)).await;
        // Then in one feed, a day later in another.
        let (amy, _) = add(&tenant, &new_account("amy"), day(2)).await;
        link(&tenant, amy, Some(creator), day(2)).await;
        read(&home, &[vec![shared(117)], vec![], vec![apart(1003)]], 10, day(2)).await;
        let (ben, _) = add(&tenant, &new_account("ben"), day(3)).await;
        link(&tenant, ben, Some(creator), day(3)).await;
        let lists = |views, other| [vec![shared(views)], vec![shared(views)], vec![apart(other)]];
        read(&home, &lists(137, 1006), 10, day(3)).await;
        read(&home, &lists(177, 1010), 12, day(4)).await;
        let window = Window::ending(Day::of(day(4)), 7);
        let of = |scope| {
            let tenant = tenant.clone();
            async move { tenant.rolled_up_timeseries(scope, window).await.unwrap().unwrap() }
        };
        let views = |days: &[HistoryDay]| days.iter().map(|day| (day.values.views, day.gains.views)).collect::<Vec<_>>();
        let all = of(RolledUp::Organization).await;
        let known = |value, gain| (Some(value), Some(gain));
        assert_eq!(views(&all)[2..], [known(1100, 0), known(1108, 8), known(1120, 12), known(1143, 23), known(1187, 44)]);
        let own = of(RolledUp::Creator(creator)).await;
        assert_eq!(views(&own)[2..], [(None, None), (None, None), known(117, 10), known(137, 20), known(177, 40)]);
        assert_eq!((all[6].values.followers, all[6].gains.followers), (Some(24), Some(4)));
        let top = tenant.top_creators(GainName::Views, window, 10).await.unwrap();
        assert_eq!((top[0].gains.views, top[0].coverage.posts, top[0].coverage.observed_days), (Some(70), 1, 3));
        // The numbers stay when a record goes and another still shows the post.
        delete_video(&tenant, by_hand, day(4)).await;
        assert_eq!(of(RolledUp::Organization).await, all);
        delete_account(&tenant, amy, day(4)).await;
        let views_now = views(&of(RolledUp::Organization).await);
        assert_eq!(views_now, views(&all));
        // What is left of the creator begins when its other account showed the post.
        assert_eq!(views(&of(RolledUp::Creator(creator)).await)[5..], [known(137, 20), known(177, 40)]);
        delete_account(&tenant, ben, day(4)).await;
        let alone = of(RolledUp::Organization).await;
        assert_eq!(views(&alone)[2..], [known(1000, 0), known(1001, 1), known(1003, 2), known(1006, 3), known(1010, 4)]);
        assert_eq!(alone[6].values.followers, None);
    }

    async fn an_account_takes_its_history_to_another_creator(home) {
        let tenant = tenant(&home.store).await;
        let (one, other) = (add_creator(&tenant, "One", START).await, add_creator(&tenant, "Other", START).await);
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        link(&tenant, amy, Some(one), START).await;
        for (n, views) in [10, 15, 40].into_iter().enumerate() {
            let now = START.plus(HOUR * 24 * u32::try_from(n).unwrap());
            read(&home, &[vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]], 5, now).await;
        }
        let now = START.plus(HOUR * 48);
        let window = Window::ending(Day::of(now), 30);
        let names = |top: Vec<store::TopCreator>| top.into_iter().map(|top| (top.name, top.gains.views)).collect::<Vec<_>>();
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), [("One".to_owned(), Some(30))]);
        link(&tenant, amy, None, now).await;
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), []);
        link(&tenant, amy, Some(other), now).await;
        assert_eq!(names(tenant.top_creators(GainName::Views, window, 10).await.unwrap()), [("Other".to_owned(), Some(30))]);
        let before = tenant.creator_analytics(one, window).await.unwrap().unwrap();
        assert_eq!((before.totals, before.coverage.observed_days, before.coverage.posts), (Gains::default(), 0, 0));
    }

    async fn an_overview_counts_what_was_there(home) {
        let tenant = tenant(&home.store).await;
        let creator = add_creator(&tenant, "Amy", START).await;
        let (amy, _) = add(&tenant, &new_account("amy"), START).await;
        let posts = |n: i64| (1..=n).map(|n| post(post_id(n), START.minus(HOUR * 100), 10 * n)).collect::<Vec<_>>();
        read(&home, &[posts(2), vec![], vec![]], 5, START).await;
        let now = START.plus(HOUR * 24 * 8);
        let (ben, _) = add(&tenant, &new_account("ben"), now).await;
        add_video(&tenant, &new_video(&post_id(3).to_string()), now).await;
        read(&home, &[posts(3), vec![], vec![]], 5, now).await;
        let window = Window::ending(Day::of(now), 7);
        let numbers = |overview: store::Overview| {
            [overview.current, overview.previous].map(|of| (of.active_accounts, of.account_videos, of.tracked_videos))
        };
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(2, 3, 1), (1, 2, 0)]);
        patch(&tenant, ben, &AccountChange { is_active: Some(false), ..AccountChange::default() }, now).await;
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(1, 3, 1), (1, 2, 0)]);
        link(&tenant, amy, Some(creator), now).await;
        let mut tx = begin(&tenant, now).await;
        let pause = store::CreatorChange { is_active: Some(false), ..store::CreatorChange::default() };
        tx.update_creator(creator, &pause).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(numbers(tenant.overview(window).await.unwrap()), [(0, 3, 1), (0, 2, 0)]);
    }

    async fn nothing_is_seen_of_another_organization(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let creator = add_creator(&one, "Amy", START).await;
        let (amy, _) = add(&one, &new_account("amy"), START).await;
        link(&one, amy, Some(creator), START).await;
        read(&home, &[vec![post(post_id(1), START, 10)], vec![], vec![]], 5, START).await;
        let window = Window::ending(Day::of(START), 7);
        assert!(other.rolled_up_timeseries(RolledUp::Creator(creator), window).await.unwrap().is_none());
        assert!(other.creator_analytics(creator, window).await.unwrap().is_none());
        assert_eq!(other.top_creators(GainName::Views, window, 10).await.unwrap(), []);
        let nothing = other.rolled_up_timeseries(RolledUp::Organization, window).await.unwrap().unwrap();
        assert!(nothing.iter().all(|day| *day == HistoryDay::unobserved(day.day)));
        let overview = other.overview(window).await.unwrap();
        assert_eq!((overview.current.gains, overview.current.account_videos), (Gains::default(), 0));
        assert_eq!(one.overview(window).await.unwrap().current.gains.views, Some(10));
    }

    async fn days_that_are_over_are_laid_together_and_come_to_the_same(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        for n in 0..6_u32 {
            let now = START.plus(HOUR * 24 * n);
            let views = 10 + i64::from(n) * i64::from(n);
            read(&home, &[vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]], i64::from(n), now).await;
        }
        // As if two had written each day at the same time.
        let sums = "accounts accounts_observed profiles_observed accounts_fallen posts posts_observed posts_fallen".split(' ').map(str::to_owned);
        let metrics = ["view", "like", "comment", "share", "play", "saved", "follower", "following", "profile_post"];
        let metrics = metrics.iter().flat_map(|metric| ["change", "counted", "gain", "known"].map(|of| format!("{metric}_{of}")));
        let columns: Vec<_> = sums.chain(metrics).collect();
        let zeroes = vec!["0"; columns.len()].join(", ");
        let split = format!(
            "INSERT INTO organization_days (organization_id, day, part, {}) SELECT organization_id, day, part + 1, {zeroes} FROM organization_days WHERE part < 2147483647",
            columns.join(", ")
        );
        home.sql(&split).await;
        let parts = || home.number("SELECT COUNT(*) FROM organization_days");
        assert_eq!(parts().await, Some(12));
        let before = kept(&home).await;
        let today = Day::of(START).plus(5);
        let window = Window::new(today.plus(-2), today, today).unwrap();
        let shown = || async {
            let days = tenant.rolled_up_timeseries(RolledUp::Organization, window).await.unwrap().unwrap();
            (days, tenant.overview(Window::ending(today, 1)).await.unwrap())
        };
        let then = shown().await;
        while home.store.fold_organization_days(today, None, 2).await.unwrap() > 0 {}
        assert_eq!((parts().await, kept(&home).await), (Some(7), before), "today is still written");
        assert_eq!(shown().await, then);
        // Those of which nobody may ask any more become one.
        while home.store.fold_organization_days(today, Some(today.plus(-2)), 2).await.unwrap() > 0 {}
        assert_eq!(parts().await, Some(5));
        assert_eq!(shown().await, then);
        assert_eq!(home.store.fold_organization_days(today, Some(today.plus(-2)), 2).await.unwrap(), 0);
    }

    async fn parts_of_a_day_are_added_up(home) {
        let of = support::organization(&home.store, None).await;
        let tenant = home.store.tenant(of);
        add(&tenant, &new_account("amy"), START).await;
        let lists = |views| [vec![post(post_id(1), START.minus(HOUR * 100), views)], vec![], vec![]];
        read(&home, &lists(10), 5, START).await;
        let window = Window::ending(Day::of(START), 1);
        let views = || async { tenant.overview(window).await.unwrap().current.gains.views };
        assert_eq!((views().await, home.number("SELECT COUNT(*) FROM organization_days").await), (Some(0), Some(1)));
        if home.url.starts_with("sqlite") {
            return;
        }
        // Somebody holds the one part that there is, and a recording does not wait.
        let connection = home.connection().await;
        let holder = sea_orm::TransactionTrait::begin(&connection).await.unwrap();
        sea_orm::ConnectionTrait::execute_unprepared(&holder, "SELECT * FROM organization_days FOR UPDATE").await.unwrap();
        read(&home, &lists(17), 5, START.plus(HOUR)).await;
        assert_eq!((views().await, home.number("SELECT COUNT(*) FROM organization_days").await), (Some(7), Some(2)));
        holder.rollback().await.unwrap();
        connection.close().await.unwrap();
        let sums = kept(&home).await;
        make_anew(&home).await;
        assert_eq!((kept(&home).await, home.number("SELECT COUNT(*) FROM organization_days").await), (sums, Some(1)));
    }
}
