//! `/v2/accounts/bulk` and `/v2/videos/bulk`: many bodies of a POST in one call.

use store::{Refusal, StoreError, TenantTx};
use uuid::Uuid;

use crate::call::{Call, Post};
use crate::idempotent;
use crate::problem::Problem;
use crate::respond::{Answer, Reply};
use crate::routes::accounts::with_creator_at;
use crate::views::account_in::new_account;
use crate::views::bulk::{AccountsIn, Batch, BulkOut, VideosIn, batch};
use crate::views::post_in::new_video;
use actix_web::http::StatusCode;

/// Track many accounts.
///
/// Each item is a body of `POST /v2/accounts` and gets a result of its own, in the order of `items`: a bad one is rejected by itself, and the
/// others are added. All that is added is added at once or, when the call fails as a whole, not at all. An account that is tracked already, or
/// that stands twice in `items`, is `exists` with its id. When the cap on tracked accounts is reached, the first ones are added and the rest
/// are rejected with `QUOTA_EXCEEDED`. A short link is rejected: add it by `POST /v2/accounts`. With `dry_run` nothing is written, and nothing is
/// remembered for an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/accounts/bulk", operation_id = "create_accounts", tag = "accounts",
    request_body = AccountsIn,
    responses((status = 200, description = "What became of each item.", body = BulkOut))
)]
pub(crate) async fn accounts(mut call: Call) -> Answer {
    let post = call.post().await?;
    let batch = post.fields().and_then(|fields| batch(fields, new_account));
    add(&call, post, batch, async |tx, new| {
        let made = tx.create_accounts(&new).await?;
        Ok(made.into_iter().map(|made| made.map(|id| id.0)).collect())
    })
    .await
}

/// Track many single posts.
///
/// Each item is a body of `POST /v2/videos` and gets a result of its own, in the order of `items`: a bad one is rejected by itself, and the
/// others are added. All that is added is added at once or, when the call fails as a whole, not at all. A post that is tracked already, or
/// that stands twice in `items`, under whatever form of its address, is `exists` with its id. A short link is rejected: add it by
/// `POST /v2/videos`. With `dry_run` nothing is written, and nothing is remembered for an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v2/videos/bulk", operation_id = "create_videos", tag = "videos",
    request_body = VideosIn,
    responses((status = 200, description = "What became of each item.", body = BulkOut))
)]
pub(crate) async fn videos(mut call: Call) -> Answer {
    let post = call.post().await?;
    let batch = post.fields().and_then(|fields| batch(fields, new_video));
    add(&call, post, batch, async |tx, new| {
        let made = tx.create_videos(&new).await?;
        Ok(made.into_iter().map(|made| made.map(|id| id.0)).collect())
    })
    .await
}

/// Adds what is good of a batch by `create`, which gives one result for each.
async fn add<N: Clone>(
    call: &Call,
    post: Post,
    batch: Result<Batch<N>, Problem>,
    create: impl AsyncFn(&mut TenantTx, Vec<N>) -> Result<Vec<Result<Uuid, Refusal>>, StoreError>,
) -> Answer {
    let work = async |tx: &mut TenantTx, batch: Batch<N>| {
        let Batch { good, mut bad, is_dry_run } = batch;
        let (indices, new): (Vec<_>, Vec<_>) = good.into_iter().unzip();
        let mut made = Vec::with_capacity(indices.len());
        for (index, result) in indices.into_iter().zip(create(tx, new).await?) {
            match result {
                Ok(id) => made.push((index, Ok(id))),
                Err(Refusal::Duplicate { existing_id }) => made.push((index, Err(existing_id))),
                Err(refusal) => bad.push((index, with_creator_at(&format!("items[{index}].creator_id"), refusal))),
            }
        }
        let ids = made.iter().filter_map(|(_, result)| result.ok()).take(store::MOST_TOUCHED).map(|id| id.to_string());
        if !is_dry_run {
            call.exchange().touched.borrow_mut().extend(ids);
        }
        Reply::json(StatusCode::OK, &BulkOut::of(made, bad, is_dry_run)?)
    };
    match batch {
        Ok(batch) if batch.is_dry_run => idempotent::rehearse(call, batch, work).await,
        batch => idempotent::post(call, post.key, &post.body, batch, work).await,
    }
}
