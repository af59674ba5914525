//! A Redis server of the suites' own, or a database of the one that the environment names. Spoken to in bare RESP over TCP.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use tempfile::TempDir;

use crate::poll::poll_within;
use crate::process::{Process, tied};

/// Names the Redis server that all tests share: `redis://127.0.0.1:PORT`.
pub const ENV: &str = "TEST_REDIS_URL";

/// Databases of an own server; each deployment on a shared one takes the next.
const DATABASES: u32 = 1_024;

/// A Redis server, or one database of a shared one.
pub struct Redis {
    own: Option<Server>,
    port: u16,
    database: u32,
}

struct Server {
    /// `None` while it is stopped.
    process: Option<Process>,
    directory: TempDir,
}

impl Redis {
    /// An empty database of the server named by [`ENV`], or of an own server when none is named.
    pub async fn shared() -> Self {
        let Ok(url) = std::env::var(ENV) else { return Self::start().await };
        let authority = url.strip_prefix("redis://").and_then(|rest| rest.split('/').next());
        let port = authority.and_then(|authority| authority.rsplit(':').next()?.parse().ok());
        let port = port.unwrap_or_else(|| panic!("{ENV} must be redis://127.0.0.1:PORT, not {url}"));
        let databases: u32 = answer(port, 0, &["CONFIG", "GET", "databases"])
            .ok()
            .and_then(|reply| reply.last()?.parse().ok())
            .unwrap_or_else(|| panic!("no Redis answers at {url}"));
        // Database 0 holds the counter; the others are handed out in turn.
        let turn: u32 = answer(port, 0, &["INCR", "tests:turn"]).expect("Redis answers")[0].parse().expect("a number");
        let redis = Self { own: None, port, database: 1 + turn % (databases - 1) };
        redis.command(&["FLUSHDB"]);
        redis
    }

    /// Starts an own server on a free port.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        // Somebody may take the port between our look and the server's start.
        for _ in 0..10 {
            let port = free_port();
            if let Some(process) = launch(port, &directory).await {
                return Self { own: Some(Server { process: Some(process), directory }), port, database: 0 };
            }
        }
        panic!("redis-server does not start on any of ten free ports");
    }

    /// `redis://127.0.0.1:PORT/DATABASE`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/{}", self.port, self.database)
    }

    /// Sends a command to this database and returns the reply, flattened.
    pub fn command(&self, words: &[&str]) -> Vec<String> {
        answer(self.port, self.database, words).unwrap_or_else(|e| panic!("Redis fails at {words:?}: {e}"))
    }

    /// Loses everything that Redis holds.
    pub fn flush_all(&self) {
        self.server();
        self.command(&["FLUSHALL"]);
    }

    /// Stops an own server; nothing is saved.
    pub fn stop(&mut self) {
        self.server();
        if let Some(server) = &mut self.own {
            server.process = None;
        }
    }

    /// Starts an own, stopped server again: same port, empty.
    pub async fn restart(&mut self) {
        self.stop();
        let port = self.port;
        let Some(server) = &mut self.own else { return };
        server.process = launch(port, &server.directory).await;
        assert!(server.process.is_some(), "redis-server does not start again on port {port}");
    }

    /// Guards what must not be done to a server that other tests use as well.
    fn server(&self) -> &Server {
        self.own.as_ref().expect("a shared Redis is neither stopped nor flushed; ask for an own one")
    }
}

async fn launch(port: u16, directory: &TempDir) -> Option<Process> {
    let mut command = tied("redis-server", "TERM");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no"])
        .args(["--save", "", "--appendonly", "no", "--databases", &DATABASES.to_string()])
        .arg("--dir")
        .arg(directory.path());
    let mut process = Process::spawn("redis-server", command);
    poll_within(Duration::from_secs(20), "Redis answers", async || {
        if process.exited().is_some() {
            return Some(false);
        }
        answer(port, 0, &["PING"]).is_ok_and(|reply| reply == ["PONG"]).then_some(true)
    })
    .await
    .then_some(process)
}

/// A loopback port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port can be had");
    listener.local_addr().expect("a listener has an address").port()
}

fn answer(port: u16, database: u32, words: &[&str]) -> io::Result<Vec<String>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let select = ["SELECT", &database.to_string()];
    stream.write_all([encode(&select), encode(words)].concat().as_bytes())?;
    let mut reader = BufReader::new(stream);
    read_reply(&mut reader)?;
    read_reply(&mut reader)
}

fn encode(words: &[&str]) -> String {
    let head = format!("*{}\r\n", words.len());
    words.iter().fold(head, |text, word| text + &format!("${}\r\n{word}\r\n", word.len()))
}

fn read_reply(reader: &mut impl BufRead) -> io::Result<Vec<String>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).ok_or(io::ErrorKind::UnexpectedEof)?;
    let length = || rest.parse::<i64>().map_err(io::Error::other);
    match kind {
        "+" | ":" => Ok(vec![rest.to_owned()]),
        "$" => {
            let Ok(length) = usize::try_from(length()?) else { return Ok(Vec::new()) };
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes)?;
            Ok(vec![String::from_utf8_lossy(&bytes[..length]).into_owned()])
        }
        "*" => {
            let mut all = Vec::new();
            for _ in 0..length()? {
                all.extend(read_reply(reader)?);
            }
            Ok(all)
        }
        _ => Err(io::Error::other(rest.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_restarted_server_is_empty_and_keeps_its_port() {
        let mut redis = Redis::start().await;
        assert_eq!(redis.command(&["SET", "a", "1"]), ["OK"]);
        assert_eq!(redis.command(&["GET", "a"]), ["1"]);
        let url = redis.url();
        redis.restart().await;
        assert_eq!((redis.command(&["GET", "a"]), redis.url()), (vec![], url));
    }

    #[tokio::test]
    async fn an_own_server_ends_with_its_owner() {
        let redis = Redis::start().await;
        let port = redis.port;
        drop(redis);
        assert!(answer(port, 0, &["PING"]).is_err());
    }
}
