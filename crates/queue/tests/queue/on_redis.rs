//! What holds of the queue on Redis when Redis misbehaves, and the facts about apalis-redis 1.0.0 that its design rests on.
//! When one of the facts stops being true, what it led to may be simplified.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use crate::support::{Handled, PATIENCE, Server, Worker, options, until, wake};
use apalis_core::backend::TaskSink;
use apalis_core::backend::ext::poll_strategy::{IntervalStrategy, PollSnapshot, PollStrategy};
use apalis_core::monitor::Monitor;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_redis::{Config, RedisStorage};
use queue::{Queue, QueueError, QueueOptions};
use tokio::sync::Semaphore;

/// What the keys of the queue begin with.
const NAMESPACE: &str = "creator-audit:wakes";

fn key(name: &str) -> String {
    format!("{NAMESPACE}:{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_opens_while_redis_is_down_and_finds_it_later() {
    let Some(mut server) = Server::start() else { return };
    server.stop();
    let options = QueueOptions { timeout: Duration::from_millis(300), ..options(100) };
    let queue = Queue::redis(&server.url(), options).unwrap();
    assert!(matches!(queue.ping().await, Err(QueueError::Timeout(_) | QueueError::Redis(_))));
    let before = Instant::now();
    (0..1000).for_each(|target| queue.wake(wake(target)));
    assert!(before.elapsed() < Duration::from_millis(200), "ringing waited for Redis");
    assert!(queue.stats().skipped_full >= 600, "the line before Redis has no end: {:?}", queue.stats());
    until("the wakes failed", async || queue.stats().failed > 0).await;
    server.start_again();
    until("Redis answers", async || queue.ping().await.is_ok()).await;
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 1, &handled);
    until("a wake came through", async || {
        queue.wake(wake(5000));
        handled.all().contains(&5000)
    })
    .await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_redis_does_not_end_the_worker() {
    let Some(mut server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(100)).unwrap();
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 2, &handled);
    queue.wake(wake(1));
    until("the first wake was handled", async || handled.all().contains(&1)).await;
    server.stop();
    until("Redis is seen to be away", async || queue.ping().await.is_err()).await;
    server.start_again();
    until("a later wake was handled", async || {
        queue.wake(wake(2));
        handled.all().contains(&2)
    })
    .await;
    assert!(!worker.has_ended());
    worker.stop().await;
}

/// While an answer is late, the worker's timers run out one after another. None of them may be the last thing that wakes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_halts_for_longer_than_a_heartbeat_does_not_deafen_the_worker() {
    let Some(server) = Server::start() else { return };
    let queue =
        Queue::redis(&server.url(), QueueOptions { heartbeat: Duration::from_millis(100), ..options(100) }).unwrap();
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 2, &handled);
    let beat =
        async || server.command::<Vec<(String, u64)>>(&["ZRANGE", &key("workers"), "0", "-1", "WITHSCORES"]).await;
    until("the worker is registered", async || !beat().await.is_empty()).await;
    for round in 1..=3 {
        server.command::<()>(&["CLIENT", "PAUSE", "300", "ALL"]).await;
        queue.ping().await.unwrap();
        let before = beat().await;
        until("the heart beats on", async || beat().await > before).await;
        queue.wake(wake(round));
        until("the wake after the halt was handled", async || handled.all().contains(&round)).await;
    }
    assert!(!worker.has_ended());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_redis_does_not_end_the_worker() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(100)).unwrap();
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 2, &handled);
    for round in 1..=3 {
        until("the wake of this round was handled", async || {
            queue.wake(wake(round));
            handled.all().contains(&round)
        })
        .await;
        server.command::<()>(&["FLUSHALL"]).await;
    }
    until("a wake after the last time was handled", async || {
        queue.wake(wake(4));
        handled.all().contains(&4)
    })
    .await;
    assert!(!worker.has_ended());
    worker.stop().await;
}

