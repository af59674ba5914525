//! The server's own addresses: faults, events, the truth, holding and releasing, and the counts of requests. For tests and load tools, not for the
//! platforms' clients.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use domain::{Platform, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::events::Event;
use crate::faults::FaultAt;
use crate::short::short_link;
use crate::state::State;
use crate::surface::Surface;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultIn {
    platform: Platform,
    /// A handle, or a post's id, shortcode or URL; the whole platform when absent.
    #[serde(default)]
    target: Option<String>,
    /// One surface; all pages when absent.
    #[serde(default)]
    surface: Option<Surface>,
    /// One way out; all when absent.
    #[serde(default)]
    egress: Option<String>,
    /// The state, or null for the ordinary one.
    state: Option<State>,
}

#[derive(Debug, Deserialize)]
struct About {
    platform: Platform,
    target: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockIn {
    advance_seconds: u64,
}

/// Puts `/control/…` into the application.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/control")
            .route("/faults", web::post().to(set_fault))
            .route("/events", web::post().to(happen))
            .route("/truth", web::get().to(truth))
            .route("/short-link", web::get().to(link))
            .route("/clock", web::get().to(clock))
            .route("/clock", web::post().to(advance))
            .route("/requests", web::get().to(requests))
            .route("/release", web::post().to(release))
            .route("/hold", web::post().to(hold))
            .route("/stats", web::get().to(stats))
            .route("/stats", web::delete().to(reset_stats)),
    );
}

async fn set_fault(world: web::Data<World>, fault: web::Json<FaultIn>) -> HttpResponse {
    let FaultIn { platform, target, surface, egress, state } = fault.into_inner();
    world.set_fault(FaultAt { platform, surface, target, egress }, state);
    HttpResponse::NoContent().finish()
}

/// `{"platform": …, "event": …, …}`: the event's own fields stand beside the platform.
async fn happen(world: web::Data<World>, body: web::Json<Value>) -> HttpResponse {
    let mut body = body.into_inner();
    let platform = body.as_object_mut().and_then(|fields| fields.remove("platform"));
    let platform: Option<Platform> = platform.and_then(|name| serde_json::from_value(name).ok());
    let refused = |why: String| HttpResponse::BadRequest().json(json!({ "error": why }));
    let Some(platform) = platform else { return refused("platform is missing or unknown".to_owned()) };
    match serde_json::from_value::<Event>(body) {
        Err(error) => refused(error.to_string()),
        Ok(event) => match world.happen(platform, event) {
            Ok(()) => HttpResponse::NoContent().finish(),
            Err(error) => refused(error.to_string()),
        },
    }
}

async fn truth(world: web::Data<World>, about: web::Query<About>) -> HttpResponse {
    match world.truth(about.platform, &about.target) {
        Some(truth) => HttpResponse::Ok().json(truth.to_json()),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn link(about: web::Query<About>) -> HttpResponse {
    match short_link(about.platform, &about.target) {
        Some(link) => HttpResponse::Ok().json(json!({ "link": link })),
        None => HttpResponse::BadRequest().finish(),
    }
}

async fn clock(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "now": world.now() }))
}

/// Moves a manual clock on; the system's clock stays as it is, which the answer says.
async fn advance(world: web::Data<World>, by: web::Json<ClockIn>) -> HttpResponse {
    let before: Timestamp = world.now();
    let by = Duration::from_secs(by.advance_seconds);
    world.clock.advance(by);
    if world.now() < before.plus(by) {
        return HttpResponse::Conflict().json(json!({ "error": "the clock is the system's" }));
    }
    HttpResponse::NoContent().finish()
}

async fn requests(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.requests())
}

async fn release(world: web::Data<World>) -> HttpResponse {
    world.set_released(true);
    HttpResponse::NoContent().finish()
}

async fn hold(world: web::Data<World>) -> HttpResponse {
    world.set_released(false);
    HttpResponse::NoContent().finish()
}

async fn stats(world: web::Data<World>) -> HttpResponse {
    HttpResponse::Ok().json(world.stats())
}

async fn reset_stats(world: web::Data<World>) -> HttpResponse {
    world.reset_stats();
    HttpResponse::NoContent().finish()
}
