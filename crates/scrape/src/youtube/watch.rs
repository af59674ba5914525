//! The video of a watch page or a Shorts page. Views, length and, since 2025, likes stand digit by digit in the player response; before that
//! likes stand in the label of their button and comments in that of theirs, both in the page's other block.

use domain::{AuthorFacts, MediaType, Observation, Outcome, Platform, PostFacts, PostMetrics, Precision, Reading};
use serde_json::{Map, Value};

use super::signals::{self, Playability};
use super::{HIDDEN, PLAYER_RESPONSE, UNSUPPORTED, channel_id, handle_in, label, video_id, widest};
use crate::conclude::{self, failed};
use crate::dates;
use crate::json::{NULL, all, at, count, first_object, flag, keep, list, perhaps_rounded, seconds, text};
use crate::page::Page;
use crate::text_counts;

/// Reads a player response; `data` is the page's other block, null where there is none.
pub(super) fn read(page: &Page<'_>, player: &Value, data: &Value) -> Observation {
    if let Some(seen) = signals::other_kind(page, PLAYER_RESPONSE) {
        return seen;
    }
    let refused = |outcome, detail: &str| failed(PLAYER_RESPONSE, outcome, detail);
    let facts = facts(player, data);
    let about = at(data, &["currentVideoEndpoint", "watchEndpoint", "videoId"]).as_str();
    let is_other = facts.is_none() && about.is_some_and(|id| page.expect.is_some_and(|expected| expected != id));
    match (signals::playability(player), facts) {
        _ if is_other => refused(Outcome::ParseError, "the page is about another post than the one asked for"),
        (Playability::Open, Some(facts)) => conclude::post(page, PLAYER_RESPONSE, facts, None),
        (Playability::Open, None) => refused(Outcome::ParseError, "a player response without a video"),
        (Playability::Withheld(why), Some(facts)) => conclude::post(page, PLAYER_RESPONSE, facts, Some(why.to_owned())),
        (Playability::Withheld(why), None) => refused(Outcome::Private, why),
        (Playability::Refused(why), _) => refused(Outcome::Blocked, why),
        (Playability::Gone, None) => refused(Outcome::NotFound, "playability ERROR: there is no such video"),
        // Refused sessions are shown errors for videos that are there.
        (Playability::Gone, Some(_)) => {
            refused(Outcome::Blocked, "playability ERROR of a video whose details are there")
        }
        (Playability::Unknown, _) => refused(Outcome::ParseError, "a playability status that is not known"),
    }
}

fn facts(player: &Value, data: &Value) -> Option<PostFacts> {
    let details = at(player, &["videoDetails"]);
    let format = at(player, &["microformat", "playerMicroformatRenderer"]);
    let owner = first_object(data, |object| object.contains_key("videoOwnerRenderer"))
        .map_or(&NULL, |holder| at(holder, &["videoOwnerRenderer"]));
    let owner_page = at(owner, &["navigationEndpoint", "browseEndpoint", "canonicalBaseUrl"]);
    let mut facts = PostFacts::bare(Platform::Youtube, video_id(at(details, &["videoId"]))?);
    facts.author = AuthorFacts {
        platform_id: channel_id(at(details, &["channelId"])).or_else(|| channel_id(at(format, &["externalChannelId"]))),
        username: [at(format, &["ownerProfileUrl"]), owner_page]
            .into_iter()
            .filter_map(Value::as_str)
            .find_map(handle_in),
    };
    facts.description = text(at(details, &["title"])).or_else(|| label(at(format, &["title"])));
    let published = dates::timestamp(at(format, &["publishDate"]));
    facts.set_created(published.or_else(|| dates::timestamp(at(format, &["uploadDate"]))));
    facts.media_type = Some(MediaType::Video);
    // What is on air has no length yet.
    facts.duration = seconds(at(details, &["lengthSeconds"])).filter(|seconds| *seconds > 0.0);
    facts.cover_image_url =
        widest(at(format, &["thumbnail", "thumbnails"])).or_else(|| widest(at(details, &["thumbnail", "thumbnails"])));
    facts.metrics = PostMetrics {
        views: Reading::exact(count(at(details, &["viewCount"]))).or(Reading::exact(count(at(format, &["viewCount"])))),
        likes: likes(details, format, data),
        comments: comments(data),
        shares: UNSUPPORTED,
        plays: UNSUPPORTED,
        saves: UNSUPPORTED,
    };
    facts.platform_data = extras(details, format, owner);
    Some(facts)
}

