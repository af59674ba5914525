//! From a view to bytes: the envelope, the entity tag, and the answer to a conditional request.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::negotiate::Tags;
use crate::problem::{Code, Problem};

/// What a handler comes to.
pub(crate) type Answer = Result<HttpResponse, Problem>;

pub(crate) const JSON: &str = "application/json";

/// Bodies below this many bytes are sent as they are: compressing them costs more than it saves.
pub(crate) const SMALLEST_COMPRESSED_BYTES: usize = 1024;

/// One resource.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope<T> {
    /// The resource.
    pub(crate) data: T,
}

/// The bytes of one resource in its envelope: the same whatever operation answers with it, so that their entity tags agree.
pub(crate) fn envelope<T: Serialize>(data: T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&Envelope { data }).map_err(Problem::internal)
}

/// The strong entity tag of a body: a hash of its bytes before any compression.
pub(crate) fn etag(body: &[u8]) -> String {
    use std::fmt::Write;
    let hash = Sha256::digest(body);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &hash[..16] {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// The answer to a GET: `body`, or 304 when the client has it already.
pub(crate) fn fetched(request: &HeaderMap, body: impl Into<Bytes>, link: Option<String>) -> HttpResponse {
    let mut response = fetched_as(request, JSON, body.into());
    if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The same for a body of any type.
pub(crate) fn fetched_as(request: &HeaderMap, content_type: &str, body: Bytes) -> HttpResponse {
    let etag = etag(&body);
    // A condition that cannot be read is none: the client gets the body and loses nothing.
    let has_it =
        Tags::read(request, &header::IF_NONE_MATCH).ok().flatten().is_some_and(|tags| tags.names_weakly(&etag));
    let status = if has_it { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, etag));
    response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")));
    if has_it { response.finish() } else { with_body(response, content_type, body) }
}

/// Finishes an answer with a body; a small one is marked so that it is not compressed.
pub(crate) fn with_body(
    mut response: actix_web::HttpResponseBuilder,
    content_type: &str,
    body: impl Into<Bytes>,
) -> HttpResponse {
    let body = body.into();
    response.insert_header((header::CONTENT_TYPE, content_type));
    if body.len() < SMALLEST_COMPRESSED_BYTES {
        response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")));
    }
    response.body(body)
}

/// What a write answers with, before anything is sent.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    /// Empty for 204.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// 201 with the path of the new resource.
    pub(crate) fn created<T: Serialize>(location: String, data: T) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::CREATED, location: Some(location), body: envelope(data)? })
    }

    /// 200.
    pub(crate) fn ok<T: Serialize>(data: T) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::OK, location: None, body: envelope(data)? })
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, location: None, body: Vec::new() }
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let Self { status, location, body } = self;
        let mut response = HttpResponse::build(status);
        if let Some(location) = location {
            response.insert_header((header::LOCATION, location));
        }
        if body.is_empty() {
            return response.finish();
        }
        response.insert_header((header::ETAG, etag(&body)));
        with_body(response, JSON, body)
    }
}

/// The `If-Match` of a write: what the client believes to be the present state.
#[derive(Debug)]
pub(crate) struct Precondition(Option<Tags>);

impl Precondition {
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        Tags::read(headers, &header::IF_MATCH)
            .map(Self)
            .map_err(|_| Problem::bad_request("If-Match must be * or a list of entity tags."))
    }

    /// Whether the present state has to be looked at.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Refuses when `current`, as a GET would show it now, is not what the client believes.
    pub(crate) fn check<T: Serialize>(&self, current: T) -> Result<(), Problem> {
        let Some(tags) = &self.0 else { return Ok(()) };
        if tags.names_strongly(&etag(&envelope(current)?)) {
            return Ok(());
        }
        Err(Problem::new(Code::PreconditionFailed, "The resource is no longer what If-Match says. Read it again."))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::IF_NONE_MATCH;

    use super::*;

    #[test]
    fn a_tag_is_strong_quoted_and_follows_the_bytes() {
        let tag = etag(b"one");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34);
        assert_eq!(tag, etag(b"one"));
        assert_ne!(tag, etag(b"two"));
    }

    #[test]
    fn a_client_that_has_the_body_gets_none() {
        let body = b"{\"data\":1}".to_vec();
        let mut request = HeaderMap::new();
        assert_eq!(fetched(&request, body.clone(), None).status(), StatusCode::OK);
        request.insert(IF_NONE_MATCH, HeaderValue::from_str(&format!("\"x\", W/{}", etag(&body))).unwrap());
        let response = fetched(&request, body.clone(), None);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.headers().get(header::ETAG).unwrap().to_str().unwrap(), etag(&body));
        assert!(response.headers().get(header::CONTENT_TYPE).is_none());
    }
}
