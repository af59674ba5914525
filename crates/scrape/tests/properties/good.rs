//! Pages that are read: one small one of each shape, and the recorded ones. Names and numbers of the small ones are made up.

mod pinterest;
mod youtube;

use std::path::{Path, PathBuf};

use domain::{Outcome, Platform};
use scrape::{Page, PageKind, parse};
use serde_json::{Value, json};

/// Longest recorded page that is damaged: reading long ones takes the tests too long.
const LONGEST: usize = 300_000;

/// A page, taken apart into its data block and what stands around it.
#[derive(Clone)]
pub struct Good {
    pub name: String,
    pub platform: Platform,
    pub kind: PageKind,
    /// Whom it is about.
    pub expect: String,
    /// Whether it is nobody's without its block.
    pub is_essential: bool,
    /// How many counts it has at least.
    pub counts: usize,
    pub block: Value,
    before: String,
    after: String,
    /// The block is JSON inside a JSON string.
    is_quoted: bool,
    /// The block is not JSON at all: it stands in the page as the string that it is.
    is_text: bool,
}

impl Good {
    /// The page as it is read.
    pub fn body(&self) -> Vec<u8> {
        self.around(&self.block.to_string())
    }

    /// The page with another block.
    pub fn around(&self, block: &str) -> Vec<u8> {
        let block = if self.is_quoted {
            Value::from(block).to_string()
        } else if self.is_text {
            // What damage made of the text is not told from what it was.
            serde_json::from_str::<Value>(block)
                .ok()
                .and_then(|text| Some(text.as_str()?.to_owned()))
                .unwrap_or_default()
        } else {
            // As platforms write it, so that nothing ends the script that it stands in.
            if self.before.contains('<') { block.replace("</", "<\\/") } else { block.to_owned() }
        };
        [self.before.as_bytes(), block.as_bytes(), self.after.as_bytes()].concat()
    }
}

fn good(name: &str, kind: PageKind, expect: &str, counts: usize, block: Value) -> Good {
    let platform = name.split(' ').next().and_then(|platform| platform.parse().ok()).expect("a platform's name");
    Good {
        name: name.to_owned(),
        platform,
        kind,
        expect: expect.to_owned(),
        is_essential: true,
        counts,
        block,
        before: String::new(),
        after: String::new(),
        is_quoted: false,
        is_text: false,
    }
}

impl Good {
    fn inside(self, before: &str, after: &str) -> Self {
        let page = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>";
        Self { before: format!("{page}{before}"), after: format!("{after}</body></html>"), ..self }
    }

    fn script(self, attributes: &str) -> Self {
        self.inside(&format!("<script {attributes}>"), "</script>")
    }
}

/// The small pages.
pub fn written() -> Vec<Good> {
    [tiktok(), instagram(), instagram_of_old(), youtube::pages(), pinterest::pages()].concat()
}

