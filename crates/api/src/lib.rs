//! How clients speak to us: the v2 API over HTTP.
//!
//! A request's way: the `boundary` gives it an id and a span, the compression layer watches its answer, the `gate` of its route checks
//! key, rate limit, method, scope and `Accept`, and the handler reads it into domain types, makes one call to the store and shows the
//! result through a view. Whatever fails on the way becomes a problem document by the one table in `problem`. What is true of the world is
//! left to `store`, when it is read to `queue` and the workers.

mod auth;
mod body;
mod boundary;
mod call;
mod cors;
mod cursor;
mod events;
mod exchange;
mod file_links;
mod file_rows;
mod gate;
mod headers;
mod idempotent;
mod key_cache;
mod key_tags;
mod limit;
mod links;
mod listing;
mod negotiate;
mod openapi;
mod parameters;
mod problem;
mod query;
mod range;
mod respond;
mod routes;
mod sealed;
mod server;
mod sources;
mod views;
mod window;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use actix_web::web::Bytes;
use domain::{Clock, RateCard};
use files::Storage;
use queue::Queue;
use store::{KeyRecord, Store};

use crate::events::Recorder;
use crate::file_links::FileLinks;
use crate::key_cache::KeyCache;
use crate::limit::{Limiter, MemoryLimits, RedisLimits};
use crate::sources::Sources;

pub use crate::file_rows::{ACCOUNT_ROWS, MEMBER_ROWS, POST_ROWS};
pub use crate::key_tags::{KeyChange, KeyChangeError, announce_key_changes};
pub use crate::links::{ExpandFailure, ExpandLinks, Expanding};
pub use crate::openapi::{openapi, openapi_json};
pub use crate::server::{ApiConfig, KeptAddress, LimiterConfig, Server, ServerHandle, start};
pub use crate::sources::ConfiguredSource;

/// What all worker threads share.
struct Shared {
    store: Store,
    queue: Queue,
    clock: Clock,
    body_limit_bytes: usize,
    rate_limit_per_minute: u32,
    failed_authentications_per_minute: u32,
    trust_forwarded_for: bool,
    kept_address: KeptAddress,
    allowed_origins: Vec<String>,
    refresh_cooldown: Duration,
    daily_retention: Option<Duration>,
    rate_cards: Vec<RateCard>,
    public_url: Option<String>,
    limits: MemoryLimits,
    keys: KeyCache,
    let_through: Arc<AtomicU64>,
    openapi: Bytes,
    links: Option<Arc<dyn ExpandLinks>>,
    files: Storage,
    file_links: FileLinks,
    sources: Sources,
    recorder: Arc<Recorder>,
}

impl Shared {
    /// How often a key may call in a minute.
    fn limit_of(&self, key: &KeyRecord) -> u32 {
        let own = key.rate_limit_per_minute.and_then(|limit| u32::try_from(limit).ok());
        own.unwrap_or(self.rate_limit_per_minute)
    }
}

/// What one worker thread has.
struct Worker {
    shared: Arc<Shared>,
    redis: Option<RedisLimits>,
}

impl Worker {
    fn limiter(&self) -> Limiter<'_> {
        match &self.redis {
            Some(redis) => Limiter::Redis(redis, &self.shared.limits),
            None => Limiter::Memory(&self.shared.limits),
        }
    }

    /// A change of the keys with these public parts, to be told to every process; `None` when there is nobody to tell.
    fn key_change(&self, public_parts: &[String]) -> Option<KeyChange> {
        let redis = self.redis.as_ref().filter(|_| !public_parts.is_empty())?;
        Some(KeyChange::new(redis.connection(), public_parts))
    }
}
