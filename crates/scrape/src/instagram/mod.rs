//! Instagram's pages: today's logged-out pages (`xig_…`), the API bodies and page blocks of every era before them, embed pages, description
//! text and oEmbed. Machine blocks are preferred to text, and shapes are looked up by key, since the wrappers around them shift.

mod embed;
mod graph_api;
mod graphql;
mod legacy;
mod media;
mod meta;
mod mobile;
mod oembed;
mod polaris;
mod signals;

use domain::{Observation, Outcome};
use memchr::memmem::Finder;
use serde_json::Value;

use crate::conclude::failed;
use crate::json::{all, at, first_object, picked, read as read_json};
use crate::markup::{contains, scripts};
use crate::page::{Page, PageKind, is_json};
use crate::tree::{Part, Wanted};

/// Reader of the profile block of logged-out pages.
pub(crate) const POLARIS_PROFILE: &str = "instagram.polaris_profile";
/// Reader of the timeline block of logged-out pages.
pub(crate) const POLARIS_TIMELINE: &str = "instagram.polaris_timeline";
/// Reader of the post block of logged-out pages.
pub(crate) const POLARIS_POST: &str = "instagram.polaris_post";
/// Reader of the reels tab, the one guest source of plays.
pub(crate) const REELS_TAB: &str = "instagram.reels_tab";
/// Reader of `xdt_api__v1__media__shortcode__web_info`.
pub(crate) const WEB_INFO: &str = "instagram.web_info";
/// Reader of `window._sharedData`.
pub(crate) const SHARED_DATA: &str = "instagram.shared_data";
/// Reader of `window._sharedData` on a page of stories, whose counts stand in its description.
pub(crate) const SHARED_DATA_STORY: &str = "instagram.shared_data_story";
/// Reader of `window.__additionalDataLoaded`.
pub(crate) const ADDITIONAL_DATA: &str = "instagram.additional_data";
/// Reader of GraphQL-shaped API bodies, `web_profile_info` among them.
pub(crate) const GRAPHQL: &str = "instagram.graphql";
/// Reader of the mobile API's bodies.
pub(crate) const MOBILE_API: &str = "instagram.mobile_api";
/// Reader of the official Graph API's answers.
pub(crate) const GRAPH_API: &str = "instagram.graph_api";
/// Reader of embed pages.
pub(crate) const EMBED: &str = "instagram.embed";
/// Reader of descriptions.
pub(crate) const META_TEXT: &str = "instagram.meta_text";
/// Reader of oEmbed answers.
pub(crate) const OEMBED: &str = "instagram.oembed";
/// Reader of everything that is no data: error routes, walls, shells.
pub(crate) const SIGNALS: &str = "instagram.signals";

const WEB_INFO_KEY: &str = "xdt_api__v1__media__shortcode__web_info";

/// Most blocks of a page that are looked at; today's pages have a few.
const MAX_BLOCKS: usize = 200;

/// What is looked at in the blocks of today's pages, wherever their wrappers put it.
static XIG: Wanted = Wanted {
    members: &[("xig_user_by_username", Part::Whole), ("xig_polaris_media", Part::Whole), (WEB_INFO_KEY, Part::Whole)],
    others: Some(&XIG),
};

/// Reads any answer of Instagram's.
pub(crate) fn read(page: &Page<'_>, text: &str) -> Observation {
    let json = text.strip_prefix("for (;;);").unwrap_or(text);
    if is_json(json) { json_body(page, json) } else { html_body(page, text) }
}

fn json_body(page: &Page<'_>, text: &str) -> Observation {
    let Some(root) = read_json(text) else {
        return failed(SIGNALS, Outcome::ParseError, "the body is no JSON that can be read");
    };
    let blocks = std::slice::from_ref(&root);
    graph_api::read(page, &root)
        .or_else(|| polaris::read(page, blocks, None))
        .or_else(|| oembed::read(page, &root))
        .or_else(|| shapes(page, &root, None))
        .unwrap_or_else(|| signals::of_json(page, &root))
}

