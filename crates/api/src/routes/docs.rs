//! The OpenAPI document, and an interactive reference with a request tester that loads nothing from elsewhere.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use url::Url;
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
    if let Some(policy) = policy(call.shared().public_url.as_deref()) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if file.gzpipped {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whatever is written in the reference, a browser loads nothing from elsewhere and calls nothing but the API.
fn policy(public_url: Option<&str>) -> Option<HeaderValue> {
    let api = public_url.and_then(|url| Url::parse(url).ok()).map_or_else(String::new, |url| {
        // The document names it as the server, and the page may have been opened under another name.
        format!(" {}", url.origin().ascii_serialization())
    });
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         font-src 'self' data:; connect-src 'self'{api}; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).ok()
}

/// The front page, whose relative addresses are made to work without a slash after `/v2/docs` too.
fn as_front(path: &str, bytes: &[u8]) -> Option<String> {
    if !matches!(path, "" | "/" | "index.html") {
        return None;
    }
    let page = std::str::from_utf8(bytes).ok()?;
    Some(page.replacen("<head>", "<head>\n    <base href=\"/v2/docs/\">", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_may_call_the_service_itself_and_the_address_that_the_document_names() {
        let policy = |url| policy(url).unwrap().to_str().unwrap().to_owned();
        assert!(policy(None).contains("connect-src 'self';"));
        let named = policy(Some("https://audit.example.org/behind/a/path"));
        assert!(named.contains("connect-src 'self' https://audit.example.org;"), "{named}");
    }
}
