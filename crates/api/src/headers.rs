//! What every answer says beside its content: what a browser may do with it, who may keep it, and on what it depends.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};

use crate::Shared;
use crate::cors;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For answers that are data: nothing in them is ever to be loaded or run.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// For the interactive reference: its own files, pictures that stand in its style sheet, and calls to the API beside it.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/// The same on every answer.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
];

/// A year, which is what a browser believes a host that says so.
const HTTPS_ALONE: &str = "max-age=31536000";

/// Completes the headers of an answer to a call of `route`.
pub(crate) fn complete(shared: &Shared, route: &str, method: &Method, status: StatusCode, answer: &mut HeaderMap) {
    for (name, value) in ALWAYS {
        answer.insert(name, HeaderValue::from_static(value));
    }
    // By the route and not by the type of the body: a 304 has none, and renews the policy of what the browser has.
    let policy = if route.starts_with("/v2/docs") { PAGE_POLICY } else { DATA_POLICY };
    answer.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if shared.public_url.as_ref().is_some_and(|url| url.starts_with("https://")) {
        answer.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HTTPS_ALONE));
    }
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    if !is_read || status.is_client_error() || status.is_server_error() {
        answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    cors::settle(answer);
    let depends_on = if shared.allowed_origins.is_empty() { "Accept-Encoding" } else { "Accept-Encoding, Origin" };
    answer.insert(header::VARY, HeaderValue::from_static(depends_on));
}
