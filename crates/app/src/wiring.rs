//! From settings to the parts of the service.

use std::sync::Arc;
use std::time::Duration;

use api::{ApiConfig, ConfiguredSource, KeptAddress, LimiterConfig};
use domain::backoff::Backoff;
use domain::source::{DIRECT, OFFICIAL};
use domain::{Channel, Clock, Handle, Platform, TargetKind};
use files::{PartLimits, S3Config, Storage, StorageConfig};
use queue::{Queue, QueueOptions};
use scrape::{Egress, InstagramGraph, OfficialApis, PlatformSite, ScrapeConfig, Scraper, YoutubeData};
use store::{PlatformPolicy, RecordPolicy, SourcePlan, Store, StoreConfig};
use url::Url;
use worker::{CanaryConfig, ExportsConfig, KeptPagesConfig, Layouts, Retention, Worker, WorkerConfig};

use crate::commands::Failure;
use crate::config::{Config, KeptAddressConfig, rate_cards};
use crate::short_links::ShortLinks;

/// Looks for due targets when no queue joins the processes: then nothing else tells a worker.
const SWEEP_WITHOUT_QUEUE: Duration = Duration::from_millis(250);

/// How long an offered target is left alone before it is offered again.
const OFFER_GAP: Duration = Duration::from_secs(5);

/// Opens the store.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    let max_connections = u32::try_from(config.database.max_connections).unwrap_or(u32::MAX);
    let url = config.database.url.reveal().to_owned();
    let age_curve = config.worker.age_curve.curve();
    Ok(Store::connect(&StoreConfig { url, max_connections, age_curve }).await?)
}

/// Opens the queue.
pub fn queue(config: &Config) -> Result<Queue, Failure> {
    if config.queue.is_memory() {
        return Ok(Queue::memory_bounded(config.queue.max_backlog));
    }
    let options = QueueOptions {
        max_backlog: config.queue.max_backlog,
        poll_interval: Duration::from_millis(config.queue.poll_interval_ms),
        ..QueueOptions::default()
    };
    Ok(Queue::redis(config.queue.url.reveal(), options)?)
}

/// Opens the place where the files of exports are kept.
pub fn files(config: &Config) -> Result<Storage, Failure> {
    let settings = &config.exports;
    let s3 = S3Config {
        endpoint: settings.s3_endpoint.clone(),
        region: settings.s3_region.clone(),
        access_key_id: settings.s3_access_key_id.clone(),
        secret_access_key: settings.s3_secret_access_key.as_ref().map(|secret| secret.reveal().to_owned()),
    };
    Ok(Storage::open(&StorageConfig { url: settings.url.clone(), s3 })?)
}

/// Binds the API.
pub fn api(config: &Config, store: Store, queue: Queue, scraper: &Scraper) -> Result<api::Server, Failure> {
    let files = files(config)?;
    let limiter = if config.queue.is_memory() {
        LimiterConfig::Memory
    } else {
        LimiterConfig::Redis { url: config.queue.url.reveal().to_owned() }
    };
    let api = ApiConfig {
        listen: config.http.listen,
        workers: config.http.workers,
        body_limit_bytes: config.http.body_limit_bytes,
        rate_limit_per_minute: u32::try_from(config.rate_limit.requests_per_minute).unwrap_or(u32::MAX),
        failed_authentications_per_minute: u32::try_from(config.rate_limit.failed_authentications_per_minute)
            .unwrap_or(u32::MAX),
        limiter,
        trust_forwarded_for: config.http.trust_forwarded_for,
        kept_address: match config.request_events.client_address {
            KeptAddressConfig::Truncated => KeptAddress::Truncated,
            KeptAddressConfig::Full => KeptAddress::Full,
            KeptAddressConfig::None => KeptAddress::None,
        },
        allowed_origins: config.http.allowed_origins.to_vec(),
        rate_cards: rate_cards::load(&config.reporting.rate_card).map_err(Failure::RateCard)?,
        refresh_cooldown: Duration::from_mins(config.refresh.cooldown_minutes),
        daily_retention: config.retention.daily_days.map(days),
        process: name("serve"),
        public_url: config.http.public_url.clone(),
        sources: configured_sources(config, scraper),
        links: Some(Arc::new(ShortLinks::new(
            store.clone(),
            scraper.clone(),
            Clock::system(),
            name("serve"),
            lease(config),
            policies(config, scraper),
        ))),
        files,
        file_links: Duration::from_mins(config.exports.link_minutes),
        shutdown: Duration::from_secs(config.http.shutdown_seconds),
    };
    let listen = config.http.listen;
    api::start(api, store, queue, Clock::system()).map_err(|source| Failure::Listen { listen, source })
}

