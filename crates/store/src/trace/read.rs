//! Finding what belongs to a story.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AccountId, AccountVideoId, OrganizationId, RequestId, RunId, TargetKind, Timestamp, VideoId};
use sea_orm::Value;
use uuid::Uuid;

use super::rows::{CauseRow, ChangeRow, LoadRow, OwnerRow, RecordRow};
use super::{LeftOut, Story, TracedChange, TracedLoad, TracedRecord, TracedRun, gaps};
use crate::request_events::{EVENT, RequestEventRow};
use crate::sql::{Number, places, row, rows, values};
use crate::{RequestEvent, Store, StoreError};

/// Entries that are counted at most.
const MOST_COUNTED: i64 = 100_000;

/// What is answered as the call `$1` was, and is another.
const REPETITION: &str = "replay_of = $1 AND request_id <> $1";

/// Which end of a list is kept at the limit.
#[derive(Clone, Copy, Default)]
pub(super) enum Keep {
    Oldest,
    #[default]
    Newest,
}

impl Keep {
    pub(super) const fn order(self) -> &'static str {
        match self {
            Self::Oldest => "ASC",
            Self::Newest => "DESC",
        }
    }

    /// What was read from that end, oldest first.
    pub(super) fn in_time<R, T: From<R>>(self, mut found: Vec<R>) -> Vec<T> {
        match self {
            Self::Oldest => {}
            Self::Newest => found.reverse(),
        }
        found.into_iter().map(T::from).collect()
    }
}

/// Calls, by whose they were and their ids, with the time at which they had come.
pub(super) type Causes = BTreeMap<(OrganizationId, String), Timestamp>;

/// What a story is made from.
#[derive(Default)]
struct Beginning {
    record: Option<TracedRecord>,
    calls: Vec<RequestEvent>,
    runs: Vec<TracedRun>,
    /// The requests whose changes belong to it.
    requests: BTreeSet<String>,
    /// Whose calls under which ids were answered first, where calls of the story are repetitions.
    repeated: BTreeSet<(OrganizationId, String)>,
    /// Whose calls under which ids runs of the story came of, and when they did.
    causes: Causes,
    left_out: LeftOut,
    keep: Keep,
    /// The request that it is about.
    about: Option<String>,
}

impl Store {
    /// What came of the calls under a request id, and their repetitions by an idempotency key. Where they are repetitions themselves, what came of the
    /// first call belongs to it.
    pub async fn trace_request(&self, id: &str, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let mut calls = self.calls_under(id, limit).await?;
        let more_calls = self.beyond("request_events", "request_id = $1", values![id], calls.len(), limit).await?;
        let first = |call: &RequestEvent| Some((call.organization_id?, call.replay_of.clone()?));
        let repeated: BTreeSet<_> = calls.iter().filter_map(first).filter(|(_, first)| first != id).collect();
        for (owner, first) in &repeated {
            let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(calls.len());
            calls.extend(self.newest_calls(first, Some(owner.0), room).await?);
        }
        let room = limit.saturating_sub(u32::try_from(calls.len()).unwrap_or(u32::MAX));
        let repetitions = self.repetitions_of(id, room).await?;
        let more_repetitions = self.beyond("request_events", REPETITION, values![id], repetitions.len(), room).await?;
        calls.extend(repetitions);
        calls.sort_by_key(|call| call.occurred_at);
        let (runs, more_runs) = self.runs_behind(id, &repeated, &calls, limit).await?;
        let left_out = LeftOut { calls: more_calls, runs: more_runs, ..LeftOut::default() };
        let (requests, about) = (BTreeSet::from([id.to_owned()]), Some(id.to_owned()));
        let keep = Keep::Oldest;
        let beginning = Beginning { calls, runs, requests, repeated, left_out, keep, about, ..Beginning::default() };
        let mut story = self.story(beginning, limit, now).await?;
        // Whether the call itself is recorded is known without these.
        story.left_out.calls += more_repetitions;
        Ok(story)
    }

