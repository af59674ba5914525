//! The one table of errors: every way in which a call can fail, and the problem document (RFC 9457) that says so.
//!
//! Handlers return a [`Problem`]; [`crate::gate`] writes it out, because only there are the request id and the path at hand. What caused a
//! failure of ours travels along as the source, for the log, and never reaches the body.

mod code;

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{Display, Formatter};
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use domain::{FieldError, FieldErrors};
use serde::Serialize;
use store::{Refusal, StoreError};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::code::Code;
use self::code::Row;

/// The media type of a problem document.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which a call that met an unavailable service may be tried again.
const UNAVAILABLE_RETRY_SECONDS: u64 = 2;

/// A failed call: the code and what there is to say about it. Boxed, so that results stay small.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Particulars>);

#[derive(Clone, Debug)]
struct Particulars {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    existing_id: Option<Uuid>,
    retry_after_seconds: Option<u64>,
    allow: Option<String>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Particulars {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            existing_id: None,
            retry_after_seconds: None,
            allow: None,
            source: None,
        }))
    }

    pub(crate) fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, detail)
    }

    pub(crate) fn unauthorized(detail: &'static str) -> Self {
        Self::new(Code::Unauthorized, detail)
    }

    /// The one answer for what is not there and for what is another organization's.
    pub(crate) fn not_found() -> Self {
        Self::new(Code::NotFound, "There is no such resource in your organization, or no such path.")
    }

    pub(crate) fn method_not_allowed(allow: String) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed, format!("This path answers to {allow}."));
        problem.0.allow = Some(allow);
        problem
    }

    pub(crate) fn validation(errors: FieldErrors) -> Self {
        let errors: Vec<_> = errors.into_iter().collect();
        let detail = match errors.as_slice() {
            [one] => format!("{} {}.", one.field, one.message),
            several => format!("{} fields are invalid.", several.len()),
        };
        let mut problem = Self::new(Code::ValidationError, detail);
        problem.0.errors = errors;
        problem
    }

    pub(crate) fn rate_limited(retry_after_seconds: u64, limit: u32) -> Self {
        Self::new(Code::RateLimited, format!("This key may make {limit} requests a minute.")).retry(retry_after_seconds)
    }

    /// A failure of ours. The source is for the log alone.
    pub(crate) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::InternalError, "Something went wrong on our side. Quote the request id when you report it.")
            .because(source)
    }

    pub(crate) fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::ServiceUnavailable, "The service cannot answer at the moment. Try again shortly.")
            .retry(UNAVAILABLE_RETRY_SECONDS)
            .because(source)
    }

    /// A part that the service stands on gives no sign of life.
    pub(crate) fn away(part: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::ServiceUnavailable, format!("The {part} is away. Try again shortly."))
            .retry(UNAVAILABLE_RETRY_SECONDS)
            .because(source)
    }

    pub(crate) fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, detail)
    }

    #[must_use]
    pub(crate) fn retry(mut self, after_seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(after_seconds);
        self
    }

    /// Whether it passes by itself.
    pub(crate) fn passes(&self) -> bool {
        self.0.retry_after_seconds.is_some()
    }

    /// Whether the call's transaction gave way to another one, and may well succeed at once when it is made anew.
    pub(crate) fn gave_way(&self) -> bool {
        let source = self.0.source.as_deref().and_then(|source| source.downcast_ref::<StoreError>());
        source.is_some_and(StoreError::is_collision)
    }

    #[must_use]
    fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// What there is to say when it is about a part of a call: the code, the detail and every invalid field.
    pub(crate) fn into_parts(self) -> (Code, Cow<'static, str>, Vec<FieldError>) {
        let Particulars { code, detail, errors, existing_id: _, retry_after_seconds: _, allow: _, source: _ } = *self.0;
        (code, detail, errors)
    }

    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The problem document.
    pub(crate) fn document(&self, instance: &str, request_id: &str) -> Vec<u8> {
        let Particulars { code, detail, errors, existing_id, retry_after_seconds: _, allow: _, source: _ } = &*self.0;
        let Row { status, name, title, urn } = code.row();
        let document = ProblemOut {
            kind: urn,
            title,
            status: status.as_u16(),
            detail,
            code: name,
            instance,
            request_id,
            errors,
            existing_id: *existing_id,
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The whole answer.
    pub(crate) fn answer(&self, instance: &str, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.0.code.status());
        response.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON)));
        if self.0.code == Code::Unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.0.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        response.body(self.document(instance, request_id))
    }

    /// The error behind a failure of ours and everything behind it, for the log.
    pub(crate) fn source_chain(&self) -> String {
        let mut chain = String::new();
        let mut next = self.source();
        while let Some(error) = next {
            if !chain.is_empty() {
                chain.push_str(": ");
            }
            chain.push_str(&error.to_string());
            next = error.source();
        }
        chain
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    /// The bare status: the document is written by the gate, which finds the problem in the response.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::validation(errors)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::Internal(_)
            | StoreError::Unreadable { .. }
            | StoreError::UnknownDatabase
            | StoreError::UnreadableAddress => Self::internal(error),
        }
    }
}

