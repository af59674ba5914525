//! Who asked for what, how often and how many at a time: what tests of politeness look at.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::Platform;
use serde::{Deserialize, Serialize};

use crate::surface::Surface;

/// The requests of one platform since the start, or since the counts were reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformStats {
    /// All requests. A redirect that is followed counts twice, as it costs the platform two.
    pub total: u64,
    /// Requests by surface, under its name. One that was never asked for is absent.
    pub requests: BTreeMap<String, u64>,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most that were being answered at one time.
    pub max_in_flight: u64,
    /// The most that began within one second of the server's life. Seconds are counted from its start, not sliding.
    pub max_per_second: u64,
    /// Requests that do not get an answer until the held ones are released.
    pub held: u64,
    /// The least distance between the beginnings of two requests, in milliseconds of real time; `None` before the second one.
    #[serde(default)]
    pub least_gap_ms: Option<u64>,
}

/// The requests of all platforms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Under `/instagram`.
    pub instagram: PlatformStats,
    /// Under `/tiktok`.
    pub tiktok: PlatformStats,
    /// Under `/youtube`.
    pub youtube: PlatformStats,
    /// Under `/pinterest`.
    pub pinterest: PlatformStats,
    /// To Instagram's official interface; none of them is in `instagram`.
    #[serde(default)]
    pub instagram_official: PlatformStats,
    /// To YouTube's official interface; none of them is in `youtube`.
    #[serde(default)]
    pub youtube_official: PlatformStats,
    /// Requests on all platforms that do not get an answer until they are released.
    pub held: u64,
}

/// What has a budget of its own: a platform's pages, or its official interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Door {
    pub(crate) platform: Platform,
    pub(crate) official: bool,
}

impl Door {
    /// The door that a surface stands behind.
    pub(crate) fn of(platform: Platform, surface: Surface) -> Self {
        Self { platform, official: surface == Surface::Official }
    }
}

/// The counts as they are kept.
#[derive(Debug)]
pub(crate) struct Counters {
    started: Instant,
    stats: Stats,
    /// The second that is being counted, and its requests, by platform.
    this_second: BTreeMap<Door, (u64, u64)>,
    last_begun: BTreeMap<Door, Instant>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            stats: Stats::default(),
            this_second: BTreeMap::new(),
            last_begun: BTreeMap::new(),
        }
    }

    pub(crate) fn begin(&mut self, door: Door, surface: Surface) {
        let instant = Instant::now();
        let now = instant.duration_since(self.started).as_secs();
        let second = self.this_second.entry(door).or_insert((now, 0));
        if second.0 != now {
            *second = (now, 0);
        }
        second.1 += 1;
        let in_this_second = second.1;
        let gap = self.last_begun.insert(door, instant).map(|last| instant.duration_since(last).as_millis());
        let gap_ms = gap.map(|gap| u64::try_from(gap).unwrap_or(u64::MAX));
        let stats = self.of(door);
        stats.total += 1;
        *stats.requests.entry(surface.as_str().to_owned()).or_insert(0) += 1;
        stats.in_flight += 1;
        stats.max_in_flight = stats.max_in_flight.max(stats.in_flight);
        stats.max_per_second = stats.max_per_second.max(in_this_second);
        stats.least_gap_ms = stats.least_gap_ms.into_iter().chain(gap_ms).min();
    }

    pub(crate) fn end(&mut self, door: Door) {
        let stats = self.of(door);
        stats.in_flight = stats.in_flight.saturating_sub(1);
    }

    pub(crate) fn hold(&mut self, door: Door) {
        self.of(door).held += 1;
        self.stats.held += 1;
    }

    pub(crate) fn let_go(&mut self, door: Door) {
        let stats = self.of(door);
        stats.held = stats.held.saturating_sub(1);
        self.stats.held = self.stats.held.saturating_sub(1);
    }

    pub(crate) fn read(&self) -> Stats {
        self.stats.clone()
    }

    /// Forgets what is over; what is in flight or held stays counted.
    pub(crate) fn reset(&mut self) {
        self.this_second.clear();
        self.last_begun.clear();
        let doors =
            Platform::ALL.into_iter().flat_map(|platform| [false, true].map(|official| Door { platform, official }));
        for door in doors {
            let stats = self.of(door);
            let (in_flight, held) = (stats.in_flight, stats.held);
            *stats = PlatformStats { in_flight, held, max_in_flight: in_flight, ..PlatformStats::default() };
        }
    }

    fn of(&mut self, door: Door) -> &mut PlatformStats {
        match (door.platform, door.official) {
            (Platform::Instagram, false) => &mut self.stats.instagram,
            (Platform::Instagram, true) => &mut self.stats.instagram_official,
            (Platform::Youtube, false) => &mut self.stats.youtube,
            (Platform::Youtube, true) => &mut self.stats.youtube_official,
            (Platform::Tiktok, _) => &mut self.stats.tiktok,
            (Platform::Pinterest, _) => &mut self.stats.pinterest,
        }
    }
}
