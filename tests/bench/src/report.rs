//! The numbers, for people and for machines. How they come about is left to the modules that measure.

use std::fmt::Write;
use std::time::Duration;

use domain::Platform;
use serde::Serialize;

use crate::load::{Load, percentile};
use crate::recorded::Measured;

/// What a new account may wait for its first metrics, in milliseconds.
const AIM_MS: u32 = 300;

/// From here on the asker had little of its core to spare, and a rate may be its own.
const BUSY_ASKER: f64 = 0.9;

/// Everything that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// Keep-alive connections of a load.
    pub connections: u32,
    /// How long a load lasted.
    pub seconds: f64,
    /// How often it was repeated.
    pub rounds: u32,
    /// Threads that served requests.
    pub workers: u32,
    /// The service's log filter.
    pub log: String,
    /// The pairs, in the order in which they were measured.
    pub pairs: Vec<PairReport>,
    /// The kinds of page.
    pub parsing: Vec<PageRate>,
    /// Recorded pages against a plain reading, and the slowest hostile body.
    pub recorded: Measured,
}

/// Where it was measured, and with which build.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Cores that we may use.
    pub cores: usize,
    /// What the processor calls itself.
    pub processor: Option<String>,
    /// `release` or `debug`; numbers of the latter say nothing.
    pub build: &'static str,
}

/// One store and queue pair.
#[derive(Debug, Serialize)]
pub struct PairReport {
    /// Its name.
    pub stores: &'static str,
    /// One account, read over and over.
    pub reading: Reading,
    /// From POST to `last_scrape_time`.
    pub first_scrape: FirstScrape,
}

/// The service against the floor.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// What the floor reads with.
    pub driver: &'static str,
    /// The service, answering in full.
    pub service: Series,
    /// The service, answering 304.
    pub not_modified: Series,
    /// The bare handler.
    pub floor: Series,
    /// The service's rate by the floor's.
    pub ratio: f64,
    /// The same of 304.
    pub not_modified_ratio: f64,
}

/// The same load, several times: the median of each number, and all of them.
#[derive(Debug, Serialize)]
pub struct Series {
    /// The medians.
    pub median: Load,
    /// The rounds.
    pub rounds: Vec<Load>,
}

/// How long new accounts waited, in milliseconds.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the unit stands in every number's name")]
pub struct FirstScrape {
    /// Half of them at most this.
    pub median_ms: f64,
    /// Nine of ten at most this.
    pub p90_ms: f64,
    /// All of them.
    pub max_ms: f64,
    /// What the median is held against.
    pub aim_ms: u32,
    /// Each, in order.
    pub samples_ms: Vec<f64>,
}

/// How fast one kind of page is read.
#[derive(Debug, Serialize)]
pub struct PageRate {
    /// Whose page.
    pub platform: Platform,
    /// Which.
    pub kind: &'static str,
    /// Its size.
    pub bytes: u32,
    /// Pages a second, on one thread.
    pub pages_per_second: f64,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let told = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = told.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            processor: processor.map(|(_, name)| name.trim().to_owned()),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

impl Series {
    /// `None` without a round.
    pub fn of(rounds: Vec<Load>) -> Option<Self> {
        let shares: Vec<_> = rounds.iter().filter_map(|round| round.asker_share).collect();
        let median = Load {
            requests_per_second: median(rounds.iter().map(|round| round.requests_per_second))?,
            p50_us: median(rounds.iter().map(|round| round.p50_us))?,
            p99_us: median(rounds.iter().map(|round| round.p99_us))?,
            asker_share: median(shares),
        };
        Some(Self { median, rounds })
    }
}

impl Reading {
    /// With the ratios of the median rates.
    pub fn new(driver: &'static str, service: Series, not_modified: Series, floor: Series) -> Self {
        let of_floor = |series: &Series| series.median.requests_per_second / floor.median.requests_per_second;
        let (ratio, not_modified_ratio) = (of_floor(&service), of_floor(&not_modified));
        Self { driver, service, not_modified, floor, ratio, not_modified_ratio }
    }
}

impl FirstScrape {
    /// Of the waits, in the order in which they were measured.
    pub fn of(waits: &[Duration]) -> Self {
        let samples_ms: Vec<_> = waits.iter().map(|wait| wait.as_secs_f64() * 1_000.0).collect();
        let sorted = sorted(samples_ms.iter().copied());
        let at = |percent| percentile(&sorted, percent).unwrap_or(f64::NAN);
        Self { median_ms: at(50), p90_ms: at(90), max_ms: at(100), aim_ms: AIM_MS, samples_ms }
    }
}

impl Report {
    /// As a table.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { machine, connections, seconds, rounds, workers, log, pairs, parsing, recorded } = self;
        let processor = machine.processor.as_deref().unwrap_or("a processor without a name");
        writeln!(out, "{} build, {} cores ({processor}), everything on this machine", machine.build, machine.cores)?;
        if machine.build != "release" {
            writeln!(out, "These numbers say nothing about a release build.")?;
        }
        if !pairs.is_empty() {
            writeln!(
                out,
                "{connections} keep-alive connections, {workers} server threads, {rounds} × {seconds} s, medians; log: {log}, into a file"
            )?;
        }
        for pair in pairs {
            writeln!(out, "\n{}", pair.stores)?;
            pair.reading.write(out)?;
            pair.first_scrape.write(out)?;
        }
        if !parsing.is_empty() {
            writeln!(out, "\nReading pages on one thread       KB    pages/s     MB/s")?;
        }
        for PageRate { platform, kind, bytes, pages_per_second } in parsing {
            let name = format!("{platform} {kind}");
            let (kilobytes, megabytes) = (f64::from(*bytes) / 1e3, f64::from(*bytes) * pages_per_second / 1e6);
            writeln!(out, "  {name:<26} {kilobytes:>8.0} {pages_per_second:>10.0} {megabytes:>8.0}")?;
        }
        recorded.write(out)
    }
}

