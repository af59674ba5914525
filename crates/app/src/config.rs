//! The settings of the program: what there is, where each value came from, and what is refused at the start.
//!
//! `config/default.toml` is compiled in; it documents every key and gives each its default and its kind. This module holds the settings as
//! types; [`sources`] gathers them, [`keys`] knows which there are, [`checks`] refuses what makes no sense, and [`secret_url`] and
//! [`secret_text`] keep passwords, keys and tokens out of sight.

mod checks;
mod keys;
mod list;
mod platforms;
pub mod rate_cards;
mod secret_text;
mod secret_url;
mod sources;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use domain::validation::one_of;
use domain::{AgeCurve, AgeStep, Platform};
use serde::{Deserialize, Serialize};

pub use self::checks::Role;
pub use self::list::List;
pub use self::platforms::PlatformsConfig;
pub use self::secret_text::SecretText;
pub use self::secret_url::SecretUrl;
pub use self::sources::ConfigError;
use self::sources::Origin;

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
    /// Whether a proxy in front says who the client is.
    pub trust_forwarded_for: bool,
    /// Web pages that browsers may let call the API.
    pub allowed_origins: List<String>,
}

/// Section `rate_limit`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitConfig {
    /// Requests per API key.
    pub requests_per_minute: u64,
    /// Failed authentications per client address.
    pub failed_authentications_per_minute: u64,
}

/// Section `refresh`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshConfig {
    /// How long after a read a refresh on demand is answered with that read.
    pub cooldown_minutes: u64,
}

/// Section `request_events`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequestEventsConfig {
    /// How much of a client's address is kept.
    pub client_address: KeptAddressConfig,
}

/// How much of a client's address is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", rename_all = "lowercase")]
pub enum KeptAddressConfig {
    /// The network alone.
    Truncated,
    /// All of it.
    Full,
    /// Nothing.
    None,
}

impl TryFrom<String> for KeptAddressConfig {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        one_of(&name, &[Self::Truncated, Self::Full, Self::None], |kept| match kept {
            Self::Truncated => "truncated",
            Self::Full => "full",
            Self::None => "none",
        })
    }
}

/// Section `worker`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// Scrapes at once in this process.
    pub concurrency: usize,
    /// Exports written at once in one process.
    pub exports: usize,
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
    /// How often posts are read by their age.
    pub age_curve: AgeCurveConfig,
}

/// Section `worker.age_curve`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AgeCurveConfig {
    /// Ages, rising.
    pub younger_than_days: List<u32>,
    /// Percent of the account's interval: one for each age, and one for all that is older.
    pub percent: List<u32>,
}

impl AgeCurveConfig {
    /// The curve.
    pub fn curve(&self) -> AgeCurve {
        let pairs = self.younger_than_days.iter().zip(self.percent.iter());
        let steps = pairs.map(|(days, percent)| AgeStep { younger_than_days: *days, percent: *percent }).collect();
        AgeCurve::new(steps, self.percent.last().copied().unwrap_or(100))
    }
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
    /// How long a short link's redirects may take.
    pub link_timeout_ms: u64,
    /// The ways out to the platforms by name; none for the direct one.
    #[serde(default)]
    pub proxies: BTreeMap<String, SecretUrl>,
}

/// Section `canary`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CanaryConfig {
    /// Whether canaries are read.
    pub enabled: bool,
    /// How often each.
    pub interval_minutes: u64,
    /// Handles on Instagram.
    pub instagram: List<String>,
    /// Handles on TikTok.
    pub tiktok: List<String>,
    /// Handles on YouTube.
    pub youtube: List<String>,
    /// Handles on Pinterest.
    pub pinterest: List<String>,
}

impl CanaryConfig {
    /// The handles on `platform`, as they were written.
    pub fn handles(&self, platform: Platform) -> &[String] {
        match platform {
            Platform::Instagram => &self.instagram,
            Platform::Tiktok => &self.tiktok,
            Platform::Youtube => &self.youtube,
            Platform::Pinterest => &self.pinterest,
        }
    }
}

/// Section `kept_pages`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPagesConfig {
    /// Whether pages are kept that could not be understood.
    pub enabled: bool,
    /// Where.
    pub dir: PathBuf,
    /// How many at most.
    pub max_pages: usize,
    /// How much of the disk at most.
    pub max_megabytes: u64,
}

/// Section `exports`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExportsConfig {
    /// `file:…` or `s3://…`.
    pub url: String,
    /// Where S3 is, when it is not Amazon's.
    pub s3_endpoint: Option<String>,
    /// The bucket's region.
    pub s3_region: Option<String>,
    /// The id of the key to it.
    pub s3_access_key_id: Option<String>,
    /// The key's secret.
    pub s3_secret_access_key: Option<SecretText>,
    /// How long files are kept.
    pub retention_days: u64,
    /// How long a link to one is good at least.
    pub link_minutes: u64,
    /// Rows of a part at most.
    pub part_rows: u64,
}

/// Section `history`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryConfig {
    /// Whether of equal reads of a day only the first and the last are kept.
    pub compact: bool,
}

/// Section `reporting`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportingConfig {
    /// By which prices the media value is estimated.
    pub rate_card: String,
}

/// Section `retention`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the unit stands in each name")]
pub struct RetentionConfig {
    /// How long the log of page loads goes back.
    pub page_loads_days: u64,
    /// How long runs go back.
    pub runs_days: u64,
    /// How long the record of calls goes back.
    pub request_events_days: u64,
    /// How long single reads go back; for good when it is not set.
    pub snapshots_days: Option<u64>,
    /// How long days go back; for good when it is not set.
    pub daily_days: Option<u64>,
}

/// Section `metrics`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where they are served, when they are.
    pub listen: Option<SocketAddr>,
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
