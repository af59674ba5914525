//! A fresh store for each test, on SQLite always and on PostgreSQL where `TEST_POSTGRES_URL` names a server.

#![expect(dead_code, reason = "each suite uses its own part of this")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::backoff::Backoff;
use domain::metadata::Metadata;
use domain::{
    AccountId, Handle, MetricStatus, Observation, OrganizationId, Outcome, Platform, PostFacts, PostRef, Precision,
    ProfileFacts, ProfileMetrics, Reading, RequestId, Timestamp, Wake,
};
use serde_json::Map;
use sqlx::{ConnectOptions, Connection, Executor};
use store::{
    Claim, ClaimPolicy, Job, NewAccount, NewOrganization, NewVideo, PlatformPolicy, RecordPolicy, Recorded, Store,
    StoreConfig, Tenant,
};

/// Keeps what the store lives in until the test ends.
pub struct Home {
    pub store: Store,
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

pub async fn sqlite() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::connect(&StoreConfig { url: url.clone(), max_connections: 4 }).await.unwrap();
    store.migrate().await.unwrap();
    Home { store, url, _folder: Some(folder) }
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
    admin.close().await.unwrap();
    let (base, query) = server.split_once('?').map_or((server.as_str(), None), |(base, query)| (base, Some(query)));
    let base = &base[..base.rfind('/').unwrap()];
    let url = format!("{base}/{name}{}", query.map(|q| format!("?{q}")).unwrap_or_default());
    let store = Store::connect(&StoreConfig { url: url.clone(), max_connections: 8 }).await.unwrap();
    store.migrate().await.unwrap();
    Some(Home { store, url, _folder: None })
}

/// Runs one test body on each kind of database.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($home:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, reason = "a body need not use everything")]
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
pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);

pub fn claims(worker: &str) -> ClaimPolicy {
    let policy =
        |platform| PlatformPolicy { platform, min_interval: Duration::ZERO, refusals_to_close: 3, closed: 5 * MINUTE };
    ClaimPolicy {
        worker: worker.to_owned(),
        lease: 2 * MINUTE,
        platforms: vec![policy(Platform::Instagram), policy(Platform::Tiktok)],
    }
}

pub fn policy() -> RecordPolicy {
    RecordPolicy { backoff: Backoff { base: Duration::from_secs(30), cap: 6 * HOUR }, gone_confirm: 6 * HOUR }
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
        scrape_interval_hours: 24,
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
        scrape_interval_hours: 24,
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
        other => panic!("not taken: {other:?}"),
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
        platform_id: id.to_owned(),
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
    tenant.accounts(&store::AccountFilter::default(), &page, START).await.unwrap()
}
