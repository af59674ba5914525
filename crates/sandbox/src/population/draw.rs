//! The one source of chance: numbers drawn from a hash of the seed and of what they are for, so the same question always draws the same.

use sha2::{Digest, Sha256};

/// A small pool of numbers that belong to one subject.
pub(super) struct Draw {
    words: [u64; 4],
    next: usize,
}

impl Draw {
    /// The pool of the subject that `parts` name.
    pub(super) fn of(seed: u64, parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let digest = hash.finalize();
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(digest.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        }
        Self { words, next: 0 }
    }

    /// A number from 0 up to, not including, `bound`. Each draw uses up that much of the pool, which is enough for some twenty.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let word = &mut self.words[self.next];
        self.next = (self.next + 1) % 4;
        let bound = bound.max(1);
        let drawn = *word % bound;
        *word /= bound;
        drawn
    }

    /// A count between `low` and `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let bound = high.saturating_sub(low).saturating_add(1);
        let drawn = self.below(u64::try_from(bound).unwrap_or(1));
        low.saturating_add(i64::try_from(drawn).unwrap_or(0))
    }

    /// True once in `n` times.
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// A count whose size is as likely to be small as large: from 10^`low` up to 10^(`high` + 1).
    pub(super) fn magnitude(&mut self, low: u32, high: u32) -> i64 {
        let exponent = low + u32::try_from(self.below(u64::from(high.saturating_sub(low)) + 1)).unwrap_or(0);
        self.between(100, 999) * 10_i64.saturating_pow(exponent) / 100
    }

    /// One of `choices`; the default when there are none.
    pub(super) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let index = self.below(u64::try_from(choices.len()).unwrap_or(0));
        usize::try_from(index).ok().and_then(|index| choices.get(index)).copied().unwrap_or_default()
    }

    /// `length` characters of `alphabet`, from a pool of their own.
    pub(super) fn text(seed: u64, parts: &[&str], alphabet: &[u8], length: usize) -> String {
        let mut text = String::with_capacity(length);
        let mut round = 0_u32;
        while text.len() < length {
            let tag = round.to_string();
            let mut draw = Self::of(seed, &[parts, &[tag.as_str()]].concat());
            for _ in 0..16.min(length - text.len()) {
                text.push(char::from(draw.pick(alphabet)));
            }
            round += 1;
        }
        text
    }
}
