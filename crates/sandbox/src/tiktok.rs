//! TikTok's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.

mod feed;
mod oembed;
mod page;
mod post;
mod profile;

use actix_web::HttpResponse;
use actix_web::http::header;
use domain::Platform;

use crate::ask::{Ask, Kind, Subject};
use crate::server::html;
use crate::state::State;
use crate::world::World;

/// Seconds that a throttled client is told to wait.
const RETRY_AFTER_SECONDS: &str = "60";

/// `statusCode` of a profile that never existed or was banned.
const USER_MISSING: i64 = 10221;
/// `statusCode` of a private profile.
const USER_PRIVATE: i64 = 10222;
/// `statusCode` of a profile withheld in this region.
const USER_WITHHELD: i64 = 10223;

/// Answers as TikTok does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    match state {
        Some(State::Throttled) => {
            HttpResponse::TooManyRequests().insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS)).finish()
        }
        Some(State::LoginWall) => HttpResponse::Found()
            .insert_header((header::LOCATION, "/tiktok/login?redirect_url=%2F&lang=en&enter_method=mandatory"))
            .finish(),
        Some(State::Challenge) => html().body(page::CHALLENGE),
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
            Kind::Profile => answer_profile(world, &ask.subject, state),
            Kind::Feed => answer_feed(world, &ask.subject, state),
            Kind::Post => answer_post(world, &ask.subject, state),
            Kind::Oembed => answer_oembed(world, &ask.subject, state),
            Kind::Login => html_page(page::login(&world.noise)),
            Kind::Other => HttpResponse::NotFound().finish(),
        },
    }
}

fn html_page(text: String) -> HttpResponse {
    html().insert_header((header::SET_COOKIE, "tt_chain_token=sandbox; Path=/; HttpOnly")).body(text)
}

fn answer_profile(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Profile(_), Some(State::RegionGated)) => profile::not_shown(&world.noise, USER_WITHHELD, ""),
        (Subject::Profile(_), Some(State::Missing)) | (Subject::Nothing | Subject::Post { .. }, _) => {
            profile::not_shown(&world.noise, USER_MISSING, "user banned")
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Tiktok, handle.as_str(), state);
            let status = if facts.is_private == Some(true) { USER_PRIVATE } else { 0 };
            profile::shown(&world.noise, &facts, status)
        }
    })
}

fn answer_feed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Profile(handle), Some(State::RegionGated)) => feed::not_shown(handle.as_str(), USER_WITHHELD),
        (Subject::Profile(handle), Some(State::Missing)) => feed::not_shown(handle.as_str(), USER_MISSING),
        (Subject::Nothing | Subject::Post { .. }, _) => feed::not_shown("", USER_MISSING),
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Tiktok, handle.as_str(), state);
            feed::shown(&world.noise, &facts, &world.posts(Platform::Tiktok, handle.as_str(), state))
        }
    })
}

fn answer_post(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { .. }, Some(State::Private)) => post::not_shown(&world.noise, "status_self_see"),
        (Subject::Post { .. }, Some(State::RegionGated)) => post::not_shown(&world.noise, "cross_border_violation_ur"),
        (Subject::Post { .. }, Some(State::Missing)) | (Subject::Nothing | Subject::Profile(_), _) => {
            post::not_shown(&world.noise, "item doesn't exist")
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Tiktok, external_id, handle.as_ref(), state);
            post::shown(&world.noise, &post, &author)
        }
    })
}

fn answer_oembed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (_, Some(State::Missing | State::Private)) | (Subject::Nothing, _) => {
            HttpResponse::BadRequest().json(oembed::not_shown())
        }
        (Subject::Profile(handle), _) => {
            HttpResponse::Ok().json(oembed::of_profile(&world.profile(Platform::Tiktok, handle.as_str(), state)))
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Tiktok, external_id, handle.as_ref(), state);
            HttpResponse::Ok().json(oembed::of_post(&post, &author))
        }
    }
}
