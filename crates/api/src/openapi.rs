//! The OpenAPI 3.1 document: the published form of the contract, made from the annotations of the handlers and the views.
//!
//! What is the same for every operation is not annotated but added here, from the same rules by which the gate works: the scope that is
//! needed, the headers, and every way in which a call can fail.

mod examples;
mod links;
mod shared;
mod twins;

use std::collections::BTreeMap;

use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};

use actix_web::http::Method;

use crate::gate::Access;
use crate::problem::{Code, PROBLEM_JSON, ProblemOut};
use crate::routes::{account_videos, accounts, api_keys, creators, docs, endpoints, meta, sources, videos};
use crate::routes::{bulk, exports, organization, refresh, requests};
use crate::routes::{collection_members, collections, history, rollups, runs, search};
use crate::routes::{reports, reports_v1};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "CreatorAudit API v2", description = DESCRIPTION),
    paths(
        meta::health, meta::ready, meta::meta, meta::whoami, docs::openapi_document,
        accounts::list, accounts::create, accounts::read, accounts::update, accounts::delete,
        videos::list, videos::create, videos::read, videos::update, videos::delete,
        account_videos::list, account_videos::read,
        creators::list, creators::create, creators::read, creators::update, creators::delete,
        creators::link, creators::unlink,
        collections::list, collections::create, collections::read, collections::update, collections::delete,
        collection_members::list,
        collection_members::put_creator, collection_members::remove_creator,
        collection_members::put_account, collection_members::remove_account,
        collection_members::put_video, collection_members::remove_video,
        collection_members::put_account_video, collection_members::remove_account_video,
        sources::list,
        api_keys::list, api_keys::create, api_keys::read, api_keys::update, api_keys::revoke, api_keys::rotate,
        bulk::accounts, bulk::videos, organization::read, organization::update, organization::usage,
        requests::read,
        runs::list, runs::read, runs::of_account, runs::of_video, runs::of_account_video,
        refresh::account, refresh::video,
        search::search,
        reports::posts, reports::members, reports_v1::posts, reports_v1::members,
        rollups::creator_timeseries, rollups::creator_analytics, rollups::organization_timeseries,
        rollups::overview, rollups::top_creators,
        exports::list, exports::create, exports::read, exports::delete, exports::download,
        history::account_metrics, history::video_metrics, history::account_video_metrics,
        history::account_deltas, history::video_deltas, history::account_video_deltas,
        history::account_timeseries, history::video_timeseries, history::account_video_timeseries,
        history::account_analytics, history::video_analytics, history::account_video_analytics,
        history::account_snapshots, history::video_snapshots, history::account_video_snapshots,
    ),
    components(schemas(ProblemOut)),
    security(("api_key" = [])),
    tags(
        (name = "accounts", description = "The accounts that your organization tracks."),
        (name = "videos", description = "Single posts that your organization added by hand."),
        (name = "account videos", description = "Posts that were found in the feeds of tracked accounts."),
        (name = "creators", description = "People and brands, and which accounts are theirs."),
        (name = "projects", description = "Creators, accounts and posts that belong together."),
        (name = "groups", description = "The same as projects, under a name and in lists of their own."),
        (name = "history", description = "Metrics over time: what was gained, day by day and in windows."),
        (name = "reports", description = "All posts of your organization, each once, and what they come to for each creator."),
        (name = "search", description = "Everything that your organization tracks, by a piece of text."),
        (name = "exports", description = "Whole sets of what your organization tracks, as files."),
        (name = "sources", description = "Where the service asks the platforms, and how it fares there."),
        (name = "API keys", description = "Your organization's keys: who may do what, and until when."),
        (name = "organization", description = "Your organization, its defaults and bounds, and what it uses."),
        (name = "requests", description = "What became of a call, by its request id."),
        (name = "runs", description = "What was read, is being read and is about to be; reading on demand."),
        (name = "meta", description = "The service itself and the key."),
    )
)]
struct Document;

const DESCRIPTION: &str = "\
Tracks public creator accounts and posts on Instagram, TikTok, YouTube and Pinterest and serves their public metrics.

