//! The id that ties a call to its log lines, its run and its scrape.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// A value for `X-Request-ID`: 1–128 characters of `A-Z a-z 0-9 . _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// A new one (UUID version 7).
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string())
    }

    /// Adopts a client's own value when it is well formed, otherwise makes a new one.
    pub fn adopt(header: Option<&str>) -> Self {
        match header {
            Some(value) if Self::is_well_formed(value) => Self(value.to_owned()),
            Some(_) | None => Self::new(),
        }
    }

    /// When an id was made, as far as it tells: one of ours does, and so does whoever else makes them like that (UUID version 7).
    pub fn made_at(id: &str) -> Option<Timestamp> {
        let uuid = Uuid::parse_str(id).ok().filter(|uuid| uuid.get_version_num() == 7)?;
        let (seconds, nanos) = uuid.get_timestamp()?.to_unix();
        Some(Timestamp::from_seconds(i64::try_from(seconds).ok()?)?.plus(Duration::from_nanos(nanos.into())))
    }

    fn is_well_formed(value: &str) -> bool {
        (1..=128).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }

    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_id_is_adopted_and_any_other_replaced() {
        assert_eq!(RequestId::adopt(Some("trace-1.a_B")).as_str(), "trace-1.a_B");
        for bad in ["", "a b", "ü", &"x".repeat(129)] {
            assert_ne!(RequestId::adopt(Some(bad)).as_str(), bad);
        }
        assert_eq!(RequestId::adopt(None).as_str().len(), 36);
    }

    #[test]
    fn an_id_of_ours_tells_when_it_was_made_and_no_other_does() {
        let made = Timestamp::from_millis(1_790_000_000_123);
        assert_eq!(RequestId::made_at("01a0c450-6c7b-7000-8000-000000000000"), Some(made));
        for other in ["ticket-1", "", "01a0c450-6c7b-4000-8000-000000000000"] {
            assert_eq!(RequestId::made_at(other), None, "{other}");
        }
    }
}
