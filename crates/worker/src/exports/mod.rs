//! Writing exports: rows are read page by page and written part by part, and each part that is written for good is noted together with the place
//! where the next begins. Whoever takes an export up goes on from there, so what a dead worker did not note is done again and nothing else.
//!
//! Objects have the number of the attempt in their names, so a worker that lost its lease and does not know it yet overwrites nothing.

mod accounts;
mod days;
mod members;
mod posts;
mod walk;
mod write;

use std::sync::Arc;
use std::time::Duration;

use domain::Clock;
use domain::backoff::Backoff;
use files::{FilesError, Folder, Layout, PartLimits, Storage};
use store::{Account, ExportClaim, ExportJob, ReportMember, ReportPost, Store, StoreError};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span, warn};

use crate::job::chain;

/// How exports are written.
#[derive(Clone, Debug)]
pub struct ExportsConfig {
    /// Where files are kept.
    pub storage: Storage,
    /// Exports written at the same time by this process.
    pub at_once: usize,
    /// How often one is looked for.
    pub interval: Duration,
    /// How long an export is this worker's when nothing is heard of it again. It is renewed three times as often.
    pub lease: Duration,
    /// How long files are kept.
    pub kept: Duration,
    /// When a part is full.
    pub part: PartLimits,
    /// Rows read at once.
    pub page_rows: u32,
    /// How failures are followed up.
    pub backoff: Backoff,
    /// What rows say.
    pub layouts: Layouts,
}

/// What rows say of records: the same as the API does, which this crate does not know.
#[derive(Clone, Copy, Debug)]
pub struct Layouts {
    /// Of an account.
    pub accounts: &'static Layout<Account>,
    /// Of a post in a report.
    pub posts: &'static Layout<ReportPost>,
    /// Of a creator in a report.
    pub members: &'static Layout<ReportMember>,
}

/// How often an export is taken up without getting further before it is given up.
const MOST_ATTEMPTS: i64 = 5;

/// What writes exports. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exporter {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    worker: String,
    config: ExportsConfig,
}

