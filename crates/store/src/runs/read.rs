//! Reading runs, as one organization may see them.

use std::collections::BTreeSet;

use domain::{AccountId, AccountVideoId, Outcome, Platform, RunId, RunStatus, TargetKind, Timestamp, Trigger, VideoId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use super::NOT_COLLECTED;
use crate::listing::{self, Listing, SortColumn};
use crate::paging::{Page, PageRequest, Position, RowId, SortKey};
use crate::sql::{Filter, Number, places, row, rows, values};
use crate::{StoreError, Tenant};

/// What a run reads, by the organization's own record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunTarget {
    /// An account: its profile, or the list of its posts.
    Account(AccountId),
    /// A post that was added by hand, wherever else it was found.
    Video(VideoId),
    /// A post that was found in a feed alone.
    AccountVideo(AccountVideoId),
}

impl RunTarget {
    /// The record's id.
    pub const fn id(self) -> RowId {
        match self {
            Self::Account(id) => RowId::Uuid(id.0),
            Self::Video(id) => RowId::Uuid(id.0),
            Self::AccountVideo(id) => RowId::Integer(id.0),
        }
    }
}

/// One run, as one organization may see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The run's id.
    pub id: RunId,
    /// What it reads.
    pub target: RunTarget,
    /// Which page of it.
    pub kind: TargetKind,
    /// Where.
    pub platform: Platform,
    /// Why it came to be, as far as the organization had to do with it.
    pub trigger: Trigger,
    /// The organization's call that it came of.
    pub request_id: Option<String>,
    /// Where it stands.
    pub status: RunStatus,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Claims so far; each is a page load.
    pub attempts: i64,
    /// When the organization's wish was noted, or its retry was due; its start, when it had neither.
    pub queued_at: Timestamp,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The HTTP status of the page that decided.
    pub http_status: Option<i64>,
    /// The reader of the page that decided.
    pub adapter: Option<String>,
    /// What there is to say of it.
    pub detail: Option<String>,
    /// Who has it, or had it last.
    pub worker: Option<String>,
}

/// Filters of the list of runs; all combine.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// That stand here.
    pub status: Option<RunStatus>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// Of this account, video or account video.
    pub target: Option<RowId>,
    /// That came of this call.
    pub request_id: Option<String>,
}

/// Sort columns of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunOrder {
    /// When they were queued (the default).
    QueuedAt,
}

#[derive(Debug, FromQueryResult)]
struct RunRow {
    run_id: Uuid,
    target_type: String,
    target_id: String,
    reason: String,
    request_id: Option<String>,
    queued_at: i64,
    status: String,
    outcome: Option<String>,
    left_at: Option<i64>,
    left_after: Option<i64>,
    kind: String,
    platform: String,
    attempts: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
    http_status: Option<i64>,
    adapter: Option<String>,
    detail: Option<String>,
    worker: Option<String>,
}

const SELECT: &str = "SELECT t.run_id, t.target_type, t.target_id, t.reason, t.request_id, t.queued_at, t.status, t.outcome, \
     t.left_at, t.left_after, r.kind, r.platform, r.attempts, r.started_at, r.finished_at, r.http_status, r.adapter, r.detail, r.worker \
     FROM tracked_runs t JOIN runs r ON r.id = t.run_id";

fn unreadable<E>(column: &'static str) -> impl FnOnce(E) -> StoreError {
    move |_| StoreError::Unreadable { table: "tracked_runs", column }
}

impl RunRow {
    fn target(&self) -> Result<RunTarget, StoreError> {
        let uuid = || self.target_id.parse::<Uuid>().map_err(unreadable("target_id"));
        match self.target_type.as_str() {
            "account" => Ok(RunTarget::Account(AccountId(uuid()?))),
            "video" => Ok(RunTarget::Video(VideoId(uuid()?))),
            "account_video" => {
                Ok(RunTarget::AccountVideo(AccountVideoId(self.target_id.parse().map_err(unreadable("target_id"))?)))
            }
            _ => Err(StoreError::Unreadable { table: "tracked_runs", column: "target_type" }),
        }
    }

