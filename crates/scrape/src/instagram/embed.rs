//! Embed pages of posts and profiles: a context that is JSON inside a JSON string, or, for single images, the markup itself.

use domain::{MediaType, Observation, Outcome, Platform, PostFacts, ProfileFacts, Reading, shortcode};
use scraper::{Html, Selector};
use serde_json::Value;

use super::meta::post_code;
use super::polaris::{UNSUPPORTED, bare_profile};
use super::{EMBED, graphql, media};
use crate::conclude::{self, failed, is_post};
use crate::html;
use crate::json::{NULL, at, count, first_object, flag, id, list, read as read_json, text};
use crate::markup::{contains, decoded, find};
use crate::page::{Page, PageKind};
use crate::text_counts::TextCounts;

/// Reads an embed page; `None` when it is none.
pub(crate) fn read(page: &Page<'_>, html: &str) -> Option<Observation> {
    let context = context(html);
    if let Some(context) = &context {
        let found = match page.kind {
            PageKind::Post | PageKind::Oembed => {
                graphql::post(page, at(context, &["gql_data"]), EMBED).filter(|seen| seen.outcome != Outcome::Blocked)
            }
            PageKind::Profile | PageKind::Feed => profile(page, context),
        };
        if found.is_some() {
            return found;
        }
    }
    let body = embed_body(html)?;
    if has_class(body, "EmbedIsBroken") {
        return Some(broken(
            page,
            body,
            "withheld: removed, private or not embeddable; the embed page does not tell which",
        ));
    }
    markup(page, body)
}

/// The value of `"contextJSON":"…"`, parsed twice.
fn context(page: &str) -> Option<Value> {
    let from = find(page, "\"contextJSON\":")? + "\"contextJSON\":".len();
    let text: Value = read_json(page.get(from..)?.trim_start())?;
    read_json(text.as_str()?)
}

fn profile(page: &Page<'_>, root: &Value) -> Option<Observation> {
    let user = first_object(root, |object| object.contains_key("owner_id") && object.contains_key("username"))?;
    let mut facts: ProfileFacts =
        bare_profile(Some(id(at(user, &["owner_id"]))?), text(at(user, &["username"]))?.to_lowercase());
    facts.name = text(at(user, &["full_name"]));
    facts.profile_pic_url = text(at(user, &["profile_pic_url"]));
    facts.is_private = flag(at(user, &["is_private"]));
    facts.is_verified = flag(at(user, &["is_verified"]));
    facts.metrics.followers = Reading::exact(count(at(user, &["followers_count"])));
    facts.metrics.posts = Reading::exact(count(at(user, &["posts_count"])));
    facts.metrics.likes = UNSUPPORTED;
    let wrapped = |value: &Value| {
        let inner = at(value, &["shortcode_media"]);
        graphql::node_facts(if inner.is_object() { inner } else { value })
    };
    let posts = list(at(user, &["graphql_media"])).iter().filter_map(wrapped).collect();
    Some(conclude::profile(page, EMBED, facts, posts, None))
}

/// The page's embed element, from its opening tag to the next script.
fn embed_body(page: &str) -> Option<&str> {
    let at = find(page, "class=\"Embed ")?;
    let start = page.get(..at)?.rfind('<')?;
    let body = page.get(start..)?;
    body.get(..find(body, "<script").unwrap_or(body.len()))
}

/// Whether the class list of the element at the start of `body` holds `class`.
fn has_class(body: &str, class: &str) -> bool {
    let classes = body.split_once("class=\"").and_then(|(_, after)| after.split('"').next());
    classes.is_some_and(|classes| classes.split_whitespace().any(|name| name == class))
}

/// A withheld post, named by its permalink where there is one.
fn broken(page: &Page<'_>, body: &str, reason: &str) -> Observation {
    let permalink = body.split_once("data-permalink=\"").and_then(|(_, after)| after.split('"').next()).map(decoded);
    let code = permalink.as_deref().and_then(post_code);
    match code.and_then(|code| Some((code, shortcode::to_media_id(code)?))) {
        Some((code, id)) => {
            let mut facts = PostFacts::bare(Platform::Instagram, id.to_string());
            facts.shortcode = Some(code.to_owned());
            conclude::post(page, EMBED, facts, Some(reason.to_owned()))
        }
        None => failed(EMBED, Outcome::Private, reason),
    }
}

/// A single image's embed, whose facts stand in the markup.
fn markup(page: &Page<'_>, body: &str) -> Option<Observation> {
    let tree = html::fragment(body)?;
    let attribute =
        |selector: &str, name: &str| first(&tree, selector).and_then(|e| e.value().attr(name).map(str::to_owned));
    let media_id = attribute("[data-media-id]", "data-media-id").map(Value::from).and_then(|value| id(&value))?;
    let mut facts = PostFacts::bare(Platform::Instagram, media_id);
    facts.shortcode = facts.external_id.parse().ok().map(shortcode::from_media_id);
    facts.author.username = words(&tree, ".UsernameText").map(|name| name.to_lowercase());
    facts.author.platform_id =
        attribute("[data-owner-id]", "data-owner-id").map(Value::from).and_then(|value| id(&value));
    facts.description = words(&tree, ".Caption");
    facts.set_created(media::created(&NULL, &facts.external_id));
    facts.media_type = attribute("[data-media-type]", "data-media-type").as_deref().and_then(media::named_type);
    facts.cover_image_url = attribute("img.EmbeddedMediaImage", "src");
    facts.metrics.likes = words(&tree, ".SocialProof").map(|text| TextCounts::of(&text).likes).unwrap_or_default();
    let comments = words(&tree, ".CaptionComments").and_then(|text| text.strip_prefix("View all ").map(str::to_owned));
    facts.metrics.comments = comments.map(|text| TextCounts::of(&text).comments).unwrap_or_default();
    if contains(body, "WatchOnInstagram") {
        facts.media_type = Some(MediaType::Video);
        facts.platform_data.insert("video_withheld".to_owned(), Value::Bool(true));
    }
    let asked_for = page.expect.is_none_or(|expected| is_post(&facts, expected));
    let says_something = facts.author.username.is_some() || facts.metrics.likes.value().is_some();
    (says_something || !asked_for).then(|| conclude::post(page, EMBED, facts, None))
}

fn first<'a>(tree: &'a Html, selector: &str) -> Option<scraper::ElementRef<'a>> {
    tree.select(&Selector::parse(selector).ok()?).next()
}

fn words(tree: &Html, selector: &str) -> Option<String> {
    let text: String = first(tree, selector)?.text().collect::<Vec<_>>().join(" ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}
