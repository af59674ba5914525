//! Instagram's page of a post, shown or withheld.

use domain::{PostFacts, ProfileFacts, Timestamp};
use serde_json::{Value, json};

use super::node::{caption, carousel_count, connection, hides_counts, kind, like_count, timeline_edge};
use super::page::{Route, fbid, page, relay, route_block, text};
use crate::noise::Noise;

/// Why a post is withheld from guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    Restricted,
    Region,
}

/// A post, with its author's other posts inside the same object.
pub(super) fn shown(noise: &Noise, post: &PostFacts, author: &ProfileFacts, others: &[PostFacts]) -> String {
    let (type_name, media_type, product_type) = kind(post);
    let edges: Vec<_> = others
        .iter()
        .filter(|other| other.external_id != post.external_id)
        .map(|other| timeline_edge(other, author))
        .collect();
    let mut inner = json!({
        "__typename": type_name,
        "user": {
            "pk": author.platform_id, "username": author.username, "seo_canonical_url": null,
            "polaris_ordered_timeline_connection": connection(&edges), "id": fbid(author), "is_unpublished": false,
            "full_name": text(author.name.as_ref()), "is_verified": author.is_verified.unwrap_or(false),
            "is_private": author.is_private.unwrap_or(false), "__typename": "User",
        },
        "__isXIGPolarisMedia": type_name, "pk": post.external_id, "code": post.shortcode, "coauthor_producers": [],
        "ai_label_info": null, "location": null, "like_and_view_counts_disabled": hides_counts(post),
        "commenting_disabled_for_viewer": null, "caption_is_edited": false, "taken_at": post.create_time.map(Timestamp::as_seconds),
        "media_type": media_type, "product_type": product_type, "like_count": like_count(post),
        "comment_count": post.metrics.comments.value(), "original_height": 1920, "original_width": 1080,
        "image_versions2": { "candidates": [{ "url": post.cover_image_url, "height": 1920, "width": 1080 }] },
        "display_uri": post.cover_image_url, "usertags": { "in": [] }, "caption": caption(post),
        "id": format!("POLARIS_{}", post.external_id),
    });
    if let Some(address) = &post.video_url {
        inner["has_audio"] = true.into();
        inner["video_versions"] = json!([{ "type": 101, "url": address }]);
    }
    if let Some(count) = carousel_count(post) {
        inner["carousel_media_count"] = count.into();
        inner["carousel_media"] = (1..=count).map(|number| carousel_child(post, number)).collect();
    }
    media_page(noise, &format!("{} on Instagram", text(author.name.as_ref())), post, &inner, &Value::Null)
}

/// One picture of a carousel, whose counts are always 0 whatever the post's are.
fn carousel_child(post: &PostFacts, number: i64) -> Value {
    let pk = post.external_id.parse::<u64>().unwrap_or(0).saturating_sub(u64::try_from(number).unwrap_or(0));
    json!({
        "__typename": "XIGPolarisImageMedia", "code": domain::shortcode::from_media_id(pk), "pk": pk.to_string(), "media_type": 1,
        "original_height": 1350, "original_width": 1080, "taken_at": post.create_time.map(Timestamp::as_seconds), "like_count": 0,
        "display_uri": post.cover_image_url,
    })
}

/// A post that exists and is withheld.
pub(super) fn gated(noise: &Noise, post: &PostFacts, gate: Gate) -> String {
    let (kind, title, description) = match gate {
        Gate::Region => (
            2,
            "Not available in your region",
            "This content isn't available in your country due to legal restrictions.",
        ),
        Gate::Restricted => (1, "Restricted Video", "This content is not shown to everybody. Log in to continue."),
    };
    let ruling = json!({ "gating_type": kind, "description": description, "title": title });
    media_page(noise, "Instagram", post, &Value::Null, &ruling)
}

fn media_page(noise: &Noise, title: &str, post: &PostFacts, inner: &Value, ruling: &Value) -> String {
    let data = json!({ "xig_polaris_media": {
        "__typename": kind(post).0, "pk": post.external_id, "code": post.shortcode, "if_not_gated_logged_out": inner,
        "gating_ruling": ruling, "id": format!("POLARIS_{}", post.external_id),
        "comments_connection": { "edges": [], "page_info": { "end_cursor": null, "has_next_page": false } },
    } });
    let body = relay("PolarisLoggedOutDesktopWWWPostRootContentQuery", &post.external_id, &data);
    page(noise, title, "", &route_block(Route::Post), &body)
}
