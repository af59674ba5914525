//! History by days: each organization's own, of what it saw, the same whether kept while recording or made anew.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{AccountId, Day, PostFacts, Precision, Reading, Timestamp, VideoId, Window};
use store::{AccountChange, JobTarget, NewAccount, RowId, Tenant, TrackedKind};
use support::{
    HOUR, Home, START, account_videos, add, add_video, answer, begin, exact, feed, make_due, new_account, new_video,
    organization, page_of, patch, post, post_id, profile, tenant, work,
};

const DAY_MS: i64 = 86_400_000;

const POST_DAYS: &str = "tracked_post_id day observed_days notes view_count view_gain view_total view_days like_count like_gain like_total \
     like_days comment_count comment_gain comment_total comment_days share_count share_gain share_total share_days play_count play_gain \
     play_total play_days saved_count saved_gain saved_total saved_days";

const ACCOUNT_DAYS: &str = "day observed_days notes posts posts_observed posts_fallen follower_count follower_gain follower_total \
     follower_days following_count following_gain following_total following_days profile_post_count profile_post_gain profile_post_total \
     profile_post_days view_count view_gain view_total view_days like_count like_gain like_total like_days comment_count comment_gain \
     comment_total comment_days share_count share_total play_count saved_count view_posts like_posts comment_posts share_posts play_posts \
     saved_posts";

/// Every row of a table of days, as text.
async fn days(home: &Home, table: &str, columns: &str, key: &str) -> Vec<String> {
    let all: Vec<String> =
        columns.split_whitespace().map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
    home.lines(&format!("SELECT {} FROM {table} ORDER BY {key}, day", all.join(" || '|' || "))).await
}

async fn all_days(home: &Home) -> (Vec<String>, Vec<String>) {
    (
        days(home, "post_days", POST_DAYS, "tracked_post_id").await,
        days(home, "account_days", ACCOUNT_DAYS, "account_id").await,
    )
}

/// Whoever repeats of its newest day something else than it says.
async fn misremembered(home: &Home) -> Vec<String> {
    let mut all = Vec::new();
    for (table, days, key, others, metrics) in [
        ("accounts", "account_days", "account_id", "", "view like comment share play saved follower"),
        ("tracked_posts", "post_days", "tracked_post_id", "observed_days", "view like comment share play saved"),
    ] {
        let sums = metrics.split_whitespace().flat_map(|metric| ["total", "days"].map(|of| format!("{metric}_{of}")));
        let differs = sums.chain(others.split_whitespace().map(str::to_owned));
        let mut differs: Vec<_> = differs.map(|column| format!("t.{column} IS DISTINCT FROM d.{column}")).collect();
        if table == "tracked_posts" {
            let last = |metric| format!("t.{metric}_last IS DISTINCT FROM d.{metric}_count");
            differs.extend(metrics.split_whitespace().map(last));
        }
        let edge = |edge: &str| format!("(SELECT {edge}(x.day) FROM {days} x WHERE x.{key} = t.id)");
        let sql = format!(
            "SELECT '{table} of ' || COALESCE(CAST(d.day AS TEXT), '-') FROM {table} t \
             LEFT JOIN {days} d ON d.{key} = t.id AND d.day = {} \
             WHERE t.last_day IS DISTINCT FROM d.day OR t.first_day IS DISTINCT FROM {} OR {}",
            edge("MAX"),
            edge("MIN"),
            differs.join(" OR ")
        );
        all.extend(home.lines(&sql).await);
    }
    all
}

async fn rebuild(home: &Home) {
    let mut after = 0;
    while let Some(rebuilt) = home.store.rebuild_post_days(after, 3).await.unwrap() {
        after = rebuilt.last;
    }
    let mut after = uuid::Uuid::nil();
    while let Some(rebuilt) = home.store.rebuild_account_days(after, 2).await.unwrap() {
        after = rebuilt.last;
    }
}

/// Small numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn number(&mut self, sides: u64) -> i64 {
        i64::try_from(self.roll(sides)).unwrap()
    }
}

/// What a model of ours knows of one organization's post: the reads that it saw, oldest first, and when it was published.
type Reads = Vec<(i64, [Option<(i64, Precision)>; 2])>;

/// One metric of one day: the last count that a read of the day gave, the gain, the sum of gains.
type Modelled = (Option<i64>, Option<i64>, i64);

