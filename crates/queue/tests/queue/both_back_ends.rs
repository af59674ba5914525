//! What holds of the queue wherever it is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Handled, Server, Worker, options, until, wake};
use queue::{Queue, QueueError, WorkerOptions};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Room for every wake that a test pushes, so that none is skipped.
const ROOM: usize = 5000;

macro_rules! on_both_back_ends {
    ($($case:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(super::Queue::memory_bounded(super::ROOM)).await;
            })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                if let Some(server) = super::Server::start() {
                    super::$case(super::Queue::redis(&server.url(), super::options(super::ROOM)).unwrap()).await;
                }
            })*
        }
    };
}

on_both_back_ends!(
    of_four_thousand_wakes_from_twenty_producers_to_twenty_consumers_none_is_lost,
    a_panicking_handler_does_not_stop_the_worker,
    no_more_handlers_run_at_once_than_was_said,
    shutdown_waits_for_the_running_handler_and_takes_no_new_wake,
    a_worker_that_is_stopping_does_not_keep_wakes_from_the_others,
    a_worker_without_concurrency_is_refused,
    a_healthy_queue_answers_a_ping,
);

async fn of_four_thousand_wakes_from_twenty_producers_to_twenty_consumers_none_is_lost(queue: Queue) {
    let handled = Handled::default();
    let workers: Vec<_> = (0..20).map(|_| Worker::noting(&queue, 4, &handled)).collect();
    let producers: Vec<_> = (0..20)
        .map(|producer| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for number in 0..200 {
                    queue.wake(wake(producer * 200 + number));
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for producer in producers {
        producer.await.unwrap();
    }
    until("all wakes were handled", async || handled.count() >= 4000).await;
    assert_eq!(handled.distinct(), (0..4000).collect::<Vec<_>>());
    let stats = queue.stats();
    assert_eq!((stats.pushed, stats.skipped_full, stats.failed), (4000, 0, 0));
    for worker in workers {
        worker.stop().await;
    }
}

async fn a_panicking_handler_does_not_stop_the_worker(queue: Queue) {
    let handled = Handled::default();
    let noted = handled.clone();
    let worker = Worker::start(&queue, 1, move |wake| {
        let noted = noted.clone();
        // Both ways: before there is a future, and within it.
        assert_ne!(wake.target_id, 1, "on purpose");
        async move {
            assert_ne!(wake.target_id, 2, "on purpose");
            noted.note(&wake);
        }
    });
    for target in 1..=3 {
        queue.wake(wake(target));
    }
    until("the wake after the panics was handled", async || handled.all() == [3]).await;
    until("nothing waits any more", async || queue.backlog().await.unwrap() == 0).await;
    assert!(!worker.has_ended());
    worker.stop().await;
}

async fn no_more_handlers_run_at_once_than_was_said(queue: Queue) {
    let (now, most, handled) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Handled::default());
    let (inside, peak, noted) = (Arc::clone(&now), Arc::clone(&most), handled.clone());
    let worker = Worker::start(&queue, 3, move |wake| {
        let (inside, peak, noted) = (Arc::clone(&inside), Arc::clone(&peak), noted.clone());
        async move {
            peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            noted.note(&wake);
        }
    });
    (0..30).for_each(|target| queue.wake(wake(target)));
    until("all were handled", async || handled.all().len() == 30).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    worker.stop().await;
}

async fn shutdown_waits_for_the_running_handler_and_takes_no_new_wake(queue: Queue) {
    let (begun, go_on, handled) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)), Handled::default());
    let (started, gate, noted) = (Arc::clone(&begun), Arc::clone(&go_on), handled.clone());
    let worker = Worker::start(&queue, 2, move |wake| {
        let (started, gate, noted) = (Arc::clone(&started), Arc::clone(&gate), noted.clone());
        async move {
            started.add_permits(1);
            gate.acquire().await.unwrap().forget();
            noted.note(&wake);
        }
    });
    queue.wake(wake(1));
    begun.acquire().await.unwrap().forget();
    worker.shutdown.cancel();
    queue.wake(wake(2));
    until("the second wake waits", async || queue.backlog().await.unwrap() == 1).await;
    assert!(!worker.has_ended(), "the worker left its running handler behind");
    go_on.add_permits(2);
    worker.stop().await;
    assert_eq!(handled.all(), [1]);
    assert_eq!(queue.backlog().await.unwrap(), 1);
}

async fn a_worker_that_is_stopping_does_not_keep_wakes_from_the_others(queue: Queue) {
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let (started, gate) = (Arc::clone(&begun), Arc::clone(&go_on));
    let stopping = Worker::start(&queue, 2, move |_| {
        let (started, gate) = (Arc::clone(&started), Arc::clone(&gate));
        async move {
            started.add_permits(1);
            gate.acquire().await.unwrap().forget();
        }
    });
    queue.wake(wake(1));
    begun.acquire().await.unwrap().forget();
    stopping.shutdown.cancel();
    let handled = Handled::default();
    // Under the same base name, beside one that is still registered.
    let other = Worker::noting(&queue, 1, &handled);
    (10..20).for_each(|target| queue.wake(wake(target)));
    until("the other worker handled them", async || handled.distinct() == (10..20).collect::<Vec<_>>()).await;
    go_on.add_permits(1);
    stopping.stop().await;
    other.stop().await;
}

async fn a_worker_without_concurrency_is_refused(queue: Queue) {
    let options = WorkerOptions { name: "idle".to_owned(), concurrency: 0 };
    let result = queue.consume(options, CancellationToken::new(), |_| async {}).await;
    assert!(matches!(result, Err(QueueError::NoConcurrency)), "{result:?}");
}

async fn a_healthy_queue_answers_a_ping(queue: Queue) {
    queue.ping().await.unwrap();
}

#[test]
fn a_full_mailbox_skips_further_wakes() {
    let queue = Queue::memory_bounded(2);
    (0..5).for_each(|target| queue.wake(wake(target)));
    let stats = queue.stats();
    assert_eq!((stats.pushed, stats.skipped_full, stats.failed), (2, 3, 0));
}
