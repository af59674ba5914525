//! The subcommands. Each reads its arguments, does one thing, and prints for people, or as JSON when told to.

pub mod audit;
pub mod demo;
pub mod dev;
pub mod keys;
pub mod organizations;
pub mod pages;
pub mod parse;
pub mod rebuild;
pub mod roles;
pub mod seed;
pub mod settings;
pub mod sources;
pub mod trace;

use std::net::SocketAddr;

use thiserror::Error;

/// Why a subcommand failed, in one line for the operator.
#[derive(Debug, Error)]
pub enum Failure {
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// Nothing can be logged.
    #[error(transparent)]
    Telemetry(#[from] crate::telemetry::TelemetryError),
    /// The store failed.
    #[error("{0}: {cause}", cause = cause(.0))]
    Store(#[from] store::StoreError),
    /// The store refused a write.
    #[error("{0}")]
    Refused(#[from] store::Refusal),
    /// The queue failed.
    #[error("{0}")]
    Queue(#[from] queue::QueueError),
    /// The scraper cannot be set up.
    #[error("{0}")]
    Scraper(#[from] scrape::ScrapeSetupError),
    /// The place where files of exports are kept cannot be used.
    #[error("{0}: {cause}", cause = cause(.0))]
    Files(#[from] files::FilesError),
    /// The worker ended before it was told to.
    #[error("{0}: {cause}", cause = cause(.0))]
    Worker(#[from] worker::WorkerError),
    /// A part of the process ended before it was told to.
    #[error("the {0} ended unexpectedly")]
    Ended(&'static str),
    /// The API's socket cannot be had, or its server failed.
    #[error("cannot listen on {listen} (http.listen): {source}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The stand-in platforms' socket cannot be had.
    #[error("the sandbox cannot listen on {listen}: {source}")]
    Sandbox {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The metrics cannot be served.
    #[error("metrics cannot be served on {listen} (metrics.listen): {cause}", cause = cause(source.as_ref()))]
    Metrics {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: Box<metrics_exporter_prometheus::BuildError>,
    },
    /// A setting is no address.
    #[error("{key}: {source}")]
    Address {
        /// The setting.
        key: String,
        /// Why.
        source: url::ParseError,
    },
    /// Nothing tells what a saved page is.
    #[error("{path}: nothing beside it tells what was asked for: give --platform and --kind")]
    UnknownPage {
        /// The page.
        path: String,
    },
    /// The prices of media value cannot be read any more.
    #[error("reporting.rate_card: {0}")]
    RateCard(String),
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The tables are not up to date.
    #[error("the database's tables are not up to date: run `creator-audit migrate`")]
    NotMigrated,
    /// A history would be written among what is there.
    #[error("the database holds organizations already: take an empty one, or say --add")]
    NotEmpty,
    /// The same people are not made twice.
    #[error("the database holds what --seed {0} makes already: take another number")]
    Sown(u64),
    /// A history cannot end before its last day has.
    #[error("--end {0} is not over yet: the last day can be yesterday at the latest")]
    NotOver(domain::Day),
    /// No such thing.
    #[error("no {what} {id}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// By which id.
        id: String,
    },
    /// No such thing in a record that may have gaps.
    #[error("no {what} {id} in a record that may have gaps:\n{gaps}")]
    NotRecorded {
        /// What was looked for.
        what: &'static str,
        /// By which id.
        id: String,
        /// The gaps, one a line.
        gaps: String,
    },
    /// No such thing, nor a gap where it could have been.
    #[error(
        "no {what} {id}; the record of calls may have gaps ({processes} in all), but none at the time at which this id was made"
    )]
    NotLost {
        /// What was looked for.
        what: &'static str,
        /// By which id.
        id: String,
        /// How many lives of processes have gaps.
        processes: i64,
    },
    /// A key has ended and cannot be rotated as it is.
    #[error("the key {0} has expired: give it a new lifetime with --expires")]
    Expired(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    /// Something cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

fn cause(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// Reads a name: 1 to 255 characters, not blank, on one line.
pub fn name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().count() > 255 || text.chars().any(char::is_control) {
        return Err("must be 1 to 255 characters on one line, and not blank".to_owned());
    }
    Ok(text.to_owned())
}

/// Prints a line; a reader that went away is no failure.
pub fn print(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints JSON over several lines.
pub fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    print(&serde_json::to_string_pretty(value)?);
    Ok(())
}