/// apalis drops what a worker has in hand when the worker fails. Ours runs on, counts against the bound, and is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_running_handler_outlives_the_loss_of_redis() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(100)).unwrap();
    let (handled, gate) = (Handled::default(), Arc::new(Semaphore::new(0)));
    let (noted, go_on) = (handled.clone(), Arc::clone(&gate));
    let begun = Handled::default();
    let started = begun.clone();
    let worker = Worker::start(&queue, 1, move |wake| {
        let (noted, go_on, started) = (noted.clone(), Arc::clone(&go_on), started.clone());
        async move {
            started.note(&wake);
            go_on.acquire().await.unwrap().forget();
            noted.note(&wake);
        }
    });
    queue.wake(wake(1));
    until("the handler runs", async || begun.all() == [1]).await;
    server.command::<()>(&["FLUSHALL"]).await;
    queue.wake(wake(2));
    until("the worker is back under a new name", async || {
        server.command::<usize>(&["ZCARD", &key("workers")]).await == 1
    })
    .await;
    assert_eq!(begun.all(), [1], "two handlers ran where one may");
    gate.add_permits(1);
    until("the second handler runs", async || begun.all() == [1, 2]).await;
    assert_eq!(handled.all(), [1]);
    server.command::<()>(&["FLUSHALL"]).await;
    worker.shutdown.cancel();
    assert!(!worker.has_ended());
    gate.add_permits(1);
    worker.stop().await;
    assert_eq!(handled.all(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_is_bounded_and_a_worker_drains_all_of_it() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(2000)).unwrap();
    for target in 0..10_000 {
        queue.wake(wake(target));
    }
    until("every wake was dealt with", async || {
        let stats = queue.stats();
        stats.pushed + stats.skipped_full + stats.failed == 10_000
    })
    .await;
    assert_eq!((queue.stats().pushed, queue.backlog().await.unwrap()), (2000, 2000));
    drain(&queue, 2000).await;
}

/// More than apalis' own way of pushing survives.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_waiting_wakes_do_not_stop_the_worker() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(10_000)).unwrap();
    (0..10_000).for_each(|target| queue.wake(wake(target)));
    until("all of them wait", async || queue.backlog().await.unwrap() == 10_000).await;
    drain(&queue, 10_000).await;
}

