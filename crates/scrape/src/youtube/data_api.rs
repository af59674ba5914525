//! The answers of the official Data API (v3) to the questions that are put to it: `channels.list` for an account, `playlistItems.list` of its
//! uploads for its list, `videos.list` for a video. Everything is exact but subscribers, of which the API gives three digits.

use domain::{
    AuthorFacts, MediaType, Observation, Outcome, Platform, PostFacts, PostMetrics, Precision, ProfileFacts,
    ProfileMetrics, Reading,
};
use serde_json::{Map, Value};

use super::{DATA_API, HIDDEN, UNSUPPORTED, channel_id, handle_in, video_id, widest};
use crate::conclude::{self, Listing, WhenEmpty, failed};
use crate::dates;
use crate::json::{at, count, flag, keep, list, text};
use crate::page::{Page, PageKind};

/// Reads an answer; `None` when it is none of the API's.
pub(super) fn read(page: &Page<'_>, root: &Value) -> Option<Observation> {
    if let Some(seen) = error(root) {
        return Some(seen);
    }
    let kind = at(root, &["kind"]).as_str()?.strip_prefix("youtube#")?;
    let mismatch = |detail: &str| failed(DATA_API, Outcome::ParseError, detail);
    Some(match (kind, page.kind) {
        ("channelListResponse", PageKind::Profile) => account(page, root),
        ("playlistItemListResponse", PageKind::Feed) => uploads(page, root),
        ("videoListResponse", PageKind::Post) => video(page, root),
        ("channelListResponse" | "playlistItemListResponse", _) => {
            mismatch("asked for something else, the answer is about an account")
        }
        ("videoListResponse", _) => mismatch("asked for something else, the answer is about videos"),
        _ => mismatch("an answer of a kind that is not known"),
    })
}

/// `{"error": {"code", "errors": [{"reason"}]}}`.
fn error(root: &Value) -> Option<Observation> {
    let error = at(root, &["error"]);
    let code = count(at(error, &["code"]))?;
    let reasons: Vec<&str> = list(at(error, &["errors"]))
        .iter()
        .chain(list(at(error, &["details"])))
        .filter_map(|entry| at(entry, &["reason"]).as_str())
        .collect();
    let says = |known: &[&str]| reasons.iter().any(|reason| known.contains(reason));
    let (outcome, detail) = if says(&["quotaExceeded", "dailyLimitExceeded"]) {
        (Outcome::RateLimited, "the day's quota is used up")
    } else if says(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]) || code == 429 {
        (Outcome::RateLimited, "asked too often")
    } else if says(&["keyInvalid", "keyExpired", "API_KEY_INVALID"]) {
        (Outcome::Blocked, "key refused")
    } else if says(&["playlistNotFound"]) {
        // A channel that never uploaded has no such list either.
        (Outcome::ParseError, "no list of uploads, which need not mean that there is no channel")
    } else if matches!(code, 401 | 403) {
        (Outcome::Blocked, "the API refused")
    } else if code >= 500 {
        (Outcome::NetworkError, "the API failed")
    } else {
        (Outcome::ParseError, "the API did not take the question")
    };
    Some(failed(DATA_API, outcome, format!("{detail}, error {code}")))
}

/// The entries of an answer; `None` where it has no list at all.
fn items(root: &Value) -> Option<&[Value]> {
    // The list is left out of an answer without any entry.
    let is_empty_answer = at(root, &["items"]).is_null() && at(root, &["pageInfo", "totalResults"]) == 0;
    (at(root, &["items"]).is_array() || is_empty_answer).then(|| list(at(root, &["items"])))
}

/// An answer without its list.
fn without_list() -> Observation {
    failed(DATA_API, Outcome::ParseError, "an answer without its list")
}

fn account(page: &Page<'_>, root: &Value) -> Observation {
    match items(root) {
        None => without_list(),
        Some([]) => failed(DATA_API, Outcome::NotFound, "the API knows no such channel"),
        Some([channel, ..]) => match profile(channel) {
            Some(facts) if page.expect.is_some_and(|asked| asked.starts_with("user/")) => {
                // Asked for by a name that the answer does not repeat.
                conclude::profile(&Page { expect: None, ..*page }, DATA_API, facts, Vec::new(), None)
            }
            Some(facts) => conclude::profile(page, DATA_API, facts, Vec::new(), None),
            None => failed(DATA_API, Outcome::ParseError, "a channel without its id"),
        },
    }
}

fn profile(channel: &Value) -> Option<ProfileFacts> {
    let (snippet, statistics) = (at(channel, &["snippet"]), at(channel, &["statistics"]));
    let platform_id = channel_id(at(channel, &["id"]))?;
    let subscribers = count(at(statistics, &["subscriberCount"]));
    let precision = if subscribers.is_some_and(|count| count < 1_000) { Precision::Exact } else { Precision::Rounded };
    let mut platform_data = Map::new();
    keep(&mut platform_data, "view_count", at(statistics, &["viewCount"]));
    keep(&mut platform_data, "create_time", at(snippet, &["publishedAt"]));
    keep(&mut platform_data, "country", at(snippet, &["country"]));
    Some(ProfileFacts {
        platform: Platform::Youtube,
        username: at(snippet, &["customUrl"]).as_str().and_then(handle_in).unwrap_or_else(|| platform_id.clone()),
        platform_id: Some(platform_id),
        name: text(at(snippet, &["title"])),
        description: text(at(snippet, &["description"])),
        profile_pic_url: picture(snippet),
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics {
            followers: if flag(at(statistics, &["hiddenSubscriberCount"])) == Some(true) {
                HIDDEN
            } else {
                Reading::of(subscribers, precision)
            },
            following: UNSUPPORTED,
            posts: Reading::exact(count(at(statistics, &["videoCount"]))),
            likes: UNSUPPORTED,
        },
        platform_data,
    })
}

