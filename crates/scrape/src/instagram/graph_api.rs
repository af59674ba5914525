//! The official Graph API's answers about other people's professional accounts (`business_discovery`). Everything in them is exact. They know
//! accounts and posts by ids of their own, which no page carries: the account's page id is there at times (`ig_id`), a post's follows from its
//! address.

use domain::{
    AuthorFacts, MediaType, MetricStatus, Observation, Outcome, Platform, PostFacts, PostMetrics, ProfileFacts,
    ProfileMetrics, Reading, shortcode,
};
use serde_json::{Map, Value};

use super::polaris::{UNSUPPORTED, bare_profile};
use super::{GRAPH_API, meta};
use crate::conclude::{self, Listing, WhenEmpty, failed};
use crate::dates;
use crate::json::{at, count, id, keep, list, text};
use crate::page::{Page, PageKind};

/// Reads an answer; `None` when it is none of the API's.
pub(crate) fn read(page: &Page<'_>, root: &Value) -> Option<Observation> {
    if let Some(seen) = error(root) {
        return Some(seen);
    }
    let account = at(root, &["business_discovery"]);
    account.as_object()?;
    let Some(facts) = profile(account) else {
        return Some(failed(GRAPH_API, Outcome::ParseError, "an account without its handle"));
    };
    let media = at(account, &["media", "data"]);
    let posts: Vec<PostFacts> = list(media).iter().filter_map(|media| post(media, &facts)).collect();
    Some(match page.kind {
        PageKind::Profile => conclude::profile(page, GRAPH_API, facts, posts, None),
        PageKind::Feed => {
            let when_empty = if facts.metrics.posts.value() == Some(0) && list(media).is_empty() {
                WhenEmpty::Certain
            } else {
                WhenEmpty::Doubtful("an account with posts, and none of them in the answer")
            };
            conclude::feed(page, GRAPH_API, Listing { profile: Some(facts), posts, when_empty })
        }
        PageKind::Post | PageKind::Oembed => {
            failed(GRAPH_API, Outcome::ParseError, "asked for a post, the answer is about an account")
        }
    })
}

/// `{"error": {"code", "error_subcode", "type", …}}`. That an account cannot be found says nothing of its existence: personal ones cannot.
fn error(root: &Value) -> Option<Observation> {
    let error = at(root, &["error"]);
    at(error, &["type"]).as_str()?;
    let code = count(at(error, &["code"]))?;
    let subcode = count(at(error, &["error_subcode"])).unwrap_or(0);
    let (outcome, detail) = match (code, subcode) {
        (110, _) | (_, 2_207_013) => (Outcome::Private, "withheld: no professional account of this name"),
        (4 | 17 | 32 | 613, _) => (Outcome::RateLimited, "asked too often"),
        (190, _) => (Outcome::Blocked, "token refused"),
        (10 | 200..=299, _) => (Outcome::Blocked, "permission refused"),
        (1 | 2, _) => (Outcome::NetworkError, "the API failed"),
        _ => (Outcome::ParseError, "an error that is not known"),
    };
    Some(failed(GRAPH_API, outcome, format!("{detail}, error {code}/{subcode}")))
}

fn profile(account: &Value) -> Option<ProfileFacts> {
    let reading = |key: &str| Reading::exact(count(at(account, &[key])));
    let mut platform_data = Map::new();
    keep(&mut platform_data, "fbid", at(account, &["id"]));
    Some(ProfileFacts {
        name: text(at(account, &["name"])),
        description: text(at(account, &["biography"])),
        profile_pic_url: text(at(account, &["profile_picture_url"])),
        // Only public accounts are answered for.
        is_private: Some(false),
        link_in_bio: text(at(account, &["website"])),
        metrics: ProfileMetrics {
            followers: reading("followers_count"),
            following: reading("follows_count"),
            posts: reading("media_count"),
            likes: UNSUPPORTED,
        },
        platform_data,
        ..bare_profile(id(at(account, &["ig_id"])), text(at(account, &["username"]))?.to_lowercase())
    })
}

fn post(media: &Value, owner: &ProfileFacts) -> Option<PostFacts> {
    let code = meta::post_code(at(media, &["permalink"]).as_str()?)?;
    let reading = |key: &str| Reading::exact(count(at(media, &[key])));
    let mut facts = PostFacts::bare(Platform::Instagram, shortcode::to_media_id(code)?.to_string());
    facts.shortcode = Some(code.to_owned());
    facts.author = AuthorFacts { platform_id: owner.platform_id.clone(), username: Some(owner.username.clone()) };
    facts.description = text(at(media, &["caption"]));
    facts.set_created(dates::timestamp(at(media, &["timestamp"])));
    let product = at(media, &["media_product_type"]);
    facts.media_type = match at(media, &["media_type"]).as_str()? {
        _ if product == "STORY" => Some(MediaType::Story),
        "VIDEO" => Some(MediaType::Video),
        "IMAGE" => Some(MediaType::Image),
        "CAROUSEL_ALBUM" => Some(MediaType::Carousel),
        _ => None,
    };
    let (address, cover) = (text(at(media, &["media_url"])), text(at(media, &["thumbnail_url"])));
    let is_video = facts.media_type == Some(MediaType::Video);
    facts.video_url = address.clone().filter(|_| is_video);
    facts.cover_image_url = cover.or_else(|| address.filter(|_| !is_video));
    facts.metrics = PostMetrics {
        views: reading("view_count"),
        // Left out where the owner hides them; everything else that was asked for is there.
        likes: if media.get("like_count").is_none() && media.get("comments_count").is_some() {
            Reading::Null(MetricStatus::Hidden)
        } else {
            reading("like_count")
        },
        comments: reading("comments_count"),
        ..PostMetrics::default()
    };
    keep(&mut facts.platform_data, "fbid", at(media, &["id"]));
    keep(&mut facts.platform_data, "product_type", product);
    Some(facts)
}
