//! YouTube's oEmbed answers: no counts, but title, author and cover of a video that exists.

use domain::{MediaType, Observation, Platform, PostFacts};
use serde_json::Value;

use super::{OEMBED, channel_id_in, handle_in, signals, video_id};
use crate::conclude;
use crate::json::{at, keep, text};
use crate::page::{self, Page};

/// Reads an answer, which names the video only inside its embed code and its cover's address.
pub(super) fn read(page: &Page<'_>, root: &Value) -> Option<Observation> {
    let author = at(root, &["author_url"]).as_str();
    let after = |key: &str, marker: &str| {
        let (_, after) = at(root, &[key]).as_str()?.split_once(marker)?;
        video_id(&Value::from(after.get(..11)?))
    };
    let external_id = after("html", "/embed/").or_else(|| after("thumbnail_url", "/vi/"));
    let (Some(author), Some(external_id)) = (author, external_id) else {
        return signals::of_oembed_status(page)
            .or_else(|| Some(page::unread(page, OEMBED, "an oEmbed answer without a video")));
    };
    let mut facts = PostFacts::bare(Platform::Youtube, external_id);
    facts.author.username = handle_in(author);
    facts.author.platform_id = channel_id_in(author);
    facts.description = text(at(root, &["title"]));
    facts.media_type = Some(MediaType::Video);
    facts.cover_image_url = text(at(root, &["thumbnail_url"]));
    for key in ["author_name", "author_url"] {
        keep(&mut facts.platform_data, key, at(root, &[key]));
    }
    Some(conclude::post(page, OEMBED, facts, None))
}
