//! Short links that clients hand in (`vm.tiktok.com/…`, `pin.it/…`), followed as politely as a page is loaded: by a slot of the platform's
//! direct way out, under the same stop switch, breaker and budget, and noted in the log of page loads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{ExpandFailure, ExpandLinks, Expanding};
use domain::source::DIRECT;
use domain::{Channel, Clock, Observation, Outcome, Platform, Source, TargetKind};
use scrape::{ExpandError, Scraper};
use store::{PlatformPolicy, Slot, Store, StoreError};
use tracing::{debug, error, warn};
use url::Url;

/// How long a call waits for a slot beside the ordinary work. Somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(400);

/// What a client is told to wait while the operator has the platform stopped; nobody knows for how long.
const WHILE_STOPPED: Duration = Duration::from_mins(15);

/// What a client is told to wait at least, before it asks again.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Follows short links. Clones are the same.
#[derive(Clone)]
pub struct ShortLinks {
    store: Store,
    scraper: Scraper,
    clock: Clock,
    /// This process, for the log of page loads.
    name: String,
    /// How long a page load is taken to be under way when nothing is heard of it again. The same as the workers'.
    lease: Duration,
    platforms: Arc<[PlatformPolicy]>,
}

impl ExpandLinks for ShortLinks {
    fn expand<'a>(&'a self, platform: Platform, link: &'a Url) -> Expanding<'a> {
        let (links, link) = (self.clone(), link.clone());
        Box::pin(async move {
            // In a task of its own: when the client goes away the slot is given back all the same.
            let following = tokio::spawn(async move { links.follow(platform, &link).await });
            following.await.unwrap_or_else(|error| {
                error!(%error, "following a short link ended badly");
                Err(ExpandFailure::Unresolvable { detail: "it could not be followed".to_owned() })
            })
        })
    }
}

impl ShortLinks {
    /// Follows the links of `platforms`, those that are enabled, in the name of the process `name`.
    pub fn new(
        store: Store,
        scraper: Scraper,
        clock: Clock,
        name: String,
        lease: Duration,
        platforms: Vec<PlatformPolicy>,
    ) -> Self {
        // Links are followed directly, whatever the ways out of pages are.
        let direct = |policy| PlatformPolicy { egresses: vec![DIRECT.to_owned()], ..policy };
        Self { store, scraper, clock, name, lease, platforms: platforms.into_iter().map(direct).collect() }
    }

    /// Where `link` leads.
    pub async fn follow(&self, platform: Platform, link: &Url) -> Result<Url, ExpandFailure> {
        let Some(policy) = self.platforms.iter().find(|policy| policy.platform == platform) else {
            let detail =
                format!("{platform} is not read by this service; give the address that it leads to in a browser");
            return Err(ExpandFailure::Unresolvable { detail });
        };
        let source = source(platform);
        let busy = || ExpandFailure::Busy { retry_after: policy.pages.min_interval.max(SHORTEST_WAIT) };
        let slot = match self.slot(policy, source).await {
            Ok(Ok(slot)) => slot,
            Ok(Err(wait)) => return Err(ExpandFailure::Busy { retry_after: wait.max(SHORTEST_WAIT) }),
            Err(error) => {
                warn!(%error, "no slot can be had for a short link");
                return Err(busy());
            }
        };
        let followed = self.scraper.expand(platform, link).await;
        let observation = observation(&followed);
        worker::metrics::page_load(platform, source.name, observation.outcome);
        if let Err(error) = self.store.finish_slot(&slot, &observation, self.clock.now()).await {
            warn!(%error, "a short link's page load could not be noted");
        }
        followed.map_err(|error| {
            debug!(%platform, %error, "a short link was not followed");
            match error {
                ExpandError::Walled(_) | ExpandError::Dead(_) | ExpandError::OffPlatform(_) => {
                    ExpandFailure::Unresolvable { detail: error.to_string() }
                }
                ExpandError::Timeout | ExpandError::Network(_) => busy(),
            }
        })
    }

