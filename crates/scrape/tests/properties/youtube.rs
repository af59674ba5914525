//! YouTube's pages.

use scrape::PageKind;
use serde_json::{Value, json};

use super::{Good, good};

const CHANNEL: &str = "UCk195x4zYdMx4LhqEwhcPng";
const VIDEO: &str = "Elewn679CZI";

/// The small ones.
pub fn pages() -> Vec<Good> {
    let script = |good: Good| good.inside("<script nonce=\"x\">var ytInitialData = ", ";</script>");
    let oembed = json!({"title": "a", "author_name": "Ann", "author_url": "https://www.youtube.com/@ann.a", "type": "video", "version": "1.0",
        "provider_name": "YouTube", "thumbnail_url": "https://i.ytimg.com/vi/Elewn679CZI/hqdefault.jpg",
        "html": "<iframe src=\"https://www.youtube.com/embed/Elewn679CZI?feature=oembed\"></iframe>"});
    let player_script = "<script nonce=\"x\">var ytInitialPlayerResponse = ";
    let data_script = "<script nonce=\"x\">var ytInitialData = ";
    vec![
        script(good("youtube channel page until 2024", PageKind::Profile, CHANNEL, 2, c4_header())),
        script(good("youtube channel page", PageKind::Profile, CHANNEL, 2, page_header())),
        good("youtube watch page", PageKind::Post, VIDEO, 3, player(true))
            .inside(player_script, &format!(";</script>{data_script}{};</script>", data())),
        Good { is_essential: false, ..good("youtube watch page's data", PageKind::Post, VIDEO, 3, data()) }
            .inside(&format!("{player_script}{};</script>{data_script}", player(false)), ";</script>"),
        good("youtube oembed body", PageKind::Oembed, VIDEO, 0, oembed),
        good("youtube channels.list", PageKind::Profile, CHANNEL, 2, channels()),
        good("youtube videos.list", PageKind::Post, VIDEO, 3, videos()),
        Good { is_text: true, ..good("youtube feed", PageKind::Feed, CHANNEL, 4, feed()) },
    ]
}

fn metadata() -> Value {
    json!({"channelMetadataRenderer": {"title": "Ann", "description": "a", "externalId": CHANNEL, "vanityChannelUrl": "http://www.youtube.com/@ann.a",
        "ownerUrls": ["http://www.youtube.com/@ann.a"], "avatar": {"thumbnails": [{"url": "https://cdn.example/c.jpg", "width": 900, "height": 900}]}}})
}

fn c4_header() -> Value {
    json!({"header": {"c4TabbedHeaderRenderer": {"channelId": CHANNEL, "title": "Ann", "subscriberCountText": {"simpleText": "4.69M subscribers"},
        "videosCountText": {"runs": [{"text": "6.8K"}, {"text": " videos"}]}, "channelHandleText": {"runs": [{"text": "@ann.a"}]}}},
        "metadata": metadata()})
}

fn page_header() -> Value {
    let part = |text: &str| json!({"text": {"content": text}});
    json!({"header": {"pageHeaderRenderer": {"pageTitle": "Ann", "content": {"pageHeaderViewModel": {"metadata": {"contentMetadataViewModel": {
        "metadataRows": [{"metadataParts": [part("@ann.a")]}, {"metadataParts": [part("15.1M subscribers"), part("6.1K videos")]}]}}}}}},
        "contents": {"card": {"subscriberCountText": {"simpleText": "3 subscribers"}}}, "metadata": metadata()})
}

fn player(has_likes: bool) -> Value {
    let mut player = json!({"playabilityStatus": {"status": "OK"}, "videoDetails": {"videoId": VIDEO, "title": "a", "lengthSeconds": "113",
        "channelId": CHANNEL, "viewCount": "8874019", "author": "Ann", "isLiveContent": false}, "microformat": {"playerMicroformatRenderer": {
        "publishDate": "2025-03-27T17:55:38-07:00", "category": "Science", "ownerProfileUrl": "http://www.youtube.com/@ann.a",
        "externalChannelId": CHANNEL}}});
    if has_likes {
        player["microformat"]["playerMicroformatRenderer"]["likeCount"] = json!("215407");
    }
    player
}

fn data() -> Value {
    json!({"contents": {"results": [{"videoPrimaryInfoRenderer": {"likes": {"likeButtonViewModel": {"toggle": {"defaultButtonViewModel":
        {"buttonViewModel": {"title": "215K", "accessibilityText": "like this video along with 215,407 other people"}}}}}}},
        {"videoSecondaryInfoRenderer": {"owner": {"videoOwnerRenderer": {"subscriberCountText": {"simpleText": "6.6M subscribers"}}}}},
        {"commentsEntryPointHeaderRenderer": {"commentCount": {"simpleText": "628"}}}]}})
}

fn channels() -> Value {
    json!({"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 1}, "items": [{"kind": "youtube#channel", "id": CHANNEL,
        "snippet": {"title": "Ann", "description": "a", "customUrl": "@ann.a", "publishedAt": "2012-12-30T15:35:39Z"},
        "statistics": {"viewCount": "123456789", "subscriberCount": "4690000", "hiddenSubscriberCount": false, "videoCount": "6801"}}]})
}

fn videos() -> Value {
    json!({"kind": "youtube#videoListResponse", "pageInfo": {"totalResults": 1}, "items": [{"kind": "youtube#video", "id": VIDEO,
        "snippet": {"title": "a", "publishedAt": "2021-12-19T14:00:11Z", "channelId": CHANNEL, "channelTitle": "Ann"},
        "contentDetails": {"duration": "PT1M53S"}, "status": {"privacyStatus": "public", "uploadStatus": "processed"},
        "statistics": {"viewCount": "8874019", "likeCount": "215407", "commentCount": "12034"}}]})
}

fn feed() -> Value {
    let entry = |id: &str, views: i64, likes: i64| {
        format!(
            "<entry><id>yt:video:{id}</id><yt:videoId>{id}</yt:videoId><yt:channelId>{CHANNEL}</yt:channelId><title>a &amp; b</title>\
             <published>2021-12-19T14:00:11+00:00</published><media:group><media:community><media:starRating count=\"{likes}\" average=\"5.00\"/>\
             <media:statistics views=\"{views}\"/></media:community></media:group></entry>"
        )
    };
    json!(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\"><id>yt:channel:{CHANNEL}</id>\
         <yt:channelId>{CHANNEL}</yt:channelId><title>Ann</title>{}{}</feed>",
        entry(VIDEO, 33_036, 1_424),
        entry("Imb4G5O4__o", 8_796, 404)
    ))
}
