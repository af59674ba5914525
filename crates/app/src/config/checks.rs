//! What makes no sense: values out of range, and values that contradict each other or the role that the process is to play.

mod asking;

use std::ops::RangeInclusive;

use domain::Platform;
use domain::source::{DIRECT, OFFICIAL};
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use super::sources::{ConfigError, Problem};
use super::{Config, rate_cards};

/// Ways out that have these names are ours.
const RESERVED_WAYS: [&str; 2] = [DIRECT, OFFICIAL];

/// What the process is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, in one process.
    Dev,
    /// Serve the API, while workers run elsewhere.
    Serve,
    /// Scrape, while the API is served elsewhere.
    Worker,
}

/// Refuses what makes no sense in any role.
pub(super) fn for_all(config: &Config) -> Result<(), ConfigError> {
    let mut checks = Checks { config, problems: Vec::new() };
    checks.ranges();
    for platform in Platform::ALL {
        checks.platform(platform);
    }
    checks.official_interfaces();
    checks.ways_out();
    checks.age_curve();
    checks.texts();
    checks.contradictions();
    checks.rate_card();
    checks.finish()
}

/// Refuses what makes no sense in `role`.
pub(super) fn for_role(config: &Config, role: Role) -> Result<(), ConfigError> {
    let mut checks = Checks { config, problems: Vec::new() };
    match role {
        Role::Serve | Role::Worker => checks.require(
            "queue.url",
            !config.queue.is_memory() || config.database.is_sqlite(),
            "\"memory:\" reaches no other process: with PostgreSQL, name a Redis that serve and worker share",
        ),
        Role::Dev => {}
    }
    checks.finish()
}

/// Whether `base_url` is on this machine.
pub(super) fn is_loopback(base_url: &str) -> bool {
    Url::parse(base_url).is_ok_and(|url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}

struct Checks<'c> {
    config: &'c Config,
    problems: Vec<Problem>,
}

