//! What an organization sees of its own calls.

use domain::{RequestId, RunId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{CausedRun, EVENT, RecordedRequest, RequestEvent, RequestEventRow};
use crate::sql::{rows, values};
use crate::{StoreError, Tenant};

/// Other calls under the same id that are shown at most.
const OTHER_CALLS: i64 = 50;

/// Runs of one id that are shown at most.
const RUNS: i64 = 200;

#[derive(FromQueryResult)]
struct CausedRunRow {
    id: Uuid,
    target_type: Option<String>,
    target_id: Option<String>,
    status: String,
    outcome: Option<String>,
    detail: Option<String>,
    queued_at: i64,
    finished_at: Option<i64>,
}

impl Tenant {
    /// What the organization did under a request id; `None` when it made no such call, whoever else did.
    pub async fn recorded_request(&self, id: &RequestId) -> Result<Option<RecordedRequest>, StoreError> {
        let sql = format!(
            "SELECT {EVENT} FROM request_events e WHERE e.request_id = $1 AND e.organization_id = $2 \
             ORDER BY e.occurred_at DESC LIMIT $3"
        );
        let found = values![id.as_str(), self.organization.0, OTHER_CALLS + 1];
        let mut calls =
            rows::<RequestEventRow>(&self.store.read, &sql, found).await?.into_iter().map(RequestEvent::from);
        let Some(call) = calls.next() else { return Ok(None) };
        let other_calls = calls.collect();
        Ok(Some(RecordedRequest { call, other_calls, runs: self.caused_runs(id).await? }))
    }

    async fn caused_runs(&self, id: &RequestId) -> Result<Vec<CausedRun>, StoreError> {
        let found = rows::<CausedRunRow>(
            &self.store.read,
            "SELECT r.id, t.target_type, t.target_id, r.status, r.outcome, r.detail, r.queued_at, r.finished_at \
             FROM runs r LEFT JOIN tracked_runs t ON t.organization_id = r.organization_id AND t.run_id = r.id \
             WHERE r.request_id = $1 AND r.organization_id = $2 ORDER BY r.id LIMIT $3",
            values![id.as_str(), self.organization.0, RUNS],
        )
        .await?;
        Ok(found.into_iter().map(CausedRun::from).collect())
    }
}

impl From<CausedRunRow> for CausedRun {
    fn from(row: CausedRunRow) -> Self {
        let CausedRunRow { id, target_type, target_id, status, outcome, detail, queued_at, finished_at } = row;
        Self {
            id: RunId(id),
            target: target_type.zip(target_id),
            status,
            outcome,
            detail,
            queued_at: Timestamp::from_millis(queued_at),
            finished_at: finished_at.map(Timestamp::from_millis),
        }
    }
}
