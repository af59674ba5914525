//! `SIGI_STATE`, the block of 2021 to 2023: modules of users and items by handle and id. Items that the page recommends stand among the
//! asked-for ones, so everything is picked by handle or id.

use domain::{Observation, Outcome, PostFacts, ProfileFacts};
use serde::Deserialize;
use serde_json::Value;

use super::{SIGI_STATE, feed, post, profile, signals};
use crate::conclude::{self, Listing, WhenEmpty, failed, same_handle};
use crate::json::{MAX_LIST, NULL, at, list};
use crate::page::{Page, PageKind};
use crate::tree;

/// The modules that are read.
#[derive(Deserialize)]
pub(crate) struct State {
    #[serde(rename = "ItemModule", default, deserialize_with = "tree::whole")]
    items: Value,
    #[serde(rename = "ItemList", default, deserialize_with = "tree::whole")]
    lists: Value,
    #[serde(rename = "UserModule", default, deserialize_with = "tree::whole")]
    users: Value,
    #[serde(rename = "UserPage", default, deserialize_with = "tree::whole")]
    user_page: Value,
    #[serde(rename = "VideoPage", default, deserialize_with = "tree::whole")]
    video_page: Value,
}

/// Reads the block.
pub(crate) fn read(page: &Page<'_>, state: &State) -> Option<Observation> {
    match page.kind {
        PageKind::Post | PageKind::Oembed => read_post(page, state),
        PageKind::Profile | PageKind::Feed => read_profile(page, state),
    }
}

fn read_post(page: &Page<'_>, state: &State) -> Option<Observation> {
    if let Some(failure) = signals::of_status(SIGI_STATE, &state.video_page) {
        return Some(failure);
    }
    let listed = list(at(&state.lists, &["video", "list"])).first().and_then(Value::as_str);
    let sole = state.items.as_object().filter(|items| items.len() == 1).and_then(|items| items.keys().next());
    let wanted = page.expect.filter(|id| state.items.get(id).is_some()).or(listed).or(sole.map(String::as_str))?;
    let item = at(&state.items, &[wanted]);
    Some(conclude::post(page, SIGI_STATE, post::item(item)?, post::withheld(item)))
}

fn read_profile(page: &Page<'_>, state: &State) -> Option<Observation> {
    if let Some(failure) = signals::of_status(SIGI_STATE, &state.user_page) {
        return Some(failure);
    }
    // Only the page's own account has counts; the other users are authors of recommended items.
    let counted = at(&state.users, &["stats"]).as_object();
    let own = at(&state.user_page, &["uniqueId"]).as_str();
    let Some(handle) = own.or_else(|| counted.and_then(|handles| handles.keys().next()).map(String::as_str)) else {
        let is_post = !state.items.is_null() && !state.video_page.is_null();
        return is_post
            .then(|| failed(SIGI_STATE, Outcome::ParseError, "asked for an account, the page is about a post"));
    };
    let owner = profile::facts(
        under(at(&state.users, &["users"]), handle),
        &NULL,
        under(at(&state.users, &["stats"]), handle),
    )?;
    let posts = posts_of(state, &owner);
    if page.kind == PageKind::Profile {
        return Some(conclude::profile(page, SIGI_STATE, owner, posts, None));
    }
    let listed = at(&state.lists, &["user-post", "list"]).as_array();
    let when_empty = if listed.is_some_and(Vec::is_empty) && owner.metrics.posts.value() == Some(0) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("the page names no posts of an account that has some")
    };
    Some(conclude::feed(page, SIGI_STATE, Listing { profile: Some(owner), posts, when_empty }))
}

/// The value under a handle, whose case may differ.
fn under<'a>(module: &'a Value, handle: &str) -> &'a Value {
    let members = module.as_object();
    members.and_then(|m| m.iter().find(|(key, _)| same_handle(key, handle))).map_or(&NULL, |(_, value)| value)
}

/// The account's items, in the order of its list where there is one.
fn posts_of(state: &State, owner: &ProfileFacts) -> Vec<PostFacts> {
    let ids = list(at(&state.lists, &["user-post", "list"]));
    let items: Vec<&Value> = if ids.is_empty() {
        state.items.as_object().into_iter().flat_map(|items| items.values()).take(MAX_LIST).collect()
    } else {
        ids.iter().filter_map(|id| state.items.get(id.as_str()?)).collect()
    };
    feed::own(items.into_iter().filter_map(post::item).collect(), owner)
}
