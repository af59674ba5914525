//! The order to stop: SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// A token that is cancelled at the first SIGTERM or SIGINT.
pub fn shutdown() -> CancellationToken {
    let token = CancellationToken::new();
    // Heard from here on, not from when the task below is first run.
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            let told = token.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                info!("told to stop");
                told.cancel();
            });
        }
        (Err(error), _) | (_, Err(error)) => {
            error!(%error, "signals cannot be heard: stopping");
            token.cancel();
        }
    }
    token
}
