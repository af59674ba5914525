//! Instagram's oEmbed answers: no counts, but caption, author and cover of a post that exists.

use domain::{AuthorFacts, Observation, Outcome, Platform, PostFacts, shortcode};
use serde_json::Value;

use super::{OEMBED, media};
use crate::conclude::{self, failed};
use crate::json::{NULL, at, id, keep, text};
use crate::page::{Page, PageKind};

/// Reads an answer; `None` when it is no oEmbed.
pub(crate) fn read(page: &Page<'_>, root: &Value) -> Option<Observation> {
    let is_oembed = page.kind == PageKind::Oembed;
    let Some(media_id) = id(at(root, &["media_id"])).filter(|_| is_oembed || !at(root, &["author_name"]).is_null())
    else {
        let refused = is_oembed && matches!(page.http_status, Some(400 | 404));
        return refused.then(|| failed(OEMBED, Outcome::NotFound, "oEmbed knows no such post"));
    };
    let mut facts = PostFacts::bare(Platform::Instagram, media_id);
    facts.shortcode = facts.external_id.parse().ok().map(shortcode::from_media_id);
    facts.author = AuthorFacts {
        platform_id: id(at(root, &["author_id"])),
        username: text(at(root, &["author_name"])).map(|name| name.to_lowercase()),
    };
    facts.description = text(at(root, &["title"]));
    facts.set_created(media::created(&NULL, &facts.external_id));
    facts.cover_image_url = text(at(root, &["thumbnail_url"]));
    keep(&mut facts.platform_data, "author_url", at(root, &["author_url"]));
    Some(conclude::post(page, OEMBED, facts, None))
}
