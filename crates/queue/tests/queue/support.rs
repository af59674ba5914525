//! A Redis server of the test's own, and what the tests of both back ends share.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::{TargetKind, Wake};
use queue::{Queue, QueueOptions, WorkerOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// No condition that a test waits for takes longer than this.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A Redis server on a free loopback port, with its files in a directory of its own. It ends with the test.
pub struct Server {
    process: Child,
    port: u16,
    directory: PathBuf,
}

impl Server {
    /// Starts a server; `None`, with a word on stderr, when the machine has none.
    pub fn start() -> Option<Self> {
        let directory = std::env::temp_dir().join(format!("queue-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&directory).unwrap();
        for _ in 0..10 {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            match launch(port, &directory) {
                Ok(process) => {
                    let mut server = Self { process, port, directory: directory.clone() };
                    if server.answers() {
                        return Some(server);
                    }
                }
                Err(error) => {
                    eprintln!("skipped: no redis-server could be started ({error}); set REDIS_SERVER to its path");
                    return None;
                }
            }
        }
        panic!("a redis-server was started ten times and never answered");
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends the server at once, as a crash would.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on its port, with what it had written.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, &self.directory).unwrap();
        assert!(self.answers(), "the server did not come back");
    }

    /// A connection of the test's own.
    pub async fn connect(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    /// One command, sent by the test itself.
    pub async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query_async(&mut self.connect().await).await.unwrap()
    }

    fn answers(&mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && self.process.try_wait().unwrap().is_none() {
            let client = redis::Client::open(self.url()).unwrap();
            if client.get_connection().and_then(|mut c| redis::cmd("PING").query::<()>(&mut c)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn launch(port: u16, directory: &Path) -> std::io::Result<Child> {
    let program = std::env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    Command::new(program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
        .arg("--dir")
        .arg(directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Options for tests: as shipped, with room for `max_backlog` wakes.
pub fn options(max_backlog: usize) -> QueueOptions {
    QueueOptions { max_backlog, prune_interval: Duration::from_millis(200), ..QueueOptions::default() }
}

pub fn wake(target_id: i64) -> Wake {
    Wake { kind: TargetKind::Profile, target_id, generation: 1, request_id: None }
}

/// The targets whose wakes were handled, in order.
#[derive(Clone, Default)]
pub struct Handled(Arc<Mutex<Vec<i64>>>);

impl Handled {
    pub fn note(&self, wake: &Wake) {
        self.0.lock().unwrap().push(wake.target_id);
    }

    pub fn all(&self) -> Vec<i64> {
        self.0.lock().unwrap().clone()
    }

    pub fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Each target once, in order of its number.
    pub fn distinct(&self) -> Vec<i64> {
        let mut all = self.all();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// A worker that runs until it is told to stop.
pub struct Worker {
    pub shutdown: CancellationToken,
    task: JoinHandle<Result<(), queue::QueueError>>,
}

impl Worker {
    pub fn start<H, F>(queue: &Queue, concurrency: usize, handler: H) -> Self
    where
        H: Fn(Wake) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = CancellationToken::new();
        let (queue, token) = (queue.clone(), shutdown.clone());
        let options = WorkerOptions { name: "test-worker".to_owned(), concurrency };
        let task = tokio::spawn(async move { queue.consume(options, token, handler).await });
        Self { shutdown, task }
    }

    /// A worker that only notes what it was woken for.
    pub fn noting(queue: &Queue, concurrency: usize, handled: &Handled) -> Self {
        let handled = handled.clone();
        Self::start(queue, concurrency, move |wake| {
            handled.note(&wake);
            async {}
        })
    }

    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("the worker did not stop").unwrap().unwrap();
    }
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