fn html_body(page: &Page<'_>, html: &str) -> Observation {
    let blocks = |mark: &str| -> Vec<Value> {
        let mark = Finder::new(mark);
        let marked = scripts(html).filter(|script| script.holds_prepared(&mark)).take(MAX_BLOCKS);
        marked.filter_map(|script| picked(script.body.trim_start(), &XIG)).collect()
    };
    let mut found = blocks("\"xig_");
    // The older block of a post is looked for only where today's is not there.
    if matches!(page.kind, PageKind::Post | PageKind::Oembed)
        && !found.iter().any(|block| !all(block, "xig_polaris_media").is_empty())
    {
        found = [found, blocks(WEB_INFO_KEY)].concat();
    }
    polaris::read(page, &found, Some(html))
        .or_else(|| legacy::read(page, html))
        .or_else(|| embed::read(page, html))
        .or_else(|| signals::of_route(html))
        .or_else(|| meta::read(page, html, None))
        .unwrap_or_else(|| signals::unread(page, html))
}

/// Reads the shapes that API bodies and the page blocks up to 2022 share. `adapter` names the block; API bodies are named by their shape.
fn shapes(page: &Page<'_>, root: &Value, adapter: Option<&'static str>) -> Option<Observation> {
    match page.kind {
        PageKind::Profile => graphql::profile(page, root, adapter.unwrap_or(GRAPHQL))
            .or_else(|| mobile::profile(page, root, adapter.unwrap_or(MOBILE_API))),
        PageKind::Feed => graphql::feed(page, root, adapter.unwrap_or(GRAPHQL))
            .or_else(|| mobile::feed(page, root, adapter.unwrap_or(MOBILE_API))),
        PageKind::Post | PageKind::Oembed => graphql::post(page, root, adapter.unwrap_or(GRAPHQL))
            .or_else(|| mobile::post(page, root, adapter.unwrap_or(MOBILE_API))),
    }
    .or_else(|| graphql::null_user(root, adapter.unwrap_or(GRAPHQL)))
    .or_else(|| other_kind(page, root, adapter))
}

/// A good block about another kind of thing than was asked for.
fn other_kind(page: &Page<'_>, root: &Value, adapter: Option<&'static str>) -> Option<Observation> {
    let is_post = all(root, "shortcode_media").iter().any(|media| media.is_object());
    let is_profile = first_object(root, graphql::is_profile).is_some();
    let about = match page.kind {
        PageKind::Profile | PageKind::Feed if is_post => "asked for an account, the page is about a post",
        PageKind::Post | PageKind::Oembed if is_profile => "asked for a post, the page is about an account",
        PageKind::Profile | PageKind::Feed | PageKind::Post | PageKind::Oembed => return None,
    };
    Some(failed(adapter.unwrap_or(GRAPHQL), Outcome::ParseError, about))
}

/// The handle that a page names outside its data blocks: in its canonical address, its app link or its title.
fn named_handle(html: &str) -> Option<String> {
    let metas = crate::markup::Metas::of(html);
    let in_url = metas.get("og:url").and_then(meta::handle_of_url);
    let in_link =
        metas.get("al:ios:url").and_then(|url| url.split_once("username=")).map(|(_, handle)| handle.to_owned());
    let in_title = || metas.get("og:title").and_then(meta::handle_in_parentheses);
    let in_page_title = || crate::markup::title(html).as_deref().and_then(meta::handle_in_parentheses);
    in_url.or(in_link).or_else(in_title).or_else(in_page_title).map(|handle| handle.to_lowercase())
}

/// Whether the page says anything of data at all; used to tell a shell from a page that was cut off.
fn mentions_data(html: &str) -> bool {
    contains(html, "\"xig_user_by_username\":{") || contains(html, "\"xig_polaris_media\":{")
}

/// The member of an object that holds a count, as GraphQL wraps it.
fn edge_count(value: &Value, edge: &str) -> Option<i64> {
    crate::json::count(at(value, &[edge, "count"]))
}
