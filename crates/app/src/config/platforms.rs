//! What is particular to each platform: where it is, how politely it is asked, and how it is asked officially.
//!
//! A bound that is not set is polite to the platform itself, and none to a stand-in on a loopback address.

use std::time::Duration;

use domain::Platform;
use serde::{Deserialize, Serialize};
use store::{Breaker, Budget};

use super::checks::is_loopback;
use super::{List, SecretText};

/// Section `platforms`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformsConfig {
    /// instagram.com
    pub instagram: PlatformConfig,
    /// tiktok.com
    pub tiktok: PlatformConfig,
    /// youtube.com
    pub youtube: PlatformConfig,
    /// pinterest.com
    pub pinterest: PlatformConfig,
}

/// A section such as `platforms.instagram`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformConfig {
    /// Whether it is read.
    pub enabled: bool,
    /// Where its pages are.
    pub base_url: String,
    /// Least time between two page loads, when set; see [`PlatformsConfig::page_budget`].
    pub min_interval_ms: Option<u64>,
    /// Most page loads at the same time, when set.
    pub max_in_flight: Option<u32>,
    /// Most page loads an hour, when set.
    pub max_per_hour: Option<u32>,
    /// Refusals in a row after which a way out is left alone.
    pub refusals_to_close: u32,
    /// For how long: the first time, the second time in a row, and so on.
    pub closed_minutes: List<u64>,
    /// Section `platforms.instagram.graph_api`; no other platform has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph_api: Option<GraphApiConfig>,
    /// Section `platforms.youtube.data_api`; no other platform has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_api: Option<DataApiConfig>,
}

/// Section `platforms.instagram.graph_api`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GraphApiConfig {
    /// Where it is, version included.
    pub base_url: String,
    /// The operator's own Instagram account.
    pub user_id: Option<String>,
    /// The token of the operator's app. Without it the interface is not used.
    pub access_token: Option<SecretText>,
    /// Least time between two calls, when set.
    pub min_interval_ms: Option<u64>,
    /// Most calls an hour, when set.
    pub max_per_hour: Option<u32>,
}

/// Section `platforms.youtube.data_api`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DataApiConfig {
    /// Where it is, version included.
    pub base_url: String,
    /// The operator's key. Without it the interface is not used.
    pub api_key: Option<SecretText>,
    /// Least time between two calls, when set.
    pub min_interval_ms: Option<u64>,
    /// Most calls an hour, when set.
    pub max_per_hour: Option<u32>,
}

impl PlatformsConfig {
    /// The section of `platform`.
    pub fn get(&self, platform: Platform) -> &PlatformConfig {
        match platform {
            Platform::Instagram => &self.instagram,
            Platform::Tiktok => &self.tiktok,
            Platform::Youtube => &self.youtube,
            Platform::Pinterest => &self.pinterest,
        }
    }

    /// The section of `platform`, to be changed.
    pub fn get_mut(&mut self, platform: Platform) -> &mut PlatformConfig {
        match platform {
            Platform::Instagram => &mut self.instagram,
            Platform::Tiktok => &mut self.tiktok,
            Platform::Youtube => &mut self.youtube,
            Platform::Pinterest => &mut self.pinterest,
        }
    }

    /// Whether a stand-in on this machine takes the place of `platform`.
    pub fn is_stand_in(&self, platform: Platform) -> bool {
        is_loopback(&self.get(platform).base_url)
    }

    /// How often the pages of `platform` may be loaded by each way out.
    pub fn page_budget(&self, platform: Platform) -> Budget {
        let section = self.get(platform);
        let (interval_ms, an_hour) = match platform {
            Platform::Instagram => (8000, 60),
            Platform::Tiktok | Platform::Pinterest => (4000, 600),
            Platform::Youtube => (1000, 1800),
        };
        let polite = Budget {
            min_interval: Duration::from_millis(interval_ms),
            max_in_flight: Some(1),
            max_per_hour: Some(an_hour),
        };
        let set = budget(&section.base_url, polite, section.min_interval_ms, section.max_per_hour);
        Budget { max_in_flight: section.max_in_flight.or(set.max_in_flight), ..set }
    }

    /// How often the official interface of `platform` may be called; without any, not bounded.
    pub fn official_budget(&self, platform: Platform) -> Budget {
        let polite = |interval_ms, an_hour| Budget {
            min_interval: Duration::from_millis(interval_ms),
            max_in_flight: None,
            max_per_hour: Some(an_hour),
        };
        let section = self.get(platform);
        let graph = section
            .graph_api
            .as_ref()
            .map(|api| budget(&api.base_url, polite(1000, 200), api.min_interval_ms, api.max_per_hour));
        let data = section
            .data_api
            .as_ref()
            .map(|api| budget(&api.base_url, polite(100, 400), api.min_interval_ms, api.max_per_hour));
        graph.or(data).unwrap_or_default()
    }

    /// When `platform` is left alone, and for how long.
    pub fn breaker(&self, platform: Platform) -> Breaker {
        let section = self.get(platform);
        // There are exactly four: the checks have seen to it.
        let wait = |at| section.closed_minutes.get(at).copied().unwrap_or_default();
        Breaker {
            refusals_to_open: section.refusals_to_close,
            waits: std::array::from_fn(|at| Duration::from_mins(wait(at))),
        }
    }
}

/// What is set, and for the rest `polite` or, on a loopback address, no bound.
fn budget(base_url: &str, polite: Budget, min_interval_ms: Option<u64>, max_per_hour: Option<u32>) -> Budget {
    let unset = if is_loopback(base_url) { Budget::default() } else { polite };
    Budget {
        min_interval: min_interval_ms.map_or(unset.min_interval, Duration::from_millis),
        max_in_flight: unset.max_in_flight,
        max_per_hour: max_per_hour.or(unset.max_per_hour),
    }
}
