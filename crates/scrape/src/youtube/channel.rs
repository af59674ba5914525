//! The channel that a page is about: who it is stands in its metadata, its counts in one of two headers. Counts are read inside the header
//! alone, since cards elsewhere hold those of other channels; all of them are rounded from 1000 up.

use domain::{Observation, Outcome, Platform, Precision, ProfileFacts, ProfileMetrics, Reading};
use serde_json::{Map, Value};

use super::watch::rounded_label;
use super::{
    C4_HEADER, HIDDEN, PAGE_HEADER, UNSUPPORTED, channel_id, channel_id_in, handle_in, label, signals, widest,
};
use crate::conclude::{self, failed};
use crate::json::{all, at, keep, list, text};
use crate::markup::find;
use crate::page::{Page, PageKind};
use crate::text_counts::TextCounts;

/// What a header says.
struct Header {
    adapter: &'static str,
    handle: Option<String>,
    subscribers: Reading,
    videos: Reading,
    is_verified: Option<bool>,
    link: Option<String>,
}

/// Reads a channel's `ytInitialData`; `None` when it is no channel's. `html` is the page around it.
pub(super) fn read(page: &Page<'_>, data: &Value, html: &str) -> Option<Observation> {
    let header = at(data, &["header"]);
    let header =
        c4_header(at(header, &["c4TabbedHeaderRenderer"])).or_else(|| page_header(at(header, &["pageHeaderRenderer"])));
    let about = at(data, &["metadata", "channelMetadataRenderer"]);
    let Some(header) = header else {
        return signals::of_alerts(data).filter(|_| page.kind == PageKind::Profile);
    };
    let adapter = header.adapter;
    if let Some(seen) = signals::other_kind(page, adapter) {
        return Some(seen);
    }
    if page.kind == PageKind::Feed {
        return Some(failed(adapter, Outcome::ParseError, "a channel's page, of which no list is read"));
    }
    let Some(platform_id) = identity(data, html) else {
        return Some(failed(adapter, Outcome::ParseError, "a header without the channel that it belongs to"));
    };
    if header.subscribers == Reading::NOT_PROVIDED && header.videos == Reading::NOT_PROVIDED {
        return Some(failed(adapter, Outcome::Blocked, "the channel's header carries no counts"));
    }
    let facts = facts(header, about, platform_id);
    // The old forms of a channel's address name nothing that stands in the page; each leads to one channel, and to no other.
    let is_old_form = page.expect.is_some_and(|asked| asked.starts_with("c/") || asked.starts_with("user/"));
    let asked = Page { expect: page.expect.filter(|_| !is_old_form), ..*page };
    Some(conclude::profile(&asked, adapter, facts, Vec::new(), None))
}

/// The channel's id: in its metadata, its header, or the page's canonical address.
fn identity(data: &Value, html: &str) -> Option<String> {
    let canonical = || {
        let after = html.get(find(html, "rel=\"canonical\"")?..)?;
        channel_id_in(after.get(..after.floor_char_boundary(200))?)
    };
    channel_id(at(data, &["metadata", "channelMetadataRenderer", "externalId"]))
        .or_else(|| channel_id(at(data, &["header", "c4TabbedHeaderRenderer", "channelId"])))
        .or_else(|| channel_id_in(at(data, &["microformat", "microformatDataRenderer", "urlCanonical"]).as_str()?))
        .or_else(canonical)
}

fn facts(header: Header, about: &Value, platform_id: String) -> ProfileFacts {
    let mut addresses = list(at(about, &["ownerUrls"])).iter().chain([at(about, &["vanityChannelUrl"])]);
    let handle = header.handle.or_else(|| addresses.find_map(|address| handle_in(address.as_str()?)));
    let mut platform_data = Map::new();
    keep(&mut platform_data, "keywords", at(about, &["keywords"]));
    ProfileFacts {
        platform: Platform::Youtube,
        username: handle.unwrap_or_else(|| platform_id.clone()),
        platform_id: Some(platform_id),
        name: text(at(about, &["title"])),
        description: text(at(about, &["description"])),
        profile_pic_url: widest(at(about, &["avatar", "thumbnails"])),
        is_verified: header.is_verified,
        is_private: None,
        link_in_bio: header.link,
        metrics: ProfileMetrics {
            followers: header.subscribers,
            following: UNSUPPORTED,
            posts: header.videos,
            likes: UNSUPPORTED,
        },
        platform_data,
    }
}

