//! `sandbox`: stand-in platforms.

use std::net::SocketAddr;

use clap::Parser;
use domain::Platform;
use sandbox::{Sandbox, SandboxConfig};

use super::{Failure, print};
use crate::signals;

/// What `sandbox` takes.
#[derive(Debug, Parser)]
pub struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// Which population lives there.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how many bytes of noise each page carries.
    #[arg(long, default_value_t = SandboxConfig::default().padding_bytes)]
    padding_bytes: usize,
}

/// Serves until told to stop.
pub async fn run(args: &Args) -> Result<(), Failure> {
    let config = SandboxConfig { seed: args.seed, padding_bytes: args.padding_bytes, ..SandboxConfig::default() };
    let shutdown = signals::shutdown();
    let sandbox = start(args.listen, config).await?;
    print(&format!("listening on http://{}", sandbox.addr()));
    for platform in Platform::ALL {
        let name = platform.as_str().to_ascii_uppercase();
        print(&format!("CREATOR_AUDIT__PLATFORMS__{name}__BASE_URL={}", sandbox.base_url(platform)));
    }
    tokio::select! {
        () = sandbox.wait() => return Err(Failure::Ended("sandbox")),
        () = shutdown.cancelled() => {}
    }
    sandbox.stop().await;
    Ok(())
}

/// Starts stand-in platforms.
pub async fn start(listen: SocketAddr, config: SandboxConfig) -> Result<Sandbox, Failure> {
    sandbox::start(listen, config).await.map_err(|source| Failure::Sandbox { listen, source })
}
