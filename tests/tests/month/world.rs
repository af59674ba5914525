//! The platforms, the database, the three workers, and what was added to be tracked.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::backoff::Backoff;
use domain::metadata::Metadata;
use domain::{
    AccountId, AgeCurve, AgeStep, Clock, Handle, Platform, RequestId, TargetKind, Timestamp, UnavailableReason,
};
use queue::Queue;
use sandbox::{Sandbox, SandboxConfig};
use scrape::{PlatformSite, ScrapeConfig, Scraper};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use store::{
    Account, AccountFilter, AccountOrder, AccountVideo, AccountVideoFilter, Breaker, Budget, Direction, NewAccount,
    NewOrganization, PageRequest, PlatformPolicy, PostOrder, RecordPolicy, Seen, SourcePlan, Store, StoreConfig,
    Tenant,
};
use worker::{Retention, Worker, WorkerConfig};

use crate::{HOUR, START};

/// Accounts on each platform.
const ACCOUNTS: usize = 4;
/// Posts that each account collects.
const POSTS: i64 = 2;

/// How often each platform may be asked: seconds between two requests, and requests an hour.
pub const BUDGETS: [(Platform, u64, u32); 4] = [
    (Platform::Instagram, 8, 60),
    (Platform::Tiktok, 4, 200),
    (Platform::Youtube, 4, 200),
    (Platform::Pinterest, 4, 100),
];

/// What is known of a tracked account beside what the service says.
pub struct Tracked {
    pub platform: Platform,
    pub account: AccountId,
    /// Whom the account was added for, by the platform's own id.
    pub platform_id: String,
}

/// A connection of the test's own, for what the store has no call for.
pub enum Eye {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Eye {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("a connection"))
        } else {
            Self::Postgres(PgConnection::connect(url).await.expect("a connection"))
        }
    }

    /// The rows that `query` answers with; every column of it must be text.
    pub async fn texts(&mut self, query: &str) -> Vec<Vec<Option<String>>> {
        let sql = AssertSqlSafe(query.to_owned());
        let rows: sqlx::Result<_> = match self {
            Self::Sqlite(connection) => sqlx::query(sql)
                .fetch_all(connection)
                .await
                .and_then(|rows| rows.iter().map(|row| (0..row.len()).map(|n| row.try_get(n)).collect()).collect()),
            Self::Postgres(connection) => sqlx::query(sql)
                .fetch_all(connection)
                .await
                .and_then(|rows| rows.iter().map(|row| (0..row.len()).map(|n| row.try_get(n)).collect()).collect()),
        };
        rows.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}

/// Everything.
pub struct World {
    pub clock: Clock,
    pub sandbox: Sandbox,
    pub tenant: Tenant,
    pub eye: Eye,
    pub tracked: Vec<Tracked>,
    /// Since when, by the truth, each account or post cannot be found where the service looks for it.
    pub gone_since: BTreeMap<String, Timestamp>,
    /// Accounts and posts that the service shows as gone at the moment.
    pub shown_gone: BTreeSet<String>,
    /// What was seen at least once, to be sure that the month tried everything.
    pub seen: BTreeSet<&'static str>,
    workers: Vec<Worker>,
}

impl World {
    pub async fn new(url: &str, seed: u64) -> Self {
        let clock = Clock::manual(START);
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = SandboxConfig { seed, clock: clock.clone(), slow: Duration::from_millis(1), padding_bytes: 2_000 };
        let sandbox = sandbox::start(listen, config).await.expect("the stand-ins start");
        let step = |younger_than_days, percent| AgeStep { younger_than_days, percent };
        let age_curve = AgeCurve::new(vec![step(2, 50), step(30, 100)], 200);
        let store = Store::connect(&StoreConfig { url: url.to_owned(), max_connections: 6, age_curve })
            .await
            .expect("the database can be opened");
        store.migrate().await.expect("the tables can be made");
        let new = NewOrganization { name: "month".to_owned(), max_tracked_accounts: None };
        let organization = store.create_organization(&new, START).await.expect("an organization");
        let tenant = store.tenant(organization.id);
        let workers = (0..3).map(|n| worker(n, &store, &sandbox, &clock)).collect();
        Self {
            clock,
            sandbox,
            tenant,
            eye: Eye::open(url).await,
            tracked: Vec::new(),
            gone_since: BTreeMap::new(),
            shown_gone: BTreeSet::new(),
            seen: BTreeSet::new(),
            workers,
        }
    }

