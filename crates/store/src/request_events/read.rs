//! What an organization sees of its own calls.

use std::collections::BTreeSet;

use domain::{RequestId, RunId};

use super::{EVENT, RecordedRequest, RequestEvent, RequestEventRow};
use crate::paging::{Direction, PageRequest};
use crate::runs::{Run, RunFilter, RunOrder};
use crate::sql::{rows, values};
use crate::{StoreError, Tenant};

/// Other calls under the same id that are shown at most.
const OTHER_CALLS: i64 = 50;

/// Runs of one id that are shown at most.
const RUNS: u32 = 200;

/// Ids among which runs are looked for, at most: those of one call, as a rule.
const MOST_NAMED: usize = 200;

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
        let other_calls: Vec<RequestEvent> = calls.collect();
        let all = || std::iter::once(&call).chain(&other_calls);
        let requests = all().filter_map(|call| call.replay_of.as_deref()).chain([id.as_str()]).collect();
        let named = all().flat_map(RequestEvent::named_runs).take(MOST_NAMED).collect();
        let runs = self.runs_behind(&requests, &named).await?;
        Ok(Some(RecordedRequest { call, other_calls, runs }))
    }

    /// The runs that the calls caused, and those that they name, oldest first.
    async fn runs_behind(&self, requests: &BTreeSet<&str>, named: &BTreeSet<RunId>) -> Result<Vec<Run>, StoreError> {
        let mut runs = self.runs_named(named).await?;
        let page = PageRequest {
            order_by: RunOrder::QueuedAt,
            direction: Direction::Asc,
            after: None,
            limit: RUNS,
            include_total: false,
        };
        for request in requests {
            let filter = RunFilter { request_id: Some((*request).to_owned()), ..RunFilter::default() };
            runs.extend(self.runs(&filter, &page).await?.rows);
        }
        runs.sort_by_key(|run| (run.queued_at, run.id));
        runs.dedup_by_key(|run| run.id);
        runs.truncate(usize::try_from(RUNS).unwrap_or(usize::MAX));
        Ok(runs)
    }
}
