//! A pin. Its own number of repins and the saves over all copies of its picture are two metrics; guests are shown the second at times only.

use std::collections::HashSet;

use domain::{AuthorFacts, MediaType, Observation, Outcome, Platform, PostFacts, PostMetrics, Reading};
use serde_json::{Map, Value};

use super::blocks::{Block, Found, PINS, entity_id, found, together};
use super::{UNSUPPORTED, either};
use crate::conclude::{self, failed};
use crate::dates;
use crate::json::{NULL, all, at, count, id, keep, list, text};
use crate::page::Page;

/// Reads the pin that was asked for, or the one that the page is about; `None` when there is none.
pub(super) fn read(page: &Page<'_>, blocks: &[Block]) -> Option<Observation> {
    let pins: Vec<(String, Found<'_>)> =
        found(blocks, &PINS).into_iter().filter_map(|pin| Some((entity_id(pin.value)?, pin))).collect();
    let is_expected = |id: &str| page.expect.is_some_and(|expected| expected == id);
    let ids: HashSet<&str> = pins.iter().map(|(id, _)| id.as_str()).collect();
    let wanted = pins
        .iter()
        .find(|(id, _)| is_expected(id))
        .or_else(|| pins.iter().find(|(_, pin)| pin.is_asked_for))
        .or_else(|| pins.first().filter(|_| ids.len() == 1));
    let Some(wanted) = wanted else {
        let other = pins.first()?.1.adapter;
        return Some(failed(other, Outcome::ParseError, "the page holds other pins alone"));
    };
    let whole = together(pins.iter().filter(|(id, _)| *id == wanted.0).map(|(_, pin)| pin.value));
    let withheld = at(&whole, &["privacy"]).as_str().filter(|privacy| *privacy != "public");
    Some(conclude::post(page, wanted.1.adapter, facts(&whole)?, withheld.map(|_| "withheld: private pin".to_owned())))
}

/// The facts of a pin; `None` without an id.
pub(super) fn facts(pin: &Value) -> Option<PostFacts> {
    let author = ["pinner", "nativeCreator", "native_creator", "creator"]
        .iter()
        .map(|key| at(pin, &[key]))
        .find(|author| author.get("username").is_some())
        .unwrap_or(&NULL);
    let copies = either(pin, &["aggregatedPinData", "aggregated_pin_data"]);
    let saves = either(copies, &["aggregatedStats", "aggregated_stats"]);
    let reading = |value: &Value| Reading::exact(count(value));
    let mut facts = PostFacts::bare(Platform::Pinterest, entity_id(pin)?);
    facts.author = AuthorFacts {
        platform_id: entity_id(author),
        username: text(at(author, &["username"])).map(|name| name.to_lowercase()),
    };
    facts.description = described(pin);
    facts.set_created(dates::timestamp(either(pin, &["createdAt", "created_at"])));
    let videos = video_files(pin);
    facts.media_type = Some(media_type(pin, &videos));
    facts.duration = videos
        .iter()
        .find_map(|file| at(file, &["duration"]).as_f64())
        .map(|millis| millis / 1_000.0)
        .filter(|seconds| *seconds > 0.0);
    facts.video_url = file_address(&videos);
    facts.cover_image_url = text(at(pin, &["images", "orig", "url"]))
        .or_else(|| {
            ["imageSpec_orig", "imageSpec_736x", "images_orig"].iter().find_map(|key| text(at(pin, &[key, "url"])))
        })
        .or_else(|| text(either(pin, &["imageLargeUrl", "image_large_url"])));
    facts.metrics = PostMetrics {
        views: UNSUPPORTED,
        likes: likes(pin),
        comments: reading(either(copies, &["commentCount", "comment_count"]))
            .or(reading(either(pin, &["commentCount", "comment_count"]))),
        shares: UNSUPPORTED,
        plays: UNSUPPORTED,
        saves: reading(at(saves, &["saves"])),
    };
    facts.platform_data = extras(pin, author);
    Some(facts)
}

/// Title and description, where they differ.
fn described(pin: &Value) -> Option<String> {
    let title = text(at(pin, &["title"])).map(|title| title.trim().to_owned());
    let words = text(at(pin, &["description"])).map(|words| words.trim().to_owned());
    match (title, words) {
        (Some(title), Some(words)) if title != words => Some(format!("{title}\n{words}")),
        (title, words) => title.or(words).or_else(|| text(either(pin, &["gridTitle", "grid_title"]))),
    }
}

/// All reactions: one kind is the like, and the platform shows their sum.
fn likes(pin: &Value) -> Reading {
    let total = Reading::exact(count(either(pin, &["totalReactionCount", "total_reaction_count"])));
    let by_kind = at(pin, &["reaction_counts"]).as_object();
    let counts = by_kind.into_iter().flat_map(Map::values).take(50).map(count);
    let listed =
        list(at(pin, &["reactionCountsData"])).iter().map(|kind| count(either(kind, &["reactionCount", "count"])));
    let counts: Vec<Option<i64>> = counts.chain(listed).collect();
    let sum = (!counts.is_empty())
        .then(|| counts.into_iter().try_fold(0_i64, |sum, count| sum.checked_add(count.filter(|count| *count >= 0)?)));
    total.or(Reading::exact(sum.flatten().and_then(|sum| count(&Value::from(sum)))))
}

/// The files of a pin's videos, story pages included.
fn video_files(pin: &Value) -> Vec<&Value> {
    let lists = all(pin, "video_list").into_iter().chain(all(pin, "videoList"));
    lists.filter_map(Value::as_object).flat_map(Map::values).filter(|file| file.get("url").is_some()).take(50).collect()
}

fn file_address(files: &[&Value]) -> Option<String> {
    let is_file = |address: &str| address.split('?').next().is_some_and(|path| path.rsplit('.').next() == Some("mp4"));
    let addresses: Vec<String> = files.iter().filter_map(|file| text(at(file, &["url"]))).collect();
    addresses.iter().find(|address| is_file(address)).or(addresses.first()).cloned()
}

fn media_type(pin: &Value, videos: &[&Value]) -> MediaType {
    let slots = either(either(pin, &["carouselData", "carousel_data"]), &["carouselSlots", "carousel_slots"]);
    if list(slots).len() > 1 {
        MediaType::Carousel
    } else if !videos.is_empty() || either(pin, &["isVideo", "is_video"]) == true {
        MediaType::Video
    } else {
        MediaType::Image
    }
}

fn extras(pin: &Value, author: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    for (keys, name) in [
        (["repinCount", "repin_count"], "repin_count"),
        (["link", "link"], "link"),
        (["domain", "domain"], "domain"),
        (["category", "category"], "category"),
    ] {
        keep(&mut data, name, either(pin, &keys));
    }
    if let Some(copies) = id(either(either(pin, &["aggregatedPinData", "aggregated_pin_data"]), &["entityId", "id"])) {
        data.insert("aggregated_pin_id".to_owned(), Value::from(copies));
    }
    keep(&mut data, "board", at(pin, &["board", "name"]));
    keep(&mut data, "author_name", either(author, &["fullName", "full_name"]));
    keep(&mut data, "author_followers", either(author, &["followerCount", "follower_count"]));
    data
}
