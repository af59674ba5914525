//! The roles of a process in production: serve the API, read pages, bring tables up to date.

use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Failure, print};
use crate::config::{Config, Role};
use crate::{metrics, signals, wiring};

/// Serves the API until told to stop.
pub async fn serve(config: &Config) -> Result<(), Failure> {
    config.validate(Role::Serve)?;
    // Before anything that takes time: an order to stop is never missed.
    let shutdown = signals::shutdown();
    metrics::serve(&config.metrics)?;
    let store = wiring::store(config).await?;
    require_tables(&store).await?;
    let server = wiring::api(config, store, wiring::queue(config)?, &wiring::scraper(config)?)?;
    print(&format!("listening on http://{}", server.addr()));
    serve_until(config, server, shutdown).await
}

/// Runs a bound server until `shutdown`.
pub async fn serve_until(config: &Config, server: api::Server, shutdown: CancellationToken) -> Result<(), Failure> {
    let handle = server.handle();
    let running = server.run();
    tokio::pin!(running);
    let ended = tokio::select! {
        ended = &mut running => ended,
        never = metrics::follow(handle.clone()) => match never {},
        () = shutdown.cancelled() => {
            let (ended, ()) = tokio::join!(running, handle.stop());
            return ended.map_err(|source| Failure::Listen { listen: config.http.listen, source });
        }
    };
    match ended {
        Ok(()) => Err(Failure::Ended("server")),
        Err(source) => Err(Failure::Listen { listen: config.http.listen, source }),
    }
}

/// Reads pages until told to stop.
pub async fn worker(config: &Config) -> Result<(), Failure> {
    config.validate(Role::Worker)?;
    let shutdown = signals::shutdown();
    metrics::serve(&config.metrics)?;
    let store = wiring::store(config).await?;
    require_tables(&store).await?;
    let worker = wiring::worker(config, "worker", store, wiring::queue(config)?, wiring::scraper(config)?)?;
    work_until(worker, shutdown).await
}

/// Runs a worker until `shutdown`; one that ends before is a failure, so that whoever watches the process starts it anew.
pub async fn work_until(worker: worker::Worker, shutdown: CancellationToken) -> Result<(), Failure> {
    worker.run(shutdown.clone()).await?;
    if shutdown.is_cancelled() { Ok(()) } else { Err(Failure::Ended("worker")) }
}

/// Brings the tables up to date.
pub async fn migrate(config: &Config) -> Result<(), Failure> {
    let store = wiring::store(config).await?;
    store.migrate().await?;
    print("the tables are up to date");
    Ok(())
}

/// Refuses to start on tables of another version. A database that is away is no reason not to start: it may come back.
pub async fn require_tables(store: &Store) -> Result<(), Failure> {
    match store.is_migrated().await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::NotMigrated),
        Err(StoreError::Unavailable(error)) => {
            warn!(%error, "the database is away: starting all the same");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}