impl Checks<'_> {
    fn finish(self) -> Result<(), ConfigError> {
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError::Refused(self.problems)) }
    }

    fn rate_card(&mut self) {
        if let Err(message) = rate_cards::load(&self.config.reporting.rate_card) {
            self.require("reporting.rate_card", false, message);
        }
    }

    fn require(&mut self, key: &str, holds: bool, message: impl Into<String>) {
        if !holds {
            let origin = self.config.origin(key).cloned();
            self.problems.push(Problem { key: key.to_owned(), origin, message: message.into() });
        }
    }

    fn range(&mut self, key: &str, value: impl TryInto<u64>, allowed: RangeInclusive<u64>) {
        let holds = value.try_into().is_ok_and(|value| allowed.contains(&value));
        self.require(key, holds, format!("must be from {} to {}", allowed.start(), allowed.end()));
    }

    fn ranges(&mut self) {
        let Config {
            database,
            queue,
            http,
            rate_limit,
            refresh,
            request_events: _,
            worker,
            scraping,
            platforms: _,
            canary,
            kept_pages,
            exports,
            history: _,
            reporting: _,
            retention,
            metrics: _,
            log: _,
            dev,
            origins: _,
        } = self.config;
        self.range("database.max_connections", database.max_connections, 1..=1000);
        self.range("queue.max_backlog", queue.max_backlog, 1..=100_000);
        self.range("queue.poll_interval_ms", queue.poll_interval_ms, 1..=10_000);
        self.range("http.workers", http.workers, 0..=1024);
        self.range("http.body_limit_bytes", http.body_limit_bytes, 1024..=67_108_864);
        self.range("http.shutdown_seconds", http.shutdown_seconds, 0..=600);
        self.range("rate_limit.requests_per_minute", rate_limit.requests_per_minute, 1..=1_000_000);
        self.range(
            "rate_limit.failed_authentications_per_minute",
            rate_limit.failed_authentications_per_minute,
            1..=1_000_000,
        );
        self.range("refresh.cooldown_minutes", refresh.cooldown_minutes, 0..=1440);
        self.range("worker.concurrency", worker.concurrency, 1..=1000);
        self.range("worker.exports", worker.exports, 0..=16);
        self.range("worker.lease_seconds", worker.lease_seconds, 5..=3600);
        self.range("worker.sweep_interval_ms", worker.sweep_interval_ms, 50..=60_000);
        self.range("worker.shutdown_seconds", worker.shutdown_seconds, 0..=600);
        self.range("worker.retry_base_seconds", worker.retry_base_seconds, 1..=86_400);
        self.range("worker.retry_cap_seconds", worker.retry_cap_seconds, 1..=604_800);
        self.range("worker.gone_confirm_hours", worker.gone_confirm_hours, 0..=720);
        self.range("scraping.connect_timeout_ms", scraping.connect_timeout_ms, 50..=600_000);
        self.range("scraping.timeout_ms", scraping.timeout_ms, 100..=600_000);
        self.range("scraping.max_body_bytes", scraping.max_body_bytes, 65_536..=268_435_456);
        self.range("scraping.max_redirects", scraping.max_redirects, 0..=20);
        self.range("scraping.parse_deadline_ms", scraping.parse_deadline_ms, 50..=60_000);
        self.range("scraping.link_timeout_ms", scraping.link_timeout_ms, 100..=60_000);
        self.range("canary.interval_minutes", canary.interval_minutes, 5..=10_080);
        self.range("kept_pages.max_pages", kept_pages.max_pages, 1..=10_000);
        self.range("kept_pages.max_megabytes", kept_pages.max_megabytes, 1..=10_000);
        self.range("exports.retention_days", exports.retention_days, 1..=3650);
        self.range("exports.link_minutes", exports.link_minutes, 1..=1440);
        self.range("exports.part_rows", exports.part_rows, 100..=1_000_000);
        self.range("retention.page_loads_days", retention.page_loads_days, 1..=3650);
        self.range("retention.runs_days", retention.runs_days, 1..=3650);
        self.range("retention.request_events_days", retention.request_events_days, 1..=3650);
        if let Some(days) = retention.snapshots_days {
            self.range("retention.snapshots_days", days, 2..=36_500);
        }
        if let Some(days) = retention.daily_days {
            // The longest window, and the one before it that it is compared with.
            self.range("retention.daily_days", days, 732..=36_500);
        }
        self.range("dev.sandbox_seed", dev.sandbox_seed, 0..=i64::MAX.unsigned_abs());
    }

    fn texts(&mut self) {
        let Config { database, queue, http, scraping, log, .. } = self.config;
        let has_scheme = |url: &str, schemes: &[&str]| schemes.iter().any(|scheme| url.starts_with(scheme));
        self.require(
            "database.url",
            has_scheme(database.url.reveal(), &["sqlite:", "postgres://", "postgresql://"]),
            "must begin with sqlite: or postgres://",
        );
        // The database's driver would name the whole URL, password and all.
        self.require(
            "database.url",
            Url::parse(database.url.reveal()).is_ok(),
            "is not a URL: characters of a password such as / # ? @ : must be written as %2F %23 %3F %40 %3A",
        );
        let queue_url = queue.url.reveal();
        let is_redis = has_scheme(queue_url, &["redis://"]) && Url::parse(queue_url).is_ok();
        let encrypted = has_scheme(queue_url, &["rediss://"]);
        self.require(
            "queue.url",
            !encrypted,
            "TLS to Redis is not built in: use redis:// over a private network or a tunnel",
        );
        self.require("queue.url", encrypted || queue.is_memory() || is_redis, "must be memory: or a redis:// URL");
        let public = http.public_url.as_deref();
        self.require(
            "http.public_url",
            public.is_none_or(|url| plain_web_url(url).is_some()),
            "must be an http or https URL without user, query or fragment",
        );
        self.require(
            "http.allowed_origins",
            http.allowed_origins.iter().all(|origin| is_origin(origin)),
            "must be origins as browsers send them, such as https://app.example.org, with nothing after the host and port",
        );
        let user_agent = &scraping.user_agent;
        self.require(
            "scraping.user_agent",
            !user_agent.trim().is_empty() && user_agent.bytes().all(|b| (b' '..=b'~').contains(&b)),
            "must be visible ASCII and not empty",
        );
        self.place_of_exports();
        let dir = &self.config.kept_pages.dir;
        self.require("kept_pages.dir", !dir.as_os_str().is_empty(), "must not be empty");
        self.require("log.filter", EnvFilter::try_new(&log.filter).is_ok(), "is no list of levels and module=level");
    }

    fn place_of_exports(&mut self) {
        let exports = &self.config.exports;
        let is_folder = exports.url.strip_prefix("file:").is_some_and(|path| !path.trim_matches('/').is_empty());
        let is_bucket =
            exports.url.strip_prefix("s3://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        self.require(
            "exports.url",
            is_folder || is_bucket,
            "must be file: and the path of a folder, or s3://bucket/prefix",
        );
        self.require(
            "exports.s3_endpoint",
            exports.s3_endpoint.as_deref().is_none_or(|url| plain_web_url(url).is_some()),
            "must be an http or https URL without user, query or fragment",
        );
        let is_whole = exports.s3_access_key_id.is_some() == exports.s3_secret_access_key.is_some();
        let other = if exports.s3_access_key_id.is_some() { "s3_secret_access_key" } else { "s3_access_key_id" };
        self.require(
            &format!("exports.{other}"),
            is_whole,
            "s3_access_key_id and s3_secret_access_key go together: set both or neither",
        );
    }

    fn contradictions(&mut self) {
        let Config { worker, scraping, .. } = self.config;
        let scrape_ms = scraping.timeout_ms.saturating_add(scraping.parse_deadline_ms);
        self.require(
            "worker.lease_seconds",
            worker.lease_seconds.saturating_mul(1000) > scrape_ms,
            format!(
                "must be longer than a scrape can take, which is {scrape_ms} ms by scraping.timeout_ms and scraping.parse_deadline_ms"
            ),
        );
        self.require(
            "worker.retry_cap_seconds",
            worker.retry_cap_seconds >= worker.retry_base_seconds,
            "must not be less than worker.retry_base_seconds",
        );
        self.require(
            "scraping.connect_timeout_ms",
            scraping.connect_timeout_ms <= scraping.timeout_ms,
            "must not be more than scraping.timeout_ms",
        );
    }
}

/// Whether `text` is an origin to the letter: a scheme, a host, and a port where it is not the scheme's own.
fn is_origin(text: &str) -> bool {
    plain_web_url(text).is_some_and(|url| url.origin().ascii_serialization() == text)
}

/// `text` as a URL of the web that other URLs can be built upon.
fn plain_web_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then_some(url)
}
