//! Finding what belongs to a story.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{AccountId, AccountVideoId, RunId, TargetKind, Timestamp, VideoId};
use sea_orm::Value;
use uuid::Uuid;

use super::rows::{ChangeRow, GapRow, LoadRow, OwnerRow, RUN, RecordRow, RunRow};
use super::{ProcessGap, Story, TracedChange, TracedLoad, TracedRecord, TracedRun};
use crate::request_events::{EVENT, RequestEventRow};
use crate::sql::{places, row, rows, values};
use crate::{RequestEvent, Store, StoreError};

/// A process that was not heard of for this long, and did not say goodbye, is taken for dead. It gives a sign of life every ten seconds.
const SILENCE: Duration = Duration::from_mins(1);

/// Processes that are told of at most.
const MOST_PROCESSES: i64 = 20;

impl Store {
    /// What came of the calls under a request id.
    pub async fn trace_request(&self, id: &str, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let mut calls = self.calls_under(id, limit).await?;
        calls.sort_by_key(|call| call.occurred_at);
        let runs = self.traced_runs("request_id = $1", values![id], limit).await?;
        self.story(None, calls, runs, BTreeSet::from([id.to_owned()]), limit, now).await
    }

    /// What led to a run, and what came of it.
    pub async fn trace_run(&self, id: RunId, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let runs = self.traced_runs("id = $1", values![id.0], limit).await?;
        let request = runs.iter().find_map(|run| run.request_id.clone());
        let mut calls = match &request {
            Some(request) => self.calls_under(request, limit).await?,
            None => Vec::new(),
        };
        calls.sort_by_key(|call| call.occurred_at);
        self.story(None, calls, runs, request.into_iter().collect(), limit, now).await
    }

    /// What happened to an account.
    pub async fn trace_account(&self, id: AccountId, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let sql = "SELECT organization_id, platform, username AS name, profile_id AS target_id, is_active, added_at, last_scrape_at \
                   FROM accounts WHERE id = $1";
        let found = row::<RecordRow>(&self.read, sql, values![id.0]).await?;
        self.trace_record("account", &id.to_string(), found, &[TargetKind::Profile, TargetKind::Feed], limit, now).await
    }

    /// What happened to a video that was added by hand.
    pub async fn trace_video(&self, id: VideoId, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let sql = "SELECT v.organization_id, v.platform, p.external_id AS name, v.post_id AS target_id, v.is_active, v.added_at, \
                   v.last_scrape_at FROM videos v JOIN posts p ON p.id = v.post_id WHERE v.id = $1";
        let found = row::<RecordRow>(&self.read, sql, values![id.0]).await?;
        self.trace_record("video", &id.to_string(), found, &[TargetKind::Post], limit, now).await
    }

    /// What happened to a video that was found in a feed.
    pub async fn trace_account_video(
        &self,
        id: AccountVideoId,
        limit: u32,
        now: Timestamp,
    ) -> Result<Story, StoreError> {
        let sql = "SELECT v.organization_id, v.platform, p.external_id AS name, v.post_id AS target_id, a.is_active, v.added_at, \
                   v.last_scrape_at FROM account_videos v JOIN posts p ON p.id = v.post_id JOIN accounts a ON a.id = v.account_id \
                   WHERE v.id = $1";
        let found = row::<RecordRow>(&self.read, sql, values![id.0]).await?;
        self.trace_record("account_video", &id.to_string(), found, &[TargetKind::Post], limit, now).await
    }

    async fn trace_record(
        &self,
        kind: &'static str,
        id: &str,
        found: Option<RecordRow>,
        kinds: &[TargetKind],
        limit: u32,
        now: Timestamp,
    ) -> Result<Story, StoreError> {
        let calls = self.calls_that_touched(id, limit).await?;
        let requests: BTreeSet<String> = calls.iter().map(|call| call.request_id.clone()).collect();
        let runs = match &found {
            Some(record) => self.runs_of(kinds, record.target_id, limit).await?,
            // It is deleted: what its calls caused is still known.
            None => self.runs_under(&requests, limit).await?,
        };
        let record = found.map(|row| row.into_record(kind, id));
        self.story(record, calls, runs, requests, limit, now).await
    }

    /// Adds what belongs to the calls and runs of a story.
    async fn story(
        &self,
        record: Option<TracedRecord>,
        calls: Vec<RequestEvent>,
        runs: Vec<TracedRun>,
        requests: BTreeSet<String>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Story, StoreError> {
        let changes = self.changes_under(&requests, limit).await?;
        let loads = self.loads_of(&runs, limit).await?;
        Ok(Story { record, calls, changes, runs, loads, gaps: self.gaps(now).await? })
    }

    /// Calls under a request id, each owner's by one look at the index: the newest of each organization, then, as far as there is room, those
    /// without a good key, which anybody can make.
    async fn calls_under(&self, id: &str, limit: u32) -> Result<Vec<RequestEvent>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut calls = Vec::new();
        let mut after = Uuid::nil();
        while calls.len() < limit {
            let next = row::<OwnerRow>(
                &self.read,
                "SELECT organization_id FROM request_events WHERE request_id = $1 AND organization_id > $2 \
                 ORDER BY organization_id LIMIT 1",
                values![id, after],
            )
            .await?;
            let Some(OwnerRow { organization_id: owner }) = next else { break };
            calls.extend(self.newest_calls(id, Some(owner), limit - calls.len()).await?);
            after = owner;
        }
        calls.extend(self.newest_calls(id, None, limit - calls.len()).await?);
        Ok(calls)
    }

