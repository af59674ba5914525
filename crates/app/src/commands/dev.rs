//! `dev`: everything in one process.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;
use domain::Platform;
use sandbox::SandboxConfig;

use super::{Failure, demo, pages, print, roles};
use crate::config::{Config, Role};
use crate::{metrics, signals, wiring};

/// What `dev` takes.
#[derive(Debug, Parser)]
pub struct Args {
    /// Serve stand-in platforms too, and read those instead of the real ones.
    #[arg(long)]
    sandbox: bool,
    /// Make a demo organization and key, track a few creators, and show metrics arriving.
    #[arg(long)]
    demo: bool,
}

/// Runs API and worker (and stand-in platforms) until told to stop.
pub async fn run(mut config: Config, args: &Args) -> Result<(), Failure> {
    config.validate(Role::Dev)?;
    let shutdown = signals::shutdown();
    let sandbox = if args.sandbox {
        let settings = SandboxConfig { seed: config.dev.sandbox_seed, ..SandboxConfig::default() };
        let sandbox = pages::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), settings).await?;
        for platform in Platform::ALL {
            let section = config.platforms.get_mut(platform);
            section.base_url = sandbox.base_url(platform);
            // The stand-ins have no official interfaces, and the real ones are not to be asked for what they make up.
            section.graph_api = None;
            section.data_api = None;
        }
        Some(sandbox)
    } else {
        None
    };
    metrics::serve(&config.metrics)?;
    let store = wiring::store(&config).await?;
    store.migrate().await?;
    let queue = wiring::queue(&config)?;
    let scraper = wiring::scraper(&config)?;
    let server = wiring::api(&config, store.clone(), queue.clone(), &scraper)?;
    let addr = server.addr();
    print(&format!("listening on http://{addr}"));
    let worker = wiring::worker(&config, "dev", store.clone(), queue.clone(), scraper)?;
    let demo = async {
        if args.demo {
            let base_url = config.http.public_url.clone().unwrap_or_else(|| format!("http://{addr}"));
            demo::show(&config, &store, &queue, &base_url, args.sandbox, &shutdown).await?;
        }
        // The demo ends, the service goes on.
        shutdown.cancelled().await;
        Ok(())
    };
    let ended = tokio::try_join!(
        stopping(&shutdown, roles::serve_until(&config, server, shutdown.clone())),
        stopping(&shutdown, roles::work_until(worker, shutdown.clone())),
        stopping(&shutdown, demo),
    );
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    ended.map(|_| ())
}

/// When one part fails, the others are told to stop.
async fn stopping(
    shutdown: &tokio_util::sync::CancellationToken,
    part: impl Future<Output = Result<(), Failure>>,
) -> Result<(), Failure> {
    let ended = part.await;
    if ended.is_err() {
        shutdown.cancel();
    }
    ended
}