fn tiktok() -> Vec<Good> {
    let user = json!({"id": "6781206617314018309", "uniqueId": "ann.a", "secUid": "MS4wLjAB", "nickname": "Ann", "signature": "hello",
        "verified": true, "privateAccount": false, "createTime": 1_578_872_963});
    let exact = json!({"followerCount": "783427", "followingCount": "12", "heart": "3922256", "heartCount": "3922256", "videoCount": "19"});
    let stats = json!({"followerCount": 783_400, "followingCount": 12, "heart": 3_900_000, "heartCount": -1_614_092_016, "videoCount": 19});
    let detail = json!({"userInfo": {"user": user, "statsV2": exact, "stats": stats, "itemList": []}, "statusCode": 0, "statusMsg": ""});
    let item = |id: &str, plays: i64| {
        json!({"id": id, "desc": "a #b", "createTime": "1762961788",
            "author": {"id": "6781206617314018309", "uniqueId": "ann.a", "secUid": "MS4wLjAB"},
            "video": {"id": "", "duration": 64, "cover": "https://cdn.example/c.jpg", "playAddr": "https://cdn.example/v.mp4"},
            "stats": {"diggCount": 25_500, "shareCount": 2156, "commentCount": 146, "playCount": plays, "collectCount": "1311"},
            "statsV2": {"diggCount": "25500", "shareCount": "2156", "commentCount": "146", "playCount": plays.to_string(), "collectCount": "1311"},
            "authorStats": {"followerCount": 783_400, "heartCount": 3_900_000}, "textExtra": [{"hashtagName": "b"}]})
    };
    let (one, two) = ("7571863205253778710", "7571863205253778999");
    let video = json!({"itemInfo": {"itemStruct": item(one, 192_100)}, "statusCode": 0, "statusMsg": ""});
    let scope =
        |key: &str, value: &Value| json!({"__DEFAULT_SCOPE__": {"webapp.app-context": {"language": "en"}, key: value}});
    let universal = "id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\" type=\"application/json\"";
    let sigi_item = |id: &str| {
        let mut item = item(id, 52_100);
        item["author"] = json!("ann.a");
        item["authorId"] = json!("6781206617314018309");
        item
    };
    let sigi = json!({"ItemModule": {one: sigi_item(one), two: sigi_item(two)}, "ItemList": {"user-post": {"list": [one, two]}, "video": {"list": [one]}},
        "UserModule": {"users": {"ann.a": user}, "stats": {"ann.a": stats}}, "UserPage": {"uniqueId": "ann.a", "statusCode": 0}});
    let sigi_post = json!({"ItemModule": {one: sigi_item(one), two: sigi_item(two)}, "ItemList": {"video": {"list": [one]}},
        "UserModule": {"users": {"ann.a": user}, "stats": {}}, "VideoPage": {"statusCode": 0}});
    let of_2020 = json!({"props": {"pageProps": {"statusCode": 0, "videoData": {
        "itemInfos": {"id": one, "text": "a", "createTime": "1584652361", "diggCount": 10_645, "shareCount": 139, "commentCount": 346,
            "playCount": 207_568, "covers": ["https://cdn.example/c.jpg"], "video": {"urls": [], "videoMeta": {"duration": 29}}},
        "authorInfos": {"userId": "6781206617314018309", "uniqueId": "ann.a"}, "authorStats": {"followerCount": 21_892}}}}});
    let of_2021 = json!({"props": {"pageProps": {"statusCode": 0, "itemInfo": {"itemStruct": item(one, 260_000)}}}});
    let embedded = |id: &str, plays: i64| json!({"id": id, "desc": "a", "playCount": plays, "coverUrl": "https://cdn.example/c.jpg", "authorUniqueId": "ann.a", "privateItem": false});
    let embed = json!({"source": {"data": {"/embed/@ann.a": {
        "userInfo": {"id": "6781206617314018309", "uniqueId": "ann.a", "nickname": "Ann", "followerCount": 783_400, "followingCount": 12,
            "heartCount": 3_900_000, "privateAccount": false},
        "videoList": [embedded(one, 192_100), embedded(two, 9_876)]}}}});
    let embedded_post = json!({"source": {"data": {"/embed/v2/7571863205253778710": {"videoData": of_2020["props"]["pageProps"]["videoData"]}}}});
    let list = json!({"itemList": [item(one, 268_200), item(two, 314_800)], "cursor": "1784326203949", "hasMore": true, "statusCode": 0});
    let oembed = json!({"version": "1.0", "type": "video", "title": "a", "author_url": "https://www.tiktok.com/@ann.a", "author_name": "Ann",
        "author_unique_id": "ann.a", "embed_product_id": one, "embed_type": "video", "thumbnail_url": "https://cdn.example/c.jpg",
        "html": "<blockquote data-video-id=\"7571863205253778710\"></blockquote>"});
    vec![
        good("tiktok profile page", PageKind::Profile, "ann.a", 4, scope("webapp.user-detail", &detail))
            .script(universal),
        good("tiktok profile body", PageKind::Profile, "ann.a", 4, detail),
        good("tiktok post page", PageKind::Post, one, 5, scope("webapp.video-detail", &video)).script(universal),
        good("tiktok shared post page", PageKind::Post, one, 5, scope("webapp.reflow.video.detail", &video))
            .script(universal),
        good("tiktok post body", PageKind::Post, one, 5, video),
        good("tiktok sigi profile page", PageKind::Profile, "ann.a", 14, sigi.clone()).script("id=\"SIGI_STATE\""),
        good("tiktok sigi feed", PageKind::Feed, "ann.a", 14, sigi).script("id=\"SIGI_STATE\""),
        good("tiktok sigi post page", PageKind::Post, one, 5, sigi_post).script("id=\"SIGI_STATE\""),
        good("tiktok post page of 2020", PageKind::Post, one, 5, of_2020).script("id=\"__NEXT_DATA__\""),
        good("tiktok post page of 2021", PageKind::Post, one, 5, of_2021).script("id=\"__NEXT_DATA__\""),
        good("tiktok embedded creator page", PageKind::Feed, "ann.a", 5, embed.clone())
            .script("id=\"__FRONTITY_CONNECT_STATE__\""),
        good("tiktok embedded creator page for its profile", PageKind::Profile, "ann.a", 5, embed)
            .script("id=\"__FRONTITY_CONNECT_STATE__\""),
        good("tiktok embedded post page", PageKind::Post, one, 5, embedded_post)
            .script("id=\"__FRONTITY_CONNECT_STATE__\""),
        good("tiktok feed body", PageKind::Feed, "ann.a", 10, list),
        good("tiktok oembed body", PageKind::Oembed, one, 0, oembed),
    ]
}

