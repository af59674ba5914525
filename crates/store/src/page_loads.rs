//! The log of page loads: one row for each time that a platform was asked, by whom, by which way, and what came of it. Budgets are counted
//! on it, the state of each source is read from it, and it tells support staff what every attempt of a run met.

use std::time::Duration;

use domain::{Observation, Platform, Source, TargetKind, Timestamp};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::schedule::{Breaker, PlatformPolicy, gate};
use crate::sql::{execute, is_postgres, values};
use crate::{Store, StoreError};

/// A page load that begins.
pub struct NewLoad<'a> {
    pub id: Uuid,
    pub run_id: Option<Uuid>,
    pub platform: Platform,
    pub egress: &'a str,
    pub source: Source,
    pub kind: TargetKind,
    pub target_id: Option<i64>,
    pub worker: &'a str,
}

/// Notes that a page load begins.
pub async fn begin(tx: &DatabaseTransaction, load: &NewLoad<'_>, now: Timestamp) -> Result<(), StoreError> {
    execute(
        tx,
        "INSERT INTO page_loads (id, run_id, platform, egress, source, kind, target_id, worker, started_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        values![
            load.id,
            load.run_id,
            load.platform.as_str(),
            load.egress,
            load.source.name,
            load.kind.as_str(),
            load.target_id,
            load.worker,
            now.as_millis(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes how it ended.
pub async fn end(
    tx: &DatabaseTransaction,
    id: Uuid,
    observation: &Observation,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE page_loads SET finished_at = $2, outcome = $3, http_status = $4, adapter = $5, detail = $6 WHERE id = $1",
        values![
            id,
            now.as_millis(),
            observation.outcome.as_str(),
            observation.http_status.map(i64::from),
            observation.adapter,
            observation.detail.clone(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes that it was broken off by our side.
pub async fn break_off(tx: &DatabaseTransaction, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE page_loads SET finished_at = $2, detail = 'given back' WHERE id = $1",
        values![id, now.as_millis()],
    )
    .await?;
    Ok(())
}

/// A slot of a platform's door, for a page load that no schedule row stands behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The way out to use.
    pub egress: String,
    platform: Platform,
    load_id: Uuid,
    breaker: Breaker,
}

impl Store {
    /// A slot for a page load outside of the schedule (a canary's, a short link's), or `None` when the platform may not be asked now.
    pub async fn take_slot(
        &self,
        policy: &PlatformPolicy,
        source: Source,
        kind: TargetKind,
        worker: &str,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Option<Slot>, StoreError> {
        let tx = self.begin().await?;
        let Some(egress) = gate::pass(&tx, policy, source, lease, now).await? else { return Ok(None) };
        let load_id = Uuid::now_v7();
        let load = NewLoad {
            id: load_id,
            run_id: None,
            platform: policy.platform,
            egress: &egress,
            source,
            kind,
            target_id: None,
            worker,
        };
        begin(&tx, &load, now).await?;
        tx.commit().await?;
        Ok(Some(Slot { egress, platform: policy.platform, load_id, breaker: policy.breaker }))
    }

    /// Ends the page load of a slot, and moves the breaker by what it came to.
    pub async fn finish_slot(&self, slot: &Slot, observation: &Observation, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        end(&tx, slot.load_id, observation, now).await?;
        gate::note(&tx, slot.platform, &slot.egress, slot.breaker, observation, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Forgets page loads that began before `before`, at most `most`; how many went.
    pub async fn prune_page_loads(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let skip = if is_postgres(&self.write) { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "DELETE FROM page_loads WHERE id IN \
             (SELECT id FROM page_loads WHERE started_at < $1 ORDER BY started_at LIMIT $2 {skip})"
        );
        execute(&self.write, &sql, values![before.as_millis(), i64::from(most)]).await
    }
}
