//! The OpenAPI 3.1 document: the published form of the contract, made from the annotations of the handlers and the views.
//!
//! What is the same for every operation is not annotated but added here, from the same rules by which the gate works: the scope that is
//! needed, the headers, and every way in which a call can fail.

use utoipa::OpenApi as _;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required};

use actix_web::http::Method;

use crate::gate::Access;
use crate::problem::{Code, PROBLEM_JSON, ProblemOut};
use crate::routes::{account_videos, accounts, api_keys, creators, docs, endpoints, meta, sources, videos};
use crate::routes::{bulk, organization, refresh, requests, runs};

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
        sources::list,
        api_keys::list, api_keys::create, api_keys::read, api_keys::update, api_keys::revoke, api_keys::rotate,
        bulk::accounts, bulk::videos, organization::read, organization::update, organization::usage,
        requests::read,
        runs::list, runs::read, runs::of_account, runs::of_video, runs::of_account_video,
        refresh::account, refresh::video,
    ),
    components(schemas(ProblemOut)),
    security(("api_key" = [])),
    tags(
        (name = "accounts", description = "The accounts that your organization tracks."),
        (name = "videos", description = "Single posts that your organization added by hand."),
        (name = "account videos", description = "Posts that were found in the feeds of tracked accounts."),
        (name = "creators", description = "People and brands, and which accounts are theirs."),
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
them (`rounded`), or they were read out of a text made for people (`from_text`), which lags behind by hours. A gain between two values is known \
only where both are equally exact.

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
Refused requests are remembered too; malformed ones, 5xx and 429 are not.

**Conditional requests.** `ETag` is strong, so a compressed body has another one than a plain one; all of them are taken \
back. `If-None-Match` saves the body of a GET; `If-Match` guards a PATCH or DELETE against changes that you have not seen.";

/// The OpenAPI document.
pub fn openapi() -> OpenApi {
    let mut document = Document::openapi();
    document.info.license = None;
    document.info.contact = None;
    document.servers = None;
    require_everything(&mut document);
    if let Some(components) = &mut document.components {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key: `ca_<8>_<43>_<6>`. It belongs to one organization."))
            .build();
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
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
    document
}

/// The OpenAPI document as JSON.
pub fn openapi_json() -> String {
    // The document is made of strings and numbers; writing it cannot fail.
    openapi().to_pretty_json().unwrap_or_default()
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

const IF_MATCH: &str = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;

/// Members of answers that are left out when there is nothing to say. All others are always there, null or not.
const OPTIONAL: [(&str, &str); 3] = [("Problem", "errors"), ("Problem", "existing_id"), ("Pagination", "total_count")];

fn require_everything(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (name, schema) in &mut components.schemas {
        let is_request = name.ends_with("Create") || name.ends_with("Update");
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

/// Adds what an operation shares with others of its kind.
fn complete(operation: &mut Operation, route: &str, method: &Method, access: Access) {
    let is_keyed = access != Access::Open;
    if let Access::Scope(scope) = access {
        let own = operation.description.take().map_or_else(String::new, |text| format!("{text}\n\n"));
        operation.description = Some(format!("{own}Needs the scope `{}`.", scope.as_str()));
    }
    if let Some(RefOr::T(body)) = &mut operation.request_body
        && route == BODY_IS_OPTIONAL
    {
        body.required = Some(Required::False);
    }
    let mut parameters = operation.parameters.take().unwrap_or_default();
    let request_id = header_parameter(
        "X-Request-ID",
        "Your own id of the request: 1–128 characters of `A-Z a-z 0-9 . _ -`. Anything else is replaced by a new one.",
        None,
    );
    parameters.extend(conditions(method).into_iter().chain([request_id]).map(RefOr::T));
    operation.parameters = Some(parameters);

    let responses = &mut operation.responses.responses;
    if method == Method::GET {
        responses.insert("304".to_owned(), RefOr::T(Response::new("You have it already.")));
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.extend(headers_of_success(response, method));
        }
    }
    for code in failures(route, method, is_keyed) {
        let key = code.status().as_str().to_owned();
        let problem = responses.entry(key).or_insert_with(|| RefOr::T(problem_response(code)));
        if let RefOr::T(problem) = problem
            && !problem.description.contains(code.as_str())
        {
            problem.description = format!("{}, `{}`", problem.description, code.as_str());
        }
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            response.headers.insert("X-Request-ID".to_owned(), RefOr::T(text_header("The request's id.")));
            if is_keyed {
                response.headers.extend(rate_headers());
            }
        }
    }
}

/// The conditional and idempotency headers that a method understands.
fn conditions(method: &Method) -> Vec<Parameter> {
    match method.as_str() {
        "GET" => vec![header_parameter("If-None-Match", "Entity tags that you have, or `*`.", None)],
        "PATCH" | "DELETE" => {
            vec![header_parameter("If-Match", "Entity tags of the state that you know, or `*`.", Some(IF_MATCH))]
        }
        "POST" => vec![header_parameter(
            "Idempotency-Key",
            "Your own name for this request: repeating it repeats the answer, not the work.",
            Some("^[!-~]{1,255}$"),
        )],
        _ => Vec::new(),
    }
}

fn header_parameter(name: &str, description: &str, pattern: Option<&str>) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(pattern).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn headers_of_success(response: &Response, method: &Method) -> Vec<(String, RefOr<Header>)> {
    let mut headers = Vec::new();
    let is_empty = response.content.is_empty();
    if !is_empty || method == Method::GET {
        headers.push(("ETag".to_owned(), RefOr::T(text_header("The strong entity tag of the body."))));
    }
    headers
}

fn text_header(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).build());
    header.description = Some(description.to_owned());
    header
}

fn rate_headers() -> Vec<(String, RefOr<Header>)> {
    [
        ("X-RateLimit-Limit", "Calls that may be made at once; as many come back in a minute, evenly."),
        ("X-RateLimit-Remaining", "Calls that would pass right now."),
        ("X-RateLimit-Reset", "When the whole limit is there again, in seconds since 1970."),
        ("RateLimit", "The same, in the IETF's form: calls left and seconds until the whole limit is there again."),
        ("RateLimit-Policy", "The limit, in the IETF's form: calls, and the seconds in which as many come back."),
    ]
    .map(|(name, text)| (name.to_owned(), RefOr::T(text_header(text))))
    .into()
}

/// Every way in which a call can fail.
fn failures(route: &str, method: &Method, is_keyed: bool) -> Vec<Code> {
    let has_body = matches!(method.as_str(), "POST" | "PATCH" | "PUT");
    let is_conditional = matches!(method.as_str(), "PATCH" | "DELETE");
    let mut codes = vec![Code::NotAcceptable, Code::ValidationError, Code::InternalError];
    if has_body {
        codes.extend([Code::BadRequest, Code::PayloadTooLarge, Code::UnsupportedMediaType]);
    }
    if is_conditional {
        codes.extend([Code::BadRequest, Code::PreconditionFailed]);
    }
    if route.contains('{') {
        codes.push(Code::NotFound);
    }
    if matches!(method.as_str(), "POST" | "PUT") {
        codes.push(Code::Conflict);
    }
    if is_keyed {
        codes.extend([Code::Unauthorized, Code::Forbidden, Code::InsufficientScope, Code::RateLimited]);
    }
    if route == "/v2/accounts" && method == Method::POST {
        codes.push(Code::QuotaExceeded);
    }
    if is_keyed || route == "/v2/health/ready" {
        codes.push(Code::ServiceUnavailable);
    }
    codes
}

fn problem_response(code: Code) -> Response {
    let mut response = ResponseBuilder::new()
        .description(format!("{}: `{}`", code.title(), code.as_str()))
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    let extra = match code {
        Code::Unauthorized => Some(("WWW-Authenticate", "`Bearer`.")),
        Code::RateLimited | Code::ServiceUnavailable => Some(("Retry-After", "Seconds to wait.")),
        Code::BadRequest
        | Code::Forbidden
        | Code::InsufficientScope
        | Code::QuotaExceeded
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::NotAcceptable
        | Code::Conflict
        | Code::PreconditionFailed
        | Code::PayloadTooLarge
        | Code::UnsupportedMediaType
        | Code::ValidationError
        | Code::InternalError
        | Code::UpstreamError => None,
    };
    if let Some((name, text)) = extra {
        response.headers.insert(name.to_owned(), RefOr::T(text_header(text)));
    }
    response
}

#[cfg(test)]
mod tests;
