//! Who asked for what, how often and how many at a time: what tests of politeness look at.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::Platform;
use serde::{Deserialize, Serialize};

use crate::ask::Kind;

/// The requests of one platform since the start, or since the counts were reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlatformStats {
    /// All requests. A redirect that is followed counts twice, as it costs the platform two.
    pub total: u64,
    /// Requests by kind: `profile`, `feed`, `post`, `oembed`, `login`, `other`. A kind that was never asked for is absent.
    pub requests: BTreeMap<String, u64>,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most that were being answered at one time.
    pub max_in_flight: u64,
    /// The most that began within one second of the server's life. Seconds are counted from its start, not sliding.
    pub max_per_second: u64,
    /// Requests that do not get an answer until the held ones are released.
    pub held: u64,
}

/// The requests of both platforms.
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
    /// Requests on both platforms that do not get an answer until they are released.
    pub held: u64,
}

/// The counts as they are kept.
#[derive(Debug)]
pub(crate) struct Counters {
    started: Instant,
    stats: Stats,
    /// The second that is being counted, and its requests, by platform.
    this_second: BTreeMap<Platform, (u64, u64)>,
}

impl Counters {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), stats: Stats::default(), this_second: BTreeMap::new() }
    }

    pub(crate) fn begin(&mut self, platform: Platform, kind: Kind) {
        let now = self.started.elapsed().as_secs();
        let second = self.this_second.entry(platform).or_insert((now, 0));
        if second.0 != now {
            *second = (now, 0);
        }
        second.1 += 1;
        let in_this_second = second.1;
        let stats = self.of(platform);
        stats.total += 1;
        *stats.requests.entry(name(kind).to_owned()).or_insert(0) += 1;
        stats.in_flight += 1;
        stats.max_in_flight = stats.max_in_flight.max(stats.in_flight);
        stats.max_per_second = stats.max_per_second.max(in_this_second);
    }

    pub(crate) fn end(&mut self, platform: Platform) {
        let stats = self.of(platform);
        stats.in_flight = stats.in_flight.saturating_sub(1);
    }

    pub(crate) fn hold(&mut self, platform: Platform) {
        self.of(platform).held += 1;
        self.stats.held += 1;
    }

    pub(crate) fn let_go(&mut self, platform: Platform) {
        let stats = self.of(platform);
        stats.held = stats.held.saturating_sub(1);
        self.stats.held = self.stats.held.saturating_sub(1);
    }

    pub(crate) fn read(&self) -> Stats {
        self.stats.clone()
    }

    /// Forgets what is over; what is in flight or held stays counted.
    pub(crate) fn reset(&mut self) {
        self.this_second.clear();
        for platform in Platform::ALL {
            let stats = self.of(platform);
            let (in_flight, held) = (stats.in_flight, stats.held);
            *stats = PlatformStats { in_flight, held, max_in_flight: in_flight, ..PlatformStats::default() };
        }
    }

    fn of(&mut self, platform: Platform) -> &mut PlatformStats {
        match platform {
            Platform::Instagram => &mut self.stats.instagram,
            Platform::Tiktok => &mut self.stats.tiktok,
            Platform::Youtube => &mut self.stats.youtube,
            Platform::Pinterest => &mut self.stats.pinterest,
        }
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Profile => "profile",
        Kind::Feed => "feed",
        Kind::Post => "post",
        Kind::Oembed => "oembed",
        Kind::Login => "login",
        Kind::Other => "other",
    }
}
