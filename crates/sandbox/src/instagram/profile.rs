//! Instagram's profile page and its reels tab.

use domain::{MediaType, PostFacts, ProfileFacts};
use serde_json::json;

use super::node::{connection, reel_edge, timeline_edge};
use super::page::{Route, fbid, owner_id, page, relay, route_block, text};
use crate::noise::{Noise, in_html};
use crate::rounding;

/// The meta tags of a profile's page.
pub(super) fn profile_head(profile: &ProfileFacts) -> String {
    let [followers, following, posts] = [profile.metrics.followers, profile.metrics.following, profile.metrics.posts]
        .map(|reading| rounding::text(reading.value().unwrap_or(0)));
    let name = in_html(text(profile.name.as_ref()));
    let handle = &profile.username;
    format!(
        "<meta property=\"og:type\" content=\"profile\" />\
         <meta property=\"og:title\" content=\"{name} (&#064;{handle}) &#x2022; Instagram photos and videos\" />\
         <meta property=\"og:url\" content=\"https://www.instagram.com/{handle}/\" />\
         <meta property=\"og:description\" content=\"{followers} Followers, {following} Following, {posts} Posts - \
         See Instagram photos and videos from {name} (&#064;{handle})\" />\n"
    )
}

/// The block with the profile itself.
fn profile_block(profile: &ProfileFacts, has_any_clips: bool) -> String {
    let links: Vec<_> = profile
        .link_in_bio
        .iter()
        .map(|url| json!({ "image_url": "", "is_pinned": false, "link_id": "1", "link_type": "external", "title": "", "url": url }))
        .collect();
    let data = json!({ "xig_user_by_username": {
        "pk": profile.platform_id, "username": profile.username, "profile_pic_url": profile.profile_pic_url,
        "is_private": profile.is_private.unwrap_or(false), "is_unpublished": false, "latest_reel_media": 0,
        "biography": text(profile.description.as_ref()), "full_name": text(profile.name.as_ref()),
        "is_verified": profile.is_verified.unwrap_or(false), "text_post_app_badge_label": profile.username,
        "show_text_post_app_badge": true, "account_badges": [], "bio_links": links, "linked_fb_info": null,
        "is_memorialized": false, "pronouns": [], "follower_count": profile.metrics.followers.value(),
        "following_count": profile.metrics.following.value(), "all_media_count": null, "id": fbid(profile),
        "lox_highlights_connection": { "edges": [], "page_info": { "end_cursor": null, "has_next_page": false } },
        "is_coppa_enforced": false, "has_any_clips": has_any_clips,
    } });
    relay("PolarisLoggedOutDesktopWWWProfileRootContentQuery", owner_id(profile), &data)
}

fn title_of(profile: &ProfileFacts) -> String {
    format!("{} (@{}) • Instagram photos and videos", text(profile.name.as_ref()), profile.username)
}

/// A profile with its timeline.
pub(super) fn timeline(noise: &Noise, profile: &ProfileFacts, posts: &[PostFacts]) -> String {
    let edges: Vec<_> = posts.iter().map(|post| timeline_edge(post, profile)).collect();
    let has_any_clips = posts.iter().any(|post| post.media_type == Some(MediaType::Video));
    let timeline = json!({ "xig_user_by_username": {
        "pk": profile.platform_id, "polaris_ordered_timeline_connection": connection(&edges), "id": fbid(profile),
    } });
    let body = profile_block(profile, has_any_clips)
        + &relay("PolarisLoggedOutDesktopWWWProfilePostsTabContentQuery", owner_id(profile), &timeline);
    page(noise, &title_of(profile), &profile_head(profile), &route_block(Route::Profile), &body)
}

/// A profile with its reels.
pub(super) fn reels(noise: &Noise, profile: &ProfileFacts, reels: &[PostFacts]) -> String {
    let edges: Vec<_> = reels.iter().map(|reel| reel_edge(reel, profile)).collect();
    let clips = json!({ "xig_user_by_username": {
        "pk": profile.platform_id, "polaris_clips_connection": connection(&edges), "id": fbid(profile),
    } });
    let body = profile_block(profile, !reels.is_empty())
        + &relay("PolarisLoggedOutDesktopWWWProfileReelsTabContentQuery", owner_id(profile), &clips);
    page(noise, &title_of(profile), &profile_head(profile), &route_block(Route::Profile), &body)
}