/// Where the platforms are asked by these settings, as the API shows it.
fn configured_sources(config: &Config, scraper: &Scraper) -> Vec<ConfiguredSource> {
    let mut sources = Vec::new();
    for platform in Platform::ALL {
        let is_enabled = config.platforms.get(platform).enabled;
        let policy = policy(config, scraper, platform);
        for kind in [TargetKind::Profile, TargetKind::Feed, TargetKind::Post] {
            for source in policy.sources.of(kind) {
                let egresses = match source.channel {
                    Channel::Page => policy.egresses.clone(),
                    Channel::Official => vec![OFFICIAL.to_owned()],
                };
                sources.push(ConfiguredSource { platform, kind, source: *source, is_enabled, egresses });
            }
        }
    }
    sources
}

/// Makes what reads pages. Opens no connection.
pub fn scraper(config: &Config) -> Result<Scraper, Failure> {
    let scraping = &config.scraping;
    let site = |platform: Platform| {
        let key = || format!("platforms.{platform}.base_url");
        address(key, &config.platforms.get(platform).base_url).map(|base_url| PlatformSite { base_url })
    };
    let mut egresses = vec![Egress::direct()];
    for (name, proxy) in &scraping.proxies {
        let proxy = address(|| format!("scraping.proxies.{name}"), proxy.reveal())?;
        egresses.push(Egress { name: name.clone(), proxy: Some(proxy) });
    }
    Ok(Scraper::new(ScrapeConfig {
        instagram: site(Platform::Instagram)?,
        tiktok: site(Platform::Tiktok)?,
        youtube: site(Platform::Youtube)?,
        pinterest: site(Platform::Pinterest)?,
        official: official(config)?,
        egresses,
        user_agent: scraping.user_agent.clone(),
        connect_timeout: Duration::from_millis(scraping.connect_timeout_ms),
        total_timeout: Duration::from_millis(scraping.timeout_ms),
        max_body_bytes: scraping.max_body_bytes,
        max_redirects: scraping.max_redirects,
        parse_deadline: Duration::from_millis(scraping.parse_deadline_ms),
        link_timeout: Duration::from_millis(scraping.link_timeout_ms),
    })?)
}

/// The official interfaces that there are keys for.
fn official(config: &Config) -> Result<OfficialApis, Failure> {
    let mut apis = OfficialApis::default();
    if let Some(api) = &config.platforms.instagram.graph_api
        && let (Some(user_id), Some(token)) = (&api.user_id, &api.access_token)
    {
        apis.instagram = Some(InstagramGraph {
            base_url: address(|| "platforms.instagram.graph_api.base_url".to_owned(), &api.base_url)?,
            user_id: user_id.clone(),
            access_token: token.reveal().to_owned(),
        });
    }
    if let Some(api) = &config.platforms.youtube.data_api
        && let Some(key) = &api.api_key
    {
        apis.youtube = Some(YoutubeData {
            base_url: address(|| "platforms.youtube.data_api.base_url".to_owned(), &api.base_url)?,
            api_key: key.reveal().to_owned(),
        });
    }
    Ok(apis)
}

fn address(key: impl Fn() -> String, text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|source| Failure::Address { key: key(), source })
}

/// What may be done on `platform`, whether it is enabled or not.
pub fn policy(config: &Config, scraper: &Scraper, platform: Platform) -> PlatformPolicy {
    let platforms = &config.platforms;
    // A proxy is for the world outside, not for stand-ins on this machine.
    let is_direct = config.scraping.proxies.is_empty() || platforms.is_stand_in(platform);
    PlatformPolicy {
        platform,
        sources: SourcePlan {
            profile: scraper.sources(platform, TargetKind::Profile),
            feed: scraper.sources(platform, TargetKind::Feed),
            post: scraper.sources(platform, TargetKind::Post),
        },
        egresses: if is_direct { vec![DIRECT.to_owned()] } else { config.scraping.proxies.keys().cloned().collect() },
        pages: platforms.page_budget(platform),
        official: platforms.official_budget(platform),
        breaker: platforms.breaker(platform),
    }
}