fn uploads(page: &Page<'_>, root: &Value) -> Observation {
    let Some(items) = items(root) else { return without_list() };
    let owner = items.iter().find_map(|item| channel_id(at(item, &["snippet", "channelId"])));
    let is_own = |post: &PostFacts| post.author.platform_id == owner;
    let posts: Vec<PostFacts> = items.iter().filter_map(upload).filter(is_own).collect();
    let when_empty = if items.is_empty() && at(root, &["pageInfo", "totalResults"]) == 0 {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a list of uploads without a video that can be seen")
    };
    let profile = owner.map(|id| ProfileFacts {
        platform: Platform::Youtube,
        username: id.clone(),
        platform_id: Some(id),
        name: None,
        description: None,
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics { following: UNSUPPORTED, likes: UNSUPPORTED, ..ProfileMetrics::default() },
        platform_data: Map::new(),
    });
    if profile.is_none() && !items.is_empty() {
        return failed(DATA_API, Outcome::ParseError, "a list that does not say whose it is");
    }
    conclude::feed(page, DATA_API, Listing { profile, posts, when_empty })
}

fn upload(item: &Value) -> Option<PostFacts> {
    let (snippet, details) = (at(item, &["snippet"]), at(item, &["contentDetails"]));
    let id = video_id(at(details, &["videoId"])).or_else(|| video_id(at(snippet, &["resourceId", "videoId"])))?;
    // Private and deleted videos keep their place, without the date that each had.
    let published = dates::timestamp(at(details, &["videoPublishedAt"]))?;
    let author = channel_id(at(snippet, &["videoOwnerChannelId"])).or_else(|| channel_id(at(snippet, &["channelId"])));
    let mut facts = bare(id, snippet, author);
    facts.set_created(Some(published));
    Some(facts)
}

fn bare(id: String, snippet: &Value, author: Option<String>) -> PostFacts {
    let mut facts = PostFacts::bare(Platform::Youtube, id);
    facts.author = AuthorFacts { platform_id: author, username: None };
    facts.description = text(at(snippet, &["title"]));
    facts.media_type = Some(MediaType::Video);
    facts.cover_image_url = picture(snippet);
    facts.metrics =
        PostMetrics { shares: UNSUPPORTED, plays: UNSUPPORTED, saves: UNSUPPORTED, ..PostMetrics::default() };
    keep(&mut facts.platform_data, "text", at(snippet, &["description"]));
    facts
}

fn video(page: &Page<'_>, root: &Value) -> Observation {
    let item = match items(root) {
        None => return without_list(),
        // Private videos are left out as those are that were removed.
        Some([]) => return failed(DATA_API, Outcome::NotFound, "the API knows no such video"),
        Some([item, ..]) => item,
    };
    let (snippet, statistics) = (at(item, &["snippet"]), at(item, &["statistics"]));
    let Some(id) = video_id(at(item, &["id"])) else {
        return failed(DATA_API, Outcome::ParseError, "a video without its id");
    };
    let mut facts = bare(id, snippet, channel_id(at(snippet, &["channelId"])));
    let reading = |key: &str| Reading::exact(count(at(statistics, &[key])));
    facts.set_created(dates::timestamp(at(snippet, &["publishedAt"])));
    let length = at(item, &["contentDetails", "duration"]).as_str().and_then(dates::iso_duration);
    facts.duration = length.filter(|seconds| *seconds > 0.0);
    facts.metrics.views = reading("viewCount");
    facts.metrics.comments = reading("commentCount");
    // Where the rest of the counts is there, these alone are kept back.
    let is_counted = statistics.get("viewCount").is_some();
    facts.metrics.likes = reading("likeCount").or(if is_counted { HIDDEN } else { Reading::NOT_PROVIDED });
    keep(&mut facts.platform_data, "author_name", at(snippet, &["channelTitle"]));
    let broadcast = at(snippet, &["liveBroadcastContent"]);
    for (state, name) in [("live", "is_live"), ("upcoming", "is_upcoming")] {
        if broadcast == state {
            facts.platform_data.insert(name.to_owned(), Value::Bool(true));
        }
    }
    let is_private = at(item, &["status", "privacyStatus"]) == "private";
    conclude::post(page, DATA_API, facts, is_private.then(|| "withheld: private video".to_owned()))
}

/// The address of the widest of a snippet's thumbnails, which stand by name.
fn picture(snippet: &Value) -> Option<String> {
    let pictures = at(snippet, &["thumbnails"]).as_object()?.values().take(20).cloned().collect();
    widest(&Value::Array(pictures))
}
