//! YouTube's page of a video: the player's answer with exact views and likes, and the page's own with the number of comments.

use domain::{PostFacts, ProfileFacts, Reading};
use serde_json::{Value, json};

use super::page::{page, title, written_time};
use crate::events::Era;
use crate::noise::in_html;
use crate::rounding::leading_text;
use crate::world::World;

/// Videos up to this length are offered as shorts.
const LONGEST_SHORT_SECONDS: u64 = 60;

fn seconds(post: &PostFacts) -> u64 {
    format!("{:.0}", post.duration.unwrap_or(0.0)).parse().unwrap_or(0)
}

/// A video's length as the official interface writes it: `PT2M5S`.
pub(crate) fn iso_length(post: &PostFacts) -> String {
    let seconds = seconds(post);
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("PT{seconds}S"),
        (minutes, 0) => format!("PT{minutes}M"),
        (minutes, seconds) => format!("PT{minutes}M{seconds}S"),
    }
}

/// A video; `is_gated` when it does not play in this region, which leaves its details on the page.
pub(super) fn shown(world: &World, post: &PostFacts, author: &ProfileFacts, is_gated: bool) -> String {
    let status = if is_gated {
        json!({
            "status": "UNPLAYABLE", "reason": "Video unavailable",
            "errorScreen": { "playerErrorMessageRenderer": {
                "subreason": { "simpleText": "The uploader has not made this video available in your country" },
                "reason": { "simpleText": "Video unavailable" },
            } },
        })
    } else {
        json!({ "status": "OK", "playableInEmbed": true })
    };
    let player = player(post, author, &status);
    let head = format!(
        "<link rel=\"canonical\" href=\"https://www.youtube.com/watch?v={0}\"><meta property=\"og:title\" content=\"{1}\">\
         <meta itemprop=\"identifier\" content=\"{0}\">",
        post.external_id,
        in_html(title(post))
    );
    match world.era(domain::Platform::Youtube) {
        Era::Current | Era::Older => {
            let next = next(post, author);
            page(&world.noise, title(post), &head, &[("ytInitialPlayerResponse", &player), ("ytInitialData", &next)])
        }
        Era::Unknown => {
            page(&world.noise, title(post), "", &[("ytPrism", &json!({ "v": 1, "stream": "c2FuZGJveA==" }))])
        }
    }
}

/// The page of a video that is not shown.
pub(super) fn not_shown(world: &World, external_id: &str, status: &str, reason: &str) -> String {
    let state = json!({ "status": status, "reason": reason, "errorScreen": { "playerErrorMessageRenderer": {
        "reason": { "simpleText": reason },
    } } });
    in_place_of(world, external_id, &state)
}

/// A private video, which tells so in `messages`, without a reason of its own.
pub(super) fn private(world: &World, external_id: &str) -> String {
    let state = json!({
        "status": "LOGIN_REQUIRED", "messages": ["This is a private video. Please sign in to verify that you may see it."],
        "errorScreen": { "playerErrorMessageRenderer": { "reason": { "simpleText": "Private video" } } },
    });
    in_place_of(world, external_id, &state)
}

/// A watch page on which nothing plays.
fn in_place_of(world: &World, external_id: &str, state: &Value) -> String {
    let player = json!({ "responseContext": {}, "playabilityStatus": state });
    let next = json!({
        "responseContext": {}, "contents": { "twoColumnWatchNextResults": { "results": { "results": { "contents": [] } } } },
        "currentVideoEndpoint": { "watchEndpoint": { "videoId": external_id } },
    });
    page(&world.noise, "", "", &[("ytInitialPlayerResponse", &player), ("ytInitialData", &next)])
}

