//! A fresh store for each test, on SQLite always and on PostgreSQL where `TEST_POSTGRES_URL` names a server.

#![expect(dead_code, reason = "each suite uses its own part of this")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::backoff::Backoff;
use domain::metadata::Metadata;
use domain::{
    AccountId, Channel, CreatorId, Handle, MetricStatus, Observation, OrganizationId, Outcome, Platform, PostFacts,
    PostRef, Precision, ProfileFacts, ProfileMetrics, Reading, RequestId, Source, Timestamp, VideoId, Wake,
};
use migrations::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Map;
use sqlx::{ConnectOptions, Connection, Executor};
use store::{
    AccountChange, Breaker, Budget, Claim, ClaimPolicy, Job, JobTarget, NewAccount, NewCreator, NewOrganization,
    NewVideo, PlatformPolicy, RecordPolicy, Recorded, SourcePlan, Store, StoreConfig, Tenant, TenantTx, VideoChange,
};

/// Keeps what the store lives in until the test ends.
pub struct Home {
    pub store: Store,
    pub url: String,
    _folder: Option<tempfile::TempDir>,
    _database: Option<Database>,
}

/// A database on the PostgreSQL server, which goes when the test ends.
struct Database {
    server: String,
    name: String,
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
                let mut admin = options.connect().await.unwrap();
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                admin.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
            });
        });
        if dropped.join().is_err() {
            eprintln!("{} was left behind", self.name);
        }
    }
}

pub async fn sqlite() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store =
        Store::connect(&StoreConfig { url: url.clone(), age_curve: domain::AgeCurve::flat(), max_connections: 4 })
            .await
            .unwrap();
    store.migrate().await.unwrap();
    Home { store, url, _folder: Some(folder), _database: None }
}

pub async fn postgres() -> Option<Home> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
        eprintln!("skipped: TEST_POSTGRES_URL names no server");
        return None;
    };
    let name = format!("store_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
    let mut admin = options.connect().await.unwrap();
    admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    // What a power failure would lose does not matter here.
    let quick = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    admin.execute(sqlx::AssertSqlSafe(quick)).await.unwrap();
    admin.close().await.unwrap();
    let (base, query) = server.split_once('?').map_or((server.as_str(), None), |(base, query)| (base, Some(query)));
    let base = &base[..base.rfind('/').unwrap()];
    let url = format!("{base}/{name}{}", query.map(|q| format!("?{q}")).unwrap_or_default());
    let store =
        Store::connect(&StoreConfig { url: url.clone(), age_curve: domain::AgeCurve::flat(), max_connections: 8 })
            .await
            .unwrap();
    store.migrate().await.unwrap();
    let database = Database { server: server.clone(), name };
    Some(Home { store, url, _folder: None, _database: Some(database) })
}

/// Runs one test body on each kind of database.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($home:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn body($home: support::Home) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                body(support::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(home) = support::postgres().await {
                    body(home).await;
                }
            }
        }
    )*};
}

pub const START: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);

pub fn claims(worker: &str) -> ClaimPolicy {
    ClaimPolicy {
        worker: worker.to_owned(),
        lease: 2 * MINUTE,
        platforms: vec![platform(Platform::Instagram), platform(Platform::Tiktok)],
    }
}

/// A platform with one source for each kind of target, without a budget; its breaker opens at the third refusal.
pub fn platform(platform: Platform) -> PlatformPolicy {
    let page = |name| vec![Source { name, channel: Channel::Page }];
    PlatformPolicy {
        platform,
        sources: SourcePlan { profile: page("test.profile"), feed: page("test.feed"), post: page("test.post") },
        egresses: vec![domain::source::DIRECT.to_owned()],
        pages: Budget::default(),
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 3, waits: [5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR] },
    }
}

pub fn policy() -> RecordPolicy {
    let backoff = Backoff { base: Duration::from_secs(30), cap: 6 * HOUR };
    RecordPolicy { backoff, gone_confirm: 6 * HOUR, compact: true }
}

pub async fn organization(store: &Store, cap: Option<i64>) -> OrganizationId {
    let new = NewOrganization { name: "test".to_owned(), max_tracked_accounts: cap };
    store.create_organization(&new, START).await.unwrap().id
}

pub async fn tenant(store: &Store) -> Tenant {
    store.tenant(organization(store, None).await)
}

pub fn new_account(username: &str) -> NewAccount {
    NewAccount {
        platform: Platform::Tiktok,
        handle: Handle::parse(Platform::Tiktok, username).unwrap(),
        category: None,
        scrape_interval_hours: None,
        metadata: Metadata::default(),
        is_active: true,
        creator_id: None,
        max_recent_posts: None,
        post_lookback_days: None,
    }
}

pub fn new_video(id: &str) -> NewVideo {
    NewVideo {
        post: PostRef::parse(Platform::Tiktok, id).unwrap(),
        scrape_interval_hours: None,
        metadata: Metadata::default(),
        is_active: true,
    }
}

