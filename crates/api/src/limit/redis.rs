//! The count of all processes together, in Redis.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::ApiKeyId;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{RedisError, Script};

use super::Window;

/// The value is `window:used`. One reading of the server's clock decides both the window and its end, so processes whose clocks differ
/// count into the same window. Refused requests write nothing.
const SCRIPT: &str = "\
local now = tonumber(redis.call('TIME')[1])
local window = math.floor(now / 60)
local held = redis.call('GET', KEYS[1])
local used = 0
if held then
  local w, n = string.match(held, '^(%d+):(%d+)$')
  if tonumber(w) == window then used = tonumber(n) end
end
local limit = tonumber(ARGV[1])
if used < limit then
  redis.call('SET', KEYS[1], string.format('%d:%d', window, used + 1), 'EX', 120)
end
return {used + 1, now}";

/// How long a request waits for Redis before it is let through.
const TIMEOUT: Duration = Duration::from_millis(100);

/// After a failure Redis is left alone for this long, so that an outage does not slow every request down.
const REST: Duration = Duration::from_secs(1);

/// One worker's connection to the shared counts.
pub(crate) struct RedisWindows {
    connection: ConnectionManager,
    script: Script,
    resting_until: Cell<Option<Instant>>,
    let_through: Arc<AtomicU64>,
}

impl RedisWindows {
    /// Connects when it is first used. Must be called inside the worker's runtime.
    pub(crate) fn new(client: redis::Client, let_through: Arc<AtomicU64>) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config)?,
            script: Script::new(SCRIPT),
            resting_until: Cell::new(None),
            let_through,
        })
    }

    /// Counts one request; `None` when Redis is out of reach.
    pub(crate) async fn take(&self, key: ApiKeyId, limit: u32) -> Option<Window> {
        if self.resting_until.get().is_some_and(|end| Instant::now() < end) {
            self.let_through.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let mut connection = self.connection.clone();
        let mut call = self.script.prepare_invoke();
        call.key(format!("creator-audit:limit:{key}")).arg(limit);
        let reason = match tokio::time::timeout(TIMEOUT, call.invoke_async::<(u32, i64)>(&mut connection)).await {
            Ok(Ok((used, now_seconds))) => {
                self.resting_until.set(None);
                return Some(Window::of(limit, used, now_seconds));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        self.resting_until.set(Some(Instant::now() + REST));
        let let_through = self.let_through.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::warn!(reason, let_through, "rate limits are not enforced: Redis is out of reach");
        None
    }
}
