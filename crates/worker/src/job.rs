//! One claim: from the wake to the record.

use std::time::{Duration, Instant};

use domain::{Observation, Wake};
use scrape::{Scraped, Target};
use store::{Claim, Job, JobTarget, Recorded};
use tracing::{Instrument, debug, info, info_span, warn};

use crate::{Inner, metrics};

/// Between two tries to record while the database is away.
const RECORD_PAUSE: Duration = Duration::from_millis(500);

/// Answers a wake: claims the target when it is due, reads its page and records what it said. Whether there was a page to read.
pub async fn work(inner: &Inner, wake: Wake) -> bool {
    let request_id = wake.request_id.as_ref().map(domain::RequestId::as_str).unwrap_or_default();
    let span = info_span!(
        "scrape",
        request_id,
        kind = wake.kind.as_str(),
        target_id = wake.target_id,
        run_id = tracing::field::Empty,
        platform = tracing::field::Empty,
        worker = %inner.config.name,
    );
    // The permits are never taken away, so this only ever waits.
    let Ok(_permit) = inner.permits.acquire().await else { return false };
    claim(inner, wake).instrument(span).await
}

async fn claim(inner: &Inner, wake: Wake) -> bool {
    match inner.store.claim(&wake, &inner.claims, inner.clock.now()).await {
        Ok(Claim::Taken(job)) => {
            let span = tracing::Span::current();
            span.record("run_id", tracing::field::display(job.run_id));
            span.record("platform", job.platform.as_str());
            read(inner, &job).await;
            return true;
        }
        Ok(Claim::NotDue | Claim::Gated) => debug!("nothing to do"),
        Ok(Claim::Untracked) => info!("nobody collects it any more"),
        // The row stays due, and the sweeper comes round.
        Err(error) => warn!(error = %chain(&error), "could not claim"),
    }
    false
}

async fn read(inner: &Inner, job: &Job) {
    let started = Instant::now();
    let target = target(job);
    let Scraped { observation, unread } = tokio::select! {
        scraped = inner.scraper.scrape(&target, job.source.name, &job.egress) => scraped,
        () = inner.give_back.cancelled() => {
            match inner.store.release(job, inner.clock.now()).await {
                Ok(()) => info!("given back"),
                // The lease ends by itself.
                Err(error) => warn!(error = %chain(&error), "could not give back"),
            }
            return;
        }
    };
    metrics::page_load(job.platform, job.source.name, observation.outcome);
    if let Some(page) = unread {
        inner.kept_pages.keep(page, job.platform, Some(job.run_id), &observation, inner.clock.now()).await;
    }
    record(inner, job, &observation, started).await;
}

/// Records, trying again while the database is away and the lease lasts: a page that was read is not asked for twice.
async fn record(inner: &Inner, job: &Job, observation: &Observation, started: Instant) {
    let recorded = loop {
        let now = inner.clock.now();
        match inner.store.record(job, observation, &inner.config.record, now).await {
            Err(error @ store::StoreError::Unavailable(_)) if started.elapsed() + RECORD_PAUSE < inner.config.lease => {
                debug!(error = %chain(&error), "could not record yet");
                tokio::select! {
                    () = tokio::time::sleep(RECORD_PAUSE) => {}
                    () = inner.give_back.cancelled() => break Err(error),
                }
            }
            other => break other,
        }
    };
    match recorded {
        Ok(Recorded::Stored(wakes)) => {
            for wake in wakes {
                inner.queue.wake(wake);
            }
            info!(
                outcome = observation.outcome.as_str(),
                source = job.source.name,
                egress = job.egress,
                http_status = observation.http_status,
                adapter = observation.adapter,
                posts = observation.posts.len(),
                attempt = job.attempts,
                duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                detail = observation.detail,
                "scraped"
            );
        }
        Ok(Recorded::LeaseLost) => warn!("the lease had ended; another worker has the target"),
        // The lease ends by itself, and the target is read again.
        Err(error) => warn!(error = %chain(&error), "could not record"),
    }
}

fn target(job: &Job) -> Target {
    let platform = job.platform;
    match &job.target {
        JobTarget::Profile { username, platform_id } => {
            Target::Profile { platform, username: username.clone(), platform_id: platform_id.clone() }
        }
        JobTarget::Feed { username, platform_id } => {
            Target::Feed { platform, username: username.clone(), platform_id: platform_id.clone() }
        }
        JobTarget::Post { external_id, username } => {
            Target::Post { platform, external_id: external_id.clone(), username: username.clone() }
        }
    }
}

/// An error with its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
