//! The record of calls: the boundary hands over a finished call and goes on; a task writes what has gathered, four times a second.
//!
//! Nobody waits for the record. What there is no room for, or no database, is given up and counted; the record of a process that is killed
//! lacks its last moments, and its row in the store shows that it never said goodbye.

mod gathered;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use domain::{ApiKeyId, Clock, Timestamp};
use store::{ApiProcess, KeyRecord, NewRequestEvent, Store, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::{error, warn};

use crate::KeptAddress;
use crate::auth::bearer;
use crate::call::hyphenated;
use crate::exchange::Exchange;
use crate::idempotent::IDEMPOTENCY_KEY;
use crate::problem::Code;
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

/// Characters of a client's own words that are kept.
const MOST_CHARACTERS: usize = 255;

/// Characters of a path that are kept: no path of ours is nearly as long.
const MOST_PATH_CHARACTERS: usize = 1024;

/// Ids of resources that are kept of one call.
const MOST_RESOURCES: usize = 100;

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

/// What is remembered of a call: of one with a good key everything, of another only when it showed a key, or none where one is needed.
pub(crate) fn event_of<'a>(
    exchange: &'a Exchange,
    response: &'a ServiceResponse,
    kept: KeptAddress,
    took: Duration,
) -> Option<NewRequestEvent<'a>> {
    let request = response.request();
    let headers = request.headers();
    let key = exchange.key.get();
    let code = exchange.code.get();
    let has_failed_to_authenticate = match code {
        Some(Code::Unauthorized) => true,
        // Counted against the client's address before anybody looked at the key.
        Some(Code::RateLimited) | None => false,
        Some(_) => headers.contains_key(header::AUTHORIZATION),
    };
    if key.is_none() && !has_failed_to_authenticate {
        return None;
    }
    let named = |key: &'a Arc<KeyRecord>| Some(Cow::Borrowed(key.name.as_str()));
    Some(NewRequestEvent {
        request_id: exchange.request_id.as_str().into(),
        occurred_at: exchange.now,
        organization_id: key.map(|key| key.organization_id),
        api_key_id: key.map(|key| key.id),
        api_key_name: key.map_or_else(|| public_beginning(headers).map(Cow::Owned), named),
        method: shortened(request.method().as_str().into(), 32),
        route: exchange.route.get(),
        path: shortened(without_keys(request.path()), MOST_PATH_CHARACTERS),
        status: response.status().as_u16(),
        code: code.map(Code::as_str),
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        client_address: exchange.client.and_then(|address| kept_of(address, kept)).map(Cow::Owned),
        user_agent: own_words(headers, &header::USER_AGENT),
        idempotency_key: own_words(headers, &IDEMPOTENCY_KEY),
        resources: resources(exchange, request, response).map(Cow::Owned),
        is_write: !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS),
    })
}

/// The part of a refused key that is no secret.
fn public_beginning(headers: &HeaderMap) -> Option<String> {
    bearer(headers).ok().map(|key| format!("ca_{}…", key.public_part()))
}

/// A header in which the client says what it likes, cut to a bearable length.
fn own_words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let words = match String::from_utf8_lossy(headers.get(name)?.as_bytes()) {
        Cow::Borrowed(words) => without_keys(words),
        Cow::Owned(words) => without_keys(&words).into_owned().into(),
    };
    Some(shortened(words, MOST_CHARACTERS))
}

fn shortened(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    // No text has more characters than bytes.
    if text.len() <= most { text } else { text.chars().take(most).collect::<String>().into() }
}

/// Takes out whatever looks like one of our keys: it is a secret wherever it was sent by mistake.
fn without_keys(text: &str) -> Cow<'_, str> {
    if !text.contains("ca_") {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("ca_") {
        let (before, from) = rest.split_at(at);
        let end = from.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        kept.push_str(before);
        // Longer than the part of a key that is public, so there may be secret in it.
        kept.push_str(if word.len() > 16 { "ca_…" } else { word });
        rest = after;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// As much of an address as is kept.
fn kept_of(address: IpAddr, kept: KeptAddress) -> Option<String> {
    match (kept, address.to_canonical()) {
        (KeptAddress::None, _) => None,
        (KeptAddress::Full, address) => Some(address.to_string()),
        (KeptAddress::Truncated, IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        (KeptAddress::Truncated, IpAddr::V6(address)) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
        }
    }
}

/// Ids in the path, in the answer's `Location`, and those that the handler named.
fn resources(exchange: &Exchange, request: &HttpRequest, response: &ServiceResponse) -> Option<String> {
    let (mut ids, mut count) = (String::new(), 0);
    let mut add = |text: &str| {
        if let Some(id) = as_id(text)
            && count < MOST_RESOURCES
            && !ids.split(' ').any(|known| known == id)
        {
            if count > 0 {
                ids.push(' ');
            }
            ids.push_str(&id);
            count += 1;
        }
    };
    for (name, value) in request.match_info().iter() {
        if name.ends_with("_id") && name != "request_id" {
            add(value);
        }
    }
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    if let Some((_, last)) = location.and_then(|location| location.rsplit_once('/')) {
        add(last);
    }
    for id in exchange.touched.borrow().iter() {
        add(id);
    }
    (count > 0).then_some(ids)
}

/// A UUID, or the number of an account video, in its one form.
fn as_id(text: &str) -> Option<String> {
    let number = || text.parse::<u64>().ok().map(|number| number.to_string()).filter(|plain| plain == text);
    hyphenated(text).map(|id| id.to_string()).or_else(number)
}

#[cfg(test)]
mod tests;
