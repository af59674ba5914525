//! Taking wakes: one apalis monitor after another until shutdown, and the handlers that they start.
//!
//! Each monitor is a new incarnation of the worker under a name of its own. apalis could restart a worker by itself, but under the old
//! name, which Redis refuses while the old entry is fresh, and without a pause, so that it would spin. Handlers are tasks of their own:
//! they outlive the incarnation that started them, and one set of permits bounds them across incarnations.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apalis::layers::limit::GlobalConcurrencyLimitLayer;
use apalis_core::monitor::Monitor;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::ext::parallelize::ParallelizeExt;
use domain::Wake;
use domain::backoff::Backoff;
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::redis_bell::RedisBell;
use crate::{Backend, Queue, WorkerOptions};

/// Pause before the next incarnation, by how many failed in a row.
const RESTART: Backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(2) };

/// An incarnation that lived this long did not fail at once.
const SETTLED: Duration = Duration::from_secs(30);

/// So many incarnations in a row that end soon while Redis answers mean that the queue holds something which apalis cannot read.
const POISONED: u32 = 5;

/// How long a monitor may take to say goodbye to Redis once its handlers are done.
const FAREWELL: Duration = Duration::from_secs(1);

/// What outlives an incarnation.
#[derive(Clone)]
struct Handlers<H> {
    handler: H,
    queue: Queue,
    shutdown: CancellationToken,
    running: TaskTracker,
    permits: Arc<Semaphore>,
}

pub(crate) async fn consume<H, F>(queue: &Queue, worker: WorkerOptions, shutdown: CancellationToken, handler: H)
where
    H: Fn(Wake) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let WorkerOptions { name, concurrency } = worker;
    let handlers = Handlers {
        handler,
        queue: queue.clone(),
        shutdown,
        running: TaskTracker::new(),
        permits: Arc::new(Semaphore::new(concurrency)),
    };
    let mut failures = 0;
    while !handlers.shutdown.is_cancelled() {
        let name = format!("{name}-{}", Uuid::now_v7());
        let began = Instant::now();
        let end = match &queue.backend {
            Backend::Memory(_) => handlers.run(handlers.monitor(&name)).await,
            Backend::Redis(bell) => tokio::select! {
                end = handlers.run(handlers.monitor(&name)) => end,
                never = bell.keep_tidy(&name) => match never {},
            },
        };
        let End::Failed(reason) = end else { break };
        failures = if began.elapsed() >= SETTLED { 1 } else { failures + 1 };
        if queue.counters.may_complain() {
            tracing::warn!(worker = name, failures, reason, "the worker lost its queue and starts again");
        } else {
            tracing::debug!(worker = name, failures, reason, "the worker lost its queue and starts again");
        }
        if let Backend::Redis(bell) = &queue.backend {
            failures = repair(bell, failures).await;
        }
        let jitter = u64::from(Uuid::now_v7().as_fields().1);
        let pause = RESTART.delay(failures, None, jitter);
        let _ = tokio::time::timeout(pause, handlers.shutdown.cancelled()).await;
    }
    handlers.running.close();
    handlers.running.wait().await;
}

enum End {
    ShutDown,
    Failed(String),
}

impl<H, F> Handlers<H>
where
    H: Fn(Wake) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    /// One incarnation of the worker, named `name`.
    fn monitor(&self, name: &str) -> Monitor {
        let (handlers, name) = (self.clone(), name.to_owned());
        match self.queue.backend.clone() {
            Backend::Memory(mailbox) => Monitor::new().register(move |_| {
                let (tasks, each) = (handlers.running.clone(), handlers.clone());
                WorkerBuilder::new(name.as_str())
                    .backend(mailbox.storage())
                    .parallelize(move |task| tasks.spawn(task))
                    .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&handlers.permits)))
                    .build(move |wake: Wake| each.clone().handle(wake))
            }),
            Backend::Redis(bell) => Monitor::new().register(move |_| {
                let (tasks, each) = (handlers.running.clone(), handlers.clone());
                WorkerBuilder::new(name.as_str())
                    .backend(bell.storage())
                    .parallelize(move |task| tasks.spawn(task))
                    .layer(GlobalConcurrencyLimitLayer::with_semaphore(Arc::clone(&handlers.permits)))
                    .build(move |payload: serde_json::Value| each.clone().handle_payload(payload))
            }),
        }
    }

    /// Runs `monitor` until it fails, or until shutdown and the end of the handlers.
    async fn run(&self, monitor: Monitor) -> End {
        let context = monitor.context();
        let mut run = pin!(monitor.run());
        tokio::select! {
            result = &mut run => return match result {
                _ if self.shutdown.is_cancelled() => End::ShutDown,
                Ok(()) => End::Failed("the worker ended".to_owned()),
                Err(error) => End::Failed(error.to_string()),
            },
            () = self.shutdown.cancelled() => {}
        }
        if let Err(error) = context.shutdown() {
            tracing::debug!(%error, "the monitor could not be told to stop");
        }
        self.running.close();
        let farewell = async {
            self.running.wait().await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::select! {
            result = &mut run => if let Err(error) = result {
                tracing::debug!(%error, "the worker left without a farewell to its queue");
            },
            () = farewell => {}
        }
        End::ShutDown
    }

    async fn handle_payload(self, payload: serde_json::Value) {
        match serde_json::from_value(payload) {
            Ok(wake) => self.handle(wake).await,
            // Another version of the program may have pushed it. Its row is offered again.
            Err(error) => tracing::warn!(%error, "the queue held something that is no wake"),
        }
    }

    /// Runs the handler. It answers nothing, so that apalis always takes a wake for done: what is to be tried again, and when, is the
    /// schedule row's to say, and apalis' own retries, time limits and panics each lose or double work.
    async fn handle(self, wake: Wake) {
        if self.shutdown.is_cancelled() {
            // Taken in the moment of the shutdown: back to whoever else is there.
            self.queue.wake(wake);
            return;
        }
        let (kind, target_id) = (wake.kind.as_str(), wake.target_id);
        let work = AssertUnwindSafe(async { (self.handler)(wake).await });
        if let Err(panic) = work.catch_unwind().await {
            let message = panic.downcast_ref::<&str>().copied();
            let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            tracing::error!(
                kind,
                target_id,
                panic = message.unwrap_or("(no message)"),
                "the handler of a wake panicked"
            );
        }
    }
}

/// Empties a queue in which no worker lives long although Redis answers; answers the number of failures to go on from.
async fn repair(bell: &RedisBell, failures: u32) -> u32 {
    if let Err(error) = bell.ping().await {
        tracing::debug!(%error, "Redis cannot be reached");
        return failures.min(POISONED - 1);
    }
    if failures < POISONED {
        return failures;
    }
    match bell.reset().await {
        Ok(()) => tracing::warn!("the queue was emptied, since its workers kept failing; the sweeper rings again"),
        Err(error) => tracing::warn!(%error, "the queue could not be emptied, although its workers keep failing"),
    }
    failures
}
