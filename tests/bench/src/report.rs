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
    /// The API under load.
    pub races: Vec<Race>,
    /// From POST to `last_scrape_time`.
    pub first_scrape: Option<FirstScrape>,
}

/// One kind of request, and those who answered it in turn.
#[derive(Debug, Serialize)]
pub struct Race {
    /// What was asked.
    pub name: String,
    /// Who answered.
    pub contestants: Vec<Contestant>,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The service.
    Service,
    /// The bare handler.
    Floor,
    /// The same in Python.
    Twin,
}

/// One who answered.
#[derive(Debug, Serialize)]
pub struct Contestant {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// How it did.
    pub series: Series,
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
            server_us: median(rounds.iter().map(|round| round.server_us))?,
            asker_share: median(shares),
        };
        Some(Self { median, rounds })
    }
}

impl Race {
    /// Of those who took part.
    pub fn new(name: String, contestants: Vec<Contestant>) -> Self {
        Self { name, contestants }
    }

    fn median(&self, kind: Kind) -> Option<&Load> {
        self.contestants.iter().find(|contestant| contestant.kind == kind).map(|found| &found.series.median)
    }

    /// A rate by the floor's.
    fn of_floor(&self, load: &Load) -> Option<f64> {
        Some(load.requests_per_second / self.median(Kind::Floor)?.requests_per_second)
    }

    /// Answers by a second of its own process on a core, by the same of the twin.
    fn of_twin(&self, load: &Load) -> Option<f64> {
        Some(self.median(Kind::Twin)?.server_us / load.server_us)
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
            for race in &pair.races {
                race.write(out)?;
            }
            if let Some(first_scrape) = &pair.first_scrape {
                first_scrape.write(out)?;
            }
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

impl Race {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(
            out,
            "  {:<30} requests/s    p50 ms    p99 ms  of floor   CPU µs  × twin a core  asker's core",
            self.name
        )?;
        let ratio = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.2}"));
        for Contestant { name, kind: _, series } in &self.contestants {
            let Load { requests_per_second, p50_us, p99_us, server_us, asker_share } = &series.median;
            let (p50, p99) = (f64::from(*p50_us) / 1e3, f64::from(*p99_us) / 1e3);
            let (of_floor, of_twin) = (ratio(self.of_floor(&series.median)), ratio(self.of_twin(&series.median)));
            let share = asker_share.map_or("?".to_owned(), |share| format!("{:.0} %", share * 100.0));
            let doubt = if asker_share.is_some_and(|share| share > BUSY_ASKER) { " (the asker's limit)" } else { "" };
            writeln!(
                out,
                "    {name:<28} {requests_per_second:>10.0} {p50:>9.2} {p99:>9.2} {of_floor:>9} {server_us:>8.0} {of_twin:>14} {share:>13}{doubt}"
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
        Load {
            requests_per_second,
            p50_us,
            p99_us: 9_000,
            server_us: 1e6 / requests_per_second,
            asker_share: Some(0.95),
        }
    }

    fn race(rates: &[(Kind, f64)]) -> Race {
        let contestant = |&(kind, rate): &(Kind, f64)| {
            let series = Series::of(vec![load(rate, 1_500)]).unwrap();
            Contestant { name: "somebody", kind, series }
        };
        Race::new("GET of one".to_owned(), rates.iter().map(contestant).collect())
    }

    #[test]
    fn the_ratios_are_of_the_medians() {
        let series = Series::of(vec![load(100.0, 5), load(900.0, 1), load(300.0, 2)]).unwrap();
        assert_eq!((series.median.requests_per_second, series.median.p50_us), (300.0, 2));
        assert!(Series::of(Vec::new()).is_none());
        let raced = race(&[(Kind::Service, 300.0), (Kind::Floor, 600.0), (Kind::Twin, 20.0)]);
        let service = raced.median(Kind::Service).unwrap();
        assert!(raced.of_floor(service).is_some_and(|ratio| (ratio - 0.5).abs() < 1e-9));
        assert!(raced.of_twin(service).is_some_and(|ratio| (ratio - 15.0).abs() < 1e-9));
        let alone = race(&[(Kind::Service, 300.0)]);
        assert!(alone.of_floor(service).is_none() && alone.of_twin(service).is_none());
    }

    #[test]
    fn the_text_names_every_number_and_doubts_a_busy_asker() {
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
                races: vec![race(&[(Kind::Service, 1_234.0), (Kind::Floor, 4_936.0)])],
                first_scrape: Some(FirstScrape::of(&waits)),
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
