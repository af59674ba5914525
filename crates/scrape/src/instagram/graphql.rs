//! The GraphQL shapes of 2018 to 2025: counts in edges, in page blocks, `web_profile_info` and query answers alike.

use domain::{
    AuthorFacts, MediaType, Observation, Outcome, Platform, PostFacts, PostMetrics, ProfileFacts, ProfileMetrics,
    Reading, shortcode,
};
use serde_json::{Map, Value};

use super::polaris::{UNSUPPORTED, bare_profile};
use super::{edge_count, media};
use crate::conclude::{self, Listing, WhenEmpty, failed, is_account, is_post};
use crate::json::{all, at, count, first_object, flag, id, keep, list, seconds, text};
use crate::page::Page;

/// The connections that hold an account's own posts, the fullest first.
const CONNECTIONS: [&str; 2] = ["edge_owner_to_timeline_media", "edge_felix_video_timeline"];

/// Whether an object is an account with its counts. A post's owner lacks the second count.
pub(crate) fn is_profile(object: &Map<String, Value>) -> bool {
    ["username", "edge_followed_by", "edge_follow"].iter().all(|key| object.contains_key(*key))
}

/// `{"data":{"user":null}}`: a look-up that found nobody.
pub(crate) fn null_user(root: &Value, adapter: &'static str) -> Option<Observation> {
    let is_null = at(root, &["data"]).get("user").is_some_and(Value::is_null);
    is_null.then(|| failed(adapter, Outcome::NotFound, "the look-up found no such account"))
}

/// Reads the account that a body is about.
pub(crate) fn profile(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let user = asked_user(page, root)?;
    let facts = facts(user)?;
    let posts = posts(user, facts.platform_id.as_deref().unwrap_or_default());
    Some(conclude::profile(page, adapter, facts, posts, None))
}

fn asked_user<'a>(page: &Page<'_>, root: &'a Value) -> Option<&'a Value> {
    let is_asked_for = |object: &Map<String, Value>| {
        let handle = object.get("username").and_then(Value::as_str);
        let id = object.get("id").and_then(id);
        page.expect.is_none_or(|expected| is_account(expected, handle, id.as_deref()))
    };
    first_object(root, |object| is_profile(object) && is_asked_for(object)).or_else(|| first_object(root, is_profile))
}

fn facts(user: &Value) -> Option<ProfileFacts> {
    let edge = |name: &str| Reading::exact(edge_count(user, name));
    let mut platform_data = Map::new();
    keep(&mut platform_data, "fbid", at(user, &["fbid"]));
    let category = at(user, &["category_name"]);
    keep(
        &mut platform_data,
        "category",
        if category.is_null() { at(user, &["business_category_name"]) } else { category },
    );
    keep(&mut platform_data, "is_business_account", at(user, &["is_business_account"]));
    let link = text(at(user, &["external_url"]));
    Some(ProfileFacts {
        name: text(at(user, &["full_name"])),
        description: text(at(user, &["biography"])),
        profile_pic_url: ["profile_pic_url_hd", "profile_pic_url"].iter().find_map(|key| text(at(user, &[key]))),
        is_verified: flag(at(user, &["is_verified"])),
        is_private: flag(at(user, &["is_private"])),
        link_in_bio: link.or_else(|| list(at(user, &["bio_links"])).iter().find_map(|link| text(at(link, &["url"])))),
        metrics: ProfileMetrics {
            followers: edge("edge_followed_by"),
            following: edge("edge_follow"),
            posts: edge("edge_owner_to_timeline_media"),
            likes: UNSUPPORTED,
        },
        platform_data,
        ..bare_profile(Some(id(at(user, &["id"]))?), text(at(user, &["username"]))?.to_lowercase())
    })
}

/// Reads the list of posts in a body. A query's answer may hold the list alone; then the posts say whose it is.
pub(crate) fn feed(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let user = first_object(root, |object| {
        CONNECTIONS.iter().any(|key| object.get(*key).is_some_and(|connection| connection.get("edges").is_some()))
    })?;
    let key = CONNECTIONS.iter().find(|key| at(user, &[key, "edges"]).is_array())?;
    let nodes = || list(at(user, &[key, "edges"])).iter().map(|edge| at(edge, &["node"]));
    let owner_id = id(at(user, &["id"])).or_else(|| nodes().find_map(|node| id(at(node, &["owner", "id"]))));
    let named = nodes()
        .find_map(|node| text(at(node, &["owner", "username"])).filter(|_| id(at(node, &["owner", "id"])) == owner_id));
    let asked_for = || page.expect.filter(|_| page.redirected_to.is_none()).map(str::to_owned);
    let mut profile =
        facts(user).or_else(|| Some(bare_profile(Some(owner_id.clone()?), named.or_else(asked_for)?.to_lowercase())));
    let has_more = at(user, &[key, "page_info", "has_next_page"]);
    if let Some(profile) = &mut profile {
        profile.metrics.posts = profile.metrics.posts.or(Reading::exact(edge_count(user, CONNECTIONS[0])));
        profile.metrics.likes = UNSUPPORTED;
        keep(&mut profile.platform_data, "feed_has_more", has_more);
    }
    let when_empty = if edge_count(user, key) == Some(0) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a list without posts of an account that has some")
    };
    let posts = owner_id.map(|owner| posts(user, &owner)).unwrap_or_default();
    Some(conclude::feed(page, adapter, Listing { profile, posts, when_empty }))
}