impl Reading {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "  GET of one account           requests/s    p50 ms    p99 ms  of floor  asker's core")?;
        let floor_name = format!("bare handler, {}", self.driver);
        for (name, series, ratio) in [
            ("service, 200", &self.service, self.ratio),
            ("service, 304", &self.not_modified, self.not_modified_ratio),
            (&floor_name, &self.floor, 1.0),
        ] {
            let Load { requests_per_second, p50_us, p99_us, asker_share } = series.median;
            let (p50, p99) = (f64::from(p50_us) / 1e3, f64::from(p99_us) / 1e3);
            let share = asker_share.map_or("?".to_owned(), |share| format!("{:.0} %", share * 100.0));
            let doubt = if asker_share.is_some_and(|share| share > BUSY_ASKER) { " (the asker's limit)" } else { "" };
            writeln!(
                out,
                "    {name:<26} {requests_per_second:>10.0} {p50:>9.2} {p99:>9.2} {ratio:>9.2} {share:>13}{doubt}"
            )?;
        }
        Ok(())
    }
}

impl FirstScrape {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Self { median_ms, p90_ms, max_ms, aim_ms, samples_ms } = self;
        let count = samples_ms.len();
        writeln!(
            out,
            "  POST to last_scrape_time, {count} accounts: median {median_ms:.0} ms, p90 {p90_ms:.0} ms, max {max_ms:.0} ms (aim: under {aim_ms} ms)"
        )
    }
}

/// The middle value, or the lower of the two.
fn median<T: Copy + PartialOrd>(values: impl IntoIterator<Item = T>) -> Option<T> {
    percentile(&sorted(values), 50)
}

fn sorted<T: Copy + PartialOrd>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(requests_per_second: f64, p50_us: u32) -> Load {
        Load { requests_per_second, p50_us, p99_us: 9_000, asker_share: Some(0.95) }
    }

    #[test]
    fn the_ratio_is_of_the_median_rates() {
        let service = Series::of(vec![load(100.0, 5), load(900.0, 1), load(300.0, 2)]).unwrap();
        let floor = Series::of(vec![load(600.0, 1)]).unwrap();
        let not_modified = Series::of(vec![load(300.0, 1), load(400.0, 1)]).unwrap();
        let reading = Reading::new("sqlx", service, not_modified, floor);
        assert_eq!(reading.service.median.p50_us, 2);
        assert!((reading.ratio - 0.5).abs() < 1e-9 && (reading.not_modified_ratio - 0.5).abs() < 1e-9);
        assert!(Series::of(Vec::new()).is_none());
    }

    #[test]
    fn the_text_names_every_number_and_doubts_a_busy_asker() {
        let of = |rate| Series::of(vec![load(rate, 1_500)]).unwrap();
        let waits: Vec<_> = (1..=20).map(|n| Duration::from_millis(n * 10)).collect();
        let report = Report {
            machine: Machine { cores: 2, processor: None, build: "debug" },
            connections: 32,
            seconds: 5.0,
            rounds: 1,
            workers: 2,
            log: "info".to_owned(),
            pairs: vec![PairReport {
                stores: "SQLite",
                reading: Reading::new("sqlx", of(1_234.0), of(2_000.0), of(4_936.0)),
                first_scrape: FirstScrape::of(&waits),
            }],
            parsing: vec![PageRate {
                platform: Platform::Tiktok,
                kind: "feed",
                bytes: 42_000,
                pages_per_second: 700.0,
            }],
            recorded: Measured::default(),
        };
        let text = report.to_text();
        for told in [
            "1234",
            "0.25",
            "1.50",
            "9.00",
            "asker's limit",
            "median 100 ms, p90 180 ms, max 200 ms",
            "tiktok feed",
            "700",
        ] {
            assert!(text.contains(told), "{told} is missing:\n{text}");
        }
        assert!(text.contains("say nothing"));
    }
}
