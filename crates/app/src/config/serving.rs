//! The sections of what keeps the facts, serves clients, and tells operators how it goes.

use std::net::SocketAddr;

use domain::validation::one_of;
use serde::{Deserialize, Serialize};

use super::{List, SecretUrl};

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

/// Section `reporting`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReportingConfig {
    /// By which prices the media value is estimated.
    pub rate_card: String,
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