/// The posts of an account's own lists, each once.
fn posts(user: &Value, owner: &str) -> Vec<PostFacts> {
    let mut found: Vec<PostFacts> = Vec::new();
    for connection in CONNECTIONS {
        for edge in list(at(user, &[connection, "edges"])) {
            let node = at(edge, &["node"]);
            let makers = std::iter::once(at(node, &["owner"])).chain(list(at(node, &["coauthor_producers"])));
            let mut makers = makers.filter_map(|maker| id(at(maker, &["id"]))).peekable();
            let is_own = makers.peek().is_none() || makers.any(|maker| maker == owner);
            if let Some(facts) = node_facts(node).filter(|_| is_own)
                && !found.iter().any(|known| known.external_id == facts.external_id)
            {
                found.push(facts);
            }
        }
    }
    found
}

/// Reads the post that a body is about.
pub(crate) fn post(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let found: Vec<&Value> =
        ["shortcode_media", "xdt_shortcode_media"].into_iter().flat_map(|key| all(root, key)).collect();
    let facts: Vec<PostFacts> = found.iter().filter_map(|media| node_facts(media)).collect();
    let wanted = facts.iter().find(|facts| page.expect.is_none_or(|expected| is_post(facts, expected)));
    match wanted.or(facts.first()) {
        Some(facts) => Some(conclude::post(page, adapter, facts.clone(), None)),
        None if found.is_empty() => None,
        None => Some(failed(adapter, Outcome::Blocked, "a null post, which guests are given for posts that exist")),
    }
}

/// The facts of a node; `None` without an id.
pub(crate) fn node_facts(node: &Value) -> Option<PostFacts> {
    let code = text(at(node, &["shortcode"])).or_else(|| text(at(node, &["code"])));
    let from_code = || code.as_deref().and_then(shortcode::to_media_id).map(|id| id.to_string());
    let mut facts = PostFacts::bare(Platform::Instagram, id(at(node, &["id"])).or_else(from_code)?);
    facts.shortcode = code.or_else(|| facts.external_id.parse().ok().map(shortcode::from_media_id));
    let owner = at(node, &["owner"]);
    facts.author = AuthorFacts {
        platform_id: id(at(owner, &["id"])),
        username: text(at(owner, &["username"])).map(|name| name.to_lowercase()),
    };
    let caption = list(at(node, &["edge_media_to_caption", "edges"])).first();
    facts.description = caption.and_then(|edge| text(at(edge, &["node", "text"])));
    facts.set_created(media::created(at(node, &["taken_at_timestamp"]), &facts.external_id));
    let by_flag = flag(at(node, &["is_video"])).map(|video| if video { MediaType::Video } else { MediaType::Image });
    facts.media_type = media::named_type(at(node, &["__typename"]).as_str().unwrap_or("")).or(by_flag);
    let manifest = at(node, &["dash_info", "video_dash_manifest"]).as_str();
    facts.duration = seconds(at(node, &["video_duration"]))
        .or_else(|| manifest.and_then(media::manifest_duration))
        .filter(|_| facts.media_type == Some(MediaType::Video));
    facts.video_url = text(at(node, &["video_url"]));
    facts.cover_image_url = ["display_url", "thumbnail_src"].iter().find_map(|key| text(at(node, &[key])));
    facts.metrics = metrics(node);
    keep(&mut facts.platform_data, "product_type", at(node, &["product_type"]));
    let slides = list(at(node, &["edge_sidecar_to_children", "edges"])).len();
    if slides > 0 {
        facts.platform_data.insert("carousel_media_count".to_owned(), slides.into());
    }
    if !list(at(node, &["pinned_for_users"])).is_empty() {
        facts.platform_data.insert("is_pinned".to_owned(), Value::Bool(true));
    }
    Some(facts)
}

fn metrics(node: &Value) -> PostMetrics {
    let hidden = flag(at(node, &["like_and_view_counts_disabled"])) == Some(true);
    let first = |edges: &[&str]| edges.iter().find_map(|edge| edge_count(node, edge));
    let plain = |key: &str| if hidden { media::HIDDEN } else { Reading::exact(count(at(node, &[key]))) };
    PostMetrics {
        views: plain("video_view_count"),
        likes: if hidden { media::HIDDEN } else { media::likes(first(&["edge_media_preview_like", "edge_liked_by"])) },
        comments: Reading::exact(first(&[
            "edge_media_to_comment",
            "edge_media_to_parent_comment",
            "edge_media_preview_comment",
        ])),
        shares: Reading::NOT_PROVIDED,
        plays: plain("video_play_count"),
        saves: Reading::NOT_PROVIDED,
    }
}
