//! TikTok's embed page of a post: few fields, in the shape of 2020.

use domain::{PostFacts, ProfileFacts, Timestamp};
use serde_json::json;

use super::feed::frontity;
use super::page::{count, rounded, sec_uid, text};
use crate::noise::Noise;

/// A post.
pub(super) fn shown(noise: &Noise, post: &PostFacts, author: &ProfileFacts) -> String {
    let metrics = post.metrics;
    let (cover, avatar) = (text(post.cover_image_url.as_ref()), text(author.profile_pic_url.as_ref()));
    let seconds: u64 = format!("{:.0}", post.duration.unwrap_or(0.0)).parse().unwrap_or(0);
    let video_data = json!({
        "itemInfos": {
            "id": post.external_id, "text": text(post.description.as_ref()),
            "createTime": post.create_time.map_or(0, Timestamp::as_seconds).to_string(), "authorId": author.platform_id,
            "video": { "urls": [text(post.video_url.as_ref())], "videoMeta": { "width": 576, "height": 1024, "ratio": 14, "duration": seconds } },
            "covers": [cover], "coversOrigin": [cover], "diggCount": count(metrics.likes), "shareCount": count(metrics.shares),
            "playCount": count(metrics.plays), "commentCount": count(metrics.comments), "isActivityItem": false,
        },
        "authorInfos": {
            "userId": author.platform_id, "uniqueId": author.username, "nickName": text(author.name.as_ref()), "secUid": sec_uid(author),
            "signature": text(author.description.as_ref()), "verified": author.is_verified.unwrap_or(false), "covers": [avatar],
        },
        "authorStats": { "followerCount": rounded(author.metrics.followers), "heartCount": rounded(author.metrics.likes).to_string() },
        "musicInfos": { "musicId": post.external_id, "musicName": "original sound", "authorName": text(author.name.as_ref()) },
        "challengeInfoList": [], "textExtra": [],
    });
    let entry =
        json!({ "videoData": video_data, "statusCode": 0, "isReady": true, "isFetching": false, "pageName": "video" });
    frontity(&noise.translations, &format!("/embed/v2/{}", post.external_id), &entry)
}

/// A post that is not shown; the page does not tell why.
pub(super) fn not_shown(external_id: &str) -> String {
    let entry = json!({
        "videoData": {}, "statusCode": 10204, "statusMsg": "item doesn't exist", "isReady": true, "isError": true, "is404": true,
        "errorStatus": 404, "pageName": "video",
    });
    frontity("{}", &format!("/embed/v2/{external_id}"), &entry)
}
