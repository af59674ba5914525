//! The runs of a story.

use std::collections::BTreeSet;

use domain::{OrganizationId, RunId, TargetKind};
use sea_orm::Value;

use super::TracedRun;
use super::read::Keep;
use super::rows::{NAME, RUN, RunRow};
use crate::sql::{places, rows, values};
use crate::{RequestEvent, Store, StoreError};

/// Ids among which runs are looked for, at most: those of one call, as a rule.
const MOST_NAMED: usize = 500;

/// Some runs, oldest first, and how many more there are.
pub(super) type SomeRuns = (Vec<TracedRun>, i64);

impl Store {
    /// The runs that `condition` picks.
    pub(super) async fn traced_runs(
        &self,
        condition: &str,
        values: Vec<Value>,
        keep: Keep,
        limit: u32,
    ) -> Result<SomeRuns, StoreError> {
        let mut bounded = values.clone();
        bounded.push(i64::from(limit).into());
        let (order, place) = (keep.order(), bounded.len());
        let sql = format!(
            "SELECT {RUN}, {NAME} FROM runs r WHERE {condition} ORDER BY r.queued_at {order}, r.id {order} LIMIT ${place}"
        );
        let found = rows::<RunRow>(&self.read, &sql, bounded).await?;
        let more = self.beyond("runs", condition, values, found.len(), limit).await?;
        Ok((keep.in_time(found), more))
    }

    pub(super) async fn runs_under(&self, requests: &BTreeSet<String>, limit: u32) -> Result<SomeRuns, StoreError> {
        if requests.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let condition = format!("request_id IN ({})", places(1, requests.len()));
        let values = requests.iter().map(|id| Value::from(id.as_str())).collect();
        self.traced_runs(&condition, values, Keep::Newest, limit).await
    }

    /// The oldest runs that came of a request, of those that its calls repeated, or that its calls name; those that were another's and that its
    /// calls joined are among them.
    pub(super) async fn runs_behind(
        &self,
        request: &str,
        repeated: &BTreeSet<(OrganizationId, String)>,
        calls: &[RequestEvent],
        limit: u32,
    ) -> Result<SomeRuns, StoreError> {
        let mut parts = vec![self.traced_runs("request_id = $1", values![request], Keep::Oldest, limit).await?];
        for (owner, first) in repeated {
            let condition = "request_id = $1 AND organization_id = $2";
            parts.push(self.traced_runs(condition, values![first.as_str(), owner.0], Keep::Oldest, limit).await?);
        }
        let own = calls.iter().filter(|call| call.request_id == request).filter_map(|call| call.organization_id);
        let own: BTreeSet<_> = own.map(|owner| (owner, request.to_owned())).collect();
        for (owner, id) in own.union(repeated) {
            let condition = "id IN (SELECT t.run_id FROM tracked_runs t WHERE t.organization_id = $1 AND t.request_id = $2) \
                             AND (request_id IS NULL OR request_id <> $2)";
            parts.push(self.traced_runs(condition, values![owner.0, id.as_str()], Keep::Oldest, limit).await?);
        }
        let named: BTreeSet<RunId> = calls.iter().flat_map(RequestEvent::named_runs).take(MOST_NAMED).collect();
        if !named.is_empty() {
            let condition = format!("id IN ({})", places(1, named.len()));
            let values = named.into_iter().map(|id| Value::from(id.0)).collect();
            parts.push(self.traced_runs(&condition, values, Keep::Oldest, limit).await?);
        }
        Ok(together(parts, Keep::Oldest, limit))
    }

    /// The newest runs of a profile or post, kind by kind, since the index is by kind.
    pub(super) async fn runs_of(
        &self,
        kinds: &[TargetKind],
        target_id: i64,
        limit: u32,
    ) -> Result<SomeRuns, StoreError> {
        let mut parts = Vec::new();
        for kind in kinds {
            let values = values![kind.as_str(), target_id];
            parts.push(self.traced_runs("kind = $1 AND target_id = $2", values, Keep::Newest, limit).await?);
        }
        Ok(together(parts, Keep::Newest, limit))
    }
}

/// Runs that were found in several ways, each once, and no more than the limit.
fn together(parts: Vec<SomeRuns>, keep: Keep, limit: u32) -> SomeRuns {
    let (mut runs, mut left_out) = (Vec::new(), 0);
    for (found, more) in parts {
        runs.extend(found);
        left_out += more;
    }
    runs.sort_by_key(|run| (run.queued_at, run.id));
    runs.dedup_by_key(|run| run.id);
    let surplus = runs.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    left_out += i64::try_from(surplus).unwrap_or(i64::MAX);
    match keep {
        Keep::Oldest => runs.truncate(runs.len() - surplus),
        Keep::Newest => {
            runs.drain(..surplus);
        }
    }
    (runs, left_out)
}
