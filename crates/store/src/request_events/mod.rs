//! Request events: who called what, when, and how it was answered. Support staff find them by the request id that a customer names.
//!
//! They are written in batches by a task of each API process, numbered, so that a batch whose answer got lost is not written twice. Each life
//! of a process has a row that tells how far it came and whether it said goodbye: what a crash took with it can be told.

mod read;
mod write;

use std::borrow::Cow;

use domain::{ApiKeyId, OrganizationId, RunId, Timestamp};
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::runs::Run;

/// Resources that a call is found by, at most; of a bulk call the first that it made.
pub const MOST_TOUCHED: usize = 100;

/// A call to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequestEvent<'a> {
    /// Its `X-Request-ID`.
    pub request_id: Cow<'a, str>,
    /// When it came.
    pub occurred_at: Timestamp,
    /// Whose key it was made with; `None` when no key was admitted.
    pub organization_id: Option<OrganizationId>,
    /// The key.
    pub api_key_id: Option<ApiKeyId>,
    /// The key's name; of one that was not admitted, the public beginning.
    pub api_key_name: Option<Cow<'a, str>>,
    /// The HTTP method.
    pub method: Cow<'a, str>,
    /// The pattern of its route; empty where nothing is.
    pub route: &'static str,
    /// Its path, without the query.
    pub path: Cow<'a, str>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The code of the answer when it was a problem.
    pub code: Option<&'static str>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// Where it came from, as much of it as is kept.
    pub client_address: Option<Cow<'a, str>>,
    /// What the client calls itself.
    pub user_agent: Option<Cow<'a, str>>,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<Cow<'a, str>>,
    /// Ids of the resources that it read or touched, with a space between.
    pub resources: Option<Cow<'a, str>>,
    /// The call whose answer it got again, by its `Idempotency-Key`.
    pub replay_of: Option<Cow<'a, str>>,
    /// Whether it may have changed them.
    pub is_write: bool,
}

/// One life of an API process, as far as the record of calls goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiProcess {
    /// Its name: role, host and number.
    pub name: String,
    /// When it began. A name may come back.
    pub started_at: Timestamp,
    /// The number of the last event that is written; they are numbered from one.
    pub written: u64,
    /// Events that were given up: there was no room for them, or no database.
    pub lost: u64,
    /// When it was last noticed that some were.
    pub lost_at: Option<Timestamp>,
}

/// A call, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestEvent {
    /// Its `X-Request-ID`.
    pub request_id: String,
    /// When it came.
    pub occurred_at: Timestamp,
    /// The process that answered it.
    pub process: String,
    /// Whose key it was made with.
    pub organization_id: Option<OrganizationId>,
    /// The key.
    pub api_key_id: Option<ApiKeyId>,
    /// The key's name at that time; of one that was not admitted, the public beginning.
    pub api_key_name: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The pattern of its route; empty where nothing is.
    pub route: String,
    /// Its path, without the query.
    pub path: String,
    /// The HTTP status of the answer.
    pub status: i64,
    /// The code of the answer when it was a problem.
    pub code: Option<String>,
    /// How long it took, in microseconds.
    pub duration_us: i64,
    /// Where it came from, as much of it as is kept.
    pub client_address: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Its `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// Ids of the resources that it read or touched.
    pub resources: Vec<String>,
    /// The call whose answer it got again, by its `Idempotency-Key`.
    pub replay_of: Option<String>,
}

impl RequestEvent {
    /// The ids among the resources of a call that was granted, any of which may be a run's.
    pub(crate) fn named_runs(&self) -> impl Iterator<Item = RunId> + '_ {
        self.resources.iter().filter(|_| self.status < 400).filter_map(|id| id.parse().ok())
    }
}

/// All that an organization did under one request id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordedRequest {
    /// The newest call.
    pub call: RequestEvent,
    /// Those before it, newest first, when the client used the id several times.
    pub other_calls: Vec<RequestEvent>,
    /// The runs that the calls caused or name, oldest first; of a replay those of the call that was answered first.
    pub runs: Vec<Run>,
}

/// The columns of a [`RequestEventRow`], of the table `e`.
pub(crate) const EVENT: &str = "e.request_id, e.occurred_at, e.process, e.organization_id, e.api_key_id, e.api_key_name, e.method, e.route, e.path, \
     e.status, e.code, e.duration_us, e.client_address, e.user_agent, e.idempotency_key, e.resources, e.replay_of";

#[derive(FromQueryResult)]
pub(crate) struct RequestEventRow {
    request_id: String,
    occurred_at: i64,
    process: String,
    organization_id: Option<Uuid>,
    api_key_id: Option<Uuid>,
    api_key_name: Option<String>,
    method: String,
    route: String,
    path: String,
    status: i64,
    code: Option<String>,
    duration_us: i64,
    client_address: Option<String>,
    user_agent: Option<String>,
    idempotency_key: Option<String>,
    resources: Option<String>,
    replay_of: Option<String>,
}

impl From<RequestEventRow> for RequestEvent {
    fn from(row: RequestEventRow) -> Self {
        let RequestEventRow {
            request_id,
            occurred_at,
            process,
            organization_id,
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
        } = row;
        Self {
            request_id,
            occurred_at: Timestamp::from_millis(occurred_at),
            process,
            organization_id: organization_id.map(OrganizationId),
            api_key_id: api_key_id.map(ApiKeyId),
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
            resources: resources.map(|list| list.split(' ').map(str::to_owned).collect()).unwrap_or_default(),
            replay_of,
        }
    }
}
