//! Pinterest's pages.

use scrape::PageKind;
use serde_json::{Value, json};

use super::{Good, good};

const PIN: &str = "106890191127977979";

/// The small ones.
pub fn pages() -> Vec<Good> {
    let pin = json!({"id": PIN, "type": "pin", "title": "a", "description": "b", "repin_count": 9, "comment_count": 4, "is_video": false,
        "created_at": "Sun, 30 Dec 2012 15:35:39 +0000", "images": {"orig": {"url": "https://cdn.example/c.jpg"}}, "domain": "example.org",
        "aggregated_pin_data": {"id": "42", "aggregated_stats": {"saves": 1977, "done": 3}, "comment_count": 4},
        "pinner": {"id": "4151962064912421", "username": "ann.a", "full_name": "Ann", "follower_count": 321}});
    let other = json!({"id": "106890191127977980", "type": "pin", "repin_count": 77, "aggregated_pin_data": {"aggregated_stats": {"saves": 7}}});
    let initial = json!({"resourceResponses": [{"name": "PinResource", "options": {"id": PIN}, "response": {"status": "success", "code": 0, "data": pin}},
        {"name": "RelatedPinFeedResource", "response": {"status": "success", "data": [other]}}]});
    let redux = json!({"props": {"initialReduxState": {"pins": {PIN: pin, "106890191127977980": other}}}});
    let relay = json!({"variables": {"pinId": PIN}, "response": {"data": {"v3GetPinQuery": {"__typename": "V3GetPin", "data": {"entityId": PIN,
        "repinCount": 9, "title": "a", "createdAt": "Sun, 30 Dec 2012 15:35:39 +0000", "aggregatedPinData": {"commentCount": 4, "aggregatedStats": {"saves": 1977}},
        "pinner": {"entityId": "4151962064912421", "username": "ann.a", "followerCount": 321}}}}}});
    let user: Value = json!({"id": "4151962064912421", "username": "ann.a", "full_name": "Ann", "follower_count": 4321, "following_count": 12,
        "pin_count": 987, "board_count": 3, "is_private_profile": false, "about": "hello"});
    let profile =
        json!({"resourceResponses": [{"name": "UserResource", "response": {"status": "success", "data": user}}]});
    let oembed = json!({"version": "1.0", "type": "rich", "provider_name": "Pinterest", "title": "a", "author_name": "Ann",
        "author_url": "https://www.pinterest.com/ann.a/", "thumbnail_url": "https://cdn.example/c.jpg",
        "html": format!("<iframe src=\"https://assets.pinterest.com/ext/embed.html?id={PIN}&src=oembed\"></iframe>")});
    vec![
        good("pinterest pin page of 2020", PageKind::Post, PIN, 2, initial)
            .script("id=\"initial-state\" type=\"application/json\""),
        good("pinterest pin page of 2022", PageKind::Post, PIN, 2, redux)
            .script("id=\"__PWS_DATA__\" type=\"application/json\""),
        good("pinterest pin page", PageKind::Post, PIN, 2, relay)
            .script("data-relay-response=\"true\" type=\"application/json\""),
        good("pinterest profile page", PageKind::Profile, "ann.a", 3, profile)
            .script("id=\"initial-state\" type=\"application/json\""),
        good("pinterest oembed body", PageKind::Oembed, PIN, 0, oembed),
    ]
}
