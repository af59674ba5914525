//! The binary `creator-audit`: configuration, telemetry, wiring, subcommands.

mod commands;
mod config;
mod metrics;
mod short_links;
mod signals;
mod telemetry;
mod wiring;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    Failure, audit, dev, keys, organizations, pages, parse, rebuild, roles, seed, settings, sources, trace,
};
use crate::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tracks public creator accounts and posts for many organizations.
#[derive(Debug, Parser)]
#[command(name = "creator-audit", version)]
struct Cli {
    /// A file of settings; see `creator-audit config` for all of them.
    #[arg(long, global = true, env = "CREATOR_AUDIT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything in one process: API, worker and, if wanted, stand-in platforms.
    Dev(dev::Args),
    /// Serve the API.
    Serve,
    /// Read pages.
    Worker,
    /// Bring the database's tables up to date.
    Migrate,
    /// Make history by days anew from the reads that it was made of, while everything runs.
    RebuildDaily(rebuild::Args),
    /// Organizations.
    #[command(subcommand)]
    Org(organizations::Command),
    /// API keys.
    #[command(subcommand)]
    Key(keys::Command),
    /// Show who changed what of organizations and keys, newest first.
    Audit(audit::Args),
    /// Show how the platforms and their sources stand, or stop and start one.
    Sources(sources::Args),
    /// Tell the story behind a call, a run, an account or a video.
    Trace(trace::Args),
    /// Read a saved page and print what a worker would have recorded.
    Parse(parse::Args),
    /// Write a database full of history, to try things on.
    Seed(seed::Args),
    /// Serve stand-in platforms.
    Sandbox(pages::Args),
    /// Print the OpenAPI document.
    Openapi,
    /// Print the settings in force, without secrets.
    Config,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("creator-audit: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("creator-audit: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    // These two need no settings, so a faulty file does not stand in their way.
    match cli.command {
        Command::Parse(args) => return parse::run(&args),
        Command::Openapi => {
            commands::print(&api::openapi_json());
            return Ok(());
        }
        Command::Dev(_)
        | Command::Serve
        | Command::Worker
        | Command::Migrate
        | Command::RebuildDaily(_)
        | Command::Org(_)
        | Command::Key(_)
        | Command::Audit(_)
        | Command::Sources(_)
        | Command::Trace(_)
        | Command::Seed(_)
        | Command::Sandbox(_)
        | Command::Config => {}
    }
    let config = Config::load(cli.config.as_deref())?;
    telemetry::init(&config.log)?;
    match cli.command {
        Command::Dev(args) => Box::pin(dev::run(config, &args)).await,
        Command::Serve => roles::serve(&config).await,
        Command::Worker => roles::worker(&config).await,
        Command::Migrate => roles::migrate(&config).await,
        Command::RebuildDaily(args) => rebuild::run(&config, &args).await,
        Command::Org(command) => organizations::run(&config, command).await,
        Command::Key(command) => keys::run(&config, command).await,
        Command::Audit(args) => audit::run(&config, &args).await,
        Command::Sources(args) => sources::run(&config, args).await,
        Command::Trace(args) => trace::run(&config, args).await,
        Command::Seed(args) => seed::run(&config, &args).await,
        Command::Sandbox(args) => pages::run(&args).await,
        Command::Config => settings::run(&config),
        Command::Parse(_) | Command::Openapi => Ok(()),
    }
}
