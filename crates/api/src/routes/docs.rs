//! The OpenAPI document, and an interactive reference with a request tester that loads nothing from elsewhere.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use utoipa_swagger_ui::Config;

use crate::call::Call;
use crate::problem::Problem;
use crate::respond::{Answer, JSON, fetched_bytes};

static SWAGGER: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/v2/openapi.json")
        // The badge of an outside validator is the one thing that would be fetched from elsewhere.
        .validator_url("none")
        .persist_authorization(true)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .deep_linking(true)
        .filter(true);
    Arc::new(config)
});

/// The OpenAPI 3.1 document of this API.
///
/// Needs no key.
#[utoipa::path(
    get, path = "/v2/openapi.json", tag = "meta", security(()),
    responses((status = 200, description = "The document.", body = Object))
)]
pub(crate) async fn openapi_document(call: Call) -> Answer {
    call.no_query()?;
    fetched_bytes(call.headers(), JSON, call.shared().openapi.clone())
}

/// The interactive reference.
pub(crate) async fn front(call: Call) -> Answer {
    asset(&call, "")
}

/// What the interactive reference is made of.
pub(crate) async fn file(call: Call) -> Answer {
    asset(&call, call.http().match_info().get("file").unwrap_or_default())
}

fn asset(call: &Call, path: &str) -> Answer {
    let file =
        utoipa_swagger_ui::serve(path, Arc::clone(&SWAGGER)).map_err(|error| Problem::internal(error.to_string()))?;
    let file = file.ok_or_else(Problem::not_found)?;
    let body = match (as_front(path, &file.bytes), file.bytes) {
        (Some(page), _) => Bytes::from(page),
        (None, Cow::Borrowed(bytes)) => Bytes::from_static(bytes),
        (None, Cow::Owned(bytes)) => Bytes::from(bytes),
    };
    let mut response = fetched_bytes(call.headers(), &file.content_type, body)?;
    if file.gzpipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The front page, whose relative addresses are made to work without a slash after `/v2/docs` too.
fn as_front(path: &str, bytes: &[u8]) -> Option<String> {
    if !matches!(path, "" | "/" | "index.html") {
        return None;
    }
    let page = std::str::from_utf8(bytes).ok()?;
    Some(page.replacen("<head>", "<head>\n    <base href=\"/v2/docs/\">", 1))
}
