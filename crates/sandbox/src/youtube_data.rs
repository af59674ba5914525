//! A stand-in of YouTube's Data API v3: `channels`, `videos` and `playlistItems`, in the documented shape. Its counts are exact, but for the subscribers.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use domain::handle::is_channel_id;
use domain::{Platform, PostFacts, Timestamp};
use serde_json::{Value, json};

use crate::ask::{Ask, Subject, handle_of, parameter, post_id_of};
use crate::rounding::leading;
use crate::state::State;
use crate::surface::Surface;
use crate::truth::Truth;
use crate::world::World;
use crate::youtube::{iso_length, title};

const PLATFORM: Platform = Platform::Youtube;
/// The key that the stand-in takes.
pub const YOUTUBE_DATA_KEY: &str = "sandbox-key";
/// Ids that one question may name, and items on a page at most.
const MOST: usize = 50;
/// Items on a page when the question names no number.
const PAGE_DEFAULT: usize = 5;
/// How many uploads can be paged through.
const UPLOADS_MOST: usize = 500;

/// Answers `GET /youtube-data/v3/{channels,videos,playlistItems}?part=…&key=…`.
pub(crate) fn answer(world: &World, path: &str, query: &str, state: Option<State>) -> HttpResponse {
    match state {
        Some(State::Throttled | State::RateLimited | State::Challenge) => {
            let message = "The request cannot be completed because you have exceeded your quota.";
            return error(StatusCode::FORBIDDEN, "youtube.quota", "quotaExceeded", message, None);
        }
        Some(State::Broken | State::Garbage | State::EmptyBody | State::LoginWall) => {
            return error(StatusCode::INTERNAL_SERVER_ERROR, "global", "backendError", "Backend Error", None);
        }
        Some(
            State::Missing
            | State::Private
            | State::RegionGated
            | State::Renamed
            | State::HiddenLikes
            | State::Slow
            | State::Held,
        )
        | None => {}
    }
    if parameter(query, "key").as_deref() != Some(YOUTUBE_DATA_KEY) {
        let message = "API key not valid. Please pass a valid API key.";
        return error(StatusCode::BAD_REQUEST, "usageLimits", "keyInvalid", message, Some("API_KEY_INVALID"));
    }
    let parts = parameter(query, "part").unwrap_or_default();
    let parts: Vec<&str> = parts.split(',').map(str::trim).collect();
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("channels") => channels(world, query, &parts),
        Some("videos") => videos(world, query, &parts),
        Some("playlistItems") => playlist_items(world, query, &parts),
        Some(_) | None => HttpResponse::NotFound().finish(),
    }
}

fn error(status: StatusCode, domain: &str, reason: &str, message: &str, detail: Option<&str>) -> HttpResponse {
    let mut error = json!({
        "code": status.as_u16(), "message": message, "errors": [{ "message": message, "domain": domain, "reason": reason }],
    });
    if let Some(detail) = detail {
        error["status"] = "INVALID_ARGUMENT".into();
        error["details"] = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": detail, "domain": "googleapis.com" }]);
    }
    HttpResponse::build(status).json(json!({ "error": error }))
}

/// Puts the parts that were asked for into an item.
fn item(kind: &str, id: &str, parts: &[&str], all: Vec<(&str, Value)>) -> Value {
    let mut item = json!({ "kind": format!("youtube#{kind}"), "etag": "sandbox", "id": id });
    for (part, value) in all {
        if parts.contains(&part) {
            item[part] = value;
        }
    }
    item
}

fn list(kind: &str, items: Vec<Value>) -> Value {
    let mut answer = json!({
        "kind": format!("youtube#{kind}ListResponse"), "etag": "sandbox", "pageInfo": { "totalResults": items.len(), "resultsPerPage": items.len() },
    });
    // Where nothing is found, the list is left out rather than empty.
    if !items.is_empty() || kind == "video" {
        answer["items"] = items.into();
    }
    answer
}

fn state_of(world: &World, subject: Subject) -> Option<State> {
    world.state_of(&Ask { platform: PLATFORM, surface: Surface::Official, subject }, None)
}

/// The handle of a channel that is shown, by its id.
fn shown_channel(world: &World, id: &str) -> Option<String> {
    let handle = is_channel_id(id).then(|| world.channel_handle(id))?;
    let state = state_of(world, Subject::Profile(handle.clone()));
    (state != Some(State::Missing)).then_some(handle)
}

fn channels(world: &World, query: &str, parts: &[&str]) -> HttpResponse {
    let by_id = parameter(query, "id").unwrap_or_default();
    let by_id = by_id.split(',').filter(|id| !id.is_empty()).take(MOST).filter_map(|id| shown_channel(world, id));
    let by_name = ["forHandle", "forUsername"].iter().find_map(|name| parameter(query, name));
    let by_name = by_name.and_then(|name| handle_of(PLATFORM, &name)).filter(|handle| {
        !matches!(state_of(world, Subject::Profile(handle.clone())), Some(State::Missing | State::Renamed))
    });
    let found = by_id.chain(by_name).filter_map(|handle| channel(world, &handle, parts));
    HttpResponse::Ok().json(list("channel", found.collect()))
}

