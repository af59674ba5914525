//! Pinterest's oEmbed answers: no counts, but title, author and cover of a pin that exists.

use domain::{Observation, Outcome, Platform, PostFacts};
use serde_json::Value;

use super::OEMBED;
use super::rss::username_in;
use crate::conclude::{self, failed};
use crate::json::{at, id, keep, text};
use crate::markup::digits_after;
use crate::page::{self, Page};

/// Reads an answer, which names the pin only inside its embed code.
pub(super) fn read(page: &Page<'_>, root: &Value) -> Observation {
    let code = at(root, &["html"]).as_str().unwrap_or("");
    let external_id = digits_after(code, "embed.html?id=").and_then(|digits| id(&Value::from(digits)));
    let Some(external_id) = external_id else {
        return match page.http_status {
            Some(400 | 404) => failed(OEMBED, Outcome::NotFound, "oEmbed knows no such pin"),
            Some(_) | None => page::unread(page, OEMBED, "an oEmbed answer without a pin"),
        };
    };
    let mut facts = PostFacts::bare(Platform::Pinterest, external_id);
    facts.author.username = at(root, &["author_url"]).as_str().and_then(username_in);
    facts.description = text(at(root, &["title"]));
    facts.cover_image_url = text(at(root, &["thumbnail_url"]));
    for key in ["author_name", "author_url"] {
        keep(&mut facts.platform_data, key, at(root, &[key]));
    }
    conclude::post(page, OEMBED, facts, None)
}
