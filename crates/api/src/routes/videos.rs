//! `/v2/videos`: single posts that an organization added by hand.

use domain::VideoId;

use crate::call::Call;
use crate::idempotent;
use crate::links;
use crate::listing::{Listing, listed_again};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::post::VideoOut;
use crate::views::post_in::{
    VideoFiltersOut, VideoIn, VideoListParams, VideoPatch, new_video, video_change, video_list,
};

/// List videos.
#[utoipa::path(
    get, path = "/v2/videos", operation_id = "list_videos", tag = "videos",
    params(VideoListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<VideoOut, VideoFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = video_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.videos(&filter, &request, call.now()).await?;
    listed_again::<VideoOut, _, _, _>(&call, page, &request, &scope, in_force)
}

/// Track a single post.
///
/// The first read is queued at once when the video is active; poll it until `last_scrape_time` is set. The same post under another form of
/// its address is a 409 with `existing_id`. A short link is followed once, here; one that leads to no post is a 422 that says so, and while
/// the platform cannot be asked the answer is a 503 with `Retry-After`.
#[utoipa::path(
    post, path = "/v2/videos", operation_id = "create_video", tag = "videos",
    request_body = VideoIn,
    responses((status = 201, description = "It is tracked.", body = Envelope<VideoOut>))
)]
pub(crate) async fn create(mut call: Call) -> Answer {
    let post = call.post().await?;
    let draft = post.fields().and_then(new_video);
    links::post(&call, post, draft, async |tx, new| {
        let id = tx.create_video(&new).await?;
        let video = tx.video(id).await?.ok_or_else(|| Problem::internal("a new video is not there"))?;
        Reply::created::<VideoOut>(format!("/v2/videos/{id}"), video)
    })
    .await
}

/// Read a video.
#[utoipa::path(
    get, path = "/v2/videos/{video_id}", operation_id = "read_video", tag = "videos",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id.")),
    responses((status = 200, description = "The video.", body = Envelope<VideoOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    call.no_query()?;
    let video = call.tenant()?.video(id, call.now()).await?.ok_or_else(Problem::not_found)?;
    call.show_again::<VideoOut, _>(&video)
}

/// Change a video.
///
/// `is_active: false` pauses collection and keeps history.
#[utoipa::path(
    patch, path = "/v2/videos/{video_id}", operation_id = "update_video", tag = "videos",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id.")),
    request_body = VideoPatch,
    responses((status = 200, description = "The video as it is now.", body = Envelope<VideoOut>))
)]
pub(crate) async fn update(mut call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    let (precondition, fields) = call.patch().await?;
    let change = video_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        if precondition.is_set() {
            precondition.check(&tx.hold_video(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.update_video(id, &change).await?;
        Reply::ok::<VideoOut>(tx.video(id).await?.ok_or_else(Problem::not_found)?)
    })
    .await
}

/// Stop tracking a video.
#[utoipa::path(
    delete, path = "/v2/videos/{video_id}", operation_id = "delete_video", tag = "videos",
    params(("video_id" = uuid::Uuid, Path, description = "The video's id.")),
    responses((status = 204, description = "It is not tracked any more."))
)]
pub(crate) async fn delete(call: Call) -> Answer {
    let id: VideoId = call.id("video_id")?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_video(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.delete_video(id).await?;
        Ok(Reply::no_content())
    })
    .await
}
