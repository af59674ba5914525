//! A server with its own store, and a client small enough to show every byte.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use api::{ApiConfig, ConfiguredSource, ExpandLinks, KeptAddress, LimiterConfig, ServerHandle, start};
use domain::media_value::WrittenCard;
use domain::{AgeCurve, ApiKey, Clock, OrganizationId, Platform, RateCard, Timestamp};
use queue::Queue;
use serde_json::{Value, json};
use store::{NewOrganization, Store, StoreConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use uuid::Uuid;

/// A minute that begins a window.
pub const NOON: Timestamp = Timestamp::from_millis(1_790_000_040_000);

/// How long the service of the tests keeps days.
pub const KEPT_DAYS: u64 = 36_500;

/// A running API with one organization and one key. Stops serving when it is dropped with the test's runtime; its files go with it.
pub struct Api {
    pub addr: SocketAddr,
    pub store: Store,
    pub clock: Clock,
    pub organization: OrganizationId,
    pub key: String,
    pub handle: ServerHandle,
    _folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An answer, as it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn id(&self) -> String {
        self.json()["data"]["id"].as_str().expect("an id").to_owned()
    }

    /// Names of the invalid fields, sorted.
    pub fn invalid(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no errors in {body}"));
        let mut fields: Vec<_> = errors.iter().map(|e| e["field"].as_str().expect("a field").to_owned()).collect();
        fields.sort();
        fields
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        self
    }
}

impl Api {
    pub async fn start() -> Self {
        Self::with(600, LimiterConfig::Memory).await
    }

    /// With sources of the settings.
    pub async fn with_sources(sources: Vec<ConfiguredSource>) -> Self {
        Self::made(600, LimiterConfig::Memory, sources, None).await
    }

    /// With somebody who follows short links.
    pub async fn with_links(links: Arc<dyn ExpandLinks>) -> Self {
        Self::made(600, LimiterConfig::Memory, Vec::new(), Some(links)).await
    }

    pub async fn with(rate_limit_per_minute: u32, limiter: LimiterConfig) -> Self {
        Self::made(rate_limit_per_minute, limiter, Vec::new(), None).await
    }

    async fn made(
        rate_limit_per_minute: u32,
        limiter: LimiterConfig,
        sources: Vec<ConfiguredSource>,
        links: Option<Arc<dyn ExpandLinks>>,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("creator-audit-api-{}", Uuid::now_v7()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        let url = format!("sqlite://{}", folder.join("store.db").display());
        let store = Store::connect(&StoreConfig { url, max_connections: 4, age_curve: AgeCurve::flat() })
            .await
            .expect("a store");
        store.migrate().await.expect("tables");
        let clock = Clock::manual(NOON);
        let (addr, handle) = serve_with(&store, &clock, rate_limit_per_minute, limiter, sources, links);
        let organization = new_organization(&store, None).await;
        let key = new_key(&store, organization, "read,write,admin", None).await;
        Self { addr, store, clock, organization, key, handle, _folder: Folder(folder) }
    }

    pub async fn key_with(&self, scopes: &str) -> String {
        new_key(&self.store, self.organization, scopes, None).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[], Some(body)).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend(headers);
        let bytes = body.map(ToString::to_string).unwrap_or_default();
        if body.is_some() {
            all.push(("Content-Type", "application/json"));
        }
        request(self.addr, method, path, &all, bytes.as_bytes()).await
    }
}

/// Serves `store` on a free port.
pub fn serve(store: &Store, clock: &Clock, limit: u32, limiter: LimiterConfig) -> (SocketAddr, ServerHandle) {
    serve_with(store, clock, limit, limiter, Vec::new(), None)
}

/// Serves `store` on a free port, with the settings as `change` leaves them.
pub fn serve_as(store: &Store, clock: &Clock, change: impl FnOnce(&mut ApiConfig)) -> SocketAddr {
    let mut settings = config(600, LimiterConfig::Memory);
    change(&mut settings);
    serve_configured(store, clock, settings).0
}

fn serve_with(
    store: &Store,
    clock: &Clock,
    limit: u32,
    limiter: LimiterConfig,
    sources: Vec<ConfiguredSource>,
    links: Option<Arc<dyn ExpandLinks>>,
) -> (SocketAddr, ServerHandle) {
    let config = ApiConfig { sources, links, ..config(limit, limiter) };
    serve_configured(store, clock, config)
}

/// How a server of the tests is served.
pub fn config(rate_limit_per_minute: u32, limiter: LimiterConfig) -> ApiConfig {
    ApiConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: 2,
        body_limit_bytes: 1024 * 1024,
        rate_limit_per_minute,
        failed_authentications_per_minute: 1_000_000,
        limiter,
        trust_forwarded_for: false,
        kept_address: KeptAddress::Truncated,
        allowed_origins: Vec::new(),
        refresh_cooldown: Duration::from_mins(15),
        daily_retention: Some(Duration::from_hours(24 * KEPT_DAYS)),
        rate_cards: vec![rate_card("test-1", "2.5"), rate_card("test-2", "10")],
        process: "test".to_owned(),
        public_url: None,
        sources: Vec::new(),
        links: None,
        files: files::Storage::in_memory(),
        file_links: Duration::from_mins(15),
        shutdown: Duration::from_secs(1),
    }
}

