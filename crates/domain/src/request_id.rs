//! The id that ties a call to its log lines, its run and its scrape.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
}
