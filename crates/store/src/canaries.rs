//! Canaries: well-known public profiles that are read only to see whether pages can still be read. One worker reads each in turn, whoever
//! comes first.

use std::time::Duration;

use domain::{Outcome, Platform, Timestamp};
use sea_orm::FromQueryResult;

use crate::sql::{execute, row, values};
use crate::{Store, StoreError};

/// How a canary stands after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanaryState {
    /// Since when it cannot be read.
    pub failing_since: Option<Timestamp>,
    /// Whether it could not be read before this look either.
    pub was_failing: bool,
}

#[derive(FromQueryResult)]
struct Failing {
    failing_since: Option<i64>,
}

impl Store {
    /// One of these profiles that is due; it is due again after `interval`, so that no other worker takes it.
    pub async fn claim_canary(
        &self,
        canaries: &[(Platform, String)],
        interval: Duration,
        now: Timestamp,
    ) -> Result<Option<(Platform, String)>, StoreError> {
        for (platform, username) in canaries {
            let claimed = execute(
                &self.write,
                "INSERT INTO canaries (platform, username, due_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (platform, username) DO UPDATE SET due_at = excluded.due_at WHERE canaries.due_at <= $4",
                values![platform.as_str(), username.clone(), now.plus(interval).as_millis(), now.as_millis()],
            )
            .await?;
            if claimed > 0 {
                return Ok(Some((*platform, username.clone())));
            }
        }
        Ok(None)
    }

    /// Notes what a look at a canary came to. No answer at all says nothing about our reading, so it changes nothing.
    pub async fn record_canary(
        &self,
        platform: Platform,
        username: &str,
        outcome: Outcome,
        detail: Option<&str>,
        now: Timestamp,
    ) -> Result<CanaryState, StoreError> {
        let key = || values![platform.as_str(), username];
        let before = row::<Failing>(
            &self.read,
            "SELECT failing_since FROM canaries WHERE platform = $1 AND username = $2",
            key(),
        )
        .await?
        .and_then(|row| row.failing_since);
        let failing_since = match outcome {
            Outcome::Ok => None,
            Outcome::NetworkError | Outcome::Timeout => before,
            Outcome::Empty
            | Outcome::Blocked
            | Outcome::RateLimited
            | Outcome::Private
            | Outcome::NotFound
            | Outcome::Removed
            | Outcome::ParseError => before.or(Some(now.as_millis())),
        };
        execute(
            &self.write,
            "UPDATE canaries SET checked_at = $3, outcome = $4, detail = $5, failing_since = $6 WHERE platform = $1 AND username = $2",
            values![platform.as_str(), username, now.as_millis(), outcome.as_str(), detail, failing_since],
        )
        .await?;
        Ok(CanaryState { failing_since: failing_since.map(Timestamp::from_millis), was_failing: before.is_some() })
    }
}
