//! Canaries: well-known public profiles that are read at times, to notice that a platform changed its pages before the tracked accounts
//! do. All workers together read each once an interval; the store says whose turn it is. What the pages say is not recorded.

use std::time::Duration;

use domain::{Channel, Clock, Observation, Platform, Source, TargetKind};
use scrape::{Scraped, Scraper, Target};
use store::{PlatformPolicy, Slot, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::job::chain;
use crate::kept_pages::KeptPages;
use crate::metrics;

/// How often it is asked whether a canary is due.
const ROUND: Duration = Duration::from_mins(1);

/// How long a due canary waits for a slot beside the ordinary work; then it is left for the next time.
const PATIENCE: Duration = Duration::from_secs(50);
const PAUSE: Duration = Duration::from_secs(1);

/// Which profiles are read, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryConfig {
    /// Time between two looks at the same profile.
    pub interval: Duration,
    /// The profiles by platform and handle; none switches canaries off.
    pub profiles: Vec<(Platform, String)>,
}

/// What reads them: the parts of a worker that it takes.
#[derive(Clone, Debug)]
pub struct Canaries {
    /// Whose turn it is, and how each stands.
    pub store: Store,
    /// What reads pages.
    pub scraper: Scraper,
    /// Where pages go that cannot be read.
    pub kept_pages: KeptPages,
    /// The present.
    pub clock: Clock,
    /// The worker's name.
    pub worker: String,
    /// How long a page load may be under way.
    pub lease: Duration,
    /// The platforms that are switched on; canaries elsewhere are left out.
    pub platforms: Vec<PlatformPolicy>,
    /// Which profiles, and how often.
    pub config: CanaryConfig,
}

impl Canaries {
    /// Reads canaries as they fall due, until `shutdown`; a page load under way is ended first.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let Self { config, platforms, .. } = &mut self;
        config.profiles.retain(|(platform, _)| page_source(platforms, *platform).is_some());
        if self.config.profiles.is_empty() {
            return;
        }
        loop {
            match self.look(&shutdown).await {
                // Another may be due.
                Ok(true) if !shutdown.is_cancelled() => continue,
                Ok(_) => {}
                Err(error) => debug!(error = %chain(&error), "could not look at a canary"),
            }
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// Reads one canary that is due; false when none is.
    pub async fn look(&self, shutdown: &CancellationToken) -> Result<bool, StoreError> {
        let due = self.store.claim_canary(&self.config.profiles, self.config.interval, self.clock.now()).await?;
        let Some((platform, username)) = due else { return Ok(false) };
        let Some((policy, source)) = page_source(&self.platforms, platform) else { return Ok(true) };
        let Some(slot) = self.slot(policy, source, shutdown).await? else {
            debug!(%platform, username, "the canary got no slot");
            return Ok(true);
        };
        let target = Target::Profile { platform, username: username.clone(), platform_id: None };
        let Scraped { observation, unread } = self.scraper.scrape(&target, source.name, &slot.egress).await;
        let now = self.clock.now();
        self.store.finish_slot(&slot, &observation, now).await?;
        metrics::page_load(platform, source.name, observation.outcome);
        if let Some(page) = unread {
            self.kept_pages.keep(page, platform, None, &observation, now).await;
        }
        self.report(platform, &username, source, &observation).await?;
        Ok(true)
    }

    async fn slot(
        &self,
        policy: &PlatformPolicy,
        source: Source,
        shutdown: &CancellationToken,
    ) -> Result<Option<Slot>, StoreError> {
        let asking = async {
            loop {
                let now = self.clock.now();
                let slot =
                    self.store.take_slot(policy, source, TargetKind::Profile, &self.worker, self.lease, now).await?;
                if slot.is_some() {
                    return Ok(slot);
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        // Broken off between two tries or inside one that is then rolled back, or at worst seen as lost when its lease ends.
        tokio::select! {
            slot = asking => slot,
            () = tokio::time::sleep(PATIENCE) => Ok(None),
            () = shutdown.cancelled() => Ok(None),
        }
    }

    /// Notes how the canary stands, and says so when that changed.
    async fn report(
        &self,
        platform: Platform,
        username: &str,
        source: Source,
        observation: &Observation,
    ) -> Result<(), StoreError> {
        let Observation { outcome, adapter, http_status, detail, .. } = observation;
        let detail = detail.as_deref();
        let state = self.store.record_canary(platform, username, *outcome, detail, self.clock.now()).await?;
        metrics::canary(platform, username, state.failing_since.is_some());
        let outcome = outcome.as_str();
        match (state.failing_since, state.was_failing) {
            (Some(_), false) => warn!(
                %platform, username, source = source.name, outcome, http_status, adapter, detail,
                "a canary cannot be read any more: has the platform changed its pages?"
            ),
            (None, true) => info!(%platform, username, source = source.name, "a canary can be read again"),
            (Some(_), true) | (None, false) => debug!(%platform, username, outcome, detail, "looked at a canary"),
        }
        Ok(())
    }
}

/// The policy of `platform`, and the first source of its public profile pages: the official interface does not tell whether pages can be read.
fn page_source(platforms: &[PlatformPolicy], platform: Platform) -> Option<(&PlatformPolicy, Source)> {
    let policy = platforms.iter().find(|policy| policy.platform == platform)?;
    let source = policy.sources.profile.iter().find(|source| source.channel == Channel::Page)?;
    Some((policy, *source))
}
