//! What YouTube's refusals look like: the status of a player response, alerts in the place of a channel, the consent wall, and pages without
//! data. Structures are matched, never words, which come in eighty languages.

use domain::{Observation, Outcome};
use serde_json::Value;

use super::{C4_HEADER, OEMBED, PLAYER_RESPONSE, SIGNALS};
use crate::conclude::failed;
use crate::json::{at, is_set, list};
use crate::markup::contains;
use crate::page::{self, Page, PageKind};

/// What a player response says about whether its video can be seen.
pub(super) enum Playability {
    /// It can, now or once it is on air.
    Open,
    /// It exists and is kept from us.
    Withheld(&'static str),
    /// The platform does not want to be asked.
    Refused(&'static str),
    /// There is no such video.
    Gone,
    /// A status that is not known.
    Unknown,
}

/// Reads `playabilityStatus`. A wanted login means three things: an age gate has its flag, a private video says so in `messages` without a
/// `reason`, and everything else is the check for robots.
pub(super) fn playability(player: &Value) -> Playability {
    let state = at(player, &["playabilityStatus"]);
    let is_private = at(player, &["videoDetails", "isPrivate"]) == true
        || (!list(at(state, &["messages"])).is_empty() && !is_set(at(state, &["reason"])));
    match at(state, &["status"]).as_str().unwrap_or("") {
        "OK" | "LIVE_STREAM_OFFLINE" => Playability::Open,
        "ERROR" => Playability::Gone,
        "UNPLAYABLE" => Playability::Withheld("withheld: not playable here, by region, membership or rule"),
        "AGE_CHECK_REQUIRED" | "AGE_VERIFICATION_REQUIRED" => Playability::Withheld("withheld: by age"),
        "CONTENT_CHECK_REQUIRED" => Playability::Withheld("withheld: sensitive content, shown after a confirmation"),
        "LOGIN_REQUIRED" if is_set(at(state, &["desktopLegacyAgeGateReason"])) => {
            Playability::Withheld("withheld: by age, shown after login")
        }
        "LOGIN_REQUIRED" if is_private => Playability::Withheld("withheld: private video"),
        "LOGIN_REQUIRED" => {
            Playability::Refused("login wanted without a flag of age or privacy, as of suspected robots")
        }
        _ => Playability::Unknown,
    }
}

/// The page of a channel that does not exist, or does not any more: no header, and an alert in its place.
pub(super) fn of_alerts(data: &Value) -> Option<Observation> {
    let is_error = |alert: &Value| at(alert, &["alertRenderer", "type"]) == "ERROR";
    let is_gone = at(data, &["header"]).is_null() && list(at(data, &["alerts"])).iter().any(is_error);
    is_gone.then(|| failed(C4_HEADER, Outcome::NotFound, "an alert in the place of the channel: it does not exist"))
}

/// The status of an oEmbed answer that is no JSON. Unauthorized is also said of public videos that must not be embedded.
pub(super) fn of_oembed_status(page: &Page<'_>) -> Option<Observation> {
    let (outcome, detail) = match page.http_status? {
        403 => (Outcome::Private, "withheld: private video"),
        401 => (Outcome::ParseError, "oEmbed does not say: private, or not to be embedded"),
        400 | 404 => (Outcome::NotFound, "oEmbed knows no such video"),
        _ => return None,
    };
    Some(failed(OEMBED, outcome, detail))
}

/// What an answer means that holds no data block.
pub(super) fn unread(page: &Page<'_>, text: &str) -> Observation {
    let refused = |detail: &str| failed(SIGNALS, Outcome::Blocked, detail);
    let segments: Vec<&str> = page.redirect_segments().collect();
    if is_consent_wall(text) {
        return refused("consent wall");
    }
    match segments.as_slice() {
        ["sorry", ..] => return refused("redirected to a challenge"),
        ["ServiceLogin" | "signin" | "accounts", ..] => return refused("redirected to the login page"),
        [] if page.redirected_to.is_some() => return refused("redirected to the front page"),
        _ => {}
    }
    if text.is_empty() {
        return page::unread(page, SIGNALS, "empty body");
    }
    if page.kind == PageKind::Profile && matches!(page.http_status, None | Some(404)) && is_error_frame(text) {
        return failed(SIGNALS, Outcome::NotFound, "the platform's own page for a channel that does not exist");
    }
    page::unread(page, SIGNALS, "a page without its data block")
}

fn is_consent_wall(text: &str) -> bool {
    [
        "<base href=\"https://consent.youtube.com/",
        "action=\"https://consent.youtube.com/",
        "action=\"https://consent.google.com/",
    ]
    .iter()
    .any(|mark| contains(text, mark))
}

/// The frame that is all that the page of an unknown handle shows. Its feed's address has the same page at times, without cause.
fn is_error_frame(text: &str) -> bool {
    ["src=\"/error?src=404", "src=\"https://www.youtube.com/error?src=404"].iter().any(|mark| contains(text, mark))
}

/// Says that a page about a video came where an account was asked for, or the other way round.
pub(super) fn other_kind(page: &Page<'_>, adapter: &'static str) -> Option<Observation> {
    let is_video = adapter == PLAYER_RESPONSE;
    let about = match page.kind {
        PageKind::Profile | PageKind::Feed if is_video => "asked for an account, the page is about a post",
        PageKind::Post | PageKind::Oembed if !is_video => "asked for a post, the page is about an account",
        PageKind::Profile | PageKind::Feed | PageKind::Post | PageKind::Oembed => return None,
    };
    Some(failed(adapter, Outcome::ParseError, about))
}
