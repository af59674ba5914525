//! How many recorded pages one thread reads in a second, beside a plain typed reading of the data blocks that stand in them, and how long
//! the slowest body of those that are made to be slow takes. Without the recorded pages only the latter is told. Pages that were recorded with
//! little but their blocks are read a second time at their true size.

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::{Outcome, Platform};
use memchr::memmem;
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
    pub name: String,
    /// Its length.
    pub bytes: usize,
    /// How many of it are read in a second, finding the blocks included.
    pub pages_per_second: f64,
    /// How often its blocks, which somebody else has found, are read plainly in a second.
    pub blocks_per_second: f64,
    /// How often it is read plainly in a second when its text must be checked and its blocks be found.
    pub plain_per_second: f64,
    /// Ours by the rate of the blocks alone.
    pub ratio_to_blocks: f64,
    /// Ours by the rate of finding and reading them.
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

/// Length to which pages that were recorded with little but their blocks are brought.
const TRUE_BYTES: usize = 700_000;
/// Below this a page was cut to its blocks.
const CUT_BYTES: usize = 20_000;

/// Measures everything; each page for about three times `duration`.
pub fn measure(duration: Duration) -> Measured {
    eprintln!("reading recorded pages and hostile bodies on one thread");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let mut pages = Vec::new();
    for contest in &CONTESTS {
        let Ok(page) = std::fs::read_to_string(folder.join(contest.file)) else { continue };
        pages.extend(contest.measure(contest.name.to_owned(), &page, duration));
        if page.len() < CUT_BYTES {
            pages.extend(contest.measure(format!("{}, true size", contest.name), &at_true_size(&page), duration));
        }
    }
    Measured { pages, worst: worst() }
}

/// The page with as much before its first data block, and behind it, as such pages have of other scripts.
fn at_true_size(page: &str) -> String {
    let noise = |bytes: usize| {
        let mut noise = String::with_capacity(bytes + 512);
        let mut number = 0_u32;
        while noise.len() < bytes {
            number += 1;
            // Writing to a string cannot fail.
            let _ = write!(
                noise,
                "<script type=\"application/json\" data-content-len=\"{number}\" data-sjs>{{\"require\":[[\"ScheduledServerJS\",\"handle\",null,\
                 [{{\"__bbox\":{{\"define\":["
            );
            for module in 0..60 {
                let _ = write!(
                    noise,
                    "[\"PolarisModule{number}_{module}\",[],{{\"gate\":{module},\"on\":true}},{number}],"
                );
            }
            noise.push_str("[\"End\",[],{},0]]}}]]]}</script>\n");
        }
        noise
    };
    let block = ["\"xig_", "data-sjs"].iter().find_map(|mark| page.find(mark)).unwrap_or(0);
    let (before, after) = page.split_at(page.get(..block).and_then(|head| head.rfind("<script")).unwrap_or(0));
    let half = (TRUE_BYTES - page.len()) / 2;
    format!("{before}{}{after}{}", noise(half), noise(half))
}

impl Contest {
    /// `None`, with a word on stderr, when either side does not understand the page.
    fn measure(&self, name: String, page: &str, duration: Duration) -> Option<Rate> {
        let blocks = self.blocks(page.as_bytes())?;
        let blocks: Vec<&str> = blocks.into_iter().map(std::str::from_utf8).collect::<Result<_, _>>().ok()?;
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
        let of_blocks = || (self.plainly)(black_box(&blocks));
        let plainly = || {
            let Ok(text) = std::str::from_utf8(black_box(page).as_bytes()) else { return false };
            let blocks = self.blocks(text.as_bytes()).unwrap_or_default();
            let blocks: Vec<&str> = blocks.iter().filter_map(|block| text.get(text.len() - block.len()..)).collect();
            (self.plainly)(&blocks)
        };
        if !ours() || !of_blocks() || !plainly() {
            eprintln!("{name} cannot be compared: ours {}, blocks {}, plain {}", ours(), of_blocks(), plainly());
            return None;
        }
        let [ours, of_blocks, plainly] = alternating([&ours, &of_blocks, &plainly], duration);
        Some(Rate {
            name,
            bytes: page.len(),
            pages_per_second: ours,
            blocks_per_second: of_blocks,
            plain_per_second: plainly,
            ratio_to_blocks: ours / of_blocks,
            ratio: ours / plainly,
        })
    }

    /// The rest of the page from each block's first brace.
    fn blocks<'a>(&self, page: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let mut rest = page;
        let mut blocks = Vec::with_capacity(self.markers.len());
        for marker in self.markers {
            rest = rest.get(memmem::find(rest, marker.as_bytes())? + marker.len()..)?;
            rest = rest.get(memchr::memchr(b'{', rest)?..)?;
            blocks.push(rest);
        }
        Some(blocks)
    }
}

/// How often each can be called in a second, by the median, taking turns, so that what disturbs the one disturbs the others.
fn alternating<const N: usize>(calls: [&dyn Fn() -> bool; N], duration: Duration) -> [f64; N] {
    /// Calls between two looks at the clock, so that looking costs nothing.
    const BATCH: u32 = 8;
    let mut times = [const { Vec::new() }; N];
    let start = Instant::now();
    while start.elapsed() < duration * 3 || times.iter().any(|times: &Vec<Duration>| times.len() < 5) {
        for (call, times) in calls.iter().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..BATCH {
                black_box(call());
            }
            times.push(start.elapsed() / BATCH);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times.get(times.len() / 2).map_or(0.0, |median| 1.0 / median.as_secs_f64())
    })
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
            writeln!(out, "\nReading recorded pages on one thread, against a plain typed reading (aim: {RATIO_AIM})")?;
            writeln!(
                out,
                "  {:<28} {:>5} {:>9} {:>15} {:>6} {:>18} {:>6}",
                "", "KB", "pages/s", "blocks alone/s", "ratio", "found and read/s", "ratio"
            )?;
        }
        for rate in &self.pages {
            writeln!(
                out,
                "  {:<28} {:>5} {:>9.0} {:>15.0} {:>6.2} {:>18.0} {:>6.2}",
                rate.name,
                rate.bytes / 1_000,
                rate.pages_per_second,
                rate.blocks_per_second,
                rate.ratio_to_blocks,
                rate.plain_per_second,
                rate.ratio
            )?;
        }
        let Some(Worst { name, platform, kind, milliseconds }) = &self.worst else { return Ok(()) };
        writeln!(
            out,
            "The slowest hostile megabyte: {milliseconds:.1} ms ({name}, as a {platform} {kind}; allowed: {SLOWEST_ALLOWED_MS:.0} ms)"
        )
    }
}
