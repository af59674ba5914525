//! What became of wakes, counted for metrics, and how often the log hears of the ones that were dropped.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The log hears of dropped wakes at most this often; the counters have them all.
const BETWEEN_COMPLAINTS: Duration = Duration::from_secs(10);

/// Counts of wakes since the queue was made, in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Handed to the queue.
    pub pushed: u64,
    /// Dropped because the queue, or the line before it, held as many as it may.
    pub skipped_full: u64,
    /// Dropped because Redis refused them or did not answer in time. Some may have arrived all the same.
    pub failed: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Pushed,
    SkippedFull,
    Failed,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pushed: AtomicU64,
    skipped_full: AtomicU64,
    failed: AtomicU64,
    complained_at: Mutex<Option<Instant>>,
}

impl Counters {
    pub(crate) fn count(&self, outcome: Outcome, wakes: usize) {
        let counter = match outcome {
            Outcome::Pushed => &self.pushed,
            Outcome::SkippedFull => &self.skipped_full,
            Outcome::Failed => &self.failed,
        };
        counter.fetch_add(u64::try_from(wakes).unwrap_or(u64::MAX), Ordering::Relaxed);
        if wakes > 0 && matches!(outcome, Outcome::SkippedFull) && self.may_complain() {
            let QueueStats { skipped_full, .. } = self.snapshot();
            tracing::info!(skipped_full, "the queue is full; wakes are left to the sweeper");
        }
    }

    pub(crate) fn failed(&self, wakes: usize, error: &crate::QueueError) {
        self.count(Outcome::Failed, wakes);
        if self.may_complain() {
            let QueueStats { failed, .. } = self.snapshot();
            tracing::warn!(failed, %error, "wakes could not be pushed; they are left to the sweeper");
        } else {
            tracing::debug!(wakes, %error, "wakes could not be pushed");
        }
    }

    pub(crate) fn snapshot(&self) -> QueueStats {
        QueueStats {
            pushed: self.pushed.load(Ordering::Relaxed),
            skipped_full: self.skipped_full.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Whether the log has been quiet for long enough.
    pub(crate) fn may_complain(&self) -> bool {
        let mut last = self.complained_at.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|at| at.elapsed() < BETWEEN_COMPLAINTS) {
            return false;
        }
        *last = Some(Instant::now());
        true
    }
}
