//! The count of one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::ApiKeyId;

use super::{WINDOW_SECONDS, Window};

const SHARDS: usize = 16;

/// Counts by key. A shard forgets everything when a new window begins, so it holds no more than the keys of one minute.
#[derive(Debug, Default)]
pub(crate) struct MemoryWindows {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    window: i64,
    used: HashMap<ApiKeyId, u32>,
}

impl MemoryWindows {
    /// Counts one request; those above the limit are not counted further.
    pub(crate) fn take(&self, key: ApiKeyId, limit: u32, now_seconds: i64) -> Window {
        let [.., last] = *key.0.as_bytes();
        let mut shard = self.shards[usize::from(last) % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        // A thread that read the clock before the minute and came after it counts towards the new window.
        let window = now_seconds.div_euclid(WINDOW_SECONDS).max(shard.window);
        if window > shard.window {
            shard.window = window;
            shard.used.clear();
        }
        let used = shard.used.entry(key).or_insert(0);
        let this = used.saturating_add(1);
        *used = this.min(limit);
        drop(shard);
        Window::of(limit, this, now_seconds.max(window * WINDOW_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_limit_is_admitted_in_a_window_and_again_in_the_next() {
        let (windows, key) = (MemoryWindows::default(), ApiKeyId::new());
        for start in [600, 660, 720] {
            let taken: Vec<_> = (0..7).map(|i| windows.take(key, 5, start + i)).collect();
            assert_eq!(taken.iter().filter(|w| w.is_admitted).count(), 5);
            let left: Vec<_> = taken.iter().map(|w| w.remaining).collect();
            assert_eq!(left, [4, 3, 2, 1, 0, 0, 0]);
        }
    }

    #[test]
    fn keys_do_not_count_towards_each_other() {
        let windows = MemoryWindows::default();
        assert!((0..200).all(|_| windows.take(ApiKeyId::new(), 1, 30).is_admitted));
    }

    #[test]
    fn many_threads_together_are_admitted_exactly_the_limit() {
        let (windows, key) = (MemoryWindows::default(), ApiKeyId::new());
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| windows.take(key, 333, 59).is_admitted).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 333);
    }

    #[test]
    fn a_new_window_forgets_the_old_one() {
        let windows = MemoryWindows::default();
        for _ in 0..1000 {
            windows.take(ApiKeyId::new(), 1, 0);
        }
        for _ in 0..1000 {
            windows.take(ApiKeyId::new(), 1, 60);
        }
        let held: usize = windows.shards.iter().map(|shard| shard.lock().unwrap().used.len()).sum();
        assert!(held <= 1000, "{held}");
    }
}
