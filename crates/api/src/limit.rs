//! How often a key may call: its limit at once, and one call more each time that a minute's share of it has passed.
//!
//! With Redis the count is one for all processes, kept by one atomic script by the server's own clock. Without it the count is this
//! process's. When Redis is out of reach requests are let through and counted as such, and the numbers shown are this process's own.
//! Failed authentications are counted in the same way, by the network that they come from.

mod gcra;
mod memory;
mod merge;
mod redis;

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::{ApiKeyId, Timestamp};

use self::gcra::Rate;
pub(crate) use self::memory::MemoryLimits;
pub(crate) use self::redis::RedisLimits;
use crate::key_tags::Tag;

/// The time that a limit is given for, in seconds: what it takes until the whole limit is there again.
pub(crate) const WINDOW_SECONDS: i64 = 60;

const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// Where a caller stands after a call of its was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Calls at once, and calls that come back in a minute.
    pub(crate) limit: u32,
    /// Calls that would pass right now.
    pub(crate) remaining: u32,
    /// When the whole limit is there again, in seconds since 1970.
    pub(crate) reset_at: i64,
    /// Seconds until then.
    pub(crate) reset_after: u32,
    /// Seconds until the next call passes, when none would now; at least 1.
    pub(crate) retry_after: u32,
    /// Whether this call is within the limit.
    pub(crate) is_admitted: bool,
}

impl Window {
    /// Whether the next call will hardly be refused, others of the same moment and of other processes included.
    pub(crate) const fn has_plenty(&self) -> bool {
        self.remaining > self.limit / 2
    }

    /// Writes the state into the headers, under the customary names and the IETF's.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Self { limit, remaining, reset_at, reset_after, retry_after: _, is_admitted: _ } = *self;
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

/// Whose calls are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    /// Those of a key, whatever its secret.
    Key(ApiKeyId),
    /// Failed authentications from a network.
    Failures(IpAddr),
}

impl Subject {
    /// A host has one IPv4 address, but of IPv6 a whole /64.
    fn failures(client: IpAddr) -> Self {
        match client.to_canonical() {
            IpAddr::V4(address) => Self::Failures(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                Self::Failures(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
        }
    }
}

/// What came of counting a key's call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted {
    /// Where the key stands.
    pub(crate) window: Window,
    /// The tag under which a record of the key may be kept; `None` when none may.
    pub(crate) tag: Option<Tag>,
}

/// Counts calls, for one worker thread.
pub(crate) enum Limiter<'a> {
    /// In this process.
    Memory(&'a MemoryLimits),
    /// In Redis, with this process's own count beside it for when Redis is away.
    Redis(&'a RedisLimits, &'a MemoryLimits),
}

impl Limiter<'_> {
    /// Counts one call of `key`, which was made with the secret of `public_part`.
    pub(crate) async fn take(&self, key: ApiKeyId, public_part: &str, limit: u32, now: Timestamp) -> Counted {
        let (subject, rate) = (Subject::Key(key), Rate::per_minute(limit));
        match self {
            Self::Memory(memory) => Counted { window: memory.take(subject, rate, now), tag: None },
            Self::Redis(redis, memory) => {
                if let Some(counted) = redis.take(subject, rate, Some(public_part)).await {
                    return counted;
                }
                redis.let_through();
                Counted { window: Window { is_admitted: true, ..memory.take(subject, rate, now) }, tag: None }
            }
        }
    }

    /// Counts one failed authentication. Without Redis in reach the count is this process's.
    pub(crate) async fn take_failure(&self, client: IpAddr, limit: u32, now: Timestamp) -> Window {
        let (subject, rate) = (Subject::failures(client), Rate::per_minute(limit));
        match self {
            Self::Memory(memory) => memory.take(subject, rate, now),
            Self::Redis(redis, memory) => match redis.take(subject, rate, None).await {
                Some(counted) => counted.window,
                None => memory.take(subject, rate, now),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_carry_both_families() {
        let mut headers = HeaderMap::new();
        let (rate, now_us) = (Rate::per_minute(600), 150_000_000);
        rate.window(rate.take(now_us, now_us, 250), 250, now_us).write(&mut headers);
        let text = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            [text("x-ratelimit-limit"), text("x-ratelimit-remaining"), text("x-ratelimit-reset")],
            ["600", "350", "175"]
        );
        assert_eq!(text("ratelimit-policy"), "\"default\";q=600;w=60");
        assert_eq!(text("ratelimit"), "\"default\";r=350;t=25");
    }

    #[test]
    fn plenty_is_more_than_half_and_never_of_nothing() {
        let after = |limit, calls| {
            let rate = Rate::per_minute(limit);
            rate.window(rate.take(0, 0, calls), calls, 0).has_plenty()
        };
        assert!(after(600, 1) && after(600, 299) && !after(600, 300) && !after(600, 601));
        assert!(!after(0, 1) && !after(1, 1));
    }

    #[test]
    fn failures_are_counted_by_host_which_has_many_addresses_of_ipv6() {
        let of = |text: &str| Subject::failures(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    }
}
