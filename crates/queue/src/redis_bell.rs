//! The queue on Redis: apalis-redis reads it, and the scripts of this module write and tidy it.
//!
//! Wakes are pushed by a script of ours straight to apalis' list of due work. apalis' own push puts every task into the set of scheduled
//! ones first, and once about 8,000 of those are due, the script that moves them fails in every worker, for good. The same script looks at
//! the backlog before it adds, in one step, and takes a whole batch in one round trip. Names of keys come from apalis' own configuration.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Duration;

use apalis_core::backend::ext::BackendExt;
use apalis_core::backend::ext::poll_strategy::{PollSnapshot, PollStrategy, PollWith};
use apalis_redis::{Config, RedisStorage};
use domain::Wake;
use redis::Script;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};
use uuid::Uuid;

use crate::stats::{Counters, Outcome};
use crate::{QueueError, QueueOptions};

static PUSH: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/push.lua")));
static PRUNE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/prune.lua")));
static RESET: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/reset.lua")));

/// Most wakes in one call of a script, so that none holds Redis up for long.
const BATCH: usize = 200;

/// A worker that is silent for this many heartbeats is taken for dead, and the wakes that it held go back to the list. It is long because
/// nothing waits for it (the sweeper is sooner) and because apalis compares clocks of different machines.
const MISSED_HEARTBEATS: usize = 30;

/// What a worker that died leaves in Redis about itself is gone after this time.
const WORKER_METADATA_SECONDS: u64 = 3600;

/// What apalis keeps a wake as. Anything that is JSON gets as far as our handler: a payload that apalis itself cannot decode ends its worker.
pub(crate) type Storage = PollWith<RedisStorage<serde_json::Value>, Pace>;

/// Has the worker look for work at a steady pace, and never leaves it without a timer that will wake it. apalis' own interval does: the
/// delay after one that ran out is made and not polled. A look that Redis answered late then ends without a timer, the worker sleeps until
/// its heartbeat, and for ever when that had run out during the same look.
#[derive(Debug)]
pub(crate) struct Pace(Interval);

impl Pace {
    fn new(period: Duration) -> Self {
        let mut interval = tokio::time::interval(period);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(interval)
    }
}

impl PollStrategy for Pace {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        let mut due = Poll::Pending;
        while self.0.poll_tick(cx).is_ready() {
            due = Poll::Ready(Some(()));
        }
        due
    }
}

#[derive(Clone)]
pub(crate) struct RedisBell {
    connection: ConnectionManager,
    config: Arc<Config>,
    options: Arc<QueueOptions>,
    outbox: mpsc::Sender<Wake>,
    counters: Arc<Counters>,
}