const SHORTCODE: &str = "DdG4RIxIPyf";
const MEDIA_ID: &str = "3983118388705688735";

fn instagram() -> Vec<Good> {
    let node = |id: &str, code: &str| {
        json!({"node": {"__typename": "XIGPolarisVideoMedia", "pk": id, "code": code, "media_type": 2, "play_count": 1_588_516, "like_count": 50_447,
            "comment_count": 709, "user": {"pk": "787132", "username": "ann.a"}}})
    };
    let edges = json!([node(MEDIA_ID, SHORTCODE), node("3991849403537918302", "Ddl5eH-u4le")]);
    let user = |connection: &str| {
        json!({"data": {"xig_user_by_username": {"pk": "787132", "id": "17841400008460056", "username": "ann.a", "full_name": "Ann", "biography": "hello",
            "follower_count": 268_457_110, "following_count": 194, "all_media_count": null, "is_private": false, "is_verified": true,
            "has_any_clips": true, connection: {"edges": edges, "page_info": {"has_next_page": true}}}}})
    };
    let gated = json!({"pk": MEDIA_ID, "code": SHORTCODE, "taken_at": 1_789_045_214, "media_type": 2, "product_type": "clips", "like_count": 78_676,
        "comment_count": 525, "view_count": null, "like_and_view_counts_disabled": false, "caption": {"text": "a"},
        "user": {"pk": "787132", "username": "ann.a", "polaris_ordered_timeline_connection": {"edges": edges}},
        "video_versions": [{"url": "https://cdn.example/v.mp4?efg=eyJkdXJhdGlvbl9zIjo3Mn0%3D"}],
        "image_versions2": {"candidates": [{"url": "https://cdn.example/c.jpg"}]}});
    let post = json!({"require": [["x", [{"data": {"xig_polaris_media":
        {"pk": MEDIA_ID, "code": SHORTCODE, "gating_ruling": null, "if_not_gated_logged_out": gated}}}]]]});
    let info = json!({"data": {"xdt_api__v1__media__shortcode__web_info": {"items": [gated]}}});
    let json_script = "type=\"application/json\" data-sjs";
    let oembed = json!({"version": "1.0", "title": "a", "author_name": "ann.a", "author_id": 787_132, "author_url": "https://www.instagram.com/ann.a",
        "media_id": format!("{MEDIA_ID}_787132"), "thumbnail_url": "https://cdn.example/c.jpg"});
    let described = |kind, expect: &str, url: &str, text: &str, name: &str| {
        let tags = format!("<meta property=\"og:url\" content=\"{url}\"><meta property=\"og:description\" content=\"");
        Good { is_text: true, ..good(name, kind, expect, 2, json!(text)) }.inside(&tags, "\">")
    };
    vec![
        good("instagram profile page", PageKind::Profile, "ann.a", 2, user("polaris_ordered_timeline_connection"))
            .script(json_script),
        good("instagram profile body", PageKind::Profile, "ann.a", 2, user("polaris_ordered_timeline_connection")),
        good("instagram timeline", PageKind::Feed, "ann.a", 2, user("polaris_ordered_timeline_connection"))
            .script(json_script),
        good("instagram reels tab", PageKind::Feed, "ann.a", 8, user("polaris_clips_connection")).script(json_script),
        good("instagram post page", PageKind::Post, MEDIA_ID, 2, post.clone()).script(json_script),
        good("instagram post page by its shortcode", PageKind::Post, SHORTCODE, 2, post).script(json_script),
        good("instagram post body", PageKind::Post, MEDIA_ID, 2, info),
        good("instagram oembed body", PageKind::Oembed, MEDIA_ID, 0, oembed),
        described(
            PageKind::Profile,
            "ann.a",
            "https://www.instagram.com/ann.a/",
            "291M Followers, 269 Following, 1,667 Posts - See Instagram photos and videos from Ann (@ann.a)",
            "instagram profile's description",
        ),
        described(
            PageKind::Post,
            SHORTCODE,
            "https://www.instagram.com/reel/DdG4RIxIPyf/",
            "152K likes, 784 comments - ann.a on April 19, 2021: &quot;5 likes&quot;",
            "instagram post's description",
        ),
    ]
}

