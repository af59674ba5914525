//! Lists of an account's posts: the web API's `item_list`, and the embedded creator page, which names the newest posts and their plays.

use domain::{MediaType, Observation, Outcome, PostFacts, ProfileFacts, Reading};
use serde_json::Value;

use super::{EMBED, ITEM_LIST, post, profile, signals};
use crate::conclude::{self, Listing, WhenEmpty, is_account};
use crate::json::{NULL, at, count, first_object, flag, id, is_set, keep, list, perhaps_rounded, text};
use crate::page::{Page, PageKind};

/// A 32-bit counter of the platform's stops here, whatever the true number.
const SATURATED: i64 = 2_100_000_000;

/// The posts that are this account's, or do not say whose they are.
pub(crate) fn own(posts: Vec<PostFacts>, owner: &ProfileFacts) -> Vec<PostFacts> {
    let is_own = |post: &PostFacts| {
        let author = &post.author;
        let unnamed = author.username.is_none() && author.platform_id.is_none();
        unnamed
            || is_account(&owner.username, author.username.as_deref(), None)
            || (author.platform_id.is_some() && author.platform_id == owner.platform_id)
    };
    posts.into_iter().filter(is_own).collect()
}

/// Reads `{itemList, cursor, hasMore, statusCode}`.
pub(crate) fn item_list(page: &Page<'_>, root: &Value) -> Observation {
    if let Some(failure) = signals::of_status(ITEM_LIST, root) {
        return failure;
    }
    let items = list(at(root, &["itemList"]));
    let mut owner = items.iter().find_map(|item| {
        let author = at(item, &["author"]);
        let asked_for = page.expect.is_none_or(|expected| {
            is_account(expected, at(author, &["uniqueId"]).as_str(), at(author, &["id"]).as_str())
        });
        asked_for.then(|| profile::facts(author, &NULL, at(item, &["authorStats"])))?
    });
    let named = |item: &Value| text(at(item, &["author", "uniqueId"]));
    let is_asked_for = |name: String| page.expect.is_none_or(|expected| is_account(expected, Some(&name), None));
    // Also where the post of the one author that is named cannot be read, and the others are known by their ids alone.
    let mut authors = items.iter().filter_map(named).peekable();
    if owner.is_none() && authors.peek().is_some() && !authors.any(is_asked_for) {
        return conclude::failed(ITEM_LIST, Outcome::ParseError, "the list is somebody else's");
    }
    if let Some(owner) = &mut owner {
        keep(&mut owner.platform_data, "feed_cursor", at(root, &["cursor"]));
        keep(&mut owner.platform_data, "feed_has_more", at(root, &["hasMore"]));
    }
    let shown = items.iter().filter(|item| post::withheld(item).is_none());
    let mut posts: Vec<_> = shown.filter_map(post::item).collect();
    if let Some(owner) = &owner {
        posts = own(posts, owner);
    }
    let is_end = at(root, &["itemList"]).is_array() && items.is_empty() && flag(at(root, &["hasMore"])) == Some(false);
    let when_empty = if is_end {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a list without items that does not say it ended")
    };
    as_asked(page, ITEM_LIST, Listing { profile: owner, posts, when_empty })
}

/// Reads `source.data["/embed/@handle"]` of an embed page.
pub(crate) fn embed(page: &Page<'_>, root: &Value) -> Option<Observation> {
    let data = at(root, &["source", "data"]);
    if page.kind == PageKind::Post {
        return post::of_2020(
            page,
            EMBED,
            at(first_object(data, |object| object.contains_key("videoData"))?, &["videoData"]),
        );
    }
    let entry = first_object(data, |object| object.contains_key("userInfo"))?;
    let user = at(entry, &["userInfo"]);
    if let Some(failure) =
        signals::of_status(EMBED, &serde_json::json!({ "statusCode": at(user, &["customErrorCode"]) }))
    {
        return Some(failure);
    }
    let mut owner = profile::facts(user, &NULL, user)?;
    owner.metrics.likes = perhaps_rounded(count(at(user, &["heartCount"])).filter(|hearts| *hearts < SATURATED));
    let videos = at(entry, &["videoList"]);
    let posts = list(videos).iter().filter(|video| !is_set(at(video, &["privateItem"]))).filter_map(embedded).collect();
    let posts = own(posts, &owner);
    let when_empty = if videos.as_array().is_some_and(Vec::is_empty) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("the embed page lists no post that can be shown")
    };
    Some(as_asked(page, EMBED, Listing { profile: Some(owner), posts, when_empty }))
}

/// A list answers a question about the account too.
fn as_asked(page: &Page<'_>, adapter: &'static str, listing: Listing) -> Observation {
    match (page.kind, listing.profile) {
        (PageKind::Profile, Some(owner)) => conclude::profile(page, adapter, owner, listing.posts, None),
        (PageKind::Post, _) => conclude::failed(adapter, Outcome::ParseError, "asked for a post, the body is a list"),
        (PageKind::Profile | PageKind::Feed | PageKind::Oembed, profile) => {
            conclude::feed(page, adapter, Listing { profile, ..listing })
        }
    }
}

fn embedded(video: &Value) -> Option<PostFacts> {
    let mut facts = post::bare(id(at(video, &["id"]))?);
    facts.author.username = text(at(video, &["authorUniqueId"])).map(|name| name.to_lowercase());
    facts.description = text(at(video, &["desc"]));
    facts.set_created(post::created(at(video, &["createTime"]), &facts.external_id));
    facts.media_type = Some(MediaType::Video);
    facts.cover_image_url = ["coverUrl", "cover", "originCoverUrl"].iter().find_map(|key| text(at(video, &[key])));
    let plays: Reading = perhaps_rounded(count(at(video, &["playCount"])));
    facts.metrics.plays = plays;
    facts.metrics.views = plays;
    Some(facts)
}
