//! The count of one process.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

use super::gcra::Rate;
use super::{Subject, Window};

const SHARDS: u64 = 16;

/// A shard is looked through for what may be forgotten when it has grown to this, and then each time to twice what was left.
const FEW: usize = 64;

/// States by caller. Those that are worth nothing any more are forgotten, so that it holds about as many as called within a minute.
#[derive(Debug)]
pub(crate) struct MemoryLimits {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Shard {
    full_at_us: HashMap<Subject, i64>,
    look_through_at: usize,
}

impl Default for MemoryLimits {
    fn default() -> Self {
        let shard = |_| Mutex::new(Shard { full_at_us: HashMap::new(), look_through_at: FEW });
        Self { shards: (0..SHARDS).map(shard).collect(), hasher: RandomState::new() }
    }
}

impl MemoryLimits {
    /// Counts one call.
    pub(super) fn take(&self, subject: Subject, rate: Rate, now: Timestamp) -> Window {
        let now_us = now.as_millis().saturating_mul(1000);
        let at = usize::try_from(self.hasher.hash_one(subject) % SHARDS).unwrap_or(0);
        let mut shard = self.shards[at].lock().unwrap_or_else(PoisonError::into_inner);
        let full_at_us = shard.full_at_us.get(&subject).copied().unwrap_or(now_us);
        let taken = rate.take(full_at_us, now_us, 1);
        if taken.admitted > 0 {
            shard.full_at_us.insert(subject, taken.full_at_us);
            shard.forget(now_us);
        }
        drop(shard);
        rate.window(taken, 1, now_us)
    }
}

impl Shard {
    fn forget(&mut self, now_us: i64) {
        if self.full_at_us.len() < self.look_through_at {
            return;
        }
        self.full_at_us.retain(|_, full_at_us| *full_at_us > now_us);
        self.look_through_at = FEW.max(2 * self.full_at_us.len());
    }
}

#[cfg(test)]
mod tests {
    use domain::ApiKeyId;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis((1_790_000_040 + seconds) * 1000)
    }

    fn key() -> Subject {
        Subject::Key(ApiKeyId::new())
    }

    #[test]
    fn exactly_the_limit_is_admitted_at_once_and_one_more_at_each_interval() {
        let (limits, key, rate) = (MemoryLimits::default(), key(), Rate::per_minute(5));
        let taken: Vec<_> = (0..7).map(|_| limits.take(key, rate, at(0))).collect();
        assert_eq!(taken.iter().map(|w| w.remaining).collect::<Vec<_>>(), [4, 3, 2, 1, 0, 0, 0]);
        assert_eq!(taken.iter().filter(|w| w.is_admitted).count(), 5);
        assert!(!limits.take(key, rate, at(11)).is_admitted);
        assert!(limits.take(key, rate, at(12)).is_admitted);
        assert!(!limits.take(key, rate, at(12)).is_admitted);
    }

    #[test]
    fn keys_do_not_count_towards_each_other() {
        let limits = MemoryLimits::default();
        assert!((0..200).all(|_| limits.take(key(), Rate::per_minute(1), at(0)).is_admitted));
    }

    #[test]
    fn many_threads_together_are_admitted_exactly_the_limit() {
        let (limits, key, rate) = (MemoryLimits::default(), key(), Rate::per_minute(333));
        let admitted: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| (0..100).filter(|_| limits.take(key, rate, at(0)).is_admitted).count()))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 333);
    }

    #[test]
    fn callers_whose_time_has_passed_are_forgotten() {
        let limits = MemoryLimits::default();
        let held = || limits.shards.iter().map(|shard| shard.lock().unwrap().full_at_us.len()).sum::<usize>();
        for round in 0..20 {
            for _ in 0..1000 {
                limits.take(key(), Rate::per_minute(1), at(61 * round));
            }
        }
        assert!(held() <= 4000, "{}", held());
    }
}
