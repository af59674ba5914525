//! The world that is read: profiles and their posts with what their pages say, organizations that track them, and the store in which the reads are
//! recorded, each at a time of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::{
    AgeCurve, ApiKey, AuthorFacts, Channel, Handle, MediaType, MetricStatus, Observation, Outcome, Platform, PostFacts,
    Precision, ProfileFacts, ProfileMetrics, Reading, Source, Timestamp,
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use store::{
    Breaker, Budget, Claim, ClaimPolicy, Job, JobTarget, NewOrganization, PlatformPolicy, RecordPolicy, Recorded,
    SourcePlan, Store, StoreConfig,
};

use crate::dice::Dice;
use crate::ledger::{Organization, POST_METRICS, Post, Profile, Read, shows};

const HOUR: Duration = Duration::from_hours(1);

/// A profile as its page shows it.
pub struct ProfilePage {
    pub platform: Platform,
    pub username: String,
    pub platform_id: String,
    /// Followers, following, posts.
    pub counts: [i64; 3],
    pub hides_followers: bool,
}

/// A post as its page shows it.
pub struct PostPage {
    pub platform: Platform,
    pub external_id: String,
    /// In whose feeds it stands, the author first.
    pub feeds: Vec<Profile>,
    pub created: Timestamp,
    pub media_type: MediaType,
    pub counts: [i64; POST_METRICS],
    pub hidden: [bool; POST_METRICS],
}

/// Whose page it is, and what it says of the profile itself.
type Page = (Profile, Option<[Reading; 3]>);

/// A connection past the store, for what it has no call for.
pub enum Eye {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

pub struct World {
    pub store: Store,
    pub dice: Dice,
    pub now: Timestamp,
    pub profiles: Vec<ProfilePage>,
    pub posts: Vec<PostPage>,
    pub organizations: Vec<Organization>,
    pub eye: Eye,
}

impl World {
    pub async fn new(url: &str, seed: u64, start: Timestamp) -> Self {
        let config = StoreConfig { url: url.to_owned(), max_connections: 6, age_curve: AgeCurve::flat() };
        let store = Store::connect(&config).await.expect("the database can be opened");
        store.migrate().await.expect("the tables can be made");
        let eye = if url.starts_with("sqlite") {
            Eye::Sqlite(SqliteConnection::connect(url).await.expect("a connection"))
        } else {
            Eye::Postgres(PgConnection::connect(url).await.expect("a connection"))
        };
        let mut world = Self {
            store,
            dice: Dice::new(seed),
            now: start,
            profiles: Vec::new(),
            posts: Vec::new(),
            organizations: Vec::new(),
            eye,
        };
        for platform in Platform::ALL {
            let many = if matches!(platform, Platform::Instagram | Platform::Tiktok) { 2 } else { 1 };
            for _ in 0..many {
                world.appear(platform);
            }
        }
        for _ in 0..12 {
            let age = world.dice.roll(40 * 24);
            world.publish(start.minus(Duration::from_hours(age)));
        }
        for n in 0..3 {
            world.found(n).await;
        }
        world
    }

    fn appear(&mut self, platform: Platform) {
        let n = self.profiles.len();
        self.profiles.push(ProfilePage {
            platform,
            username: format!("somebody{n}"),
            platform_id: format!("{}", 7_000 + n),
            counts: [self.dice.number(5000), self.dice.number(300), self.dice.number(90)],
            hides_followers: false,
        });
    }

    async fn found(&mut self, n: usize) {
        let new = NewOrganization { name: format!("organization {n}"), max_tracked_accounts: None };
        let id = self.store.create_organization(&new, self.now).await.expect("an organization").id;
        let bytes = std::array::from_fn(|_| u8::try_from(self.dice.roll(256)).expect("a byte"));
        let key = ApiKey::from_entropy(&bytes);
        let scopes = "read,write,admin".parse().expect("scopes");
        self.store.create_key(id, "model", &key, &scopes, None, self.now).await.expect("a key");
        self.organizations.push(Organization {
            id,
            tenant: self.store.tenant(id),
            key: key.reveal().to_owned(),
            accounts: Vec::new(),
            videos: Vec::new(),
            creators: Vec::new(),
            collections: Vec::new(),
            seen: BTreeMap::new(),
        });
    }

