//! Instagram's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.

mod embed;
mod node;
mod older;
mod page;
mod post;
mod profile;

use actix_web::HttpResponse;
use domain::{Platform, PostFacts};
use serde_json::json;

use crate::ask::{Ask, Subject};
use crate::events::Era;
use crate::server::{html, too_many};
use crate::state::State;
use crate::surface::Surface;
use crate::truth::Truth;
use crate::world::World;
use page::Route;
use post::Gate;

/// Answers as Instagram does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    let route = if ask.surface == Surface::Post { Route::Post } else { Route::Profile };
    match state {
        Some(State::RateLimited) => too_many(world, Platform::Instagram),
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
        | None => match ask.surface {
            Surface::Profile | Surface::Feed => answer_profile(world, ask, state),
            Surface::Post => answer_post(world, &ask.subject, state),
            Surface::Login => html_page(page::shell(&world.noise, Route::Login)),
            Surface::ProfileEmbed => answer_profile_embed(world, &ask.subject, state),
            Surface::PostEmbed => answer_post_embed(world, &ask.subject, state),
            Surface::Oembed | Surface::Official | Surface::ShortLink | Surface::Other => {
                HttpResponse::NotFound().finish()
            }
        },
    }
}

fn html_page(text: String) -> HttpResponse {
    html().body(text)
}

fn answer_profile(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    html_page(match (&ask.subject, state) {
        (Subject::Profile(_), Some(State::RegionGated)) => page::error(&world.noise, Some("REGION_RESTRICTED")),
        (Subject::Profile(_), Some(State::Missing))
        | (Subject::Nothing | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. }, _) => {
            page::error(&world.noise, None)
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Instagram, handle, state);
            if ask.surface == Surface::Feed {
                profile::reels(&world.noise, &facts, &world.reels(handle, state))
            } else {
                let posts = world.posts(Platform::Instagram, handle, state);
                match world.era(Platform::Instagram) {
                    Era::Current => profile::timeline(&world.noise, &facts, &posts),
                    Era::Older => older::profile(&world.noise, &facts),
                    Era::Unknown => older::nobody_knows(&world.noise, Route::Profile),
                }
            }
        }
    })
}

fn answer_post(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { .. }, Some(State::Missing))
        | (Subject::Nothing | Subject::Profile(_) | Subject::Channel(_) | Subject::Short { .. }, _) => {
            page::error(&world.noise, None)
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Instagram, external_id, handle.as_deref(), state);
            match state {
                Some(State::Private) => post::gated(&world.noise, &post, Gate::Restricted),
                Some(State::RegionGated) => post::gated(&world.noise, &post, Gate::Region),
                Some(
                    State::Missing
                    | State::Throttled
                    | State::LoginWall
                    | State::Challenge
                    | State::RateLimited
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
                    match world.era(Platform::Instagram) {
                        Era::Current => post::shown(&world.noise, &post, &author, &others),
                        Era::Older => older::post(&world.noise, &post, &author),
                        Era::Unknown => older::nobody_knows(&world.noise, Route::Post),
                    }
                }
            }
        }
    })
}

fn answer_profile_embed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Profile(_), Some(State::Missing | State::Private | State::RegionGated))
        | (Subject::Nothing | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. }, _) => {
            embed::broken(&world.noise, None)
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Instagram, handle, state);
            // The one guest page with the exact number of posts.
            let posts = world.truth(Platform::Instagram, handle).and_then(|truth| match truth {
                Truth::Profile(truth) => truth.counts.posts,
                Truth::Post(_) => None,
            });
            embed::profile(&world.noise, &facts, posts, &world.posts(Platform::Instagram, handle, state))
        }
    })
}

fn answer_post_embed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { external_id, .. }, Some(State::Missing | State::Private | State::RegionGated)) => {
            embed::broken(&world.noise, Some(external_id))
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Instagram, external_id, handle.as_deref(), state);
            embed::post(&world.noise, &post, &author)
        }
        (Subject::Nothing | Subject::Profile(_) | Subject::Channel(_) | Subject::Short { .. }, _) => {
            embed::broken(&world.noise, None)
        }
    })
}

/// Whether a post's owner hides its counts.
pub(crate) fn hides(post: &PostFacts) -> bool {
    node::hides_counts(post)
}
