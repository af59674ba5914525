//! `/v2/account-videos`: the posts that were found in the feeds of tracked accounts.

use crate::call::Call;
use crate::listing::{Listing, listed_again};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope};
use crate::views::post::AccountVideoOut;
use crate::views::post_in::{AccountVideoFiltersOut, AccountVideoListParams, account_video_list};

/// List account videos.
#[utoipa::path(
    get, path = "/v2/account-videos", operation_id = "list_account_videos", tag = "account videos",
    params(AccountVideoListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<AccountVideoOut, AccountVideoFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = account_video_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.account_videos(&filter, &request, call.now()).await?;
    listed_again::<AccountVideoOut, _, _, _>(&call, page, &request, &scope, in_force)
}

/// Read an account video.
#[utoipa::path(
    get, path = "/v2/account-videos/{account_video_id}", operation_id = "read_account_video", tag = "account videos",
    params(("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1)),
    responses((status = 200, description = "The account video.", body = Envelope<AccountVideoOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id = call.account_video_id("account_video_id")?;
    call.no_query()?;
    let video = call.tenant()?.account_video(id, call.now()).await?.ok_or_else(Problem::not_found)?;
    call.show_again::<AccountVideoOut, _>(&video)
}
