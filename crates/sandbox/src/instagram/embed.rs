//! Instagram's embed pages of posts and profiles: a context that is JSON inside a JSON string, or the markup itself where there is one picture alone.

use domain::{MediaType, PostFacts, ProfileFacts, shortcode};
use serde_json::{Value, json};

use super::node::{carousel_count, hides_counts};
use super::page::text;
use crate::noise::{Noise, in_html, in_script};

fn page(noise: &Noise, body: &str, context: Option<&Value>) -> String {
    // A JSON text in a JSON string in a script.
    let context = in_script(&context.map_or(Value::Null, |context| Value::String(context.to_string())));
    let scripts = &noise.scripts;
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\" id=\"facebook\" class=\"no_js\"><head><meta charset=\"utf-8\" /><title id=\"pageTitle\">Instagram</title></head>\
         <body>{body}\n{scripts}<script>requireLazy([\"PolarisEmbedSimple\"], function(m) {{ m.init({{\"contextJSON\":{context},\"hostUrl\":\"\"}}); }});</script>\
         </body></html>\n"
    )
}

/// A post as the context holds it.
fn media(post: &PostFacts, author: &ProfileFacts) -> Value {
    let kind = match post.media_type {
        Some(MediaType::Video | MediaType::Story) => "GraphVideo",
        Some(MediaType::Carousel) => "GraphSidecar",
        Some(MediaType::Image) | None => "GraphImage",
    };
    let is_video = kind == "GraphVideo";
    let caption = post.description.iter().map(|caption| json!({ "node": { "text": caption } })).collect::<Vec<_>>();
    // A hidden count is written as −1.
    let likes = if hides_counts(post) { Some(-1) } else { post.metrics.likes.value() };
    let mut media = json!({
        "__typename": kind, "id": post.external_id, "shortcode": post.shortcode, "is_video": is_video,
        "display_url": post.cover_image_url, "like_and_view_counts_disabled": hides_counts(post),
        "owner": {
            "id": author.platform_id, "username": author.username, "full_name": text(author.name.as_ref()),
            "is_verified": author.is_verified.unwrap_or(false), "edge_followed_by": { "count": author.metrics.followers.value() },
        },
        "edge_media_to_caption": { "edges": caption }, "edge_liked_by": { "count": likes },
        "edge_media_to_comment": { "count": post.metrics.comments.value() }, "product_type": if is_video { "clips" } else { "feed" },
    });
    if is_video {
        // What this page calls views is fewer than the plays of the reels tab.
        media["video_view_count"] = post.metrics.plays.value().map(|plays| plays / 2).into();
        media["video_url"] = post.video_url.clone().into();
    }
    if let Some(count) = carousel_count(post) {
        let child = |_| json!({ "node": { "is_video": false, "display_url": post.cover_image_url } });
        media["edge_sidecar_to_children"] = json!({ "edges": (0..count).map(child).collect::<Vec<_>>() });
    }
    media
}

/// A post's embed page. A single image has no context: its facts stand in the markup.
pub(super) fn post(noise: &Noise, post: &PostFacts, author: &ProfileFacts) -> String {
    let code = text(post.shortcode.as_ref());
    let handle = &author.username;
    let owner = author.platform_id.as_deref().unwrap_or_default();
    let kind = match post.media_type {
        Some(MediaType::Video | MediaType::Story) => "GraphVideo",
        Some(MediaType::Carousel) => "GraphSidecar",
        Some(MediaType::Image) | None => "GraphImage",
    };
    let cover = in_html(text(post.cover_image_url.as_ref()));
    let likes = match post.metrics.likes.value() {
        Some(likes) => format!("<div class=\"SocialProof\"><a href=\"#\">{likes} likes</a></div>"),
        None => String::new(),
    };
    let comments = post.metrics.comments.value().unwrap_or(0);
    let body = format!(
        "<div class=\"Embed \" data-media-id=\"{}\" data-owner-id=\"{owner}\" data-media-type=\"{kind}\" \
         data-permalink=\"https://www.instagram.com/p/{code}/?utm_source=ig_embed\">\
         <div class=\"Header\"><a class=\"UsernameText\" href=\"#\">{handle}</a></div>\
         <div class=\"Content EmbedFrame\"><img class=\"EmbeddedMediaImage\" src=\"{cover}\" /></div>{likes}\
         <div class=\"Caption\"><a class=\"CaptionUsername\" href=\"#\">{handle}</a> {}\
         <div class=\"CaptionComments\"><a href=\"#\">View all {comments} comments</a></div></div></div>",
        post.external_id,
        in_html(text(post.description.as_ref())),
    );
    let context = (kind != "GraphImage").then(|| json!({ "context": { "media_id": post.external_id }, "gql_data": { "shortcode_media": media(post, author) } }));
    page(noise, &body, context.as_ref())
}

/// A profile's embed page: the one guest page with the exact number of posts.
pub(super) fn profile(noise: &Noise, profile: &ProfileFacts, posts_count: Option<i64>, posts: &[PostFacts]) -> String {
    let listed: Vec<_> = posts.iter().take(6).map(|post| json!({ "shortcode_media": media(post, profile) })).collect();
    let context = json!({ "context": {
        "type": "profile", "username": profile.username, "owner_id": profile.platform_id, "full_name": text(profile.name.as_ref()),
        "profile_pic_url": profile.profile_pic_url, "followers_count": profile.metrics.followers.value(), "posts_count": posts_count,
        "is_private": profile.is_private.unwrap_or(false), "is_verified": profile.is_verified.unwrap_or(false), "graphql_media": listed,
    } });
    page(noise, "<div class=\"Embed \"><div class=\"Content EmbedFrame\"></div></div>", Some(&context))
}

/// The embed page of what is removed, private or not to be embedded; it does not tell which.
pub(super) fn broken(noise: &Noise, external_id: Option<&str>) -> String {
    let code = external_id.and_then(|id| id.parse().ok()).map(shortcode::from_media_id);
    let permalink =
        code.map(|code| format!(" data-permalink=\"https://www.instagram.com/p/{code}/\"")).unwrap_or_default();
    let body = format!(
        "<div class=\"Embed  EmbedIsBroken\"{permalink}><div class=\"EmbedBrokenMedia\"><a href=\"https://www.instagram.com/\">\
         <span>The link to this photo or video may be broken, or the post may have been removed.</span></a></div></div>"
    );
    page(noise, &body, None)
}