**Ids, times, nulls.** Ids are UUIDs, but those of account videos, which are integers. Times are RFC 3339 in UTC. A metric that is not \
known is null, never 0, and `metric_status` says why. `metric_precision` says which of the known ones are not exact: the platform rounded \
them (`rounded`), or they were read out of a text made for people (`from_text`), which lags behind by hours. Within an hour a \
less exact number never stands in for a more exact one. A gain is the difference of two values however exact they are; where a platform begins to round, \
it is off by the rounding, and sums stay right.

**Platforms.** What a platform does not have is null with `unsupported`: on TikTok saves; on YouTube shares, saves, plays and the accounts \
that a channel follows; on Pinterest views, plays and shares. TikTok makes no difference between views and plays, so both are there and the same. \
A channel may hide its subscribers (`hidden`). Numbers of Facebook are Instagram's alone.

**Errors.** Every failure is a problem document (RFC 9457) with a `code` for programs and the `request_id`. A 422 lists every invalid field \
at once; a body that is JSON but no object is invalid under the name `body`. A path where nothing is answers 404 without a key.

**Request ids.** Every response carries `X-Request-ID`; your own of 1–128 characters of `A-Z a-z 0-9 . _ -` is adopted.

**Rate limits.** Per key: the whole limit at once, and one call more each time that a minute's share of it has passed. A limit of 600 is 600 \
calls at once and ten a second. Every answer to a good key says where it stands; a client that waits until `X-RateLimit-Reset` when \
`X-RateLimit-Remaining` is 0 never sees a 429, and one that waits for `Retry-After` passes. Refused calls cost nothing. Requests without a \
good key count against the client's address; beyond that limit they are answered 429 instead of 401.

**Pages.** Follow `pagination.next_cursor` or the `Link` header. A cursor belongs to its filters and sort; `limit` and `include_total` may \
change on the way.

**Repeating a POST.** With an `Idempotency-Key` the same request gets the same answer for 24 hours, marked `Idempotency-Replayed: true`. \
Refused requests are remembered too, a body that is no JSON among them; 5xx, what comes with `Retry-After`, and what is refused before the \
key is looked at (406, 413, 415, unknown parameters) are not.

**Conditional requests.** `ETag` is strong, so a compressed body has another one than a plain one; all of them are taken \
back. `If-None-Match` saves the body of a GET; `If-Match` guards a PATCH or DELETE against changes that you have not seen.";

/// The OpenAPI document.
pub fn openapi() -> OpenApi {
    let mut document = Document::openapi();
    document.info.license = None;
    document.info.contact = None;
    document.servers = None;
    name_again(&mut document);
    // After that, so that what both share is referred to by its name, which says nothing of either.
    twins::add(&mut document);
    refuse_nul_in_bodies(&mut document);
    require_everything(&mut document);
    if let Some(components) = &mut document.components {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key: `ca_<8>_<43>_<6>`. It belongs to one organization."))
            .build();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        shared::add(components);
    }
    for endpoint in endpoints() {
        let rules = endpoint.rules();
        let Some(item) = document.paths.paths.get_mut(rules.route) else { continue };
        for (method, access) in &rules.operations {
            if let Some(operation) = operation_of(item, method) {
                complete(operation, rules.route, method, *access);
            }
        }
    }
    links::add(&mut document);
    examples::add(&mut document);
    document
}

/// The OpenAPI document as JSON.
pub fn openapi_json() -> String {
    as_json(&openapi())
}

/// The same, as it is served by a service that clients reach at `public_url`.
pub(crate) fn openapi_json_at(public_url: Option<&str>) -> String {
    let mut document = openapi();
    document.servers = public_url.map(|url| vec![Server::new(url)]);
    as_json(&document)
}

fn as_json(document: &OpenApi) -> String {
    // The document is made of strings and numbers; writing it cannot fail.
    document.to_pretty_json().unwrap_or_default()
}

/// The operations of a path.
fn operations_of(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn operation_of<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    let operation = match method.as_str() {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        "PATCH" => &mut item.patch,
        "DELETE" => &mut item.delete,
        _ => return None,
    };
    operation.as_mut()
}

const WITHOUT_NUL: &str = r"^[^\x00]*$";

/// Members of answers that are left out when there is nothing to say. All others are always there, null or not.
const OPTIONAL: [(&str, &str); 4] = [
    ("Problem", "errors"),
    ("Problem", "existing_id"),
    ("Pagination", "total_count"),
    ("ReportPagination", "total_count"),
];

