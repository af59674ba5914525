//! The settings of the program: what there is, where each value came from, and what is refused at the start.
//!
//! `config/default.toml` is compiled in; it documents every key and gives each its default and its kind. [`serving`], [`working`] and [`platforms`] hold
//! the settings as types; [`sources`] gathers them, [`keys`] knows which there are, [`checks`] refuses what makes no sense, and [`secret_url`] and
//! [`secret_text`] keep passwords, keys and tokens out of sight.

mod checks;
mod keys;
mod list;
mod platforms;
pub mod rate_cards;
mod secret_text;
mod secret_url;
mod serving;
mod sources;
mod working;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub use self::checks::Role;
pub use self::list::List;
pub use self::platforms::PlatformsConfig;
pub use self::secret_text::SecretText;
pub use self::secret_url::SecretUrl;
pub use self::serving::{
    DatabaseConfig, DevConfig, HttpConfig, KeptAddressConfig, LogConfig, LogFormat, MetricsConfig, QueueConfig,
    RateLimitConfig, RefreshConfig, ReportingConfig, RequestEventsConfig,
};
pub use self::sources::ConfigError;
use self::sources::Origin;
pub use self::working::{
    CanaryConfig, ExportsConfig, HistoryConfig, KeptPagesConfig, RetentionConfig, ScrapingConfig, WorkerConfig,
};

/// Every setting. Its `Debug` and serialized forms show no secret.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where facts are kept.
    pub database: DatabaseConfig,
    /// How workers are woken.
    pub queue: QueueConfig,
    /// How clients are served.
    pub http: HttpConfig,
    /// How much a client may ask.
    pub rate_limit: RateLimitConfig,
    /// How often a client may have something read at once.
    pub refresh: RefreshConfig,
    /// What is kept of each call for support staff.
    pub request_events: RequestEventsConfig,
    /// How scrapes are run and tried again.
    pub worker: WorkerConfig,
    /// How pages are loaded and read.
    pub scraping: ScrapingConfig,
    /// What is particular to each platform.
    pub platforms: PlatformsConfig,
    /// Which profiles are read to see whether pages can still be read.
    pub canary: CanaryConfig,
    /// What becomes of pages that could not be read.
    pub kept_pages: KeptPagesConfig,
    /// Where the files of exports are, and for how long.
    pub exports: ExportsConfig,
    /// How history is kept.
    pub history: HistoryConfig,
    /// How reports are made.
    pub reporting: ReportingConfig,
    /// How long is kept what is not kept for good.
    pub retention: RetentionConfig,
    /// Where metrics are served.
    pub metrics: MetricsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// For development.
    pub dev: DevConfig,
    /// Where each value came from.
    #[serde(skip)]
    origins: sources::Origins,
}

impl Config {
    /// Gathers the settings: the defaults, then `file` (or else the file that `CREATOR_AUDIT_CONFIG` names), then the environment.
    /// Refuses unknown keys, values of the wrong kind or out of range, and contradictions, naming every one with its origin.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        sources::load(file, sources::process_environment())
    }

    /// Refuses what makes no sense for this `role`, beyond what [`Config::load`] refuses for all.
    pub fn validate(&self, role: Role) -> Result<(), ConfigError> {
        checks::for_role(self, role)
    }

    /// The settings in force as TOML. Secrets are masked; optional keys that are not set are left out.
    pub fn redacted_toml(&self) -> Result<String, serde_json::Error> {
        sources::to_toml(&serde_json::to_value(self)?)
    }

    /// Where the value of the dotted `key` came from; `None` when it has none.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.origins.get(key)
    }
}

#[cfg(test)]
mod tests;
