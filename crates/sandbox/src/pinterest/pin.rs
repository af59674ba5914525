//! Pinterest's page of a pin: two answers to queries, of which the second has the counts, and the same pin in the page's state.

use domain::{PostFacts, ProfileFacts};
use serde_json::{Value, json};

use super::page::{page, written_time};
use crate::events::Era;
use crate::noise::in_script;
use crate::world::World;

/// A pin's title: the first line of what was written with it.
pub(super) fn title(post: &PostFacts) -> &str {
    post.description.as_deref().and_then(|text| text.lines().next()).unwrap_or("")
}

fn number(post: &PostFacts, key: &str) -> Value {
    post.platform_data.get(key).cloned().unwrap_or_default()
}

/// A pin.
pub(super) fn shown(world: &World, post: &PostFacts, author: &ProfileFacts) -> String {
    let linked = json!({
        "@context": "http://schema.org/", "@type": "SocialMediaPosting", "headline": title(post), "image": post.cover_image_url,
        "author": { "@type": "Person", "name": author.name, "url": format!("https://www.pinterest.com/{}", author.username) },
        "datePublished": post.create_time,
    });
    let linked =
        format!("<script data-test-id=\"leaf-snippet\" type=\"application/ld+json\">{}</script>\n", in_script(&linked));
    match world.era(domain::Platform::Pinterest) {
        Era::Current => {
            let redux = json!({ "pins": { (&post.external_id): resource(post, author) }, "users": {}, "boards": {} });
            let blocks = relay("CloseupPageQuery", post, &page_query(post, author))
                + &relay("CloseupDetailQuery", post, &detail_query(post, author))
                + &linked;
            page(&world.noise, title(post), Some(&redux), &blocks)
        }
        Era::Older => {
            let state = json!({ "resourceResponses": [{ "name": "PinResource", "response": { "status": "success", "data": resource(post, author) } }] });
            let block =
                format!("<script id=\"initial-state\" type=\"application/json\">{}</script>\n", in_script(&state));
            page(&world.noise, title(post), None, &(block + &linked))
        }
        Era::Unknown => {
            let block = "<script id=\"__PRISM_STREAM_V1__\" type=\"application/json\">{\"v\":1,\"stream\":\"c2FuZGJveA==\"}</script>\n";
            page(&world.noise, title(post), None, block)
        }
    }
}

fn relay(name: &str, post: &PostFacts, pin: &Value) -> String {
    let block = json!({
        "requestParameters": { "id": "sandbox", "metadata": {}, "name": name, "operationKind": "query", "text": null },
        "variables": { "pinId": post.external_id, "isAuth": false },
        "response": { "data": { "v3GetPinQuery": { "__typename": "V3GetPin", "data": pin } } },
    });
    format!("<script data-relay-response=\"true\" type=\"application/json\">{}</script>\n", in_script(&block))
}

fn picture(post: &PostFacts) -> Value {
    json!({ "url": post.cover_image_url, "width": 236, "height": 295 })
}

/// The pin without its counts.
fn page_query(post: &PostFacts, author: &ProfileFacts) -> Value {
    json!({
        "entityId": post.external_id, "title": title(post), "description": post.description, "createdAt": written_time(post.create_time),
        "imageSpec_236x": picture(post), "imageSpec_orig": picture(post), "images": { "url": post.cover_image_url }, "videos": null,
        "storyPinDataId": null, "isPromoted": false, "domain": "Uploaded by user", "link": null,
        "pinner": { "entityId": author.platform_id, "username": author.username, "fullName": author.name },
    })
}

/// The pin with its counts.
fn detail_query(post: &PostFacts, author: &ProfileFacts) -> Value {
    json!({
        "entityId": post.external_id, "title": title(post), "closeupUnifiedDescription": post.description, "description": post.description,
        "imageSpec_236x": picture(post), "imageSpec_orig": picture(post), "videos": null, "repinCount": number(post, "repin_count"),
        "totalReactionCount": number(post, "total_reaction_count"),
        "pinner": {
            "__typename": "User", "entityId": author.platform_id, "username": author.username, "fullName": author.name,
            "followerCount": author.metrics.followers.value(), "imageLargeUrl": author.profile_pic_url,
            "verifiedIdentity": { "verified": author.is_verified.unwrap_or(false) },
        },
        "aggregatedPinData": {
            "entityId": format!("4{}", post.external_id), "commentCount": post.metrics.comments.value(),
            "aggregatedStats": { "saves": post.metrics.saves.value(), "done": 0 }, "didItData": { "imagesCount": 0 },
        },
        "board": { "privacy": "public", "url": format!("/{}/ideas/", author.username), "name": "Ideas" }, "commentsDisabled": false,
    })
}

/// The pin as the resources of the page's state hold it.
pub(super) fn resource(post: &PostFacts, author: &ProfileFacts) -> Value {
    json!({
        "id": post.external_id, "type": "pin", "title": title(post), "description": post.description.as_deref().unwrap_or_default(),
        "created_at": written_time(post.create_time), "repin_count": number(post, "repin_count"), "comment_count": post.metrics.comments.value(),
        "reaction_counts": { "1": number(post, "total_reaction_count") }, "is_video": false, "videos": null, "link": null,
        "domain": "Uploaded by user", "images": { "236x": picture(post), "orig": picture(post) },
        "aggregated_pin_data": {
            "id": format!("4{}", post.external_id), "comment_count": post.metrics.comments.value(),
            "aggregated_stats": { "saves": post.metrics.saves.value(), "done": 0 },
        },
        "pinner": {
            "id": author.platform_id, "username": author.username, "full_name": author.name, "follower_count": author.metrics.followers.value(),
            "image_medium_url": author.profile_pic_url,
        },
    })
}
