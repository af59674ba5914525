//! `/v2/projects` and `/v2/groups`: collections of what is tracked. The two are one thing under two names, so each handler is told which of them it
//! serves, and is annotated as what it does for projects; `openapi::twins` writes the same out for groups.

use domain::{CollectionId, CollectionKind};

use crate::call::Call;
use crate::idempotent;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::collection::CollectionOut;
use crate::views::collection_in::{
    CollectionFiltersOut, CollectionIn, CollectionListParams, CollectionPatch, collection_change, collection_list,
    new_collection,
};

/// The collection that the path names.
pub(super) fn id_of(kind: CollectionKind, call: &Call) -> Result<CollectionId, Problem> {
    call.id(match kind {
        CollectionKind::Project => "project_id",
        CollectionKind::Group => "group_id",
    })
}

/// List projects.
#[utoipa::path(
    get, path = "/v2/projects", operation_id = "list_projects", tag = "projects",
    params(CollectionListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<CollectionOut, CollectionFiltersOut>))
)]
pub(crate) async fn list(kind: CollectionKind, call: Call) -> Answer {
    let mut query = call.query();
    let (filter, sort, in_force) = collection_list(&mut query);
    let (request, scope) = query.page(&call, sort.order, sort.direction, &in_force)?;
    let page = call.tenant()?.collections(kind, &filter, &request).await?;
    listed::<_, CollectionOut, _, _>(&call, page, &request, &scope, in_force)
}

/// Add a project.
///
/// An organization may have 1,000 projects; one more is a 403 with `QUOTA_EXCEEDED`.
#[utoipa::path(
    post, path = "/v2/projects", operation_id = "create_project", tag = "projects",
    request_body = CollectionIn,
    responses((status = 201, description = "It is added.", body = Envelope<CollectionOut>))
)]
pub(crate) async fn create(kind: CollectionKind, mut call: Call) -> Answer {
    let post = call.post().await?;
    let input = post.fields().and_then(new_collection);
    idempotent::post(&call, post.key, &post.body, input, async |tx, new| {
        let id = tx.create_collection(kind, &new).await?;
        let made = tx.collection(kind, id).await?.ok_or_else(|| Problem::internal("a new collection is not there"))?;
        Reply::created::<CollectionOut>(format!("/v2/{}/{id}", kind.plural()), made)
    })
    .await
}

/// Read a project.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}", operation_id = "read_project", tag = "projects",
    params(("project_id" = uuid::Uuid, Path, description = "The project's id.")),
    responses((status = 200, description = "The project.", body = Envelope<CollectionOut>))
)]
pub(crate) async fn read(kind: CollectionKind, call: Call) -> Answer {
    let id = id_of(kind, &call)?;
    call.no_query()?;
    let collection = call.tenant()?.collection(kind, id).await?.ok_or_else(Problem::not_found)?;
    call.show::<CollectionOut>(collection)
}

/// Change a project.
#[utoipa::path(
    patch, path = "/v2/projects/{project_id}", operation_id = "update_project", tag = "projects",
    params(("project_id" = uuid::Uuid, Path, description = "The project's id.")),
    request_body = CollectionPatch,
    responses((status = 200, description = "The project as it is now.", body = Envelope<CollectionOut>))
)]
pub(crate) async fn update(kind: CollectionKind, mut call: Call) -> Answer {
    let id = id_of(kind, &call)?;
    let (precondition, fields) = call.patch().await?;
    let change = collection_change(fields)?;
    idempotent::write(&call, change, async |tx, change| {
        if precondition.is_set() {
            precondition.check(&tx.hold_collection(kind, id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.update_collection(kind, id, &change).await?;
        Reply::ok::<CollectionOut>(tx.collection(kind, id).await?.ok_or_else(Problem::not_found)?)
    })
    .await
}

/// Remove a project.
///
/// What belonged to it stays tracked as it was.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}", operation_id = "delete_project", tag = "projects",
    params(("project_id" = uuid::Uuid, Path, description = "The project's id.")),
    responses((status = 204, description = "It is removed."))
)]
pub(crate) async fn delete(kind: CollectionKind, call: Call) -> Answer {
    let id = id_of(kind, &call)?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_collection(kind, id).await?.ok_or_else(Problem::not_found)?)?;
        }
        tx.delete_collection(kind, id).await?;
        Ok(Reply::no_content())
    })
    .await
}
