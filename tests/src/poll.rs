//! Waiting on a condition with a deadline: the one way in which the suites wait.

use std::time::{Duration, Instant};

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(25);

/// How long things may take that should take a second: a loaded machine is no failure.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks until `look` finds something, and returns it. Panics with `what` was awaited after a minute.
pub async fn poll_until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    poll_within(PATIENCE, what, look).await
}

/// As [`poll_until`], with a deadline of the caller's.
pub async fn poll_within<T>(deadline: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < deadline, "not within {deadline:?}: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
