//! What a page's `<meta>` tags say: counts in the description, rounded from 10 000 up, and who or what the page is about. The last resort, and
//! for guests the one source of an account's number of posts.

use domain::{MediaType, Observation, Platform, PostFacts, ProfileFacts, shortcode};

use super::polaris::{UNSUPPORTED, bare_profile};
use super::{META_TEXT, media, named_handle};
use crate::conclude;
use crate::json::NULL;
use crate::markup::{Metas, digits_after, metas};
use crate::page::{Page, PageKind};
use crate::text_counts::TextCounts;

/// Reads a page by its tags; `None` when they hold no counts. `known` is what a block of the page already said of the account.
pub(crate) fn read(page: &Page<'_>, html: &str, known: Option<(&'static str, ProfileFacts)>) -> Option<Observation> {
    let counts = counts(html)?;
    match page.kind {
        PageKind::Profile => profile(page, html, &counts, known),
        PageKind::Post | PageKind::Oembed => post(page, &Metas::of(html), &counts),
        PageKind::Feed => None,
    }
}

/// The counts in a profile page's description; none where there is no such text.
pub(crate) fn profile_counts(html: &str) -> TextCounts {
    counts(html).unwrap_or_default()
}

/// The counts of the first `og:description` that has any, else of the first `description`.
fn counts(html: &str) -> Option<TextCounts> {
    let mut second = None;
    for (name, text) in metas(html) {
        let counts = || Some(TextCounts::of(&text)).filter(TextCounts::any);
        match name.as_str() {
            "og:description" => {
                if let Some(counts) = counts() {
                    return Some(counts);
                }
            }
            "description" => second = second.or_else(counts),
            _ => {}
        }
    }
    second
}

fn profile(
    page: &Page<'_>,
    html: &str,
    counts: &TextCounts,
    known: Option<(&'static str, ProfileFacts)>,
) -> Option<Observation> {
    let metas = Metas::of(html);
    let (adapter, mut facts) = match known {
        Some(known) => known,
        None => (META_TEXT, bare_profile(profile_id(html), named_handle(html)?)),
    };
    facts.name = facts.name.or_else(|| {
        let name = metas.get("og:title")?.split(" (@").next()?.trim();
        (!name.is_empty() && !name.contains('•')).then(|| name.to_owned())
    });
    facts.profile_pic_url = facts.profile_pic_url.or_else(|| metas.get("og:image").map(str::to_owned));
    facts.metrics.followers = counts.followers;
    facts.metrics.following = counts.following;
    facts.metrics.posts = counts.posts;
    facts.metrics.likes = UNSUPPORTED;
    (counts.followers.value().is_some()).then(|| conclude::profile(page, adapter, facts, Vec::new(), None))
}

/// The account's id, which the scripts of such a page carry although they carry no counts.
fn profile_id(html: &str) -> Option<String> {
    ["\"profile_id\"", "profilePage_"].iter().find_map(|marker| digits_after(html, marker)).map(str::to_owned)
}

fn post(page: &Page<'_>, metas: &Metas, counts: &TextCounts) -> Option<Observation> {
    let address = metas.get("og:url").unwrap_or("");
    let code = post_code(address);
    let in_link = metas.get("al:ios:url").and_then(|link| digits_after(link, "media?id=")).map(str::to_owned);
    let from_code = || code.and_then(shortcode::to_media_id).map(|id| id.to_string());
    let mut facts = PostFacts::bare(Platform::Instagram, in_link.or_else(from_code)?);
    facts.shortcode = code.map(str::to_owned).or_else(|| facts.external_id.parse().ok().map(shortcode::from_media_id));
    facts.author.platform_id = metas.get("instapp:owner_user_id").map(str::to_owned);
    let description = metas.get("og:description").or_else(|| metas.get("description")).unwrap_or("");
    facts.author.username = author(description).map(|name| name.to_lowercase());
    facts.set_created(media::created(&NULL, &facts.external_id));
    facts.media_type = address.contains("/reel/").then_some(MediaType::Video);
    facts.cover_image_url = metas.get("og:image").map(str::to_owned);
    facts.metrics.likes = counts.likes;
    facts.metrics.comments = counts.comments;
    facts.metrics.views = counts.views;
    let has_counts = counts.likes.value().is_some() || counts.comments.value().is_some();
    has_counts.then(|| conclude::post(page, META_TEXT, facts, None))
}

/// The author in `… - handle on April 19, 2021` or `… - Name (@handle) on Instagram`.
fn author(description: &str) -> Option<String> {
    let (_, after) = description.split_once(" - ")?;
    let head = after.split(" on ").next()?;
    handle_in_parentheses(head).or_else(|| is_handle(head).then(|| head.to_owned()))
}

/// The handle in `Name (@handle) • …`.
pub(crate) fn handle_in_parentheses(text: &str) -> Option<String> {
    let (_, after) = text.rsplit_once("(@")?;
    let (handle, _) = after.split_once(')')?;
    is_handle(handle).then(|| handle.to_owned())
}

/// The handle in a profile's address.
pub(crate) fn handle_of_url(address: &str) -> Option<String> {
    domain::Handle::parse(Platform::Instagram, address).ok().map(|handle| handle.as_str().to_owned())
}

fn is_handle(text: &str) -> bool {
    (1..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
}

/// The shortcode in a post's address.
pub(crate) fn post_code(address: &str) -> Option<&str> {
    let mut segments = address.split(['?', '#']).next()?.split('/');
    segments.find(|segment| matches!(*segment, "p" | "reel" | "reels" | "tv"))?;
    segments.next().filter(|code| !code.is_empty())
}
