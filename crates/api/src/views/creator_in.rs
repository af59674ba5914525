//! What clients send about creators, and the lists of creators that they ask for.

use serde::Serialize;
use serde_json::Value;
use store::{CreatorChange, CreatorFilter, CreatorOrder, Direction, NewCreator};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Fields, boolean, name};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::metadata_in;

/// A creator to add.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatorCreate)]
#[expect(dead_code, reason = "the published form of what new_creator reads")]
pub(crate) struct CreatorIn {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    name: String,
    /// Whether its accounts are collected.
    #[schema(default = true, required = false, value_type = bool)]
    is_active: Option<bool>,
    /// Your own notes: at most 20 keys; keys and texts of at most 255 characters; no nested values. Whole numbers
    /// are kept within 64 bits, others to double precision.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
}

/// Reads the body of a POST.
pub(crate) fn new_creator(mut fields: Fields) -> Result<NewCreator, Problem> {
    let name = fields.required("name", name);
    let is_active = fields.optional("is_active", boolean);
    let metadata = fields.metadata();
    fields.finish()?;
    let name = name.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    Ok(NewCreator { name, is_active: is_active.unwrap_or(true), metadata: metadata.unwrap_or_default() })
}

/// What is to change of a creator. What is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatorUpdate)]
#[expect(dead_code, reason = "the published form of what creator_change reads")]
pub(crate) struct CreatorPatch {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$", required = false, value_type = String)]
    name: Option<String>,
    /// Collect or pause its accounts.
    #[schema(required = false, value_type = bool)]
    is_active: Option<bool>,
    /// Your own notes, replaced as a whole.
    #[schema(schema_with = metadata_in, required = false)]
    metadata: Option<Value>,
}

/// Reads the body of a PATCH.
pub(crate) fn creator_change(mut fields: Fields) -> Result<CreatorChange, Problem> {
    let change = CreatorChange {
        name: fields.optional("name", name),
        is_active: fields.optional("is_active", boolean),
        metadata: fields.metadata(),
    };
    fields.finish()?;
    Ok(change)
}

const ORDERS: &[Order<CreatorOrder>] = &[
    Order { name: "name", value: CreatorOrder::Name, direction: Direction::Asc },
    Order { name: "added_at", value: CreatorOrder::AddedAt, direction: Direction::Desc },
    Order { name: "total_followers", value: CreatorOrder::TotalFollowers, direction: Direction::Desc },
];

/// Which creators, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what creator_list reads")]
pub(crate) struct CreatorListParams {
    /// Collected (`true`) or paused (`false`).
    is_active: Option<bool>,
    /// The name contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// The column to sort by. Default `name`.
    #[param(inline)]
    order_by: Option<CreatorOrderName>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum CreatorOrderName {
    Name,
    AddedAt,
    TotalFollowers,
}

/// The filters and sort in force in a list of creators.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatorFilters)]
pub(crate) struct CreatorFiltersOut {
    is_active: Option<bool>,
    q: Option<String>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which creators are asked for; the page is left in `query`.
pub(crate) fn creator_list(query: &mut Query) -> (CreatorFilter, Sort<CreatorOrder>, CreatorFiltersOut) {
    let filter = CreatorFilter { is_active: query.boolean("is_active"), q: query.text("q") };
    let sort = query.sort(ORDERS);
    let CreatorFilter { is_active, q } = filter.clone();
    let in_force = CreatorFiltersOut { is_active, q, order_by: sort.name, order_direction: sort.direction_name() };
    (filter, sort, in_force)
}
