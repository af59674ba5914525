//! One post of the population. All that a post says but its author follows from its id, so a post reads the same in a feed and on its own page,
//! and any id that a test makes up is a post.

use domain::metric::{MetricStatus, Precision};
use domain::{AuthorFacts, MediaType, Platform, PostFacts, PostMetrics, Reading, Timestamp, shortcode};
use serde_json::Map;

use super::draw::Draw;
use super::{DAY_SECONDS, base64, ids, signed_until, words};
use crate::rounding;
use crate::truth::PostCounts;

/// TikTok ids that claim an earlier time than this (2014) follow an older rule that says nothing of time.
const FIRST_PLAUSIBLE_SECONDS: i64 = 1_388_534_400;
/// What such posts get instead: 2016.
const BEFORE_SNOWFLAKES_SECONDS: i64 = 1_451_606_400;

/// No id of a pin or a video claims a later time than this (2045).
const LAST_PLAUSIBLE_SECONDS: i64 = 2_366_841_600;

/// When the post with this id was published: some seconds after its id was made, as on the platforms.
pub(super) fn created_seconds(seed: u64, platform: Platform, id: u64) -> i64 {
    let mut draw = Draw::of(seed, &["published", platform.as_str(), &id.to_string()]);
    let (seconds, lag) = match platform {
        Platform::Tiktok => (Some(shortcode::item_id_seconds(id)), draw.between(3, 40)),
        Platform::Instagram => (Some(shortcode::media_id_millis(id) / 1000), draw.between(0, 120)),
        // These two tell nothing of time to anybody but this population.
        Platform::Youtube => (ids::video_seconds(seed, id), draw.between(3, 40)),
        Platform::Pinterest => {
            let since = id.checked_sub(ids::PIN_BASE).map(|rest| rest >> ids::PIN_CHANCE_BITS);
            (since.map(|since| ids::PIN_EPOCH_SECONDS + since), draw.between(3, 40))
        }
    };
    let seconds = seconds.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0);
    let is_plausible = match platform {
        Platform::Instagram => true,
        Platform::Tiktok => seconds >= FIRST_PLAUSIBLE_SECONDS,
        Platform::Youtube | Platform::Pinterest => (FIRST_PLAUSIBLE_SECONDS..LAST_PLAUSIBLE_SECONDS).contains(&seconds),
    };
    if is_plausible { seconds + lag } else { BEFORE_SNOWFLAKES_SECONDS + draw.between(0, DAY_SECONDS * 365) }
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
pub(super) fn facts(seed: u64, platform: Platform, text_id: String, author: AuthorFacts, at: Timestamp) -> PostFacts {
    let id = ids::number(platform, &text_id);
    let created = created_seconds(seed, platform, id);
    let media = media_type(seed, platform, id);
    let mut draw = Draw::of(seed, &["post", platform.as_str(), &id.to_string()]);
    let seconds = u32::try_from(draw.between(5, 180)).unwrap_or(5);
    let (description, signature) = (words::caption(&mut draw), draw.below(u64::from(u32::MAX)));
    let until = signed_until(platform, at);
    let plays_at_all = media == MediaType::Video;
    let video_url = match platform {
        Platform::Tiktok => {
            let until = until.replacen('?', "&", 1);
            format!("https://cdn.sandbox.invalid/tiktok/video/{id}-{signature:08x}/?mime_type=video_mp4{until}")
        }
        Platform::Youtube | Platform::Pinterest => {
            format!("https://cdn.sandbox.invalid/{platform}/video/{text_id}.mp4")
        }
        // Instagram tells the length nowhere but in this parameter.
        Platform::Instagram => {
            let efg = base64::encode(format!(r#"{{"duration_s":{seconds}}}"#).as_bytes()).replace('=', "%3D");
            let until = until.replacen('?', "&", 1);
            format!("https://cdn.sandbox.invalid/instagram/video/{id}-{signature:08x}.mp4?efg={efg}{until}")
        }
    };
    let mut platform_data = Map::new();
    if media == MediaType::Carousel {
        platform_data.insert("carousel_media_count".to_owned(), draw.between(2, 10).into());
    }
    let exact = counts(seed, platform, id, at);
    if platform == Platform::Tiktok {
        platform_data.insert("collect_count".to_owned(), exact.saves.into());
    }
    if platform == Platform::Pinterest {
        platform_data.insert("repin_count".to_owned(), exact.own_repins.into());
        platform_data.insert("total_reaction_count".to_owned(), exact.likes.into());
    }
    let cover_image_url = match platform {
        Platform::Youtube => format!("https://i.ytimg.invalid/vi/{text_id}/hqdefault.jpg"),
        Platform::Instagram | Platform::Tiktok | Platform::Pinterest => {
            format!("https://cdn.sandbox.invalid/{platform}/cover/{id}-{signature:08x}.jpeg{until}")
        }
    };
    PostFacts {
        platform,
        external_id: text_id,
        shortcode: match platform {
            Platform::Instagram => Some(shortcode::from_media_id(id)),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => None,
        },
        author,
        // Nothing is uploaded to YouTube without a title.
        description: match platform {
            Platform::Youtube => Some(description.unwrap_or_else(|| "Untitled".to_owned())),
            Platform::Instagram | Platform::Tiktok | Platform::Pinterest => description,
        },
        create_time: Timestamp::from_seconds(created),
        create_precision: Precision::Exact,
        media_type: Some(media),
        duration: match platform {
            // TikTok gives photo posts the length 0, Instagram gives them none.
            Platform::Tiktok if !plays_at_all => Some(0.0),
            Platform::Tiktok | Platform::Instagram | Platform::Youtube | Platform::Pinterest => {
                plays_at_all.then(|| f64::from(seconds))
            }
        },
        cover_image_url: Some(cover_image_url),
        video_url: plays_at_all.then_some(video_url),
        metrics: shown(platform, &exact, plays_at_all),
        platform_data,
    }
}

/// The counts as the platform itself keeps them at `at`.
pub(super) fn counts(seed: u64, platform: Platform, id: u64, at: Timestamp) -> PostCounts {
    Audience::of(seed, platform, id).counts(at)
}

/// How the counts of one post grow: most of its audience comes in its first days, and a trickle never ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience {
    created_seconds: i64,
    size: i64,
    half_way_seconds: i64,
    /// Likes of a thousand plays, then comments, shares and saves of a thousand likes.
    per_mille: [i64; 4],
}

impl Audience {
    /// The audience of the post with this id.
    pub(crate) fn of(seed: u64, platform: Platform, id: u64) -> Self {
        let mut draw = Draw::of(seed, &["audience", platform.as_str(), &id.to_string()]);
        Self {
            created_seconds: created_seconds(seed, platform, id),
            size: draw.magnitude(2, 6),
            half_way_seconds: draw.between(6 * 3600, 4 * DAY_SECONDS),
            per_mille: [(20, 150), (5, 60), (10, 100), (20, 200)].map(|(least, most)| draw.between(least, most)),
        }
    }

    /// The counts at `at`.
    pub(crate) fn counts(&self, at: Timestamp) -> PostCounts {
        let age = at.as_seconds().saturating_sub(self.created_seconds).max(0);
        let first_days = self.size.saturating_mul(age) / (age + self.half_way_seconds);
        let trickle = (self.size / 2000 + 1).saturating_mul(age) / DAY_SECONDS;
        let plays = first_days.saturating_add(trickle);
        let [likes, comments, shares, saves] = self.per_mille;
        let likes = plays * likes / 1000;
        let of_likes = |per_mille: i64| likes * per_mille / 1000;
        let saves = of_likes(saves);
        PostCounts {
            plays,
            likes,
            comments: of_likes(comments),
            shares: of_likes(shares),
            saves,
            own_repins: saves / 40,
        }
    }
}

/// What the platform's pages show of the counts, all pages taken together.
pub(super) fn shown(platform: Platform, counts: &PostCounts, plays_at_all: bool) -> PostMetrics {
    let PostCounts { plays, likes, comments, shares, saves, own_repins: _ } = *counts;
    let exact = |count| Reading::exact(Some(count));
    let unsupported = Reading::Null(MetricStatus::Unsupported);
    match platform {
        Platform::Tiktok => PostMetrics {
            views: rounded(plays),
            plays: rounded(plays),
            likes: rounded(likes),
            comments: rounded(comments),
            shares: rounded(shares),
            // What it shows of the kind is another thing, and stands in `platform_data`.
            saves: unsupported,
        },
        Platform::Instagram => PostMetrics {
            likes: exact(likes),
            comments: exact(comments),
            plays: if plays_at_all { exact(plays) } else { Reading::NOT_PROVIDED },
            ..PostMetrics::default()
        },
        Platform::Youtube => PostMetrics {
            views: exact(plays),
            likes: exact(likes),
            comments: rounding::leading_reading(comments, 2),
            shares: unsupported,
            plays: unsupported,
            saves: unsupported,
        },
        Platform::Pinterest => PostMetrics {
            views: unsupported,
            likes: unsupported,
            comments: exact(comments),
            shares: unsupported,
            plays: unsupported,
            saves: exact(saves),
        },
    }
}

/// Makes a post one whose owner hides counts. Instagram allows that for likes, views and plays (a single image has no views or plays to hide),
/// YouTube for likes, the other two for nothing.
pub(super) fn hide_counts(post: &mut PostFacts) {
    let hidden = Reading::Null(MetricStatus::Hidden);
    match post.platform {
        Platform::Tiktok | Platform::Pinterest => return,
        Platform::Instagram | Platform::Youtube => post.metrics.likes = hidden,
    }
    if post.platform == Platform::Instagram && post.media_type != Some(MediaType::Image) {
        post.metrics.views = hidden;
        post.metrics.plays = hidden;
    }
}

fn rounded(count: i64) -> Reading {
    let precision = if rounding::is_rounded(count) { Precision::Rounded } else { Precision::Exact };
    Reading::of(Some(rounding::tiktok(count)), precision)
}
