//! TikTok's pages: today's universal data, SIGI state (2021–23), Next data (2019–21), the web API's bodies, the embedded creator page and
//! oEmbed. Which block is there decides who reads; what a block's status code means stands in `signals`.

mod feed;
mod meta;
mod oembed;
mod post;
mod profile;
mod sigi;
mod signals;

use domain::{Observation, Outcome};
use serde::Deserialize;
use serde_json::Value;

use crate::conclude::failed;
use crate::json::{at, read as read_json, typed};
use crate::markup::{assigned, contains, script_by_id};
use crate::page::{Page, PageKind, is_json};
use crate::tree;

/// Reader of `__UNIVERSAL_DATA_FOR_REHYDRATION__`.
pub(crate) const UNIVERSAL_DATA: &str = "tiktok.universal_data";
/// Reader of `SIGI_STATE`.
pub(crate) const SIGI_STATE: &str = "tiktok.sigi_state";
/// Reader of `__NEXT_DATA__`.
pub(crate) const NEXT_DATA: &str = "tiktok.next_data";
/// Reader of the web API's twins of the page blocks.
pub(crate) const API: &str = "tiktok.api";
/// Reader of `item_list` bodies.
pub(crate) const ITEM_LIST: &str = "tiktok.item_list";
/// Reader of embed pages.
pub(crate) const EMBED: &str = "tiktok.embed";
/// Reader of a profile's description.
pub(crate) const META_TEXT: &str = "tiktok.meta_text";
/// Reader of oEmbed answers.
pub(crate) const OEMBED: &str = "tiktok.oembed";
/// Reader of everything that is no data: challenges, walls, shells.
pub(crate) const SIGNALS: &str = "tiktok.signals";

/// The universal data's scopes that are read; the rest, translations for the most part, is skipped unread.
#[derive(Deserialize)]
struct Universal {
    #[serde(rename = "__DEFAULT_SCOPE__", default)]
    scope: Scope,
}

#[derive(Default, Deserialize)]
struct Scope {
    #[serde(rename = "webapp.user-detail", default, deserialize_with = "tree::whole")]
    user: Value,
    #[serde(rename = "webapp.video-detail", default, deserialize_with = "tree::whole")]
    video: Value,
    #[serde(rename = "webapp.reflow.video.detail", default, deserialize_with = "tree::whole")]
    reflow: Value,
}

#[derive(Deserialize)]
struct Next {
    props: NextProps,
}

#[derive(Deserialize)]
struct NextProps {
    #[serde(rename = "pageProps", default, deserialize_with = "tree::whole")]
    page: Value,
}

/// Reads any answer of TikTok's.
pub(crate) fn read(page: &Page<'_>, text: &str) -> Observation {
    let found = if is_json(text) { json_body(page, text) } else { html_body(page, text) };
    found.unwrap_or_else(|| signals::unread(page, text))
}

fn html_body(page: &Page<'_>, html: &str) -> Option<Observation> {
    if let Some(text) = script_by_id(html, "__UNIVERSAL_DATA_FOR_REHYDRATION__") {
        return readable(UNIVERSAL_DATA, typed(text), |data: Universal| universal(page, &data.scope));
    }
    let sigi = ["SIGI_STATE", "sigi-persisted-data"].into_iter().find_map(|id| script_by_id(html, id));
    if let Some(text) = sigi.or_else(|| assigned(html, "window['SIGI_STATE']").into_iter().next()) {
        return readable(SIGI_STATE, typed(text), |data: sigi::State| sigi::read(page, &data));
    }
    if let Some(text) = script_by_id(html, "__FRONTITY_CONNECT_STATE__") {
        return readable(EMBED, read_json(text), |data: Value| feed::embed(page, &data));
    }
    if let Some(text) = script_by_id(html, "__NEXT_DATA__") {
        return readable(NEXT_DATA, typed(text), |data: Next| next(page, &data.props.page));
    }
    None
}

/// Hands a block to its reader; a block that is cut off or garbled is a parse error, not a missing block.
fn readable<T>(
    adapter: &'static str,
    data: Option<T>,
    reader: impl FnOnce(T) -> Option<Observation>,
) -> Option<Observation> {
    match data {
        Some(data) => reader(data),
        None => Some(failed(adapter, Outcome::ParseError, "the data block cannot be read")),
    }
}

fn json_body(page: &Page<'_>, text: &str) -> Option<Observation> {
    if contains(text, "\"__DEFAULT_SCOPE__\"") {
        return readable(UNIVERSAL_DATA, typed(text), |data: Universal| universal(page, &data.scope));
    }
    let Some(root) = read_json(text) else {
        return Some(failed(SIGNALS, Outcome::ParseError, "the body is no JSON that can be read"));
    };
    let has = |key: &str| root.get(key).is_some();
    if has("ItemModule") || has("UserModule") {
        return sigi::read(page, &serde_json::from_value(root).ok()?);
    }
    if has("itemList") {
        if page.kind != PageKind::Feed {
            return Some(failed(ITEM_LIST, Outcome::ParseError, "a list of posts, which was not asked for"));
        }
        return Some(feed::item_list(page, &root));
    }
    if has("itemInfo") {
        return post::detail(page, API, &root);
    }
    if has("userInfo") {
        return profile::detail(page, API, &root);
    }
    if has("source") {
        return feed::embed(page, &root);
    }
    if has("props") {
        return next(page, at(&root, &["props", "pageProps"]));
    }
    if page.kind == PageKind::Oembed || has("author_url") {
        return oembed::read(page, &root);
    }
    signals::of_status(API, &root)
}

fn universal(page: &Page<'_>, scope: &Scope) -> Option<Observation> {
    let post = if scope.video.is_null() { &scope.reflow } else { &scope.video };
    match page.kind {
        PageKind::Profile | PageKind::Feed if !scope.user.is_null() => {
            profile::detail(page, UNIVERSAL_DATA, &scope.user)
        }
        PageKind::Post | PageKind::Oembed if !post.is_null() => post::detail(page, UNIVERSAL_DATA, post),
        PageKind::Profile | PageKind::Feed if !post.is_null() => {
            Some(failed(UNIVERSAL_DATA, Outcome::ParseError, "asked for an account, the page is about a post"))
        }
        PageKind::Post | PageKind::Oembed if !scope.user.is_null() => {
            Some(failed(UNIVERSAL_DATA, Outcome::ParseError, "asked for a post, the page is about an account"))
        }
        PageKind::Profile | PageKind::Feed | PageKind::Post | PageKind::Oembed => None,
    }
}

fn next(page: &Page<'_>, props: &Value) -> Option<Observation> {
    match page.kind {
        PageKind::Profile | PageKind::Feed => profile::detail(page, NEXT_DATA, props),
        PageKind::Post | PageKind::Oembed => match props.get("videoData") {
            Some(data) => post::of_2020(page, NEXT_DATA, data).or_else(|| signals::of_status(NEXT_DATA, props)),
            None => post::detail(page, NEXT_DATA, props),
        },
    }
}