/// The same numbers by other means: a plain walk over all reads for each day.
fn model(reads: &Reads, created: i64, metric: usize) -> BTreeMap<i64, Modelled> {
    let mut days = BTreeMap::new();
    let all: BTreeSet<i64> = reads.iter().map(|(at, _)| at.div_euclid(DAY_MS)).collect();
    let first_day = all.first().copied();
    let mut total = 0;
    for day in all {
        let standing = |before: i64| {
            // The last of each earlier day and of this one, each day by itself.
            let mut known = None;
            let mut shown_at = i64::MIN;
            for (at, counts) in reads.iter().filter(|(at, _)| *at < before) {
                let Some((value, precision)) = counts[metric] else { continue };
                let is_same_day = shown_at.div_euclid(DAY_MS) == at.div_euclid(DAY_MS);
                let is_worse = known.is_some_and(|(_, held): (i64, Precision)| held > precision);
                if !(is_same_day && is_worse && at - shown_at < 3_600_000) {
                    (known, shown_at) = (Some((value, precision)), *at);
                }
            }
            known
        };
        let is_today = |(at, _): &&(i64, [Option<(i64, Precision)>; 2])| at.div_euclid(DAY_MS) == day;
        let first_today = reads.iter().filter(is_today).find_map(|(_, counts)| counts[metric]);
        let last = first_today.and_then(|_| standing((day + 1) * DAY_MS));
        let born = first_day == Some(day) && created.div_euclid(DAY_MS) == day;
        let base = standing(day * DAY_MS).or(first_today.filter(|_| !born)).map_or(0, |(then, _)| then);
        let gain = last.map(|(now, _)| now - base);
        total += gain.unwrap_or(0);
        days.insert(day, (last.map(|(value, _)| value), gain, total));
    }
    days
}

/// A world of two organizations, two profiles and their posts, in which time goes on.
struct World {
    dice: Dice,
    organizations: Vec<domain::OrganizationId>,
    tenants: Vec<Tenant>,
    accounts: Vec<Vec<AccountId>>,
    /// Whether each account is collected.
    active: Vec<Vec<bool>>,
    videos: BTreeMap<(usize, i64), VideoId>,
    posts: Vec<Vec<PostFacts>>,
    reads: BTreeMap<(usize, i64), Reads>,
    /// When each organization was last told that a post was published.
    told: BTreeMap<(usize, i64), i64>,
    /// When posts were published that do not say so yet.
    untold: BTreeMap<String, Timestamp>,
}

/// What a record gained in a window, which must be what its days gained.
async fn sums_of_days(tenant: &Tenant, kind: TrackedKind, id: RowId, window: Window) -> store::WindowNumbers {
    let numbers = tenant.window_numbers(kind, &[id], window).await.unwrap().remove(0);
    let days = tenant.timeseries(kind, id, window).await.unwrap().unwrap();
    let sum = |of: fn(&domain::Gains) -> Option<i64>| days.iter().filter_map(|day| of(&day.gains)).reduce(|a, b| a + b);
    assert_eq!(numbers.gains.views, sum(|gains| gains.views), "{kind:?} {window:?}");
    assert_eq!(numbers.gains.comments, sum(|gains| gains.comments), "{kind:?} {window:?}");
    assert_eq!(numbers.gains.followers, sum(|gains| gains.followers), "{kind:?} {window:?}");
    let observed = days.iter().filter(|day| day.observed).count();
    assert_eq!(usize::try_from(numbers.coverage.observed_days).unwrap(), observed, "{kind:?} {window:?}");
    let analytics = tenant.analytics(kind, id, window).await.unwrap().unwrap();
    assert_eq!((analytics.totals, analytics.coverage, analytics.daily), (numbers.gains, numbers.coverage, days));
    let before = tenant.window_numbers(kind, &[id], window.before()).await.unwrap().remove(0);
    assert_eq!(analytics.previous, before.gains);
    numbers
}

const HANDLES: [(&str, &str); 2] = [("11", "amy"), ("12", "ben")];

