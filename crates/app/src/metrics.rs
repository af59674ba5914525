//! Metrics for Prometheus, served where `metrics.listen` says. What is counted is the business of the crates that count; here it is only
//! gathered and served.

use std::convert::Infallible;
use std::time::Duration;

use api::ServerHandle;
use metrics::{counter, describe_counter};
use metrics_exporter_prometheus::PrometheusBuilder;
use tracing::info;

use crate::commands::Failure;
use crate::config::MetricsConfig;

const LET_THROUGH: &str = "creator_audit_rate_limit_let_through_total";

const EVENTS_WRITTEN: &str = "creator_audit_request_events_written_total";
const EVENTS_LOST: &str = "creator_audit_request_events_lost_total";

/// How often numbers are looked up that nobody tells.
const LOOK: Duration = Duration::from_secs(5);

/// Serves the metrics of this process from now on, if wanted. Must be called inside the runtime, once.
pub fn serve(config: &MetricsConfig) -> Result<(), Failure> {
    let Some(listen) = config.listen else { return Ok(()) };
    PrometheusBuilder::new()
        .with_http_listener(listen)
        .install()
        .map_err(|source| Failure::Metrics { listen, source: Box::new(source) })?;
    worker::metrics::describe();
    describe_counter!(
        LET_THROUGH,
        "Requests that were not counted against a rate limit because Redis was out of reach."
    );
    describe_counter!(EVENTS_WRITTEN, "Calls that were recorded.");
    describe_counter!(EVENTS_LOST, "Calls whose record was given up: there was no room for it, or no database.");
    info!(%listen, "metrics are served at /metrics");
    Ok(())
}

/// Passes on what a server counts by itself, for as long as it is polled.
pub async fn follow(server: ServerHandle) -> Infallible {
    loop {
        counter!(LET_THROUGH).absolute(server.let_through_uncounted());
        counter!(EVENTS_WRITTEN).absolute(server.request_events_written());
        counter!(EVENTS_LOST).absolute(server.request_events_lost());
        tokio::time::sleep(LOOK).await;
    }
}
