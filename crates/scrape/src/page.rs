//! A page as it came, and the one entrance to all readers. Which platform reads it is decided here; what it says is left to that platform's
//! module, and what an answer without any known shape means falls back to its HTTP status.

use std::borrow::Cow;

use domain::{Observation, Outcome, Platform};

use crate::{instagram, pinterest, tiktok, tree, youtube};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// An account's page.
    Profile,
    /// A list of an account's posts.
    Feed,
    /// One post.
    Post,
    /// An oEmbed answer about a post.
    Oembed,
}

/// An answer of a platform, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Who answered.
    pub platform: Platform,
    /// What was asked for.
    pub kind: PageKind,
    /// The handle, external id or shortcode that was asked for. A page about anything else is a parse error.
    pub expect: Option<&'a str>,
    /// The status of the answer, where it came over HTTP.
    pub http_status: Option<u16>,
    /// The path that the platform redirected to, where it did.
    pub redirected_to: Option<&'a str>,
    /// The body, decompressed.
    pub body: &'a [u8],
}

/// Reads a page: JSON or HTML, of any era that is known. Never panics, whatever the bytes.
pub fn parse(page: &Page<'_>) -> Observation {
    let text = page.text();
    let text = text.trim_start_matches('\u{feff}').trim();
    let (mut seen, is_whole) = tree::bounded(|| match page.platform {
        Platform::Tiktok => tiktok::read(page, text),
        Platform::Instagram => instagram::read(page, text),
        Platform::Youtube => youtube::read(page, text),
        Platform::Pinterest => pinterest::read(page, text),
    });
    if !is_whole {
        // Whatever was made of the rest of it was made of a part.
        let failed = Observation::failed(Outcome::ParseError, "more values than a page can mean");
        seen = Observation { adapter: seen.adapter, ..failed };
    }
    if let Some(detail) = of_another_kind(page.kind, &seen) {
        seen = Observation { adapter: seen.adapter, ..Observation::failed(Outcome::ParseError, detail) };
    }
    if seen.outcome == Outcome::Blocked && page.http_status == Some(429) {
        seen.outcome = Outcome::RateLimited;
    }
    seen.http_status = page.http_status;
    seen
}

/// Why a good reading is none of what was asked for: some bodies (lists above all) are told by their shape, whatever was asked.
fn of_another_kind(kind: PageKind, seen: &Observation) -> Option<&'static str> {
    let is_good = matches!(seen.outcome, Outcome::Ok | Outcome::Empty);
    match kind {
        PageKind::Profile if is_good && seen.profile.is_none() => Some("asked for an account, the page names none"),
        PageKind::Post | PageKind::Oembed if is_good && seen.posts.len() != 1 => {
            Some("asked for one post, the page is about another number of them")
        }
        PageKind::Profile | PageKind::Feed | PageKind::Post | PageKind::Oembed => None,
    }
}

impl<'a> Page<'a> {
    fn text(&self) -> Cow<'a, str> {
        // Checking first is several times as fast as reading leniently what needs no leniency.
        std::str::from_utf8(self.body).map_or_else(|_| String::from_utf8_lossy(self.body), Cow::Borrowed)
    }

    /// The path segments that a redirect led to.
    pub(crate) fn redirect_segments(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.redirected_to.unwrap_or("").split(['?', '#']).next().unwrap_or("").split('/').filter(|s| !s.is_empty())
    }
}

/// Whether a body is JSON rather than markup.
pub(crate) fn is_json(text: &str) -> bool {
    text.starts_with(['{', '['])
}

/// Whether a body is a page at all, of whatever content.
fn is_markup(body: &[u8]) -> bool {
    let head = &body[..body.len().min(4096)];
    ["<!doctype", "<html", "<head", "<body", "<script", "<meta", "<title"]
        .iter()
        .any(|tag| head.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag.as_bytes())))
}

/// What an answer means that carries no shape we know: its status decides, and without a telling one a page is a refusal. What is no page
/// at all is not the platform's way of refusing; neither is a bare 404, which is no word of the platform's on the target either.
pub(crate) fn unread(page: &Page<'_>, adapter: &'static str, reason: &str) -> Observation {
    let is_empty = page.body.trim_ascii().is_empty();
    let (outcome, detail) = match page.http_status {
        Some(429) => (Outcome::RateLimited, "HTTP 429".to_owned()),
        Some(status) if status >= 500 => (Outcome::NetworkError, format!("HTTP {status}")),
        Some(status @ (404 | 410)) => (Outcome::ParseError, format!("HTTP {status} without the platform's own word")),
        Some(200) | None if !is_empty && !is_json(page.text().trim()) && !is_markup(page.body) => {
            (Outcome::ParseError, "neither HTML nor JSON".to_owned())
        }
        Some(status) if status >= 300 => (Outcome::Blocked, format!("HTTP {status}, {reason}")),
        Some(_) | None => (Outcome::Blocked, reason.to_owned()),
    };
    Observation { adapter: Some(adapter), ..Observation::failed(outcome, detail) }
}
