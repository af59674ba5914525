//! `/v2/runs`: what was read, is being read and is about to be, as far as it is the organization's affair.

use domain::{AccountId, RunId, VideoId};
use store::RunTarget;

use crate::call::Call;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope};
use crate::views::run::{RunFiltersOut, RunListParams, RunOut, TargetRunListParams, run_list};

/// List runs.
///
/// Newest first. A run stands here from the moment at which your call queued it, or else from its start. Ended ones are kept for a while.
#[utoipa::path(
    get, path = "/v2/runs", operation_id = "list_runs", tag = "runs",
    params(RunListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<RunOut, RunFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    page(&call, None).await
}

/// Read a run.
#[utoipa::path(
    get, path = "/v2/runs/{run_id}", operation_id = "read_run", tag = "runs",
    params(("run_id" = uuid::Uuid, Path, description = "The run's id.")),
    responses((status = 200, description = "The run.", body = Envelope<RunOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: RunId = call.id("run_id")?;
    call.no_query()?;
    let run = call.tenant()?.run(id).await?.ok_or_else(Problem::not_found)?;
    call.show::<RunOut>(run)
}

/// List the runs of an account.
///
/// Those of its profile and of the list of its posts.
#[utoipa::path(
    get, path = "/v2/accounts/{account_id}/runs", operation_id = "list_account_runs", tag = "runs",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id."), TargetRunListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<RunOut, RunFiltersOut>))
)]
pub(crate) async fn of_account(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    page(&call, Some(RunTarget::Account(id))).await
}

/// List the runs of a video.
#[utoipa::path(
    get, path = "/v2/videos/{video_id}/runs", operation_id = "list_video_runs", tag = "runs",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id."), TargetRunListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<RunOut, RunFiltersOut>))
)]
pub(crate) async fn of_video(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    page(&call, Some(RunTarget::Video(id))).await
}

/// List the runs of an account video.
///
/// While you track the same post by hand, its reads are listed with that video instead.
#[utoipa::path(
    get, path = "/v2/account-videos/{account_video_id}/runs", operation_id = "list_account_video_runs", tag = "runs",
    params(
        ("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1),
        TargetRunListParams, PageParams,
    ),
    responses((status = 200, description = "A page.", body = Listing<RunOut, RunFiltersOut>))
)]
pub(crate) async fn of_account_video(call: Call) -> Answer {
    let id = call.account_video_id("account_video_id")?;
    page(&call, Some(RunTarget::AccountVideo(id))).await
}

/// A page of the organization's runs, all of one target when it is given.
async fn page(call: &Call, target: Option<RunTarget>) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = run_list(&mut query, target);
    let (request, scope) = query.page(call, sort.order, sort.direction, &in_force)?;
    let tenant = call.tenant()?;
    if let Some(target) = target
        && !tenant.tracks(target).await?
    {
        return Err(Problem::not_found());
    }
    let page = tenant.runs(&filter, &request).await?;
    listed::<_, RunOut, _, _>(call, page, &request, &scope, in_force)
}