    /// Somebody publishes a post, now and then together with somebody else.
    pub fn publish(&mut self, created: Timestamp) {
        let author = self.dice.place(self.profiles.len());
        let platform = self.profiles[author].platform;
        let n = self.posts.len();
        let external_id = match platform {
            Platform::Instagram => format!("35718632052537{n:05}"),
            Platform::Tiktok => format!("75718632052537{n:05}"),
            Platform::Youtube => format!("video_{n:05}"),
            Platform::Pinterest => format!("41718632052537{n:05}"),
        };
        let mut feeds = vec![author];
        let others = (0..self.profiles.len()).filter(|it| *it != author && self.profiles[*it].platform == platform);
        if let Some(other) = self.dice.one_of(&others.collect::<Vec<_>>()).copied()
            && self.dice.chance(40)
        {
            feeds.push(other);
        }
        let media_type = *self.dice.one_of(&MediaType::ALL).expect("a type");
        let counts = std::array::from_fn(|_| self.dice.number(400));
        let hidden = std::array::from_fn(|_| self.dice.chance(5));
        self.posts.push(PostPage { platform, external_id, feeds, created, media_type, counts, hidden });
    }

    /// Counts go up and down, and are hidden and shown again.
    pub fn live(&mut self) {
        let dice = &mut self.dice;
        let step = |dice: &mut Dice, count: &mut i64| match dice.roll(6) {
            0 => *count = (*count - dice.number(40)).max(0),
            1 => {}
            _ => *count += dice.number(150),
        };
        for page in &mut self.profiles {
            page.counts.iter_mut().for_each(|count| step(dice, count));
            page.hides_followers = dice.chance(5);
        }
        for page in &mut self.posts {
            page.counts.iter_mut().for_each(|count| step(dice, count));
            for hidden in &mut page.hidden {
                *hidden ^= dice.chance(3);
            }
        }
    }

    /// Some of what is tracked is read, the rest is left for later; each read a few moments after the one before.
    pub async fn read(&mut self, percent: u64) {
        self.make_due(percent).await;
        for _ in 0..20 {
            let mut offered = Vec::new();
            for platform in Platform::ALL {
                let policy = policy_of(platform);
                let some = self.store.offer_due(&policy, 500, Duration::ZERO, self.now).await.expect("an answer");
                offered.extend(some);
            }
            if offered.is_empty() {
                return;
            }
            let claims = ClaimPolicy {
                worker: "model".to_owned(),
                lease: HOUR / 30,
                platforms: Platform::ALL.map(policy_of).into(),
            };
            for wake in offered {
                match self.store.claim(&wake, &claims, self.now).await.expect("an answer") {
                    Claim::Taken(job) => self.read_one(&job).await,
                    Claim::NotDue | Claim::Untracked => {}
                    Claim::Gated => panic!("the gate is closed"),
                }
            }
        }
        panic!("there is no end to the work");
    }

    async fn make_due(&mut self, percent: u64) {
        let sql = "SELECT kind || ':' || CAST(target_id AS TEXT) FROM schedules WHERE due_at IS NOT NULL ORDER BY kind, target_id";
        let rows = self.eye.column(sql).await;
        let due: Vec<String> =
            rows.into_iter().filter(|_| self.dice.chance(percent)).map(|it| format!("'{it}'")).collect();
        let (now, never) = (self.now.as_millis(), self.now.plus(HOUR * 24 * 1000).as_millis());
        let due = if due.is_empty() { "''".to_owned() } else { due.join(", ") };
        let sql = format!(
            "UPDATE schedules SET due_at = CASE WHEN kind || ':' || CAST(target_id AS TEXT) IN ({due}) THEN {now} ELSE {never} END \
             WHERE due_at IS NOT NULL"
        );
        self.eye.run(&sql).await;
    }

    async fn read_one(&mut self, job: &Job) {
        self.now = self.now.plus(Duration::from_millis(1 + self.dice.roll(400)));
        let (observation, profile, posts) = self.answer(job);
        let policy = RecordPolicy {
            backoff: Backoff { base: HOUR * 24, cap: HOUR * 48 },
            gone_confirm: 6 * HOUR,
            compact: true,
        };
        match self.store.record(job, &observation, &policy, self.now).await.expect("an answer") {
            Recorded::Stored(_) => {}
            Recorded::LeaseLost => panic!("the lease was lost"),
        }
        let at = self.now;
        if observation.outcome != Outcome::Ok {
            self.miss(job, at);
            return;
        }
        let is_list = !matches!(job.target, JobTarget::Post { .. });
        for organization in &mut self.organizations {
            if let Some((profile, said)) = profile {
                if let Some(said) = said {
                    organization.see_profile(profile, Read { at, said });
                }
                organization.see_list(profile, &posts.iter().map(|(post, _)| *post).collect::<Vec<_>>(), at);
            }
            for (post, facts) in &posts {
                let said = readings(facts);
                // A line of a list without a count only says that the post is there.
                if !is_list || said.iter().any(|reading| *reading != Reading::NOT_PROVIDED) {
                    organization.see_post(*post, Read { at, said }, facts.create_time);
                }
            }
        }
    }

