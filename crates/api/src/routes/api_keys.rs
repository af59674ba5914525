//! `/v2/api-keys`: the organization's keys. Secrets are in the answers that make them alone.

use aws_lc_rs::rand;
use domain::{ApiKey, ApiKeyId, api_key};
use store::Rotated;

use crate::call::Call;
use crate::idempotent;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::api_key::{ApiKeyOut, Issued, IssuedKeyOut};
use crate::views::api_key_in::{
    ApiKeyFiltersOut, ApiKeyIn, ApiKeyListParams, ApiKeyPatch, RotationIn, key_change, key_list, new_key, rotation,
};

/// List API keys.
///
/// Without the revoked ones.
#[utoipa::path(
    get, path = "/v2/api-keys", operation_id = "list_api_keys", tag = "API keys",
    params(ApiKeyListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<ApiKeyOut, ApiKeyFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = key_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.api_keys(&filter, &request, call.now()).await?;
    listed::<_, ApiKeyOut, _, _>(&call, page, &request, &scope, in_force)
}

/// Make an API key.
///
/// The whole key is in this answer alone. With an `Idempotency-Key` the answer can be had again, for 24 hours, by whoever repeats the request
/// with the same API key; with another one it is a 409.
#[utoipa::path(
    post, path = "/v2/api-keys", operation_id = "create_api_key", tag = "API keys",
    request_body = ApiKeyIn,
    responses((status = 201, description = "It is made.", body = Envelope<IssuedKeyOut>))
)]
pub(crate) async fn create(mut call: Call) -> Answer {
    let post = call.post().await?;
    let input = post.fields().and_then(|fields| new_key(fields, call.now()));
    idempotent::post(&call, post.key, &post.body, input, async |tx, new| {
        let secret = new_secret()?;
        let key = tx.create_api_key(&new, &secret).await?;
        let location = format!("/v2/api-keys/{}", key.id);
        Ok(Reply::created::<IssuedKeyOut>(location, Issued { key, secret })?.secret())
    })
    .await
}

/// Read an API key.
#[utoipa::path(
    get, path = "/v2/api-keys/{api_key_id}", operation_id = "read_api_key", tag = "API keys",
    params(("api_key_id" = uuid::Uuid, Path, description = "The key's id.")),
    responses((status = 200, description = "The key, without its secret.", body = Envelope<ApiKeyOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: ApiKeyId = call.id("api_key_id")?;
    call.no_query()?;
    let key = call.tenant()?.api_key(id, call.now()).await?.ok_or_else(Problem::not_found)?;
    call.show::<ApiKeyOut>(key)
}

/// Rename, disable or enable an API key.
///
/// Calls with a disabled key are refused with 403 from the next one on, whichever of its secrets they bring.
#[utoipa::path(
    patch, path = "/v2/api-keys/{api_key_id}", operation_id = "update_api_key", tag = "API keys",
    params(("api_key_id" = uuid::Uuid, Path, description = "The key's id.")),
    request_body = ApiKeyPatch,
    responses((status = 200, description = "The key as it is now.", body = Envelope<ApiKeyOut>))
)]
pub(crate) async fn update(mut call: Call) -> Answer {
    let id: ApiKeyId = call.id("api_key_id")?;
    let (precondition, fields) = call.patch().await?;
    let change = key_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        let held = tx.hold_api_key(id).await?.ok_or_else(Problem::not_found)?;
        precondition.check(&held)?;
        Reply::ok::<ApiKeyOut>(tx.change_api_key(held, &change).await?)
    })
    .await
}

/// Revoke an API key for good.
///
/// Calls with it are refused with 403 from the next one on. A key may revoke itself.
#[utoipa::path(
    delete, path = "/v2/api-keys/{api_key_id}", operation_id = "revoke_api_key", tag = "API keys",
    params(("api_key_id" = uuid::Uuid, Path, description = "The key's id.")),
    responses((status = 204, description = "It is revoked."))
)]
pub(crate) async fn revoke(call: Call) -> Answer {
    let id: ApiKeyId = call.id("api_key_id")?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        let held = tx.hold_api_key(id).await?.ok_or_else(Problem::not_found)?;
        precondition.check(&held)?;
        tx.revoke_api_key(held).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Give an API key a new secret.
///
/// The whole key is in this answer alone, as when a key is made. Its id, scopes and rate limit stay. The old secret goes on opening for
/// `overlap_hours`; older ones until their own ends, and no longer than that: with 0 nothing but the new secret opens. A key may rotate itself. Needs no
/// body.
///
/// A key that has expired can be rotated with `expires_in` alone (otherwise 409): the new secret opens, the old one stays shut.
#[utoipa::path(
    post, path = "/v2/api-keys/{api_key_id}/rotate", operation_id = "rotate_api_key", tag = "API keys",
    params(("api_key_id" = uuid::Uuid, Path, description = "The key's id.")),
    request_body = RotationIn,
    responses((status = 200, description = "The key with its new secret.", body = Envelope<IssuedKeyOut>))
)]
pub(crate) async fn rotate(mut call: Call) -> Answer {
    let id: ApiKeyId = call.id("api_key_id")?;
    let post = call.optional_post().await?;
    let input = post.fields().and_then(|fields| rotation(fields, call.now()));
    idempotent::post(&call, post.key, &post.body, input, async |tx, rotation| {
        let held = tx.hold_api_key(id).await?.ok_or_else(Problem::not_found)?;
        let secret = new_secret()?;
        match tx.rotate_api_key(held, &rotation, &secret).await? {
            Rotated::Done(key) => Ok(Reply::ok::<IssuedKeyOut>(Issued { key: *key, secret })?.secret()),
            Rotated::Ended => Err(Problem::conflict("The key has expired. Send expires_in to give it a new lifetime.")),
        }
    })
    .await
}

fn new_secret() -> Result<ApiKey, Problem> {
    let mut entropy = [0; api_key::ENTROPY];
    rand::fill(&mut entropy).map_err(Problem::internal)?;
    Ok(ApiKey::from_entropy(&entropy))
}
