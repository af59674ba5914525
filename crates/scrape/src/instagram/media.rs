//! A post in the shape that the mobile API, `web_info` and the logged-out pages share. Views and plays are different numbers; where the owner
//! hides counts, what is left of them is a remnant and not read.

use domain::{
    AuthorFacts, MediaType, MetricStatus, Platform, PostFacts, PostMetrics, PostRef, Precision, Reading, Timestamp,
    shortcode,
};
use serde_json::{Map, Value};
use url::Url;

use crate::json::{at, count, flag, id, keep, list, seconds, text};

/// The facts of a media object; `None` without an id.
pub(crate) fn item(media: &Value) -> Option<PostFacts> {
    let code = text(at(media, &["code"]));
    let from_code = || code.as_deref().and_then(shortcode::to_media_id).map(|id| id.to_string());
    let external_id = id(at(media, &["pk"])).or_else(|| id(at(media, &["id"]))).or_else(from_code)?;
    let mut facts = PostFacts::bare(Platform::Instagram, external_id);
    facts.shortcode = code.or_else(|| facts.external_id.parse().ok().map(shortcode::from_media_id));
    let user =
        if media.get("user").is_some_and(Value::is_object) { at(media, &["user"]) } else { at(media, &["owner"]) };
    facts.author = AuthorFacts {
        platform_id: id(at(user, &["pk"])).or_else(|| id(at(user, &["id"]))),
        username: text(at(user, &["username"])).map(|name| name.to_lowercase()),
    };
    facts.description = text(at(media, &["caption", "text"]));
    facts.set_created(created(at(media, &["taken_at"]), &facts.external_id));
    facts.media_type = media_type(media);
    let address = list(at(media, &["video_versions"])).first().and_then(|version| text(at(version, &["url"])));
    facts.duration = duration(media, address.as_deref()).filter(|_| facts.media_type == Some(MediaType::Video));
    facts.video_url = address;
    facts.cover_image_url = list(at(media, &["image_versions2", "candidates"]))
        .first()
        .and_then(|candidate| text(at(candidate, &["url"])))
        .or_else(|| text(at(media, &["display_uri"])));
    facts.metrics = metrics(media);
    facts.platform_data = extras(media);
    Some(facts)
}

fn metrics(media: &Value) -> PostMetrics {
    let hidden = flag(at(media, &["like_and_view_counts_disabled"])) == Some(true);
    let reading = |keys: &[&str]| Reading::exact(keys.iter().find_map(|key| count(at(media, &[key]))));
    // The owner hides likes and views together; a number that is left there all the same is a remnant.
    let hideable = |keys: &[&str]| if hidden { HIDDEN } else { reading(keys) };
    PostMetrics {
        views: hideable(&["view_count"]),
        likes: if hidden { HIDDEN } else { likes(count(at(media, &["like_count"]))) },
        comments: reading(&["comment_count"]),
        shares: Reading::NOT_PROVIDED,
        plays: hideable(&["ig_play_count", "play_count"]),
        saves: Reading::NOT_PROVIDED,
    }
}

/// What stands for a count that the owner hides.
pub(crate) const HIDDEN: Reading = Reading::Null(MetricStatus::Hidden);

/// A count of likes, where −1 means hidden.
pub(crate) fn likes(value: Option<i64>) -> Reading {
    if value == Some(-1) { HIDDEN } else { Reading::exact(value) }
}

/// The date, else what the id tells, which is when the media was uploaded: days before, where its publication was planned.
pub(crate) fn created(date: &Value, external_id: &str) -> Option<(Timestamp, Precision)> {
    let from_page = count(date).filter(|at| *at > 0).and_then(Timestamp::from_seconds);
    from_page.map(|at| (at, Precision::Exact)).or_else(|| {
        let reference = PostRef { platform: Platform::Instagram, external_id: external_id.to_owned(), handle: None };
        let uploaded = reference.time_from_id().filter(|at| at.as_seconds() < 4_102_444_800)?;
        Some((uploaded, Precision::Rounded))
    })
}

fn media_type(media: &Value) -> Option<MediaType> {
    if at(media, &["product_type"]) == "story" {
        return Some(MediaType::Story);
    }
    let type_name = at(media, &["__typename"]).as_str().unwrap_or("");
    match count(at(media, &["media_type"])) {
        Some(1) => Some(MediaType::Image),
        Some(2) => Some(MediaType::Video),
        Some(8) => Some(MediaType::Carousel),
        _ => named_type(type_name).or((at(media, &["product_type"]) == "clips").then_some(MediaType::Video)),
    }
}

