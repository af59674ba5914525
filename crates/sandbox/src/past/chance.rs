//! Chance for many small things: the same numbers for the same seed and subject, at the cost of a multiplication each.

/// A stream of numbers that belongs to one subject (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of the subject that `parts` name.
    pub fn of(seed: u64, parts: &[u64]) -> Self {
        let mut stream = Self(seed);
        for part in parts {
            stream.0 = stream.next() ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        }
        stream
    }

    /// The next number, any of 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound`.
    pub const fn below(&mut self, bound: u64) -> u64 {
        let bound = if bound == 0 { 1 } else { bound };
        self.next() % bound
    }

    /// A number between `low` and `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let bound = u64::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(1);
        low.saturating_add(i64::try_from(self.below(bound)).unwrap_or(0))
    }

    /// True once in `n` times.
    pub const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Ten random bytes.
    pub fn bytes(&mut self) -> [u8; 10] {
        let words = [self.next(), self.next()].map(u64::to_be_bytes);
        let mut bytes = words.iter().flatten().copied();
        std::array::from_fn(|_| bytes.next().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subject_has_numbers_of_its_own_and_the_same_each_time() {
        let first = |seed, parts: &[u64]| Chance::of(seed, parts).next();
        assert_eq!(first(1, &[2, 3]), first(1, &[2, 3]));
        let others = [first(1, &[2, 3]), first(1, &[3, 2]), first(2, &[2, 3]), first(1, &[2]), first(1, &[2, 3, 0])];
        for (at, other) in others.iter().enumerate() {
            assert_eq!(others.iter().filter(|number| *number == other).count(), 1, "{at}");
        }
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_them() {
        let mut chance = Chance::of(7, &[]);
        let drawn: std::collections::BTreeSet<i64> = (0..200).map(|_| chance.between(-2, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
        assert_eq!(chance.below(0), 0);
    }
}