/// Leaves out the connection, whose address may carry a password.
impl std::fmt::Debug for RedisBell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBell").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisBell {
    pub(crate) fn open(url: &str, options: QueueOptions, counters: Arc<Counters>) -> Result<Self, QueueError> {
        let runtime = tokio::runtime::Handle::try_current()?;
        let client = redis::Client::open(url).map_err(QueueError::Url)?;
        let reconnecting = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(options.timeout))
            .set_response_timeout(Some(options.timeout))
            .set_min_delay(Duration::from_millis(50))
            .set_max_delay(Duration::from_millis(500))
            .set_number_of_retries(3);
        let connection = ConnectionManager::new_lazy_with_config(client, reconnecting).map_err(QueueError::Url)?;
        let config = Config::default()
            .queue(&options.namespace)
            // With more than one at a time, a busy worker's heartbeat stops and its work is taken from it.
            .batch_size(1)
            // The lease in the database is ours; apalis' own costs three quarters of the throughput.
            .lock_tasks(false)
            .emit_events(false)
            .heartbeat_interval(options.heartbeat)
            .missed_heartbeats(MISSED_HEARTBEATS);
        let (outbox, inbox) = mpsc::channel(options.max_backlog.max(1));
        let bell = Self { connection, config: Arc::new(config), options: Arc::new(options), outbox, counters };
        let pusher = Pusher { bell: bell.without_outbox(), inbox };
        runtime.spawn(pusher.run());
        Ok(bell)
    }

    /// A copy whose outbox leads nowhere, so that the pusher does not keep itself alive.
    fn without_outbox(&self) -> Self {
        Self { outbox: mpsc::channel(1).0, ..self.clone() }
    }

    /// Hands `wake` to the pusher, or drops it when the pusher is too far behind.
    pub(crate) fn offer(&self, wake: Wake) {
        match self.outbox.try_send(wake) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => self.counters.count(Outcome::SkippedFull, 1),
            Err(mpsc::error::TrySendError::Closed(_)) => self.counters.count(Outcome::Failed, 1),
        }
    }

    pub(crate) async fn ping(&self) -> Result<(), QueueError> {
        let mut connection = self.connection.clone();
        self.in_time(async move { redis::cmd("PING").query_async::<()>(&mut connection).await }).await
    }

    pub(crate) async fn backlog(&self) -> Result<usize, QueueError> {
        let mut connection = self.connection.clone();
        let mut lengths = redis::pipe();
        lengths.llen(self.config.active_jobs_list()).zcard(self.config.scheduled_jobs_set());
        let (due, scheduled): (usize, usize) =
            self.in_time(async move { lengths.query_async(&mut connection).await }).await?;
        Ok(due + scheduled)
    }

    /// The queue as one apalis worker reads it.
    pub(crate) fn storage(&self) -> Storage {
        RedisStorage::new(self.connection.clone())
            .with_config(Config::clone(&self.config))
            .poll_with_strategy(Pace::new(self.options.poll_interval))
    }

    /// Clears away, for as long as it is polled, what finished wakes leave behind: apalis keeps them for ever.
    pub(crate) async fn keep_tidy(&self, worker_name: &str) -> Infallible {
        let mut ticks = tokio::time::interval(self.options.prune_interval);
        loop {
            ticks.tick().await;
            loop {
                match self.prune(worker_name).await {
                    Ok(forgotten) if forgotten >= BATCH => {}
                    Ok(_) => break,
                    Err(error) => {
                        tracing::debug!(%error, "finished wakes could not be cleared away");
                        break;
                    }
                }
            }
        }
    }

    async fn prune(&self, worker_name: &str) -> Result<usize, QueueError> {
        let mut connection = self.connection.clone();
        let mut call = PRUNE.prepare_invoke();
        call.key(self.config.done_jobs_set())
            .key(self.config.dead_jobs_set())
            .key(self.config.job_data_hash())
            .key(self.config.job_meta_hash())
            .key(format!("{}:metadata:{worker_name}", self.config.workers_set()))
            .arg(BATCH)
            .arg(WORKER_METADATA_SECONDS);
        self.in_time(async move { call.invoke_async(&mut connection).await }).await
    }

    /// Empties the queue.
    pub(crate) async fn reset(&self) -> Result<(), QueueError> {
        let mut connection = self.connection.clone();
        let mut call = RESET.prepare_invoke();
        call.key(self.config.active_jobs_list())
            .key(self.config.scheduled_jobs_set())
            .key(self.config.job_data_hash())
            .key(self.config.job_meta_hash())
            .key(self.config.done_jobs_set())
            .key(self.config.dead_jobs_set())
            .key(self.config.failed_jobs_set())
            .key(self.config.signal_list())
            .key(self.config.workers_set())
            .key(self.config.inflight_jobs_set());
        self.in_time(async move { call.invoke_async(&mut connection).await }).await
    }

    /// Pushes `wakes` as far as there is room; says how many.
    async fn push(&self, wakes: &[Wake]) -> Result<usize, QueueError> {
        let mut connection = self.connection.clone();
        let mut call = PUSH.prepare_invoke();
        call.key(self.config.active_jobs_list())
            .key(self.config.scheduled_jobs_set())
            .key(self.config.job_data_hash())
            .key(self.config.job_meta_hash())
            .arg(self.options.max_backlog);
        for wake in wakes {
            let json = serde_json::to_string(wake)?;
            call.arg(Uuid::now_v7().to_string()).arg(json);
        }
        self.in_time(async move { call.invoke_async(&mut connection).await }).await
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, redis::RedisError>>) -> Result<T, QueueError> {
        match tokio::time::timeout(self.options.timeout, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(QueueError::Timeout(self.options.timeout)),
        }
    }
}

/// The background task between [`crate::Queue::wake`] and Redis. It ends with the last clone of its queue.
struct Pusher {
    bell: RedisBell,
    inbox: mpsc::Receiver<Wake>,
}

impl Pusher {
    async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.inbox.recv_many(&mut batch, BATCH).await > 0 {
            let counters = &self.bell.counters;
            match self.bell.push(&batch).await {
                Ok(taken) => {
                    counters.count(Outcome::Pushed, taken);
                    counters.count(Outcome::SkippedFull, batch.len().saturating_sub(taken));
                }
                Err(error) => counters.failed(batch.len(), &error),
            }
            batch.clear();
        }
    }
}
