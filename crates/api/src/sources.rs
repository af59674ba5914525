//! What the service knows of the places where it asks: those that are configured, and how the platforms stand, read from the store at most
//! once in a while however many ask. How that is shown is left to `views::source`.

use std::sync::Arc;
use std::time::Duration;

use domain::{Platform, Source, TargetKind, Timestamp};
use store::{PlatformState, Store};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::problem::Problem;

/// For how long what was read is shown to others. Many integrators poll, and nothing of it changes faster than this matters.
const KEPT_FOR: Duration = Duration::from_secs(2);

/// How long a call waits for another one that is reading. As long as a read itself waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// A source as the settings have it, for one kind of target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredSource {
    /// The platform.
    pub platform: Platform,
    /// What is asked for there.
    pub kind: TargetKind,
    /// Its name and the door that it stands behind.
    pub source: Source,
    /// Whether the settings have it switched on. The operator's switch in the database is looked at beside this.
    pub is_enabled: bool,
    /// The names of the ways out to it: those of the platform's pages, or [`domain::source::OFFICIAL`] alone. Ways that were configured once
    /// and are no longer here say nothing about it. They are not shown to clients.
    pub egresses: Vec<String>,
}

/// A source with everything that it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownSource {
    pub(crate) platform: Platform,
    pub(crate) source: Source,
    /// Each kind once: profile, feed, post.
    pub(crate) kinds: Vec<TargetKind>,
    pub(crate) is_enabled: bool,
    pub(crate) egresses: Vec<String>,
}

/// The sources of this process's settings, and the platforms as they were last read.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    known: Vec<KnownSource>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    read_at: Timestamp,
    states: Arc<Vec<PlatformState>>,
}

impl Sources {
    pub(crate) fn new(configured: Vec<ConfiguredSource>) -> Self {
        Self { known: merge(configured), kept: Mutex::new(None) }
    }

    /// Every source once, by name.
    pub(crate) fn known(&self) -> &[KnownSource] {
        &self.known
    }

    /// How the platforms stand, or stood a moment ago. One call reads while those that come meanwhile wait for it.
    pub(crate) async fn states(&self, store: &Store, now: Timestamp) -> Result<Arc<Vec<PlatformState>>, Problem> {
        let mut kept = timeout(PATIENCE, self.kept.lock()).await.map_err(Problem::unavailable)?;
        if let Some(kept) = kept.as_ref().filter(|kept| is_recent(kept.read_at, now)) {
            return Ok(Arc::clone(&kept.states));
        }
        let states = Arc::new(store.platform_states(now).await?);
        *kept = Some(Kept { read_at: now, states: Arc::clone(&states) });
        Ok(states)
    }
}

/// In both directions: a call that waited came before the one that read, and a clock may be set back.
fn is_recent(read_at: Timestamp, now: Timestamp) -> bool {
    now.since(read_at) < KEPT_FOR && read_at.since(now) < KEPT_FOR
}

/// The same source may serve several kinds of targets; it is enabled when it is for any of them.
fn merge(configured: Vec<ConfiguredSource>) -> Vec<KnownSource> {
    let mut known: Vec<KnownSource> = Vec::new();
    for ConfiguredSource { platform, kind, source, is_enabled, egresses } in configured {
        let one = known.iter_mut().find(|one| one.platform == platform && one.source == source);
        if let Some(one) = one {
            one.kinds.push(kind);
            one.is_enabled |= is_enabled;
            one.egresses.extend(egresses);
        } else {
            known.push(KnownSource { platform, source, kinds: vec![kind], is_enabled, egresses });
        }
    }
    for one in &mut known {
        one.kinds.sort_by_key(|kind| rank(*kind));
        one.kinds.dedup();
        one.egresses.sort();
        one.egresses.dedup();
    }
    known.sort_by_key(|one| one.source.name);
    known
}

const fn rank(kind: TargetKind) -> u8 {
    match kind {
        TargetKind::Profile => 0,
        TargetKind::Feed => 1,
        TargetKind::Post => 2,
    }
}

#[cfg(test)]
mod tests {
    use domain::Channel;
    use domain::source::DIRECT;

    use super::*;

    fn configured(name: &'static str, kind: TargetKind, is_enabled: bool) -> ConfiguredSource {
        let source = Source { name, channel: Channel::Page };
        ConfiguredSource { platform: Platform::Tiktok, kind, source, is_enabled, egresses: vec![DIRECT.to_owned()] }
    }

    #[test]
    fn a_source_of_several_kinds_is_one_source_and_the_list_is_sorted_by_name() {
        let sources = Sources::new(vec![
            configured("tiktok.embed_page", TargetKind::Feed, false),
            configured("tiktok.a_page", TargetKind::Post, false),
            configured("tiktok.embed_page", TargetKind::Profile, true),
        ]);
        let [first, second] = sources.known() else { panic!("{sources:?}") };
        assert_eq!((first.source.name, first.is_enabled), ("tiktok.a_page", false));
        assert_eq!((second.source.name, second.is_enabled), ("tiktok.embed_page", true));
        assert_eq!(second.kinds, [TargetKind::Profile, TargetKind::Feed]);
        assert_eq!(second.egresses, [DIRECT]);
    }

    #[test]
    fn what_was_read_is_kept_for_two_seconds_and_not_when_the_clock_was_set_back() {
        let at = Timestamp::from_millis(1_790_000_000_000);
        assert!(is_recent(at, at) && is_recent(at, at.plus(Duration::from_millis(1_999))));
        assert!(is_recent(at, at.minus(Duration::from_millis(300))));
        assert!(!is_recent(at, at.plus(KEPT_FOR)) && !is_recent(at, at.minus(Duration::from_hours(1))));
    }
}
