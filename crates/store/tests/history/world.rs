//! A world in which time goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{AccountId, Day, PostFacts, Precision, Reading, Timestamp, VideoId, Window};
use store::{AccountChange, JobTarget, RowId, Tenant, TrackedKind};

use crate::model::{Modelled, Reads, model};
use crate::support::Dice;
use crate::support::{
    Home, account_videos, add, add_video, begin, exact, feed, new_account, new_video, organization, page_of, patch,
    post, post_id, profile, work,
};

/// A world of two organizations, two profiles and their posts, in which time goes on.
pub struct World {
    pub dice: Dice,
    pub organizations: Vec<domain::OrganizationId>,
    pub tenants: Vec<Tenant>,
    pub accounts: Vec<Vec<AccountId>>,
    /// Whether each account is collected.
    pub active: Vec<Vec<bool>>,
    pub videos: BTreeMap<(usize, i64), VideoId>,
    pub posts: Vec<Vec<PostFacts>>,
    pub reads: BTreeMap<(usize, i64), Reads>,
    /// When each organization was last told that a post was published.
    pub told: BTreeMap<(usize, i64), i64>,
    /// When posts were published that do not say so yet.
    pub untold: BTreeMap<String, Timestamp>,
}

/// What a record gained in a window, which must be what its days gained.
pub async fn sums_of_days(tenant: &Tenant, kind: TrackedKind, id: RowId, window: Window) -> store::WindowNumbers {
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

pub const HANDLES: [(&str, &str); 2] = [("11", "amy"), ("12", "ben")];

impl World {
    pub async fn new(home: &Home, seed: u64, start: Timestamp) -> Self {
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

    pub async fn track(&mut self, organization: usize, now: Timestamp) {
        for (_, handle) in HANDLES {
            let (id, _) = add(&self.tenants[organization], &new_account(handle), now).await;
            self.accounts[organization].push(id);
            self.active[organization].push(true);
        }
    }

    pub fn publish(&mut self, at: Timestamp) {
        let profile = self.dice.place(2);
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
    pub fn collects(&self, organization: usize, profile: usize, id: i64) -> bool {
        self.active[organization].get(profile) == Some(&true) || self.videos.contains_key(&(organization, id))
    }

    /// Something happens to an account, a video, a count.
    pub async fn happen(&mut self, home: &Home, now: Timestamp) {
        let (organization, profile) = (self.dice.place(2), self.dice.place(2));
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
    pub async fn toggle_video(&mut self, organization: usize, profile: usize, now: Timestamp) {
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
    pub async fn read(&mut self, home: &Home, now: Timestamp) {
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
    pub async fn add_up(&mut self, start: Timestamp, now: Timestamp) {
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
    pub async fn compare(&self, home: &Home) {
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
