//! The settings of the program: what there is, where each value came from, and what is refused at the start.
//!
//! `config/default.toml` is compiled in; it documents every key and gives each its default and its kind. This module holds the settings as
//! types; [`sources`] gathers them, [`keys`] knows which there are, [`checks`] refuses what makes no sense, and [`secret_url`] keeps passwords
//! out of sight.

mod checks;
mod keys;
mod secret_url;
mod sources;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use domain::Platform;
use domain::validation::one_of;
use serde::{Deserialize, Serialize};

pub use self::checks::Role;
pub use self::secret_url::SecretUrl;
pub use self::sources::ConfigError;
use self::sources::Origin;

/// Every setting. Its `Debug` and serialized forms show no password.
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
    /// How scrapes are run and tried again.
    pub worker: WorkerConfig,
    /// How pages are loaded and read.
    pub scraping: ScrapingConfig,
    /// What is particular to each platform.
    pub platforms: PlatformsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// For development.
    pub dev: DevConfig,
    /// Where each value came from.
    #[serde(skip)]
    origins: sources::Origins,
}

/// Section `database`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite://…` or `postgres://…`.
    pub url: SecretUrl,
    /// Most connections of this process.
    pub max_connections: u64,
}

impl DatabaseConfig {
    /// Whether it is SQLite, which has one writer and no server.
    pub fn is_sqlite(&self) -> bool {
        self.url.reveal().starts_with("sqlite:")
    }
}

/// Section `queue`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// `memory:` or `redis://…`.
    pub url: SecretUrl,
    /// Most wakes that wait.
    pub max_backlog: usize,
    /// How often an idle worker looks into Redis.
    pub poll_interval_ms: u64,
}

impl QueueConfig {
    /// Whether it lives inside this process.
    pub fn is_memory(&self) -> bool {
        self.url.reveal() == "memory:"
    }
}

/// Section `http`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port.
    pub listen: SocketAddr,
    /// How clients reach the service.
    pub public_url: Option<String>,
    /// Threads that serve requests; 0 for one a core.
    pub workers: usize,
    /// Longest body of a request.
    pub body_limit_bytes: usize,
    /// How long requests under way may take after the signal to stop.
    pub shutdown_seconds: u64,
}

/// Section `rate_limit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Requests per API key.
    pub requests_per_minute: u64,
}

/// Section `worker`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Scrapes at once in this process.
    pub concurrency: usize,
    /// How long a claim is good for.
    pub lease_seconds: u64,
    /// How often due targets are looked for.
    pub sweep_interval_ms: u64,
    /// How long scrapes under way may take after the signal to stop.
    pub shutdown_seconds: u64,
    /// Wait after a first failure.
    pub retry_base_seconds: u64,
    /// Longest wait after failures.
    pub retry_cap_seconds: u64,
    /// How far apart two answers "does not exist" must be.
    pub gone_confirm_hours: u64,
}

/// Section `scraping`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ScrapingConfig {
    /// What is sent as User-Agent.
    pub user_agent: String,
    /// Until a connection stands.
    pub connect_timeout_ms: u64,
    /// A whole page load.
    pub timeout_ms: u64,
    /// Most of a page that is read.
    pub max_body_bytes: usize,
    /// Redirects that are followed.
    pub max_redirects: usize,
    /// Until a page must be understood.
    pub parse_deadline_ms: u64,
}

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

    /// Least time between two page loads of `platform`, over all workers: as set, or else polite to the platform itself and none to a
    /// stand-in on a loopback address.
    pub fn min_interval(&self, platform: Platform) -> Duration {
        let section = self.get(platform);
        let polite_ms = match platform {
            Platform::Instagram => 8000,
            Platform::Tiktok => 4000,
            Platform::Youtube => 1000,
            Platform::Pinterest => 4000,
        };
        let unset_ms = if checks::is_loopback(&section.base_url) { 0 } else { polite_ms };
        Duration::from_millis(section.min_interval_ms.unwrap_or(unset_ms))
    }
}

/// Section `platforms.instagram` or `platforms.tiktok`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformConfig {
    /// Whether its pages are read.
    pub enabled: bool,
    /// Where its pages are.
    pub base_url: String,
    /// Least time between two page loads, when set; see [`PlatformsConfig::min_interval`].
    pub min_interval_ms: Option<u64>,
    /// Refusals in a row after which the platform is left alone.
    pub refusals_to_close: u64,
    /// For how long.
    pub closed_seconds: u64,
}

/// Section `log`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// Which events, in the language of `tracing_subscriber::EnvFilter`.
    pub filter: String,
}

/// How an event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object on a line.
    Json,
}

impl TryFrom<String> for LogFormat {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        one_of(&name, &[Self::Text, Self::Json], |format| match format {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// Section `dev`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DevConfig {
    /// Which population lives on the stand-in platforms.
    pub sandbox_seed: u64,
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

    /// The settings in force as TOML. Passwords are masked; optional keys that are not set are left out.
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
