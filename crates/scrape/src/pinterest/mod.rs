//! Pinterest's pages: the resource responses of 2020–21, the state of the page's store since 2022, the prefetched queries since 2024, feeds and
//! oEmbed. The same pin or account may stand in several blocks of one page, each with a part of its facts; they are found by key and put
//! together.

mod blocks;
mod oembed;
mod pin;
mod profile;
mod rss;
mod signals;

use domain::{MetricStatus, Observation, Reading};
use serde_json::Value;

use crate::conclude::failed;
use crate::json::{NULL, at, read as read_json};
use crate::page::{Page, PageKind, is_json};
use crate::syndication;

/// Reader of `initial-state`.
pub(crate) const INITIAL_STATE: &str = "pinterest.initial_state";
/// Reader of `__PWS_DATA__` and `__PWS_INITIAL_PROPS__`.
pub(crate) const REDUX_STATE: &str = "pinterest.redux_state";
/// Reader of prefetched queries.
pub(crate) const RELAY: &str = "pinterest.relay";
/// Reader of the bodies of resources.
pub(crate) const RESOURCE: &str = "pinterest.resource";
/// Reader of an account's feed.
pub(crate) const RSS: &str = "pinterest.rss";
/// Reader of oEmbed answers.
pub(crate) const OEMBED: &str = "pinterest.oembed";
/// Reader of everything that is no data: walls, shells, empty answers.
pub(crate) const SIGNALS: &str = "pinterest.signals";

/// What Pinterest has no such number of.
const UNSUPPORTED: Reading = Reading::Null(MetricStatus::Unsupported);

/// Reads any answer of Pinterest's.
pub(crate) fn read(page: &Page<'_>, text: &str) -> Observation {
    let found = if is_json(text) {
        json_body(page, text)
    } else if syndication::is_feed(text) {
        Some(rss::read(page, text))
    } else {
        of_blocks(page, &blocks::of_page(page, text))
    };
    found.unwrap_or_else(|| signals::unread(page, text))
}

fn json_body(page: &Page<'_>, text: &str) -> Option<Observation> {
    let Some(root) = read_json(text) else {
        return Some(failed(SIGNALS, domain::Outcome::ParseError, "the body is no JSON that can be read"));
    };
    if page.kind == PageKind::Oembed || root.get("author_url").is_some() {
        return Some(oembed::read(page, &root));
    }
    of_blocks(page, &[blocks::Block { adapter: RESOURCE, root }])
}

fn of_blocks(page: &Page<'_>, blocks: &[blocks::Block]) -> Option<Observation> {
    let seen = match page.kind {
        PageKind::Post | PageKind::Oembed => pin::read(page, blocks),
        PageKind::Profile | PageKind::Feed => profile::read(page, blocks),
    };
    seen.or_else(|| signals::of_blocks(page, blocks))
}

/// The first of a value's members that says anything: each has been written in two ways.
fn either<'a>(value: &'a Value, keys: &[&str]) -> &'a Value {
    keys.iter().map(|key| at(value, &[key])).find(|value| !value.is_null()).unwrap_or(&NULL)
}