    /// Tracks some accounts on each platform.
    pub async fn add_everybody(&mut self) {
        for platform in Platform::ALL {
            for n in 0..ACCOUNTS {
                let username = format!("creator{n}_{platform}");
                let truth = self.sandbox.profile_truth(platform, &username).expect("everybody exists");
                let mut tx = self.tenant.begin(&RequestId::new(), START).await.expect("a transaction");
                let new = NewAccount {
                    platform,
                    handle: Handle::parse(platform, &username).expect("a handle"),
                    category: None,
                    scrape_interval_hours: None,
                    metadata: Metadata::default(),
                    is_active: true,
                    creator_id: None,
                    max_recent_posts: Some(POSTS),
                    post_lookback_days: None,
                };
                let account = tx.create_account(&new).await.expect("a new account");
                tx.commit().await.expect("it is kept");
                let platform_id = truth.facts.platform_id.expect("the truth knows ids");
                self.tracked.push(Tracked { platform, account, platform_id });
            }
        }
    }

    /// Lets all three workers do what is due, at the same time; how many pages they loaded.
    pub async fn work(&self) -> usize {
        let (one, two, three) = tokio::join!(
            self.workers[0].work_through(),
            self.workers[1].work_through(),
            self.workers[2].work_through()
        );
        [one, two, three].into_iter().map(|done| done.expect("the database answers")).sum()
    }

    pub async fn accounts(&self) -> Vec<Arc<Seen<Account>>> {
        let page = PageRequest {
            order_by: AccountOrder::AddedAt,
            direction: Direction::Asc,
            after: None,
            limit: 200,
            include_total: false,
        };
        self.tenant.accounts(&AccountFilter::default(), &page, self.clock.now()).await.expect("a page").rows
    }

    /// Every account video, in pages.
    pub async fn posts(&self) -> Vec<Arc<Seen<AccountVideo>>> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = PageRequest {
                order_by: PostOrder::AddedAt,
                direction: Direction::Asc,
                after,
                limit: 200,
                include_total: false,
            };
            let filter = AccountVideoFilter::default();
            let page = self.tenant.account_videos(&filter, &page, self.clock.now()).await.expect("a page");
            found.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return found,
            }
        }
    }

    /// When anything is due next.
    pub async fn next_due(&mut self) -> Option<Timestamp> {
        let rows = self.eye.texts("SELECT CAST(MIN(due_at) AS TEXT) FROM schedules").await;
        rows[0][0].as_deref().map(|at| Timestamp::from_millis(at.parse().expect("a number")))
    }

    /// Notes that something was seen.
    pub fn note(&mut self, what: &'static str, is_so: bool) {
        if is_so {
            self.seen.insert(what);
        }
    }
}

/// Why an account is shown as unavailable, by a name that stands in [`World::seen`].
pub const fn reason_seen(reason: UnavailableReason) -> &'static str {
    match reason {
        UnavailableReason::NotFound => "an account that is gone",
        UnavailableReason::HandleTaken => "a handle that was taken over",
        UnavailableReason::Duplicate => "two records of one account",
    }
}

fn worker(n: usize, store: &Store, sandbox: &Sandbox, clock: &Clock) -> Worker {
    let site = |platform| PlatformSite { base_url: sandbox.base_url(platform).parse().expect("an address") };
    let scraper = Scraper::new(ScrapeConfig {
        instagram: site(Platform::Instagram),
        tiktok: site(Platform::Tiktok),
        youtube: site(Platform::Youtube),
        pinterest: site(Platform::Pinterest),
        ..ScrapeConfig::default()
    })
    .expect("a scraper");
    let policy = |(platform, seconds, max_per_hour)| PlatformPolicy {
        platform,
        sources: SourcePlan {
            profile: scraper.sources(platform, TargetKind::Profile),
            feed: scraper.sources(platform, TargetKind::Feed),
            post: scraper.sources(platform, TargetKind::Post),
        },
        egresses: vec![domain::source::DIRECT.to_owned()],
        pages: Budget {
            min_interval: Duration::from_secs(seconds),
            max_in_flight: Some(1),
            max_per_hour: Some(max_per_hour),
        },
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 5, waits: [HOUR / 12, HOUR / 4, HOUR, 6 * HOUR] },
    };
    let config = WorkerConfig {
        name: format!("worker {n}"),
        concurrency: 4,
        lease: Duration::from_mins(2),
        sweep_interval: Duration::from_secs(1),
        offer_gap: Duration::from_secs(1),
        shutdown: Duration::from_secs(5),
        platforms: BUDGETS.map(policy).into(),
        record: RecordPolicy {
            backoff: Backoff { base: 10 * HOUR / 60, cap: 6 * HOUR },
            gone_confirm: 6 * HOUR,
            compact: false,
        },
        retention: Retention {
            page_loads: 60 * 24 * HOUR,
            runs: 60 * 24 * HOUR,
            request_events: 60 * 24 * HOUR,
            snapshots: None,
            daily: None,
        },
        kept_pages: None,
        canary: None,
        exports: None,
    };
    Worker::new(store.clone(), Queue::memory_bounded(1), scraper, clock.clone(), config)
}
