//! The headers that operations have in common, written once among the components and referred to.

use actix_web::http::Method;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{Components, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Required};

use crate::problem::Code;

const IF_MATCH: &str = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;

/// Writes the shared headers.
pub(super) fn add(components: &mut Components) {
    for parameter in parameters() {
        components.parameters.insert(parameter.name.clone(), RefOr::T(parameter));
    }
    for (name, kind, text) in HEADERS {
        let mut header = Header::new(ObjectBuilder::new().schema_type(SchemaType::Type(kind)).build());
        header.description = Some(text.to_owned());
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

/// The request headers that a method understands; a POST that is a question needs none of its own.
pub(super) fn parameters_of(method: &Method, is_question: bool) -> Vec<RefOr<Parameter>> {
    let own = match method.as_str() {
        _ if is_question => None,
        "GET" => Some("If-None-Match"),
        "PATCH" | "DELETE" => Some("If-Match"),
        "POST" => Some("Idempotency-Key"),
        _ => None,
    };
    let names = own.into_iter().chain(["X-Request-ID"]);
    names.map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")))).collect()
}

/// The headers of a good answer.
pub(super) fn of_success(
    status: &str,
    response: &Response,
    method: &Method,
    is_question: bool,
) -> Vec<(String, RefOr<Header>)> {
    let mut names = Vec::new();
    if is_question {
        return Vec::new();
    }
    if !response.content.is_empty() || method == Method::GET {
        names.push("ETag");
    }
    if status == "201" {
        names.push("Location");
    }
    if method == Method::POST {
        names.push("Idempotency-Replayed");
    }
    names.into_iter().map(reference).collect()
}

/// The headers of a list.
pub(super) fn of_list() -> (String, RefOr<Header>) {
    reference("Link")
}

/// The headers of every answer, and those of every answer to a good key.
pub(super) fn of_all(is_keyed: bool) -> impl Iterator<Item = (String, RefOr<Header>)> {
    let rates = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy"];
    let rates = rates.into_iter().filter(move |_| is_keyed);
    ["X-Request-ID"].into_iter().chain(rates).map(reference)
}

/// The headers of a problem.
pub(super) fn of_problem(code: Code) -> Option<(String, RefOr<Header>)> {
    match code {
        Code::Unauthorized => Some(reference("WWW-Authenticate")),
        Code::RateLimited | Code::ServiceUnavailable | Code::Conflict => Some(reference("Retry-After")),
        Code::RangeNotSatisfiable => Some(reference("Content-Range")),
        Code::BadRequest
        | Code::Forbidden
        | Code::InsufficientScope
        | Code::QuotaExceeded
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::NotAcceptable
        | Code::PreconditionFailed
        | Code::PayloadTooLarge
        | Code::UnsupportedMediaType
        | Code::ValidationError
        | Code::InternalError
        | Code::UpstreamError => None,
    }
}

fn reference(name: &str) -> (String, RefOr<Header>) {
    (name.to_owned(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))))
}

const HEADERS: [(&str, Type, &str); 13] = [
    ("Content-Range", Type::String, "How many bytes the file has: `bytes */1048576`."),
    ("ETag", Type::String, "The strong entity tag of what is shown."),
    (
        "Idempotency-Replayed",
        Type::String,
        "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
    ),
    ("Link", Type::String, "The first page, and the next one while there is one (RFC 8288)."),
    ("Location", Type::String, "The path of the new resource."),
    (
        "RateLimit",
        Type::String,
        "The same, in the IETF's form: calls left and seconds until the whole limit is there again.",
    ),
    (
        "RateLimit-Policy",
        Type::String,
        "The limit, in the IETF's form: calls, and the seconds in which as many come back.",
    ),
    ("Retry-After", Type::Integer, "Seconds to wait, where waiting helps."),
    ("WWW-Authenticate", Type::String, "`Bearer`."),
    ("X-RateLimit-Limit", Type::Integer, "Calls that may be made at once; as many come back in a minute, evenly."),
    ("X-RateLimit-Remaining", Type::Integer, "Calls that would pass right now."),
    ("X-RateLimit-Reset", Type::Integer, "When the whole limit is there again, in seconds since 1970."),
    ("X-Request-ID", Type::String, "The request's id."),
];

fn parameters() -> [Parameter; 4] {
    [
        parameter("If-None-Match", "Entity tags that you have, or `*`.", None, r#""5d41402abc4b2a76b9719d911017c592""#),
        parameter("If-Match", "Entity tags of the state that you know, or `*`.", Some(IF_MATCH), "*"),
        parameter(
            "Idempotency-Key",
            "Your own name for this request: repeating it repeats the answer, not the work.",
            Some("^[!-~]{1,255}$"),
            "order-4711",
        ),
        parameter(
            "X-Request-ID",
            "Your own id of the request: 1–128 characters of `A-Z a-z 0-9 . _ -`. Anything else is replaced by a new one.",
            None,
            "checkout-7f3a",
        ),
    ]
}

fn parameter(name: &str, description: &str, pattern: Option<&str>, example: &str) -> Parameter {
    let schema = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).pattern(pattern).build();
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}
