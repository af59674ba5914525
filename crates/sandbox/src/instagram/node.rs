//! Posts as nodes of Instagram's lists: the timeline's, which carry no counts, and the reels tab's, which carry all of them.

use domain::{MediaType, MetricStatus, PostFacts, ProfileFacts, Reading, Timestamp};
use serde_json::{Value, json};

use super::page::{fbid, text};

/// What is left in `like_count` when the owner hides it: a number that means nothing.
const REMNANT_LIKES: i64 = 3;

pub(super) fn connection(edges: &[Value]) -> Value {
    json!({ "edges": edges, "page_info": { "end_cursor": "sandbox", "has_next_page": edges.len() >= crate::population::PAGE_POSTS } })
}

/// The type name, number and product of a post.
pub(super) fn kind(post: &PostFacts) -> (&'static str, i64, &'static str) {
    match post.media_type {
        Some(MediaType::Video | MediaType::Story) => ("XIGPolarisVideoMedia", 2, "clips"),
        Some(MediaType::Carousel) => ("XIGPolarisCarouselMedia", 8, "carousel_container"),
        Some(MediaType::Image) | None => ("XIGPolarisImageMedia", 1, "feed"),
    }
}

pub(super) fn carousel_count(post: &PostFacts) -> Option<i64> {
    post.platform_data.get("carousel_media_count").and_then(Value::as_i64)
}

pub(super) fn caption(post: &PostFacts) -> Value {
    match &post.description {
        Some(caption) => json!({
            "pk": post.external_id, "text": caption, "has_translation": null, "created_at": post.create_time.map(Timestamp::as_seconds),
        }),
        None => Value::Null,
    }
}

pub(super) fn timeline_edge(post: &PostFacts, owner: &ProfileFacts) -> Value {
    let (type_name, media_type, product_type) = kind(post);
    let mut node = json!({
        "__typename": type_name, "__isXIGPolarisMedia": type_name, "pk": post.external_id, "code": post.shortcode,
        "accessibility_caption": accessibility(post, owner), "caption": caption(post), "seo_canonical_url": null,
        "display_uri": post.cover_image_url, "media_type": media_type, "product_type": product_type,
        "user": { "pk": owner.platform_id, "username": owner.username, "id": fbid(owner) },
        "id": format!("POLARIS_{}", post.external_id),
    });
    if let Some(count) = carousel_count(post) {
        node["carousel_media_count"] = count.into();
    }
    json!({ "node": node, "cursor": post.external_id })
}

/// What screen readers say of an image; the one place where a timeline tells a date.
fn accessibility(post: &PostFacts, owner: &ProfileFacts) -> Option<String> {
    let is_image = post.media_type == Some(MediaType::Image);
    let date = long_date(&post.create_time.filter(|_| is_image)?.to_string())?;
    Some(format!("Photo by {} on {date}.", text(owner.name.as_ref())))
}

/// `April 19, 2021`, of an RFC 3339 time.
pub(super) fn long_date(time: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut parts = time.get(..10)?.split('-').map(str::parse::<usize>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let month = MONTHS.get(month.checked_sub(1)?)?;
    Some(format!("{month} {day}, {year}"))
}

pub(super) fn hides_counts(post: &PostFacts) -> bool {
    post.metrics.likes == Reading::Null(MetricStatus::Hidden)
}

pub(super) fn like_count(post: &PostFacts) -> Option<i64> {
    if hides_counts(post) { Some(REMNANT_LIKES) } else { post.metrics.likes.value() }
}

pub(super) fn reel_edge(reel: &PostFacts, owner: &ProfileFacts) -> Value {
    let (type_name, _, product_type) = kind(reel);
    json!({ "node": {
        "__typename": type_name, "__isXIGPolarisMedia": type_name, "id": format!("POLARIS_{}", reel.external_id),
        "pk": reel.external_id, "user": { "pk": owner.platform_id, "id": fbid(owner) }, "product_type": product_type,
        "like_and_view_counts_disabled": hides_counts(reel), "comment_count": reel.metrics.comments.value(),
        "like_count": like_count(reel), "play_count": reel.metrics.plays.value(), "clips_tab_pinned_user_ids": [],
        "code": reel.shortcode, "seo_canonical_url": null, "display_uri": reel.cover_image_url,
    }, "cursor": reel.external_id })
}