fn instagram_of_old() -> Vec<Good> {
    let media = |id: &str, code: &str| {
        json!({"__typename": "GraphVideo", "id": id, "shortcode": code, "is_video": true, "taken_at_timestamp": 1_618_838_526, "video_duration": 30.069,
            "display_url": "https://cdn.example/c.jpg", "video_url": "https://cdn.example/v.mp4", "video_view_count": 475_763,
            "video_play_count": 1_403_439, "edge_media_preview_like": {"count": 141_805}, "edge_media_to_parent_comment": {"count": 776},
            "edge_media_to_comment": {"count": 776}, "edge_media_to_caption": {"edges": [{"node": {"text": "a"}}]},
            "owner": {"id": "787132", "username": "ann.a"}})
    };
    let edges = json!([{"node": media(MEDIA_ID, SHORTCODE)}, {"node": media("3991849403537918302", "Ddl5eH-u4le")}]);
    let user = json!({"id": "787132", "username": "ann.a", "full_name": "Ann", "biography": "hello", "is_private": false, "is_verified": true,
        "edge_followed_by": {"count": 2_520_817}, "edge_follow": {"count": 122}, "external_url": "https://example.org/",
        "edge_owner_to_timeline_media": {"count": 2328, "page_info": {"has_next_page": true, "end_cursor": "x"}, "edges": edges}});
    let info = json!({"data": {"user": user}, "status": "ok"});
    let shared = |page: &str, inner: Value| json!({"config": {}, "entry_data": {page: [{"graphql": inner}]}});
    let item = json!({"pk": 3_983_118_388_705_688_735_i64, "id": format!("{MEDIA_ID}_787132"), "code": SHORTCODE, "taken_at": 1_661_273_501, "media_type": 8,
        "like_count": 113, "comment_count": 7, "carousel_media": [{"like_count": 0}], "caption": null, "user": {"pk": 787_132, "username": "ann.a"}});
    let mobile = json!({"user": {"pk": 787_132, "username": "ann.a", "full_name": "Ann", "is_private": false, "is_verified": true,
        "follower_count": 50_857_062, "following_count": 4, "media_count": 400}, "status": "ok"});
    let context = json!({"context": {"media": {}}, "gql_data": {"shortcode_media": media(MEDIA_ID, SHORTCODE)}});
    let profile_context = json!({"context": {"owner_id": "787132", "username": "ann.a", "full_name": "Ann", "followers_count": 4321,
        "posts_count": 77, "is_private": false, "graphql_media": [{"shortcode_media": media(MEDIA_ID, SHORTCODE)}]}});
    let quoted =
        |good: Good| Good { is_quoted: true, ..good }.inside("<script>requireLazy({\"contextJSON\":", "});</script>");
    vec![
        good("instagram web_profile_info", PageKind::Profile, "ann.a", 11, info.clone()),
        good("instagram web_profile_info as a feed", PageKind::Feed, "ann.a", 11, info),
        good(
            "instagram shared data of a profile",
            PageKind::Profile,
            "ann.a",
            11,
            shared("ProfilePage", json!({"user": user})),
        )
        .inside("<script>window._sharedData = ", ";</script>"),
        good(
            "instagram shared data of a post",
            PageKind::Post,
            SHORTCODE,
            4,
            shared("PostPage", json!({"shortcode_media": media(MEDIA_ID, SHORTCODE)})),
        )
        .inside("<script>window._sharedData = ", ";</script>"),
        good(
            "instagram additional data",
            PageKind::Post,
            MEDIA_ID,
            4,
            json!({"graphql": {"shortcode_media": media(MEDIA_ID, SHORTCODE)}}),
        )
        .inside("<script>window.__additionalDataLoaded('/p/x/',", ");</script>"),
        good("instagram items", PageKind::Post, SHORTCODE, 2, json!({"items": [item], "status": "ok"})),
        good(
            "instagram items as a feed",
            PageKind::Feed,
            "ann.a",
            2,
            json!({"items": [item], "more_available": true, "status": "ok"}),
        ),
        good("instagram users/info", PageKind::Profile, "ann.a", 3, mobile),
        quoted(good("instagram embedded post", PageKind::Post, SHORTCODE, 4, context)),
        quoted(good("instagram embedded profile", PageKind::Profile, "ann.a", 6, profile_context)),
    ]
}

