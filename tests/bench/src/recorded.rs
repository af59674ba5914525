//! How many recorded pages one thread reads in a second, beside a plain typed reading of the data blocks that stand in them, and how long
//! the slowest body of those that are made to be slow takes. Without the recorded pages only the latter is told.

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::{Outcome, Platform};
use scrape::{Page, PageKind, parse};
use serde::Serialize;

use crate::plain;

#[path = "../../../crates/scrape/tests/adversaries/mod.rs"]
mod adversaries;

/// What a body of a megabyte may take, in milliseconds.
const SLOWEST_ALLOWED_MS: f64 = 100.0;
/// Length of a body that is made to be slow, in bytes.
const ADVERSARY_BYTES: usize = 1_000_000;
/// What the readers' rate is to be of the plain one, at least.
const RATIO_AIM: f64 = 0.6;

/// Everything that was measured of reading recorded and hostile bodies.
#[derive(Debug, Default, Serialize)]
pub struct Measured {
    /// The recorded pages.
    pub pages: Vec<Rate>,
    /// The slowest of the hostile bodies.
    pub worst: Option<Worst>,
}

/// One kind of page.
#[derive(Debug, Serialize)]
pub struct Rate {
    /// What it is.
    pub name: &'static str,
    /// Its length.
    pub bytes: usize,
    /// How many of it are read in a second, finding the blocks included.
    pub pages_per_second: f64,
    /// How often its blocks alone are read plainly in a second.
    pub plain_per_second: f64,
    /// The first by the second.
    pub ratio: f64,
}

/// The slowest of the hostile bodies.
#[derive(Debug, Serialize)]
pub struct Worst {
    /// What it repeats.
    pub name: &'static str,
    /// Whose page it was taken for.
    pub platform: Platform,
    /// As what.
    pub kind: &'static str,
    /// How long it took.
    pub milliseconds: f64,
}

/// A page, how its blocks are found, and how they are read plainly.
struct Contest {
    name: &'static str,
    file: &'static str,
    platform: Platform,
    kind: PageKind,
    /// What stands before each block, up to its first brace.
    markers: &'static [&'static str],
    plainly: fn(&[&str]) -> bool,
}

const CONTESTS: [Contest; 6] = [
    Contest {
        name: "tiktok video",
        file: "tiktok/video/illojuan_7571863205253778710_2025-12-30_universal_data.html",
        platform: Platform::Tiktok,
        kind: PageKind::Post,
        markers: &["id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\""],
        plainly: plain::tiktok_video,
    },
    Contest {
        name: "tiktok profile",
        file: "tiktok/profile/illojuan_2025-12-30_universal_data.html",
        platform: Platform::Tiktok,
        kind: PageKind::Profile,
        markers: &["id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\""],
        plainly: plain::tiktok_profile,
    },
    Contest {
        name: "instagram profile",
        file: "instagram/profile/natgeo_2026-10-04_logged_out_polaris.html",
        platform: Platform::Instagram,
        kind: PageKind::Profile,
        markers: &["\"xig_user_by_username\":", "\"xig_user_by_username\":"],
        plainly: plain::instagram_profile,
    },
    Contest {
        name: "instagram post",
        file: "instagram/post/DdG4RIxIPyf_reel_2026-10-04_logged_out_polaris.html",
        platform: Platform::Instagram,
        kind: PageKind::Post,
        markers: &["\"xig_polaris_media\":"],
        plainly: plain::instagram_post,
    },
    Contest {
        name: "youtube watch",
        file: "youtube/watch/A0FZIwabctw_2024-01-06.html",
        platform: Platform::Youtube,
        kind: PageKind::Post,
        markers: &["var ytInitialPlayerResponse = ", "var ytInitialData = "],
        plainly: plain::youtube_watch,
    },
    Contest {
        name: "pinterest pin",
        file: "pinterest/pin/106890191127977979_2024-06-10.html",
        platform: Platform::Pinterest,
        kind: PageKind::Post,
        markers: &["data-relay-response=\"true\"", "data-relay-response=\"true\""],
        plainly: plain::pinterest_pin,
    },
];

/// Measures everything; each page for about twice `duration`.
pub fn measure(duration: Duration) -> Measured {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let pages = CONTESTS.iter().filter_map(|contest| {
        let page = std::fs::read_to_string(folder.join(contest.file)).ok()?;
        contest.measure(&page, duration)
    });
    Measured { pages: pages.collect(), worst: worst() }
}