    fn view(self) -> Result<Run, StoreError> {
        // What others did with it before this organization came is theirs.
        let started_at = self.started_at.map(|at| at.max(self.queued_at));
        let run = Run {
            id: RunId(self.run_id),
            target: self.target()?,
            kind: self.kind.parse().map_err(unreadable("kind"))?,
            platform: self.platform.parse().map_err(unreadable("platform"))?,
            trigger: self.reason.parse().map_err(unreadable("reason"))?,
            request_id: self.request_id,
            status: self.status.parse().map_err(unreadable("status"))?,
            outcome: self.outcome.as_deref().map(str::parse).transpose().map_err(unreadable("outcome"))?,
            attempts: self.attempts,
            queued_at: Timestamp::from_millis(self.queued_at),
            started_at: started_at.map(Timestamp::from_millis),
            finished_at: self.finished_at.map(Timestamp::from_millis),
            http_status: self.http_status,
            adapter: self.adapter,
            detail: self.detail,
            worker: self.worker,
        };
        let Some(left_at) = self.left_at.map(Timestamp::from_millis) else { return Ok(run) };
        // So it would have ended if nobody else tracked the target.
        Ok(Run {
            attempts: self.left_after.unwrap_or(0),
            started_at: run.started_at.filter(|_| self.left_after.is_some_and(|attempts| attempts > 0)),
            finished_at: Some(left_at),
            http_status: None,
            adapter: None,
            detail: Some(NOT_COLLECTED.to_owned()),
            worker: None,
            ..run
        })
    }
}

/// The last run of a target and kind that the organization sees and that read something, or is to.
pub async fn last_read(
    connection: &impl ConnectionTrait,
    organization: Uuid,
    target: RunTarget,
    kind: TargetKind,
) -> Result<Option<Run>, StoreError> {
    row::<RunRow>(
        connection,
        &format!(
            "{SELECT} WHERE t.organization_id = $1 AND t.target_id = $2 AND r.kind = $3 AND t.status <> 'skipped' \
             ORDER BY t.queued_at DESC, t.run_id DESC LIMIT 1"
        ),
        values![organization, target_text(target.id()), kind.as_str()],
    )
    .await?
    .map(RunRow::view)
    .transpose()
}

/// How the id of a tracking record stands in `tracked_runs`.
fn target_text(id: RowId) -> String {
    match id {
        RowId::Uuid(id) => id.to_string(),
        RowId::Integer(id) => id.to_string(),
    }
}

impl Tenant {
    /// One run.
    pub async fn run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        row::<RunRow>(
            &self.store.read,
            &format!("{SELECT} WHERE t.run_id = $1 AND t.organization_id = $2"),
            values![id.0, self.organization.0],
        )
        .await?
        .map(RunRow::view)
        .transpose()
    }

    /// Those of the runs that the organization sees.
    pub(crate) async fn runs_named(&self, ids: &BTreeSet<RunId>) -> Result<Vec<Run>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!("{SELECT} WHERE t.organization_id = $1 AND t.run_id IN ({})", places(2, ids.len()));
        let values = std::iter::once(self.organization.0).chain(ids.iter().map(|id| id.0)).map(Into::into).collect();
        rows::<RunRow>(&self.store.read, &sql, values).await?.into_iter().map(RunRow::view).collect()
    }

    /// A page of the runs that the organization sees.
    pub async fn runs(&self, filter: &RunFilter, page: &PageRequest<RunOrder>) -> Result<Page<Run>, StoreError> {
        let RunFilter { status, outcome, target, request_id } = filter.clone();
        let mut conditions = Filter::new("t.organization_id = $1", self.organization.0);
        conditions.and_if("t.status = ?", status.map(RunStatus::as_str));
        conditions.and_if("t.outcome = ?", outcome.map(Outcome::as_str));
        conditions.and_if("t.target_id = ?", target.map(target_text));
        conditions.and_if("t.request_id = ?", request_id);
        let sort = match page.order_by {
            RunOrder::QueuedAt => SortColumn::Number("t.queued_at"),
        };
        let listing = Listing { select: SELECT, count_from: "FROM tracked_runs t", id: "t.run_id", sort };
        let found = listing::page(&self.store.read, &listing, conditions, page, |row: &RunRow| Position {
            key: SortKey::Number(Some(row.queued_at)),
            id: RowId::Uuid(row.run_id),
        })
        .await?;
        listing::convert(found, RunRow::view)
    }

    /// Whether the organization tracks this.
    pub async fn tracks(&self, target: RunTarget) -> Result<bool, StoreError> {
        let table = match target {
            RunTarget::Account(_) => "accounts",
            RunTarget::Video(_) => "videos",
            RunTarget::AccountVideo(_) => "account_videos",
        };
        let id: sea_orm::Value = match target.id() {
            RowId::Uuid(id) => id.into(),
            RowId::Integer(id) => id.into(),
        };
        let sql = format!("SELECT added_at AS value FROM {table} WHERE id = $1 AND organization_id = $2");
        Ok(row::<Number>(&self.store.read, &sql, vec![id, self.organization.0.into()]).await?.is_some())
    }
}
