//! The mobile API's bodies: `users/{id}/info`, and `items[]` as `?__a=1` gave it from 2022.

use domain::{Observation, PostFacts, ProfileFacts, ProfileMetrics, Reading};
use serde_json::{Map, Value};

use super::media;
use super::polaris::{UNSUPPORTED, bare_profile};
use crate::conclude::{self, Listing, WhenEmpty, is_post};
use crate::json::{at, count, first_object, flag, id, keep, list, text};
use crate::page::Page;

/// Reads `{user: {pk, username, follower_count, …}}`.
pub(crate) fn profile(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let user =
        first_object(root, |object| ["username", "pk", "follower_count"].iter().all(|key| object.contains_key(*key)))?;
    let reading = |key: &str| Reading::exact(count(at(user, &[key])));
    let mut platform_data = Map::new();
    keep(&mut platform_data, "category", at(user, &["category"]));
    keep(&mut platform_data, "fbid", at(user, &["fbid_v2"]));
    let facts = ProfileFacts {
        name: text(at(user, &["full_name"])),
        description: text(at(user, &["biography"])),
        profile_pic_url: text(at(user, &["hd_profile_pic_url_info", "url"]))
            .or_else(|| text(at(user, &["profile_pic_url"]))),
        is_verified: flag(at(user, &["is_verified"])),
        is_private: flag(at(user, &["is_private"])),
        link_in_bio: text(at(user, &["external_url"])),
        metrics: ProfileMetrics {
            followers: reading("follower_count"),
            following: reading("following_count"),
            posts: reading("media_count"),
            likes: UNSUPPORTED,
        },
        platform_data,
        ..bare_profile(Some(id(at(user, &["pk"]))?), text(at(user, &["username"]))?.to_lowercase())
    };
    Some(conclude::profile(page, adapter, facts, Vec::new(), None))
}

/// Reads `{items: […]}` as one post's answer.
pub(crate) fn post(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let facts = items(root)?;
    let wanted = facts.iter().find(|facts| page.expect.is_none_or(|expected| is_post(facts, expected)));
    Some(conclude::post(page, adapter, wanted.or(facts.first())?.clone(), None))
}

/// Reads `{items: […], more_available}` as an account's list.
pub(crate) fn feed(page: &Page<'_>, root: &Value, adapter: &'static str) -> Option<Observation> {
    let posts = items(root)?;
    let profile = posts.iter().find_map(|post| {
        let (id, name) = (post.author.platform_id.as_deref()?, post.author.username.as_deref()?);
        let asked_for = page.expect.is_none_or(|expected| conclude::is_account(expected, Some(name), Some(id)));
        asked_for.then(|| bare_profile(Some(id.to_owned()), name.to_owned()))
    });
    let own = |post: &PostFacts| {
        let owner = profile.as_ref().and_then(|profile| profile.platform_id.as_ref());
        owner.is_none() || post.author.platform_id.is_none() || post.author.platform_id.as_ref() == owner
    };
    let posts = posts.into_iter().filter(own).collect();
    let is_end = at(root, &["status"]) == "ok" && flag(at(root, &["more_available"])) == Some(false);
    let when_empty = if is_end {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("a list without items that does not say it ended")
    };
    Some(conclude::feed(page, adapter, Listing { profile, posts, when_empty }))
}

fn items(root: &Value) -> Option<Vec<PostFacts>> {
    let holder = first_object(root, |object| object.get("items").is_some_and(Value::is_array))?;
    Some(list(at(holder, &["items"])).iter().filter_map(media::item).collect())
}
