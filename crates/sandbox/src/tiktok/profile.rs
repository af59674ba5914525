//! TikTok's profile page: exact counts beside rounded ones, and never a list of posts.

use domain::ProfileFacts;
use serde_json::{Value, json};

use super::page::{count, rounded, sec_uid, text, universal};
use crate::noise::{Noise, in_html, in_script};
use crate::rounding;

/// When an account was made, as its id tells.
fn account_seconds(profile: &ProfileFacts) -> u64 {
    profile.platform_id.as_deref().unwrap_or_default().parse().map_or(0, domain::shortcode::item_id_seconds)
}

/// The counts of an account: rounded, with the heart count cut to 32 bits; and exact, as text.
fn user_stats(profile: &ProfileFacts) -> (Value, Value) {
    let metrics = profile.metrics;
    let hearts = count(metrics.likes);
    // The platform's own fault: this one field is a 32-bit integer that wraps around.
    let wrapped = i32::from_be_bytes({
        let [_, _, _, _, a, b, c, d] = hearts.to_be_bytes();
        [a, b, c, d]
    });
    let overflows = i32::try_from(hearts).is_err();
    let heart_count = if overflows { i64::from(wrapped) } else { rounded(metrics.likes) };
    let stats = json!({
        "followerCount": rounded(metrics.followers), "followingCount": rounded(metrics.following), "friendCount": 0,
        "heart": rounded(metrics.likes), "heartCount": heart_count, "videoCount": rounded(metrics.posts), "diggCount": 0,
    });
    let exact = |reading| count(reading).to_string();
    let stats_v2 = json!({
        "followerCount": exact(metrics.followers), "followingCount": exact(metrics.following), "friendCount": "0",
        "heart": exact(metrics.likes), "heartCount": exact(metrics.likes), "videoCount": exact(metrics.posts), "diggCount": "0",
    });
    (stats, stats_v2)
}

/// A user, as profile and post pages hold one.
pub(super) fn user(profile: &ProfileFacts) -> Value {
    let avatar = text(profile.profile_pic_url.as_ref());
    let mut user = json!({
        "id": profile.platform_id, "shortId": "", "uniqueId": profile.username, "nickname": text(profile.name.as_ref()),
        "avatarLarger": avatar, "avatarMedium": avatar, "avatarThumb": avatar,
        "signature": text(profile.description.as_ref()), "createTime": account_seconds(profile),
        "verified": profile.is_verified.unwrap_or(false), "secUid": sec_uid(profile), "ftc": false, "relation": 0,
        "openFavorite": false, "commentSetting": 0, "commerceUserInfo": { "commerceUser": false }, "duetSetting": 0,
        "stitchSetting": 0, "privateAccount": profile.is_private.unwrap_or(false), "secret": false, "isADVirtual": false,
        "roomId": "", "uniqueIdModifyTime": 0, "ttSeller": false, "downloadSetting": 0, "recommendReason": "",
        "nickNameModifyTime": 0, "isEmbedBanned": false, "canExpPlaylist": false, "language": "en", "isOrganization": 0,
    });
    if let Some(link) = &profile.link_in_bio {
        user["bioLink"] = json!({ "link": link, "risk": 0 });
    }
    user
}

/// A profile, with `status` 0 or that of a private account.
pub(super) fn shown(noise: &Noise, profile: &ProfileFacts, status: i64) -> String {
    let (handle, name) = (&profile.username, text(profile.name.as_ref()));
    let (followers, likes) =
        (rounding::text(count(profile.metrics.followers)), rounding::text(count(profile.metrics.likes)));
    let about = text(profile.description.as_ref());
    let linked = json!({
        "@context": "https://schema.org/", "@type": "ProfilePage",
        "mainEntity": {
            "@type": "Person", "name": name, "description": about, "alternateName": handle,
            "url": format!("https://www.tiktok.com/@{handle}"),
            "interactionStatistic": [
                { "@type": "InteractionCounter", "interactionType": { "@type": "http://schema.org/LikeAction" },
                  "userInteractionCount": count(profile.metrics.likes) },
                { "@type": "InteractionCounter", "interactionType": { "@type": "http://schema.org/FollowAction" },
                  "userInteractionCount": count(profile.metrics.followers) },
            ],
            "identifier": handle,
        },
    });
    let summary = in_html(&format!(
        "{name} (@{handle}) on TikTok | {likes} Likes. {followers} Followers. {about}.Watch {name}'s popular videos"
    ));
    let head = format!(
        "<meta property=\"og:url\" content=\"https://www.tiktok.com/@{handle}\" data-rh=\"true\">\
         <meta property=\"og:description\" content=\"{summary}\" data-rh=\"true\">\
         <script type=\"application/ld+json\" id=\"ProfilePage\">{}</script>\n",
        in_script(&linked)
    );
    let data = block(profile, status);
    universal(noise, &format!("{name} (@{handle}) | TikTok"), &head, "webapp.user-detail", &data)
}

/// The data of a profile's page.
pub(super) fn block(profile: &ProfileFacts, status: i64) -> Value {
    let (rounded_stats, exact_stats) = user_stats(profile);
    let (handle, name) = (&profile.username, text(profile.name.as_ref()));
    let (followers, likes) =
        (rounding::text(count(profile.metrics.followers)), rounding::text(count(profile.metrics.likes)));
    json!({
        "userInfo": { "user": user(profile), "stats": rounded_stats, "statsV2": exact_stats, "itemList": [] },
        "shareMeta": { "title": format!("{name} on TikTok"),
                       "desc": format!("@{handle} {followers} Followers, {likes} Likes - Watch awesome short videos created by {name}") },
        "statusCode": status, "statusMsg": "", "needFix": false,
    })
}

/// The page of a profile that is not shown, for the reason that `status` is.
pub(super) fn not_shown(noise: &Noise, status: i64, message: &str) -> String {
    let data = json!({ "userInfo": {}, "statusCode": status, "statusMsg": message, "needFix": false });
    universal(noise, "TikTok - Make Your Day", "", "webapp.user-detail", &data)
}
