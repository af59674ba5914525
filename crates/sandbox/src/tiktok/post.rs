//! TikTok's page of a post, video or photos: counts rounded as the platform rounds them.

use domain::{MediaType, PostFacts, ProfileFacts, Reading, Timestamp};
use serde_json::{Value, json};

use super::page::{count, rounded, text, universal};
use super::profile::user;
use crate::noise::{Noise, in_html, in_script};

/// What the platform writes into its 32-bit heart count here when the true one is larger; on profile pages it wraps around instead.
const HEARTS_CEILING: i64 = 2_100_000_000;

/// A post.
pub(super) fn shown(noise: &Noise, post: &PostFacts, author: &ProfileFacts) -> String {
    let caption = text(post.description.as_ref());
    let address = format!("https://www.tiktok.com/@{}/video/{}", author.username, post.external_id);
    let head = format!(
        "<meta property=\"og:description\" content=\"{}\" data-rh=\"true\"><meta property=\"og:image\" content=\"\" data-rh=\"true\">\
         <meta property=\"og:image:width\" content=\"undefined\" data-rh=\"true\"><meta property=\"og:url\" content=\"{address}\" data-rh=\"true\">\
         <script type=\"application/ld+json\" id=\"Page\">{}</script>\n",
        in_html(caption),
        in_script(&json!({ "@context": "https://schema.org/", "@type": "ItemPage", "@id": address })),
    );
    let data = json!({
        "itemInfo": { "itemStruct": item(post, author) },
        "shareMeta": { "title": format!("{} on TikTok", text(author.name.as_ref())), "desc": caption },
        "statusCode": 0, "statusMsg": "",
    });
    universal(noise, caption, &head, "webapp.video-detail", &data)
}

/// The page of a post that is not shown, for the reason in `message`.
pub(super) fn not_shown(noise: &Noise, message: &str) -> String {
    let data = json!({ "itemInfo": {}, "statusCode": 10204, "statusMsg": message });
    universal(noise, "TikTok - Make Your Day", "", "webapp.video-detail", &data)
}

/// The item that a post's page is about.
pub(super) fn item(post: &PostFacts, author: &ProfileFacts) -> Value {
    let caption = text(post.description.as_ref());
    let [likes, comments, shares, plays] =
        [post.metrics.likes, post.metrics.comments, post.metrics.shares, post.metrics.plays].map(count);
    let collections = post.platform_data.get("collect_count").and_then(Value::as_i64).unwrap_or(0).to_string();
    let mut item = json!({
        "id": post.external_id, "desc": caption,
        "createTime": post.create_time.map_or(0, Timestamp::as_seconds).to_string(), "scheduleTime": 0,
        "video": video(post), "author": user(author),
        "music": { "id": post.external_id, "title": "original sound", "authorName": text(author.name.as_ref()), "original": true, "duration": 61 },
        "challenges": [],
        "stats": {
            "diggCount": likes, "shareCount": shares, "commentCount": comments, "playCount": plays, "collectCount": collections,
        },
        "statsV2": {
            "diggCount": likes.to_string(), "shareCount": shares.to_string(), "commentCount": comments.to_string(),
            "playCount": plays.to_string(), "collectCount": collections, "repostCount": "0",
        },
        "textExtra": [], "secret": false, "forFriend": false, "digged": false, "itemCommentStatus": 0, "takeDown": 0,
        "privateItem": false, "isAd": false, "shareEnabled": true, "locationCreated": "GB", "textLanguage": "en",
        "contents": [{ "desc": caption, "textExtra": [] }],
    });
    let hearts = rounded(author.metrics.likes);
    let capped = if i32::try_from(hearts).is_ok() { hearts } else { HEARTS_CEILING };
    item["authorStats"] = author_stats(author, |count| json!(count));
    item["authorStats"]["heartCount"] = json!(capped);
    item["authorStatsV2"] = author_stats(author, |count| json!(count.to_string()));
    if post.media_type != Some(MediaType::Video) {
        item["imagePost"] = image_post(post);
    }
    item
}

/// The author's counts, rounded, as numbers or as text.
fn author_stats(author: &ProfileFacts, written: impl Fn(i64) -> Value) -> Value {
    let of = |reading: Reading| written(rounded(reading));
    let metrics = author.metrics;
    json!({
        "followerCount": of(metrics.followers), "followingCount": of(metrics.following), "heart": of(metrics.likes),
        "heartCount": of(metrics.likes), "videoCount": of(metrics.posts), "diggCount": written(0), "friendCount": written(0),
    })
}

/// The video; nearly empty in a photo post.
fn video(post: &PostFacts) -> Value {
    if post.media_type != Some(MediaType::Video) {
        return json!({ "id": "", "height": 0, "width": 0, "duration": 0, "cover": "", "originCover": "", "playAddr": "" });
    }
    let (cover, play_address) = (text(post.cover_image_url.as_ref()), text(post.video_url.as_ref()));
    json!({
        "id": post.external_id, "height": 1024, "width": 576, "duration": whole_seconds(post.duration), "ratio": "540p",
        "cover": cover, "originCover": cover, "dynamicCover": cover, "playAddr": play_address, "downloadAddr": play_address,
        "shareCover": [""], "reflowCover": "", "format": "mp4",
    })
}

fn image_post(post: &PostFacts) -> Value {
    let cover = text(post.cover_image_url.as_ref());
    let images = post.platform_data.get("carousel_media_count").and_then(Value::as_u64).unwrap_or(1);
    let image =
        |address: String| json!({ "imageURL": { "urlList": [address] }, "imageWidth": 1080, "imageHeight": 1436 });
    json!({
        "cover": image(cover.to_owned()),
        "images": (1..=images).map(|number| image(format!("{cover}&image={number}"))).collect::<Vec<_>>(),
        "title": "",
    })
}

/// The length as the platform writes it: 61, never 61.0.
fn whole_seconds(seconds: Option<f64>) -> u64 {
    format!("{:.0}", seconds.unwrap_or(0.0)).parse().unwrap_or(0)
}
