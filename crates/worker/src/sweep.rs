//! The round that every worker makes: offer due targets to whoever is free. It makes up for lost wakes, crashed workers and an emptied
//! queue; run by many workers at once it is harmless. While the queue is out of reach, each worker does what it finds itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Day, Timestamp};
use store::{Budget, PlatformPolicy, PrunedDays, StoreError};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::Inner;
use crate::job::{self, chain};

/// Targets offered at most in one round, for each platform.
const MOST: u32 = 500;

/// How often what is out of date is forgotten, how much at once, and how many times in a round: as much as comes, and no statement that runs long.
const PRUNE_INTERVAL: Duration = Duration::from_mins(1);
const PRUNE_MOST: u32 = 1000;
const PRUNE_BATCHES: u32 = 20;
const PRUNE_TIME: Duration = Duration::from_secs(2);

/// Posts and accounts whose days are looked through at once.
const PRUNE_TARGETS: u32 = 100;

/// How often the parts of organizations' days are laid together. Finding them reads the whole table, and a day has few.
const FOLD_INTERVAL: Duration = Duration::from_hours(1);

/// Days after which hardly anybody writes to an organization's day.
const FOLD_AFTER: i32 = 1;

/// Makes rounds until `shutdown`.
pub async fn run(inner: Arc<Inner>, shutdown: CancellationToken) {
    let mut was_away = false;
    let mut pruned = Instant::now();
    let mut folded = Instant::now();
    let mut days = PrunedDays::BEGIN;
    let mut silence = None;
    keep_partitions(&inner).await;
    loop {
        let round = round(&inner, &mut silence).await;
        match &round {
            // Said once, not at every round.
            Err(error) if !was_away => warn!(error = %chain(error), "the database is away: nothing can be offered"),
            Ok(_) if was_away => debug!("the database is back"),
            Ok(_) | Err(_) => {}
        }
        was_away = round.is_err();
        if pruned.elapsed() > PRUNE_INTERVAL {
            pruned = Instant::now();
            keep_partitions(&inner).await;
            if let Err(error) = prune(&inner, &mut days).await {
                debug!(error = %chain(&error), "could not prune");
            }
        }
        if folded.elapsed() > FOLD_INTERVAL {
            folded = Instant::now();
            if let Err(error) = fold_organization_days(&inner).await {
                debug!(error = %chain(&error), "could not lay organizations' days together");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(inner.config.sweep_interval) => {}
            () = read_something(round.unwrap_or_default()) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// Waits for jobs that the sweeper began itself. Where one of them found something to read, there may be more, of which nobody tells while the
/// queue is away; otherwise this never ends.
async fn read_something(jobs: Vec<JoinHandle<bool>>) {
    let mut has_read = false;
    for job in jobs {
        has_read |= job.await.unwrap_or(false);
    }
    if !has_read {
        std::future::pending::<()>().await;
    }
}

/// Snapshots of a month without a part of its own are kept too, only less well: this can fail and be tried again.
async fn keep_partitions(inner: &Inner) {
    if let Err(error) = inner.store.keep_partitions(inner.clock.now()).await {
        debug!(error = %chain(&error), "could not make the parts of coming months");
    }
}

/// Forgets what is out of date, a bounded number at a time.
async fn prune(inner: &Inner, days: &mut PrunedDays) -> Result<(), StoreError> {
    let now = inner.clock.now();
    prune_history(inner, days, now).await?;
    for _ in 0..PRUNE_BATCHES {
        if inner.store.prune_idempotency(now, PRUNE_MOST).await? < u64::from(PRUNE_MOST) {
            break;
        }
    }
    inner.store.prune_retired_secrets(now, PRUNE_MOST).await?;
    inner.store.prune_page_loads(now.minus(inner.config.retention.page_loads), PRUNE_MOST).await?;
    inner.store.prune_runs(now.minus(inner.config.retention.runs), PRUNE_MOST).await?;
    prune_request_events(inner, now.minus(inner.config.retention.request_events)).await
}

/// Goes through the history of some targets each time, and so through all of it in the end.
async fn prune_history(inner: &Inner, days: &mut PrunedDays, now: Timestamp) -> Result<(), StoreError> {
    let begun = Instant::now();
    while inner.store.prune_forgotten_days(PRUNE_TARGETS).await? > 0 && begun.elapsed() < PRUNE_TIME {}
    if let Some(kept) = inner.config.retention.snapshots {
        inner.store.prune_snapshots(Day::of(now.minus(kept)).start(), PRUNE_MOST).await?;
    }
    if let Some(kept) = inner.config.retention.daily {
        let before = Day::of(now.minus(kept));
        let begun = Instant::now();
        while begun.elapsed() < PRUNE_TIME {
            *days = inner.store.prune_days(before, *days, PRUNE_TARGETS).await?;
            if days.is_done() {
                *days = PrunedDays::BEGIN;
                break;
            }
        }
    }
    Ok(())
}

/// Lays the parts of organizations' days together, and those that are no longer kept.
async fn fold_organization_days(inner: &Inner) -> Result<(), StoreError> {
    let now = inner.clock.now();
    let kept_from = inner.config.retention.daily.map(|kept| Day::of(now.minus(kept)));
    let until = Day::of(now).plus(-FOLD_AFTER);
    let begun = Instant::now();
    while inner.store.fold_organization_days(until, kept_from, PRUNE_TARGETS).await? > 0 && begun.elapsed() < PRUNE_TIME
    {
    }
    Ok(())
}

/// There are as many calls as clients please, so they are forgotten batch after batch, but not for long at a time.
async fn prune_request_events(inner: &Inner, before: Timestamp) -> Result<(), StoreError> {
    let begun = Instant::now();
    while inner.store.prune_request_events(before, PRUNE_MOST).await? > 0 && begun.elapsed() < PRUNE_TIME {}
    Ok(())
}

/// Does what is due, once, at the present time.
pub async fn work_through(inner: &Arc<Inner>) -> Result<usize, StoreError> {
    let now = inner.clock.now();
    let mut jobs = JoinSet::new();
    for policy in &inner.config.platforms {
        let limit =
            u32::try_from(inner.config.concurrency).unwrap_or(u32::MAX).min(most(policy, inner.config.sweep_interval));
        for wake in inner.store.offer_due(policy, limit, Duration::ZERO, now).await? {
            let inner = Arc::clone(inner);
            jobs.spawn(async move { job::work(&inner, wake).await });
        }
    }
    let mut done = 0;
    while let Some(job) = jobs.join_next().await {
        done += usize::from(job.unwrap_or(false));
    }
    Ok(done)
}

/// Offers what is due, or begins it, while the queue is away: since when that is known, at the latest, stands in `silence`.
async fn round(inner: &Arc<Inner>, silence: &mut Option<Instant>) -> Result<Vec<JoinHandle<bool>>, StoreError> {
    // A queue that is frozen takes its time to say nothing.
    if silence.is_none_or(|since| since.elapsed() >= inner.config.sweep_interval) {
        *silence = inner.queue.ping().await.is_err().then(Instant::now);
    }
    let queue_is_away = silence.is_some();
    let now = inner.clock.now();
    let mut begun = Vec::new();
    for policy in &inner.config.platforms {
        let mut limit = most(policy, inner.config.sweep_interval);
        if queue_is_away {
            // No more than can be begun at once: the rest is left to other workers.
            limit = limit.min(u32::try_from(inner.permits.available_permits()).unwrap_or(u32::MAX));
        }
        for wake in inner.store.offer_due(policy, limit, inner.config.offer_gap, now).await? {
            if queue_is_away {
                let inner_too = Arc::clone(inner);
                begun.push(inner.own.spawn(async move { job::work(&inner_too, wake).await }));
            } else {
                inner.queue.wake(wake);
            }
        }
    }
    Ok(begun)
}

/// No more than the platform may be asked for until the next round, and one to keep it going.
fn most(policy: &PlatformPolicy, sweep_interval: Duration) -> u32 {
    let Budget { min_interval, max_in_flight: _, max_per_hour: _ } = policy.pages;
    if min_interval.is_zero() {
        return MOST;
    }
    let slots = sweep_interval.as_millis() / min_interval.as_millis().max(1) + 1;
    let ways = u128::try_from(policy.egresses.len().max(1)).unwrap_or(1);
    u32::try_from(slots.saturating_mul(ways)).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
mod tests {
    use domain::Platform;
    use store::{Breaker, SourcePlan};

    use super::*;

    fn policy(min_interval: Duration, ways: usize) -> PlatformPolicy {
        PlatformPolicy {
            platform: Platform::Tiktok,
            sources: SourcePlan::default(),
            egresses: vec!["a way".to_owned(); ways],
            pages: Budget { min_interval, ..Budget::default() },
            official: Budget::default(),
            breaker: Breaker { refusals_to_open: 5, waits: [Duration::from_mins(5); 4] },
        }
    }

    #[test]
    fn no_more_is_offered_than_the_platform_may_be_asked_for() {
        let second = Duration::from_secs(1);
        assert_eq!(most(&policy(Duration::ZERO, 1), second), 500);
        assert_eq!(most(&policy(Duration::from_secs(8), 1), second), 1);
        assert_eq!(most(&policy(Duration::from_secs(8), 3), second), 3);
        assert_eq!(most(&policy(Duration::from_millis(100), 1), second), 11);
        assert_eq!(most(&policy(Duration::from_millis(1), 1), second), 500);
    }
}
