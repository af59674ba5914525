//! TikTok's oEmbed: whether something exists, its caption and cover, and no counts.

use domain::{MediaType, PostFacts, ProfileFacts};
use serde_json::{Value, json};

use super::page::text;

/// oEmbed's answer for what is not shown.
pub(super) fn not_shown() -> Value {
    json!({ "code": 400, "message": "Something went wrong" })
}

/// oEmbed's answer for a profile.
pub(super) fn of_profile(profile: &ProfileFacts) -> Value {
    let address = format!("https://www.tiktok.com/@{}", profile.username);
    let title = format!("{}'s Creator Profile", text(profile.name.as_ref()));
    answer("rich", "profile", &profile.username, &title, profile, &address, profile.profile_pic_url.as_ref())
}

/// oEmbed's answer for a post.
pub(super) fn of_post(post: &PostFacts, author: &ProfileFacts) -> Value {
    let address = format!("https://www.tiktok.com/@{}/video/{}", author.username, post.external_id);
    let embed_type = if post.media_type == Some(MediaType::Video) { "video" } else { "photo" };
    let caption = text(post.description.as_ref());
    answer("video", embed_type, &post.external_id, caption, author, &address, post.cover_image_url.as_ref())
}

fn answer(
    kind: &str,
    embed_type: &str,
    product: &str,
    title: &str,
    author: &ProfileFacts,
    address: &str,
    thumbnail: Option<&String>,
) -> Value {
    let handle = &author.username;
    json!({
        "version": "1.0", "type": kind, "title": title, "author_url": format!("https://www.tiktok.com/@{handle}"),
        "author_name": text(author.name.as_ref()), "width": "100%", "height": "100%",
        "html": format!("<blockquote class=\"tiktok-embed\" cite=\"{address}\"><section></section></blockquote>"),
        "thumbnail_width": 576, "thumbnail_height": 1024, "thumbnail_url": text(thumbnail),
        "provider_url": "https://www.tiktok.com", "provider_name": "TikTok", "author_unique_id": handle,
        "embed_product_id": product, "embed_type": embed_type,
    })
}