    fn miss(&mut self, job: &Job, at: Timestamp) {
        match &job.target {
            JobTarget::Profile { username, .. } => {
                let profile = self.profile_of(job.platform, username);
                self.organizations.iter_mut().for_each(|organization| organization.miss_profile(profile, at));
            }
            JobTarget::Feed { .. } => {}
            JobTarget::Post { external_id, .. } => {
                let post = self.post_of(job.platform, external_id);
                self.organizations.iter_mut().for_each(|organization| organization.miss_post(post, at));
            }
        }
    }

    fn profile_of(&self, platform: Platform, username: &str) -> Profile {
        let is_it = |page: &ProfilePage| page.platform == platform && page.username == username;
        self.profiles.iter().position(is_it).expect("a profile of this world")
    }

    fn post_of(&self, platform: Platform, external_id: &str) -> Post {
        let is_it = |page: &PostPage| page.platform == platform && page.external_id == external_id;
        self.posts.iter().position(is_it).expect("a post of this world")
    }

    /// What a page answers: the observation, whose page it is and what it says of the profile, and the posts on it.
    fn answer(&mut self, job: &Job) -> (Observation, Option<Page>, Vec<(Post, PostFacts)>) {
        // A list that cannot be read leaves days on which an account was read and none of its posts.
        if self.dice.chance(if matches!(job.target, JobTarget::Feed { .. }) { 40 } else { 8 }) {
            return (Observation::failed(Outcome::NetworkError, "as the test wants it"), None, Vec::new());
        }
        match &job.target {
            JobTarget::Profile { username, .. } => {
                let profile = self.profile_of(job.platform, username);
                let (facts, said) = self.profile_facts(profile);
                let posts = if self.dice.chance(25) { self.list(profile) } else { Vec::new() };
                let mut observation = Observation::ok("model.profile");
                observation.profile = Some(facts);
                observation.posts = posts.iter().map(|(_, facts)| facts.clone()).collect();
                (observation, Some((profile, Some(said))), posts)
            }
            JobTarget::Feed { username, .. } => {
                let profile = self.profile_of(job.platform, username);
                let posts = self.list(profile);
                let mut observation = Observation::ok("model.feed");
                observation.posts = posts.iter().map(|(_, facts)| facts.clone()).collect();
                (observation, Some((profile, None)), posts)
            }
            JobTarget::Post { external_id, .. } => {
                let post = self.post_of(job.platform, external_id);
                let facts = self.post_facts(post, false);
                let mut observation = Observation::ok("model.post");
                observation.posts = vec![facts.clone()];
                (observation, None, vec![(post, facts)])
            }
        }
    }

    fn profile_facts(&mut self, profile: Profile) -> (ProfileFacts, [Reading; 3]) {
        let precision = self.precision(80);
        let page = &self.profiles[profile];
        let mut said = page.counts.map(|count| reading(count, precision));
        if page.hides_followers {
            said[0] = Reading::Null(MetricStatus::Hidden);
        }
        if self.dice.chance(15) {
            said[2] = Reading::NOT_PROVIDED;
        }
        let [followers, following, posts] = said;
        let facts = ProfileFacts {
            platform: page.platform,
            platform_id: Some(page.platform_id.clone()),
            username: page.username.clone(),
            name: None,
            description: None,
            profile_pic_url: None,
            is_verified: None,
            is_private: None,
            link_in_bio: None,
            metrics: ProfileMetrics { followers, following, posts, likes: Reading::NOT_PROVIDED },
            platform_data: serde_json::Map::new(),
        };
        (facts, said)
    }

    /// The list of a profile's posts, most of them.
    fn list(&mut self, profile: Profile) -> Vec<(Post, PostFacts)> {
        let all = (0..self.posts.len()).filter(|post| {
            let page = &self.posts[*post];
            page.feeds.contains(&profile) && page.created <= self.now
        });
        let all: Vec<Post> = all.collect();
        let shown: Vec<Post> = all.into_iter().filter(|_| self.dice.chance(90)).collect();
        shown.into_iter().map(|post| (post, self.post_facts(post, true))).collect()
    }

