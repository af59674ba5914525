//! How often the posts of a feed are read: young ones often, old ones seldom.

use std::time::Duration;

/// What share of an account's interval passes between two reads of one of its posts, by the post's age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeCurve {
    steps: Vec<AgeStep>,
    older_percent: u32,
}

/// One step of an [`AgeCurve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeStep {
    /// Holds for posts younger than this.
    pub younger_than_days: u32,
    /// Percent of the account's interval.
    pub percent: u32,
}

impl AgeCurve {
    /// No read comes sooner after another than this.
    pub const SHORTEST: Duration = Duration::from_hours(1);

    /// A curve of `steps`, put in order of age; what is older than all of them is read every `older_percent` of the interval.
    pub fn new(mut steps: Vec<AgeStep>, older_percent: u32) -> Self {
        steps.sort_by_key(|step| step.younger_than_days);
        Self { steps, older_percent }
    }

    /// Every post at its account's own interval.
    pub const fn flat() -> Self {
        Self { steps: Vec::new(), older_percent: 100 }
    }

    /// The steps, the youngest first.
    pub fn steps(&self) -> &[AgeStep] {
        &self.steps
    }

    /// Percent of the interval for what is older than all steps.
    pub const fn older_percent(&self) -> u32 {
        self.older_percent
    }

    /// The time between two reads of a post of this age (`None` when its age is not known: the account's own interval).
    pub fn interval(&self, account_interval: Duration, age: Option<Duration>) -> Duration {
        let percent = age.map_or(100, |age| {
            let step = self.steps.iter().find(|step| age < Duration::from_hours(24) * step.younger_than_days);
            step.map_or(self.older_percent, |step| step.percent)
        });
        (account_interval.saturating_mul(percent) / 100).max(Self::SHORTEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn young_posts_are_read_often_and_old_ones_seldom() {
        let step = |younger_than_days, percent| AgeStep { younger_than_days, percent };
        let curve = AgeCurve::new(vec![step(30, 100), step(2, 25)], 400);
        assert_eq!(curve.interval(DAY, Some(DAY)), DAY / 4);
        assert_eq!(curve.interval(DAY, Some(2 * DAY)), DAY);
        assert_eq!(curve.interval(DAY, Some(400 * DAY)), 4 * DAY);
        assert_eq!(curve.interval(DAY, None), DAY);
    }

    #[test]
    fn no_post_is_read_more_often_than_hourly() {
        let curve = AgeCurve::new(vec![AgeStep { younger_than_days: 2, percent: 1 }], 100);
        assert_eq!(curve.interval(DAY, Some(DAY)), AgeCurve::SHORTEST);
        assert_eq!(AgeCurve::flat().interval(Duration::from_mins(1), None), AgeCurve::SHORTEST);
    }
}
