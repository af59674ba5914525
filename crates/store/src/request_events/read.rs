//! What an organization sees of its own calls.

use domain::RequestId;

use super::{EVENT, RecordedRequest, RequestEvent, RequestEventRow};
use crate::paging::{Direction, PageRequest};
use crate::runs::{Run, RunFilter, RunOrder};
use crate::sql::{rows, values};
use crate::{StoreError, Tenant};

/// Other calls under the same id that are shown at most.
const OTHER_CALLS: i64 = 50;

/// Runs of one id that are shown at most.
const RUNS: u32 = 200;

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

    async fn caused_runs(&self, id: &RequestId) -> Result<Vec<Run>, StoreError> {
        let filter = RunFilter { request_id: Some(id.as_str().to_owned()), ..RunFilter::default() };
        let page = PageRequest {
            order_by: RunOrder::QueuedAt,
            direction: Direction::Asc,
            after: None,
            limit: RUNS,
            include_total: false,
        };
        Ok(self.runs(&filter, &page).await?.rows)
    }
}
