//! YouTube's answers: which page a state is, for each kind of page. The pages themselves are written in the modules below.

mod channel;
mod page;
mod rss;
mod watch;

use actix_web::HttpResponse;
use domain::Platform;
use serde_json::json;

use crate::ask::{Ask, Subject};
use crate::server::{html, too_many};
use crate::state::State;
use crate::surface::Surface;
use crate::world::World;

pub(crate) use page::title;
pub(crate) use watch::iso_length;

const PLATFORM: Platform = Platform::Youtube;
/// Videos in a channel's feed.
const FEED_VIDEOS: usize = 15;

/// Answers as YouTube does in that state.
pub(crate) fn answer(world: &World, ask: &Ask, state: Option<State>) -> HttpResponse {
    match state {
        Some(State::Throttled | State::RateLimited) => return too_many(world, PLATFORM),
        Some(State::Challenge) if ask.surface == Surface::Post => {
            let reason = "Sign in to confirm you’re not a bot";
            return html().body(watch::not_shown(world, "", "LOGIN_REQUIRED", reason));
        }
        Some(State::LoginWall | State::Challenge) => return html().body(page::consent(&world.noise)),
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
        Surface::Profile => answer_channel(world, &ask.subject, state),
        Surface::Feed => answer_feed(world, &ask.subject, state),
        Surface::Post => answer_watch(world, &ask.subject, state),
        Surface::Oembed => answer_oembed(world, &ask.subject, state),
        Surface::ProfileEmbed
        | Surface::PostEmbed
        | Surface::Official
        | Surface::ShortLink
        | Surface::Login
        | Surface::Other => HttpResponse::NotFound().finish(),
    }
}

fn answer_channel(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Profile(_), Some(State::RegionGated)) => {
            html().body(channel::not_shown(world, "This channel is not available in your country."))
        }
        (Subject::Profile(handle), state) if state != Some(State::Missing) => {
            let facts = world.profile(PLATFORM, handle, state);
            html().body(channel::shown(world, &facts, &world.posts(PLATFORM, handle, state)))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => {
            let body = channel::not_shown(world, "This channel does not exist.");
            HttpResponse::NotFound().content_type("text/html; charset=utf-8").body(body)
        }
    }
}

fn answer_feed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Profile(handle), state) if !matches!(state, Some(State::Missing | State::RegionGated)) => {
            let facts = world.profile(PLATFORM, handle, state);
            let posts = world.newest(PLATFORM, handle, state, FEED_VIDEOS);
            HttpResponse::Ok().content_type("text/xml; charset=UTF-8").body(rss::feed(world, &facts, &posts))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => HttpResponse::NotFound()
            .content_type("text/html; charset=utf-8")
            .body("<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"),
    }
}

fn answer_watch(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    let Subject::Post { external_id, handle } = subject else {
        return html().body(watch::not_shown(world, "", "ERROR", "Video unavailable"));
    };
    html().body(match state {
        Some(State::Missing) => watch::not_shown(world, external_id, "ERROR", "Video unavailable"),
        Some(State::Private) => watch::private(world, external_id),
        Some(
            State::RegionGated
            | State::Throttled
            | State::RateLimited
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
            let (post, author) = world.post(PLATFORM, external_id, handle.as_deref(), state);
            watch::shown(world, &post, &author, state == Some(State::RegionGated))
        }
    })
}

fn answer_oembed(world: &World, subject: &Subject, state: Option<State>) -> HttpResponse {
    match (subject, state) {
        (Subject::Post { .. }, Some(State::Private)) => HttpResponse::Forbidden().body("Forbidden"),
        (Subject::Post { external_id, handle }, state) if state != Some(State::Missing) => {
            let (post, author) = world.post(PLATFORM, external_id, handle.as_deref(), state);
            HttpResponse::Ok().json(json!({
                "title": title(&post), "author_name": author.name, "author_url": format!("https://www.youtube.com/@{}", author.username),
                "type": "video", "height": 113, "width": 200, "version": "1.0", "provider_name": "YouTube",
                "provider_url": "https://www.youtube.com/", "thumbnail_height": 360, "thumbnail_width": 480,
                "thumbnail_url": post.cover_image_url,
                "html": format!("<iframe width=\"200\" height=\"113\" src=\"https://www.youtube.com/embed/{external_id}?feature=oembed\"></iframe>"),
            }))
        }
        (
            Subject::Profile(_) | Subject::Post { .. } | Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing,
            _,
        ) => HttpResponse::NotFound().body("Not Found"),
    }
}
