//! Numbers that look random and are the same for the same seed.

/// A generator of small numbers.
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `sides`.
    pub const fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// The same as a signed number.
    pub fn number(&mut self, sides: i64) -> i64 {
        let sides = u64::try_from(sides).expect("sides are a positive number");
        i64::try_from(self.roll(sides)).expect("a small number")
    }

    /// So many days.
    pub fn days(&mut self, sides: u64) -> i32 {
        i32::try_from(self.roll(sides)).expect("a small number")
    }

    /// A place in a list of so many.
    pub fn place(&mut self, many: usize) -> usize {
        usize::try_from(self.roll(many as u64)).expect("a small number")
    }

    /// True in so many of a hundred cases.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// One of a list; `None` of an empty one.
    pub fn one_of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        if list.is_empty() { None } else { list.get(self.place(list.len())) }
    }
}
