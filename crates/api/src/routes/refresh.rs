//! Refreshing on demand: `/v2/accounts/{account_id}/refresh` and `/v2/videos/{video_id}/refresh`.

use actix_web::http::StatusCode;
use domain::{AccountId, Timestamp, VideoId};
use store::{Refreshed, Run};

use crate::call::Call;
use crate::idempotent;
use crate::problem::Problem;
use crate::respond::{Answer, Reply};
use crate::views::run::{RefreshMetaOut, RefreshOut};

/// Refresh an account.
///
/// Has its profile read now, and with it the list of its posts. While a run of it is queued or running, or ended within the cooldown, that run
/// is the answer. A paused account, and one of a paused creator, is a 409. Needs no body.
#[utoipa::path(
    post, path = "/v2/accounts/{account_id}/refresh", operation_id = "refresh_account", tag = "runs",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id.")),
    responses(
        (status = 202, description = "A run is queued.", body = RefreshOut),
        (status = 200, description = "A run that is there already does.", body = RefreshOut),
    )
)]
pub(crate) async fn account(mut call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    let post = call.optional_post().await?;
    let cooldown = call.shared().refresh_cooldown;
    let input = post.no_fields();
    idempotent::post(&call, post.key, &post.body, input, async |tx, ()| {
        answer(&call, tx.refresh_account(id, cooldown).await?, "account")
    })
    .await
}

/// Refresh a video.
///
/// Has the post read now. While a run of it is queued or running, or ended within the cooldown, that run is the answer. A paused video is a
/// 409. Needs no body.
#[utoipa::path(
    post, path = "/v2/videos/{video_id}/refresh", operation_id = "refresh_video", tag = "runs",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id.")),
    responses(
        (status = 202, description = "A run is queued.", body = RefreshOut),
        (status = 200, description = "A run that is there already does.", body = RefreshOut),
    )
)]
pub(crate) async fn video(mut call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    let post = call.optional_post().await?;
    let cooldown = call.shared().refresh_cooldown;
    let input = post.no_fields();
    idempotent::post(&call, post.key, &post.body, input, async |tx, ()| {
        answer(&call, tx.refresh_video(id, cooldown).await?, "video")
    })
    .await
}

fn answer(call: &Call, refreshed: Refreshed, what: &str) -> Result<Reply, Problem> {
    match refreshed {
        Refreshed::Begun { run, next_allowed_at } => {
            let location = Some(format!("/v2/runs/{}", run.id));
            Ok(Reply { location, ..shown(StatusCode::ACCEPTED, run, false, next_allowed_at)? })
        }
        Refreshed::Coalesced { run, next_allowed_at } => {
            call.exchange().touched.borrow_mut().push(run.id.to_string());
            shown(StatusCode::OK, run, true, next_allowed_at)
        }
        Refreshed::Paused => Err(Problem::conflict(format!("The {what} is paused. Resume it first."))),
        Refreshed::CreatorPaused => Err(Problem::conflict(format!(
            "The creator that the {what} is linked to is paused. Resume the creator first."
        ))),
    }
}

fn shown(status: StatusCode, run: Run, coalesced: bool, next_refresh_allowed_at: Timestamp) -> Result<Reply, Problem> {
    let meta = RefreshMetaOut { coalesced, next_refresh_allowed_at };
    Reply::json(status, &RefreshOut { data: run.into(), meta })
}
