//! The sections of what workers do: how pages are read, what is made of them, and how long it is kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::{AgeCurve, AgeStep, Platform};
use serde::{Deserialize, Serialize};

use super::{List, SecretText, SecretUrl};

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
