//! The order to stop: SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// A token that is cancelled at the first SIGTERM or SIGINT.
pub fn shutdown() -> CancellationToken {
    let token = CancellationToken::new();
    let told = token.clone();
    tokio::spawn(async move {
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                info!("told to stop");
            }
            (Err(error), _) | (_, Err(error)) => error!(%error, "signals cannot be heard: stopping"),
        }
        told.cancel();
    });
    token
}
