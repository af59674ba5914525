//! What makes no sense: values out of range, and values that contradict each other or the role that the process is to play.

use std::ops::RangeInclusive;

use domain::source::{DIRECT, OFFICIAL};
use domain::{Handle, Platform};
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

    fn platform(&mut self, platform: Platform) {
        let config = self.config;
        let section = config.platforms.get(platform);
        let key = |key: &str| format!("platforms.{platform}.{key}");
        self.web_address(&key("base_url"), &section.base_url);
        self.budget(&format!("platforms.{platform}"), section.min_interval_ms, section.max_per_hour);
        if let Some(most) = section.max_in_flight {
            self.range(&key("max_in_flight"), most, 1..=1000);
        }
        self.range(&key("refusals_to_close"), section.refusals_to_close, 1..=1000);
        let waits = &section.closed_minutes;
        self.require(
            &key("closed_minutes"),
            waits.len() == 4 && waits.is_sorted() && waits.iter().all(|minutes| (1..=10_080).contains(minutes)),
            "must be four numbers from 1 to 10080, none less than the one before",
        );
        let handles = config.canary.handles(platform);
        self.require(
            &format!("canary.{platform}"),
            handles.iter().all(|handle| Handle::parse(platform, handle).is_ok()),
            "must be a list of handles on the platform",
        );
    }

    fn official_interfaces(&mut self) {
        let platforms = &self.config.platforms;
        let is_token = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        if let Some(api) = &platforms.instagram.graph_api {
            let section = "platforms.instagram.graph_api";
            self.web_address(&format!("{section}.base_url"), &api.base_url);
            self.budget(section, api.min_interval_ms, api.max_per_hour);
            let (user_id, token) = (api.user_id.as_deref(), api.access_token.as_ref());
            self.require(
                &format!("{section}.user_id"),
                user_id.is_none_or(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())),
                "must be a number in digits",
            );
            self.require(
                &format!("{section}.access_token"),
                token.is_none_or(|token| is_token(token.reveal())),
                "must be visible ASCII without spaces",
            );
            let other = if user_id.is_some() { "user_id" } else { "access_token" };
            self.require(
                &format!("{section}.{other}"),
                user_id.is_some() == token.is_some(),
                "user_id and access_token go together: set both or neither",
            );
        }
        if let Some(api) = &platforms.youtube.data_api {
            let section = "platforms.youtube.data_api";
            self.web_address(&format!("{section}.base_url"), &api.base_url);
            self.budget(section, api.min_interval_ms, api.max_per_hour);
            self.require(
                &format!("{section}.api_key"),
                api.api_key.as_ref().is_none_or(|key| is_token(key.reveal())),
                "must be visible ASCII without spaces",
            );
        }
    }

    fn budget(&mut self, section: &str, min_interval_ms: Option<u64>, max_per_hour: Option<u32>) {
        if let Some(millis) = min_interval_ms {
            self.range(&format!("{section}.min_interval_ms"), millis, 0..=3_600_000);
        }
        if let Some(most) = max_per_hour {
            self.range(&format!("{section}.max_per_hour"), most, 1..=1_000_000);
        }
    }

    /// An address that pages are asked from: nobody on the way may read or change what comes.
    fn web_address(&mut self, key: &str, text: &str) {
        let url = plain_web_url(text);
        let safe = url.as_ref().is_some_and(|url| url.scheme() == "https") || is_loopback(text);
        self.require(key, url.is_some(), "must be an http or https URL without user, query or fragment");
        self.require(key, url.is_none() || safe, "must be https, since it is not on a loopback address");
    }

    fn ways_out(&mut self) {
        for (name, address) in &self.config.scraping.proxies {
            let key = format!("scraping.proxies.{name}");
            let is_name = (1..=40).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
            self.require(&key, is_name, "its name must be 1 to 40 of a to z, 0 to 9, - and _");
            self.require(
                &key,
                !RESERVED_WAYS.contains(&name.as_str()),
                format!("its name must be none of {}", RESERVED_WAYS.join(", ")),
            );
            let is_proxy = Url::parse(address.reveal()).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.host_str().is_some_and(|host| !host.is_empty())
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            self.require(
                &key,
                is_proxy,
                "must be http://user:password@host:port or the like; characters of a password such as / # ? @ : must be \
                 written as %2F %23 %3F %40 %3A",
            );
        }
    }

    fn age_curve(&mut self) {
        let (ages, percent) = {
            let curve = &self.config.worker.age_curve;
            (&curve.younger_than_days, &curve.percent)
        };
        self.require(
            "worker.age_curve.younger_than_days",
            ages.is_sorted_by(|a, b| a < b) && ages.iter().all(|days| (1..=36_500).contains(days)),
            "must be numbers from 1 to 36500, each more than the one before",
        );
        self.require(
            "worker.age_curve.percent",
            percent.iter().all(|percent| (1..=10_000).contains(percent)),
            "must be numbers from 1 to 10000",
        );
        self.require(
            "worker.age_curve.percent",
            percent.len() == ages.len() + 1,
            "must be one more than there are ages in worker.age_curve.younger_than_days",
        );
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
