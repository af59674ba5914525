//! What belongs to projects and groups: creators, accounts, and posts of both kinds. Annotated for projects, as in [`super::collections`].

use domain::{CollectionKind, Member};
use store::Linked;

use super::collections::id_of;
use crate::call::Call;
use crate::idempotent;
use crate::listing::{Listing, listed};
use crate::problem::Problem;
use crate::query::PageParams;
use crate::respond::{Answer, Envelope, Reply};
use crate::views::collection::CollectionMemberOut;
use crate::views::collection_in::{MemberFiltersOut, MemberListParams, member_list};

/// List the members of a project.
///
/// What was put there itself, the newest first. The accounts of a creator and the posts of an account belong to the project with it, and are not
/// listed.
#[utoipa::path(
    get, path = "/v2/projects/{project_id}/members", operation_id = "list_project_members", tag = "projects",
    params(("project_id" = uuid::Uuid, Path, description = "The project's id."), MemberListParams, PageParams),
    responses((status = 200, description = "A page.", body = Listing<CollectionMemberOut, MemberFiltersOut>))
)]
pub(crate) async fn list(kind: CollectionKind, call: Call) -> Answer {
    let id = id_of(kind, &call)?;
    let mut query = call.query();
    let (filter, sort, in_force) = member_list(&mut query);
    // A cursor is tied to the collection as well, which stands in the path.
    let (request, scope) = query.page(&call, sort.order, sort.direction, &(id, &in_force))?;
    let tenant = call.tenant()?;
    tenant.collection(kind, id).await?.ok_or_else(Problem::not_found)?;
    let page = tenant.collection_members(kind, id, &filter, &request).await?;
    listed::<_, CollectionMemberOut, _, _>(&call, page, &request, &scope, in_force)
}

/// Puts a member into the collection that the path names.
async fn put(kind: CollectionKind, mut call: Call, member: Member) -> Answer {
    let id = id_of(kind, &call)?;
    call.no_fields().await?;
    idempotent::write(&call, (), async |tx, ()| {
        let (linked, found) = tx.add_member(kind, id, member).await?;
        match linked {
            Linked::Now => Reply::created::<CollectionMemberOut>(address_of(member), found),
            Linked::Before => Reply::ok::<CollectionMemberOut>(found),
        }
    })
    .await
}

/// Takes a member out of the collection that the path names.
async fn remove(kind: CollectionKind, call: Call, member: Member) -> Answer {
    let id = id_of(kind, &call)?;
    let precondition = call.delete()?;
    idempotent::write(&call, (), async |tx, ()| {
        if precondition.is_set() {
            precondition.check(&tx.hold_member(kind, id, member).await?)?;
        }
        tx.remove_member(kind, id, member).await?;
        Ok(Reply::no_content())
    })
    .await
}

/// Where a member itself can be read.
fn address_of(member: Member) -> String {
    match member {
        Member::Creator(id) => format!("/v2/creators/{id}"),
        Member::Account(id) => format!("/v2/accounts/{id}"),
        Member::Video(id) => format!("/v2/videos/{id}"),
        Member::AccountVideo(id) => format!("/v2/account-videos/{id}"),
    }
}

/// Put a creator into a project.
///
/// The posts of its accounts belong to the project with it, now and later. 201 with its own address as `Location` the first time, 200 after. A
/// project may have 10,000 members; one more is a 403 with `QUOTA_EXCEEDED`. Needs no body.
#[utoipa::path(
    put, path = "/v2/projects/{project_id}/creators/{creator_id}", operation_id = "add_project_creator", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("creator_id" = uuid::Uuid, Path, description = "The creator's id.")
    ),
    responses(
        (status = 201, description = "It is a member now.", body = Envelope<CollectionMemberOut>),
        (status = 200, description = "It was a member before.", body = Envelope<CollectionMemberOut>)
    )
)]
pub(crate) async fn put_creator(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Creator(call.id("creator_id")?);
    put(kind, call, member).await
}