    fn post_facts(&mut self, post: Post, in_list: bool) -> PostFacts {
        let precision = self.precision(if in_list { 60 } else { 90 });
        let page = &self.posts[post];
        let author = &self.profiles[page.feeds[0]];
        let mut facts = PostFacts::bare(page.platform, page.external_id.clone());
        facts.author =
            AuthorFacts { platform_id: Some(author.platform_id.clone()), username: Some(author.username.clone()) };
        facts.media_type = Some(page.media_type);
        if in_list && self.dice.chance(10) {
            // Nothing but that it is there.
            return facts;
        }
        facts.create_time = Some(page.created).filter(|_| self.dice.chance(85));
        let mut said = [Reading::NOT_PROVIDED; POST_METRICS];
        for (metric, reading_of) in said.iter_mut().enumerate() {
            if page.hidden[metric] {
                *reading_of = Reading::Null(MetricStatus::Hidden);
            } else if shows(page.platform, metric) && self.dice.chance(88) {
                *reading_of = reading(page.counts[metric], precision);
            }
        }
        if page.platform == Platform::Tiktok {
            said[4] = said[0];
        }
        let metrics = &mut facts.metrics;
        [metrics.views, metrics.likes, metrics.comments, metrics.shares, metrics.plays, metrics.saves] = said;
        facts
    }

    fn precision(&mut self, percent_exact: u64) -> Precision {
        match self.dice.roll(100) {
            roll if roll < percent_exact => Precision::Exact,
            roll if roll % 3 == 0 => Precision::FromText,
            _ => Precision::Rounded,
        }
    }
}

/// What a page says of a count.
fn reading(count: i64, precision: Precision) -> Reading {
    let value = if precision == Precision::Rounded { count / 10 * 10 } else { count };
    Reading::Known { value, precision }
}

/// What facts say of a post's metrics.
pub const fn readings(facts: &PostFacts) -> [Reading; POST_METRICS] {
    let metrics = &facts.metrics;
    [metrics.views, metrics.likes, metrics.comments, metrics.shares, metrics.plays, metrics.saves]
}

/// A platform with one source for each kind of target, without a budget.
fn policy_of(platform: Platform) -> PlatformPolicy {
    let page = |name| vec![Source { name, channel: Channel::Page }];
    PlatformPolicy {
        platform,
        sources: SourcePlan { profile: page("model.profile"), feed: page("model.feed"), post: page("model.post") },
        egresses: vec![domain::source::DIRECT.to_owned()],
        pages: Budget::default(),
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 3, waits: [HOUR, HOUR, HOUR, HOUR] },
    }
}

impl ProfilePage {
    pub fn handle(&self) -> Handle {
        Handle::parse(self.platform, &self.username).expect("a handle")
    }
}

impl Eye {
    async fn run(&mut self, sql: &str) {
        let text = AssertSqlSafe(sql.to_owned());
        let done = match self {
            Self::Sqlite(connection) => sqlx::query(text).execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sqlx::query(text).execute(connection).await.map(|_| ()),
        };
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The first column of every row, which is text.
    pub async fn column(&mut self, sql: &str) -> Vec<String> {
        let text = AssertSqlSafe(sql.to_owned());
        let rows: sqlx::Result<Vec<String>> = match self {
            Self::Sqlite(connection) => {
                sqlx::query(text).fetch_all(connection).await.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
            Self::Postgres(connection) => {
                sqlx::query(text).fetch_all(connection).await.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
        };
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

impl World {
    /// Every row of the tables of days, and of what repeats their newest, as text.
    pub async fn all_days(&mut self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        for (table, key, least) in [
            ("post_days", "tracked_post_id, day", 20),
            ("account_days", "account_id, day", 20),
            ("tracked_posts", "id", 20),
            ("accounts", "id", 4),
        ] {
            let rows = self.rows(table, key).await;
            assert!(rows.len() > least, "{} {table}", rows.len());
            all.push(rows);
        }
        all
    }

    async fn rows(&mut self, table: &str, key: &str) -> Vec<String> {
        let sql = match self.eye {
            Eye::Postgres(_) => format!("SELECT CAST(ROW_TO_JSON(d) AS TEXT) FROM {table} d ORDER BY {key}"),
            Eye::Sqlite(_) => {
                let names = format!("SELECT name FROM pragma_table_xinfo('{table}') ORDER BY name");
                let columns: Vec<String> =
                    self.eye.column(&names).await.iter().map(|column| format!("QUOTE({column})")).collect();
                format!("SELECT {} FROM {table} ORDER BY {key}", columns.join(" || '|' || "))
            }
        };
        self.eye.column(&sql).await
    }
}
