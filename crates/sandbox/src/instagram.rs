//! Instagram's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.

mod node;
mod page;
mod post;
mod profile;

use actix_web::HttpResponse;
use domain::Platform;
use serde_json::json;

use crate::ask::{Ask, Kind, Subject};
use crate::server::html;
use crate::state::State;
use crate::world::World;
use page::Route;
use post::Gate;

/// Answers as Instagram does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    let route = if ask.kind == Kind::Post { Route::Post } else { Route::Profile };
    match state {
        Some(State::Throttled) => html_page(page::shell(&world.noise, route)),
        Some(State::LoginWall) => html_page(page::shell(&world.noise, Route::Login)),
        Some(State::Challenge) => HttpResponse::Unauthorized().json(json!({
            "message": "Please wait a few minutes before you try again.", "require_login": true, "status": "fail",
        })),
        Some(
            State::Missing
            | State::Private
            | State::RegionGated
            | State::Renamed
            | State::Slow
            | State::Broken
            | State::Garbage
            | State::EmptyBody
            | State::HiddenLikes
            | State::Held,
        )
        | None => match ask.kind {
            Kind::Profile | Kind::Feed => answer_profile(world, ask, state),
            Kind::Post => answer_post(world, &ask.subject, state),
            Kind::Login => html_page(page::shell(&world.noise, Route::Login)),
            Kind::Oembed | Kind::Other => HttpResponse::NotFound().finish(),
        },
    }
}

fn html_page(text: String) -> HttpResponse {
    html().body(text)
}

fn answer_profile(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    html_page(match (&ask.subject, state) {
        (Subject::Profile(_), Some(State::RegionGated)) => page::error(&world.noise, Some("REGION_RESTRICTED")),
        (Subject::Profile(_), Some(State::Missing)) | (Subject::Nothing | Subject::Post { .. }, _) => {
            page::error(&world.noise, None)
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Instagram, handle.as_str(), state);
            if ask.kind == Kind::Feed {
                profile::reels(&world.noise, &facts, &world.reels(handle.as_str(), state))
            } else {
                profile::timeline(&world.noise, &facts, &world.posts(Platform::Instagram, handle.as_str(), state))
            }
        }
    })
}

fn answer_post(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { .. }, Some(State::Missing)) | (Subject::Nothing | Subject::Profile(_), _) => {
            page::error(&world.noise, None)
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Instagram, external_id, handle.as_ref(), state);
            match state {
                Some(State::Private) => post::gated(&world.noise, &post, Gate::Restricted),
                Some(State::RegionGated) => post::gated(&world.noise, &post, Gate::Region),
                Some(
                    State::Missing
                    | State::Throttled
                    | State::LoginWall
                    | State::Challenge
                    | State::Renamed
                    | State::Slow
                    | State::Broken
                    | State::Garbage
                    | State::EmptyBody
                    | State::HiddenLikes
                    | State::Held,
                )
                | None => {
                    let others = world.posts(Platform::Instagram, &author.username, None);
                    post::shown(&world.noise, &post, &author, &others)
                }
            }
        }
    })
}