/// Adds an account and returns the wakes that were to be rung.
pub async fn add(tenant: &Tenant, new: &NewAccount, now: Timestamp) -> (AccountId, Vec<Wake>) {
    let mut tx = tenant.begin(&RequestId::new(), now).await.unwrap();
    let id = tx.create_account(new).await.unwrap();
    (id, tx.commit().await.unwrap())
}

pub async fn claim(store: &Store, wake: &Wake, now: Timestamp) -> Job {
    match store.claim(wake, &claims("w1"), now).await.unwrap() {
        Claim::Taken(job) => *job,
        other @ (Claim::NotDue | Claim::Gated | Claim::Untracked) => panic!("not taken: {other:?}"),
    }
}

pub async fn record(store: &Store, job: &Job, observation: &Observation, now: Timestamp) -> Vec<Wake> {
    match store.record(job, observation, &policy(), now).await.unwrap() {
        Recorded::Stored(wakes) => wakes,
        Recorded::LeaseLost => panic!("the lease was lost"),
    }
}

pub fn exact(value: i64) -> Reading {
    Reading::Known { value, precision: Precision::Exact }
}

pub fn profile(id: &str, username: &str, followers: i64) -> Observation {
    let mut observation = Observation::ok("test.profile");
    observation.profile = Some(ProfileFacts {
        platform: Platform::Tiktok,
        platform_id: Some(id.to_owned()),
        username: username.to_owned(),
        name: Some("Name".to_owned()),
        description: None,
        profile_pic_url: None,
        is_verified: Some(true),
        is_private: Some(false),
        link_in_bio: None,
        metrics: ProfileMetrics {
            followers: exact(followers),
            following: exact(7),
            posts: Reading::NOT_PROVIDED,
            likes: Reading::NOT_PROVIDED,
        },
        platform_data: Map::new(),
    });
    observation
}

/// A post made at `at`, with views and hidden likes.
pub fn post(id: i64, at: Timestamp, views: i64) -> PostFacts {
    let mut facts = PostFacts::bare(Platform::Tiktok, id.to_string());
    facts.create_time = Some(at);
    facts.metrics.views = exact(views);
    facts.metrics.likes = Reading::Null(MetricStatus::Hidden);
    facts
}

pub fn feed(posts: Vec<PostFacts>) -> Observation {
    let mut observation = Observation::ok("test.feed");
    observation.posts = posts;
    observation
}

/// Makes everything due at once, as if its interval had passed.
pub async fn make_due(home: &Home, now: Timestamp) {
    home.sql(&format!("UPDATE schedules SET due_at = {} WHERE due_at IS NOT NULL", now.as_millis())).await;
}

pub fn failed(outcome: Outcome) -> Observation {
    Observation::failed(outcome, "as the test wants it")
}

pub async fn all_accounts(tenant: &Tenant) -> store::Page<store::Account> {
    let page = store::PageRequest {
        order_by: store::AccountOrder::AddedAt,
        direction: store::Direction::Desc,
        after: None,
        limit: 200,
        include_total: false,
    };
    let page = tenant.accounts(&store::AccountFilter::default(), &page, START).await.unwrap();
    store::Page {
        rows: page.rows.iter().map(|seen| store::Account::clone(seen)).collect(),
        next: page.next,
        total: page.total,
    }
}

impl Home {
    /// A look past the store. Its pool ages nothing: the task that would can count for ever when it starts while the first connection is given
    /// back (sqlx 0.9).
    pub async fn connection(&self) -> sea_orm::DatabaseConnection {
        let mut options = sea_orm::ConnectOptions::new(self.url.clone());
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
        sea_orm::Database::connect(options).await.unwrap()
    }

    /// Makes the days of all posts and accounts anew, few in a transaction.
    pub async fn rebuild(&self) {
        let mut after = 0;
        while let Some(rebuilt) = self.store.rebuild_post_days(after, 3).await.unwrap() {
            after = rebuilt.last;
        }
        let mut after = uuid::Uuid::nil();
        while let Some(rebuilt) = self.store.rebuild_account_days(after, 2).await.unwrap() {
            after = rebuilt.last;
        }
    }

    /// Runs a statement that the store has no call for.
    pub async fn sql(&self, text: &str) {
        let connection = self.connection().await;
        connection.execute_unprepared(text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        connection.close().await.unwrap();
    }

    /// Takes back the migration of this name and all that came after it.
    pub async fn take_back(&self, name: &str) {
        let migrations = Migrator::migrations();
        let place = migrations.iter().position(|migration| migration.name() == name).unwrap();
        let steps = u32::try_from(migrations.len() - place).unwrap();
        let connection = self.connection().await;
        Migrator::down(&connection, Some(steps)).await.unwrap();
        connection.close().await.unwrap();
    }

    /// The one number that a query gives; `None` for null.
    pub async fn number(&self, text: &str) -> Option<i64> {
        let connection = self.connection().await;
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), text)).await;
        let row = row.unwrap_or_else(|error| panic!("{text}: {error}")).expect("a row");
        let number = row.try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        number
    }

    /// The lines of a plan, as SQLite tells it.
    pub async fn plan(&self, text: &str) -> Vec<String> {
        let connection = self.connection().await;
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), text)).await;
        let lines = rows.unwrap().iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        connection.close().await.unwrap();
        lines
    }

    /// The first column of every row, which is text.
    pub async fn lines(&self, text: &str) -> Vec<String> {
        let connection = self.connection().await;
        let rows = connection.query_all_raw(Statement::from_string(connection.get_database_backend(), text)).await;
        let rows = rows.unwrap_or_else(|error| panic!("{text}: {error}"));
        let lines = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        connection.close().await.unwrap();
        lines
    }

    /// The one text that a query gives; `None` for null.
    pub async fn text(&self, text: &str) -> Option<String> {
        let connection = self.connection().await;
        let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), text)).await;
        let row = row.unwrap_or_else(|error| panic!("{text}: {error}")).expect("a row");
        let found = row.try_get_by_index(0).unwrap();
        connection.close().await.unwrap();
        found
    }
}

