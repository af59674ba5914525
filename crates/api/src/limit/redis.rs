//! The count of all processes together, in Redis.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{RedisError, Script};

use super::gcra::{Rate, Taken};
use super::merge::{Ask, Merger};
use super::{Counted, Subject};
use crate::key_tags;

/// Refused calls write nothing, and one reading of the server's clock decides, so processes whose clocks differ count alike.
const SCRIPT: &str = include_str!("take.lua");

/// How long a request waits for Redis before it is let through.
const TIMEOUT: Duration = Duration::from_millis(100);

/// After a failure Redis is left alone, so that an outage does not slow every request down, and looked for once in this time.
const REST: Duration = Duration::from_secs(1);

/// One worker's connection to the shared counts.
pub(crate) struct RedisLimits {
    merger: Merger<Counter>,
    let_through: Arc<AtomicU64>,
}

/// One call to be counted.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Call {
    subject: Subject,
    rate: Rate,
    /// Of the key whose tag is wanted.
    public_part: Option<String>,
}

struct Counter {
    connection: ConnectionManager,
    script: Script,
    /// Whether it is away: then the calls are not counted until it is found again.
    is_away: Arc<AtomicBool>,
}

impl RedisLimits {
    /// Connects when it is first used. Must be called inside the worker's runtime.
    pub(crate) fn new(client: redis::Client, let_through: Arc<AtomicU64>) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let counter = Counter {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            script: Script::new(SCRIPT),
            is_away: Arc::default(),
        };
        Ok(Self { merger: Merger::new(counter), let_through })
    }

    /// The connection, for what else there is to say to the same server.
    pub(crate) fn connection(&self) -> ConnectionManager {
        self.merger.asked().connection.clone()
    }

    /// Counts one call; `None` when Redis is out of reach. With a `public_part` it also tells that key's tag.
    pub(super) async fn take(&self, subject: Subject, rate: Rate, public_part: Option<&str>) -> Option<Counted> {
        let public_part = public_part.map(str::to_owned);
        self.merger.ask(Call { subject, rate, public_part }).await.flatten()
    }

    /// Notes that a call was not counted.
    pub(super) fn let_through(&self) {
        self.let_through.fetch_add(1, Ordering::Relaxed);
    }
}

impl Ask for Counter {
    type Question = Call;
    type Answer = Option<Counted>;

    /// Counts all calls by one run of the script; those of one caller are one number in it.
    async fn ask(&self, calls: Vec<Call>) -> Vec<Option<Counted>> {
        if self.is_away.load(Ordering::Relaxed) {
            return calls.iter().map(|_| None).collect();
        }
        let mut callers: Vec<(&Call, u32)> = Vec::new();
        let mut known: HashMap<&Call, usize> = HashMap::new();
        let mut places = Vec::with_capacity(calls.len());
        for call in &calls {
            let caller = *known.entry(call).or_insert_with(|| {
                callers.push((call, 0));
                callers.len() - 1
            });
            callers[caller].1 += 1;
            places.push((caller, callers[caller].1));
        }
        let Some((now_us, answers)) = self.count(&callers).await else { return calls.iter().map(|_| None).collect() };
        let counted = |(caller, place): (usize, u32)| {
            let (admitted, full_at_us, tag) = answers.get(caller)?;
            let taken = Taken { admitted: *admitted, full_at_us: *full_at_us };
            let window = callers[caller].0.rate.window(taken, place, now_us);
            Some(Counted { window, tag: key_tags::read(tag) })
        };
        places.into_iter().map(counted).collect()
    }
}

/// The server's time in microseconds, and for each caller how many calls passed, when its limit is whole again, and its key's tag.
type Answers = (i64, Vec<(u32, i64, String)>);

impl Counter {
    async fn count(&self, callers: &[(&Call, u32)]) -> Option<Answers> {
        let call = prepared(&self.script, callers);
        let mut connection = self.connection.clone();
        let reason = match tokio::time::timeout(TIMEOUT, call.invoke_async::<Answers>(&mut connection)).await {
            Ok(Ok(answers)) => return Some(answers),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        if !self.is_away.swap(true, Ordering::Relaxed) {
            tracing::warn!(reason, "rate limits are not enforced: Redis is out of reach");
            tokio::spawn(look_for(connection, Arc::clone(&self.is_away)));
        }
        None
    }
}

/// Waits until Redis answers again. A connection is made anew by its use alone, so the first call after an outage would find it broken still.
async fn look_for(mut connection: ConnectionManager, is_away: Arc<AtomicBool>) {
    loop {
        tokio::time::sleep(REST).await;
        let ping = redis::cmd("PING");
        if let Ok(Ok(())) = tokio::time::timeout(TIMEOUT, ping.query_async::<()>(&mut connection)).await {
            is_away.store(false, Ordering::Relaxed);
            tracing::info!("Redis is back: rate limits are enforced again");
            return;
        }
    }
}

fn prepared<'a>(script: &'a Script, callers: &[(&Call, u32)]) -> redis::ScriptInvocation<'a> {
    let mut run = script.prepare_invoke();
    run.arg(key_tags::fresh());
    for (Call { subject, rate, public_part }, calls) in callers {
        run.key(subject.to_string()).key(public_part.as_deref().map(key_tags::name).unwrap_or_default());
        run.arg(rate.interval_us).arg(rate.burst_us).arg(calls);
    }
    run
}

impl fmt::Display for Subject {
    /// Under which name it is counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "creator-audit:limit:{key}"),
            Self::Failures(network) => write!(f, "creator-audit:failures:{network}"),
        }
    }
}

#[cfg(test)]
mod tests;
