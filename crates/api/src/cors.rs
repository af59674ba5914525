//! Which web pages' scripts may call the API: those of the origins in the settings, and no others. What a page may send and read is the same
//! for all of them; cookies mean nothing here, so credentials are never allowed.
//!
//! The layer tells whose script is calling; the answer to a preflight is the gate's answer to OPTIONS, which knows the methods of the path.

use actix_cors::Cors;
use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::middleware::Condition;

/// Headers of requests that mean something to us.
const REQUEST_HEADERS: &str =
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-ID";

/// Headers of answers that a script may read, beside those that it always may.
const EXPOSED: [&str; 13] = [
    "Allow",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
    "X-Total-Count",
];

/// For how long a browser may remember the answer to a preflight.
const MAX_AGE_SECONDS: u32 = 3600;

/// What means nothing, and is not sent, to a script of another origin.
const FOR_ALLOWED_ORIGINS: [HeaderName; 4] = [
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The layer that tells the scripts of `origins` that they are welcome; none at all without origins.
pub(crate) fn cors(origins: &[String]) -> Condition<Cors> {
    let known = origins.to_vec();
    let layer = Cors::default()
        .allowed_origin_fn(move |origin, _| known.iter().any(|known| known.as_bytes() == origin.as_bytes()))
        .expose_headers(EXPOSED)
        // The gate answers preflights, and the boundary writes `Vary`.
        .disable_preflight()
        .disable_vary_header();
    Condition::new(!origins.is_empty(), layer)
}

/// Adds to the answer to OPTIONS what a browser wants to know before it lets a script call. [`settle`] takes it away from other origins.
pub(crate) fn answer_preflight(request: &HeaderMap, answer: &mut HttpResponseBuilder, allow: &str) {
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow));
        answer.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS));
        answer.insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS));
    }
}

/// Makes a plain answer of one that is not for the script of an allowed origin.
pub(crate) fn settle(answer: &mut HeaderMap) {
    if !answer.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        for name in FOR_ALLOWED_ORIGINS {
            answer.remove(name);
        }
    }
}