/// Seconds after which one of several exports under way may have ended.
const EXPORT_RETRY_SECONDS: u64 = 30;

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Duplicate { existing_id } => {
                let mut problem = Self::conflict(format!("Your organization tracks it already, as {existing_id}."));
                problem.0.existing_id = Some(existing_id);
                problem
            }
            Refusal::QuotaExceeded { cap } => Self::new(
                Code::QuotaExceeded,
                format!("Your organization may track at most {cap} accounts; this would be one more. End the tracking of one first."),
            ),
            Refusal::TooManyCollections { kind, most } => Self::new(
                Code::QuotaExceeded,
                format!("Your organization may have {most} {}, and has. Remove one first.", kind.plural()),
            ),
            Refusal::CollectionFull { kind, most } => Self::new(
                Code::QuotaExceeded,
                format!("A {} may have {most} members, and this one has. Take one out first.", kind.as_str()),
            ),
            Refusal::TooManyExports { most } => Self::new(
                Code::QuotaExceeded,
                format!("Your organization may have {most} exports, and has. Delete one first."),
            ),
            Refusal::TooManyExportsAtOnce { most } => Self::conflict(format!(
                "Your organization may have {most} exports under way, and has. Wait until one is finished, or delete one."
            ))
            .retry(EXPORT_RETRY_SECONDS),
            Refusal::NoAccount(_)
            | Refusal::NoVideo(_)
            | Refusal::NoCreator(_)
            | Refusal::NoCollection(_)
            | Refusal::NoMember(_)
            | Refusal::NoExport(_) => Self::not_found(),
            Refusal::LinkedElsewhere(creator) => {
                Self::conflict(format!("The account is linked to another creator, {creator}. Unlink it there first."))
            }
            Refusal::Store(error) => error.into(),
        }
    }
}

/// What every failed call answers with (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemOut<'a> {
    /// A name for the kind of problem, `urn:creatoraudit:error:` and the code in kebab case.
    #[serde(rename = "type")]
    #[schema(example = "urn:creatoraudit:error:not-found")]
    kind: &'a str,
    /// The kind of problem in words.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this call.
    detail: &'a str,
    /// The kind of problem for programs.
    code: &'a str,
    /// The path of the call.
    instance: &'a str,
    /// The value of `X-Request-ID`; quote it to support.
    request_id: &'a str,
    /// Every invalid field, on 422.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<FieldErrorOut>, required = false)]
    errors: &'a [FieldError],
    /// The resource that is there already, on a 409 for a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    existing_id: Option<Uuid>,
}

/// One invalid field.
#[derive(ToSchema)]
#[schema(as = FieldError)]
#[expect(dead_code, reason = "the published form of domain::FieldError, which knows nothing of OpenAPI")]
pub(crate) struct FieldErrorOut {
    /// Where it stands: `username`, `metadata.colour`, `items[3].platform`, or the name of a query parameter.
    field: String,
    /// What is expected.
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(problem: &Problem) -> serde_json::Value {
        serde_json::from_slice(&problem.document("/v2/accounts", "r-1")).unwrap()
    }

    #[test]
    fn every_code_has_its_urn_in_kebab_case() {
        for code in Code::ALL {
            let expected = format!("urn:creatoraudit:error:{}", code.as_str().to_lowercase().replace('_', "-"));
            assert_eq!(document(&Problem::new(code, "x"))["type"], expected.as_str());
        }
    }

    #[test]
    fn the_members_that_say_nothing_are_left_out() {
        let plain = document(&Problem::not_found());
        assert!(plain.get("errors").is_none() && plain.get("existing_id").is_none());
        let invalid = document(&Problem::validation(FieldErrors::of("username", "is required")));
        assert_eq!(invalid["errors"][0]["field"], "username");
        assert_eq!(invalid["status"], 422);
    }

    #[test]
    fn a_failure_of_ours_keeps_its_cause_out_of_the_body() {
        let problem = Problem::internal(std::io::Error::other("password=hunter2"));
        assert!(!document(&problem).to_string().contains("hunter2"));
        assert_eq!(problem.source_chain(), "password=hunter2");
    }
}
