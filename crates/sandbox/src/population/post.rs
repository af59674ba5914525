//! One post of the population. All that a post says but its author follows from its id, so a post reads the same in a feed and on its own page,
//! and any id that a test makes up is a post.

use domain::metric::{MetricStatus, Precision};
use domain::{AuthorFacts, MediaType, Platform, PostFacts, PostMetrics, Reading, Timestamp, shortcode};
use serde_json::Map;

use super::draw::Draw;
use super::{DAY_SECONDS, base64, signed_until, words};
use crate::rounding;

/// TikTok ids that claim an earlier time than this (2014) follow an older rule that says nothing of time.
const FIRST_PLAUSIBLE_SECONDS: i64 = 1_388_534_400;
/// What such posts get instead: 2016.
const BEFORE_SNOWFLAKES_SECONDS: i64 = 1_451_606_400;

/// When the post with this id was published: some seconds after its id was made, as on the platforms.
pub(super) fn created_seconds(seed: u64, platform: Platform, id: u64) -> i64 {
    let mut draw = Draw::of(seed, &["published", platform.as_str(), &id.to_string()]);
    let (seconds, lag) = match platform {
        Platform::Tiktok | Platform::Youtube | Platform::Pinterest => {
            (shortcode::item_id_seconds(id), draw.between(3, 40))
        }
        Platform::Instagram => (shortcode::media_id_millis(id) / 1000, draw.between(0, 120)),
    };
    let seconds = i64::try_from(seconds).unwrap_or(0);
    if platform == Platform::Tiktok && seconds < FIRST_PLAUSIBLE_SECONDS {
        return BEFORE_SNOWFLAKES_SECONDS + draw.between(0, DAY_SECONDS * 365);
    }
    seconds + lag
}

/// What kind of post this id is.
pub(super) fn media_type(seed: u64, platform: Platform, id: u64) -> MediaType {
    let mut draw = Draw::of(seed, &["media", platform.as_str(), &id.to_string()]);
    match (platform, draw.below(8)) {
        (Platform::Tiktok, 0..7) | (Platform::Instagram, 0..4) | (Platform::Youtube, _) => MediaType::Video,
        (Platform::Instagram, 4 | 5) | (Platform::Pinterest, _) => MediaType::Image,
        (Platform::Instagram | Platform::Tiktok, _) => MediaType::Carousel,
    }
}

/// What the post says at `at`, unless its owner hides counts.
pub(super) fn facts(seed: u64, platform: Platform, id: u64, author: AuthorFacts, at: Timestamp) -> PostFacts {
    let text_id = id.to_string();
    let created = created_seconds(seed, platform, id);
    let media = media_type(seed, platform, id);
    let mut draw = Draw::of(seed, &["post", platform.as_str(), &text_id]);
    let seconds = u32::try_from(draw.between(5, 180)).unwrap_or(5);
    let (description, signature) = (words::caption(&mut draw), draw.below(u64::from(u32::MAX)));
    let until = signed_until(platform, at);
    let plays_at_all = media == MediaType::Video;
    let video_url = match platform {
        Platform::Tiktok | Platform::Youtube | Platform::Pinterest => {
            format!("https://cdn.sandbox.invalid/tiktok/video/{id}-{signature:08x}/?mime_type=video_mp4&{until}")
        }
        // Instagram tells the length nowhere but in this parameter.
        Platform::Instagram => {
            let efg = base64::encode(format!(r#"{{"duration_s":{seconds}}}"#).as_bytes()).replace('=', "%3D");
            format!("https://cdn.sandbox.invalid/instagram/video/{id}-{signature:08x}.mp4?efg={efg}&{until}")
        }
    };
    let mut platform_data = Map::new();
    if media == MediaType::Carousel {
        platform_data.insert("carousel_media_count".to_owned(), draw.between(2, 10).into());
    }
    PostFacts {
        platform,
        external_id: text_id,
        shortcode: match platform {
            Platform::Instagram => Some(shortcode::from_media_id(id)),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => None,
        },
        author,
        description,
        create_time: Timestamp::from_seconds(created),
        media_type: Some(media),
        duration: match platform {
            // TikTok gives photo posts the length 0, Instagram gives them none.
            Platform::Tiktok if !plays_at_all => Some(0.0),
            Platform::Tiktok | Platform::Instagram | Platform::Youtube | Platform::Pinterest => plays_at_all.then(|| f64::from(seconds)),
        },
        cover_image_url: Some(format!(
            "https://cdn.sandbox.invalid/{platform}/cover/{id}-{signature:08x}.jpeg?{until}"
        )),
        video_url: plays_at_all.then_some(video_url),
        metrics: metrics(seed, platform, id, plays_at_all, at.as_seconds().saturating_sub(created).max(0)),
        platform_data,
    }
}

/// The counts at `age` seconds: most of a post's audience comes in its first days, and a trickle never ends.
fn metrics(seed: u64, platform: Platform, id: u64, plays_at_all: bool, age: i64) -> PostMetrics {
    let mut draw = Draw::of(seed, &["audience", platform.as_str(), &id.to_string()]);
    let audience = draw.magnitude(2, 6);
    let half_way_seconds = draw.between(6 * 3600, 4 * DAY_SECONDS);
    let first_days = audience.saturating_mul(age) / (age + half_way_seconds);
    let trickle = (audience / 2000 + 1).saturating_mul(age) / DAY_SECONDS;
    let plays = first_days.saturating_add(trickle);
    let likes = plays * draw.between(20, 150) / 1000;
    let comments = likes * draw.between(5, 60) / 1000;
    let shares = likes * draw.between(10, 100) / 1000;
    let saves = likes * draw.between(20, 200) / 1000;
    match platform {
        Platform::Tiktok | Platform::Youtube | Platform::Pinterest => PostMetrics {
            views: rounded(plays),
            plays: rounded(plays),
            likes: rounded(likes),
            comments: rounded(comments),
            shares: rounded(shares),
            saves: Reading::exact(Some(saves)),
        },
        Platform::Instagram => PostMetrics {
            likes: Reading::exact(Some(likes)),
            comments: Reading::exact(Some(comments)),
            plays: if plays_at_all { Reading::exact(Some(plays)) } else { Reading::NOT_PROVIDED },
            ..PostMetrics::default()
        },
    }
}

/// Makes a post one whose owner hides counts, which only Instagram allows. A single image has no views or plays to hide.
pub(super) fn hide_counts(post: &mut PostFacts) {
    if post.platform != Platform::Instagram {
        return;
    }
    let hidden = Reading::Null(MetricStatus::Hidden);
    post.metrics.likes = hidden;
    if post.media_type != Some(MediaType::Image) {
        post.metrics.views = hidden;
        post.metrics.plays = hidden;
    }
}

fn rounded(count: i64) -> Reading {
    let precision = if rounding::is_rounded(count) { Precision::Rounded } else { Precision::Exact };
    Reading::of(Some(rounding::tiktok(count)), precision)
}