    /// A slot, or how long it is better to wait for one.
    async fn slot(&self, policy: &PlatformPolicy, source: Source) -> Result<Result<Slot, Duration>, StoreError> {
        let begun = Instant::now();
        let mut is_open = false;
        loop {
            let now = self.clock.now();
            // A link may lead to a post or to an account; most lead to posts.
            let slot = self.store.take_slot(policy, source, TargetKind::Post, &self.name, self.lease, now).await?;
            if let Some(slot) = slot {
                return Ok(Ok(slot));
            }
            // Asked once: it takes several sums over the log of page loads.
            if !is_open && let Some(wait) = self.closed_for(policy.platform).await? {
                return Ok(Err(wait));
            }
            is_open = true;
            if begun.elapsed() + PAUSE > PATIENCE {
                return Ok(Err(policy.pages.min_interval));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// For how long the platform is not asked at all, by the operator's word or its breaker's.
    async fn closed_for(&self, platform: Platform) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        let states = self.store.platform_states(now).await?;
        let Some(state) = states.into_iter().find(|state| state.platform == platform) else { return Ok(None) };
        if state.stopped_at.is_some() {
            return Ok(Some(WHILE_STOPPED));
        }
        let direct = state.gates.into_iter().find(|gate| gate.egress == DIRECT);
        Ok(direct.and_then(|gate| gate.closed_until).map(|until| until.since(now)))
    }
}

const fn source(platform: Platform) -> Source {
    let name = match platform {
        Platform::Instagram => "instagram.short_link",
        Platform::Tiktok => "tiktok.short_link",
        Platform::Youtube => "youtube.short_link",
        Platform::Pinterest => "pinterest.short_link",
    };
    Source { name, channel: Channel::Page }
}

/// What following a link says about the platform. That a link is dead is the platform's clear word.
fn observation(followed: &Result<Url, ExpandError>) -> Observation {
    let Err(error) = followed else { return Observation::ok("short_link") };
    let outcome = match error {
        ExpandError::Walled(_) => Outcome::Blocked,
        ExpandError::Dead(_) | ExpandError::OffPlatform(_) => Outcome::NotFound,
        ExpandError::Timeout => Outcome::Timeout,
        ExpandError::Network(_) => Outcome::NetworkError,
    };
    Observation::failed(outcome, error.to_string())
}

#[cfg(test)]
mod tests {
    use domain::AgeCurve;
    use scrape::{PlatformSite, ScrapeConfig};
    use store::{Breaker, Budget, SourcePlan, StoreConfig};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    const POST: &str = "https://www.tiktok.com/@illojuan/video/7571863205253778710";

    /// A platform at which one link leads to a post and every other one nowhere.
    async fn stand_in() -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/tiktok", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 4096];
                let length = stream.read(&mut asked).await.unwrap_or(0);
                let head = if String::from_utf8_lossy(&asked[..length]).contains("/ZMgood") {
                    format!("HTTP/1.1 302 Found\r\nLocation: {POST}\r\n")
                } else {
                    "HTTP/1.1 404 Not Found\r\n".to_owned()
                };
                let _gone =
                    stream.write_all(format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n").as_bytes()).await;
            }
        });
        base.parse().unwrap()
    }

    async fn links(folder: &tempfile::TempDir, min_interval: Duration) -> ShortLinks {
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        let config = StoreConfig { url, max_connections: 2, age_curve: AgeCurve::flat() };
        let store = Store::connect(&config).await.unwrap();
        store.migrate().await.unwrap();
        let site = PlatformSite { base_url: stand_in().await };
        let scraper = Scraper::new(ScrapeConfig { tiktok: site, ..ScrapeConfig::default() }).unwrap();
        let policy = PlatformPolicy {
            platform: Platform::Tiktok,
            sources: SourcePlan::default(),
            egresses: vec!["a-proxy".to_owned()],
            pages: Budget { min_interval, ..Budget::default() },
            official: Budget::default(),
            breaker: Breaker { refusals_to_open: 5, waits: [Duration::from_mins(5); 4] },
        };
        ShortLinks::new(store, scraper, Clock::system(), "test".to_owned(), Duration::from_mins(2), vec![policy])
    }

    fn link(code: &str) -> Url {
        format!("https://vm.tiktok.com/{code}/").parse().unwrap()
    }

    #[tokio::test]
    async fn a_followed_link_stands_in_the_log_of_page_loads() {
        let folder = tempfile::tempdir().unwrap();
        let links = links(&folder, Duration::ZERO).await;
        let followed = links.expand(Platform::Tiktok, &link("ZMgood")).await;
        assert_eq!(followed.map(|url| url.to_string()).as_deref(), Ok(POST));
        let dead = links.expand(Platform::Tiktok, &link("ZMdead")).await;
        assert!(
            matches!(&dead, Err(ExpandFailure::Unresolvable { detail: why }) if why.contains("nowhere")),
            "{dead:?}"
        );
        let states = links.store.platform_states(Clock::system().now()).await.unwrap();
        let tiktok = states.iter().find(|state| state.platform == Platform::Tiktok).unwrap();
        let [source] = tiktok.sources.as_slice() else { panic!("{:?}", tiktok.sources) };
        assert_eq!((source.name.as_str(), source.loads), ("tiktok.short_link", 2));
    }

    #[tokio::test]
    async fn no_link_is_followed_while_the_platform_may_not_be_asked() {
        let folder = tempfile::tempdir().unwrap();
        let links = links(&folder, Duration::from_secs(40)).await;
        assert!(links.expand(Platform::Tiktok, &link("ZMgood")).await.is_ok());
        let busy = Err(ExpandFailure::Busy { retry_after: Duration::from_secs(40) });
        assert_eq!(links.expand(Platform::Tiktok, &link("ZMgood")).await, busy, "the budget is used up");
        links.store.stop_platform(Platform::Tiktok, None, Clock::system().now()).await.unwrap();
        let stopped = Err(ExpandFailure::Busy { retry_after: WHILE_STOPPED });
        assert_eq!(links.expand(Platform::Tiktok, &link("ZMgood")).await, stopped, "the operator stopped it");
        let elsewhere = links.expand(Platform::Pinterest, &"https://pin.it/abc".parse().unwrap()).await;
        assert!(matches!(elsewhere, Err(ExpandFailure::Unresolvable { .. })), "{elsewhere:?}");
    }
}
