//! The table: for every way to fail its status, name, title and type.

use actix_web::http::StatusCode;

/// What went wrong, as a client's program sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    BadRequest,
    Unauthorized,
    Forbidden,
    InsufficientScope,
    QuotaExceeded,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    PreconditionFailed,
    PayloadTooLarge,
    RangeNotSatisfiable,
    UnsupportedMediaType,
    ValidationError,
    RateLimited,
    InternalError,
    UpstreamError,
    ServiceUnavailable,
}

/// A row of the table: status, name, title and type.
pub(super) struct Row {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) urn: &'static str,
}

impl Code {
    pub(crate) const ALL: [Self; 18] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::InsufficientScope,
        Self::QuotaExceeded,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::PayloadTooLarge,
        Self::RangeNotSatisfiable,
        Self::UnsupportedMediaType,
        Self::ValidationError,
        Self::RateLimited,
        Self::InternalError,
        Self::UpstreamError,
        Self::ServiceUnavailable,
    ];

    pub(super) const fn row(self) -> Row {
        macro_rules! row {
            ($status:ident, $name:literal, $kebab:literal, $title:literal) => {
                Row {
                    status: StatusCode::$status,
                    name: $name,
                    title: $title,
                    urn: concat!("urn:creatoraudit:error:", $kebab),
                }
            };
        }
        match self {
            Self::BadRequest => row!(BAD_REQUEST, "BAD_REQUEST", "bad-request", "Bad request"),
            Self::Unauthorized => row!(UNAUTHORIZED, "UNAUTHORIZED", "unauthorized", "Unauthorized"),
            Self::Forbidden => row!(FORBIDDEN, "FORBIDDEN", "forbidden", "Forbidden"),
            Self::InsufficientScope => {
                row!(FORBIDDEN, "INSUFFICIENT_SCOPE", "insufficient-scope", "Insufficient scope")
            }
            Self::QuotaExceeded => row!(FORBIDDEN, "QUOTA_EXCEEDED", "quota-exceeded", "Quota exceeded"),
            Self::NotFound => row!(NOT_FOUND, "NOT_FOUND", "not-found", "Not found"),
            Self::MethodNotAllowed => {
                row!(METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "method-not-allowed", "Method not allowed")
            }
            Self::NotAcceptable => row!(NOT_ACCEPTABLE, "NOT_ACCEPTABLE", "not-acceptable", "Not acceptable"),
            Self::Conflict => row!(CONFLICT, "CONFLICT", "conflict", "Conflict"),
            Self::PreconditionFailed => {
                row!(PRECONDITION_FAILED, "PRECONDITION_FAILED", "precondition-failed", "Precondition failed")
            }
            Self::PayloadTooLarge => {
                row!(PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "payload-too-large", "Payload too large")
            }
            Self::RangeNotSatisfiable => {
                row!(RANGE_NOT_SATISFIABLE, "RANGE_NOT_SATISFIABLE", "range-not-satisfiable", "Range not satisfiable")
            }
            Self::UnsupportedMediaType => {
                row!(
                    UNSUPPORTED_MEDIA_TYPE,
                    "UNSUPPORTED_MEDIA_TYPE",
                    "unsupported-media-type",
                    "Unsupported media type"
                )
            }
            Self::ValidationError => {
                row!(UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", "validation-error", "Validation error")
            }
            Self::RateLimited => row!(TOO_MANY_REQUESTS, "RATE_LIMITED", "rate-limited", "Rate limited"),
            Self::InternalError => row!(INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "internal-error", "Internal error"),
            Self::UpstreamError => row!(BAD_GATEWAY, "UPSTREAM_ERROR", "upstream-error", "Upstream error"),
            Self::ServiceUnavailable => {
                row!(SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", "service-unavailable", "Service unavailable")
            }
        }
    }

    pub(crate) const fn status(self) -> StatusCode {
        self.row().status
    }

    pub(crate) const fn as_str(self) -> &'static str {
        self.row().name
    }

    pub(crate) const fn title(self) -> &'static str {
        self.row().title
    }

    /// The code that stands for a status which something other than our handlers answered with.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let same = |code: &Self| code.status() == status;
        let general = if status.is_server_error() { Self::InternalError } else { Self::BadRequest };
        Self::ALL.into_iter().find(same).unwrap_or(general)
    }
}
