//! TikTok's oEmbed answers: no counts, but caption, author and cover of a post that exists.

use domain::{MediaType, Observation, Outcome};
use serde_json::Value;

use super::{OEMBED, post, signals};
use crate::conclude::{self, failed};
use crate::json::{NULL, at, id, keep, text};
use crate::markup::digits_after;
use crate::page::{self, Page};

/// Reads an answer. Older ones name the post only inside their embed code.
pub(crate) fn read(page: &Page<'_>, root: &Value) -> Option<Observation> {
    if at(root, &["author_url"]).is_null() {
        return Some(refusal(page, root));
    }
    let code = at(root, &["html"]).as_str().unwrap_or("");
    let in_code = digits_after(code, "data-video-id=").or_else(|| digits_after(code, "/video/")).map(Value::from);
    let external_id = id(at(root, &["embed_product_id"])).or_else(|| id(&in_code?))?;
    let mut facts = post::bare(external_id);
    let author_url = at(root, &["author_url"]).as_str().unwrap_or("");
    let handle = text(at(root, &["author_unique_id"]))
        .or_else(|| author_url.rsplit_once('@').map(|(_, handle)| handle.to_owned()));
    facts.author.username = handle.map(|handle| handle.to_lowercase());
    facts.description = text(at(root, &["title"]));
    facts.set_created(post::created(&NULL, &facts.external_id));
    facts.media_type =
        (at(root, &["embed_type"]) == "video" || at(root, &["type"]) == "video").then_some(MediaType::Video);
    facts.cover_image_url = text(at(root, &["thumbnail_url"]));
    for key in ["author_name", "author_url"] {
        keep(&mut facts.platform_data, key, at(root, &[key]));
    }
    Some(conclude::post(page, OEMBED, facts, None))
}

fn refusal(page: &Page<'_>, root: &Value) -> Observation {
    if matches!(page.http_status, Some(400 | 404)) {
        return failed(OEMBED, Outcome::NotFound, "oEmbed knows no such post");
    }
    signals::of_status(OEMBED, root).unwrap_or_else(|| page::unread(page, OEMBED, "an oEmbed answer without a post"))
}
