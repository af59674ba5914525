//! The round that every worker makes: offer due targets to whoever is free. It makes up for lost wakes, crashed workers and an emptied
//! queue; run by many workers at once it is harmless. While the queue is out of reach, each worker does what it finds itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::{PlatformPolicy, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::Inner;
use crate::job::{self, chain};

/// Targets offered at most in one round, for each platform.
const MOST: u32 = 500;

/// How often, and how much at once, remembered answers are forgotten.
const PRUNE_INTERVAL: Duration = Duration::from_mins(1);
const PRUNE_MOST: u32 = 1000;

/// Makes rounds until `shutdown`.
pub async fn run(inner: Arc<Inner>, shutdown: CancellationToken) {
    let mut was_away = false;
    let mut pruned = Instant::now();
    loop {
        let round = round(&inner).await;
        match &round {
            // Said once, not at every round.
            Err(error) if !was_away => warn!(error = %chain(error), "the database is away: nothing can be offered"),
            Ok(()) if was_away => debug!("the database is back"),
            Ok(()) | Err(_) => {}
        }
        was_away = round.is_err();
        if pruned.elapsed() > PRUNE_INTERVAL {
            pruned = Instant::now();
            if let Err(error) = inner.store.prune_idempotency(inner.clock.now(), PRUNE_MOST).await {
                debug!(error = %chain(&error), "could not prune");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(inner.config.sweep_interval) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn round(inner: &Arc<Inner>) -> Result<(), StoreError> {
    let now = inner.clock.now();
    let queue_is_away = inner.queue.ping().await.is_err();
    for policy in &inner.config.platforms {
        let mut limit = most(policy, inner.config.sweep_interval);
        if queue_is_away {
            // No more than can be begun at once: the rest is left to other workers.
            limit = limit.min(u32::try_from(inner.permits.available_permits()).unwrap_or(u32::MAX));
        }
        for wake in inner.store.offer_due(policy.platform, limit, inner.config.offer_gap, now).await? {
            if queue_is_away {
                let inner_too = Arc::clone(inner);
                inner.own.spawn(async move { job::work(&inner_too, wake).await });
            } else {
                inner.queue.wake(wake);
            }
        }
    }
    Ok(())
}

/// No more than the platform may be asked for until the next round, and one to keep it going.
fn most(policy: &PlatformPolicy, sweep_interval: Duration) -> u32 {
    if policy.min_interval.is_zero() {
        return MOST;
    }
    let slots = sweep_interval.as_millis() / policy.min_interval.as_millis().max(1) + 1;
    u32::try_from(slots).unwrap_or(MOST).min(MOST)
}

#[cfg(test)]
mod tests {
    use domain::Platform;

    use super::*;

    fn policy(min_interval: Duration) -> PlatformPolicy {
        PlatformPolicy {
            platform: Platform::Tiktok,
            min_interval,
            refusals_to_close: 5,
            closed: Duration::from_mins(5),
        }
    }

    #[test]
    fn no_more_is_offered_than_the_platform_may_be_asked_for() {
        let second = Duration::from_secs(1);
        assert_eq!(most(&policy(Duration::ZERO), second), 500);
        assert_eq!(most(&policy(Duration::from_secs(8)), second), 1);
        assert_eq!(most(&policy(Duration::from_millis(100)), second), 11);
        assert_eq!(most(&policy(Duration::from_millis(1)), second), 500);
    }
}
