//! `/v2/accounts`: the accounts that an organization tracks.

use domain::{AccountId, FieldErrors};
use store::Refusal;

use crate::call::Call;
use crate::idempotent;
use crate::links;
use crate::listing::{Listing, listed_again};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::account::AccountOut;
use crate::views::account_in::{
    AccountFiltersOut, AccountIn, AccountListParams, AccountPatch, account_change, account_list, new_account,
};

/// List accounts.
#[utoipa::path(
    get, path = "/v2/accounts", operation_id = "list_accounts", tag = "accounts",
    params(AccountListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<AccountOut, AccountFiltersOut>))
)]
pub(crate) async fn list(call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = account_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.accounts(&filter, &request, call.now()).await?;
    listed_again::<AccountOut, _, _, _>(&call, page, &request, &scope, in_force)
}

/// Track an account.
///
/// The handle is normalised and compared without case. The first read is queued at once when the account is active; poll the account until
/// `last_scrape_time` is set. An account that is tracked already is a 409 with `existing_id`; a cap that is reached is a 403
/// `QUOTA_EXCEEDED`; a `creator_id` that is not one of yours is a 422. A share link is followed once, here; one that leads to no profile is a
/// 422 that says so, and while the platform cannot be asked the answer is a 503 with `Retry-After`.
#[utoipa::path(
    post, path = "/v2/accounts", operation_id = "create_account", tag = "accounts",
    request_body = AccountIn,
    responses((status = 201, description = "It is tracked.", body = Envelope<AccountOut>))
)]
pub(crate) async fn create(mut call: Call) -> Answer {
    let post = call.post().await?;
    let draft = post.fields().and_then(new_account);
    links::post(&call, post, draft, async |tx, new| {
        let id = tx.create_account(&new).await.map_err(|refusal| with_creator_at("creator_id", refusal))?;
        let account = tx.account(id).await?.ok_or_else(|| Problem::internal("a new account is not there"))?;
        Reply::created::<AccountOut>(format!("/v2/accounts/{id}"), account)
    })
    .await
}

/// Read an account.
#[utoipa::path(
    get, path = "/v2/accounts/{account_id}", operation_id = "read_account", tag = "accounts",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id.")),
    responses((status = 200, description = "The account.", body = Envelope<AccountOut>))
)]
pub(crate) async fn read(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    call.no_query()?;
    let account = call.tenant()?.account(id, call.now()).await?.ok_or_else(Problem::not_found)?;
    call.show_again::<AccountOut, _>(&account)
}

/// Change an account.
///
/// `is_active: false` pauses collection and keeps history. A `creator_id` that is not one of yours is a 422.
#[utoipa::path(
    patch, path = "/v2/accounts/{account_id}", operation_id = "update_account", tag = "accounts",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id.")),
    request_body = AccountPatch,
    responses((status = 200, description = "The account as it is now.", body = Envelope<AccountOut>))
)]
pub(crate) async fn update(mut call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    let (precondition, fields) = call.patch().await?;
    let change = account_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        if precondition.is_set() {
            precondition.check(&tx.hold_account(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.update_account(id, &change).await.map_err(|refusal| with_creator_at("creator_id", refusal))?;
        Reply::ok::<AccountOut>(tx.account(id).await?.ok_or_else(Problem::not_found)?)
    })
    .await
}

/// Stop tracking an account.
///
/// Its history goes when nobody tracks it any more.
#[utoipa::path(
    delete, path = "/v2/accounts/{account_id}", operation_id = "delete_account", tag = "accounts",
    params(("account_id" = uuid::Uuid, Path, description = "The account's id.")),
    responses((status = 204, description = "It is not tracked any more."))
)]
pub(crate) async fn delete(call: Call) -> Answer {
    let id: AccountId = call.id("account_id")?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_account(id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.delete_account(id).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Here a creator stands in the body, at `field`, so one that is not there makes it invalid; the path is right.
pub(crate) fn with_creator_at(field: &str, refusal: Refusal) -> Problem {
    if matches!(refusal, Refusal::NoCreator(_)) {
        return FieldErrors::of(field, "must be a creator of your organization").into();
    }
    refusal.into()
}
