//! Starting and stopping: sockets, worker threads, and what they share.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web::Bytes;
use actix_web::{App, HttpServer};
use domain::{Clock, RateCard};
use files::Storage;
use queue::Queue;
use store::Store;

use crate::boundary::boundary;
use crate::cors::cors;
use crate::events::Recorder;
use crate::file_links::FileLinks;
use crate::key_cache::KeyCache;
use crate::limit::{MemoryLimits, RedisLimits};
use crate::links::ExpandLinks;
use crate::openapi::openapi_json_at;
use crate::sources::{ConfiguredSource, Sources};
use crate::{Shared, Worker, routes};

/// How long an idle connection is kept. Longer than the usual interval of a poller and of a load balancer's own.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How the API is served.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Worker threads; 0 for one a core.
    pub workers: usize,
    /// Longest request body in bytes.
    pub body_limit_bytes: usize,
    /// Requests a minute for a key whose organization has no limit of its own.
    pub rate_limit_per_minute: u32,
    /// Failed authentications a minute for a client address; beyond that the answer is 429.
    pub failed_authentications_per_minute: u32,
    /// Where requests are counted.
    pub limiter: LimiterConfig,
    /// Whether the client's address is the last one in `X-Forwarded-For`, as a proxy in front writes it.
    pub trust_forwarded_for: bool,
    /// How much of a client's address is kept with a call.
    pub kept_address: KeptAddress,
    /// Origins of web pages whose scripts may call the API, as browsers send them.
    pub allowed_origins: Vec<String>,
    /// For how long after a read a refresh on demand is answered with that read.
    pub refresh_cooldown: Duration,
    /// How long days of history are kept; `None` for good.
    pub daily_retention: Option<Duration>,
    /// The prices of media value that callers may name; the first is taken when none is named.
    pub rate_cards: Vec<RateCard>,
    /// What this process is called in the record of calls.
    pub process: String,
    /// Scheme and authority of links to ourselves, such as `https://api.example.com`; `None` takes them from the request: its
    /// `Forwarded` or `X-Forwarded-*` headers, else `Host`.
    pub public_url: Option<String>,
    /// Where the platforms are asked, as far as the settings know; the same source once for each kind of target.
    pub sources: Vec<ConfiguredSource>,
    /// Who follows short links; without it one is refused.
    pub links: Option<Arc<dyn ExpandLinks>>,
    /// Where the files of exports are.
    pub files: Storage,
    /// For how long a link to one is good at least; at most it is twice that.
    pub file_links: Duration,
    /// How long requests in hand may take to end when the server is stopped; whole seconds.
    pub shutdown: Duration,
}

/// How much of a client's address is kept with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptAddress {
    /// The network: /24, IPv6 /48.
    Truncated,
    /// All of it.
    Full,
    /// Nothing.
    None,
}

/// Where requests are counted for the rate limit.
#[derive(Clone, PartialEq, Eq)]
pub enum LimiterConfig {
    /// In this process: exact for one process.
    Memory,
    /// In Redis: exact over all processes. While it cannot be reached requests are let through.
    Redis {
        /// The server's address, `redis://…`.
        url: String,
    },
}

impl std::fmt::Debug for LimiterConfig {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Redis { url: _ } => f.write_str("Redis"),
        }
    }
}

/// A server that listens and answers. Awaiting it waits until it has stopped.
#[must_use = "a server does nothing until it is awaited or spawned"]
pub struct Server {
    addr: SocketAddr,
    let_through: Arc<AtomicU64>,
    recorder: Arc<Recorder>,
    running: actix_web::dev::Server,
}

impl Server {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What stops it.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle {
            handle: self.running.handle(),
            let_through: Arc::clone(&self.let_through),
            recorder: Arc::clone(&self.recorder),
        }
    }

    /// Serves until it is stopped.
    pub async fn run(self) -> io::Result<()> {
        self.running.await
    }
}

impl Future for Server {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.running).poll(context)
    }
}

/// Stops a server, and tells how it fares. Clones are of the same server.
#[derive(Clone)]
pub struct ServerHandle {
    handle: actix_web::dev::ServerHandle,
    let_through: Arc<AtomicU64>,
    recorder: Arc<Recorder>,
}

