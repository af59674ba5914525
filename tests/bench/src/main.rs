//! Measures the service on this machine, on loopback alone: the API's reads and writes against a bare handler that runs the same statements and against
//! the same in Python, how long a new account waits for its first metrics, and how fast pages are read.
//!
//! Everything that is measured is a process of its own, started here and ended with the measurement, however that ends. This file owns
//! the command line and the order of things; the harness of the end-to-end suites starts the service.

mod alike;
mod connection;
mod first_scrape;
mod floor;
mod history;
mod load;
mod parsing;
mod plain;
mod reading;
mod recorded;
mod report;
mod stage;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use ::tests::Change;
use load::Plan;
use recorded::Measured;
use report::{Machine, PairReport, Report};
use stage::{Setup, Stage, Stores};
use uuid::Uuid;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures creator-audit on this machine.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Role {
    /// Serves accounts from a database, with nothing around the statements: what the service is compared with.
    Floor {
        /// The service's database, sqlite://… or postgres://….
        #[arg(long)]
        database: String,
        /// Whose accounts.
        #[arg(long)]
        organization: Uuid,
        /// Address and port; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Threads that serve requests.
        #[arg(long, default_value_t = 2)]
        workers: usize,
    },
}

#[derive(clap::Args)]
struct Options {
    /// Seconds that each load lasts, after its warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Keep-alive connections, each with one request under way.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// How often each load is repeated, taking turns.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// New accounts whose first scrape is timed.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    accounts: u32,
    /// Threads that serve requests, in the service and in the bare handler.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    workers: u32,
    /// A setting of another value, such as `REQUEST_EVENTS__CLIENT_ADDRESS=none`, or the path of another build: the service is measured beside
    /// itself with this difference.
    #[arg(long, value_name = "SECTION__NAME=VALUE|PROGRAM")]
    changed: Option<Change>,
    /// A Python with the packages of `twin/requirements.txt`; without it there is no twin.
    #[arg(long, value_name = "PROGRAM")]
    twin: Option<PathBuf>,
    /// Only this part; reading recorded pages needs nothing else running.
    #[arg(long, value_enum)]
    only: Option<Only>,
    /// Only this store and queue pair.
    #[arg(long, value_enum)]
    pair: Option<Stores>,
    /// The service's log filter, instead of the one it comes with.
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// One short round of everything, to see that it works; the numbers say little.
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    history: history::HistoryOptions,
    /// Writes the numbers, all rounds and samples included, to a file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A part of the measurement that stands by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    /// The API under load.
    Api,
    /// Of that, the reads of one account.
    Reads,
    /// From a POST to its first metrics.
    FirstScrape,
    /// Recorded pages against a plain reading, and the slowest hostile body.
    Parsing,
    /// Questions about a large history, at a tenth of its size and at the whole; only when it is asked for.
    History,
}

/// What is measured, and for how long.
struct Settings {
    plan: Plan,
    rounds: u32,
    accounts: u32,
    setup: Setup,
    parsing: Duration,
}