fn player(post: &PostFacts, author: &ProfileFacts, status: &Value) -> Value {
    let views = post.metrics.views.value().unwrap_or(0).to_string();
    let (length, date) = (seconds(post).to_string(), written_time(post.create_time));
    let about = post.description.as_deref().unwrap_or_default();
    let thumbnail = json!({ "thumbnails": [{ "url": post.cover_image_url, "width": 480, "height": 360 }] });
    let mut microformat = json!({
        "thumbnail": thumbnail, "title": { "simpleText": title(post) }, "description": { "simpleText": about }, "lengthSeconds": length,
        "ownerProfileUrl": format!("http://www.youtube.com/@{}", author.username), "externalChannelId": author.platform_id,
        "isFamilySafe": true, "availableCountries": ["GB", "US"], "isUnlisted": false, "viewCount": views, "category": "Entertainment",
        "publishDate": date, "ownerChannelName": author.name, "uploadDate": date,
        "isShortsEligible": seconds(post) <= LONGEST_SHORT_SECONDS, "externalVideoId": post.external_id,
        "canonicalUrl": format!("https://www.youtube.com/watch?v={}", post.external_id),
    });
    if let Some(likes) = post.metrics.likes.value() {
        microformat["likeCount"] = likes.to_string().into();
    }
    json!({
        "responseContext": {}, "playabilityStatus": status,
        "videoDetails": {
            "videoId": post.external_id, "title": title(post), "lengthSeconds": length, "channelId": author.platform_id,
            "isOwnerViewing": false, "shortDescription": about, "isCrawlable": true, "thumbnail": thumbnail, "allowRatings": true,
            "viewCount": views, "author": author.name, "isPrivate": false, "isUnpluggedCorpus": false, "isLiveContent": false,
        },
        "microformat": { "playerMicroformatRenderer": microformat },
    })
}

fn next(post: &PostFacts, author: &ProfileFacts) -> Value {
    let subscribers = leading_text(author.metrics.followers.value().unwrap_or(0));
    let endpoint = json!({ "browseEndpoint": { "browseId": author.platform_id, "canonicalBaseUrl": format!("/@{}", author.username) } });
    let views = crate::rounding::grouped(post.metrics.views.value().unwrap_or(0));
    json!({
        "responseContext": {},
        "contents": { "twoColumnWatchNextResults": { "results": { "results": { "contents": [
            { "videoPrimaryInfoRenderer": {
                "title": { "runs": [{ "text": title(post) }] },
                "viewCount": { "videoViewCountRenderer": { "viewCount": { "simpleText": format!("{views} views") } } },
                "videoActions": { "menuRenderer": { "topLevelButtons": [{ "segmentedLikeDislikeButtonViewModel": like_button(post) }] } },
            } },
            { "videoSecondaryInfoRenderer": { "owner": { "videoOwnerRenderer": {
                "title": { "runs": [{ "text": author.name, "navigationEndpoint": endpoint }] }, "navigationEndpoint": endpoint,
                "subscriberCountText": { "simpleText": format!("{subscribers} subscribers") },
            } } } },
            { "itemSectionRenderer": { "contents": [{ "commentsEntryPointHeaderRenderer": {
                "headerText": { "runs": [{ "text": "Comments" }] },
                "commentCount": { "simpleText": leading_text(post.metrics.comments.value().unwrap_or(0)) },
            } }], "sectionIdentifier": "comments-entry-point" } },
        ] } } } },
        "currentVideoEndpoint": { "watchEndpoint": { "videoId": post.external_id } },
    })
}

/// The button below the video, which says the likes to the digit to those who cannot see it.
fn like_button(post: &PostFacts) -> Value {
    let (shown, said) = match post.metrics.likes {
        Reading::Known { value, .. } => {
            let exact = crate::rounding::grouped(value);
            let shown = leading_text(crate::rounding::leading(value, 2));
            (shown, format!("like this video along with {exact} other people"))
        }
        Reading::Null(_) => ("Like".to_owned(), "like this video".to_owned()),
    };
    let button = |pressed: bool| json!({ "buttonViewModel": { "iconName": "LIKE", "title": shown, "accessibilityText": said, "isToggled": pressed } });
    json!({ "likeButtonViewModel": { "likeButtonViewModel": { "toggleButtonViewModel": { "toggleButtonViewModel": {
        "defaultButtonViewModel": button(false), "toggledButtonViewModel": button(true), "identifier": "watch-like",
    } } } } })
}