    /// What led to a run, who was answered with it, and what came of it.
    pub async fn trace_run(&self, id: RunId, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let (runs, _) = self.traced_runs("id = $1", values![id.0], Keep::Newest, limit).await?;
        let about = runs.iter().find_map(|run| run.request_id.clone());
        let (mut calls, mut more) = (Vec::new(), 0);
        if let Some(request) = &about {
            calls = self.calls_under(request, limit).await?;
            let values = values![request.as_str()];
            more = self.beyond("request_events", "request_id = $1", values, calls.len(), limit).await?;
        }
        let touching = self.calls_that_touched(&id.to_string(), limit).await?;
        calls.extend(touching.into_iter().filter(|call| about.as_ref() != Some(&call.request_id)));
        let causes = self.causes("t.run_id = $1", values![id.0], limit).await?;
        more += self.add_causes(&mut calls, &causes, limit).await?;
        let left_out = LeftOut { calls: more, ..LeftOut::default() };
        let requests = about.iter().cloned().collect();
        let beginning = Beginning { calls, runs, requests, causes, left_out, about, ..Beginning::default() };
        self.story(beginning, limit, now).await
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
        let mut calls = self.calls_that_touched(id, limit).await?;
        let mut requests: BTreeSet<String> = calls.iter().map(|call| call.request_id.clone()).collect();
        let mut more_calls =
            self.beyond("touched_resources", "resource_id = $1", values![id], calls.len(), limit).await?;
        let (runs, more_runs) = match &found {
            Some(record) => self.runs_of(kinds, record.target_id, limit).await?,
            // It is deleted: what its calls caused is still known.
            None => self.runs_under(&requests, limit).await?,
        };
        let record = found.map(|row| row.into_record(kind, id));
        // A call that made many records names some of them alone.
        let mut causes = Causes::new();
        if let Some(record) = &record {
            let condition = "t.organization_id = $1 AND t.target_id = $2 AND t.target_type = $3";
            causes = self.causes(condition, values![record.organization_id.0, id, kind], limit).await?;
            more_calls += self.add_causes(&mut calls, &causes, limit).await?;
            requests.extend(causes.keys().map(|(_, id)| id.clone()));
        }
        let left_out = LeftOut { calls: more_calls, runs: more_runs, ..LeftOut::default() };
        let beginning = Beginning { record, calls, runs, requests, causes, left_out, ..Beginning::default() };
        self.story(beginning, limit, now).await
    }

    /// Adds what belongs to the calls and runs of a story.
    async fn story(&self, beginning: Beginning, limit: u32, now: Timestamp) -> Result<Story, StoreError> {
        let Beginning { record, calls, runs, requests, repeated, causes, left_out, keep, about } = beginning;
        let (mut changes, more_changes) = self.changes_under(&requests, limit).await?;
        for (owner, first) in &repeated {
            let (found, _) = self.changes_under(&BTreeSet::from([first.clone()]), limit).await?;
            changes.extend(found.into_iter().filter(|change| change.organization_id == *owner));
        }
        let (loads, more_loads) = self.loads_of(&runs, keep, limit).await?;
        let waiting = self.waiting(&runs, now).await?;
        let left_out = LeftOut { changes: more_changes, loads: more_loads, ..left_out };
        let mut story = Story { record, calls, changes, runs, loads, waiting, left_out, ..Story::default() };
        if story.left_out.calls == 0 {
            let answered = self.first_answers(&story.calls).await?;
            story.unrecorded = gaps::unrecorded(&story, about.as_deref(), &repeated, &causes, &answered);
        }
        let made_at = about.as_deref().and_then(RequestId::made_at);
        (story.gaps, story.left_out.gaps) = self.gaps(&story, made_at, now).await?;
        Ok(story)
    }

