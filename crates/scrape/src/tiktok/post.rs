//! A post, in the item shape that pages, feeds and API bodies have shared since 2021, and in the shape before it. Counts of items are rounded
//! from 10 000 up; plays and views are one number here.

use domain::{
    AuthorFacts, MediaType, MetricStatus, Observation, Outcome, Platform, PostFacts, PostMetrics, Precision, Reading,
    Timestamp, shortcode,
};
use serde_json::{Map, Value};

use super::signals;
use crate::conclude;
use crate::json::{at, count, flag, id, is_set, keep, list, perhaps_rounded, seconds, text};
use crate::page::{Page, PageKind};

/// Reads `{itemInfo: {itemStruct}, statusCode}`, the shape of page block and API alike.
pub(crate) fn detail(page: &Page<'_>, adapter: &'static str, block: &Value) -> Option<Observation> {
    if let Some(failure) = signals::of_status(adapter, block) {
        return Some(failure);
    }
    if matches!(page.kind, PageKind::Profile | PageKind::Feed) {
        return Some(conclude::failed(adapter, Outcome::ParseError, "asked for an account, the page is about a post"));
    }
    let structure = at(block, &["itemInfo", "itemStruct"]);
    Some(conclude::post(page, adapter, item(structure)?, withheld(structure)))
}

/// TikTok's bookmarks are no metric of ours: what the page counts is kept as `collect_count` among what else it said.
const UNSUPPORTED: Reading = Reading::Null(MetricStatus::Unsupported);

/// Facts that say nothing but which post it is, and that the platform counts no saves.
pub(crate) fn bare(external_id: String) -> PostFacts {
    let metrics = PostMetrics { saves: UNSUPPORTED, ..PostMetrics::default() };
    PostFacts { metrics, ..PostFacts::bare(Platform::Tiktok, external_id) }
}

/// What an item says about being kept from us.
pub(crate) fn withheld(item: &Value) -> Option<String> {
    let is = |key: &str| is_set(at(item, &[key]));
    let reason = if is("privateItem") || is("secret") {
        "private post"
    } else if is("takeDown") {
        "taken down"
    } else if is("isReviewing") {
        "under review"
    } else if is("isContentClassified") && item.get("video").is_none() {
        "sensitive content, shown after login"
    } else {
        return None;
    };
    Some(format!("withheld: {reason}"))
}

/// The facts of an item; `None` without an id.
pub(crate) fn item(item: &Value) -> Option<PostFacts> {
    let external_id = id(at(item, &["id"]))?;
    let author = at(item, &["author"]);
    let (exact, rounded) = (at(item, &["statsV2"]), at(item, &["stats"]));
    let reading = |key: &str| perhaps_rounded(count(at(exact, &[key]))).or(perhaps_rounded(count(at(rounded, &[key]))));
    let plays = reading("playCount");
    let image_post = at(item, &["imagePost"]);
    let video = at(item, &["video"]);
    let mut facts = bare(external_id);
    facts.author = AuthorFacts {
        platform_id: id(at(author, &["id"])).or_else(|| id(at(item, &["authorId"]))),
        username: text(author).or_else(|| text(at(author, &["uniqueId"]))).map(|name| name.to_lowercase()),
    };
    facts.description = text(at(item, &["desc"])).or_else(|| {
        let parts: Vec<_> = list(at(item, &["contents"])).iter().filter_map(|part| text(at(part, &["desc"]))).collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    });
    facts.set_created(created(at(item, &["createTime"]), &facts.external_id));
    facts.media_type = Some(media_type(image_post));
    facts.duration = seconds(at(video, &["duration"]));
    facts.cover_image_url = ["cover", "originCover", "dynamicCover"]
        .iter()
        .find_map(|key| text(at(video, &[key])))
        .or_else(|| list(at(image_post, &["cover", "imageURL", "urlList"])).iter().find_map(text));
    facts.video_url = text(at(video, &["playAddr"]));
    facts.metrics = PostMetrics {
        views: plays,
        likes: reading("diggCount"),
        comments: reading("commentCount"),
        shares: reading("shareCount"),
        plays,
        saves: UNSUPPORTED,
    };
    facts.platform_data = extras(item);
    let saves = [exact, rounded].iter().find_map(|stats| count(at(stats, &["collectCount"])).filter(|n| *n >= 0));
    if let Some(saves) = saves {
        facts.platform_data.insert("collect_count".to_owned(), saves.into());
    }
    Some(facts)
}

