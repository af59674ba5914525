//! How often a key may call: fixed windows of one minute, aligned to the epoch.
//!
//! With Redis the count is one for all processes, kept by one atomic script by the server's own clock. Without it the count is this
//! process's. When Redis is out of reach requests are let through and counted as such, and the numbers shown are this process's own.

mod memory;
mod redis;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::{ApiKeyId, Timestamp};

pub(crate) use self::memory::MemoryWindows;
pub(crate) use self::redis::RedisWindows;

/// Length of a window in seconds.
pub(crate) const WINDOW_SECONDS: i64 = 60;

const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Where a key stands after a request of its was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Requests in a window.
    pub(crate) limit: u32,
    /// Requests left in this one.
    pub(crate) remaining: u32,
    /// When the window ends, in seconds since 1970.
    pub(crate) reset_at: i64,
    /// Seconds until then, at least 1.
    pub(crate) reset_after: u32,
    /// Whether this request is within the limit.
    pub(crate) is_admitted: bool,
}

impl Window {
    /// The standing of the `used`-th request (counted from 1; above `limit` means refused) in the window that holds `now_seconds`.
    fn of(limit: u32, used: u32, now_seconds: i64) -> Self {
        let reset_at = (now_seconds.div_euclid(WINDOW_SECONDS) + 1) * WINDOW_SECONDS;
        Self {
            limit,
            remaining: limit.saturating_sub(used),
            reset_at,
            reset_after: u32::try_from(reset_at - now_seconds).unwrap_or(1).max(1),
            is_admitted: used <= limit,
        }
    }

    /// Writes the state into the headers, under the customary names and the IETF's.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Self { limit, remaining, reset_at, reset_after, is_admitted: _ } = *self;
        headers.insert(X_LIMIT, HeaderValue::from(limit));
        headers.insert(X_REMAINING, HeaderValue::from(remaining));
        headers.insert(X_RESET, HeaderValue::from(reset_at));
        for (name, text) in [
            (POLICY, format!("\"default\";q={limit};w={WINDOW_SECONDS}")),
            (STATE, format!("\"default\";r={remaining};t={reset_after}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// Counts requests, for one worker thread.
pub(crate) enum Limiter<'a> {
    /// In this process.
    Memory(&'a MemoryWindows),
    /// In Redis, with this process's own count beside it for when Redis is away.
    Redis(&'a RedisWindows, &'a MemoryWindows),
}

impl Limiter<'_> {
    /// Counts one request of `key`.
    pub(crate) async fn take(&self, key: ApiKeyId, limit: u32, now: Timestamp) -> Window {
        match self {
            Self::Memory(memory) => memory.take(key, limit, now.as_seconds()),
            Self::Redis(redis, memory) => match redis.take(key, limit).await {
                Some(window) => window,
                None => Window { is_admitted: true, ..memory.take(key, limit, now.as_seconds()) },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_the_next_full_minute() {
        assert_eq!(Window::of(600, 1, 120).reset_at, 180);
        assert_eq!(Window::of(600, 1, 179).reset_after, 1);
        assert_eq!(Window::of(600, 1, 180).reset_at, 240);
    }

    #[test]
    fn the_headers_carry_both_families() {
        let mut headers = HeaderMap::new();
        Window::of(600, 1, 150).write(&mut headers);
        let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            [text("x-ratelimit-limit"), text("x-ratelimit-remaining"), text("x-ratelimit-reset")],
            ["600", "599", "180"]
        );
        assert_eq!(text("ratelimit-policy"), "\"default\";q=600;w=60");
        assert_eq!(text("ratelimit"), "\"default\";r=599;t=30");
    }
}