impl World {
    async fn new(home: &Home, seed: u64, start: Timestamp) -> Self {
        let organizations = vec![organization(&home.store, None).await, organization(&home.store, None).await];
        let tenants = organizations.iter().map(|id| home.store.tenant(*id)).collect();
        let mut world = Self {
            organizations,
            dice: Dice(seed),
            tenants,
            accounts: vec![Vec::new(), Vec::new()],
            active: vec![Vec::new(), Vec::new()],
            videos: BTreeMap::new(),
            posts: vec![Vec::new(), Vec::new()],
            reads: BTreeMap::new(),
            told: BTreeMap::new(),
            untold: BTreeMap::new(),
        };
        for n in 0..4 {
            world.publish(start.minus(Duration::from_hours(n * 20)));
        }
        world.track(0, start).await;
        world
    }

    async fn track(&mut self, organization: usize, now: Timestamp) {
        for (_, handle) in HANDLES {
            let (id, _) = add(&self.tenants[organization], &new_account(handle), now).await;
            self.accounts[organization].push(id);
            self.active[organization].push(true);
        }
    }

    fn publish(&mut self, at: Timestamp) {
        let profile = usize::try_from(self.dice.roll(2)).unwrap();
        let n = i64::try_from(self.posts.iter().map(Vec::len).sum::<usize>()).unwrap();
        let views = self.dice.number(50);
        let mut facts = post(post_id(n), at, views);
        if self.dice.roll(3) == 0 {
            facts.create_time = None;
            self.untold.insert(facts.external_id.clone(), at);
        }
        self.posts[profile].push(facts);
    }

    /// Whether an organization collects a post that stands in a profile's list.
    fn collects(&self, organization: usize, profile: usize, id: i64) -> bool {
        self.active[organization].get(profile) == Some(&true) || self.videos.contains_key(&(organization, id))
    }

    /// Something happens to an account, a video, a count.
    async fn happen(&mut self, home: &Home, now: Timestamp) {
        let (organization, profile) =
            (usize::try_from(self.dice.roll(2)).unwrap(), usize::try_from(self.dice.roll(2)).unwrap());
        match self.dice.roll(8) {
            0 if self.accounts[1].is_empty() => self.track(1, now).await,
            0 | 1 if !self.accounts[organization].is_empty() => {
                let is_active = !self.active[organization][profile];
                let change = AccountChange { is_active: Some(is_active), ..AccountChange::default() };
                patch(&self.tenants[organization], self.accounts[organization][profile], &change, now).await;
                self.active[organization][profile] = is_active;
            }
            2 => self.toggle_video(organization, profile, now).await,
            3 => {
                let hours = self.dice.roll(30);
                self.publish(now.minus(Duration::from_hours(hours)));
            }
            _ => {}
        }
        for list in &mut self.posts {
            for facts in list {
                if facts.create_time.is_none() && self.dice.roll(6) == 0 {
                    facts.create_time = self.untold.remove(&facts.external_id);
                }
                let Reading::Known { value, .. } = facts.metrics.views else { continue };
                let value = match self.dice.roll(5) {
                    0 => (value - self.dice.number(20)).max(0),
                    1 | 2 => value,
                    _ => value + self.dice.number(100),
                };
                let precision = if self.dice.roll(6) == 0 { Precision::Rounded } else { Precision::Exact };
                facts.metrics.views = Reading::Known { value, precision };
                facts.metrics.comments =
                    if self.dice.roll(3) == 0 { Reading::NOT_PROVIDED } else { exact(self.dice.number(30)) };
            }
        }
        assert!(home.store.ping().await.is_ok());
    }

    /// Adds a post by hand, or takes it away again.
    async fn toggle_video(&mut self, organization: usize, profile: usize, now: Timestamp) {
        let Some(id) = self.posts[profile].first().map(|facts| facts.external_id.parse::<i64>().unwrap()) else {
            return;
        };
        if let Some(video) = self.videos.remove(&(organization, id)) {
            let mut tx = begin(&self.tenants[organization], now).await;
            tx.delete_video(video).await.unwrap();
            tx.commit().await.unwrap();
            let is_shown = self.accounts[organization].len() > profile && self.reads.contains_key(&(organization, id));
            if !is_shown {
                self.reads.remove(&(organization, id));
                self.told.remove(&(organization, id));
            }
        } else {
            let video = add_video(&self.tenants[organization], &new_video(&id.to_string()), now).await;
            self.videos.insert((organization, id), video);
        }
    }