/// The type that a `__typename` of any era stands for: `GraphSidecar`, `XDTGraphVideo`, `XIGPolarisImageMedia`.
pub(crate) fn named_type(name: &str) -> Option<MediaType> {
    let types = [
        ("Sidecar", MediaType::Carousel),
        ("Carousel", MediaType::Carousel),
        ("Video", MediaType::Video),
        ("Image", MediaType::Image),
    ];
    types.into_iter().find(|(part, _)| name.contains(part)).map(|(_, media_type)| media_type)
}

/// The length in seconds: as such, from the `efg` value of the video's address, or from the stream's manifest.
fn duration(media: &Value, address: Option<&str>) -> Option<f64> {
    seconds(at(media, &["video_duration"]))
        .or_else(|| efg_duration(address?))
        .or_else(|| manifest_duration(at(media, &["video_dash_manifest"]).as_str()?))
}

fn efg_duration(address: &str) -> Option<f64> {
    let url = Url::parse(address).ok()?;
    let efg = url.query_pairs().find(|(key, _)| key == "efg")?.1;
    let json: Value = serde_json::from_slice(&from_base64(&efg)?).ok()?;
    seconds(at(&json, &["duration_s"]))
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut buffer, mut bits) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' | b' ' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        buffer = (buffer << 6) | u32::from(digit);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((buffer >> bits) & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

/// The duration of `mediaPresentationDuration="PT1M12.5S"`.
pub(crate) fn manifest_duration(manifest: &str) -> Option<f64> {
    let (_, after) = manifest.split_once("mediaPresentationDuration=")?;
    let value = after.trim_start_matches(['"', '\'']).split(['"', '\'']).next()?;
    let mut rest = value.strip_prefix("PT")?;
    let mut total = 0.0;
    for (unit, length) in [('H', 3600.0), ('M', 60.0), ('S', 1.0)] {
        if let Some((number, tail)) = rest.split_once(unit) {
            total += number.parse::<f64>().ok()? * length;
            rest = tail;
        }
    }
    (rest.is_empty() && total.is_finite() && total > 0.0).then_some(total)
}

fn extras(media: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    keep(&mut data, "product_type", at(media, &["product_type"]));
    let slides = list(at(media, &["carousel_media"])).len();
    let declared = at(media, &["carousel_media_count"]);
    if declared.is_null() && slides > 0 {
        data.insert("carousel_media_count".to_owned(), slides.into());
    } else {
        keep(&mut data, "carousel_media_count", declared);
    }
    for key in ["fb_like_count", "fb_play_count", "fb_comment_count", "is_paid_partnership"] {
        keep(&mut data, key, at(media, &[key]));
    }
    let pins = ["timeline_pinned_user_ids", "clips_tab_pinned_user_ids"];
    if pins.iter().any(|key| !list(at(media, &[key])).is_empty()) {
        data.insert("is_pinned".to_owned(), Value::Bool(true));
    }
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_length_is_found_in_an_address_or_a_manifest() {
        assert_eq!(efg_duration("https://x.example/v.mp4?efg=eyJkdXJhdGlvbl9zIjo3Mn0%3D"), Some(72.0));
        assert_eq!(manifest_duration("<MPD a=\"b\" mediaPresentationDuration=\"PT1M12.5S\">"), Some(72.5));
        assert_eq!(manifest_duration("<MPD mediaPresentationDuration=\"P1Y\">"), None);
    }

    #[test]
    fn hidden_likes_are_not_read_from_what_is_left_of_them() {
        let media = json!({"pk": "3983118388705688735", "media_type": 2, "like_and_view_counts_disabled": true,
            "like_count": 3, "play_count": 3, "comment_count": 7});
        for media_type in [1, 2, 8] {
            let mut media = media.clone();
            media["media_type"] = media_type.into();
            let metrics = item(&media).unwrap().metrics;
            assert_eq!((metrics.likes, metrics.plays, metrics.views), (HIDDEN, HIDDEN, HIDDEN), "{media_type}");
            assert_eq!(metrics.comments.value(), Some(7));
        }
    }

    #[test]
    fn children_of_a_carousel_add_nothing() {
        let media = json!({"code": "DeBJRyaDIyP", "media_type": 8, "like_count": 5,
            "carousel_media": [{"like_count": 0}, {"like_count": 9}]});
        let facts = item(&media).unwrap();
        assert_eq!(facts.external_id, "3999518748855536783");
        assert_eq!(facts.metrics.likes.value(), Some(5));
        assert_eq!(facts.platform_data["carousel_media_count"], 2);
    }
}
