//! The API over the world's store, and the differences between what it says and what the model says.

use std::net::SocketAddr;
use std::time::Duration;

use api::{ApiConfig, KeptAddress, LimiterConfig};
use domain::{AgeCurve, Clock, Timestamp};
use files::{S3Config, Storage, StorageConfig};
use queue::Queue;
use serde_json::Value;
use store::{Store, StoreConfig};
use tests::Client;

use crate::prices;

/// A running API whose clock stands still.
pub struct Service {
    client: Client,
    handle: api::ServerHandle,
    _folder: tempfile::TempDir,
}

impl Service {
    /// Serves the database at `url` through connections of its own, which end with it.
    pub async fn start(url: &str, now: Timestamp) -> Self {
        let store = StoreConfig { url: url.to_owned(), max_connections: 4, age_curve: AgeCurve::flat() };
        let store = Store::connect(&store).await.expect("the database can be opened");
        let folder = tempfile::tempdir().expect("a folder can be made");
        let files = StorageConfig { url: format!("file:{}", folder.path().display()), s3: S3Config::default() };
        let config = ApiConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            workers: 1,
            body_limit_bytes: 1024 * 1024,
            rate_limit_per_minute: 1_000_000,
            failed_authentications_per_minute: 1_000_000,
            limiter: LimiterConfig::Memory,
            trust_forwarded_for: false,
            kept_address: KeptAddress::Truncated,
            allowed_origins: Vec::new(),
            refresh_cooldown: Duration::from_mins(15),
            daily_retention: None,
            rate_cards: vec![prices::card()],
            process: "model".to_owned(),
            public_url: None,
            sources: Vec::new(),
            links: None,
            files: Storage::open(&files).expect("a place for files"),
            file_links: Duration::from_mins(5),
            shutdown: Duration::from_secs(1),
        };
        let clock = Clock::manual(now);
        let server = api::start(config, store, Queue::memory(), clock).expect("a server");
        let (address, handle) = (server.addr(), server.handle());
        tokio::spawn(server);
        Self { client: Client::new(format!("http://{address}")), handle, _folder: folder }
    }

    pub async fn stop(self) {
        self.handle.stop().await;
    }

    /// Speaks for the holder of a key.
    pub fn asker(&self, key: &str) -> Asker {
        Asker { client: self.client.with_key(key), differences: Vec::new(), compared: 0 }
    }
}

/// Asks for one organization and notes what is not as it should be.
pub struct Asker {
    client: Client,
    pub differences: Vec<String>,
    pub compared: usize,
}

impl Asker {
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.client.post(path, body).await;
        assert_eq!(answer.status, 200, "{path} {body}: {}", String::from_utf8_lossy(&answer.body));
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// Notes where an answer differs from what is expected.
    pub fn compare(&mut self, what: &str, expected: &Value, actual: &Value) {
        self.compared += 1;
        let mut found = Vec::new();
        differ("", expected, actual, &mut found);
        self.differences.extend(found.into_iter().map(|difference| format!("{what}: {difference}")));
    }

    /// Notes that something does not hold.
    pub fn check(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.compared += 1;
        if !holds {
            self.differences.push(what());
        }
    }
}

/// Where two values differ: `path: expected … found …`. Numbers are the same when they are equal, however they are written.
fn differ(path: &str, expected: &Value, actual: &Value, found: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(one), Value::Object(other)) => {
            for (name, value) in one {
                differ(&format!("{path}/{name}"), value, other.get(name).unwrap_or(&Value::Null), found);
            }
            for name in other.keys().filter(|name| !one.contains_key(*name)) {
                found.push(format!("{path}/{name} is not expected"));
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                found.push(format!("{path}: expected {} rows, found {}", one.len(), other.len()));
            }
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                let label = one.get("date").and_then(Value::as_str).map_or(place.to_string(), str::to_owned);
                differ(&format!("{path}/{label}"), one, other, found);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if expected == actual => {}
        _ => found.push(format!("{path}: expected {expected}, found {actual}")),
    }
}
