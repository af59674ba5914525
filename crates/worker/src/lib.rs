//! Who does the work: claim a due target, read its page, record what it said; offer due targets to whoever is free; clear away what is
//! out of date.
//!
//! Any number of workers may run, be killed and be added at will. What they may do at one time is decided by the schedule rows in the
//! store; the queue only says where to look.

mod canary;
mod exports;
mod job;
mod kept_pages;
pub mod metrics;
mod sweep;

use std::sync::Arc;
use std::time::Duration;

pub use canary::{Canaries, CanaryConfig};
use domain::{Clock, Wake};
pub use exports::{Exporter, ExportsConfig, Layouts};
pub use kept_pages::{KeptPages, KeptPagesConfig, Sidecar};
use queue::{Queue, QueueError, WorkerOptions};
use scrape::Scraper;
use store::{ClaimPolicy, PlatformPolicy, RecordPolicy, Store, StoreError};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// The worker's name, for support staff: role, host and process.
    pub name: String,
    /// Pages read at the same time.
    pub concurrency: usize,
    /// How long a claim lasts when nothing is heard of the worker again. Longer than any page load.
    pub lease: Duration,
    /// How often due targets are looked for.
    pub sweep_interval: Duration,
    /// How long an offered target is left alone before it is offered again.
    pub offer_gap: Duration,
    /// How long running scrapes may go on after the order to stop; then they are given back.
    pub shutdown: Duration,
    /// The platforms that are switched on, and how often each may be asked.
    pub platforms: Vec<PlatformPolicy>,
    /// How failures are followed up.
    pub record: RecordPolicy,
    /// How long is kept what is not kept for good.
    pub retention: Retention,
    /// Where pages are kept that could not be understood; nowhere without it.
    pub kept_pages: Option<KeptPagesConfig>,
    /// Which well-known profiles are read to notice that pages changed; none without it.
    pub canary: Option<CanaryConfig>,
    /// How exports are written; by other workers without it.
    pub exports: Option<ExportsConfig>,
}

/// How long is kept what is not kept for good. Every worker throws away what is older, a little at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The log of page loads.
    pub page_loads: Duration,
    /// Runs that ended.
    pub runs: Duration,
    /// The record of calls.
    pub request_events: Duration,
    /// Single reads; for good without it.
    pub snapshots: Option<Duration>,
    /// Days; for good without it.
    pub daily: Option<Duration>,
}

/// Why a worker ended before it was told to.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// The queue gave up.
    #[error("the queue ended")]
    Queue(#[source] QueueError),
    /// The sweeper ended, which it never does by itself.
    #[error("the sweeper ended")]
    Sweeper(#[source] tokio::task::JoinError),
}

/// A worker, ready to run.
#[derive(Clone, Debug)]
pub struct Worker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    queue: Queue,
    scraper: Scraper,
    clock: Clock,
    config: WorkerConfig,
    claims: ClaimPolicy,
    kept_pages: KeptPages,
    /// One for each page that may be read at the same time, whoever brought the wake.
    permits: Semaphore,
    /// Jobs that the sweeper began by itself, the canaries and exports.
    own: TaskTracker,
    /// Ends scrapes that outlive the deadline of a shutdown.
    give_back: CancellationToken,
}

/// What is kept of the deadline for giving claims back.
const GIVE_BACK: Duration = Duration::from_secs(2);

impl Worker {
    /// A worker on `store` and `queue` that reads pages with `scraper`.
    pub fn new(store: Store, queue: Queue, scraper: Scraper, clock: Clock, config: WorkerConfig) -> Self {
        let claims =
            ClaimPolicy { worker: config.name.clone(), lease: config.lease, platforms: config.platforms.clone() };
        let permits = Semaphore::new(config.concurrency);
        let (own, give_back) = (TaskTracker::new(), CancellationToken::new());
        let kept_pages = KeptPages::open(config.kept_pages.clone());
        let inner = Inner { store, queue, scraper, clock, config, claims, kept_pages, permits, own, give_back };
        Self { inner: Arc::new(inner) }
    }

    /// Does, once, what is due now and may be asked now; how many page loads that took. For whoever drives a worker by a clock of their own.
    pub async fn work_through(&self) -> Result<usize, StoreError> {
        sweep::work_through(&self.inner).await
    }

    /// Works until `shutdown`: then takes no new claims, lets running scrapes end within the deadline, gives the rest back, and returns.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), WorkerError> {
        let inner = self.inner;
        info!(worker = %inner.config.name, concurrency = inner.config.concurrency, "working");
        let mut sweeper = tokio::spawn(sweep::run(Arc::clone(&inner), shutdown.clone()));
        if let Some(canaries) = inner.canaries() {
            inner.own.spawn(canaries.run(shutdown.clone()));
        }
        if let Some(exports) = inner.config.exports.clone() {
            let (store, clock, name) = (inner.store.clone(), inner.clock.clone(), inner.config.name.clone());
            inner.own.spawn(Exporter::new(store, clock, name, exports).run(shutdown.clone()));
        }
        let options = WorkerOptions { name: inner.config.name.clone(), concurrency: inner.config.concurrency };
        let handler = {
            let inner = Arc::clone(&inner);
            move |wake: Wake| {
                let inner = Arc::clone(&inner);
                async move {
                    job::work(&inner, wake).await;
                }
            }
        };
        let consume = async {
            let consumed = inner.queue.consume(options, shutdown.clone(), handler).await;
            inner.own.close();
            inner.own.wait().await;
            consumed
        };
        tokio::pin!(consume);
        let deadline = async {
            shutdown.cancelled().await;
            tokio::time::sleep(inner.config.shutdown.saturating_sub(GIVE_BACK)).await;
        };
        let broken = async {
            match (&mut sweeper).await {
                Err(error) => error,
                // Told to stop: what is in hand may go on.
                Ok(()) => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            ended = &mut consume => ended,
            error = broken => return Err(WorkerError::Sweeper(error)),
            () = deadline => {
                warn!("the deadline passed: giving back what is in hand");
                inner.give_back.cancel();
                tokio::time::timeout(GIVE_BACK, consume).await.unwrap_or(Ok(()))
            }
        };
        info!(worker = %inner.config.name, "stopped");
        ended.map_err(WorkerError::Queue)
    }
}

impl Inner {
    /// What reads the canaries, when they are switched on.
    fn canaries(&self) -> Option<Canaries> {
        let config = self.config.canary.clone()?;
        Some(Canaries {
            store: self.store.clone(),
            scraper: self.scraper.clone(),
            kept_pages: self.kept_pages.clone(),
            clock: self.clock.clone(),
            worker: self.config.name.clone(),
            lease: self.config.lease,
            platforms: self.config.platforms.clone(),
            config,
        })
    }
}
