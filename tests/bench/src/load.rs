//! A closed loop of requests over a fixed number of connections: each sends its next request when the last is answered. Every answer is read
//! and held to its status, since a rate of refusals would be none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;

use crate::connection::{Connection, ConnectionError};

/// How much load, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Keep-alive connections.
    pub connections: u32,
    /// Load that is not counted.
    pub warm_up: Duration,
    /// Load that is.
    pub duration: Duration,
}

/// What is asked, and which status must come back.
#[derive(Clone, Debug)]
pub struct Question {
    /// Who is asked.
    pub address: SocketAddr,
    /// The requests.
    pub requests: Requests,
    /// The status of a right answer.
    pub status: u16,
    /// The process that answers.
    pub server: u32,
}

/// Whole requests.
#[derive(Clone, Debug)]
pub enum Requests {
    /// These in turn; each connection begins at another.
    InTurn(Arc<[Arc<[u8]>]>),
    /// Never the same one: made of a number that grows.
    New(fn(SocketAddr, &str, u32) -> Vec<u8>, Arc<str>, Arc<AtomicU32>),
}

impl Requests {
    /// The `turn`th request of a connection.
    fn get(&self, address: SocketAddr, connection: usize, turn: usize) -> Arc<[u8]> {
        match self {
            Self::InTurn(requests) => Arc::clone(&requests[(connection * 7 + turn) % requests.len()]),
            Self::New(make, headers, next) => make(address, headers, next.fetch_add(1, Ordering::Relaxed)).into(),
        }
    }
}

/// What a load met with.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// Answers a second.
    pub requests_per_second: f64,
    /// Time to an answer that half of them kept, in microseconds.
    pub p50_us: u32,
    /// Time to an answer that 99 of 100 kept, in microseconds.
    pub p99_us: u32,
    /// Time on a core that the answering process took for each answer, in microseconds.
    pub server_us: f64,
    /// How much of one core the asking took, 0 to 1; near 1 the asker is what was measured. `None` where the system does not tell.
    pub asker_share: Option<f64>,
}

/// Why a load counts for nothing.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A connection could not be made or broke.
    #[error("under load: {0}")]
    Connection(#[from] ConnectionError),
    /// An answer had another status.
    #[error("under load: {status} instead of {wanted}: {text}")]
    Status {
        /// The status that came.
        status: u16,
        /// The one that was to come.
        wanted: u16,
        /// Head and body.
        text: String,
    },
    /// A task of ours ended early.
    #[error("under load: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// Nothing was answered in time.
    #[error("under load: not one answer in {0:?}")]
    Nothing(Duration),
}

/// Asks `question` as often as `plan` has it. Dropping the future ends the load.
pub async fn run(question: &Question, plan: Plan) -> Result<Load, LoadError> {
    let counted_from = Instant::now() + plan.warm_up;
    let until = counted_from + plan.duration;
    let mut connections = JoinSet::new();
    for connection in 0..plan.connections {
        let connection = usize::try_from(connection).unwrap_or_default();
        connections.spawn(ask_until(question.clone(), connection, counted_from, until));
    }
    let warming = tokio::time::sleep_until(counted_from.into());
    warming.await;
    let (began, busy_before, server_before) = (Instant::now(), busy(), busy_process(question.server));
    tokio::time::sleep_until(until.into()).await;
    let server = busy_process(question.server).saturating_sub(server_before);
    let asker_share = busy_before
        .zip(busy())
        .map(|(before, after)| after.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64());
    let mut latencies = Vec::new();
    while let Some(asked) = connections.join_next().await {
        latencies.extend(asked??);
    }
    latencies.sort_unstable();
    let (Some(p50_us), Some(p99_us)) = (percentile(&latencies, 50), percentile(&latencies, 99)) else {
        return Err(LoadError::Nothing(plan.duration));
    };
    let answers = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    let requests_per_second = f64::from(answers) / plan.duration.as_secs_f64();
    let server_us = server.as_secs_f64() * 1e6 / f64::from(answers);
    Ok(Load { requests_per_second, p50_us, p99_us, server_us, asker_share })
}

/// The latencies, in microseconds, of the answers that came between the two instants.
async fn ask_until(
    question: Question,
    number: usize,
    counted_from: Instant,
    until: Instant,
) -> Result<Vec<u32>, LoadError> {
    let mut connection = Connection::open(question.address).await.map_err(ConnectionError::from)?;
    let mut latencies = Vec::new();
    for turn in 0_usize.. {
        let request = question.requests.get(question.address, number, turn);
        let asked = Instant::now();
        let answer = connection.exchange(&request).await?;
        if answer.status != question.status {
            let text = String::from_utf8_lossy(&[answer.head, answer.body].concat()).into_owned();
            return Err(LoadError::Status { status: answer.status, wanted: question.status, text });
        }
        let answered = Instant::now();
        if answered >= until {
            return Ok(latencies);
        }
        if answered >= counted_from {
            latencies.push(u32::try_from((answered - asked).as_micros()).unwrap_or(u32::MAX));
        }
    }
    Ok(latencies)
}

/// The smallest of the sorted values that at least `percent` of 100 do not exceed; `None` when there is none.
pub fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// Time that this thread spent on a core.
fn busy() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Ticks of a core a second, as Linux tells a process's time on it.
const TICKS_PER_SECOND: u64 = 100;

/// Time that a process spent on a core; nothing where the system does not tell.
fn busy_process(id: u32) -> Duration {
    let told = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // After the name, which may hold anything: the state, and then numbers, of which the 11th and 12th are meant.
    let numbers = told.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = numbers.skip(12 - 1).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn answering(answer: &'static [u8]) -> Question {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 64];
                    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        let request: Arc<[u8]> = b"GET / HTTP/1.1\r\n\r\n".as_slice().into();
        Question { address, requests: Requests::InTurn(vec![request].into()), status: 200, server: std::process::id() }
    }

    const BRIEF: Plan =
        Plan { connections: 3, warm_up: Duration::from_millis(20), duration: Duration::from_millis(200) };

    #[tokio::test]
    async fn answers_are_counted_and_timed() {
        let question = answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        let load = run(&question, BRIEF).await.unwrap();
        assert!(load.requests_per_second > 10.0 && load.p50_us <= load.p99_us, "{load:?}");
    }

    #[tokio::test]
    async fn a_refusal_spoils_the_load() {
        let question = answering(b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 4\r\n\r\nwait").await;
        let spoilt = run(&question, BRIEF).await;
        assert!(matches!(spoilt, Err(LoadError::Status { status: 429, wanted: 200, text }) if text.ends_with("wait")));
    }

    #[test]
    fn a_process_that_works_is_seen_to_work() {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(100) {}
        assert!(busy_process(std::process::id()) > Duration::ZERO);
        assert_eq!(busy_process(u32::MAX), Duration::ZERO);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!((percentile(&hundred, 50), percentile(&hundred, 99)), (Some(50), Some(99)));
        assert_eq!((percentile(&[7, 8, 9], 50), percentile(&[7], 99)), (Some(8), Some(7)));
        assert_eq!(percentile::<u32>(&[], 50), None);
    }
}
