//! An account's feed: its newest pins with title, picture and date, without any count. The feed names the account in its own link.

use domain::{
    AuthorFacts, Observation, Outcome, Platform, PostFacts, PostMetrics, ProfileFacts, ProfileMetrics, Reading,
};
use serde_json::{Map, Value};

use super::{RSS, UNSUPPORTED};
use crate::conclude::{self, Listing, WhenEmpty, failed};
use crate::dates;
use crate::json::id;
use crate::markup::{attribute, digits_after, find};
use crate::page::{Page, PageKind};
use crate::syndication::{entries, is_whole, text};

/// Reads a feed.
pub(super) fn read(page: &Page<'_>, xml: &str) -> Observation {
    if page.kind != PageKind::Feed {
        return failed(RSS, Outcome::ParseError, "asked for something else, the body is a list");
    }
    let (head, entries) = entries(xml, "item");
    let Some(username) = text(head, "link").and_then(|link| username_in(&link)) else {
        return failed(RSS, Outcome::ParseError, "a feed that does not say whose it is");
    };
    let posts: Vec<PostFacts> = entries.iter().filter_map(|entry| pin(entry, &username)).collect();
    let when_empty = if entries.is_empty() && is_whole(xml) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a feed without a pin that can be read")
    };
    let profile = ProfileFacts {
        platform: Platform::Pinterest,
        platform_id: None,
        username,
        name: text(head, "title"),
        description: text(head, "description"),
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics { likes: UNSUPPORTED, ..ProfileMetrics::default() },
        platform_data: Map::new(),
    };
    conclude::feed(page, RSS, Listing { profile: Some(profile), posts, when_empty })
}

/// The account in `https://www.pinterest.com/{user}/` or `…/{user}/feed.rss`.
pub(super) fn username_in(link: &str) -> Option<String> {
    let (_, after) = link.split_once("://")?;
    let mut segments = after.split(['?', '#']).next()?.split('/').filter(|segment| !segment.is_empty());
    let is_pinterest = segments.next()?.split('.').any(|label| label == "pinterest");
    let name = segments.next().filter(|_| is_pinterest)?;
    let is_name = (1..=60).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    is_name.then(|| name.to_lowercase())
}

fn pin(entry: &str, owner: &str) -> Option<PostFacts> {
    let link = text(entry, "link").or_else(|| text(entry, "guid"))?;
    let mut facts = PostFacts::bare(Platform::Pinterest, id(&Value::from(digits_after(&link, "/pin/")?))?);
    facts.author = AuthorFacts { platform_id: None, username: Some(owner.to_owned()) };
    facts.description = text(entry, "title");
    facts.set_created(text(entry, "pubDate").and_then(|date| dates::written(&date)));
    facts.cover_image_url = text(entry, "description").and_then(|html| {
        let tag = html.get(find(&html, "<img")? + "<img".len()..)?;
        attribute(tag, "src")
    });
    facts.metrics = PostMetrics {
        views: UNSUPPORTED,
        shares: UNSUPPORTED,
        plays: UNSUPPORTED,
        likes: Reading::NOT_PROVIDED,
        comments: Reading::NOT_PROVIDED,
        saves: Reading::NOT_PROVIDED,
    };
    Some(facts)
}
