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
use store::{Account, ExportClaim, ExportHold, ExportJob, FinishedExport, ReportMember, ReportPost, Store, StoreError};
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

/// What is said of an export that waited for its organization, or for a worker who can read it, and waited too long.
const TOO_LATE: &str = "It could not be written within 30 days of being asked for, and will not be any more.";

/// What is said of an export that was begun in another form than this version's.
const OTHER_VERSION: &str =
    "It was asked for from another version of the service, which wrote other columns. Ask for it again.";

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
    /// There is its file, of which the row is still to tell.
    Written(FinishedExport),
    /// Somebody else has it, it was deleted, or its organization is not active.
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
                    export_id = %job.hold.id,
                    request_id = job.request_id.as_ref().map(|id| tracing::field::display(id.as_str())),
                );
                self.write(&job, shutdown).instrument(span).await;
            }
            ExportClaim::GiveUp(hold) => self.give_up(&hold, TOO_LATE).await,
            ExportClaim::Expire(hold) => {
                if self.remove(&hold).await {
                    store.expire_export(&hold, clock.now()).await?;
                }
            }
            ExportClaim::Forget(hold) => {
                if self.remove(&hold).await {
                    store.forget_export(&hold).await?;
                }
            }
        }
        Ok(true)
    }

    /// Removes an export's objects; when that fails, the lease ends and somebody tries again.
    async fn remove(&self, hold: &ExportHold) -> bool {
        let removed = self.inner.config.storage.clear(folder(hold), None).await;
        if let Err(error) = &removed {
            warn!(export_id = %hold.id, error = %chain(error), "could not remove the objects of an export");
        }
        removed.is_ok()
    }

    async fn write(&self, job: &ExportJob, shutdown: &CancellationToken) {
        let Inner { store, clock, worker: _, config } = self.inner.as_ref();
        if job.attempts > MOST_ATTEMPTS {
            // Nobody lived to say why.
            let why = format!("It was given up after {MOST_ATTEMPTS} attempts in a row that came to no end.");
            self.give_up(&job.hold, &why).await;
            return;
        }
        if let Ok(false) = store.renew_export(&job.hold, config.lease, clock.now()).await {
            self.lost(&job.hold).await;
            return;
        }
        let outcome = tokio::select! {
            outcome = write::whole(&self.inner, job) => outcome,
            () = self.keep(&job.hold) => Ok(Ended::Lost),
            () = shutdown.cancelled() => {
                self.give_back(&job.hold).await;
                return;
            }
        };
        match outcome {
            Ok(Ended::Written(finished)) => self.finish(&job.hold, &finished, shutdown).await,
            Ok(Ended::Lost) => self.lost(&job.hold).await,
            Err(ExportError::Older) => self.give_up(&job.hold, OTHER_VERSION).await,
            Err(error) => self.failed(&job.hold, &error).await,
        }
    }

    /// Ends an export well, and removes what its file was written from. The lease goes with that, so nobody watches over it here.
    async fn finish(&self, hold: &ExportHold, finished: &FinishedExport, shutdown: &CancellationToken) {
        match self.inner.store.finish_export(hold, finished, self.inner.clock.now()).await {
            Ok(true) => {
                info!(bytes = finished.bytes, "an export is written");
                self.tidy(hold, &finished.name, shutdown).await;
            }
            Ok(false) => self.lost(hold).await,
            Err(error) => self.failed(hold, &error.into()).await,
        }
    }

    async fn lost(&self, hold: &ExportHold) {
        info!("the export was deleted, another worker has it, or its organization is not active");
        self.give_back(hold).await;
    }

    /// Lets go of an export as if it had not been taken up. Nothing happens when it is somebody else's by now.
    async fn give_back(&self, hold: &ExportHold) {
        if let Err(error) = self.inner.store.release_export(hold, self.inner.clock.now()).await {
            debug!(error = %chain(&error), "could not give an export back; its lease ends by itself");
        }
    }

    /// Removes what an export was written from. Nobody waits for that, and what is left goes with the file at the latest.
    async fn tidy(&self, hold: &ExportHold, file: &str, shutdown: &CancellationToken) {
        tokio::select! {
            removed = self.inner.config.storage.clear(folder(hold), Some(file)) => {
                if let Err(error) = removed {
                    debug!(error = %chain(&error), "could not remove the parts of an export");
                }
            }
            () = shutdown.cancelled() => {}
        }
    }

    /// Tries again later, or not any more.
    async fn failed(&self, hold: &ExportHold, error: &ExportError) {
        let Inner { store, clock, worker: _, config } = self.inner.as_ref();
        // Counted by the row: it begins anew with each part that is written.
        let attempts = match store.export_attempts(hold).await {
            Ok(Some(attempts)) => attempts,
            Ok(None) => {
                info!(error = %chain(error), "an export could not be written, which is another worker's by now");
                return;
            }
            Err(unknown) => {
                warn!(error = %chain(error), "an export could not be written");
                debug!(error = %chain(&unknown), "could not put an export off; its lease ends by itself");
                return;
            }
        };
        warn!(error = %chain(error), attempt = attempts, "an export could not be written");
        if attempts >= MOST_ATTEMPTS {
            let why = format!("It was given up after {MOST_ATTEMPTS} attempts in a row; at the last, {error}.");
            self.give_up(hold, &why).await;
            return;
        }
        let failures = u32::try_from(attempts).unwrap_or(u32::MAX);
        let (_, jitter) = hold.lease_token.as_u64_pair();
        let due_at = clock.now().plus(config.backoff.delay(failures, None, jitter));
        if let Err(error) = store.put_off_export(hold, due_at).await {
            debug!(error = %chain(&error), "could not put an export off; its lease ends by itself");
        }
    }

    async fn give_up(&self, hold: &ExportHold, why: &str) {
        match self.inner.store.fail_export(hold, why, self.inner.clock.now()).await {
            Ok(true) => {
                // What is left is removed with the row at the latest.
                self.remove(hold).await;
            }
            Ok(false) => info!(export_id = %hold.id, "the export was deleted, or another worker has it"),
            Err(error) => debug!(error = %chain(&error), "could not give an export up; its lease ends by itself"),
        }
    }

    /// Renews the lease for as long as it can; returns when it is lost.
    async fn keep(&self, hold: &ExportHold) {
        let Inner { store, clock, worker: _, config } = self.inner.as_ref();
        let mut until = clock.now().plus(config.lease);
        loop {
            let now = clock.now();
            match store.renew_export(hold, config.lease, now).await {
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
fn folder(hold: &ExportHold) -> Folder {
    Folder { organization: hold.organization, export: hold.id }
}
