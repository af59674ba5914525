//! How long an API key lives.

use std::str::FromStr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::validation::one_of;

/// How long a key lives from the time that it is made or rotated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyLifetime {
    /// 30 days.
    Days30,
    /// 60 days.
    Days60,
    /// 90 days.
    #[default]
    Days90,
    /// 365 days.
    Year,
    /// Without an end.
    Never,
}

impl KeyLifetime {
    /// Every lifetime, the shortest first.
    pub const ALL: [Self; 5] = [Self::Days30, Self::Days60, Self::Days90, Self::Year, Self::Never];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Days30 => "30d",
            Self::Days60 => "60d",
            Self::Days90 => "90d",
            Self::Year => "1y",
            Self::Never => "never",
        }
    }

    /// When a key ends that begins at `start`; `None` for never.
    pub fn end(self, start: Timestamp) -> Option<Timestamp> {
        let days = match self {
            Self::Days30 => 30,
            Self::Days60 => 60,
            Self::Days90 => 90,
            Self::Year => 365,
            Self::Never => return None,
        };
        Some(start.plus(Duration::from_hours(24 * days)))
    }
}

impl FromStr for KeyLifetime {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Self::as_str)
    }
}

impl std::fmt::Display for KeyLifetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_read_by_its_name_and_ends_by_the_day() {
        let start = Timestamp::from_millis(5);
        let day = 24 * 60 * 60 * 1000;
        for (name, days) in [("30d", 30), ("60d", 60), ("90d", 90), ("1y", 365)] {
            let lifetime: KeyLifetime = name.parse().unwrap();
            assert_eq!((lifetime.as_str(), lifetime.end(start)), (name, Some(Timestamp::from_millis(5 + days * day))));
        }
        assert_eq!("never".parse::<KeyLifetime>().map(|never| never.end(start)), Ok(None));
        assert_eq!("2y".parse::<KeyLifetime>(), Err("must be one of: 30d, 60d, 90d, 1y, never".to_owned()));
        assert_eq!(KeyLifetime::default().as_str(), "90d");
    }
}