    /// Everything that is due is read.
    async fn read(&mut self, home: &Home, now: Timestamp) {
        let posts = self.posts.clone();
        let answer = |job: &store::Job| match &job.target {
            JobTarget::Profile { username, .. } => {
                let (id, handle) = HANDLES.into_iter().find(|(_, handle)| *handle == username.as_str()).unwrap();
                profile(id, handle, now.as_millis() / 7 % 1000)
            }
            JobTarget::Feed { username, .. } => {
                feed(posts[HANDLES.iter().position(|(_, handle)| *handle == username.as_str()).unwrap()].clone())
            }
            JobTarget::Post { external_id, .. } => {
                page_of(posts.iter().flatten().find(|facts| facts.external_id == *external_id).unwrap().clone())
            }
        };
        let targets = work(&home.store, now, answer).await;
        let mut read: BTreeSet<i64> = BTreeSet::new();
        for target in &targets {
            match target {
                JobTarget::Feed { username, .. } => {
                    let profile = HANDLES.iter().position(|(_, handle)| *handle == username.as_str()).unwrap();
                    read.extend(posts[profile].iter().map(|facts| facts.external_id.parse::<i64>().unwrap()));
                }
                JobTarget::Post { external_id, .. } => {
                    read.insert(external_id.parse().unwrap());
                }
                JobTarget::Profile { .. } => {}
            }
        }
        for (profile, list) in posts.iter().enumerate() {
            for facts in list {
                let id = facts.external_id.parse::<i64>().unwrap();
                let count = |reading: Reading| reading.value().zip(reading.precision());
                let counts = [count(facts.metrics.views), count(facts.metrics.comments)];
                for organization in 0..2 {
                    if read.contains(&id) && self.collects(organization, profile, id) {
                        self.reads.entry((organization, id)).or_default().push((now.as_millis(), counts));
                        if let Some(at) = facts.create_time {
                            self.told.insert((organization, id), at.as_millis());
                        }
                    }
                }
            }
        }
    }

    /// Windows are the sums of their days, and an account is the sum of its posts.
    async fn add_up(&mut self, start: Timestamp, now: Timestamp) {
        let span = u64::try_from(Day::of(now).number() - Day::of(start).number()).unwrap() + 4;
        for organization in 0..2 {
            let tenant = self.tenants[organization].clone();
            let videos: Vec<_> = self.videos.iter().filter(|((of, _), _)| *of == organization).collect();
            let videos: Vec<RowId> = videos.into_iter().map(|(_, id)| RowId::Uuid(id.0)).collect();
            for _ in 0..12 {
                let first = Day::of(start).plus(i32::try_from(self.dice.roll(span)).unwrap() - 2);
                let last = first.plus(i32::try_from(self.dice.roll(20)).unwrap());
                let window = Window::new(first, last, last).unwrap();
                for video in &videos {
                    sums_of_days(&tenant, TrackedKind::Video, *video, window).await;
                }
                for account in self.accounts[organization].clone() {
                    let sums = sums_of_days(&tenant, TrackedKind::Account, RowId::Uuid(account.0), window).await;
                    let (mut views, mut observed, mut known) = (None, 0, 0);
                    for post in account_videos(&tenant, account, now).await {
                        let of_post =
                            sums_of_days(&tenant, TrackedKind::AccountVideo, RowId::Integer(post.id.0), window).await;
                        views = views.into_iter().chain(of_post.gains.views).reduce(|a, b| a + b);
                        observed += i64::from(of_post.coverage.observed_days > 0);
                        known += i64::from(post.post.first_scrape_at.is_some_and(|at| Day::of(at) <= last));
                    }
                    assert_eq!(sums.gains.views, views, "{window:?}");
                    assert_eq!((sums.coverage.posts, sums.coverage.posts_observed), (known, observed), "{window:?}");
                }
            }
        }
    }

