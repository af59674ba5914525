//! What TikTok's refusals look like: status codes inside data blocks, and pages without any. Structures are matched, never words, since a good
//! page carries the texts of every error in its translations.

use domain::{Observation, Outcome};
use serde_json::Value;

use super::{SIGNALS, meta};
use crate::conclude::failed;
use crate::json::{at, count};
use crate::markup::{contains, scripts};
use crate::page::{self, Page};

/// The status code of a block, 0 where it carries none.
pub(crate) fn status_code(block: &Value) -> i64 {
    ["statusCode", "status_code"].iter().find_map(|key| count(at(block, &[key])).filter(|code| *code != 0)).unwrap_or(0)
}

/// The observation that a block's status code stands for; `None` when it is 0.
pub(crate) fn of_status(adapter: &'static str, block: &Value) -> Option<Observation> {
    let message = ["statusMsg", "status_msg"].iter().find_map(|key| at(block, &[key]).as_str()).unwrap_or("");
    let code = status_code(block);
    let (outcome, meaning) = meaning(code, message)?;
    Some(failed(adapter, outcome, format!("status {code}: {meaning}")))
}

fn meaning(code: i64, message: &str) -> Option<(Outcome, &'static str)> {
    Some(match code {
        0 => return None,
        10_202 => (Outcome::NotFound, "no such account"),
        10_221 => (Outcome::NotFound, "no such account, or banned; the platform does not tell which"),
        10_222 => (Outcome::Private, "withheld: private account"),
        10_223 | 10_225 | 10_231 => (Outcome::Private, "withheld: by region or rule"),
        10_204 => of_missing_item(message),
        10_215 => (Outcome::Private, "withheld: restricted"),
        10_216 => (Outcome::Private, "withheld: private post"),
        10_217 => (Outcome::NotFound, "deleted"),
        2_483 => (Outcome::Blocked, "login wanted"),
        _ => (Outcome::ParseError, "a code that is not known"),
    })
}

/// 10204 means whatever its message says.
fn of_missing_item(message: &str) -> (Outcome, &'static str) {
    let says = |words: &str| message.contains(words);
    match message {
        _ if says("status_deleted") => (Outcome::Removed, "removed by its owner"),
        _ if says("status_self_see") => (Outcome::Private, "withheld: visible to its owner alone"),
        _ if says("cross_border") => (Outcome::Private, "withheld: not available in this region"),
        _ if says("status_reviewing") => (Outcome::Private, "withheld: under review"),
        _ if says("item doesn't exist") => (Outcome::NotFound, "the post does not exist"),
        _ if says("privacy") => (Outcome::Private, "withheld: private"),
        // Served to blocked addresses as well, so it proves nothing.
        "" => (Outcome::Blocked, "no reason given, as for refused addresses"),
        _ => (Outcome::ParseError, "a reason that is not known"),
    }
}

/// What an answer means that holds no data block.
pub(crate) fn unread(page: &Page<'_>, text: &str) -> Observation {
    let refused = |detail: &str| failed(SIGNALS, Outcome::Blocked, detail);
    if let Some(detail) = redirect_wall(page) {
        return refused(detail);
    }
    if text.is_empty() {
        return page::unread(page, SIGNALS, "empty body");
    }
    if contains(text, "_wafchallengeid") || scripts(text).any(|s| s.has_id("slardar-config") && s.holds("SlardarWAF")) {
        return refused("challenge page of the web application firewall");
    }
    if has_element(text, &["oec-ttweb-captcha", "captcha_verify_img_slide", "secsdk-captcha"]) {
        return refused("captcha page");
    }
    meta::read(page, text).unwrap_or_else(|| page::unread(page, SIGNALS, "a page without its data block"))
}

/// A redirect that ended at a wall rather than at a page.
fn redirect_wall(page: &Page<'_>) -> Option<&'static str> {
    let segments: Vec<&str> = page.redirect_segments().collect();
    match segments.as_slice() {
        [first, ..] if *first == "login" => Some("redirected to the login page"),
        [.., "about"] => Some("redirected to the about page: not offered in this region"),
        [] | ["foryou"] if page.redirected_to.is_some() => Some("redirected to the front page"),
        _ => None,
    }
}

/// Whether an element's `id` or a script's address is one of `names`.
fn has_element(text: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).take(50).any(|at| {
            let before = text.get(at.saturating_sub(4)..at).unwrap_or("");
            before.ends_with("id=\"") || before.ends_with("id='") || before.ends_with('/')
        })
    })
}