/// The folder of recorded pages, which need not be there.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples")
}

/// The recorded pages, with what was asked for when they came.
pub fn recorded_files() -> Vec<(Platform, PageKind, String)> {
    let Ok(truth) = std::fs::read_to_string(folder().join("truth.json")) else { return Vec::new() };
    let entries: Vec<Value> = serde_json::from_str(&truth).expect("truth.json is a list");
    let of = |entry: &Value| {
        let file = entry["file"].as_str().expect("each sample names its file");
        let mut segments = file.split('/');
        let platform = segments.next()?.parse().ok()?;
        let kind = match segments.next()? {
            "profile" | "channel" => PageKind::Profile,
            "feed" | "rss" => PageKind::Feed,
            "oembed" => PageKind::Oembed,
            _ => PageKind::Post,
        };
        Some((platform, kind, file.to_owned()))
    };
    entries.iter().filter_map(of).collect()
}

/// The recorded pages that are read and not too long, taken apart at the first block without which they would not be.
pub fn recorded() -> Vec<Good> {
    let text = |file: &str| std::fs::read_to_string(folder().join(file)).ok().filter(|text| text.len() <= LONGEST);
    let files = recorded_files().into_iter();
    files.filter_map(|(platform, kind, file)| taken_apart(platform, kind, &file, &text(&file)?)).collect()
}

fn taken_apart(platform: Platform, kind: PageKind, file: &str, text: &str) -> Option<Good> {
    let read =
        |body: &[u8]| parse(&Page { platform, kind, expect: None, http_status: None, redirected_to: None, body });
    let seen = Some(read(text.as_bytes())).filter(|seen| seen.outcome == Outcome::Ok)?;
    let expect = match kind {
        PageKind::Profile | PageKind::Feed => seen.profile?.username,
        PageKind::Post | PageKind::Oembed => seen.posts.first()?.external_id.clone(),
    };
    let starts: Vec<usize> = if text.starts_with('{') {
        vec![0]
    } else {
        let scripts = text.match_indices("<script").filter_map(|(at, _)| {
            let from = at + text.get(at..)?.find('>')?;
            Some(from + text.get(from..)?.find('{')?)
        });
        scripts.collect()
    };
    starts.into_iter().find_map(|start| {
        let mut values = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<Value>();
        let block = values.next()?.ok()?;
        let end = start + values.byte_offset();
        let good = Good {
            before: text.get(..start)?.to_owned(),
            after: text.get(end..)?.to_owned(),
            ..good(&format!("{platform} {file}"), kind, &expect, 0, block)
        };
        (read(&good.around("{}")).outcome != Outcome::Ok).then_some(good)
    })
}