    /// The days that the store keeps are those of the model.
    async fn compare(&self, home: &Home) {
        let sql = "SELECT CAST(t.organization_id AS TEXT) || '|' || p.external_id || '|' || d.day || '|' || \
             CASE WHEN d.notes % 2 = 1 THEN CAST(d.view_count AS TEXT) ELSE '-' END || '|' || COALESCE(CAST(d.view_gain AS TEXT), '-') || '|' || d.view_total || '|' || \
             CASE WHEN (d.notes / 64) % 2 = 1 THEN CAST(d.comment_count AS TEXT) ELSE '-' END || '|' || COALESCE(CAST(d.comment_gain AS TEXT), '-') || '|' || d.comment_total \
             FROM post_days d JOIN tracked_posts t ON t.id = d.tracked_post_id JOIN posts p ON p.id = t.post_id";
        let sql = if home.url.starts_with("sqlite") {
            sql.replace("CAST(t.organization_id AS TEXT)", "lower(hex(t.organization_id))")
        } else {
            sql.replace("CAST(t.organization_id AS TEXT)", "REPLACE(CAST(t.organization_id AS TEXT), '-', '')")
        };
        let stored: BTreeSet<String> = home.lines(&sql).await.into_iter().collect();
        let mut expected = BTreeSet::new();
        let shown = |(value, gain, total): &Modelled| {
            let text = |number: &Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
            format!("{}|{}|{total}", text(value), text(gain))
        };
        for ((of, id), reads) in &self.reads {
            // Before it is told it is no day at all.
            let created = self.told.get(&(*of, *id)).copied().unwrap_or(i64::MIN);
            let (views, comments) = (model(reads, created, 0), model(reads, created, 1));
            for (day, day_views) in &views {
                let owner = self.organizations[*of].to_string().replace('-', "");
                expected.insert(format!("{owner}|{id}|{day}|{}|{}", shown(day_views), shown(&comments[day])));
            }
        }
        let missing: Vec<_> = expected.difference(&stored).collect();
        let surplus: Vec<_> = stored.difference(&expected).collect();
        assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}\nsurplus {surplus:#?}");
    }
}

