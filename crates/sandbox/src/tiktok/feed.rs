//! TikTok's embed page of a profile: its newest videos with rounded plays, the one list that guests get.

use domain::{PostFacts, ProfileFacts};
use serde_json::{Value, json};

use super::page::{count, rounded, sec_uid, text};
use crate::noise::{Noise, in_script};

/// The most videos on an embed page.
const EMBED_VIDEOS: usize = 12;

fn embed_page(noise: &str, handle: &str, user_info: &Value, videos: &[Value]) -> String {
    let entry = json!({ "userInfo": user_info, "videoList": videos, "page": 1, "pageName": "creator" });
    frontity(noise, &format!("/embed/@{handle}"), &entry)
}

/// An embed page, whose data stands under its own address.
pub(super) fn frontity(noise: &str, address: &str, entry: &Value) -> String {
    let state = in_script(&json!({ "source": { "data": { (address): entry } } }));
    format!(
        r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>TikTok Embed</title>
<script id="__TRANSLATIONS__" type="application/json">{noise}</script></head><body><div id="root"></div>
<script id="__FRONTITY_CONNECT_STATE__" type="application/json">{state}</script>
<script async src="//static.sandbox.invalid/embed/embed.js"></script></body></html>
"#
    )
}

/// A profile's embed page with its newest videos.
pub(super) fn shown(noise: &Noise, profile: &ProfileFacts, posts: &[PostFacts]) -> String {
    let metrics = profile.metrics;
    let user_info = json!({
        "id": profile.platform_id, "uniqueId": profile.username, "nickname": text(profile.name.as_ref()),
        "secUid": sec_uid(profile), "avatarThumbUrl": text(profile.profile_pic_url.as_ref()),
        "followerCount": rounded(metrics.followers), "followingCount": rounded(metrics.following), "heartCount": rounded(metrics.likes),
        "privateAccount": profile.is_private.unwrap_or(false), "verified": profile.is_verified.unwrap_or(false),
        "signature": text(profile.description.as_ref()), "code": 200, "customErrorCode": 0,
    });
    // Some embed pages show ten, some twelve; which of them hangs on the account.
    let most = if profile.platform_id.as_deref().is_some_and(|id| id.ends_with(['1', '4', '7'])) {
        EMBED_VIDEOS - 2
    } else {
        EMBED_VIDEOS
    };
    let videos: Vec<_> = posts
        .iter()
        .take(most)
        .map(|post| {
            let cover = text(post.cover_image_url.as_ref());
            json!({
                "id": post.external_id, "desc": text(post.description.as_ref()), "playCount": count(post.metrics.plays),
                "authorUniqueId": profile.username, "privateItem": false, "coverUrl": cover, "originCoverUrl": cover,
            })
        })
        .collect();
    embed_page(&noise.translations, &profile.username, &user_info, &videos)
}

/// The embed page of a profile that is not shown.
pub(super) fn not_shown(handle: &str, status: i64) -> String {
    embed_page("{}", handle, &json!({ "code": 404, "customErrorCode": status }), &[])
}