/// A card with this price of a thousand views, and of everything else one.
pub fn rate_card(id: &str, thousand_views: &str) -> RateCard {
    let one = |views: &str| json!({"thousand_views": views, "like": "1", "comment": "1", "share": "1", "save": "1"});
    let prices: Value =
        Platform::ALL.map(|platform| (platform.as_str().to_owned(), one(thousand_views))).into_iter().collect();
    let written: WrittenCard =
        serde_json::from_value(json!({"id": id, "currency": "EUR", "prices": prices})).expect("a card");
    written.try_into().expect("prices")
}

/// Serves `store` on a free port, as `config` says.
pub fn serve_configured(store: &Store, clock: &Clock, config: ApiConfig) -> (SocketAddr, ServerHandle) {
    let server = start(config, store.clone(), Queue::memory(), clock.clone()).expect("a server");
    let (addr, handle) = (server.addr(), server.handle());
    tokio::spawn(server);
    (addr, handle)
}

pub async fn new_organization(store: &Store, cap: Option<i64>) -> OrganizationId {
    let new = NewOrganization { name: "Test".to_owned(), max_tracked_accounts: cap };
    store.create_organization(&new, NOON).await.expect("an organization").id
}

pub async fn new_key(store: &Store, organization: OrganizationId, scopes: &str, ends: Option<Timestamp>) -> String {
    let seeds = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let bytes: Vec<u8> = seeds.iter().rev().flat_map(|seed| seed.into_bytes().into_iter().rev()).collect();
    let key = ApiKey::from_entropy(&std::array::from_fn(|at| bytes[at]));
    let scopes = scopes.parse().expect("scopes");
    store.create_key(organization, "test key", &key, &scopes, ends, NOON).await.expect("a key");
    key.reveal().to_owned()
}

/// One request on a connection of its own.
pub async fn request(addr: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() || matches!(method, "POST" | "PATCH" | "PUT") {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    read(&exchange(addr, head.as_bytes(), body).await)
}

/// The bytes that come back for bytes of whatever kind, until the server closes the connection.
pub async fn exchange(addr: SocketAddr, head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    stream.write_all(head).await.expect("a request");
    // A server that refuses a body unread may close while it is being sent.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

/// An answer out of its bytes.
pub fn read(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    let head = std::str::from_utf8(&bytes[..end]).expect("a readable head");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let mut headers = BTreeMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a header");
        let earlier = headers.insert(name.to_lowercase(), value.trim().to_owned());
        assert!(earlier.is_none(), "{name} is there twice in {head}");
    }
    let body = &bytes[end + 4..];
    let body =
        if headers.get("transfer-encoding").is_some_and(|v| v == "chunked") { unchunk(body) } else { body.into() };
    Reply { status: status.expect("a status"), headers, body }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    // The answer to a HEAD.
    if rest.is_empty() {
        return body;
    }
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk");
        let size = std::str::from_utf8(&rest[..line]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if size == 0 {
            return body;
        }
        body.extend(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 4 + size..];
    }
}
