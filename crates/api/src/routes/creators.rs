//! `/v2/creators`: people and brands, and which accounts are theirs.

use domain::{AccountId, CreatorId};
use store::Linked;

use crate::call::Call;
use crate::idempotent;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::account::AccountOut;
use crate::views::creator::CreatorOut;
use crate::views::creator_in::{
    CreatorFiltersOut, CreatorIn, CreatorListParams, CreatorPatch, creator_change, creator_list, new_creator,
};

/// List creators.
#[utoipa::path(
    get, path = "/v2/creators", operation_id = "list_creators", tag = "creators",
    params(CreatorListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<CreatorOut, CreatorFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = creator_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.creators(&filter, &request).await?;
    listed::<_, CreatorOut, _, _>(&call, page, &request, &scope, in_force)
}

/// Add a creator.
#[utoipa::path(
    post, path = "/v2/creators", operation_id = "create_creator", tag = "creators",
    request_body = CreatorIn,
    responses((status = 201, description = "It is added.", body = Envelope<CreatorOut>))
)]
pub(crate) async fn create(mut call: Call) -> Answer {
    let post = call.post().await?;
    let input = post.fields().and_then(new_creator);
    idempotent::post(&call, post.key, &post.body, input, async |tx, new| {
        let id = tx.create_creator(&new).await?;
        let creator = tx.creator(id).await?.ok_or_else(|| Problem::internal("a new creator is not there"))?;
        Reply::created::<CreatorOut>(format!("/v2/creators/{id}"), creator)
    })
    .await
}

/// Read a creator.
#[utoipa::path(
    get, path = "/v2/creators/{creator_id}", operation_id = "read_creator", tag = "creators",
    params(("creator_id" = uuid::Uuid, Path, description = "The creator's id.")),
    responses((status = 200, description = "The creator.", body = Envelope<CreatorOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: CreatorId = call.id("creator_id")?;
    call.no_query()?;
    let creator = call.tenant()?.creator(id).await?.ok_or_else(Problem::not_found)?;
    call.show::<CreatorOut>(creator)
}

/// Change a creator.
///
/// `is_active: false` pauses the collection of its accounts and keeps their history.
#[utoipa::path(
    patch, path = "/v2/creators/{creator_id}", operation_id = "update_creator", tag = "creators",
    params(("creator_id" = uuid::Uuid, Path, description = "The creator's id.")),
    request_body = CreatorPatch,
    responses((status = 200, description = "The creator as it is now.", body = Envelope<CreatorOut>))
)]
pub(crate) async fn update(mut call: Call) -> Answer {
    let id: CreatorId = call.id("creator_id")?;
    let (precondition, fields) = call.patch().await?;
    let change = creator_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        if precondition.is_set() {
            precondition.check(&tx.hold_creator(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.update_creator(id, &change).await?;
        Reply::ok::<CreatorOut>(tx.creator(id).await?.ok_or_else(Problem::not_found)?)
    })
    .await
}

/// Remove a creator.
///
/// Its accounts stay tracked, without a creator.
#[utoipa::path(
    delete, path = "/v2/creators/{creator_id}", operation_id = "delete_creator", tag = "creators",
    params(("creator_id" = uuid::Uuid, Path, description = "The creator's id.")),
    responses((status = 204, description = "It is removed."))
)]
pub(crate) async fn delete(call: Call) -> Answer {
    let id: CreatorId = call.id("creator_id")?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_creator(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.delete_creator(id).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Link an account to a creator.
///
/// 201 with the account and its address as `Location` the first time, 200 after. An account that is linked to another creator is a 409. Needs no body.
#[utoipa::path(
    put, path = "/v2/creators/{creator_id}/accounts/{account_id}", operation_id = "link_account", tag = "creators",
    params(
        ("creator_id" = uuid::Uuid, Path, description = "The creator's id."),
        ("account_id" = uuid::Uuid, Path, description = "The account's id.")
    ),
    responses(
        (status = 201, description = "It is linked now.", body = Envelope<AccountOut>),
        (status = 200, description = "It was linked before.", body = Envelope<AccountOut>)
    )
)]
pub(crate) async fn link(mut call: Call) -> Answer {
    let creator: CreatorId = call.id("creator_id")?;
    let account: AccountId = call.id("account_id")?;
    call.no_fields().await?;
    idempotent::write(&call, (), async |tx, ()| {
        let linked = tx.link_account(creator, account).await?;
        let view = tx.account(account).await?.ok_or_else(Problem::not_found)?;
        match linked {
            Linked::Now => Reply::created::<AccountOut>(format!("/v2/accounts/{account}"), view),
            Linked::Before => Reply::ok::<AccountOut>(view),
        }
    })
    .await
}

/// Unlink an account from a creator.
///
/// The account stays tracked. An account that is not linked to this creator is a 404. `If-Match` speaks of the account.
#[utoipa::path(
    delete, path = "/v2/creators/{creator_id}/accounts/{account_id}", operation_id = "unlink_account", tag = "creators",
    params(
        ("creator_id" = uuid::Uuid, Path, description = "The creator's id."),
        ("account_id" = uuid::Uuid, Path, description = "The account's id.")
    ),
    responses((status = 204, description = "It is not linked any more."))
)]
pub(crate) async fn unlink(call: Call) -> Answer {
    let creator: CreatorId = call.id("creator_id")?;
    let account: AccountId = call.id("account_id")?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_account(account).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.unlink_account(creator, account).await?;
        Ok(Reply::no_content())
    })
    .await
}