impl ServerHandle {
    /// Takes no new connection, lets the requests in hand end within the configured time, writes the record of calls to its end, and
    /// returns when the server has stopped.
    pub async fn stop(&self) {
        self.handle.stop(true).await;
        self.recorder.stop().await;
    }

    /// Calls that were recorded.
    pub fn request_events_written(&self) -> u64 {
        self.recorder.written()
    }

    /// Calls whose record was given up: there was no room for it, or no database.
    pub fn request_events_lost(&self) -> u64 {
        self.recorder.lost()
    }

    /// Requests that were let through uncounted because Redis was out of reach.
    pub fn let_through_uncounted(&self) -> u64 {
        self.let_through.load(Ordering::Relaxed)
    }
}

/// Binds the socket and starts the worker threads. Must be called inside a tokio runtime. Signals are left to the caller.
///
/// Fails when the address cannot be bound or the limiter's URL is not one of Redis; Redis and the database may be away.
pub fn start(config: ApiConfig, store: Store, queue: Queue, clock: Clock) -> io::Result<Server> {
    let ApiConfig {
        listen,
        workers,
        body_limit_bytes,
        rate_limit_per_minute,
        failed_authentications_per_minute,
        limiter,
        trust_forwarded_for,
        kept_address,
        allowed_origins,
        refresh_cooldown,
        daily_retention,
        rate_cards,
        process,
        public_url,
        sources,
        links,
        files,
        file_links,
        shutdown,
    } = config;
    let redis = match limiter {
        LimiterConfig::Memory => None,
        LimiterConfig::Redis { url } => Some(redis::Client::open(url).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the limiter's URL is not one of Redis: {}", error.category()),
            )
        })?),
    };
    let let_through = Arc::new(AtomicU64::new(0));
    let recorder = Arc::new(Recorder::default());
    let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
    let shared = Arc::new(Shared {
        store,
        queue,
        clock,
        body_limit_bytes,
        rate_limit_per_minute,
        failed_authentications_per_minute,
        trust_forwarded_for,
        kept_address,
        allowed_origins,
        refresh_cooldown,
        daily_retention,
        rate_cards,
        openapi: Bytes::from(openapi_json_at(public_url.as_deref())),
        public_url,
        limits: MemoryLimits::default(),
        keys: KeyCache::default(),
        let_through: Arc::clone(&let_through),
        links,
        files,
        file_links: FileLinks::new(file_links),
        sources: Sources::new(sources),
        recorder: Arc::clone(&recorder),
    });
    let of_record = Arc::clone(&shared);
    let mut server = HttpServer::new(move || {
        let worker = Rc::new(Worker::new(Arc::clone(&shared), redis.clone()));
        let outermost = Rc::clone(&worker);
        let cors = cors(&shared.allowed_origins);
        App::new()
            .app_data(worker)
            .wrap(Compress::default())
            .wrap(cors)
            .wrap(from_fn(move |request, next| boundary(Rc::clone(&outermost), request, next)))
            .configure(routes::configure)
    })
    .disable_signals()
    .keep_alive(KEEP_ALIVE)
    .tcp_nodelay(true)
    .shutdown_timeout(shutdown.as_secs());
    if workers > 0 {
        server = server.workers(workers);
    }
    let server = server.bind(listen)?;
    let addr = server.addrs().first().copied().unwrap_or(listen);
    // Not before the socket is had: a process that never served has no calls to miss.
    recorder.start(of_record.store.clone(), process, of_record.clock.clone());
    Ok(Server { addr, let_through, recorder, running: server.run() })
}

impl Worker {
    /// Must be called on the worker's own thread: its connection to Redis lives there.
    fn new(shared: Arc<Shared>, redis: Option<redis::Client>) -> Self {
        let redis = redis.and_then(|client| {
            RedisLimits::new(client, Arc::clone(&shared.let_through))
                .inspect_err(|error| tracing::error!(%error, "rate limits are this process's alone"))
                .ok()
        });
        Self { shared, redis }
    }
}
