//! Pinterest's page of a profile, whose data stands in the page's state, and its feed.

use std::fmt::Write as _;

use domain::{PostFacts, ProfileFacts};
use serde_json::{Map, Value, json};

use super::page::{page, written_time};
use super::pin::{resource, title};
use crate::events::Era;
use crate::noise::in_html;
use crate::world::World;

/// A profile with its newest pins.
pub(super) fn shown(world: &World, profile: &ProfileFacts, pins: &[PostFacts]) -> String {
    let id = profile.platform_id.as_deref().unwrap_or_default();
    let private = profile.is_private.unwrap_or(false);
    let user = json!({
        "id": id, "type": "user", "username": profile.username, "full_name": profile.name, "about": profile.description,
        "follower_count": profile.metrics.followers.value(), "following_count": profile.metrics.following.value(),
        "pin_count": profile.metrics.posts.value(), "board_count": 3, "image_xlarge_url": profile.profile_pic_url,
        "image_medium_url": profile.profile_pic_url, "website_url": profile.link_in_bio, "domain_verified": false,
        "verified_identity": { "verified": profile.is_verified.unwrap_or(false) }, "is_private_profile": private,
        "is_verified_merchant": false, "indexed": !private,
    });
    let listed: Map<String, Value> = pins.iter().map(|pin| (pin.external_id.clone(), resource(pin, profile))).collect();
    let order: Vec<_> = pins.iter().map(|pin| json!({ "id": pin.external_id, "type": "pin" })).collect();
    let redux = json!({
        "users": { (id): user }, "pins": listed, "boards": {},
        "feeds": { (format!("UserPinsResource?username={}", profile.username)): order },
        "resources": { "UserResource": { (format!("username=\"{}\"", profile.username)): { "data": { "id": id, "type": "user" } } } },
    });
    let heading =
        format!("{} ({}) - Profile | Pinterest", profile.name.as_deref().unwrap_or_default(), profile.username);
    match world.era(domain::Platform::Pinterest) {
        Era::Current | Era::Older => page(&world.noise, &heading, Some(&redux), ""),
        Era::Unknown => {
            let block = "<script id=\"__PRISM_STREAM_V1__\" type=\"application/json\">{\"v\":1,\"stream\":\"c2FuZGJveA==\"}</script>\n";
            page(&world.noise, &heading, None, block)
        }
    }
}

/// The feed of a profile's newest pins, which has no counts.
pub(super) fn feed(profile: &ProfileFacts, pins: &[PostFacts]) -> String {
    let (handle, name) = (&profile.username, in_html(profile.name.as_deref().unwrap_or_default()));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>{name}</title>\
         <link>https://www.pinterest.com/{handle}/</link><description>{}</description>\
         <atom:link href=\"https://www.pinterest.com/{handle}/feed.rss\" rel=\"self\"/><language>en-us</language>\n",
        in_html(profile.description.as_deref().unwrap_or_default())
    );
    for pin in pins {
        let address = format!("https://www.pinterest.com/pin/{}/", pin.external_id);
        let picture = in_html(pin.cover_image_url.as_deref().unwrap_or_default());
        let about = format!(
            "<a href=\"{address}\"><img src=\"{picture}\"></a>{}",
            in_html(pin.description.as_deref().unwrap_or_default())
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<item><title>{}</title><link>{address}</link><description>{}</description><pubDate>{}</pubDate><guid>{address}</guid></item>",
            in_html(title(pin)),
            in_html(&about),
            written_time(pin.create_time).replace("+0000", "GMT")
        );
    }
    text.push_str("</channel></rss>\n");
    text
}