/// What may be done on the platforms that are enabled.
fn policies(config: &Config, scraper: &Scraper) -> Vec<PlatformPolicy> {
    let enabled = Platform::ALL.into_iter().filter(|platform| config.platforms.get(*platform).enabled);
    enabled.map(|platform| policy(config, scraper, platform)).collect()
}

/// Makes a worker.
pub fn worker(config: &Config, role: &str, store: Store, queue: Queue, scraper: Scraper) -> Result<Worker, Failure> {
    let settings = &config.worker;
    let sweep = Duration::from_millis(settings.sweep_interval_ms);
    let alone = role == "worker" && config.queue.is_memory();
    let worker = WorkerConfig {
        name: name(role),
        concurrency: settings.concurrency,
        lease: lease(config),
        sweep_interval: if alone { sweep.min(SWEEP_WITHOUT_QUEUE) } else { sweep },
        offer_gap: OFFER_GAP,
        shutdown: Duration::from_secs(settings.shutdown_seconds),
        platforms: policies(config, &scraper),
        record: RecordPolicy {
            backoff: backoff(config),
            gone_confirm: Duration::from_hours(settings.gone_confirm_hours),
            compact: config.history.compact,
        },
        retention: Retention {
            page_loads: days(config.retention.page_loads_days),
            runs: days(config.retention.runs_days),
            request_events: days(config.retention.request_events_days),
            snapshots: config.retention.snapshots_days.map(days),
            daily: config.retention.daily_days.map(days),
        },
        kept_pages: kept_pages(config),
        canary: canary(config),
        exports: exports(config)?,
    };
    Ok(Worker::new(store, queue, scraper, Clock::system(), worker))
}

/// How long an export is a worker's when nothing is heard of it again; it is renewed while it is written.
const EXPORT_LEASE: Duration = Duration::from_secs(30);

/// What one part of an export's file takes of the memory while it is written, about.
const EXPORT_PART_BYTES: usize = 16 * 1024 * 1024;

/// Rows of an export that are read at once.
const EXPORT_PAGE_ROWS: u32 = 2000;

fn exports(config: &Config) -> Result<Option<ExportsConfig>, Failure> {
    let settings = &config.exports;
    if config.worker.exports == 0 {
        return Ok(None);
    }
    Ok(Some(ExportsConfig {
        storage: files(config)?,
        at_once: config.worker.exports,
        interval: Duration::from_millis(config.worker.sweep_interval_ms),
        lease: EXPORT_LEASE,
        kept: days(settings.retention_days),
        part: PartLimits { rows: settings.part_rows, bytes: EXPORT_PART_BYTES },
        page_rows: EXPORT_PAGE_ROWS,
        backoff: backoff(config),
        layouts: Layouts { accounts: &api::ACCOUNT_ROWS, posts: &api::POST_ROWS, members: &api::MEMBER_ROWS },
    }))
}

fn backoff(config: &Config) -> Backoff {
    Backoff {
        base: Duration::from_secs(config.worker.retry_base_seconds),
        cap: Duration::from_secs(config.worker.retry_cap_seconds),
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}

fn kept_pages(config: &Config) -> Option<KeptPagesConfig> {
    let settings = &config.kept_pages;
    settings.enabled.then(|| KeptPagesConfig {
        dir: settings.dir.clone(),
        max_pages: settings.max_pages,
        max_bytes: settings.max_megabytes.saturating_mul(1_000_000),
    })
}

fn canary(config: &Config) -> Option<CanaryConfig> {
    let settings = &config.canary;
    let profiles = Platform::ALL.into_iter().flat_map(|platform| {
        // What is no handle was refused with the settings.
        let handles = settings.handles(platform).iter().filter_map(move |text| Handle::parse(platform, text).ok());
        handles.map(move |handle| (platform, handle.as_str().to_owned()))
    });
    let interval = Duration::from_mins(settings.interval_minutes);
    settings.enabled.then(|| CanaryConfig { interval, profiles: profiles.collect() })
}

/// How long a claim, or a page load outside of one, is good for.
pub fn lease(config: &Config) -> Duration {
    Duration::from_secs(config.worker.lease_seconds)
}

/// What this process is called in the logs and in the database.
fn name(role: &str) -> String {
    format!("{role}-{}-{}", host(), std::process::id())
}

/// This machine's name, by which support staff tell workers apart.
fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_else(|| "host".to_owned())
}