/// Take a creator out of a project.
///
/// It stays tracked. What is not a member of this project is a 404. `If-Match` speaks of the membership, as PUT shows it.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/creators/{creator_id}", operation_id = "remove_project_creator", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("creator_id" = uuid::Uuid, Path, description = "The creator's id.")
    ),
    responses((status = 204, description = "It is not a member any more."))
)]
pub(crate) async fn remove_creator(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Creator(call.id("creator_id")?);
    remove(kind, call, member).await
}

/// Put an account into a project.
///
/// Its posts belong to the project with it, now and later. 201 with its own address as `Location` the first time, 200 after. A project may have
/// 10,000 members; one more is a 403 with `QUOTA_EXCEEDED`. Needs no body.
#[utoipa::path(
    put, path = "/v2/projects/{project_id}/accounts/{account_id}", operation_id = "add_project_account", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("account_id" = uuid::Uuid, Path, description = "The account's id.")
    ),
    responses(
        (status = 201, description = "It is a member now.", body = Envelope<CollectionMemberOut>),
        (status = 200, description = "It was a member before.", body = Envelope<CollectionMemberOut>)
    )
)]
pub(crate) async fn put_account(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Account(call.id("account_id")?);
    put(kind, call, member).await
}

/// Take an account out of a project.
///
/// It stays tracked. What is not a member of this project is a 404. `If-Match` speaks of the membership, as PUT shows it.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/accounts/{account_id}", operation_id = "remove_project_account", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("account_id" = uuid::Uuid, Path, description = "The account's id.")
    ),
    responses((status = 204, description = "It is not a member any more."))
)]
pub(crate) async fn remove_account(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Account(call.id("account_id")?);
    remove(kind, call, member).await
}

/// Put a video into a project.
///
/// 201 with its own address as `Location` the first time, 200 after. A project may have 10,000 members; one more is a 403 with `QUOTA_EXCEEDED`.
/// Needs no body.
#[utoipa::path(
    put, path = "/v2/projects/{project_id}/videos/{video_id}", operation_id = "add_project_video", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("video_id" = uuid::Uuid, Path, description = "The video's id.")
    ),
    responses(
        (status = 201, description = "It is a member now.", body = Envelope<CollectionMemberOut>),
        (status = 200, description = "It was a member before.", body = Envelope<CollectionMemberOut>)
    )
)]
pub(crate) async fn put_video(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Video(call.id("video_id")?);
    put(kind, call, member).await
}

/// Take a video out of a project.
///
/// It stays tracked. What is not a member of this project is a 404. `If-Match` speaks of the membership, as PUT shows it.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/videos/{video_id}", operation_id = "remove_project_video", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("video_id" = uuid::Uuid, Path, description = "The video's id.")
    ),
    responses((status = 204, description = "It is not a member any more."))
)]
pub(crate) async fn remove_video(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::Video(call.id("video_id")?);
    remove(kind, call, member).await
}

/// Put an account video into a project.
///
/// 201 with its own address as `Location` the first time, 200 after. A project may have 10,000 members; one more is a 403 with `QUOTA_EXCEEDED`.
/// Needs no body.
#[utoipa::path(
    put, path = "/v2/projects/{project_id}/account-videos/{account_video_id}", operation_id = "add_project_account_video", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1)
    ),
    responses(
        (status = 201, description = "It is a member now.", body = Envelope<CollectionMemberOut>),
        (status = 200, description = "It was a member before.", body = Envelope<CollectionMemberOut>)
    )
)]
pub(crate) async fn put_account_video(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::AccountVideo(call.account_video_id("account_video_id")?);
    put(kind, call, member).await
}

/// Take an account video out of a project.
///
/// It stays tracked. What is not a member of this project is a 404. `If-Match` speaks of the membership, as PUT shows it.
#[utoipa::path(
    delete, path = "/v2/projects/{project_id}/account-videos/{account_video_id}", operation_id = "remove_project_account_video", tag = "projects",
    params(
        ("project_id" = uuid::Uuid, Path, description = "The project's id."),
        ("account_video_id" = i64, Path, description = "The account video's id.", minimum = 1)
    ),
    responses((status = 204, description = "It is not a member any more."))
)]
pub(crate) async fn remove_account_video(kind: CollectionKind, call: Call) -> Answer {
    let member = Member::AccountVideo(call.account_video_id("account_video_id")?);
    remove(kind, call, member).await
}
