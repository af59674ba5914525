//! The record of calls: the boundary hands over a finished call and goes on; a task writes what has gathered, four times a second.
//!
//! Nobody waits for the record. What there is no room for, or no database, is given up and counted; the record of a process that is killed
//! lacks its last moments, and its row in the store shows that it never said goodbye.

mod event;
mod gathered;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{ApiKeyId, Clock, Timestamp};
use store::{ApiProcess, NewRequestEvent, Store, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, warn};

pub(crate) use event::event_of;
use gathered::Gathered;

/// Events kept in memory at most: several minutes of a busy process without its database.
const ROOM: usize = 50_000;

/// Events of one batch at most; so many do not wait for the interval either.
const BATCH: usize = 1000;

const INTERVAL: Duration = Duration::from_millis(250);

/// Between two signs of life of a process that nobody calls.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// A key's last use is written at most so often by one process.
const LAST_USE_INTERVAL: Duration = Duration::from_mins(1);

/// How long writing may take after the order to stop.
const FAREWELL: Duration = Duration::from_secs(3);

/// Where finished calls are handed in.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    waiting: Mutex<Gathered>,
    /// Those waiting and those in the writer's hands.
    held: AtomicUsize,
    written: AtomicU64,
    lost: AtomicU64,
    wake: Notify,
    is_stopping: AtomicBool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Recorder {
    /// Begins to write what is handed in, for a process. Must be called inside a tokio runtime.
    pub(crate) fn start(self: &Arc<Self>, store: Store, process: String, clock: Clock) {
        let process = ApiProcess { name: process, started_at: clock.now(), written: 0, lost: 0, lost_at: None };
        let writer = Writer {
            recorder: Arc::clone(self),
            store,
            clock,
            process,
            in_hand: Gathered::default(),
            room: Gathered::default(),
            tried: None,
            batch: BATCH,
            noted_uses: HashMap::new(),
            heard: None,
            is_away: false,
        };
        let task = tokio::spawn(writer.run());
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }

    /// Takes an event down, or counts it as lost when there is no room. Never waits for anything but another hand-over.
    pub(crate) fn record(&self, event: &NewRequestEvent<'_>) {
        if self.held.fetch_add(1, Ordering::Relaxed) >= ROOM {
            self.held.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push(event);
            waiting.len()
        };
        // Once for a batch: waking a task of another thread costs more than all the rest.
        if waiting == BATCH {
            self.wake.notify_one();
        }
    }

    /// Writes what is waiting, says goodbye, and returns when that is done or has taken too long.
    pub(crate) async fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.wake.notify_one();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            error!(%error, "the record of calls ended badly");
        }
    }

    /// Events that were written since the start.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Events that were given up since the start.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

/// The task that writes.
struct Writer {
    recorder: Arc<Recorder>,
    store: Store,
    clock: Clock,
    process: ApiProcess,
    in_hand: Gathered,
    /// For what comes next: emptied, but still as large as it was.
    room: Gathered,
    /// The size of a batch of which it is not known whether it was written: it is tried again as it was.
    tried: Option<usize>,
    batch: usize,
    noted_uses: HashMap<ApiKeyId, Timestamp>,
    heard: Option<Instant>,
    is_away: bool,
}