/// Refers to named schemas where generic ones (`Envelope<AccountOut>`) have written them out.
fn name_again(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let named = components.schemas.clone();
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::Object(object)) = schema {
            object.properties.values_mut().for_each(|property| refer(property, &named));
        }
    }
}

fn refer(schema: &mut RefOr<Schema>, named: &BTreeMap<String, RefOr<Schema>>) {
    if let RefOr::T(Schema::Array(array)) = schema
        && let ArrayItems::RefOrSchema(items) = &mut array.items
    {
        refer(items, named);
    } else if let RefOr::T(Schema::Object(_) | Schema::AllOf(_)) = schema
        && let Some((name, _)) = named.iter().find(|(_, known)| *known == schema)
    {
        *schema = RefOr::Ref(Ref::from_schema_name(name));
    }
}

/// No text of a client may hold the NUL character, which PostgreSQL cannot keep.
fn refuse_nul_in_bodies(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for schema in components.schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else { continue };
        // Bodies of requests alone refuse unknown members.
        if object.additional_properties.as_deref() == Some(&AdditionalProperties::FreeForm(false)) {
            for property in object.properties.values_mut() {
                if let RefOr::T(property) = property {
                    refuse_nul(property);
                }
            }
        }
    }
}

fn refuse_nul(schema: &mut Schema) {
    let Schema::Object(object) = schema else { return };
    let is_text = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::String,
        SchemaType::Array(kinds) => kinds.contains(&Type::String),
        SchemaType::AnyValue => false,
    };
    if is_text && object.enum_values.is_none() && object.format.is_none() && object.pattern.is_none() {
        object.pattern = Some(WITHOUT_NUL.to_owned());
    }
}

fn require_everything(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        let is_request = ["Create", "Update", "Query"].iter().any(|end| name.ends_with(end));
        if let (false, RefOr::T(schema)) = (is_request, schema) {
            require(name, schema);
        }
    }
}

fn require(name: &str, schema: &mut Schema) {
    if let Schema::AllOf(all) = schema {
        for item in &mut all.items {
            if let RefOr::T(schema) = item {
                require(name, schema);
            }
        }
    } else if let Schema::Object(object) = schema {
        let names = object.properties.keys().filter(|property| !OPTIONAL.contains(&(name, property.as_str())));
        object.required = names.cloned().collect();
    }
}

/// The POST whose fields may all be left out, and the body with them.
const BODY_IS_OPTIONAL: &str = "/v2/api-keys/{api_key_id}/rotate";

/// Where a file is downloaded by a signed link.
const FILE: &str = "/v2/exports/{export_id}/download";

/// Whether a POST asks and writes nothing, so that there is nothing to repeat and nothing to collide with.
pub(crate) fn is_question(route: &str, method: &Method) -> bool {
    method == Method::POST && (route.ends_with("/metrics") || route.ends_with("/deltas"))
}

/// Adds what an operation shares with others of its kind.
fn complete(operation: &mut Operation, route: &str, method: &Method, access: Access) {
    operation.security = Some(vec![match access {
        Access::Open => SecurityRequirement::default(),
        Access::AnyKey => SecurityRequirement::new::<_, [&str; 0], _>("api_key", []),
        Access::Scope(scope) => SecurityRequirement::new("api_key", [scope.as_str()]),
    }]);
    if let Access::Scope(scope) = access {
        let own = operation.description.take().map_or_else(String::new, |text| format!("{text}\n\n"));
        operation.description = Some(format!("{own}Needs the scope `{}`.", scope.as_str()));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && route == BODY_IS_OPTIONAL
    {
        body.required = Some(utoipa::openapi::Required::False);
    }
    let parameters = operation.parameters.get_or_insert_default();
    say_which_sorts(parameters);
    for parameter in &mut *parameters {
        if let RefOr::T(Parameter { schema: Some(RefOr::T(schema)), .. }) = parameter {
            refuse_nul(schema);
        }
    }
    let is_question = is_question(route, method);
    parameters.extend(shared::parameters_of(method, is_question));

    let responses = &mut operation.responses.responses;
    if method == Method::GET {
        responses.insert("304".to_owned(), RefOr::T(Response::new("You have it already.")));
    }
    for (status, response) in &mut *responses {
        if let RefOr::T(response) = response {
            response.headers.extend(shared::of_success(status, response, method, is_question));
            response.headers.extend(is_list(response).then(shared::of_list));
        }
    }
    for code in failures(route, method, access) {
        let key = code.status().as_str().to_owned();
        let problem = responses.entry(key).or_insert_with(|| RefOr::T(problem_response(code)));
        if let RefOr::T(problem) = problem {
            also_say(problem, code);
        }
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.extend(shared::of_all(access != Access::Open));
        }
    }
}

