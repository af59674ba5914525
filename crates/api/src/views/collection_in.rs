//! What clients send about projects and groups, and the lists of them and of their members that they ask for.

use domain::MemberType;
use serde::Serialize;
use serde_json::Value;
use store::{CollectionChange, CollectionFilter, CollectionOrder, Direction, MemberFilter, MemberOrder, NewCollection};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Fields, name};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::metadata_in;
use crate::views::vocabulary::MemberTypeName;

/// A project or group to add.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CollectionCreate)]
#[expect(dead_code, reason = "the published form of what new_collection reads")]
pub(crate) struct CollectionIn {
    /// The name. Several may have the same.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    name: String,
    /// Your own notes: at most 20 keys; keys and texts of at most 255 characters; no nested values. Whole numbers
    /// are kept within 64 bits, others to double precision.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
}

/// Reads the body of a POST.
pub(crate) fn new_collection(mut fields: Fields) -> Result<NewCollection, Problem> {
    let name = fields.required("name", name);
    let metadata = fields.metadata();
    fields.finish()?;
    let name = name.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    Ok(NewCollection { name, metadata: metadata.unwrap_or_default() })
}

/// What is to change of a project or group. What is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CollectionUpdate)]
#[expect(dead_code, reason = "the published form of what collection_change reads")]
pub(crate) struct CollectionPatch {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$", required = false, value_type = String)]
    name: Option<String>,
    /// Your own notes, replaced as a whole.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
}

/// Reads the body of a PATCH.
pub(crate) fn collection_change(mut fields: Fields) -> Result<CollectionChange, Problem> {
    let change = CollectionChange { name: fields.optional("name", name), metadata: fields.metadata() };
    fields.finish()?;
    Ok(change)
}

const ORDERS: &[Order<CollectionOrder>] = &[
    Order { name: "name", value: CollectionOrder::Name, direction: Direction::Asc },
    Order { name: "added_at", value: CollectionOrder::AddedAt, direction: Direction::Desc },
];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum CollectionOrderName {
    Name,
    AddedAt,
}

/// Which projects or groups, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what collection_list reads")]
pub(crate) struct CollectionListParams {
    /// The name contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// The column to sort by. Default `name`.
    #[param(inline)]
    order_by: Option<CollectionOrderName>,
}

/// The filters and sort in force in a list of projects or groups.
#[derive(Serialize, ToSchema)]
#[schema(as = CollectionFilters)]
pub(crate) struct CollectionFiltersOut {
    q: Option<String>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which projects or groups are asked for; the page is left in `query`.
pub(crate) fn collection_list(query: &mut Query) -> (CollectionFilter, Sort<CollectionOrder>, CollectionFiltersOut) {
    let filter = CollectionFilter { q: query.text("q") };
    let sort = query.sort(ORDERS);
    let CollectionFilter { q } = filter.clone();
    let in_force = CollectionFiltersOut { q, order_by: sort.name, order_direction: sort.direction_name() };
    (filter, sort, in_force)
}

const MEMBER_ORDERS: &[Order<MemberOrder>] =
    &[Order { name: "added_at", value: MemberOrder::AddedAt, direction: Direction::Desc }];

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum MemberOrderName {
    AddedAt,
}

/// Which members, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what member_list reads")]
pub(crate) struct MemberListParams {
    /// Of this type.
    #[param(rename = "type", inline)]
    member_type: Option<MemberTypeName>,
    /// The column to sort by.
    #[param(inline)]
    order_by: Option<MemberOrderName>,
}

/// The filters and sort in force in a list of members.
#[derive(Serialize, ToSchema)]
#[schema(as = CollectionMemberFilters)]
pub(crate) struct MemberFiltersOut {
    #[serde(rename = "type")]
    #[schema(value_type = Option<MemberTypeName>)]
    member_type: Option<MemberType>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which members are asked for; the page is left in `query`.
pub(crate) fn member_list(query: &mut Query) -> (MemberFilter, Sort<MemberOrder>, MemberFiltersOut) {
    let filter = MemberFilter { member_type: query.choice("type") };
    let sort = query.sort(MEMBER_ORDERS);
    let MemberFilter { member_type } = filter;
    let in_force = MemberFiltersOut { member_type, order_by: sort.name, order_direction: sort.direction_name() };
    (filter, sort, in_force)
}
