//! A worker against stand-in platforms, on a store of its own.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use domain::backoff::Backoff;
use domain::metadata::Metadata;
use domain::{AccountId, AgeCurve, Clock, FreshnessState, Handle, Outcome, Platform, RequestId, TargetKind};
use queue::{Queue, QueueOptions};
use sandbox::{Sandbox, SandboxConfig};
use scrape::{PlatformSite, ScrapeConfig, Scraper};
use store::{
    Account, Breaker, Budget, NewAccount, NewOrganization, PlatformPolicy, RecordPolicy, SourcePlan, Store,
    StoreConfig, Tenant,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{Worker, WorkerConfig, WorkerError};

struct World {
    store: Store,
    tenant: Tenant,
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

struct Running {
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), WorkerError>>,
}

impl Running {
    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task).await.expect("in time").unwrap().unwrap();
    }
}

async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let store = Store::connect(&StoreConfig { url, max_connections: 4, age_curve: AgeCurve::flat() }).await.unwrap();
    store.migrate().await.unwrap();
    let new = NewOrganization { name: "test".to_owned(), max_tracked_accounts: None };
    let organization = store.create_organization(&new, Clock::system().now()).await.unwrap();
    let tenant = store.tenant(organization.id);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandbox = sandbox::start(listen, SandboxConfig::default()).await.unwrap();
    World { store, tenant, sandbox, _folder: folder }
}

impl World {
    fn start(&self, queue: &Queue, shutdown_after: Duration) -> Running {
        self.start_sweeping(queue, shutdown_after, Duration::from_millis(50))
    }

    fn start_sweeping(&self, queue: &Queue, shutdown_after: Duration, sweep_interval: Duration) -> Running {
        let site = |url: String| PlatformSite { base_url: url.parse().unwrap() };
        let scraper = Scraper::new(ScrapeConfig {
            instagram: site(self.sandbox.base_url(Platform::Instagram)),
            tiktok: site(self.sandbox.base_url(Platform::Tiktok)),
            youtube: site(self.sandbox.base_url(Platform::Youtube)),
            pinterest: site(self.sandbox.base_url(Platform::Pinterest)),
            ..ScrapeConfig::default()
        })
        .unwrap();
        let policy = |platform| PlatformPolicy {
            platform,
            sources: SourcePlan {
                profile: scraper.sources(platform, TargetKind::Profile),
                feed: scraper.sources(platform, TargetKind::Feed),
                post: scraper.sources(platform, TargetKind::Post),
            },
            egresses: vec![domain::source::DIRECT.to_owned()],
            pages: Budget::default(),
            official: Budget::default(),
            breaker: Breaker { refusals_to_open: 5, waits: [Duration::from_mins(5); 4] },
        };
        let config = WorkerConfig {
            name: "test".to_owned(),
            concurrency: 4,
            lease: Duration::from_mins(1),
            sweep_interval,
            offer_gap: Duration::from_secs(1),
            shutdown: shutdown_after,
            platforms: Platform::ALL.into_iter().map(policy).collect(),
            record: RecordPolicy {
                backoff: Backoff { base: Duration::from_secs(30), cap: Duration::from_hours(1) },
                gone_confirm: Duration::from_hours(1),
                compact: true,
            },
            retention: worker::Retention {
                page_loads: Duration::from_hours(24),
                runs: Duration::from_hours(24),
                request_events: Duration::from_hours(24),
                snapshots: None,
                daily: None,
            },
            kept_pages: None,
            canary: None,
            exports: None,
        };
        let worker = Worker::new(self.store.clone(), queue.clone(), scraper, Clock::system(), config);
        let shutdown = CancellationToken::new();
        Running { shutdown: shutdown.clone(), task: tokio::spawn(worker.run(shutdown)) }
    }

    async fn add(&self, platform: Platform, username: &str) -> (AccountId, Vec<domain::Wake>) {
        let mut tx = self.tenant.begin(&RequestId::new(), Clock::system().now()).await.unwrap();
        let id = tx
            .create_account(&NewAccount {
                platform,
                handle: Handle::parse(platform, username).unwrap(),
                category: None,
                scrape_interval_hours: None,
                metadata: Metadata::default(),
                is_active: true,
                creator_id: None,
                max_recent_posts: None,
                post_lookback_days: None,
            })
            .await
            .unwrap();
        (id, tx.commit().await.unwrap())
    }