/// The older `sort` takes the names of `order_by`, each with or without `-` before it.
fn say_which_sorts(parameters: &mut [RefOr<Parameter>]) {
    let place_of = |parameters: &[RefOr<Parameter>], name: &str| {
        parameters.iter().position(|parameter| matches!(parameter, RefOr::T(it) if it.name == name))
    };
    let (Some(order_by), Some(sort)) = (place_of(parameters, "order_by"), place_of(parameters, "sort")) else { return };
    let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(columns))), .. }) = &parameters[order_by] else {
        return;
    };
    let columns: Vec<_> = columns.enum_values.iter().flatten().filter_map(|name| name.as_str()).collect();
    let names: Vec<_> = columns.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(names)).build();
    if let RefOr::T(sort) = &mut parameters[sort] {
        sort.schema = Some(schema.into());
    }
}

fn is_list(response: &Response) -> bool {
    response.content.values().any(|content| {
        let RefOr::T(content) = content else { return false };
        matches!(&content.schema, Some(RefOr::Ref(schema)) if ["/Listing_", "/Report_"].into_iter().any(|kind| schema.ref_location.contains(kind)))
    })
}

/// Every way in which a call can fail.
fn failures(route: &str, method: &Method, access: Access) -> Vec<Code> {
    let is_keyed = access != Access::Open;
    let has_body = matches!(method.as_str(), "POST" | "PATCH" | "PUT");
    let is_conditional = matches!(method.as_str(), "PATCH" | "DELETE");
    let mut codes = vec![Code::NotAcceptable, Code::ValidationError, Code::InternalError];
    if has_body || is_conditional {
        codes.push(Code::BadRequest);
    }
    if has_body {
        codes.extend([Code::PayloadTooLarge, Code::UnsupportedMediaType]);
    }
    if is_conditional {
        codes.push(Code::PreconditionFailed);
    }
    // A report may name the organization that it is about.
    let names_client = matches!(route, "/v1/posts" | "/v1/members" | "/v2/posts" | "/v2/members")
        || (route == "/v2/exports" && method == Method::POST);
    if route.contains('{') || names_client {
        codes.push(Code::NotFound);
    }
    if matches!(method.as_str(), "POST" | "PUT") && !is_question(route, method) {
        codes.push(Code::Conflict);
    }
    if is_keyed {
        codes.extend([Code::Unauthorized, Code::Forbidden, Code::RateLimited]);
    }
    if matches!(access, Access::Scope(_)) {
        codes.push(Code::InsufficientScope);
    }
    if has_cap(route, method) {
        codes.push(Code::QuotaExceeded);
    }
    let is_file = route == FILE;
    if is_file {
        // By a link that is none of ours, or for bytes that the file does not have.
        codes.extend([Code::Forbidden, Code::RangeNotSatisfiable]);
    }
    if is_keyed || is_file || route == "/v2/health/ready" {
        codes.push(Code::ServiceUnavailable);
    }
    codes
}

/// Whether an operation makes something of which there may be so many and no more.
fn has_cap(route: &str, method: &Method) -> bool {
    match method.as_str() {
        "POST" => matches!(route, "/v2/accounts" | "/v2/projects" | "/v2/groups" | "/v2/exports"),
        "PUT" => route.starts_with("/v2/projects/") || route.starts_with("/v2/groups/"),
        _ => false,
    }
}

fn problem_response(code: Code) -> Response {
    ResponseBuilder::new()
        .description(code.title())
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build()
}

/// Adds one more way to fail to a response.
fn also_say(response: &mut Response, code: Code) {
    let mark = if response.description.contains('`') { "," } else { ":" };
    response.description = format!("{}{mark} `{}`", response.description, code.as_str());
    response.headers.extend(shared::of_problem(code));
    if let Some(RefOr::T(content)) = response.content.get_mut(PROBLEM_JSON) {
        content.examples.extend([examples::reference(code)]);
    }
}

#[cfg(test)]
mod tests;
