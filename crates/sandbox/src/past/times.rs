//! When a page was read: at its hour more or less, late, not at all, twice, or not for days.

use domain::Timestamp;

use super::Chance;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The times of the reads of one page, from the first on.
pub struct Times {
    chance: Chance,
    from: i64,
    until: i64,
    /// A stretch without any read.
    silence: Option<(i64, i64)>,
}

impl Times {
    /// Draws what is peculiar to a page that is read from `from` on and before `until`.
    pub fn draw(chance: &mut Chance, from: Timestamp, until: Timestamp) -> Self {
        let mut chance = Chance::of(chance.next(), &[]);
        let (from, until) = (from.as_millis(), until.as_millis());
        let silence = (until > from && chance.one_in(5)).then(|| {
            let begin = chance.between(from, until - 1);
            (begin, begin + chance.between(2, 9) * DAY_MS)
        });
        Self { chance, from, until, silence }
    }

    /// The times, oldest first, all different: the first at once, the others as `interval` after the one before has it.
    pub fn every(mut self, interval: impl Fn(Timestamp) -> i64) -> Vec<Timestamp> {
        let mut times = Vec::new();
        let (mut due, mut last) = (self.from, i64::MIN);
        while due < self.until {
            let chance = &mut self.chance;
            // A late read moves none of those that follow, but they come after it.
            let lateness = match chance.below(40) {
                0 => chance.between(HOUR_MS, 22 * HOUR_MS),
                _ => chance.between(0, 20 * MINUTE_MS),
            };
            let at = if times.is_empty() { due } else { due + lateness };
            let is_silent = self.silence.is_some_and(|(begin, end)| (begin..end).contains(&at)) && !times.is_empty();
            let is_missed = !times.is_empty() && chance.one_in(40);
            if at > last && at < self.until && !is_silent && !is_missed {
                times.push(Timestamp::from_millis(at));
                last = at;
                // Somebody asks again, or a source failed half-way.
                let again = at + chance.between(2 * MINUTE_MS, 90 * MINUTE_MS);
                if chance.one_in(60) && again < self.until {
                    times.push(Timestamp::from_millis(again));
                    last = again;
                }
            }
            let gap = interval(Timestamp::from_millis(due)).max(HOUR_MS);
            due += gap + chance.between(-gap / 100, gap / 50);
        }
        times
    }
}
