//! What the runs of a story wait for.

use std::collections::BTreeMap;

use domain::{RunId, RunStatus, Timestamp, Trigger};
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

use super::rows::NAME;
use super::{ShutDoor, TracedRun, TracedWait};
use crate::collecting::anybody;
use crate::sql::{places, rows, values};
use crate::{Store, StoreError};

#[derive(FromQueryResult)]
struct WaitRow {
    story_run_id: Uuid,
    kind: String,
    target_id: i64,
    platform: String,
    name: Option<String>,
    due_at: Option<i64>,
    reason: String,
    run_id: Option<Uuid>,
    lease_until: Option<i64>,
    worker: Option<String>,
    stopped_at: Option<i64>,
    stopped_because: Option<String>,
    is_collected: bool,
}

#[derive(FromQueryResult)]
struct DoorRow {
    platform: String,
    egress: String,
    closed_until: i64,
}

impl Store {
    /// What the runs wait for that are open, or failed as the last of their target and will be tried again. `runs` are in the order of time.
    pub(super) async fn waiting(&self, runs: &[TracedRun], now: Timestamp) -> Result<Vec<TracedWait>, StoreError> {
        let last: BTreeMap<_, _> = runs.iter().map(|run| ((run.kind.as_str(), run.target_id), run)).collect();
        let candidates: Vec<_> = last.into_values().filter(|run| is_open(run) || has_failed(run)).collect();
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT r.id AS story_run_id, r.kind, r.target_id, r.platform, {NAME}, s.due_at, s.reason, s.run_id, s.lease_until, s.worker, \
             f.stopped_at, f.stopped_because, {} AS is_collected FROM runs r JOIN schedules s ON s.kind = r.kind AND s.target_id = r.target_id \
             LEFT JOIN platforms f ON f.platform = r.platform WHERE r.id IN ({}) ORDER BY s.due_at, r.id",
            anybody("s", "$1"),
            places(2, candidates.len())
        );
        let ids = candidates.iter().map(|run| Value::from(run.id.0));
        let ids = std::iter::once(Value::from(now.as_millis())).chain(ids).collect();
        let mut found = rows::<WaitRow>(&self.read, &sql, ids).await?;
        let open: Vec<Uuid> = candidates.iter().filter(|run| is_open(run)).map(|run| run.id.0).collect();
        found.retain(|row| open.contains(&row.story_run_id) || row.is_tried_again());
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let doors =
            rows::<DoorRow>(&self.read, "SELECT platform, egress, closed_until FROM gates ORDER BY egress", values![])
                .await?;
        Ok(found.into_iter().map(|row| row.into_wait(&doors, now)).collect())
    }
}

fn is_open(run: &TracedRun) -> bool {
    [RunStatus::Queued, RunStatus::Running].iter().any(|status| run.status == status.as_str())
}

fn has_failed(run: &TracedRun) -> bool {
    run.status == RunStatus::Failed.as_str()
}

impl WaitRow {
    /// Whether what failed is due again for its failure, or because somebody asked anew.
    fn is_tried_again(&self) -> bool {
        self.due_at.is_some() && (self.reason == Trigger::Retry.as_str() || self.run_id.is_some())
    }

    fn into_wait(self, doors: &[DoorRow], now: Timestamp) -> TracedWait {
        let Self {
            story_run_id,
            kind,
            target_id,
            platform,
            name,
            due_at,
            reason: _,
            run_id: _,
            lease_until,
            worker,
            stopped_at,
            stopped_because,
            is_collected,
        } = self;
        let leased_until = lease_until.map(Timestamp::from_millis).filter(|until| *until > now);
        let of_platform: Vec<_> = doors.iter().filter(|door| door.platform == platform).collect();
        let shut_doors: Vec<_> = of_platform
            .iter()
            .map(|door| ShutDoor {
                egress: door.egress.clone(),
                closed_until: Timestamp::from_millis(door.closed_until),
            })
            .filter(|door| door.closed_until > now)
            .collect();
        TracedWait {
            run_id: RunId(story_run_id),
            kind,
            target_id,
            platform,
            name,
            due_at: due_at.filter(|_| is_collected).map(Timestamp::from_millis),
            is_collected,
            worker: worker.filter(|_| leased_until.is_some()),
            leased_until,
            stopped_at: stopped_at.map(Timestamp::from_millis),
            stopped_because,
            is_left_alone: !shut_doors.is_empty() && shut_doors.len() == of_platform.len(),
            shut_doors,
        }
    }
}