fn media_type(image_post: &Value) -> MediaType {
    if image_post.is_null() {
        MediaType::Video
    } else if list(at(image_post, &["images"])).len() > 1 {
        MediaType::Carousel
    } else {
        MediaType::Image
    }
}

/// The date, else what the id tells, which is when the upload began.
pub(crate) fn created(date: &Value, external_id: &str) -> Option<(Timestamp, Precision)> {
    let from_page = count(date).filter(|at| *at > 0).and_then(Timestamp::from_seconds);
    from_page.map(|at| (at, Precision::Exact)).or_else(|| {
        let seconds = shortcode::item_id_seconds(external_id.parse().ok()?);
        // Ids before 2018 carry no time; those since then lie between 2014 and 2065.
        (1_388_534_400..3_000_000_000).contains(&seconds).then_some(())?;
        Some((Timestamp::from_seconds(i64::try_from(seconds).ok()?)?, Precision::Rounded))
    })
}

fn extras(item: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    keep(&mut data, "author_sec_uid", at(item, &["author", "secUid"]));
    keep(&mut data, "author_followers", at(item, &["authorStats", "followerCount"]));
    keep(&mut data, "title", at(item, &["imagePost", "title"]));
    keep(&mut data, "music_id", at(item, &["music", "id"]));
    keep(&mut data, "music_title", at(item, &["music", "title"]));
    keep(&mut data, "language", at(item, &["textLanguage"]));
    keep(&mut data, "location_created", at(item, &["locationCreated"]));
    for (key, name) in [("isAd", "is_ad"), ("isPinnedItem", "is_pinned"), ("isContentClassified", "is_sensitive")] {
        if flag(at(item, &[key])) == Some(true) {
            data.insert(name.to_owned(), Value::Bool(true));
        }
    }
    let hashtags: Vec<Value> = list(at(item, &["textExtra"]))
        .iter()
        .filter_map(|tag| text(at(tag, &["hashtagName"])))
        .map(Value::from)
        .collect();
    if !hashtags.is_empty() {
        data.insert("hashtags".to_owned(), Value::Array(hashtags));
    }
    data
}

/// Reads `videoData`: of pages of 2019 to early 2021, whose counts were exact at first and rounded later, and of today's embedded posts.
pub(crate) fn of_2020(page: &Page<'_>, adapter: &'static str, data: &Value) -> Option<Observation> {
    let infos = at(data, &["itemInfos"]);
    let author = at(data, &["authorInfos"]);
    let reading = |key: &str| perhaps_rounded(count(at(infos, &[key])));
    let plays = reading("playCount");
    let mut facts = bare(id(at(infos, &["id"]))?);
    facts.author = AuthorFacts {
        platform_id: id(at(author, &["userId"])).or_else(|| id(at(infos, &["authorId"]))),
        username: text(at(author, &["uniqueId"])).map(|name| name.to_lowercase()),
    };
    facts.description = text(at(infos, &["text"]));
    facts.set_created(created(at(infos, &["createTime"]), &facts.external_id));
    facts.media_type = Some(MediaType::Video);
    facts.duration = seconds(at(infos, &["video", "videoMeta", "duration"]));
    facts.cover_image_url = list(at(infos, &["covers"])).iter().find_map(text);
    facts.video_url = list(at(infos, &["video", "urls"])).iter().find_map(text);
    facts.metrics = PostMetrics {
        views: plays,
        likes: reading("diggCount"),
        comments: reading("commentCount"),
        shares: reading("shareCount"),
        plays,
        saves: UNSUPPORTED,
    };
    keep(&mut facts.platform_data, "author_sec_uid", at(author, &["secUid"]));
    keep(&mut facts.platform_data, "author_followers", at(data, &["authorStats", "followerCount"]));
    Some(conclude::post(page, adapter, facts, withheld(infos)))
}
