//! How a worker is woken: a bell over apalis, in memory for one process and on Redis for many.
//!
//! The queue is a bell and nothing else. The schedule row in the database is the truth, and the sweeper offers due rows again, so that a
//! wake which is lost, doubled or late costs latency and never correctness. That is why every wake here is best effort, why the number of
//! waiting ones is bounded, and why retries, delays and priorities are left to the schedule row.

mod consumer;
mod mailbox;
mod redis_bell;
mod stats;

use std::sync::Arc;
use std::time::Duration;

use domain::Wake;
use tokio_util::sync::CancellationToken;

use crate::mailbox::Mailbox;
use crate::redis_bell::RedisBell;
pub use crate::stats::QueueStats;
use crate::stats::{Counters, Outcome};

/// Most waiting wakes when nothing else is said.
pub const DEFAULT_MAX_BACKLOG: usize = 2000;

/// The bell. Cloning it is cheap, and all clones are one queue.
#[derive(Clone, Debug)]
pub struct Queue {
    backend: Backend,
    counters: Arc<Counters>,
}

#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Memory(Arc<Mailbox>),
    Redis(RedisBell),
}

/// How the queue on Redis behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// What the keys in Redis begin with; queues of different namespaces know nothing of each other.
    pub namespace: String,
    /// Most waiting wakes; further ones are skipped. The same number may wait in this process while Redis cannot be reached.
    pub max_backlog: usize,
    /// How often an idle worker looks for work; half of it is the mean latency of a wake.
    pub poll_interval: Duration,
    /// How often a worker says that it lives.
    pub heartbeat: Duration,
    /// How often a worker clears away what finished wakes leave behind.
    pub prune_interval: Duration,
    /// Longest wait for one answer of Redis.
    pub timeout: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            namespace: "creator-audit:wakes".to_owned(),
            max_backlog: DEFAULT_MAX_BACKLOG,
            poll_interval: Duration::from_millis(25),
            heartbeat: Duration::from_secs(1),
            prune_interval: Duration::from_secs(5),
            timeout: Duration::from_secs(1),
        }
    }
}

/// How wakes are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerOptions {
    /// Who is working, for logs and for Redis. It is made unique by the queue, so that a restarted worker is never taken for its predecessor.
    pub name: String,
    /// Most handlers that run at once; at least 1.
    pub concurrency: usize,
}

/// Why the queue could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The URL does not name a Redis server. The message holds no part of the URL, which may carry a password.
    #[error("the URL of the queue is not one of Redis")]
    Url(#[source] redis::RedisError),
    /// A Redis queue was made outside of an asynchronous runtime, which it needs for its background work.
    #[error("the queue needs a running tokio runtime")]
    NoRuntime(#[from] tokio::runtime::TryCurrentError),
    /// Redis answered with an error or could not be reached.
    #[error("Redis: {0}")]
    Redis(#[from] redis::RedisError),
    /// Redis did not answer in time.
    #[error("Redis did not answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A wake could not be written as JSON.
    #[error("a wake could not be written as JSON")]
    Encode(#[from] serde_json::Error),
    /// [`WorkerOptions::concurrency`] was 0.
    #[error("a worker needs a concurrency of at least 1")]
    NoConcurrency,
}

impl Queue {
    /// A queue inside this process that holds at most [`DEFAULT_MAX_BACKLOG`] wakes.
    pub fn memory() -> Self {
        Self::memory_bounded(DEFAULT_MAX_BACKLOG)
    }

    /// A queue inside this process that holds at most `max_backlog` wakes.
    pub fn memory_bounded(max_backlog: usize) -> Self {
        Self { backend: Backend::Memory(Arc::new(Mailbox::new(max_backlog))), counters: Arc::default() }
    }

    /// A queue on the Redis server at `url`. It succeeds while the server is down: the queue connects when it is first used and again
    /// whenever the connection is lost. Must be called inside a tokio runtime, which carries the background task that pushes.
    pub fn redis(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        let counters = Arc::<Counters>::default();
        let bell = RedisBell::open(url, options, Arc::clone(&counters))?;
        Ok(Self { backend: Backend::Redis(bell), counters })
    }

    /// Rings for `wake`. Returns at once and promises nothing: a wake that finds the queue full or Redis out of reach is counted and
    /// dropped, and the sweeper comes round to its row.
    pub fn wake(&self, wake: Wake) {
        match &self.backend {
            Backend::Memory(mailbox) => {
                let outcome = if mailbox.push(wake) { Outcome::Pushed } else { Outcome::SkippedFull };
                self.counters.count(outcome, 1);
            }
            Backend::Redis(bell) => bell.offer(wake),
        }
    }

    /// What became of the wakes that this process rang for.
    pub fn stats(&self) -> QueueStats {
        self.counters.snapshot()
    }

    /// Whether the queue can be reached.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match &self.backend {
            Backend::Memory(_) => Ok(()),
            Backend::Redis(bell) => bell.ping().await,
        }
    }

    /// How many wakes wait for a worker. Those that a worker has in hand are not counted.
    pub async fn backlog(&self) -> Result<usize, QueueError> {
        match &self.backend {
            Backend::Memory(mailbox) => Ok(mailbox.len()),
            Backend::Redis(bell) => bell.backlog().await,
        }
    }

    /// Runs `handler` for every wake until `shutdown`, at most `worker.concurrency` at a time; then takes no further wake, lets the
    /// running handlers finish (the caller bounds how long) and returns.
    ///
    /// A handler that panics is logged and spoils nothing else. Redis going away and coming back is survived.
    /// Fails only when the options cannot be met.
    pub async fn consume<H, F>(
        &self,
        worker: WorkerOptions,
        shutdown: CancellationToken,
        handler: H,
    ) -> Result<(), QueueError>
    where
        H: Fn(Wake) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        if worker.concurrency == 0 {
            return Err(QueueError::NoConcurrency);
        }
        consumer::consume(self, worker, shutdown, handler).await;
        Ok(())
    }
}
