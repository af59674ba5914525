//! Canaries against stand-in platforms, on a store of their own.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::source::DIRECT;
use domain::{AgeCurve, Channel, Clock, Outcome, Platform, TargetKind, Timestamp};
use sandbox::{Sandbox, SandboxConfig, State};
use scrape::{PlatformSite, ScrapeConfig, Scraper};
use store::{Breaker, Budget, PlatformPolicy, SourcePlan, SourceState, Store, StoreConfig};
use tokio_util::sync::CancellationToken;
use worker::{Canaries, CanaryConfig, KeptPages, KeptPagesConfig};

const HOUR: Duration = Duration::from_hours(1);

struct World {
    canaries: Canaries,
    sandbox: Sandbox,
    kept: PathBuf,
    _folder: tempfile::TempDir,
}

/// Two canaries on TikTok, of which the page and then the embedded page may be read.
async fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let config = StoreConfig { url, max_connections: 2, age_curve: AgeCurve::flat() };
    let store = Store::connect(&config).await.unwrap();
    store.migrate().await.unwrap();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let sandbox = sandbox::start(listen, SandboxConfig::default()).await.unwrap();
    let site = PlatformSite { base_url: sandbox.tiktok_base_url().parse().unwrap() };
    let scraper = Scraper::new(ScrapeConfig { tiktok: site, ..ScrapeConfig::default() }).unwrap();
    let policy = PlatformPolicy {
        platform: Platform::Tiktok,
        sources: SourcePlan {
            profile: scraper.sources(Platform::Tiktok, TargetKind::Profile),
            ..SourcePlan::default()
        },
        egresses: vec![DIRECT.to_owned()],
        pages: Budget::default(),
        official: Budget::default(),
        breaker: Breaker { refusals_to_open: 100, waits: [Duration::from_mins(5); 4] },
    };
    let kept = folder.path().join("kept");
    let canaries = Canaries {
        store,
        scraper,
        kept_pages: KeptPages::open(Some(KeptPagesConfig { dir: kept.clone(), max_pages: 5, max_bytes: 10_000_000 })),
        clock: Clock::manual(Timestamp::from_millis(1_780_000_000_000)),
        worker: "test".to_owned(),
        lease: Duration::from_mins(1),
        platforms: vec![policy],
        config: CanaryConfig {
            interval: HOUR,
            profiles: ["first.canary", "second.canary"].map(|name| (Platform::Tiktok, name.to_owned())).to_vec(),
        },
    };
    World { canaries, sandbox, kept, _folder: folder }
}

impl World {
    /// Looks at whatever is due; how many that were.
    async fn look_at_all(&self) -> usize {
        let mut looks = 0;
        while self.canaries.look(&CancellationToken::new()).await.unwrap() {
            looks += 1;
        }
        looks
    }

    async fn source(&self) -> SourceState {
        let states = self.canaries.store.platform_states(self.canaries.clock.now()).await.unwrap();
        let tiktok = states.into_iter().find(|state| state.platform == Platform::Tiktok).unwrap();
        let [source] = tiktok.sources.as_slice() else { panic!("{:?}", tiktok.sources) };
        source.clone()
    }

    fn pages(&self) -> usize {
        let entries = std::fs::read_dir(&self.kept).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|ending| ending == "html")).count()
    }
}

#[tokio::test]
async fn each_canary_is_read_once_an_interval_by_the_first_page_source() {
    let world = world().await;
    let sources = &world.canaries.platforms[0].sources.profile;
    assert!(sources[0].channel == Channel::Page && sources.len() > 1, "{sources:?}");
    assert_eq!(world.look_at_all().await, 2);
    assert_eq!(world.look_at_all().await, 0, "none is due again yet");
    world.canaries.clock.advance(HOUR);
    assert_eq!(world.look_at_all().await, 2);
    let source = world.source().await;
    assert_eq!((source.name.as_str(), source.loads, source.successes), (sources[0].name, 4, 4));
    assert_eq!(world.pages(), 0);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_canary_that_cannot_be_read_is_noted_with_its_page_until_it_can() {
    let world = world().await;
    world.sandbox.set_fault(Platform::Tiktok, None, Some(State::Garbage));
    assert_eq!(world.look_at_all().await, 2);
    assert_eq!(world.source().await.last_outcome, Some(Outcome::ParseError));
    assert_eq!(world.pages(), 1, "one page of the same trouble is enough");
    let state = |outcome| {
        let now = world.canaries.clock.now();
        let store = world.canaries.store.clone();
        async move { store.record_canary(Platform::Tiktok, "first.canary", outcome, None, now).await.unwrap() }
    };
    // No answer says nothing about our reading, so this only asks how the canary stands.
    assert!(state(Outcome::Timeout).await.was_failing);
    world.sandbox.set_fault(Platform::Tiktok, None, None);
    world.canaries.clock.advance(HOUR);
    assert_eq!(world.look_at_all().await, 2);
    assert!(!state(Outcome::Timeout).await.was_failing);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn a_stopped_platform_is_not_asked_for_its_canaries() {
    let world = world().await;
    world.canaries.store.stop_platform(Platform::Tiktok, None, world.canaries.clock.now()).await.unwrap();
    let shutdown = CancellationToken::new();
    shutdown.cancel();
    assert!(world.canaries.look(&shutdown).await.unwrap());
    let states = world.canaries.store.platform_states(world.canaries.clock.now()).await.unwrap();
    assert!(states.iter().all(|state| state.sources.is_empty()));
    world.sandbox.stop().await;
}