/// Exact where the player response has them; else those on the button, whose label has no number where the owner hides them.
fn likes(details: &Value, format: &Value, data: &Value) -> Reading {
    let exact = Reading::exact(count(at(format, &["likeCount"])));
    if exact.value().is_some() {
        exact
    } else if at(details, &["allowRatings"]) == false {
        HIDDEN
    } else {
        like_button(data).unwrap_or_default()
    }
}

/// The likes on the button as it is before anybody presses it: the pressed one counts one more.
fn like_button(data: &Value) -> Option<Reading> {
    let holder = ["videoPrimaryInfoRenderer", "reelPlayerOverlayRenderer"]
        .into_iter()
        .find_map(|key| first_object(data, |object| object.contains_key(key)).map(|holder| at(holder, &[key])))?;
    let of_labels = |labels: [Option<String>; 2]| {
        let labels: Vec<String> = labels.into_iter().flatten().collect();
        let numbers = labels.iter().map(|label| text_counts::only_number(label));
        let reading = numbers.into_iter().find(|reading| reading.value().is_some());
        (!labels.is_empty()).then(|| reading.unwrap_or(HIDDEN))
    };
    if let Some(model) = all(holder, "likeButtonViewModel").first() {
        let button = first_object(model, |object| object.contains_key("defaultButtonViewModel"))?;
        let button = at(button, &["defaultButtonViewModel", "buttonViewModel"]);
        return of_labels(["accessibilityText", "title"].map(|key| text(at(button, &[key]))));
    }
    let is_like = |button: &&&Value| at(button, &["defaultIcon", "iconType"]) == "LIKE";
    if let Some(button) = all(holder, "toggleButtonRenderer").iter().find(is_like) {
        let words = text(at(button, &["defaultText", "accessibility", "accessibilityData", "label"]));
        return of_labels([words, label(at(button, &["defaultText"]))]);
    }
    let of_short = all(holder, "likeButtonRenderer").first().map(|button| count(at(button, &["likeCount"])))?;
    Some(perhaps_rounded(of_short))
}

/// The comments on the button that leads to them, or on the panel's head; rounded from 1000 up.
fn comments(data: &Value) -> Reading {
    let entry = all(data, "commentsEntryPointHeaderRenderer");
    let on_entry = entry.first().and_then(|entry| label(at(entry, &["commentCount"])));
    let on_panel = || {
        let panels = list(at(data, &["engagementPanels"]))
            .iter()
            .map(|panel| at(panel, &["engagementPanelSectionListRenderer"]));
        let panel = panels.into_iter().find(|panel| {
            ["panelIdentifier", "targetId"].iter().any(|key| at(panel, &[key]) == "engagement-panel-comments-section")
        })?;
        label(at(panel, &["header", "engagementPanelTitleHeaderRenderer", "contextualInfo"]))
    };
    on_entry.or_else(on_panel).map_or(Reading::NOT_PROVIDED, |text| rounded_label(&text, Precision::Exact))
}

/// A number on a label that the platform rounds to its first digits from 1000 up; `below` is how exact it is below that.
pub(super) fn rounded_label(text: &str, below: Precision) -> Reading {
    let value = text_counts::only_number(text).value();
    Reading::of(value, if value.is_some_and(|value| value < 1_000) { below } else { Precision::Rounded })
}

fn extras(details: &Value, format: &Value, owner: &Value) -> Map<String, Value> {
    let mut data = Map::new();
    keep(&mut data, "author_name", at(details, &["author"]));
    keep(&mut data, "text", at(details, &["shortDescription"]));
    keep(&mut data, "category", at(format, &["category"]));
    keep(&mut data, "scheduled_at", at(format, &["liveBroadcastDetails", "startTimestamp"]));
    let subscribers =
        label(at(owner, &["subscriberCountText"])).and_then(|text| text_counts::only_number(&text).value());
    keep(&mut data, "author_followers", &subscribers.map_or(Value::Null, Value::from));
    let flags = [
        (at(details, &["isLiveContent"]), "is_live_content"),
        (at(details, &["isLive"]), "is_live"),
        (at(details, &["isUpcoming"]), "is_upcoming"),
        (at(format, &["isUnlisted"]), "is_unlisted"),
        (at(format, &["isShortsEligible"]), "is_short"),
    ];
    for (value, name) in flags {
        if flag(value) == Some(true) {
            data.insert(name.to_owned(), Value::Bool(true));
        }
    }
    data
}