    /// How many rows the condition picks beyond the `shown` ones. They are counted only where the limit was reached.
    pub(super) async fn beyond(
        &self,
        table: &str,
        condition: &str,
        values: Vec<Value>,
        shown: usize,
        limit: u32,
    ) -> Result<i64, StoreError> {
        if shown < usize::try_from(limit).unwrap_or(usize::MAX) {
            return Ok(0);
        }
        let sql = format!(
            "SELECT COUNT(*) AS value FROM (SELECT 1 AS one FROM {table} WHERE {condition} LIMIT {MOST_COUNTED}) counted"
        );
        let all = row::<Number>(&self.read, &sql, values).await?.map_or(0, |number| number.value);
        Ok(all.saturating_sub(i64::try_from(shown).unwrap_or(i64::MAX)).max(0))
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

    /// The newest calls that were answered as `id` was.
    async fn repetitions_of(&self, id: &str, most: u32) -> Result<Vec<RequestEvent>, StoreError> {
        let sql =
            format!("SELECT {EVENT} FROM request_events e WHERE {REPETITION} ORDER BY e.occurred_at DESC LIMIT $2");
        let found = rows::<RequestEventRow>(&self.read, &sql, values![id, i64::from(most)]).await?;
        Ok(found.into_iter().map(RequestEvent::from).collect())
    }

    /// The newest causes of runs, as their organizations know them: of a run that a call joined, that call as well.
    async fn causes(&self, condition: &str, mut values: Vec<Value>, limit: u32) -> Result<Causes, StoreError> {
        values.push(i64::from(limit).into());
        let sql = format!(
            "SELECT t.organization_id, t.request_id, MIN(t.queued_at) AS queued_at FROM tracked_runs t \
             WHERE {condition} AND t.request_id IS NOT NULL GROUP BY t.organization_id, t.request_id ORDER BY 3 DESC LIMIT ${}",
            values.len()
        );
        let found = rows::<CauseRow>(&self.read, &sql, values).await?;
        Ok(found.into_iter().map(CauseRow::into_cause).collect())
    }

    /// Adds the calls of `causes` that are not among `calls`, in the order of time, the newest up to the limit; how many that leaves out.
    async fn add_causes(&self, calls: &mut Vec<RequestEvent>, causes: &Causes, limit: u32) -> Result<i64, StoreError> {
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        for (owner, id) in causes.keys() {
            if !calls.iter().any(|call| call.request_id == *id && call.organization_id == Some(*owner)) {
                calls.extend(self.newest_calls(id, Some(owner.0), most).await?);
            }
        }
        calls.sort_by_key(|call| call.occurred_at);
        let surplus = calls.len().saturating_sub(most);
        calls.drain(..surplus);
        Ok(i64::try_from(surplus).unwrap_or(i64::MAX))
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

    async fn changes_under(
        &self,
        requests: &BTreeSet<String>,
        limit: u32,
    ) -> Result<(Vec<TracedChange>, i64), StoreError> {
        if requests.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let sql = format!(
            "SELECT occurred_at, organization_id, request_id, actor, action, subject_type, subject_id, before, after \
             FROM audit_records WHERE request_id IN ({}) ORDER BY occurred_at DESC LIMIT $1",
            places(2, requests.len())
        );
        let found = rows::<ChangeRow>(&self.read, &sql, listed(limit, requests.iter().map(String::as_str))).await?;
        let condition = format!("request_id IN ({})", places(1, requests.len()));
        let values = requests.iter().map(|id| Value::from(id.as_str())).collect();
        let more = self.beyond("audit_records", &condition, values, found.len(), limit).await?;
        Ok((Keep::Newest.in_time(found), more))
    }

    async fn loads_of(&self, runs: &[TracedRun], keep: Keep, limit: u32) -> Result<(Vec<TracedLoad>, i64), StoreError> {
        if runs.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let order = keep.order();
        let sql = format!(
            "SELECT id, run_id, platform, kind, source, egress, worker, started_at, finished_at, outcome, http_status, adapter, detail \
             FROM page_loads WHERE run_id IN ({}) ORDER BY started_at {order}, id {order} LIMIT $1",
            places(2, runs.len())
        );
        let found = rows::<LoadRow>(&self.read, &sql, listed(limit, runs.iter().map(|run| run.id.0))).await?;
        let condition = format!("run_id IN ({})", places(1, runs.len()));
        let values = runs.iter().map(|run| Value::from(run.id.0)).collect();
        let more = self.beyond("page_loads", &condition, values, found.len(), limit).await?;
        Ok((keep.in_time(found), more))
    }
}

/// A limit, followed by the members of a list.
fn listed<V: Into<Value>>(limit: u32, members: impl Iterator<Item = V>) -> Vec<Value> {
    std::iter::once(Value::from(i64::from(limit))).chain(members.map(Into::into)).collect()
}