/// Why an export was not written this time.
#[derive(Debug, Error)]
enum ExportError {
    #[error("rows could not be read")]
    Store(#[from] StoreError),
    #[error("the file could not be written")]
    Files(#[from] FilesError),
    /// What is written already has other columns, or what is asked for lacks something.
    #[error("it was asked for from another version of the service")]
    Older,
}

/// What became of an export in this worker's hands.
enum Ended {
    Done,
    /// Somebody else has it, or it was deleted.
    Lost,
}

impl Exporter {
    /// What writes the exports of `store`. Does nothing yet.
    pub fn new(store: Store, clock: Clock, worker: String, config: ExportsConfig) -> Self {
        Self { inner: Arc::new(Inner { store, clock, worker, config }) }
    }

    /// Looks for exports and writes them until `shutdown`; what is being written then is given back.
    pub async fn run(self, shutdown: CancellationToken) {
        let hands = TaskTracker::new();
        for _ in 0..self.inner.config.at_once {
            let (exporter, shutdown) = (self.clone(), shutdown.clone());
            hands.spawn(async move {
                while !shutdown.is_cancelled() {
                    let found = exporter.work_once(&shutdown).await;
                    if let Err(error) = &found {
                        debug!(error = %chain(error), "could not look for exports");
                    }
                    if !found.unwrap_or(false) {
                        tokio::select! {
                            () = tokio::time::sleep(exporter.inner.config.interval) => {}
                            () = shutdown.cancelled() => {}
                        }
                    }
                }
            });
        }
        hands.close();
        hands.wait().await;
    }

    /// Does what one export that is due needs; whether there was one.
    pub async fn work_once(&self, shutdown: &CancellationToken) -> Result<bool, StoreError> {
        let Inner { store, clock, worker, config } = self.inner.as_ref();
        let Some(claim) = store.claim_export(worker, config.lease, clock.now()).await? else { return Ok(false) };
        match claim {
            ExportClaim::Write(job) => {
                let span = info_span!(
                    "export",
                    export_id = %job.id,
                    request_id = job.request_id.as_ref().map(|id| tracing::field::display(id.as_str())),
                );
                self.write(&job, shutdown).instrument(span).await;
            }
            ExportClaim::Expire(job) => {
                if self.remove(&job).await {
                    store.expire_export(&job, clock.now()).await?;
                }
            }
            ExportClaim::Forget(job) => {
                if self.remove(&job).await {
                    store.forget_export(&job).await?;
                }
            }
        }
        Ok(true)
    }

    /// Removes an export's objects; when that fails, the lease ends and somebody tries again.
    async fn remove(&self, job: &ExportJob) -> bool {
        let removed = self.inner.config.storage.clear(folder(job), None).await;
        if let Err(error) = &removed {
            warn!(export_id = %job.id, error = %chain(error), "could not remove the objects of an export");
        }
        removed.is_ok()
    }

    async fn write(&self, job: &ExportJob, shutdown: &CancellationToken) {
        let Inner { store, clock, worker: _, config } = self.inner.as_ref();
        if job.attempts > MOST_ATTEMPTS {
            // Nobody lived to say why.
            self.give_up(job, format!("It was given up after {MOST_ATTEMPTS} attempts in a row that came to no end."))
                .await;
            return;
        }
        if let Ok(false) = store.renew_export(job, config.lease, clock.now()).await {
            info!("the export was deleted, or its organization gets no files");
            return;
        }
        let outcome = tokio::select! {
            outcome = write::whole(&self.inner, job) => outcome,
            () = self.keep(job) => Ok(Ended::Lost),
            () = shutdown.cancelled() => {
                if let Err(error) = store.release_export(job, clock.now()).await {
                    debug!(error = %chain(&error), "could not give an export back; its lease ends by itself");
                }
                return;
            }
        };
        let error = match outcome {
            Ok(Ended::Done) => return,
            Err(ExportError::Older) => {
                let why = "It was asked for from another version of the service, which wrote other columns. Ask for it again.";
                self.give_up(job, why.to_owned()).await;
                return;
            }
            Ok(Ended::Lost) => {
                info!("the export was deleted, or another worker has it");
                return;
            }
            Err(error) => error,
        };
        warn!(error = %chain(&error), attempt = job.attempts, "an export could not be written");
        if job.attempts >= MOST_ATTEMPTS {
            let why = format!("It was given up after {MOST_ATTEMPTS} attempts in a row; at the last, {error}.");
            self.give_up(job, why).await;
            return;
        }
        let failures = u32::try_from(job.attempts).unwrap_or(u32::MAX);
        let (_, jitter) = job.lease_token.as_u64_pair();
        let due_at = clock.now().plus(config.backoff.delay(failures, None, jitter));
        if let Err(error) = store.put_off_export(job, due_at).await {
            debug!(error = %chain(&error), "could not put an export off; its lease ends by itself");
        }
    }

    async fn give_up(&self, job: &ExportJob, why: String) {
        match self.inner.store.fail_export(job, &why, self.inner.clock.now()).await {
            Ok(()) => {
                // What is left is removed with the row at the latest.
                self.remove(job).await;
            }
            Err(error) => debug!(error = %chain(&error), "could not give an export up; its lease ends by itself"),
        }
    }

    /// Renews the lease for as long as it can; returns when it is lost.
    async fn keep(&self, job: &ExportJob) {
        let Inner { store, clock, worker: _, config } = self.inner.as_ref();
        let mut until = clock.now().plus(config.lease);
        loop {
            let now = clock.now();
            match store.renew_export(job, config.lease, now).await {
                Ok(true) => until = now.plus(config.lease),
                Ok(false) => return,
                Err(error) if now >= until => {
                    debug!(error = %chain(&error), "could not renew the lease in time");
                    return;
                }
                Err(error) => debug!(error = %chain(&error), "could not renew the lease yet"),
            }
            tokio::time::sleep(config.lease / 3).await;
        }
    }
}

/// Where an export's objects are.
fn folder(job: &ExportJob) -> Folder {
    Folder { organization: job.organization, export: job.id }
}
