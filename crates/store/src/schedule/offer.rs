//! Offering due rows to whoever is free.

use std::time::Duration;

use domain::{Channel, RequestId, TargetKind, Timestamp, Wake};
use sea_orm::FromQueryResult;

use super::PlatformPolicy;
use crate::sql::{Number, is_postgres, row, rows, values};
use crate::{Store, StoreError};

#[derive(FromQueryResult)]
struct OfferRow {
    kind: String,
    target_id: i64,
    generation: i64,
    request_id: Option<String>,
}

impl Store {
    /// Due rows of one platform, those that a client waits for first, at most `limit`; each is offered again after `gap` at the earliest.
    /// None while the platform is stopped or every door of it is closed. Any number of sweepers may do this at the same time.
    pub async fn offer_due(
        &self,
        policy: &PlatformPolicy,
        limit: u32,
        gap: Duration,
        now: Timestamp,
    ) -> Result<Vec<Wake>, StoreError> {
        let mut wakes = Vec::new();
        let doors = doors(policy);
        for priority in 0..=1_i64 {
            let left = i64::from(limit) - i64::try_from(wakes.len()).unwrap_or(i64::MAX);
            let values = || {
                values![policy.platform.as_str(), priority, now.as_millis(), now.minus(gap).as_millis(), left, doors]
            };
            let due = "SELECT kind, target_id FROM schedules s WHERE s.platform = $1 AND s.priority = $2 AND s.due_at <= $3 \
                 AND (s.lease_until IS NULL OR s.lease_until <= $3) AND (s.offered_at IS NULL OR s.offered_at <= $4) \
                 AND NOT EXISTS (SELECT 1 FROM platforms p WHERE p.platform = $1 AND p.stopped_at IS NOT NULL) \
                 AND CAST($6 AS BIGINT) > (SELECT COUNT(*) FROM gates g WHERE g.platform = $1 AND g.closed_until > $3) \
                 ORDER BY s.due_at LIMIT $5";
            // Read first: on an idle service the sweep then takes no write lock.
            if left <= 0 || row::<DueId>(&self.read, due, values()).await?.is_none() {
                continue;
            }
            let skip = if is_postgres(&self.write) { "FOR UPDATE SKIP LOCKED" } else { "" };
            let offered = rows::<OfferRow>(
                &self.write,
                &format!(
                    "UPDATE schedules SET offered_at = $3 WHERE (kind, target_id) IN ({due} {skip}) \
                     RETURNING kind, target_id, generation, request_id"
                ),
                values(),
            )
            .await?;
            for row in offered {
                wakes.push(row.wake()?);
            }
        }
        Ok(wakes)
    }
}

/// How many doors the platform can be asked by.
fn doors(policy: &PlatformPolicy) -> i64 {
    let kinds = [TargetKind::Profile, TargetKind::Feed, TargetKind::Post];
    let mut sources = kinds.into_iter().flat_map(|kind| policy.sources.of(kind));
    let official = usize::from(sources.any(|source| source.channel == Channel::Official));
    i64::try_from(policy.egresses.len() + official).unwrap_or(i64::MAX)
}

#[derive(FromQueryResult)]
struct DueId {
    #[expect(dead_code, reason = "only whether there is a row matters")]
    target_id: i64,
}

impl OfferRow {
    fn wake(self) -> Result<Wake, StoreError> {
        let kind = self.kind.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "kind" })?;
        Ok(Wake {
            kind,
            target_id: self.target_id,
            generation: self.generation,
            request_id: self.request_id.map(|id| RequestId::adopt(Some(&id))),
        })
    }
}

impl Store {
    /// Targets that are due now on all platforms; what a health page or a test asks.
    pub async fn count_due(&self, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) AS value FROM schedules WHERE due_at <= $1";
        Ok(row::<Number>(&self.read, sql, values![now.as_millis()]).await?.map_or(0, |number| number.value))
    }

    /// Targets that are known at all: schedules, profiles and posts together; zero when nothing is tracked and all is cleared away.
    pub async fn count_targets(&self) -> Result<i64, StoreError> {
        let sql = "SELECT (SELECT COUNT(*) FROM schedules) + (SELECT COUNT(*) FROM profiles) + (SELECT COUNT(*) FROM posts) AS value";
        Ok(row::<Number>(&self.read, sql, vec![]).await?.map_or(0, |number| number.value))
    }
}
