//! What the service says about itself and about the caller.

use std::future::Future;
use std::time::Duration;

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Call;
use crate::limit::WINDOW_SECONDS;
use crate::problem::Problem;
use crate::respond::{Answer, Envelope};
use crate::views::vocabulary::ScopeName;

/// How long a part of the service may take to give a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Hash, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthOut {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether this process is alive.
///
/// Needs no key, counts towards no limit and looks at nothing else.
#[utoipa::path(
    get, path = "/v2/health", tag = "meta", security(()),
    responses((status = 200, description = "It is.", body = Envelope<HealthOut>))
)]
pub(crate) async fn health(call: Call) -> Answer {
    call.no_query()?;
    call.show::<HealthOut>(HealthOut { status: "ok" })
}

#[derive(Hash, Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct ReadinessOut {
    /// `ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// `ok`.
    #[schema(example = "ok")]
    database: &'static str,
    /// `ok`.
    #[schema(example = "ok")]
    queue: &'static str,
}

/// Whether this process can answer calls.
///
/// Needs no key. 503 while the database or the queue is away; `detail` names which. Without the queue calls are answered all the same and
/// nothing is lost, only later, so a load balancer that is to keep sending them looks at `/v2/health`.
#[utoipa::path(
    get, path = "/v2/health/ready", tag = "meta", security(()),
    responses((status = 200, description = "It can.", body = Envelope<ReadinessOut>))
)]
pub(crate) async fn ready(call: Call) -> Answer {
    call.no_query()?;
    let (database, queue) =
        futures_util::future::join(within(call.shared().store.ping()), within(call.shared().queue.ping())).await;
    database.map_err(|reason| Problem::away("database", reason))?;
    queue.map_err(|reason| Problem::away("queue", reason))?;
    call.show::<ReadinessOut>(ReadinessOut { status: "ready", database: "ok", queue: "ok" })
}

async fn within<E: std::error::Error>(sign: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, sign).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no sign of life in time".to_owned()),
    }
}

#[derive(Hash, Serialize, ToSchema)]
#[schema(as = ApiMeta)]
pub(crate) struct MetaOut {
    /// `api_meta`.
    #[serde(rename = "type")]
    #[schema(example = "api_meta")]
    kind: &'static str,
    /// The version of the API.
    #[schema(example = "v2")]
    api_version: &'static str,
    /// `current` until there is a newer version.
    #[schema(example = "current")]
    status: &'static str,
    /// The interactive documentation.
    docs_url: String,
    /// The OpenAPI document.
    openapi_url: String,
    /// Where a key learns about itself.
    whoami_url: String,
    /// When this version was deprecated.
    #[schema(value_type = Option<String>, format = DateTime)]
    deprecation: (),
    /// When this version ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    sunset: (),
}

/// What this API is and where its documents are.
///
/// Needs no key.
#[utoipa::path(
    get, path = "/v2/meta", tag = "meta", security(()),
    responses((status = 200, description = "The version and the addresses.", body = Envelope<MetaOut>))
)]
pub(crate) async fn meta(call: Call) -> Answer {
    call.no_query()?;
    let base = call.base_url();
    call.show::<MetaOut>(MetaOut {
        kind: "api_meta",
        api_version: "v2",
        status: "current",
        docs_url: format!("{base}/v2/docs"),
        openapi_url: format!("{base}/v2/openapi.json"),
        whoami_url: format!("{base}/v2/whoami"),
        deprecation: (),
        sunset: (),
    })
}

#[derive(Hash, Serialize, ToSchema)]
#[schema(as = Whoami)]
pub(crate) struct WhoamiOut<'a> {
    /// `whoami`.
    #[serde(rename = "type")]
    #[schema(example = "whoami")]
    kind: &'static str,
    /// The organization that the key belongs to.
    #[schema(value_type = String, format = Uuid)]
    organization_id: domain::OrganizationId,
    /// The key's name.
    api_key_name: &'a str,
    /// The scopes that the key was issued with.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: &'a [domain::Scope],
    /// When the key ends; null for never.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<domain::Timestamp>,
    /// How often the key may call.
    rate_limit: RateLimitOut,
}

#[derive(Hash, Serialize, ToSchema)]
#[schema(as = RateLimit)]
pub(crate) struct RateLimitOut {
    /// Calls that may be made at once.
    limit: u32,
    /// Seconds in which as many come back, evenly: one each `window_seconds` / `limit`.
    window_seconds: i64,
}

/// Whose key this is and what it may do.
///
/// Any good key may ask, whatever its scopes.
#[utoipa::path(
    get, path = "/v2/whoami", tag = "meta",
    responses((status = 200, description = "The key and its organization.", body = Envelope<WhoamiOut>))
)]
pub(crate) async fn whoami(call: Call) -> Result<HttpResponse, Problem> {
    call.no_query()?;
    let key = call.key()?;
    let limit = call.shared().limit_of(key);
    call.show::<WhoamiOut>(WhoamiOut {
        kind: "whoami",
        organization_id: key.organization_id,
        api_key_name: &key.name,
        scopes: key.scopes.as_slice(),
        expires_at: key.expires_at,
        rate_limit: RateLimitOut { limit, window_seconds: WINDOW_SECONDS },
    })
}
