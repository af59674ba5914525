//! A recorded call on the wire: what support staff ask for by a request id.

use domain::{ApiKeyId, Float, Timestamp};
use serde::Serialize;
use store::{RecordedRequest, RequestEvent};
use utoipa::ToSchema;

use crate::views::run::RunOut;

/// What was done under one request id.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(crate) struct RequestOut {
    /// `request`.
    #[serde(rename = "type")]
    #[schema(example = "request")]
    kind: &'static str,
    #[serde(flatten)]
    call: RecordedCallOut,
    /// The runs that the calls of this id caused, were answered with or asked for, oldest first, at most 200. A repetition by its
    /// `Idempotency-Key` has those of the call that was answered first.
    runs: Vec<RunOut>,
    /// The calls before this one, newest first, at most 50, when the id was used several times.
    other_calls: Vec<RecordedCallOut>,
}

/// One call.
#[derive(Serialize, ToSchema)]
#[schema(as = RecordedCall)]
pub(crate) struct RecordedCallOut {
    /// Its `X-Request-ID`.
    #[schema(example = "0190f4c5-7b6a-7def-8abc-0123456789ab")]
    request_id: String,
    /// When it came.
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// The key that it was made with.
    api_key: Option<CallersKeyOut>,
    /// The HTTP method.
    #[schema(example = "POST")]
    method: String,
    /// The pattern of its route; empty when nothing is at its path.
    #[schema(example = "/v2/accounts")]
    route: String,
    /// Its path, without the query.
    #[schema(example = "/v2/accounts")]
    path: String,
    /// The HTTP status of the answer.
    #[schema(example = 201, minimum = 100, maximum = 599)]
    status: i64,
    /// The `code` of the answer when it was a problem.
    #[schema(example = "VALIDATION_ERROR")]
    code: Option<String>,
    /// How long the service took to answer, in milliseconds, to three places.
    #[schema(value_type = f64, minimum = 0, example = 4.271)]
    duration_ms: Float,
    /// Where it came from, as much of it as the operator keeps: commonly the network, such as `203.0.113.0/24`.
    #[schema(example = "203.0.113.0/24")]
    client_address: Option<String>,
    /// What the client calls itself, at most 255 characters.
    #[schema(max_length = 255)]
    user_agent: Option<String>,
    /// Its `Idempotency-Key`.
    #[schema(max_length = 255)]
    idempotency_key: Option<String>,
    /// Ids of the resources in its path, in the answer's `Location`, of those that a bulk write made, and of the run that a refresh was answered with; at most 100.
    #[schema(max_items = 100)]
    resources: Vec<String>,
    /// The `X-Request-ID` of the call whose answer it got again, when it was a repetition by its `Idempotency-Key`; null when it was not.
    #[schema(example = "0190f4c5-7b6a-7def-8abc-0123456789aa", max_length = 128)]
    replay_of: Option<String>,
}

/// The key that a call was made with.
#[derive(Serialize, ToSchema)]
#[schema(as = CallersKey)]
pub(crate) struct CallersKeyOut {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    id: ApiKeyId,
    /// Its name at that time.
    name: Option<String>,
}

impl From<RecordedRequest> for RequestOut {
    fn from(request: RecordedRequest) -> Self {
        let RecordedRequest { call, other_calls, runs } = request;
        Self {
            kind: "request",
            call: call.into(),
            runs: runs.into_iter().map(RunOut::from).collect(),
            other_calls: other_calls.into_iter().map(RecordedCallOut::from).collect(),
        }
    }
}

impl From<RequestEvent> for RecordedCallOut {
    fn from(event: RequestEvent) -> Self {
        let RequestEvent {
            request_id,
            occurred_at,
            process: _,
            organization_id: _,
            api_key_id,
            api_key_name,
            method,
            route,
            path,
            status,
            code,
            duration_us,
            client_address,
            user_agent,
            idempotency_key,
            resources,
            replay_of,
        } = event;
        Self {
            request_id,
            time: occurred_at,
            api_key: api_key_id.map(|id| CallersKeyOut { id, name: api_key_name }),
            method,
            route,
            path,
            status,
            code,
            duration_ms: milliseconds(duration_us),
            client_address,
            user_agent,
            idempotency_key,
            resources,
            replay_of,
        }
    }
}

fn milliseconds(micros: i64) -> Float {
    Float(f64::from(i32::try_from(micros).unwrap_or(i32::MAX)) / 1000.0)
}
