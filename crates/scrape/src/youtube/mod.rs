//! YouTube's pages: the watch page's player response, the two headers that a channel's page has had, the feed of a channel, oEmbed, and the
//! answers of the official Data API. Which block is there decides who reads; what a block's status means stands in `signals`.

mod channel;
mod data_api;
mod oembed;
mod rss;
mod signals;
mod wanted;
mod watch;

use domain::handle::is_channel_id;
use domain::{MetricStatus, Observation, Outcome, Reading};
use memchr::memmem;
use serde_json::Value;
use url::form_urlencoded;

use crate::conclude::failed;
use crate::json::{NULL, at, list, picked, read as read_json};
use crate::markup::{Script, scripts};
use crate::page::{Page, PageKind, is_json};
use crate::syndication;
use crate::tree::Wanted;

/// Reader of the watch page's and the Shorts page's `ytInitialPlayerResponse`.
pub(crate) const PLAYER_RESPONSE: &str = "youtube.player_response";
/// Reader of a channel's header as it was until mid-2024.
pub(crate) const C4_HEADER: &str = "youtube.c4_header";
/// Reader of a channel's header since then.
pub(crate) const PAGE_HEADER: &str = "youtube.page_header";
/// Reader of a channel's feed.
pub(crate) const RSS: &str = "youtube.rss";
/// Reader of oEmbed answers.
pub(crate) const OEMBED: &str = "youtube.oembed";
/// Reader of the official Data API's answers.
pub(crate) const DATA_API: &str = "youtube.data_api";
/// Reader of everything that is no data: walls, shells, empty answers.
pub(crate) const SIGNALS: &str = "youtube.signals";

/// What YouTube has no such number of.
const UNSUPPORTED: Reading = Reading::Null(MetricStatus::Unsupported);
/// What the owner chose not to show.
const HIDDEN: Reading = Reading::Null(MetricStatus::Hidden);

/// Reads any answer of YouTube's.
pub(crate) fn read(page: &Page<'_>, text: &str) -> Observation {
    let found = if page.kind == PageKind::Oembed && !is_json(text) {
        signals::of_oembed_status(page)
    } else if is_json(text) {
        json_body(page, text)
    } else if syndication::is_feed(text) {
        Some(rss::read(page, text))
    } else {
        html_body(page, text)
    };
    found.unwrap_or_else(|| signals::unread(page, text))
}

fn json_body(page: &Page<'_>, text: &str) -> Option<Observation> {
    let Some(root) = read_json(text) else {
        return Some(failed(SIGNALS, Outcome::ParseError, "the body is no JSON that can be read"));
    };
    if let Some(seen) = data_api::read(page, &root) {
        return Some(seen);
    }
    let has = |key: &str| root.get(key).is_some();
    if page.kind == PageKind::Oembed || has("author_url") {
        return oembed::read(page, &root);
    }
    if has("playabilityStatus") {
        return Some(watch::read(page, &root, &NULL));
    }
    channel::read(page, &root, "")
}

fn html_body(page: &Page<'_>, html: &str) -> Option<Observation> {
    let scripts: Vec<Script<'_>> = scripts(html).filter(|script| script.holds("ytInitial")).collect();
    let player = assigned(&scripts, "ytInitialPlayerResponse", &wanted::PLAYER);
    if let Assigned::Object(player) = &player
        && player.get("playabilityStatus").is_some()
    {
        let data = assigned(&scripts, "ytInitialData", &wanted::WATCH);
        let data = if let Assigned::Object(data) = &data { data } else { &NULL };
        return Some(watch::read(page, player, data));
    }
    let data = assigned(&scripts, "ytInitialData", &wanted::CHANNEL);
    if let Assigned::Object(data) = &data
        && let Some(seen) = channel::read(page, data, html)
    {
        return Some(seen);
    }
    (matches!(player, Assigned::Garbled) || matches!(data, Assigned::Garbled))
        .then(|| failed(SIGNALS, Outcome::ParseError, "the data block cannot be read"))
}

/// What a page's scripts assign to a name.
enum Assigned {
    /// Nothing, or no object.
    Nothing,
    /// An object that is cut off or garbled.
    Garbled,
    /// This.
    Object(Value),
}

/// What is wanted of the first object that is assigned to `name`, as in `var name = {…};` or `window["name"] = {…}`.
fn assigned(scripts: &[Script<'_>], name: &str, wanted: &'static Wanted) -> Assigned {
    let mut found = Assigned::Nothing;
    for script in scripts {
        for at in memmem::find_iter(script.body.as_bytes(), name).take(8) {
            let after = script.body.get(at + name.len()..).unwrap_or("");
            let object =
                after.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | ']' | '='));
            let between = after.get(..after.len() - object.len()).unwrap_or("");
            if !object.starts_with('{') || !between.contains('=') {
                continue;
            }
            match picked(object, wanted) {
                Some(object) => return Assigned::Object(object),
                None => found = Assigned::Garbled,
            }
        }
    }
    found
}

/// The text of a label, in any of the dresses that labels have had.
fn label(value: &Value) -> Option<String> {
    let runs = || {
        let runs: String = list(at(value, &["runs"])).iter().filter_map(|run| at(run, &["text"]).as_str()).collect();
        (!runs.is_empty()).then_some(runs)
    };
    let plain = [value, at(value, &["simpleText"]), at(value, &["content"])];
    plain.into_iter().find_map(Value::as_str).map(str::to_owned).or_else(runs)
}

/// A video's id: eleven characters.
fn video_id(value: &Value) -> Option<String> {
    let is_id = |id: &&str| id.len() == 11 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    value.as_str().filter(is_id).map(str::to_owned)
}

/// A channel's id.
fn channel_id(value: &Value) -> Option<String> {
    value.as_str().filter(|id| is_channel_id(id)).map(str::to_owned)
}

/// The channel's id in an address such as `https://www.youtube.com/channel/UC…`.
fn channel_id_in(address: &str) -> Option<String> {
    let (_, after) = address.split_once("/channel/")?;
    channel_id(&Value::from(after.get(..24)?))
}

/// The handle in an address such as `http://www.youtube.com/@NASA` or in `@NASA` itself, folded.
fn handle_in(text: &str) -> Option<String> {
    let (_, after) = text.split_once('@')?;
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    // Handles of other scripts stand in addresses with percent signs.
    let (handle, _) = form_urlencoded::parse(after.get(..end)?.as_bytes()).next()?;
    let is_good =
        (1..=60).contains(&handle.chars().count()) && !handle.chars().any(|c| c.is_whitespace() || c.is_control());
    is_good.then(|| handle.to_lowercase())
}

/// The address of the widest picture of a list of thumbnails.
fn widest(thumbnails: &Value) -> Option<String> {
    let width = |picture: &&Value| at(picture, &["width"]).as_i64().unwrap_or(0);
    let address = at(list(thumbnails).iter().max_by_key(width)?, &["url"]).as_str()?;
    let address = if address.starts_with("//") { format!("https:{address}") } else { address.to_owned() };
    (!address.is_empty()).then_some(address)
}