    /// Waits until the account is as wanted.
    async fn until(&self, id: AccountId, wanted: impl Fn(&Account) -> bool) -> Account {
        for _ in 0..1000 {
            let account = self.tenant.account(id, Clock::system().now()).await.unwrap().unwrap();
            if wanted(&account) {
                return Account::clone(&account);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came about");
    }

    async fn until_held(&self) {
        for _ in 0..1000 {
            if self.sandbox.stats().held > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing was asked for");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_becomes_the_accounts_metrics_and_its_posts() {
    let world = world().await;
    let queue = Queue::memory();
    let running = world.start(&queue, Duration::from_secs(10));
    for platform in Platform::ALL {
        let (id, wakes) = world.add(platform, "the_baker").await;
        for wake in wakes {
            queue.wake(wake);
        }
        let account = world.until(id, |account| account.sums.comment_count.is_some()).await;
        assert!(account.follower_count.is_some() && account.total_post_count.is_some_and(|posts| posts > 0));
        assert_eq!(account.freshness.state, FreshnessState::Fresh);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wake_that_was_never_rung_is_made_up_for() {
    let world = world().await;
    let running = world.start(&Queue::memory(), Duration::from_secs(10));
    let (id, _lost) = world.add(Platform::Tiktok, "some.creator").await;
    world.until(id, |account| account.last_scrape_at.is_some()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_queue_is_out_of_reach_the_worker_does_what_it_finds() {
    let world = world().await;
    let closed_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = QueueOptions { timeout: Duration::from_millis(100), ..QueueOptions::default() };
    let away = Queue::redis(&format!("redis://{closed_port}"), options).unwrap();
    let running = world.start(&away, Duration::from_secs(10));
    let (id, wakes) = world.add(Platform::Instagram, "some.creator").await;
    for wake in wakes {
        away.wake(wake);
    }
    world.until(id, |account| account.sums.like_count.is_some()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_queue_is_out_of_reach_what_is_due_is_read_one_after_another() {
    let world = world().await;
    let mut ids = Vec::new();
    for n in 0..12 {
        ids.push(world.add(Platform::Tiktok, &format!("someone{n}")).await.0);
    }
    let queue = Queue::redis("redis://127.0.0.1:1", QueueOptions::default()).unwrap();
    // Of four at a time and ten minutes between rounds.
    let running = world.start_sweeping(&queue, Duration::from_secs(10), Duration::from_mins(10));
    for id in ids {
        world.until(id, |account| account.total_post_count.is_some()).await;
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_finishes_what_is_in_hand() {
    let world = world().await;
    let running = world.start(&Queue::memory(), Duration::from_secs(15));
    let (id, _) = world.add(Platform::Tiktok, "held.one").await;
    world.until_held().await;
    running.shutdown.cancel();
    world.sandbox.release();
    running.stop().await;
    world.until(id, |account| account.last_scrape_at.is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_deadline_passes_what_is_in_hand_is_given_back() {
    let world = world().await;
    let first = world.start(&Queue::memory(), Duration::from_millis(2200));
    let (id, _) = world.add(Platform::Tiktok, "held.one").await;
    world.until_held().await;
    first.stop().await;
    world.sandbox.release();
    // The lease of the first would have lasted a minute; the second can begin at once.
    let second = world.start(&Queue::memory(), Duration::from_secs(10));
    world.until(id, |account| account.last_scrape_at.is_some()).await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_as_it_is_and_touches_no_metric() {
    let world = world().await;
    let running = world.start(&Queue::memory(), Duration::from_secs(10));
    for (n, handle) in ["challenged.x", "login_wall.x", "empty_body.x", "broken.x", "garbage.x"].into_iter().enumerate()
    {
        let (id, _) = world.add(Platform::Tiktok, handle).await;
        let account = world.until(id, |account| account.freshness.last_attempt_at.is_some()).await;
        assert_eq!(account.freshness.state, FreshnessState::Failing, "{handle}");
        assert_eq!((account.last_scrape_at, account.follower_count, account.total_post_count), (None, None, None));
        // One refusal more would close the platform for the others.
        let (good, _) = world.add(Platform::Tiktok, &format!("good.{n}")).await;
        world.until(good, |account| account.last_scrape_at.is_some()).await;
    }
    let (throttled, _) = world.add(Platform::Tiktok, "throttled.x").await;
    let account = world.until(throttled, |account| account.freshness.last_attempt_at.is_some()).await;
    assert_eq!(account.freshness.last_attempt_outcome, Some(Outcome::RateLimited));
    let states = world.store.platform_states(Clock::system().now()).await.unwrap();
    let closed = states.iter().flat_map(|state| &state.gates).filter(|gate| gate.closed_until.is_some()).count();
    assert_eq!(closed, 1, "the platform's word to wait holds for all of it");
    running.stop().await;
}
