//! A channel's feed: its fifteen newest videos with their views and likes, which the feed calls ratings. It names the channel by its id alone,
//! so only a feed that was asked for by that id can be taken for the channel's.

use domain::{
    AuthorFacts, MediaType, Observation, Outcome, Platform, PostFacts, PostMetrics, ProfileFacts, ProfileMetrics,
    Reading,
};
use serde_json::{Map, Value};

use super::{RSS, UNSUPPORTED, channel_id, channel_id_in, signals, video_id};
use crate::conclude::{self, Listing, WhenEmpty, failed};
use crate::dates;
use crate::json::count;
use crate::page::{Page, PageKind};
use crate::syndication::{attribute_of, entries, is_whole, text};

/// Reads a feed.
pub(super) fn read(page: &Page<'_>, xml: &str) -> Observation {
    if let Some(seen) = signals::other_kind(page, RSS) {
        return seen;
    }
    let (head, entries) = entries(xml, "entry");
    let Some(id) = channel(head).or_else(|| entries.iter().find_map(|entry| own_channel(entry))) else {
        return failed(RSS, Outcome::ParseError, "a feed that does not say whose it is");
    };
    if page.kind == PageKind::Profile {
        return failed(RSS, Outcome::ParseError, "asked for an account, the body is a list");
    }
    let is_own = |post: &PostFacts| post.author.platform_id.as_deref().is_none_or(|author| author == id);
    let posts: Vec<PostFacts> = entries.iter().filter_map(|entry| video(entry)).filter(is_own).collect();
    let when_empty = if entries.is_empty() && is_whole(xml) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a feed without a video that can be read")
    };
    let profile = ProfileFacts {
        platform: Platform::Youtube,
        username: id.clone(),
        platform_id: Some(id),
        name: text(head, "title"),
        description: None,
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics { following: UNSUPPORTED, likes: UNSUPPORTED, ..ProfileMetrics::default() },
        platform_data: Map::new(),
    };
    conclude::feed(page, RSS, Listing { profile: Some(profile), posts, when_empty })
}

/// Whose feed it is. Its own `yt:channelId` has been without the first two characters, so the address of the author comes first.
fn channel(head: &str) -> Option<String> {
    text(head, "uri").and_then(|address| channel_id_in(&address)).or_else(|| own_channel(head))
}

fn own_channel(block: &str) -> Option<String> {
    let id = text(block, "yt:channelId")?;
    channel_id(&Value::from(if id.len() == 22 { format!("UC{id}") } else { id }))
}

fn video(entry: &str) -> Option<PostFacts> {
    let mut facts = PostFacts::bare(Platform::Youtube, video_id(&Value::from(text(entry, "yt:videoId")?))?);
    let number = |element: &str, name: &str| {
        Reading::exact(attribute_of(entry, element, name).and_then(|number| count(&Value::from(number))))
    };
    facts.author = AuthorFacts { platform_id: own_channel(entry), username: None };
    facts.description = text(entry, "title").or_else(|| text(entry, "media:title"));
    facts.set_created(text(entry, "published").and_then(|date| dates::written(&date)));
    facts.media_type = Some(MediaType::Video);
    facts.cover_image_url = attribute_of(entry, "media:thumbnail", "url");
    facts.metrics = PostMetrics {
        views: number("media:statistics", "views"),
        likes: number("media:starRating", "count"),
        comments: Reading::NOT_PROVIDED,
        shares: UNSUPPORTED,
        plays: UNSUPPORTED,
        saves: UNSUPPORTED,
    };
    if let Some(words) = text(entry, "media:description") {
        facts.platform_data.insert("text".to_owned(), Value::from(words));
    }
    Some(facts)
}
