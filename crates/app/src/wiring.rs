//! From settings to the parts of the service.

use std::time::Duration;

use api::{ApiConfig, LimiterConfig};
use domain::backoff::Backoff;
use domain::{Clock, Platform};
use queue::{Queue, QueueOptions};
use scrape::{PlatformSite, ScrapeConfig, Scraper};
use store::{PlatformPolicy, RecordPolicy, Store, StoreConfig};
use url::Url;
use worker::{Worker, WorkerConfig};

use crate::commands::Failure;
use crate::config::Config;

/// Looks for due targets when no queue joins the processes: then nothing else tells a worker.
const SWEEP_WITHOUT_QUEUE: Duration = Duration::from_millis(250);

/// How long an offered target is left alone before it is offered again.
const OFFER_GAP: Duration = Duration::from_secs(5);

/// Opens the store.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    let max_connections = u32::try_from(config.database.max_connections).unwrap_or(u32::MAX);
    let url = config.database.url.reveal().to_owned();
    Ok(Store::connect(&StoreConfig { url, max_connections }).await?)
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

/// Binds the API.
pub fn api(config: &Config, store: Store, queue: Queue) -> Result<api::Server, Failure> {
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
        limiter,
        public_url: config.http.public_url.clone(),
        shutdown: Duration::from_secs(config.http.shutdown_seconds),
    };
    let listen = config.http.listen;
    api::start(api, store, queue, Clock::system()).map_err(|source| Failure::Listen { listen, source })
}

/// Makes a worker.
pub fn worker(config: &Config, role: &str, store: Store, queue: Queue) -> Result<Worker, Failure> {
    let scraping = &config.scraping;
    let scraper = Scraper::new(ScrapeConfig {
        instagram: site(config, Platform::Instagram)?,
        tiktok: site(config, Platform::Tiktok)?,
        youtube: site(config, Platform::Youtube)?,
        pinterest: site(config, Platform::Pinterest)?,
        user_agent: scraping.user_agent.clone(),
        connect_timeout: Duration::from_millis(scraping.connect_timeout_ms),
        total_timeout: Duration::from_millis(scraping.timeout_ms),
        max_body_bytes: scraping.max_body_bytes,
        max_redirects: scraping.max_redirects,
        parse_deadline: Duration::from_millis(scraping.parse_deadline_ms),
    })?;
    let enabled = Platform::ALL.into_iter().filter(|platform| config.platforms.get(*platform).enabled);
    let platforms = enabled
        .map(|platform| PlatformPolicy {
            platform,
            min_interval: config.platforms.min_interval(platform),
            refusals_to_close: u32::try_from(config.platforms.get(platform).refusals_to_close).unwrap_or(u32::MAX),
            closed: Duration::from_secs(config.platforms.get(platform).closed_seconds),
        })
        .collect();
    let settings = &config.worker;
    let sweep = Duration::from_millis(settings.sweep_interval_ms);
    let alone = role == "worker" && config.queue.is_memory();
    let worker = WorkerConfig {
        name: format!("{role}-{}-{}", host(), std::process::id()),
        concurrency: settings.concurrency,
        lease: Duration::from_secs(settings.lease_seconds),
        sweep_interval: if alone { sweep.min(SWEEP_WITHOUT_QUEUE) } else { sweep },
        offer_gap: OFFER_GAP,
        shutdown: Duration::from_secs(settings.shutdown_seconds),
        platforms,
        record: RecordPolicy {
            backoff: Backoff {
                base: Duration::from_secs(settings.retry_base_seconds),
                cap: Duration::from_secs(settings.retry_cap_seconds),
            },
            gone_confirm: Duration::from_hours(settings.gone_confirm_hours),
        },
    };
    Ok(Worker::new(store, queue, scraper, Clock::system(), worker))
}

fn site(config: &Config, platform: Platform) -> Result<PlatformSite, Failure> {
    let base_url =
        Url::parse(&config.platforms.get(platform).base_url).map_err(|source| Failure::BaseUrl { platform, source })?;
    Ok(PlatformSite { base_url })
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
