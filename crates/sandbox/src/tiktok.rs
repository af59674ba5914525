//! TikTok's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.

mod embed;
mod feed;
mod oembed;
mod older;
mod page;
mod post;
mod profile;

use actix_web::HttpResponse;
use actix_web::http::header;
use domain::Platform;

use crate::ask::{Ask, Subject};
use crate::events::Era;
use crate::server::{html, too_many};
use crate::state::State;
use crate::surface::Surface;
use crate::world::World;

/// `statusCode` of a profile that never existed or was banned.
const USER_MISSING: i64 = 10221;
/// `statusCode` of a private profile.
const USER_PRIVATE: i64 = 10222;
/// `statusCode` of a profile withheld in this region.
const USER_WITHHELD: i64 = 10223;

/// Answers as TikTok does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    match state {
        Some(State::Throttled | State::RateLimited) => too_many(world, Platform::Tiktok),
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
        | None => match ask.surface {
            Surface::Profile => answer_profile(world, &ask.subject, state),
            Surface::Feed => answer_feed(world, &ask.subject, state),
            Surface::Post => answer_post(world, &ask.subject, state),
            Surface::Oembed => answer_oembed(world, &ask.subject, state),
            Surface::Login => html_page(page::login(&world.noise)),
            Surface::PostEmbed => answer_embed(world, &ask.subject, state),
            Surface::ProfileEmbed | Surface::Official | Surface::ShortLink | Surface::Other => {
                HttpResponse::NotFound().finish()
            }
        },
    }
}

fn html_page(text: String) -> HttpResponse {
    html().insert_header((header::SET_COOKIE, "tt_chain_token=sandbox; Path=/; HttpOnly")).body(text)
}

fn answer_profile(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Profile(_), Some(State::RegionGated)) => profile::not_shown(&world.noise, USER_WITHHELD, ""),
        (Subject::Profile(_), Some(State::Missing))
        | (Subject::Nothing | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. }, _) => {
            profile::not_shown(&world.noise, USER_MISSING, "user banned")
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Tiktok, handle, state);
            let status = if facts.is_private == Some(true) { USER_PRIVATE } else { 0 };
            match world.era(Platform::Tiktok) {
                Era::Current => profile::shown(&world.noise, &facts, status),
                Era::Older => {
                    older::profile(&world.noise, &facts, &world.posts(Platform::Tiktok, handle, state), status)
                }
                Era::Unknown => older::nobody_knows(&world.noise, &profile::block(&facts, status)),
            }
        }
    })
}

fn answer_feed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Profile(handle), Some(State::RegionGated)) => feed::not_shown(handle, USER_WITHHELD),
        (Subject::Profile(handle), Some(State::Missing)) => feed::not_shown(handle, USER_MISSING),
        (Subject::Nothing | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. }, _) => {
            feed::not_shown("", USER_MISSING)
        }
        (Subject::Profile(handle), _) => {
            let facts = world.profile(Platform::Tiktok, handle, state);
            feed::shown(&world.noise, &facts, &world.posts(Platform::Tiktok, handle, state))
        }
    })
}

fn answer_post(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { .. }, Some(State::Private)) => post::not_shown(&world.noise, "status_self_see"),
        (Subject::Post { .. }, Some(State::RegionGated)) => post::not_shown(&world.noise, "cross_border_violation_ur"),
        (Subject::Post { .. }, Some(State::Missing))
        | (Subject::Nothing | Subject::Profile(_) | Subject::Channel(_) | Subject::Short { .. }, _) => {
            post::not_shown(&world.noise, "item doesn't exist")
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Tiktok, external_id, handle.as_deref(), state);
            match world.era(Platform::Tiktok) {
                Era::Current => post::shown(&world.noise, &post, &author),
                Era::Older => older::post(&world.noise, &post, &author),
                Era::Unknown => older::nobody_knows(&world.noise, &post::item(&post, &author)),
            }
        }
    })
}

/// A post's embed page, which keeps the shape of 2020.
fn answer_embed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    html_page(match (subject, state) {
        (Subject::Post { external_id, .. }, Some(State::Missing | State::Private | State::RegionGated)) => {
            embed::not_shown(external_id)
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Tiktok, external_id, handle.as_deref(), state);
            embed::shown(&world.noise, &post, &author)
        }
        (Subject::Nothing | Subject::Profile(_) | Subject::Channel(_) | Subject::Short { .. }, _) => {
            embed::not_shown("")
        }
    })
}

fn answer_oembed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (_, Some(State::Missing | State::Private))
        | (Subject::Nothing | Subject::Channel(_) | Subject::Short { .. }, _) => {
            HttpResponse::BadRequest().json(oembed::not_shown())
        }
        (Subject::Profile(handle), _) => {
            HttpResponse::Ok().json(oembed::of_profile(&world.profile(Platform::Tiktok, handle, state)))
        }
        (Subject::Post { external_id, handle }, _) => {
            let (post, author) = world.post(Platform::Tiktok, external_id, handle.as_deref(), state);
            HttpResponse::Ok().json(oembed::of_post(&post, &author))
        }
    }
}