async fn drain(queue: &Queue, count: usize) {
    let handled = Handled::default();
    let worker = Worker::noting(queue, 8, &handled);
    until("the backlog was drained", async || handled.count() >= count).await;
    assert_eq!(handled.distinct().len(), count);
    assert_eq!(queue.backlog().await.unwrap(), 0);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_wakes_leave_nothing_behind() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(1000)).unwrap();
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 4, &handled);
    (0..1000).for_each(|target| queue.wake(wake(target)));
    until("all were handled", async || handled.count() >= 1000).await;
    until("nothing is left of them", async || {
        let data: usize = server.command(&["HLEN", &key("data")]).await;
        let done: usize = server.command(&["SCARD", &key("done")]).await;
        let metadata: Vec<String> = server.command(&["KEYS", &key("meta:*")]).await;
        data + done + metadata.len() == 0
    })
    .await;
    let about_the_worker: Vec<String> = server.command(&["KEYS", &key("workers:metadata:*")]).await;
    assert_eq!(about_the_worker.len(), 1);
    let lives: i64 = server.command(&["TTL", &about_the_worker[0]]).await;
    assert!(lives > 0, "what Redis knows of a worker never expires");
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_apalis_cannot_read_does_not_stop_the_queue_for_good() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(1000)).unwrap();
    // An id without data, as an eviction would leave it: the worker that meets it ends.
    server.command::<()>(&["RPUSH", &key("active"), "lost"]).await;
    // A key of the wrong type: no push and no look at the queue succeeds.
    server.command::<()>(&["LPUSH", &key("scheduled"), "nonsense"]).await;
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 1, &handled);
    until("a wake came through", async || {
        queue.wake(wake(1));
        handled.all().contains(&1)
    })
    .await;
    assert!(!worker.has_ended());
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_wake_is_passed_over() {
    let Some(server) = Server::start() else { return };
    let queue = Queue::redis(&server.url(), options(1000)).unwrap();
    server.command::<()>(&["HSET", &key("data"), "other", r#"{"kind":"galaxy"}"#]).await;
    let meta = key("meta:other");
    server.command::<()>(&["HSET", &meta, "attempts", "0", "max_attempts", "1", "status", "Pending"]).await;
    server.command::<()>(&["RPUSH", &key("active"), "other"]).await;
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 1, &handled);
    queue.wake(wake(1));
    until("the wake behind it was handled", async || handled.all() == [1]).await;
    worker.stop().await;
}

/// Without a poll strategy apalis looks for work at its heartbeat only.
#[tokio::test(flavor = "multi_thread")]
async fn a_wake_is_picked_up_long_before_a_heartbeat() {
    let Some(server) = Server::start() else { return };
    let slow = QueueOptions { heartbeat: Duration::from_secs(30), ..options(100) };
    let queue = Queue::redis(&server.url(), slow).unwrap();
    let handled = Handled::default();
    let worker = Worker::noting(&queue, 1, &handled);
    let mut waits = Vec::new();
    for round in 0..21 {
        let rung = Instant::now();
        queue.wake(wake(round));
        while !handled.all().contains(&round) {
            assert!(rung.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waits.push(rung.elapsed());
    }
    waits.sort_unstable();
    eprintln!("from the bell to the handler: {:?} (median), {:?} (longest)", waits[10], waits[20]);
    assert!(waits[10] < Duration::from_millis(250), "{waits:?}");
    worker.stop().await;
}

#[test]
fn what_is_no_url_of_redis_is_refused_without_showing_a_password() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let error = Queue::redis("http://user:hunter2@localhost", QueueOptions::default()).unwrap_err();
    assert!(matches!(error, QueueError::Url(_)) && !format!("{error} {error:?}").contains("hunter2"));
    let queue = Queue::redis("redis://user:hunter2@127.0.0.1:1", QueueOptions::default()).unwrap();
    assert!(!format!("{queue:?}").contains("hunter2"));
}

#[test]
fn outside_of_a_runtime_a_redis_queue_says_so() {
    let error = Queue::redis("redis://127.0.0.1:1", QueueOptions::default()).unwrap_err();
    assert!(matches!(error, QueueError::NoRuntime(_)));
}

async fn plain_storage(server: &Server, config: Config) -> RedisStorage<u32> {
    RedisStorage::new(apalis_redis::connect(server.url()).await.unwrap()).with_config(config)
}

/// Why we push ourselves: apalis' push goes through the scheduled set …
#[tokio::test(flavor = "multi_thread")]
async fn fact_apalis_pushes_into_the_scheduled_set() {
    let Some(server) = Server::start() else { return };
    let mut storage = plain_storage(&server, Config::default().queue("fact")).await;
    storage.push(1).await.unwrap();
    assert_eq!(server.command::<usize>(&["ZCARD", "fact:scheduled"]).await, 1);
    assert_eq!(server.command::<usize>(&["LLEN", "fact:active"]).await, 0);
}

/// … and some 8,000 due entries there end every worker.
#[tokio::test(flavor = "multi_thread")]
async fn fact_ten_thousand_scheduled_entries_end_a_worker_of_apalis() {
    let Some(server) = Server::start() else { return };
    let mut storage = plain_storage(&server, Config::default().queue("fact")).await;
    for _ in 0..10 {
        storage.push_bulk((0..1000).collect()).await.unwrap();
    }
    let worker = WorkerBuilder::new("doomed").backend(storage).build(|_: u32| async {});
    let end = tokio::time::timeout(PATIENCE, worker.run()).await.expect("the worker ran on");
    assert!(end.unwrap_err().to_string().contains("unpack"), "it ended for another reason");
}

/// Why the pace of the looks is our own: after a delay that ran out, apalis' has none that anybody waits for.
#[test]
fn fact_the_interval_of_apalis_wakes_nobody_after_it_ran_out() {
    struct Wakes(AtomicUsize);
    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let counted = Arc::new(Wakes(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&counted));
    let period = Duration::from_millis(10);
    let mut interval = IntervalStrategy::new(period);
    let mut look = || interval.poll_drive(&mut Context::from_waker(&waker), &PollSnapshot::new());
    assert!(look().is_pending());
    while look().is_pending() {
        std::thread::sleep(period);
    }
    std::thread::sleep(period * 20);
    assert_eq!(counted.0.load(Ordering::SeqCst), 1);
}

/// Why each incarnation has a name of its own.
#[tokio::test(flavor = "multi_thread")]
async fn fact_a_name_in_use_is_refused_to_a_second_worker_of_apalis() {
    let Some(server) = Server::start() else { return };
    let config = Config::default().queue("fact");
    let first = plain_storage(&server, config.clone()).await;
    let second = plain_storage(&server, config).await;
    let monitor = Monitor::new().register(move |_| {
        let storage = first.clone();
        WorkerBuilder::new("one-name").backend(storage).build(|_: u32| async {})
    });
    let context = monitor.context();
    let running = tokio::spawn(monitor.run());
    until("the first is registered", async || server.command::<usize>(&["ZCARD", "fact:workers"]).await == 1).await;
    let late = WorkerBuilder::new("one-name").backend(second).build(|_: u32| async {});
    let end = tokio::time::timeout(PATIENCE, late.run()).await.expect("the second worker ran");
    assert!(end.unwrap_err().to_string().contains("still active"), "it ended for another reason");
    context.shutdown().unwrap();
    running.await.unwrap().unwrap();
}
