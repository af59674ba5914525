//! A stand-in of Instagram's Graph API, as far as it tells of other accounts: `business_discovery`, in the documented shape.

use actix_web::HttpResponse;
use domain::{MediaType, Platform, PostFacts, ProfileFacts, Timestamp};
use serde_json::{Map, Value, json};

use crate::ask::{Ask, Subject, handle_of, parameter};
use crate::instagram::hides;
use crate::named;
use crate::state::{State, is_named};
use crate::surface::Surface;
use crate::truth::Truth;
use crate::world::World;

/// The access token that the stand-in takes.
pub const GRAPH_TOKEN: &str = "sandbox-token";
/// An Instagram user id to ask as; any number will do.
pub const GRAPH_USER_ID: &str = "17841400000000001";

/// Posts that are listed when the question names no limit, and at most.
const MEDIA_DEFAULT: usize = 25;
const MEDIA_MOST: usize = 100;

/// Answers `GET /graph/{version}/{ig-user-id}?fields=…&access_token=…`.
pub(crate) fn answer(world: &World, path: &str, query: &str, state: Option<State>) -> HttpResponse {
    let asked_as = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    match state {
        Some(State::Throttled | State::RateLimited | State::Challenge) => return limited(),
        Some(State::Broken | State::Garbage | State::EmptyBody | State::LoginWall) => {
            return error(500, 2, None, "An unexpected error has occurred. Please retry your request later.");
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
    if parameter(query, "access_token").as_deref() != Some(GRAPH_TOKEN) {
        return error(400, 190, None, "Invalid OAuth access token - Cannot parse access token");
    }
    let fields = parameter(query, "fields").unwrap_or_default();
    let fields = Field::list(&fields);
    let discovery = fields.iter().find(|field| field.name == "business_discovery");
    let Some(handle) = discovery.and_then(|field| field.modifier("username")) else {
        return error(400, 100, None, "(#100) The parameter business_discovery.username is required");
    };
    let Some(handle) = handle_of(Platform::Instagram, handle) else { return nobody(handle) };
    let ask =
        Ask { platform: Platform::Instagram, surface: Surface::Official, subject: Subject::Profile(handle.clone()) };
    let state = world.state_of(&ask, None);
    let is_shown = !matches!(state, Some(State::Missing | State::Private | State::RegionGated | State::Renamed));
    let Some(Truth::Profile(truth)) = world.truth(Platform::Instagram, &handle) else { return nobody(&handle) };
    if !is_shown || is_named(&handle, named::PERSONAL) || truth.facts.username != handle {
        return nobody(&handle);
    }
    let mut facts = truth.facts;
    facts.metrics.posts = domain::Reading::exact(truth.counts.posts);
    let asked = discovery.map_or(&[][..], |field| &field.inner);
    let answer = json!({ "business_discovery": account(world, &facts, asked, state), "id": asked_as });
    HttpResponse::Ok().json(answer)
}

/// One field of a `fields` parameter: `name.modifier(value){inner,…}`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Field {
    name: String,
    modifiers: Vec<(String, String)>,
    inner: Vec<Field>,
}

impl Field {
    /// The fields of a list, cut at the commas that stand in no bracket.
    fn list(text: &str) -> Vec<Self> {
        let mut depth = 0_i32;
        let parts = text.split(|letter| {
            depth += match letter {
                '(' | '{' => 1,
                ')' | '}' => -1,
                _ => 0,
            };
            letter == ',' && depth == 0
        });
        parts.map(str::trim).filter(|part| !part.is_empty()).map(Self::one).collect()
    }

    fn one(text: &str) -> Self {
        let (head, inner) = text.split_once('{').unwrap_or((text, ""));
        let inner = Self::list(inner.strip_suffix('}').unwrap_or(inner));
        let mut words = head.split('.');
        let name = words.next().unwrap_or("").to_owned();
        // A value may hold dots, as handles do.
        let rest = head.get(name.len()..).unwrap_or("").trim_start_matches('.');
        let modifiers = rest.split(").").filter_map(|part| part.trim_end_matches(')').split_once('('));
        let modifiers = modifiers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { name, modifiers, inner }
    }

    fn modifier(&self, name: &str) -> Option<&str> {
        self.modifiers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn account(world: &World, facts: &ProfileFacts, asked: &[Field], state: Option<State>) -> Value {
    let mut answer = Map::new();
    let id = facts.platform_data.get("fbid").cloned().unwrap_or_default();
    for field in asked {
        let value = match field.name.as_str() {
            "followers_count" => json!(facts.metrics.followers.value()),
            "follows_count" => json!(facts.metrics.following.value()),
            "media_count" => json!(facts.metrics.posts.value()),
            "username" => json!(facts.username),
            "name" => json!(facts.name),
            "biography" => json!(facts.description),
            "website" => json!(facts.link_in_bio),
            "profile_picture_url" => json!(facts.profile_pic_url),
            "ig_id" => json!(facts.platform_id.as_deref().and_then(|id| id.parse::<u64>().ok())),
            "media" => {
                let limit = field.modifier("limit").and_then(|limit| limit.parse().ok()).unwrap_or(MEDIA_DEFAULT);
                let posts = world.newest(Platform::Instagram, &facts.username, state, limit.min(MEDIA_MOST));
                let data: Vec<_> = posts.iter().map(|post| media(post, &field.inner)).collect();
                json!({ "data": data, "paging": { "cursors": { "after": "sandbox" } } })
            }
            _ => continue,
        };
        // What is not there is left out, as the interface does.
        if !value.is_null() {
            answer.insert(field.name.clone(), value);
        }
    }
    answer.insert("id".to_owned(), id);
    Value::Object(answer)
}

fn media(post: &PostFacts, asked: &[Field]) -> Value {
    let is_video = post.media_type == Some(MediaType::Video);
    let kind = match post.media_type {
        Some(MediaType::Video | MediaType::Story) => "VIDEO",
        Some(MediaType::Carousel) => "CAROUSEL_ALBUM",
        Some(MediaType::Image) | None => "IMAGE",
    };
    let mut answer = Map::new();
    for field in asked {
        let value = match field.name.as_str() {
            "caption" => json!(post.description),
            "timestamp" => json!(post.create_time.map(graph_time)),
            "permalink" => {
                let path = if is_video { "reel" } else { "p" };
                json!(format!("https://www.instagram.com/{path}/{}/", post.shortcode.as_deref().unwrap_or_default()))
            }
            "shortcode" => json!(post.shortcode),
            "media_type" => json!(kind),
            "media_product_type" => json!(if is_video { "REELS" } else { "FEED" }),
            "media_url" => json!(post.video_url.as_ref().or(post.cover_image_url.as_ref())),
            "thumbnail_url" if is_video => json!(post.cover_image_url),
            "like_count" if !hides(post) => json!(post.metrics.likes.value()),
            "comments_count" => json!(post.metrics.comments.value()),
            "view_count" if is_video => json!(post.metrics.plays.value()),
            _ => continue,
        };
        if !value.is_null() {
            answer.insert(field.name.clone(), value);
        }
    }
    // The interface's own number, which is not the one of the pages.
    let number = post.external_id.parse::<u64>().unwrap_or(0) % 1_000_000_000_000;
    answer.insert("id".to_owned(), format!("17{number:015}").into());
    Value::Object(answer)
}

/// `2025-12-30T12:00:00+0000`.
fn graph_time(at: Timestamp) -> String {
    let text = Timestamp::from_millis(at.as_seconds() * 1000).to_string();
    text.replace('Z', "+0000")
}

fn limited() -> HttpResponse {
    error(403, 4, None, "(#4) Application request limit reached")
}

/// What a personal account and one that does not exist are alike.
fn nobody(handle: &str) -> HttpResponse {
    error(400, 110, Some(2_207_013), &format!("Invalid user id: the user with username {handle} cannot be found"))
}

fn error(status: u16, code: i64, subcode: Option<i64>, message: &str) -> HttpResponse {
    let mut error = json!({ "message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Sandbox" });
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    if matches!(code, 2 | 4) {
        error["is_transient"] = true.into();
    }
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status).json(json!({ "error": error }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_with_what_stands_in_their_brackets() {
        let fields = Field::list("business_discovery.username(a.b_c){followers_count,media.limit(12){id,caption}},id");
        assert_eq!(fields.len(), 2);
        assert_eq!(fields[0].modifier("username"), Some("a.b_c"));
        let media = &fields[0].inner[1];
        assert_eq!((media.name.as_str(), media.modifier("limit"), media.inner.len()), ("media", Some("12"), 2));
    }
}