/// Does all work that is due at `now`, as one worker, until none is left; the pages that were read, in order.
pub async fn work(store: &Store, now: Timestamp, answer: impl Fn(&Job) -> Observation) -> Vec<JobTarget> {
    let mut read = Vec::new();
    for _ in 0..200 {
        let mut offered = Vec::new();
        for platform in Platform::ALL {
            offered.extend(store.offer_due(&self::platform(platform), 500, Duration::ZERO, now).await.unwrap());
        }
        if offered.is_empty() {
            return read;
        }
        for wake in offered {
            match store.claim(&wake, &claims("w1"), now).await.unwrap() {
                Claim::Taken(job) => {
                    record(store, &job, &answer(&job), now).await;
                    read.push(job.target);
                }
                Claim::NotDue | Claim::Untracked => {}
                Claim::Gated => panic!("the gate is closed"),
            }
        }
    }
    panic!("there is no end to the work: {read:?}");
}

/// Everything of one list, read in one page.
pub const fn whole<O>(order_by: O) -> store::PageRequest<O> {
    store::PageRequest { order_by, direction: store::Direction::Asc, after: None, limit: 500, include_total: false }
}

pub async fn begin(tenant: &Tenant, now: Timestamp) -> TenantTx {
    tenant.begin(&RequestId::new(), now).await.unwrap()
}

pub async fn add_video(tenant: &Tenant, new: &NewVideo, now: Timestamp) -> VideoId {
    let mut tx = begin(tenant, now).await;
    let id = tx.create_video(new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Pauses a video, or goes on with it.
pub async fn set_active(tenant: &Tenant, id: VideoId, is_active: bool, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.update_video(id, &VideoChange { is_active: Some(is_active), ..VideoChange::default() }).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn add_creator(tenant: &Tenant, name: &str, now: Timestamp) -> CreatorId {
    let mut tx = begin(tenant, now).await;
    let new = NewCreator { name: name.to_owned(), is_active: true, metadata: Metadata::default() };
    let id = tx.create_creator(&new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub async fn patch(tenant: &Tenant, id: AccountId, change: &AccountChange, now: Timestamp) {
    let mut tx = begin(tenant, now).await;
    tx.update_account(id, change).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn account(tenant: &Tenant, id: AccountId, now: Timestamp) -> store::Account {
    store::Account::clone(&tenant.account(id, now).await.unwrap().expect("the account"))
}

pub async fn video(tenant: &Tenant, id: VideoId, now: Timestamp) -> store::Video {
    store::Video::clone(&tenant.video(id, now).await.unwrap().expect("the video"))
}

/// The account videos of an account, oldest id first.
pub async fn account_videos(tenant: &Tenant, id: AccountId, now: Timestamp) -> Vec<store::AccountVideo> {
    let filter = store::AccountVideoFilter { account_id: Some(id), ..Default::default() };
    let found = tenant.account_videos(&filter, &whole(store::PostOrder::AddedAt), now).await.unwrap().rows;
    found.iter().map(|seen| store::AccountVideo::clone(seen)).collect()
}

/// The page of one post.
pub fn page_of(facts: PostFacts) -> Observation {
    let mut observation = Observation::ok("test.post");
    observation.posts = vec![facts];
    observation
}

/// One profile with these posts; a post's own page says what its list says.
pub fn answer<'a>(id: &'a str, username: &'a str, posts: &'a [PostFacts]) -> impl Fn(&Job) -> Observation + 'a {
    move |job| match &job.target {
        JobTarget::Profile { .. } => profile(id, username, 1000),
        JobTarget::Feed { .. } => feed(posts.to_vec()),
        JobTarget::Post { external_id, .. } => posts
            .iter()
            .find(|facts| facts.external_id == *external_id)
            .map_or_else(|| failed(Outcome::NotFound), |facts| page_of(facts.clone())),
    }
}

/// A number that looks like a platform's id of a post.
pub const fn post_id(n: i64) -> i64 {
    7_571_863_205_253_770_000 + n
}

/// Small numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// The same as a place in a list.
    pub fn place(&mut self, sides: u64) -> usize {
        usize::try_from(self.roll(sides)).unwrap()
    }

    /// The same as a count.
    pub fn number(&mut self, sides: u64) -> i64 {
        i64::try_from(self.roll(sides)).unwrap()
    }
}