fn channel(world: &World, handle: &str, parts: &[&str]) -> Option<Value> {
    let Truth::Profile(truth) = world.truth(PLATFORM, &format!("@{handle}"))? else { return None };
    let (facts, counts) = (&truth.facts, truth.counts);
    let id = facts.platform_id.as_deref()?;
    let views = counts.followers.unwrap_or(0).saturating_mul(90);
    let thumbnail = json!({ "default": { "url": facts.profile_pic_url, "width": 88, "height": 88 }, "high": { "url": facts.profile_pic_url, "width": 800, "height": 800 } });
    Some(item(
        "channel",
        id,
        parts,
        vec![
            (
                "snippet",
                json!({
                    "title": facts.name, "description": facts.description.as_deref().unwrap_or_default(), "customUrl": format!("@{}", facts.username),
                    "publishedAt": seconds(Some(world.joined_of(facts))), "thumbnails": thumbnail, "country": "GB",
                }),
            ),
            ("contentDetails", json!({ "relatedPlaylists": { "likes": "", "uploads": id.replacen("UC", "UU", 1) } })),
            (
                "statistics",
                json!({
                    "viewCount": views.to_string(), "subscriberCount": leading(counts.followers.unwrap_or(0), 3).to_string(),
                    "hiddenSubscriberCount": false, "videoCount": counts.posts.unwrap_or(0).to_string(),
                }),
            ),
            ("status", json!({ "privacyStatus": "public", "isLinked": true })),
        ],
    ))
}

fn videos(world: &World, query: &str, parts: &[&str]) -> HttpResponse {
    let ids = parameter(query, "id").unwrap_or_default();
    let ids = ids.split(',').filter_map(|id| post_id_of(PLATFORM, id)).take(MOST);
    let shown = ids.filter_map(|id| {
        let state = state_of(world, Subject::Post { external_id: id.clone(), handle: None });
        let is_shown = !matches!(state, Some(State::Missing | State::Private));
        is_shown.then(|| video(world, &id, state, parts))
    });
    HttpResponse::Ok().json(list("video", shown.collect()))
}

fn thumbnails(post: &PostFacts) -> Value {
    json!({ "high": { "url": post.cover_image_url, "width": 480, "height": 360 } })
}

fn video(world: &World, id: &str, state: Option<State>, parts: &[&str]) -> Value {
    let (post, author) = world.post(PLATFORM, id, None, state);
    let mut statistics = json!({
        "viewCount": post.metrics.views.value().unwrap_or(0).to_string(), "favoriteCount": "0",
        "commentCount": world.comments_of(&post).to_string(),
    });
    if let Some(likes) = post.metrics.likes.value() {
        statistics["likeCount"] = likes.to_string().into();
    }
    let mut details = json!({ "duration": iso_length(&post), "dimension": "2d", "definition": "hd", "caption": "false", "licensedContent": true });
    if state == Some(State::RegionGated) {
        details["regionRestriction"] = json!({ "blocked": ["GB"] });
    }
    item(
        "video",
        id,
        parts,
        vec![
            (
                "snippet",
                json!({
                    "publishedAt": seconds(post.create_time), "channelId": author.platform_id, "title": title(&post),
                    "description": post.description.as_deref().unwrap_or_default(), "thumbnails": thumbnails(&post), "channelTitle": author.name,
                    "categoryId": "24", "liveBroadcastContent": "none",
                }),
            ),
            ("contentDetails", details),
            ("statistics", statistics),
            ("status", json!({ "uploadStatus": "processed", "privacyStatus": "public", "embeddable": true })),
        ],
    )
}

fn playlist_items(world: &World, query: &str, parts: &[&str]) -> HttpResponse {
    let playlist = parameter(query, "playlistId").unwrap_or_default();
    let channel = playlist.strip_prefix("UU").map(|tail| format!("UC{tail}"));
    let Some(handle) = channel.as_deref().and_then(|id| shown_channel(world, id)) else {
        let message = "The playlist identified with the request's playlistId parameter cannot be found.";
        return error(StatusCode::NOT_FOUND, "youtube.playlistItem", "playlistNotFound", message, None);
    };
    let state = state_of(world, Subject::Profile(handle.clone()));
    let size = parameter(query, "maxResults").and_then(|most| most.parse().ok()).unwrap_or(PAGE_DEFAULT).clamp(1, MOST);
    let from: usize = parameter(query, "pageToken").and_then(|token| token.parse().ok()).unwrap_or(0).min(UPLOADS_MOST);
    let posts = world.newest(PLATFORM, &handle, state, from + size + 1);
    let facts = world.profile(PLATFORM, &handle, state);
    let page = posts.iter().enumerate().skip(from).take(size).map(|(position, post)| {
        item("playlistItem", &format!("{playlist}.{}", post.external_id), parts, vec![
            ("snippet", json!({
                "publishedAt": seconds(post.create_time), "channelId": facts.platform_id, "title": title(post),
                "description": post.description.as_deref().unwrap_or_default(), "thumbnails": thumbnails(post), "channelTitle": facts.name,
                "playlistId": playlist, "position": position, "resourceId": { "kind": "youtube#video", "videoId": post.external_id },
            })),
            ("contentDetails", json!({ "videoId": post.external_id, "videoPublishedAt": seconds(post.create_time) })),
            ("status", json!({ "privacyStatus": "public" })),
        ])
    });
    let mut answer =
        json!({ "kind": "youtube#playlistItemListResponse", "etag": "sandbox", "items": page.collect::<Vec<_>>() });
    answer["pageInfo"] = json!({ "totalResults": world.posts_of(&facts), "resultsPerPage": size });
    if posts.len() > from + size {
        answer["nextPageToken"] = (from + size).to_string().into();
    }
    HttpResponse::Ok().json(answer)
}

fn seconds(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| Timestamp::from_millis(at.as_seconds() * 1000).to_string())
}
