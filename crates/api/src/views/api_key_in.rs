//! What clients send about API keys, and the lists of keys that they ask for.

use std::time::Duration;

use domain::{KeyLifetime, Scope, Scopes, Timestamp};
use serde::Serialize;
use store::{Direction, KeyChange, KeyFilter, KeyOrder, NewKey, Rotation};
use utoipa::{IntoParams, ToSchema};

use crate::body::{Fields, boolean, choice, integer, name};
use crate::problem::Problem;
use crate::query::{Order, Query, Sort};
use crate::views::vocabulary::{KeyLifetimeName, ScopeName};

/// An API key to make.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyCreate)]
#[expect(dead_code, reason = "the published form of what new_key reads")]
pub(crate) struct ApiKeyIn {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$")]
    name: String,
    /// What it may do: each scope once. Without it `read`, `write` and `admin`.
    #[schema(required = false, min_items = 1, max_items = 12, schema_with = unique_scopes)]
    scopes: Option<Vec<ScopeName>>,
    /// How long it lives.
    #[schema(required = false, value_type = KeyLifetimeName, default = "90d")]
    expires_in: Option<KeyLifetimeName>,
}

fn unique_scopes() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::schema::{ArrayBuilder, Ref};
    ArrayBuilder::new()
        .items(Ref::from_schema_name("Scope"))
        .min_items(Some(1))
        .max_items(Some(Scope::ALL.len()))
        .unique_items(true)
        .description(Some("What it may do: each scope once. Without it `read`, `write` and `admin`."))
        .build()
}

/// Reads the body of a POST; lifetimes begin at `now`.
pub(crate) fn new_key(mut fields: Fields, now: Timestamp) -> Result<NewKey, Problem> {
    let name = fields.required("name", name);
    let scopes = scopes(&mut fields);
    let lifetime = fields.optional("expires_in", choice::<KeyLifetime>).unwrap_or_default();
    fields.finish()?;
    let name = name.ok_or_else(|| Problem::internal("a required field was neither read nor refused"))?;
    Ok(NewKey { name, scopes: scopes.unwrap_or_else(Scopes::all_coarse), expires_at: lifetime.end(now) })
}

fn scopes(fields: &mut Fields) -> Option<Scopes> {
    let listed = fields.list("scopes", Scope::ALL.len(), choice::<Scope>)?;
    let scopes = Scopes::of(listed);
    if scopes.is_none() {
        fields.refuse("scopes", "must name at least one scope, and each once");
    }
    scopes
}

/// What is to change of an API key. What is left out stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyUpdate)]
#[expect(dead_code, reason = "the published form of what key_change reads")]
pub(crate) struct ApiKeyPatch {
    /// The name.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00]*[^\s\x00][^\x00]*$", required = false, value_type = String)]
    name: Option<String>,
    /// Enable or disable it, from the next call on.
    #[schema(required = false, value_type = bool)]
    is_active: Option<bool>,
}

/// Reads the body of a PATCH.
pub(crate) fn key_change(mut fields: Fields) -> Result<KeyChange, Problem> {
    let change = KeyChange { name: fields.optional("name", name), is_active: fields.optional("is_active", boolean) };
    fields.finish()?;
    Ok(change)
}

const MOST_OVERLAP_HOURS: i64 = 168;
const DEFAULT_OVERLAP_HOURS: i64 = 24;

/// How an API key gets its new secret.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ApiKeyRotationCreate)]
#[expect(dead_code, reason = "the published form of what rotation reads")]
pub(crate) struct RotationIn {
    /// For how many hours the secret of now goes on opening, though never beyond the key's end of now.
    #[schema(minimum = 0, maximum = 168, default = 24, required = false, value_type = i64)]
    overlap_hours: Option<i64>,
    /// A new lifetime of the key, from now on. Without it the end stays.
    #[schema(required = false, value_type = KeyLifetimeName)]
    expires_in: Option<KeyLifetimeName>,
}

/// Reads the body of a rotation; lifetimes begin at `now`.
pub(crate) fn rotation(mut fields: Fields, now: Timestamp) -> Result<Rotation, Problem> {
    let hours = fields.optional("overlap_hours", integer(0, MOST_OVERLAP_HOURS)).unwrap_or(DEFAULT_OVERLAP_HOURS);
    let lifetime = fields.optional("expires_in", choice::<KeyLifetime>);
    fields.finish()?;
    let overlap = Duration::from_hours(u64::try_from(hours).map_err(Problem::internal)?);
    Ok(Rotation { overlap, expires_at: lifetime.map(|lifetime| lifetime.end(now)) })
}

const ORDERS: &[Order<KeyOrder>] = &[
    Order { name: "created_at", value: KeyOrder::CreatedAt, direction: Direction::Desc },
    Order { name: "name", value: KeyOrder::Name, direction: Direction::Asc },
];

/// Which API keys, in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "the published form of what key_list reads")]
pub(crate) struct ApiKeyListParams {
    /// Enabled (`true`) or disabled (`false`).
    is_active: Option<bool>,
    /// The name contains this, whatever its case.
    #[param(max_length = 255)]
    q: Option<String>,
    /// The column to sort by. Default `created_at`.
    #[param(inline)]
    order_by: Option<ApiKeyOrderName>,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "published names")]
enum ApiKeyOrderName {
    CreatedAt,
    Name,
}

/// The filters and sort in force in a list of API keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyFilters)]
pub(crate) struct ApiKeyFiltersOut {
    is_active: Option<bool>,
    q: Option<String>,
    order_by: &'static str,
    order_direction: &'static str,
}

/// Reads which keys are asked for; the page is left in `query`.
pub(crate) fn key_list(query: &mut Query) -> (KeyFilter, Sort<KeyOrder>, ApiKeyFiltersOut) {
    let filter = KeyFilter { is_active: query.boolean("is_active"), q: query.text("q") };
    let sort = query.sort(ORDERS);
    let KeyFilter { is_active, q } = filter.clone();
    let in_force = ApiKeyFiltersOut { is_active, q, order_by: sort.name, order_direction: sort.direction_name() };
    (filter, sort, in_force)
}