/// Why there are no numbers. What the harness finds amiss ends the program by itself, with its reason.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the bare handler: {0}")]
    Floor(#[from] floor::FloorError),
    #[error("{0}")]
    Load(#[from] load::LoadError),
    #[error("{0}")]
    FirstScrape(#[from] first_scrape::Late),
    #[error("{0}")]
    Parsing(#[from] parsing::Unread),
    #[error("{0}")]
    Stage(#[from] stage::StageError),
    #[error("{0}")]
    History(#[from] history::Unmeasured),
    #[error("the numbers cannot be written: {0}")]
    Output(#[from] std::io::Error),
    #[error("the numbers cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    let Arguments { role, options } = Arguments::parse();
    let ended = match role {
        Some(Role::Floor { database, organization, listen, workers }) => {
            let served = actix_web::rt::System::new().block_on(floor::serve(&database, organization, listen, workers));
            served.map(|()| ExitCode::SUCCESS).map_err(Failure::from)
        }
        None => measure_until_told_to_stop(&options),
    };
    ended.unwrap_or_else(|failure| {
        eprintln!("{failure}");
        ExitCode::FAILURE
    })
}

/// One thread makes all requests: another one would take its core from those who answer them.
fn measure_until_told_to_stop(options: &Options) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        // When a signal comes first the measurement is dropped, and with it every process that it owns.
        tokio::select! {
            measured = measure(options) => measured.map(|()| ExitCode::SUCCESS),
            _ = interrupt.recv() => Ok(ExitCode::from(130)),
            _ = terminate.recv() => Ok(ExitCode::from(143)),
        }
    })
}

async fn measure(options: &Options) -> Result<(), Failure> {
    if options.only == Some(Only::History) {
        let measured = history::measure(&options.history, options.workers).await?;
        std::io::stdout().write_all(history::to_text(&measured).as_bytes())?;
        return options.json.as_deref().map_or(Ok(()), |path| write_json(path, &measured));
    }
    let settings = Settings::of(options);
    let is_wanted = |part| options.only.is_none_or(|only| only == part);
    let stores = match (options.only, options.pair) {
        (Some(Only::Parsing | Only::History), _) => Vec::new(),
        (None | Some(Only::Api | Only::Reads | Only::FirstScrape), Some(pair)) => vec![pair],
        (None | Some(Only::Api | Only::Reads | Only::FirstScrape), None) => Stores::ALL.to_vec(),
    };
    let mut pairs = Vec::new();
    let mut parsing = Vec::new();
    for stores in stores {
        let mut stage = Stage::set(stores, &settings.setup).await?;
        if parsing.is_empty() && options.only.is_none() {
            parsing = parsing::measure(stage.sandbox(), settings.parsing).await?;
        }
        let first_scrape = if is_wanted(Only::FirstScrape) {
            Some(first_scrape::measure(&stage, settings.accounts).await?)
        } else {
            None
        };
        let has_only_reads = options.only == Some(Only::Reads);
        let races = if is_wanted(Only::Api) || has_only_reads {
            reading::measure(&mut stage, settings.plan, settings.rounds, has_only_reads).await?
        } else {
            Vec::new()
        };
        pairs.push(PairReport { stores: stores.name(), races, first_scrape });
        stage.strike().await;
    }
    let report = Report {
        machine: Machine::this(),
        connections: settings.plan.connections,
        seconds: settings.plan.duration.as_secs_f64(),
        rounds: settings.rounds,
        workers: settings.setup.workers,
        log: settings.setup.log.unwrap_or_else(|| "as it comes".to_owned()),
        pairs,
        parsing,
        recorded: if is_wanted(Only::Parsing) { recorded::measure(settings.parsing) } else { Measured::default() },
    };
    std::io::stdout().write_all(report.to_text().as_bytes())?;
    options.json.as_deref().map_or(Ok(()), |path| write_json(path, &report))
}

fn write_json(path: &Path, report: &impl serde::Serialize) -> Result<(), Failure> {
    Ok(std::fs::write(path, serde_json::to_string_pretty(report)? + "\n")?)
}

impl Settings {
    fn of(options: &Options) -> Self {
        let Options {
            seconds,
            connections,
            rounds,
            accounts,
            workers,
            changed,
            twin,
            only: _,
            pair: _,
            log,
            quick,
            history: _,
            json: _,
        } = options;
        let shortened = |whole: u32, short: u32| if *quick { whole.min(short) } else { whole };
        let plan = Plan {
            connections: *connections,
            warm_up: Duration::from_millis(if *quick { 200 } else { 1_000 }),
            duration: Duration::from_secs(if *quick { 1 } else { *seconds }),
        };
        Self {
            plan,
            rounds: shortened(*rounds, 1),
            accounts: shortened(*accounts, 4),
            setup: Setup { workers: *workers, log: log.clone(), changed: changed.clone(), python: twin.clone() },
            parsing: Duration::from_millis(if *quick { 100 } else { 1_000 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
