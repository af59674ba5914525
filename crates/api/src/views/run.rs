//! Runs on the wire, and the lists of runs that clients ask for.

use domain::{Outcome, Platform, RunStatus, TargetKind, Timestamp, Trigger};
use serde::Serialize;
use store::{Direction, RowId, Run, RunFilter, RunOrder, RunTarget};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::query::{Order, Query, Sort};
use crate::views::vocabulary::{OutcomeName, PlatformName, RunKindName, RunStatusName, RunTargetTypeName, TriggerName};

/// One reading of a page, from being queued to its end.
#[derive(Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunOut {
    /// The run's id.
    id: Uuid,
    /// `run`.
    #[serde(rename = "type")]
    #[schema(example = "run")]
    resource: &'static str,
    /// What is read, by your own record of it. A post that you added by hand is a `video`, wherever else it was found.
    target: RunTargetOut,
    /// Which page of it: an account's `profile`, the list of its posts (`feed`), or a `post`.
    #[schema(value_type = RunKindName)]
    kind: TargetKind,
    /// The platform.
    #[schema(value_type = PlatformName)]
    platform: Platform,
    /// Why it came to be.
    #[schema(value_type = TriggerName)]
    trigger: Trigger,
    /// The `X-Request-ID` of your call that it came of, if it came of one.
    request_id: Option<String>,
    /// Where it stands.
    #[schema(value_type = RunStatusName)]
    status: RunStatus,
    /// How it ended; null until then, and when it was skipped.
    #[schema(value_type = Option<OutcomeName>)]
    outcome: Option<Outcome>,
    /// How often a worker took it up. Each time one page is loaded: of the next source, or again.
    #[schema(minimum = 0)]
    attempts: i64,
    /// When it was queued, or due as a retry; for a run that none of your calls caused, when it began.
    #[schema(value_type = String, format = DateTime)]
    queued_at: Timestamp,
    /// When a worker first took it up.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// From its start to its end.
    #[schema(minimum = 0)]
    duration_ms: Option<i64>,
    /// The HTTP status of the page that decided.
    http_status: Option<i64>,
    /// The reader that understood the page.
    adapter: Option<String>,
    /// What else there is to say of its end.
    detail: Option<String>,
    /// The worker that has it, or had it last.
    worker: Option<String>,
}

/// What a run reads.
#[derive(Serialize, ToSchema)]
#[schema(as = RunTarget)]
pub(crate) struct RunTargetOut {
    /// What it is.
    #[serde(rename = "type")]
    #[schema(value_type = RunTargetTypeName)]
    kind: &'static str,
    /// Its id.
    id: TargetIdOut,
}

/// An id of an account, video or account video.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = RunTargetId)]
pub(crate) enum TargetIdOut {
    /// Of an account or video.
    Uuid(Uuid),
    /// Of an account video.
    Integer(i64),
}

impl From<RowId> for TargetIdOut {
    fn from(id: RowId) -> Self {
        match id {
            RowId::Uuid(id) => Self::Uuid(id),
            RowId::Integer(id) => Self::Integer(id),
        }
    }
}

impl From<RunTarget> for RunTargetOut {
    fn from(target: RunTarget) -> Self {
        let kind = match target {
            RunTarget::Account(_) => "account",
            RunTarget::Video(_) => "video",
            RunTarget::AccountVideo(_) => "account_video",
        };
        Self { kind, id: target.id().into() }
    }
}

impl From<Run> for RunOut {
    fn from(run: Run) -> Self {
        let Run {
            id,
            target,
            kind,
            platform,
            trigger,
            request_id,
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
        } = run;
        let duration = started_at.zip(finished_at).map(|(began, ended)| ended.since(began).as_millis());
        Self {
            id: id.0,
            resource: "run",
            target: target.into(),
            kind,
            platform,
            trigger,
            request_id,
            status,
            outcome,
            attempts,
            queued_at,
            started_at,
            finished_at,
            duration_ms: duration.and_then(|millis| i64::try_from(millis).ok()),
            http_status,
            adapter,
            detail,
            worker,
        }
    }
}

/// The run that serves a wish to refresh.
#[derive(Serialize, ToSchema)]
#[schema(as = Refresh)]
pub(crate) struct RefreshOut {
    /// The run.
    pub(crate) data: RunOut,
    /// How it serves.
    pub(crate) meta: RefreshMetaOut,
}

/// How a run serves a wish to refresh.
#[derive(Serialize, ToSchema)]
#[schema(as = RefreshMeta)]
pub(crate) struct RefreshMetaOut {
    /// Whether the run was there already: it is under way, or ended a moment ago.
    pub(crate) coalesced: bool,
    /// When another run can begin at the earliest; later, while this one has not ended.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) next_refresh_allowed_at: Timestamp,
}

const ORDERS: &[Order<RunOrder>] =
    &[Order { name: "queued_at", value: RunOrder::QueuedAt, direction: Direction::Desc }];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum RunOrderName {
    QueuedAt,
}

/// Which runs, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what run_list reads")]
pub(crate) struct RunListParams {
    /// That stand here.
    #[param(inline)]
    status: Option<RunStatusName>,
    /// That ended so.
    #[param(inline)]
    outcome: Option<OutcomeName>,
    /// Of this account, video or account video, by its id. Reads of a post that you added by hand are the video's.
    #[param(
        pattern = "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[1-9][0-9]{0,17})$"
    )]
    target: Option<String>,
    /// That came of the call with this `X-Request-ID`.
    #[param(min_length = 1, max_length = 255)]
    request_id: Option<String>,
    /// The column to sort by.
    #[param(inline)]
    order_by: Option<RunOrderName>,
}

/// Which runs of one target, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what run_list reads")]
pub(crate) struct TargetRunListParams {
    /// That stand here.
    #[param(inline)]
    status: Option<RunStatusName>,
    /// That ended so.
    #[param(inline)]
    outcome: Option<OutcomeName>,
    /// That came of the call with this `X-Request-ID`.
    #[param(min_length = 1, max_length = 255)]
    request_id: Option<String>,
    /// The column to sort by.
    #[param(inline)]
    order_by: Option<RunOrderName>,
}

/// The filters and sort in force in a list of runs.
#[derive(Serialize, ToSchema)]
#[schema(as = RunFilters)]
pub(crate) struct RunFiltersOut {
    #[schema(value_type = Option<RunStatusName>)]
    status: Option<RunStatus>,
    #[schema(value_type = Option<OutcomeName>)]
    outcome: Option<Outcome>,
    target: Option<TargetIdOut>,
    request_id: Option<String>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which runs are asked for, all of one target when the path names it; the page is left in `query`.
pub(crate) fn run_list(query: &mut Query, target: Option<RunTarget>) -> (RunFilter, Sort<RunOrder>, RunFiltersOut) {
    let filter = RunFilter {
        status: query.choice("status"),
        outcome: query.choice("outcome"),
        target: target.map(RunTarget::id).or_else(|| query.target("target")),
        request_id: query.filled("request_id"),
    };
    let sort = query.sort(ORDERS);
    let RunFilter { status, outcome, target, request_id } = filter.clone();
    let in_force = RunFiltersOut {
        status,
        outcome,
        target: target.map(TargetIdOut::from),
        request_id,
        order_by: sort.name,
        order_direction: sort.direction_name(),
    };
    (filter, sort, in_force)
}
