//! Rows of the tables that a story is made of.

use domain::{OrganizationId, RunId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::{ProcessGap, TracedChange, TracedLoad, TracedRecord, TracedRun};

#[derive(FromQueryResult)]
pub(super) struct OwnerRow {
    pub(super) organization_id: Uuid,
}

#[derive(FromQueryResult)]
pub(super) struct CauseRow {
    organization_id: Uuid,
    request_id: String,
    queued_at: i64,
}

impl CauseRow {
    pub(super) fn into_cause(self) -> ((OrganizationId, String), Timestamp) {
        let Self { organization_id, request_id, queued_at } = self;
        ((OrganizationId(organization_id), request_id), Timestamp::from_millis(queued_at))
    }
}

#[derive(FromQueryResult)]
pub(super) struct RecordRow {
    organization_id: Uuid,
    platform: String,
    name: Option<String>,
    pub(super) target_id: i64,
    is_active: bool,
    added_at: i64,
    last_scrape_at: Option<i64>,
}

impl RecordRow {
    pub(super) fn into_record(self, kind: &'static str, id: &str) -> TracedRecord {
        let Self { organization_id, platform, name, target_id, is_active, added_at, last_scrape_at } = self;
        TracedRecord {
            kind,
            id: id.to_owned(),
            organization_id: OrganizationId(organization_id),
            platform,
            name,
            target_id,
            is_active,
            added_at: Timestamp::from_millis(added_at),
            last_scrape_at: last_scrape_at.map(Timestamp::from_millis),
        }
    }
}

#[derive(FromQueryResult)]
pub(super) struct ChangeRow {
    occurred_at: i64,
    organization_id: Uuid,
    request_id: Option<String>,
    actor: String,
    action: String,
    subject_type: String,
    subject_id: Uuid,
    before: Option<String>,
    after: Option<String>,
}

impl From<ChangeRow> for TracedChange {
    fn from(row: ChangeRow) -> Self {
        let ChangeRow {
            occurred_at,
            organization_id,
            request_id,
            actor,
            action,
            subject_type,
            subject_id,
            before,
            after,
        } = row;
        Self {
            occurred_at: Timestamp::from_millis(occurred_at),
            organization_id: OrganizationId(organization_id),
            request_id,
            actor,
            action,
            subject_type,
            subject_id,
            before,
            after,
        }
    }
}

/// The name that people know of what `r` reads: of a profile that lost its handle, the one that it is still tracked by.
pub(super) const NAME: &str = "CASE r.kind WHEN 'post' THEN (SELECT p.external_id FROM posts p WHERE p.id = r.target_id) \
     ELSE COALESCE((SELECT p.username FROM profiles p WHERE p.id = r.target_id), \
     (SELECT a.username FROM accounts a WHERE a.profile_id = r.target_id ORDER BY a.added_at LIMIT 1)) END AS name";

/// Columns of `runs r`.
pub(super) const RUN: &str = "r.id, r.kind, r.target_id, r.platform, r.reason, r.request_id, r.organization_id, r.status, r.outcome, \
     r.attempts, r.queued_at, r.started_at, r.finished_at, r.http_status, r.adapter, r.detail, r.worker, \
     (SELECT t.target_type FROM tracked_runs t WHERE t.run_id = r.id AND t.organization_id = r.organization_id) AS tracked_type, \
     (SELECT t.target_id FROM tracked_runs t WHERE t.run_id = r.id AND t.organization_id = r.organization_id) AS tracked_id";

#[derive(FromQueryResult)]
pub(super) struct RunRow {
    id: Uuid,
    kind: String,
    target_id: i64,
    name: Option<String>,
    tracked_type: Option<String>,
    tracked_id: Option<String>,
    platform: String,
    reason: String,
    request_id: Option<String>,
    organization_id: Option<Uuid>,
    status: String,
    outcome: Option<String>,
    attempts: i64,
    queued_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    http_status: Option<i64>,
    adapter: Option<String>,
    detail: Option<String>,
    worker: Option<String>,
}

impl From<RunRow> for TracedRun {
    fn from(row: RunRow) -> Self {
        let RunRow {
            id,
            kind,
            target_id,
            name,
            tracked_type,
            tracked_id,
            platform,
            reason,
            request_id,
            organization_id,
            status,
            outcome,
            attempts,
            queued_at,
            started_at,
            finished_at,
            http_status,
            adapter,
            detail,
            worker,
        } = row;
        Self {
            id: RunId(id),
            kind,
            target_id,
            name,
            tracked_type,
            tracked_id,
            platform,
            trigger: reason,
            request_id,
            organization_id: organization_id.map(OrganizationId),
            status,
            outcome,
            attempts,
            queued_at: Timestamp::from_millis(queued_at),
            started_at: started_at.map(Timestamp::from_millis),
            finished_at: finished_at.map(Timestamp::from_millis),
            http_status,
            adapter,
            detail,
            worker,
        }
    }
}

#[derive(FromQueryResult)]
pub(super) struct LoadRow {
    id: Uuid,
    run_id: Option<Uuid>,
    platform: String,
    kind: String,
    source: String,
    egress: String,
    worker: Option<String>,
    started_at: i64,
    finished_at: Option<i64>,
    outcome: Option<String>,
    http_status: Option<i64>,
    adapter: Option<String>,
    detail: Option<String>,
}

impl From<LoadRow> for TracedLoad {
    fn from(row: LoadRow) -> Self {
        let LoadRow {
            id,
            run_id,
            platform,
            kind,
            source,
            egress,
            worker,
            started_at,
            finished_at,
            outcome,
            http_status,
            adapter,
            detail,
        } = row;
        Self {
            id,
            run_id: run_id.map(RunId),
            platform,
            kind,
            source,
            egress,
            worker,
            started_at: Timestamp::from_millis(started_at),
            finished_at: finished_at.map(Timestamp::from_millis),
            outcome,
            http_status,
            adapter,
            detail,
        }
    }
}

#[derive(FromQueryResult)]
pub(super) struct GapRow {
    name: String,
    started_at: i64,
    heard_at: i64,
    lost: i64,
    lost_at: Option<i64>,
    is_silent: bool,
}

impl From<GapRow> for ProcessGap {
    fn from(row: GapRow) -> Self {
        let GapRow { name, started_at, heard_at, lost, lost_at, is_silent } = row;
        Self {
            name,
            started_at: Timestamp::from_millis(started_at),
            heard_at: Timestamp::from_millis(heard_at),
            is_silent,
            lost,
            lost_at: lost_at.map(Timestamp::from_millis),
        }
    }
}