/// The header until mid-2024, which has a place for each count.
fn c4_header(header: &Value) -> Option<Header> {
    header.as_object()?;
    let read = |key: &str| label(at(header, &[key])).map(|text| rounded_label(&text, Precision::FromText));
    let canonical = at(header, &["navigationEndpoint", "browseEndpoint", "canonicalBaseUrl"]);
    let is_badge = |badge: &Value| {
        at(badge, &["metadataBadgeRenderer", "style"])
            .as_str()
            .is_some_and(|style| style.starts_with("BADGE_STYLE_TYPE_VERIFIED"))
    };
    let links = at(header, &["headerLinks", "channelHeaderLinksViewModel", "firstLink"]);
    Some(Header {
        adapter: C4_HEADER,
        handle: [label(at(header, &["channelHandleText"])), label(canonical)]
            .into_iter()
            .flatten()
            .find_map(|text| handle_in(&text)),
        subscribers: read("subscriberCountText").unwrap_or(HIDDEN),
        videos: read("videosCountText").unwrap_or_default(),
        is_verified: Some(list(at(header, &["badges"])).iter().any(is_badge)),
        link: label(links).and_then(|link| address(&link)),
    })
}

/// The header since then, a table of texts in the order handle, subscribers, videos. Their words tell which count is which, and where the
/// language is not known their order does; subscribers that are missing beside videos are hidden.
fn page_header(header: &Value) -> Option<Header> {
    let model = at(header, &["content", "pageHeaderViewModel"]);
    let rows = list(at(model, &["metadata", "contentMetadataViewModel", "metadataRows"]));
    let parts = rows.iter().flat_map(|row| list(at(row, &["metadataParts"])));
    let texts: Vec<String> = parts.filter_map(|part| label(at(part, &["text"]))).collect();
    model.as_object()?;
    let counts: Vec<&String> =
        texts.iter().filter(|text| !text.starts_with('@') && text.contains(|c: char| c.is_ascii_digit())).collect();
    let read = |text: &str| rounded_label(text, Precision::FromText);
    let named =
        |is_it: fn(&TextCounts) -> Reading| counts.iter().find(|text| is_it(&TextCounts::of(text)).value().is_some());
    let (subscribers, videos) =
        match (named(|counts| counts.followers), named(|counts| counts.posts), counts.as_slice()) {
            (Some(subscribers), videos, _) => {
                (read(subscribers), videos.map_or(Reading::NOT_PROVIDED, |text| read(text)))
            }
            (None, Some(videos), _) => (HIDDEN, read(videos)),
            (None, None, [subscribers, videos]) => (read(subscribers), read(videos)),
            (None, None, _) => (Reading::NOT_PROVIDED, Reading::NOT_PROVIDED),
        };
    let is_badge = |image: &&Value| {
        image.as_str().is_some_and(|name| name.starts_with("CHECK_CIRCLE") || name.starts_with("AUDIO_BADGE"))
    };
    let first_link = at(model, &["attribution", "attributionViewModel", "text"]);
    Some(Header {
        adapter: PAGE_HEADER,
        handle: texts.iter().find(|text| text.starts_with('@')).and_then(|text| handle_in(text)),
        subscribers,
        videos,
        is_verified: all(at(model, &["title"]), "imageName").iter().any(is_badge).then_some(true),
        link: label(first_link).and_then(|link| address(&link)),
    })
}

/// The address that a header shows without its scheme.
fn address(shown: &str) -> Option<String> {
    let shown = shown.trim();
    let is_address = shown.contains('.') && !shown.contains(char::is_whitespace);
    is_address.then(|| if shown.contains("://") { shown.to_owned() } else { format!("https://{shown}") })
}