    async fn newest_calls(&self, id: &str, owner: Option<Uuid>, most: usize) -> Result<Vec<RequestEvent>, StoreError> {
        let mut values = values![id, i64::try_from(most).unwrap_or(i64::MAX)];
        let whose = if owner.is_some() { "= $3" } else { "IS NULL" };
        values.extend(owner.map(Value::from));
        // The organization is the same in all; but only so is it seen that the index has them in order where there is none.
        let sql = format!(
            "SELECT {EVENT} FROM request_events e WHERE e.request_id = $1 AND e.organization_id {whose} \
             ORDER BY e.organization_id DESC, e.occurred_at DESC LIMIT $2"
        );
        let found = rows::<RequestEventRow>(&self.read, &sql, values).await?;
        Ok(found.into_iter().map(RequestEvent::from).collect())
    }

    async fn calls_that_touched(&self, resource: &str, limit: u32) -> Result<Vec<RequestEvent>, StoreError> {
        let sql = format!(
            "SELECT {EVENT} FROM touched_resources t JOIN request_events e \
             ON e.request_id = t.request_id AND e.organization_id = t.organization_id AND e.occurred_at = t.occurred_at \
             WHERE t.resource_id = $1 ORDER BY t.occurred_at DESC LIMIT $2"
        );
        let found = rows::<RequestEventRow>(&self.read, &sql, values![resource, i64::from(limit)]).await?;
        Ok(found.into_iter().rev().map(RequestEvent::from).collect())
    }

    async fn changes_under(&self, requests: &BTreeSet<String>, limit: u32) -> Result<Vec<TracedChange>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT occurred_at, organization_id, request_id, actor, action, subject_type, subject_id, before, after \
             FROM audit_records WHERE request_id IN ({}) ORDER BY occurred_at DESC LIMIT $1",
            places(2, requests.len())
        );
        let found = rows::<ChangeRow>(&self.read, &sql, listed(limit, requests.iter().map(String::as_str))).await?;
        Ok(found.into_iter().rev().map(TracedChange::from).collect())
    }

    /// The newest runs that `condition` picks.
    async fn traced_runs(
        &self,
        condition: &str,
        mut values: Vec<Value>,
        limit: u32,
    ) -> Result<Vec<TracedRun>, StoreError> {
        values.push(i64::from(limit).into());
        let sql = format!("{RUN} WHERE {condition} ORDER BY queued_at DESC, id DESC LIMIT ${}", values.len());
        let found = rows::<RunRow>(&self.read, &sql, values).await?;
        Ok(found.into_iter().rev().map(TracedRun::from).collect())
    }

    async fn runs_under(&self, requests: &BTreeSet<String>, limit: u32) -> Result<Vec<TracedRun>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let condition = format!("request_id IN ({})", places(1, requests.len()));
        let values = requests.iter().map(|id| Value::from(id.as_str())).collect();
        self.traced_runs(&condition, values, limit).await
    }

    /// The newest runs of a profile or post, kind by kind, since the index is by kind.
    async fn runs_of(&self, kinds: &[TargetKind], target_id: i64, limit: u32) -> Result<Vec<TracedRun>, StoreError> {
        let mut runs = Vec::new();
        for kind in kinds {
            let condition = "kind = $1 AND target_id = $2";
            runs.extend(self.traced_runs(condition, values![kind.as_str(), target_id], limit).await?);
        }
        runs.sort_by_key(|run| (run.queued_at, run.id));
        let surplus = runs.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(runs.split_off(surplus))
    }

    async fn loads_of(&self, runs: &[TracedRun], limit: u32) -> Result<Vec<TracedLoad>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT id, run_id, platform, kind, source, egress, worker, started_at, finished_at, outcome, http_status, adapter, detail \
             FROM page_loads WHERE run_id IN ({}) ORDER BY started_at DESC, id DESC LIMIT $1",
            places(2, runs.len())
        );
        let found = rows::<LoadRow>(&self.read, &sql, listed(limit, runs.iter().map(|run| run.id.0))).await?;
        Ok(found.into_iter().rev().map(TracedLoad::from).collect())
    }

    /// The newest processes that ended without a goodbye or gave calls up.
    async fn gaps(&self, now: Timestamp) -> Result<Vec<ProcessGap>, StoreError> {
        let found = rows::<GapRow>(
            &self.read,
            "SELECT name, started_at, heard_at, lost, lost_at, is_silent FROM (SELECT p.*, p.ended_at IS NULL AND (p.heard_at < $1 OR EXISTS \
             (SELECT 1 FROM api_processes l WHERE l.name = p.name AND l.started_at > p.started_at)) AS is_silent FROM api_processes p) known \
             WHERE is_silent OR lost > 0 ORDER BY heard_at DESC LIMIT $2",
            values![now.minus(SILENCE).as_millis(), MOST_PROCESSES],
        )
        .await?;
        Ok(found.into_iter().map(ProcessGap::from).collect())
    }
}

/// A limit, followed by the members of a list.
fn listed<V: Into<Value>>(limit: u32, members: impl Iterator<Item = V>) -> Vec<Value> {
    std::iter::once(Value::from(i64::from(limit))).chain(members.map(Into::into)).collect()
}
