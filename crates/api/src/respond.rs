//! From a view to bytes: the envelope, the entity tag, and the answer to a conditional request.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, OnceLock};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use store::Seen;
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

/// The bytes of one resource in its envelope.
fn envelope<T: Serialize>(data: T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(&Envelope { data }).map_err(Problem::internal)
}

/// What the published form of this version comes to: it is part of every tag, so that a version that shows the same facts in another form
/// shows them under other tags.
static FORM: LazyLock<[u8; 32]> = LazyLock::new(|| Sha256::digest(crate::openapi::openapi_json()).into());

/// The bytes of a document.
pub(crate) fn json_bytes(document: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(document).map(Bytes::from).map_err(Problem::internal)
}

/// Feeds whatever is hashed to SHA-256.
struct Digesting(Sha256);

impl Hasher for Digesting {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks: the digest is taken whole.
        0
    }
}

/// The strong entity tag of what `view` is shown as: a hash of the facts, so that a client who has them costs no writing of the body. The same
/// view has the same tag in whatever answer.
pub(crate) fn tag_of(view: &(impl Hash + ?Sized)) -> String {
    let mut digest = Digesting(Sha256::new_with_prefix(*FORM));
    view.hash(&mut digest);
    quoted(&digest.0.finalize()[..16])
}

fn quoted(hash: &[u8]) -> String {
    use std::fmt::Write;
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in hash {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// The answer to a GET whose body has the strong tag `tag`: the body, or 304 when the client has it already, and then it is not made.
pub(crate) fn fetched(
    request: &HeaderMap,
    tag: &str,
    content_type: &str,
    body: impl FnOnce() -> Result<Bytes, Problem>,
) -> Answer {
    // A condition that cannot be read is none: the client gets the body and loses nothing.
    let condition = Tags::read(request, &header::IF_NONE_MATCH).ok().flatten();
    let known = condition.as_ref().and_then(|tags| tags.name_weakly(tag));
    let status = if known.is_some() { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, known.as_deref().unwrap_or(tag)));
    response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")));
    if known.is_some() { Ok(response.finish()) } else { Ok(with_body(response, content_type, body()?)) }
}

/// The same for one resource.
pub(crate) fn shown<T: Serialize>(request: &HeaderMap, view: impl Hash + Into<T>) -> Answer {
    fetched(request, &tag_of(&view), JSON, || envelope(view.into()).map(Bytes::from))
}

/// What a view that is kept is shown as. The body is made when the first client wants it.
pub(crate) struct Shown {
    pub(crate) tag: String,
    json: OnceLock<Box<RawValue>>,
}

impl Shown {
    /// What `seen` is shown as, made once for each state of the resource.
    pub(crate) fn of<V: Hash>(seen: &Seen<V>) -> Arc<Self> {
        seen.made(|view| Self { tag: tag_of(view), json: OnceLock::new() })
    }

    /// Its JSON.
    pub(crate) fn json<T: Serialize, V: Clone + Into<T>>(&self, seen: &Seen<V>) -> Result<&RawValue, Problem> {
        if let Some(json) = self.json.get() {
            return Ok(json);
        }
        let shown: T = V::clone(seen).into();
        let json = serde_json::value::to_raw_value(&shown).map_err(Problem::internal)?;
        Ok(self.json.get_or_init(|| json))
    }
}

/// [`shown`] for a view that is kept.
pub(crate) fn shown_again<T, V>(request: &HeaderMap, seen: &Seen<V>) -> Answer
where
    T: Serialize,
    V: Clone + Hash + Into<T>,
{
    let shown = Shown::of(seen);
    fetched(request, &shown.tag, JSON, || envelope(shown.json::<T, V>(seen)?).map(Bytes::from))
}

/// The same for a body that is there already.
pub(crate) fn fetched_bytes(request: &HeaderMap, content_type: &str, body: Bytes) -> Answer {
    fetched(request, &quoted(&Sha256::digest(&body)[..16]), content_type, || Ok(body))
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
    /// The tag under which a GET shows the same, when there is such a GET.
    pub(crate) etag: Option<String>,
    /// Empty for 204.
    pub(crate) body: Vec<u8>,
    /// Whether it holds a secret, which is not to be kept as it stands.
    pub(crate) is_secret: bool,
}

impl Reply {
    /// 201 with the path of the new resource.
    pub(crate) fn created<T: Serialize>(location: String, view: impl Hash + Into<T>) -> Result<Self, Problem> {
        Ok(Self { status: StatusCode::CREATED, location: Some(location), ..Self::ok(view)? })
    }

    /// 200 with a resource.
    pub(crate) fn ok<T: Serialize>(view: impl Hash + Into<T>) -> Result<Self, Problem> {
        let etag = Some(tag_of(&view));
        Ok(Self { etag, ..Self::json(StatusCode::OK, &Envelope { data: view.into() })? })
    }

    /// Any status with any document that no GET shows.
    pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(document).map_err(Problem::internal)?;
        Ok(Self { status, location: None, etag: None, body, is_secret: false })
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, location: None, etag: None, body: Vec::new(), is_secret: false }
    }

    /// The same, holding a secret.
    #[must_use]
    pub(crate) fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let Self { status, location, etag, body, is_secret: _ } = self;
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        if let Some(location) = location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(etag) = etag {
            response.insert_header((header::ETAG, etag));
        }
        if body.is_empty() { response.finish() } else { with_body(response, JSON, body) }
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
    pub(crate) fn check(&self, current: &impl Hash) -> Result<(), Problem> {
        let Some(tags) = &self.0 else { return Ok(()) };
        if tags.names_strongly(&tag_of(current)) {
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
    fn a_tag_is_strong_quoted_and_follows_the_facts() {
        let tag = tag_of("one");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34);
        assert_eq!(tag, tag_of("one"));
        assert_ne!(tag, tag_of("two"));
        // Two fields are not one.
        assert_ne!(tag_of(&("ab", "c")), tag_of(&("a", "bc")));
    }

    #[test]
    fn a_view_that_the_client_has_is_not_even_turned_into_what_is_shown() {
        #[derive(Hash)]
        struct View;
        #[derive(Serialize)]
        struct Out;
        impl From<View> for Out {
            fn from(_: View) -> Self {
                panic!("the view was turned into what is shown")
            }
        }
        let mut request = HeaderMap::new();
        request.insert(IF_NONE_MATCH, HeaderValue::from_str(&tag_of(&View)).unwrap());
        assert_eq!(shown::<Out>(&request, View).unwrap().status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn a_client_that_has_the_body_gets_none_and_none_is_made() {
        let mut request = HeaderMap::new();
        let made = || Ok(Bytes::from_static(b"{}"));
        assert_eq!(fetched(&request, "\"t\"", JSON, made).unwrap().status(), StatusCode::OK);
        for (sent, returned) in [("\"x\", W/\"t\"", "\"t\""), ("\"t-br\"", "\"t-br\""), ("*", "\"t\"")] {
            request.insert(IF_NONE_MATCH, HeaderValue::from_str(sent).unwrap());
            let response = fetched(&request, "\"t\"", JSON, || panic!("a body was made")).unwrap();
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(response.headers().get(header::ETAG).unwrap(), returned);
            assert!(response.headers().get(header::CONTENT_TYPE).is_none());
        }
    }
}
