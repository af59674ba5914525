//! Pinterest's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.
//!
//! A guest is not told why a pin is withheld: a removed one leads away by a redirect, a private one and one that is not shown in the region are not found.

mod page;
mod pin;
mod profile;

use actix_web::HttpResponse;
use actix_web::http::header;
use domain::Platform;
use serde_json::json;

use crate::ask::{Ask, Subject};
use crate::server::{html, too_many};
use crate::state::State;
use crate::surface::Surface;
use crate::world::World;

const PLATFORM: Platform = Platform::Pinterest;
/// Pins in a profile's feed.
const FEED_PINS: usize = 25;

/// Answers as Pinterest does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    match state {
        Some(State::Throttled | State::RateLimited) => return too_many(world, PLATFORM),
        Some(State::LoginWall) => {
            return HttpResponse::Found().insert_header((header::LOCATION, "/pinterest/login/?next=%2F")).finish();
        }
        Some(State::Challenge) => return html().body(page::shell(&world.noise)),
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
        | None => {}
    }
    match ask.surface {
        Surface::Profile => answer_profile(world, &ask.subject, state),
        Surface::Feed => answer_feed(world, &ask.subject, state),
        Surface::Post => answer_pin(world, &ask.subject, state),
        Surface::Oembed => answer_oembed(world, &ask.subject, state),
        Surface::Login => html().body(page::shell(&world.noise)),
        Surface::ProfileEmbed | Surface::PostEmbed | Surface::Official | Surface::ShortLink | Surface::Other => {
            not_found(world)
        }
    }
}

fn not_found(world: &World) -> HttpResponse {
    HttpResponse::NotFound().content_type("text/html; charset=utf-8").body(page::shell(&world.noise))
}

fn answer_profile(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Profile(handle), state) if !matches!(state, Some(State::Missing | State::RegionGated)) => {
            let facts = world.profile(PLATFORM, handle, state);
            html().body(profile::shown(world, &facts, &world.posts(PLATFORM, handle, state)))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => not_found(world),
    }
}

fn answer_feed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Profile(handle), state)
            if !matches!(state, Some(State::Missing | State::RegionGated | State::Private)) =>
        {
            let facts = world.profile(PLATFORM, handle, state);
            let pins = world.newest(PLATFORM, handle, state, FEED_PINS);
            HttpResponse::Ok().content_type("application/rss+xml; charset=utf-8").body(profile::feed(&facts, &pins))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => not_found(world),
    }
}

fn answer_pin(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Post { .. }, Some(State::Missing)) => {
            HttpResponse::Found().insert_header((header::LOCATION, "/pinterest/ideas/?source=pin")).finish()
        }
        (Subject::Post { external_id, handle }, state)
            if !matches!(state, Some(State::Private | State::RegionGated)) =>
        {
            let (post, author) = world.post(PLATFORM, external_id, handle.as_deref(), state);
            html().body(pin::shown(world, &post, &author))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => not_found(world),
    }
}

fn answer_oembed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    let gone = matches!(state, Some(State::Missing | State::Private | State::RegionGated));
    match subject {
        Subject::Post { external_id, handle } if !gone => {
            let (post, author) = world.post(PLATFORM, external_id, handle.as_deref(), state);
            HttpResponse::Ok().json(json!({
                "version": "1.0", "type": "rich", "provider_name": "Pinterest", "provider_url": "https://www.pinterest.com", "width": 450,
                "height": 663, "title": pin::title(&post), "author_name": author.name,
                "author_url": format!("https://www.pinterest.com/{}/", author.username),
                "html": format!("<iframe src=\"https://assets.pinterest.com/ext/embed.html?id={external_id}&src=oembed\"></iframe>"),
                "thumbnail_url": post.cover_image_url, "thumbnail_width": 236, "thumbnail_height": 295,
            }))
        }
        Subject::Post { .. } | Subject::Profile(_) | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing => {
            HttpResponse::NotFound().json(json!({ "status": "failure", "message": "Pin not found." }))
        }
    }
}