on_both! {
    async fn days_are_those_of_a_plain_model_and_the_same_when_made_anew(home) {
        // The second begins before the 29th of February.
        let leap = Timestamp::parse("2028-02-26T20:00:00Z").unwrap();
        for (seed, start) in [(1, START), (2, leap)] {
            let mut world = World::new(&home, seed, start).await;
            let mut now = start;
            for _ in 0..40 {
                world.read(&home, now).await;
                let hours = world.dice.roll(20);
                now = now.plus(Duration::from_hours(hours)).plus(Duration::from_mins(world.dice.roll(60) + 1));
                if world.dice.roll(8) == 0 {
                    now = now.plus(Duration::from_hours(72));
                }
                if world.dice.roll(6) == 0 {
                    // The first moment of a day, or the last of the one before.
                    let millis = world.dice.roll(2);
                    now = Day::of(now).plus(1).start().minus(Duration::from_millis(millis));
                }
                world.happen(&home, now).await;
                make_due(&home, now).await;
            }
            world.compare(&home).await;
            assert_eq!(misremembered(&home).await, [""; 0]);
            world.add_up(start, now).await;
            let kept = all_days(&home).await;
            assert!(kept.0.len() > 50 && kept.1.len() > 20, "{} {}", kept.0.len(), kept.1.len());
            rebuild(&home).await;
            assert_eq!(all_days(&home).await, kept);
            // A world of its own each time.
            for sql in ["DELETE FROM videos", "DELETE FROM account_videos", "DELETE FROM accounts", "DELETE FROM tracked_posts",
                "DELETE FROM post_days", "DELETE FROM account_days", "DELETE FROM post_snapshots", "DELETE FROM profile_snapshots",
                "DELETE FROM posts", "DELETE FROM profiles", "DELETE FROM schedules"] {
                home.sql(sql).await;
            }
        }
    }

    async fn what_was_lost_is_made_anew(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        let posts = [post(post_id(1), START, 10), post(post_id(2), START.minus(HOUR * 48), 500)];
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let kept = all_days(&home).await;
        assert_eq!((kept.0.len(), kept.1.len()), (2, 1));
        home.sql("DELETE FROM post_days").await;
        home.sql("DELETE FROM account_days").await;
        rebuild(&home).await;
        assert_eq!(all_days(&home).await, kept);
        // What was published today is all gain, the older post's count is its base.
        assert_eq!(home.number("SELECT view_gain FROM account_days").await, Some(10));
        assert_eq!(home.number("SELECT view_count FROM account_days").await, Some(510));
    }

    async fn a_date_that_comes_late_changes_no_day_whose_snapshots_have_gone(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let read = |day: i32, views, created: Option<Timestamp>| {
            let home = &home;
            async move {
                let now = START.plus(24 * HOUR * u32::try_from(day).unwrap());
                let facts = PostFacts { create_time: created, ..post(post_id(1), START, views) };
                make_due(home, now).await;
                work(&home.store, now, |_| page_of(facts.clone())).await;
            }
        };
        for (day, views) in [(0, 5_000), (1, 5_100), (2, 5_300), (3, 5_600)] {
            read(day, views, None).await;
        }
        let sql = "SELECT CAST(day AS TEXT) || '|' || CAST(view_total AS TEXT) FROM post_days ORDER BY day";
        let before = home.lines(sql).await;
        let cut = Day::of(START).plus(2).start().as_millis();
        home.sql(&format!("DELETE FROM post_snapshots WHERE taken_at < {cut}")).await;
        read(4, 6_000, Some(START)).await;
        let after = home.lines(sql).await;
        assert_eq!(after[..4], before);
        assert_eq!(after[4], format!("{}|1000", Day::of(START).plus(4).number()));
        let sum = "SELECT CAST(SUM(view_gain) AS BIGINT) FROM organization_days";
        assert_eq!(home.number(sum).await, Some(1_000));
    }

    async fn what_a_platform_does_not_count_is_in_no_history(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let mut facts = post(post_id(1), START, 10);
        facts.metrics.saves = exact(59);
        let page = page_of(facts);
        work(&home.store, START, |_| page.clone()).await;
        let held = [
            home.number("SELECT MAX(saved_count) FROM post_days").await,
            home.number("SELECT CAST(SUM(saved_total) AS BIGINT) FROM post_days").await,
            home.number("SELECT CAST(SUM(saved_known) AS BIGINT) FROM organization_days").await,
            home.number("SELECT MAX(saved_count) FROM tracked_posts").await,
        ];
        assert_eq!(held, [None, Some(0), Some(0), None]);
        assert_eq!(home.number("SELECT saved_count FROM post_snapshots").await, None);
    }

    async fn what_is_known_of_newest_days_is_made_anew_with_them_and_filled_in_by_the_migration(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        add(&tenant, &NewAccount { is_active: false, ..new_account("never") }, START).await;
        for day in 0..3 {
            let now = START.plus(24 * HOUR * day);
            make_due(&home, now).await;
            let posts = [1, 2].map(|n| post(post_id(n), START, n * 10 + i64::from(day) * n));
            work(&home.store, now, answer("11", "amy", &posts)).await;
        }
        assert_eq!(misremembered(&home).await, [""; 0]);
        let sql = "SELECT first_day || '|' || last_day || '|' || view_total || '|' || view_days FROM accounts WHERE first_day IS NOT NULL";
        let first = Day::of(START);
        let known = home.lines(sql).await;
        assert_eq!(known, [format!("{}|{}|36|3", first.number(), first.plus(2).number())]);
        home.sql("UPDATE accounts SET first_day = 1, last_day = 2, view_total = 3, like_days = 4, follower_total = 5").await;
        home.sql("UPDATE tracked_posts SET first_day = 1, last_day = 2, view_total = 3, like_days = 4").await;
        assert_eq!(misremembered(&home).await.len(), 4);
        rebuild(&home).await;
        assert_eq!(misremembered(&home).await, [""; 0]);
        for migration in ["m0008_reporting", "m0010_newest_days"] {
            home.take_back(migration).await;
            home.store.migrate().await.unwrap();
            assert_eq!(misremembered(&home).await, [""; 0]);
            assert_eq!(home.lines(sql).await, known);
        }
    }

    async fn of_equal_reads_of_a_day_the_first_and_the_last_are_kept(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        let mut now = START;
        for views in [10, 10, 10, 10, 11, 11, 10] {
            let page = page_of(post(post_id(1), START, views));
            make_due(&home, now).await;
            work(&home.store, now, |_| page.clone()).await;
            now = now.plus(HOUR / 4);
        }
        let views = home.lines("SELECT CAST(view_count AS TEXT) FROM post_snapshots ORDER BY taken_at").await;
        assert_eq!(views, ["10", "10", "11", "11", "10"]);
        let kept = all_days(&home).await;
        rebuild(&home).await;
        assert_eq!(all_days(&home).await, kept);
    }

    async fn what_one_organization_missed_keeps_its_equal_reads_apart(home) {
        let (one, other) = (tenant(&home.store).await, tenant(&home.store).await);
        let video = new_video(&post_id(1).to_string());
        add_video(&one, &video, START).await;
        let page = page_of(post(post_id(1), START, 10));
        work(&home.store, START, |_| page.clone()).await;
        add_video(&other, &video, START).await;
        for quarters in 1..=3 {
            let now = START.plus(HOUR / 4 * quarters);
            make_due(&home, now).await;
            work(&home.store, now, |_| page.clone()).await;
        }
        // The second is the other organization's first.
        assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots").await, Some(3));
    }

    async fn days_of_what_is_no_longer_tracked_are_forgotten(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let video = add_video(&tenant, &new_video(&post_id(2).to_string()), START).await;
        let posts = [post(post_id(1), START, 10), post(post_id(2), START, 500)];
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(home.number("SELECT COUNT(*) FROM account_days").await, Some(0));
        assert_eq!(home.number("SELECT COUNT(*) FROM tracked_posts").await, Some(1));
        assert_eq!(home.store.prune_forgotten_days(10).await.unwrap(), 1);
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(1));
        let mut tx = begin(&tenant, START).await;
        tx.delete_video(video).await.unwrap();
        tx.commit().await.unwrap();
        while home.store.prune_forgotten_days(10).await.unwrap() > 0 {}
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(0));
    }

    async fn old_days_go_but_for_the_one_that_later_ones_stand_upon(home) {
        let tenant = tenant(&home.store).await;
        add(&tenant, &new_account("amy"), START).await;
        for day in 0..5 {
            let now = START.plus(24 * HOUR * day);
            make_due(&home, now).await;
            let posts = [post(post_id(1), START, 10 + i64::from(day))];
            work(&home.store, now, answer("11", "amy", &posts)).await;
        }
        let before = Day::of(START).plus(3);
        let mut at = store::PrunedDays::BEGIN;
        while !at.is_done() {
            at = home.store.prune_days(before, at, 1).await.unwrap();
        }
        let days = home.lines("SELECT CAST(day AS TEXT) FROM post_days ORDER BY day").await;
        assert_eq!(days, [2, 3, 4].map(|n| before.plus(n - 3).number().to_string()));
        assert_eq!(home.number("SELECT COUNT(*) FROM account_days").await, Some(3));
    }

    async fn the_days_of_forgotten_posts_go_with_their_notes_whoever_clears_away(home) {
        let tenant = tenant(&home.store).await;
        let (id, _) = add(&tenant, &new_account("amy"), START).await;
        let posts: Vec<_> = (1..=60).map(|n| post(post_id(n), START, 10)).collect();
        work(&home.store, START, answer("11", "amy", &posts)).await;
        let mut tx = begin(&tenant, START).await;
        tx.delete_account(id).await.unwrap();
        tx.commit().await.unwrap();
        let clear = || async { while home.store.prune_forgotten_days(3).await.unwrap() > 0 {} };
        tokio::join!(clear(), clear(), clear(), clear());
        assert_eq!(home.number("SELECT COUNT(*) FROM forgotten_posts").await, Some(0));
        assert_eq!(home.number("SELECT COUNT(*) FROM post_days").await, Some(0));
    }

    async fn snapshots_have_months_of_their_own_and_go_with_them(home) {
        let tenant = tenant(&home.store).await;
        add_video(&tenant, &new_video(&post_id(1).to_string()), START).await;
        for month in 0..3 {
            let now = START.plus(24 * HOUR * 31 * month);
            make_due(&home, now).await;
            work(&home.store, now, |_| page_of(post(post_id(1), START, i64::from(month)))).await;
        }
        let is_postgres = !home.url.starts_with("sqlite");
        assert_eq!(home.store.keep_partitions(START).await.unwrap(), if is_postgres { 6 } else { 0 });
        assert_eq!(home.store.keep_partitions(START).await.unwrap(), 0);
        if is_postgres {
            assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots_rest").await, Some(0), "what was there was moved");
        }
        assert_eq!(home.number("SELECT COUNT(*) FROM post_snapshots").await, Some(3));
        let kept = all_days(&home).await;
        // Forty days later the first month is over.
        while home.store.prune_snapshots(START.plus(24 * HOUR * 40), 2).await.unwrap() > 0 {}
        let left = home.number("SELECT COUNT(*) FROM post_snapshots").await.unwrap();
        assert_eq!(left, if is_postgres { 2 } else { 1 }, "months go whole");
        rebuild(&home).await;
        assert_eq!(all_days(&home).await, kept, "days stay where their snapshots are gone");
    }
}
