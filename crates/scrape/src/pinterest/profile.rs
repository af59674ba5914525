//! The account that a page is about. No page of this kind has been recorded: the names of the members are those that public clients read from
//! `UserResource` (snake case), from the page's store (the same), and those that the platform's own app asks its queries for
//! (`followerCount`, `fullName`, `imageXlargeUrl`, `isPrivateProfile`, …). So the account must name itself as the one that was asked for, and
//! members that are not there are not provided rather than nought.

use std::collections::HashSet;

use domain::{Observation, Outcome, Platform, PostFacts, ProfileFacts, ProfileMetrics, Reading};
use serde_json::{Map, Value};

use super::blocks::{Block, Found, PINS, USERS, entity_id, found, together};
use super::{UNSUPPORTED, either, pin};
use crate::conclude::{self, Listing, WhenEmpty, failed, is_account, same_handle};
use crate::json::{at, count, flag, keep, text};
use crate::page::{Page, PageKind};

/// Reads the account that was asked for; `None` when no account with counts stands in the page.
pub(super) fn read(page: &Page<'_>, blocks: &[Block]) -> Option<Observation> {
    let counted = |user: &Value| count(either(user, &["followerCount", "follower_count"])).is_some();
    let users: Vec<(String, Found<'_>)> = found(blocks, &USERS)
        .into_iter()
        .filter_map(|user| Some((text(at(user.value, &["username"]))?.to_lowercase(), user)))
        .filter(|(_, user)| entity_id(user.value).is_some())
        .collect();
    let is_expected = |(name, user): &&(String, Found<'_>)| {
        page.expect.is_some_and(|expected| is_account(expected, Some(name), entity_id(user.value).as_deref()))
    };
    // A renamed account's old address leads to the new one.
    let is_led_to =
        |(name, _): &&(String, Found<'_>)| page.redirect_segments().any(|segment| same_handle(segment, name));
    let wanted = users
        .iter()
        .find(is_expected)
        .or_else(|| users.iter().find(is_led_to))
        .or_else(|| users.iter().find(|(_, user)| user.is_asked_for))?;
    let whole = together(users.iter().filter(|(name, _)| *name == wanted.0).map(|(_, user)| user.value));
    let adapter = wanted.1.adapter;
    if !counted(&whole) {
        return Some(failed(adapter, Outcome::Blocked, "the account's block carries no counts"));
    }
    let facts = facts(&whole)?;
    let posts = own_pins(blocks, &facts);
    Some(match page.kind {
        PageKind::Profile => conclude::profile(page, adapter, facts, posts, None),
        PageKind::Feed | PageKind::Post | PageKind::Oembed => {
            let when_empty = if facts.metrics.posts.value() == Some(0) {
                WhenEmpty::Certain
            } else {
                WhenEmpty::Doubtful("the page carries no list of pins")
            };
            conclude::feed(page, adapter, Listing { profile: Some(facts), posts, when_empty })
        }
    })
}

fn facts(user: &Value) -> Option<ProfileFacts> {
    let reading = |keys: &[&str]| Reading::exact(count(either(user, keys)));
    let pictures = [
        "imageXlargeUrl",
        "image_xlarge_url",
        "imageLargeUrl",
        "image_large_url",
        "imageMediumUrl",
        "image_medium_url",
    ];
    let mark = either(user, &["verifiedIdentity", "verified_identity"]);
    let is_merchant = flag(either(user, &["isVerifiedMerchant", "is_verified_merchant"]));
    let is_marked = mark.is_object().then(|| flag(at(mark, &["verified"])) == Some(true));
    let mut platform_data = Map::new();
    for (keys, name) in [
        (["boardCount", "board_count"], "board_count"),
        (["profileViews", "profile_views"], "monthly_views"),
        (["videoPinCount", "video_pin_count"], "video_pin_count"),
        (["createdAt", "created_at"], "create_time"),
    ] {
        keep(&mut platform_data, name, either(user, &keys));
    }
    Some(ProfileFacts {
        platform: Platform::Pinterest,
        platform_id: Some(entity_id(user)?),
        username: text(at(user, &["username"]))?.to_lowercase(),
        name: text(either(user, &["fullName", "full_name"])),
        description: text(at(user, &["about"])),
        profile_pic_url: pictures.iter().find_map(|key| text(at(user, &[key]))),
        is_verified: if is_merchant == Some(true) { Some(true) } else { is_marked.or(is_merchant) },
        is_private: flag(either(user, &["isPrivateProfile", "is_private_profile"])),
        link_in_bio: text(either(user, &["websiteUrl", "website_url"]))
            .or_else(|| text(either(user, &["domainUrl", "domain_url"]))),
        metrics: ProfileMetrics {
            followers: reading(&["followerCount", "follower_count"]),
            following: reading(&["followingCount", "following_count"]),
            posts: reading(&["pinCount", "pin_count"]),
            likes: UNSUPPORTED,
        },
        platform_data,
    })
}

/// The pins in the page that say that they are this account's.
fn own_pins(blocks: &[Block], owner: &ProfileFacts) -> Vec<PostFacts> {
    let mut seen = HashSet::new();
    let pins = found(blocks, &PINS).into_iter().filter_map(|found| pin::facts(found.value));
    let own = pins.filter(|pin| pin.author.username.as_deref() == Some(owner.username.as_str()));
    own.filter(|pin| seen.insert(pin.external_id.clone())).collect()
}