impl Contest {
    /// `None`, with a word on stderr, when either side does not understand the page.
    fn measure(&self, page: &str, duration: Duration) -> Option<Rate> {
        let mut rest = page;
        let mut blocks = Vec::new();
        for marker in self.markers {
            rest = rest.get(rest.find(marker)? + marker.len()..)?;
            rest = rest.get(rest.find('{')?..)?;
            blocks.push(rest);
        }
        let ours = || {
            let page = Page {
                platform: self.platform,
                kind: self.kind,
                expect: None,
                http_status: Some(200),
                redirected_to: None,
                body: black_box(page).as_bytes(),
            };
            black_box(parse(&page)).outcome == Outcome::Ok
        };
        let plainly = || (self.plainly)(black_box(&blocks));
        if !ours() || !plainly() {
            eprintln!("{} cannot be compared: ours {}, plain {}", self.name, ours(), plainly());
            return None;
        }
        let (ours, plainly) = alternating(ours, plainly, duration);
        let (pages_per_second, plain_per_second) = (1.0 / ours.as_secs_f64(), 1.0 / plainly.as_secs_f64());
        Some(Rate {
            name: self.name,
            bytes: page.len(),
            pages_per_second,
            plain_per_second,
            ratio: pages_per_second / plain_per_second,
        })
    }
}

/// The median time of one call of each, taking turns, so that what disturbs the one disturbs the other.
fn alternating(one: impl Fn() -> bool, two: impl Fn() -> bool, duration: Duration) -> (Duration, Duration) {
    /// Calls between two looks at the clock, so that looking costs nothing.
    const BATCH: u32 = 8;
    let batch = |call: &dyn Fn() -> bool| {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(call());
        }
        start.elapsed() / BATCH
    };
    let (mut ones, mut twos, start) = (Vec::new(), Vec::new(), Instant::now());
    while start.elapsed() < duration * 2 || ones.len() < 5 {
        ones.push(batch(&one));
        twos.push(batch(&two));
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    };
    (median(ones), median(twos))
}

/// Reads every hostile body as every kind of page; the better of two readings counts, since a disturbance only ever adds.
fn worst() -> Option<Worst> {
    let kinds = [
        (PageKind::Profile, "profile"),
        (PageKind::Feed, "feed"),
        (PageKind::Post, "post"),
        (PageKind::Oembed, "oembed"),
    ];
    let mut worst: Option<Worst> = None;
    for (name, adversary) in adversaries::ALL {
        let body = adversary(ADVERSARY_BYTES);
        for platform in Platform::ALL {
            for (kind, kind_name) in kinds {
                let took = || {
                    let start = Instant::now();
                    let page = Page {
                        platform,
                        kind,
                        expect: Some("a"),
                        http_status: Some(200),
                        redirected_to: None,
                        body: body.as_bytes(),
                    };
                    black_box(parse(&page));
                    start.elapsed().as_secs_f64() * 1e3
                };
                let milliseconds = took().min(took());
                if worst.as_ref().is_none_or(|worst| worst.milliseconds < milliseconds) {
                    worst = Some(Worst { name, platform, kind: kind_name, milliseconds });
                }
            }
        }
    }
    worst
}

impl Measured {
    /// As a table.
    pub fn write(&self, out: &mut String) -> std::fmt::Result {
        if self.pages.is_empty() {
            writeln!(out, "\nThere are no recorded pages to read.")?;
        } else {
            writeln!(
                out,
                "\nReading recorded pages on one thread  KB    pages/s  blocks alone/s  ratio (aim: {RATIO_AIM})"
            )?;
        }
        for Rate { name, bytes, pages_per_second, plain_per_second, ratio } in &self.pages {
            let kilobytes = bytes / 1_000;
            writeln!(
                out,
                "  {name:<26} {kilobytes:>10} {pages_per_second:>10.0} {plain_per_second:>15.0} {ratio:>6.2}"
            )?;
        }
        let Some(Worst { name, platform, kind, milliseconds }) = &self.worst else { return Ok(()) };
        writeln!(
            out,
            "The slowest hostile megabyte: {milliseconds:.1} ms ({name}, as a {platform} {kind}; allowed: {SLOWEST_ALLOWED_MS:.0} ms)"
        )
    }
}