impl Writer {
    async fn run(mut self) {
        loop {
            let is_last = self.recorder.is_stopping.load(Ordering::Acquire);
            if is_last {
                if tokio::time::timeout(FAREWELL, self.farewell()).await.is_err() {
                    let calls = self.recorder.held.swap(0, Ordering::Relaxed);
                    self.recorder.lost.fetch_add(u64::try_from(calls).unwrap_or_default(), Ordering::Relaxed);
                    warn!(calls, "the record of the last calls could not be written in time");
                }
                return;
            }
            self.round().await;
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = self.recorder.wake.notified() => {}
            }
        }
    }

    /// Writes until nothing is left, then says goodbye.
    async fn farewell(&mut self) {
        loop {
            self.round().await;
            if self.in_hand.is_empty() && self.write(0, true).await.is_ok() {
                return;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Writes everything that waits, as far as the database lets it.
    async fn round(&mut self) {
        let room = std::mem::take(&mut self.room);
        let mut arrived =
            std::mem::replace(&mut *self.recorder.waiting.lock().unwrap_or_else(PoisonError::into_inner), room);
        self.in_hand.take_all(&mut arrived);
        self.room = arrived;
        let lost = self.recorder.lost();
        let has_lost = lost > self.process.lost;
        if has_lost {
            (self.process.lost, self.process.lost_at) = (lost, Some(self.clock.now()));
        }
        let is_quiet = self.heard.is_none_or(|heard| heard.elapsed() > SIGN_OF_LIFE);
        if self.in_hand.is_empty() && (has_lost || is_quiet) {
            let noted = self.write(0, false).await;
            self.tell(noted.err().as_ref());
        }
        while !self.in_hand.is_empty() {
            let size = self.tried.unwrap_or_else(|| self.in_hand.len().min(self.batch));
            match self.write(size, false).await {
                Ok(()) => self.settle(size).await,
                Err(StoreError::Unavailable(error)) => {
                    self.tried = Some(size);
                    self.tell(Some(&StoreError::Unavailable(error)));
                    return;
                }
                Err(error) => {
                    self.tried = None;
                    // A database that takes nothing at all may be another one soon: read-only for now, full, without tables.
                    if self.write(0, false).await.is_err() {
                        self.tell(Some(&error));
                        return;
                    }
                    self.refused(size, &error);
                }
            }
        }
    }

    async fn write(&mut self, size: usize, has_ended: bool) -> Result<(), StoreError> {
        let events = self.in_hand.iter().take(size);
        let written = self.process.written + u64::try_from(size).unwrap_or_default();
        let process = ApiProcess { written, ..self.process.clone() };
        self.store.write_request_events(&process, events, has_ended, self.clock.now()).await?;
        self.heard = Some(Instant::now());
        Ok(())
    }

    /// A batch is written: lets go of it.
    async fn settle(&mut self, size: usize) {
        self.tell(None);
        self.tried = None;
        self.batch = (self.batch * 2).min(BATCH);
        self.note_uses(size).await;
        self.let_go(size);
        let count = u64::try_from(size).unwrap_or_default();
        self.process.written += count;
        self.recorder.written.fetch_add(count, Ordering::Relaxed);
    }

    /// The database is there and will not have a batch: the event that it stumbles over is searched for by halves, and given up.
    fn refused(&mut self, size: usize, error: &StoreError) {
        if size > 1 {
            self.batch = size / 2;
            return;
        }
        error!(error = %chain(error), "a call could not be recorded");
        self.let_go(1);
        self.recorder.lost.fetch_add(1, Ordering::Relaxed);
    }

    fn let_go(&mut self, size: usize) {
        self.in_hand.forget(size);
        self.recorder.held.fetch_sub(size, Ordering::Relaxed);
    }

    /// Notes when the keys of a batch were last used. That it fails is no harm: the next minute tells as much.
    async fn note_uses(&mut self, size: usize) {
        let mut uses: BTreeMap<ApiKeyId, Timestamp> = BTreeMap::new();
        for event in self.in_hand.iter().take(size) {
            let Some(key) = event.api_key_id else { continue };
            let noted = self.noted_uses.get(&key);
            if noted.is_none_or(|noted| event.occurred_at.since(*noted) >= LAST_USE_INTERVAL) {
                let newest = uses.entry(key).or_insert(event.occurred_at);
                *newest = (*newest).max(event.occurred_at);
            }
        }
        if uses.is_empty() {
            return;
        }
        let uses: Vec<(ApiKeyId, Timestamp)> = uses.into_iter().collect();
        if let Err(error) = self.store.note_key_uses(&uses).await {
            warn!(error = %chain(&error), "the last use of keys was not noted");
            return;
        }
        let now = self.clock.now();
        self.noted_uses.retain(|_, noted| now.since(*noted) < LAST_USE_INTERVAL);
        self.noted_uses.extend(uses);
    }

    /// Says once that the record cannot be written, and once that it can again.
    fn tell(&mut self, failure: Option<&StoreError>) {
        match failure {
            Some(error) if !self.is_away => {
                warn!(error = %chain(error), "calls cannot be recorded: they are kept for a while");
            }
            None if self.is_away => warn!(lost = self.recorder.lost(), "calls are recorded again"),
            Some(_) | None => {}
        }
        self.is_away = failure.is_some();
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
