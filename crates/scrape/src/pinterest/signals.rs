//! What Pinterest's refusals look like: queries and resources that answer that there is nothing, walls, and pages without data. A redirect to
//! the ideas page is how the platform says that there is nothing; one to the front page is no word on the target unless it says so itself.

use domain::{Observation, Outcome};
use serde_json::Value;

use super::SIGNALS;
use super::blocks::{Block, PINS, USERS, queries, responses};
use crate::conclude::failed;
use crate::json::{at, count};
use crate::markup::{contains, scripts};
use crate::page::{self, Page, PageKind};

/// What the blocks of a page say in place of what was asked for.
pub(super) fn of_blocks(page: &Page<'_>, blocks: &[Block]) -> Option<Observation> {
    let places = match page.kind {
        PageKind::Post | PageKind::Oembed => &PINS,
        PageKind::Profile | PageKind::Feed => &USERS,
    };
    blocks.iter().find_map(|block| {
        let (queries, responses) = (queries(block, places.query), responses(block, places.resource));
        let status = |answer: &Value| {
            [at(answer, &["error", "http_status"]), at(answer, &["http_status"])].into_iter().find_map(count)
        };
        let is_missing = |answer: &Value| at(answer, &["data"]).is_null() && status(answer) == Some(404);
        if queries.iter().any(|answer| at(answer, &["__typename"]) == places.missing)
            || responses.iter().any(|answer| is_missing(answer))
        {
            return Some(failed(block.adapter, Outcome::NotFound, "the page's own look-up found nothing"));
        }
        let is_asked = !queries.is_empty() || responses.iter().any(|answer| answer.is_object());
        is_asked.then(|| failed(block.adapter, Outcome::Blocked, "the page's own look-up was answered without data"))
    })
}

/// What an answer means that holds nothing of what was asked for.
pub(super) fn unread(page: &Page<'_>, text: &str) -> Observation {
    let refused = |detail: &str| failed(SIGNALS, Outcome::Blocked, detail);
    let is_missing = |detail: &str| failed(SIGNALS, Outcome::NotFound, detail);
    if page.kind == PageKind::Oembed && matches!(page.http_status, Some(400 | 404)) {
        return is_missing("oEmbed knows no such pin");
    }
    let segments: Vec<&str> = page.redirect_segments().collect();
    if page.redirected_to.is_some_and(|address| address.contains("show_error=true")) {
        return is_missing("redirected with the platform's word that there is no such page");
    }
    match segments.as_slice() {
        ["login" | "signup", ..] => return refused("redirected to the login page"),
        ["ideas", ..] => return is_missing("redirected to the ideas page, as for what does not exist"),
        [] if page.redirected_to.is_some() => {
            return refused("redirected to the front page, which gives no reason");
        }
        _ => {}
    }
    if text.is_empty() {
        return page::unread(page, SIGNALS, "empty body");
    }
    let has_state = || scripts(text).any(|script| script.has_id("__PWS_DATA__") || script.has_id("initial-state"));
    if matches!(page.http_status, Some(404 | 410)) && has_state() {
        return is_missing("the platform's own page for what does not exist");
    }
    let mark = match page.kind {
        PageKind::Post | PageKind::Oembed => "\"v3GetPinQuery\":{",
        PageKind::Profile | PageKind::Feed => "\"v3GetUserHandlerQuery\":{",
    };
    if contains(text, mark) {
        return failed(SIGNALS, Outcome::ParseError, "the data block cannot be read");
    }
    page::unread(page, SIGNALS, "a page without the data of what was asked for")
}
