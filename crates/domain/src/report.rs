//! How posts are reported on.

use serde::{Deserialize, Serialize};

use crate::media_value::RateCard;
use crate::validation::one_of;

/// Which posts the dates of a report choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateBasis {
    /// Those that were published within them.
    #[default]
    Published,
    /// Those that were read within them.
    Metric,
}

impl DateBasis {
    /// Every one, in the order in which error messages name them.
    pub const ALL: [Self; 2] = [Self::Published, Self::Metric];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Metric => "metric",
        }
    }
}

impl std::str::FromStr for DateBasis {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        one_of(s, &Self::ALL, Self::as_str)
    }
}

/// Which numbers of posts are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportedMetrics {
    /// What is known now.
    #[default]
    Lifetime,
    /// What was gained within the dates.
    Range,
}

impl ReportedMetrics {
    /// Every one, in the order in which error messages name them.
    pub const ALL: [Self; 2] = [Self::Lifetime, Self::Range];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lifetime => "lifetime",
            Self::Range => "range",
        }
    }
}

impl std::str::FromStr for ReportedMetrics {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        one_of(s, &Self::ALL, Self::as_str)
    }
}

/// How a report is made that is written to a file: settled when it is asked for, so that it means the same whenever a worker takes it up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportOptions {
    /// Which posts the dates choose.
    pub date_basis: DateBasis,
    /// Which numbers.
    pub metrics: ReportedMetrics,
    /// What they are worth.
    pub card: RateCard,
    /// The card that was asked for by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_card: Option<String>,
    /// The prices that were given instead of the card's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for basis in DateBasis::ALL {
            assert_eq!(basis.as_str().parse(), Ok(basis));
            assert_eq!(serde_json::to_value(basis).unwrap(), basis.as_str());
        }
        for metrics in ReportedMetrics::ALL {
            assert_eq!(metrics.as_str().parse(), Ok(metrics));
            assert_eq!(serde_json::to_value(metrics).unwrap(), metrics.as_str());
        }
        assert_eq!("x".parse::<ReportedMetrics>(), Err("must be one of: lifetime, range".to_owned()));
    }
}
