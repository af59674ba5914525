//! The server's own addresses: faults, holding and releasing, and the counts of requests. For tests and load tools, not for the platforms' clients.

use actix_web::{HttpResponse, web};
use domain::{Handle, Platform, PostRef};
use serde::Deserialize;

use crate::state::State;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultIn {
    platform: Platform,
    /// A handle, or a post's id, shortcode or URL; the whole platform when absent.
    #[serde(default)]
    target: Option<String>,
    /// The state, or null for the ordinary one.
    state: Option<State>,
}

/// Puts `/control/…` into the application.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/control")
            .route("/faults", web::post().to(set_fault))
            .route("/release", web::post().to(release))
            .route("/hold", web::post().to(hold))
            .route("/stats", web::get().to(stats))
            .route("/stats", web::delete().to(reset_stats)),
    );
}

async fn set_fault(world: web::Data<World>, fault: web::Json<FaultIn>) -> HttpResponse {
    let FaultIn { platform, target, state } = fault.into_inner();
    world.set_fault(platform, target.map(|target| target_key(platform, &target)), state);
    HttpResponse::NoContent().finish()
}

/// A handle as itself, a post as its id. What could be both (a TikTok handle of digits, an Instagram handle of a shortcode's form) is taken for
/// a handle unless it has the length of an id.
pub(crate) fn target_key(platform: Platform, target: &str) -> String {
    let is_id = target.len() >= 17 && target.bytes().all(|byte| byte.is_ascii_digit());
    if !is_id && let Ok(handle) = Handle::parse(platform, target) {
        return handle.to_string();
    }
    PostRef::parse(platform, target).map_or_else(|_| target.to_owned(), |post| post.external_id)
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
