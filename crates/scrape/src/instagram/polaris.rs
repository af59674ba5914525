//! Today's logged-out pages, and the GraphQL answers of the same shape: profile, timeline, reels tab and post. A post's block holds twelve other
//! posts of its author, so the post is picked by its code.

use domain::{MetricStatus, Observation, Outcome, Platform, PostFacts, ProfileFacts, ProfileMetrics, Reading};
use serde_json::{Map, Value};

use super::{
    POLARIS_POST, POLARIS_PROFILE, POLARIS_TIMELINE, REELS_TAB, WEB_INFO, WEB_INFO_KEY, media, meta, named_handle,
};
use crate::conclude::{self, Listing, WhenEmpty, failed, is_post};
use crate::json::{all, at, count, flag, id, is_set, keep, list, text};
use crate::page::{Page, PageKind};
use crate::text_counts::TextCounts;

/// Reads the blocks of a page, or of an API body when there is no page around them.
pub(crate) fn read(page: &Page<'_>, blocks: &[Value], html: Option<&str>) -> Option<Observation> {
    let find = |key: &str| blocks.iter().flat_map(|block| all(block, key)).collect::<Vec<_>>();
    let users = find("xig_user_by_username");
    let posts = find("xig_polaris_media");
    match page.kind {
        PageKind::Profile | PageKind::Feed if !users.is_empty() => Some(account(page, &users, html)),
        PageKind::Post | PageKind::Oembed if !posts.is_empty() => Some(post(page, &posts)),
        PageKind::Post | PageKind::Oembed => web_info(page, &find(WEB_INFO_KEY)).or_else(|| {
            (!users.is_empty())
                .then(|| failed(POLARIS_PROFILE, Outcome::ParseError, "asked for a post, the page is about an account"))
        }),
        PageKind::Profile | PageKind::Feed => (!posts.is_empty())
            .then(|| failed(POLARIS_POST, Outcome::ParseError, "asked for an account, the page is about a post")),
    }
}

fn account(page: &Page<'_>, users: &[&Value], html: Option<&str>) -> Observation {
    let users: Vec<&Value> = users.iter().copied().filter(|user| user.is_object()).collect();
    if users.is_empty() {
        // Without a page around it, the same null answers a question that was put to the wrong address.
        return if html.is_some() {
            failed(POLARIS_PROFILE, Outcome::NotFound, "the page's own look-up found no such account")
        } else {
            failed(POLARIS_PROFILE, Outcome::Blocked, "a null account, which without its page proves nothing")
        };
    }
    let in_text = html.map(meta::profile_counts).unwrap_or_default();
    let profile = users.iter().find_map(|user| profile(user, &in_text)).or_else(|| {
        let pk = users.iter().find_map(|user| id(at(user, &["pk"])))?;
        unnamed(page, pk, html)
    });
    match (page.kind, profile) {
        (PageKind::Profile, Some(profile)) if users.iter().any(|user| user.get("follower_count").is_some()) => {
            let posts = nodes(&users, "polaris_ordered_timeline_connection", &profile);
            conclude::profile(page, POLARIS_PROFILE, profile, posts, None)
        }
        (PageKind::Profile, None) => {
            failed(POLARIS_PROFILE, Outcome::ParseError, "the account's block does not say whose it is")
        }
        (PageKind::Profile, Some(_)) => {
            failed(POLARIS_PROFILE, Outcome::Blocked, "the account's block carries no counts")
        }
        (PageKind::Feed | PageKind::Post | PageKind::Oembed, Some(profile)) => feed(page, &users, profile),
        (PageKind::Feed | PageKind::Post | PageKind::Oembed, None) => {
            failed(POLARIS_TIMELINE, Outcome::ParseError, "the list does not say whose it is")
        }
    }
}

/// The account of a list that gives its id alone. The page around it may name it; else, unless the platform redirected, it is the one that
/// was looked up by its name. Where nobody in particular was asked for, it stays without a name.
fn unnamed(page: &Page<'_>, platform_id: String, html: Option<&str>) -> Option<ProfileFacts> {
    let asked_for = match page.expect {
        // A profile page names its account; one that does not may be anybody's.
        _ if page.kind == PageKind::Profile => None,
        Some(_) if page.redirected_to.is_some() => None,
        Some(expected) => Some(expected.to_lowercase()),
        None => Some(NAMELESS.to_owned()),
    };
    let username = html.and_then(named_handle).or(asked_for)?;
    let metrics = ProfileMetrics { likes: UNSUPPORTED, ..ProfileMetrics::default() };
    Some(ProfileFacts { metrics, ..bare_profile(Some(platform_id), username) })
}

/// Stands for the handle of an account that is known by its id alone; such an account is left out of the observation.
const NAMELESS: &str = "";

/// Instagram counts no likes over all posts.
pub(crate) const UNSUPPORTED: Reading = Reading::Null(MetricStatus::Unsupported);

/// A profile of which nothing is known but its names.
pub(crate) fn bare_profile(platform_id: Option<String>, username: String) -> ProfileFacts {
    ProfileFacts {
        platform: Platform::Instagram,
        platform_id,
        username,
        name: None,
        description: None,
        profile_pic_url: None,
        is_verified: None,
        is_private: None,
        link_in_bio: None,
        metrics: ProfileMetrics::default(),
        platform_data: Map::new(),
    }
}

fn profile(user: &Value, in_text: &TextCounts) -> Option<ProfileFacts> {
    let username = text(at(user, &["username"]))?.to_lowercase();
    let own_count = ["all_media_count", "media_count"].iter().find_map(|key| count(at(user, &[key])));
    let mut platform_data = Map::new();
    keep(&mut platform_data, "fbid", at(user, &["id"]));
    keep(&mut platform_data, "threads_name", at(user, &["text_post_app_badge_label"]));
    for key in ["is_unpublished", "is_memorialized", "has_any_clips"] {
        keep(&mut platform_data, key, at(user, &[key]));
    }
    Some(ProfileFacts {
        name: text(at(user, &["full_name"])),
        description: text(at(user, &["biography"])),
        profile_pic_url: text(at(user, &["profile_pic_url"])),
        is_verified: flag(at(user, &["is_verified"])),
        is_private: flag(at(user, &["is_private"])),
        link_in_bio: list(at(user, &["bio_links"])).iter().find_map(|link| text(at(link, &["url"]))),
        metrics: ProfileMetrics {
            followers: Reading::exact(count(at(user, &["follower_count"]))),
            following: Reading::exact(count(at(user, &["following_count"]))),
            posts: Reading::exact(own_count).or(in_text.posts),
            likes: UNSUPPORTED,
        },
        platform_data,
        ..bare_profile(Some(id(at(user, &["pk"]))?), username)
    })
}

fn feed(page: &Page<'_>, users: &[&Value], mut profile: ProfileFacts) -> Observation {
    let has = |key: &str| users.iter().any(|user| at(user, &[key, "edges"]).is_array());
    let (adapter, key) = if has("polaris_clips_connection") {
        (REELS_TAB, "polaris_clips_connection")
    } else {
        (POLARIS_TIMELINE, "polaris_ordered_timeline_connection")
    };
    let info = |name: &str| users.iter().map(|user| at(user, &[key, "page_info", name])).find(|value| !value.is_null());
    let has_more = info("has_next_page").and_then(flag);
    if let Some(has_more) = has_more {
        profile.platform_data.insert("feed_has_more".to_owned(), has_more.into());
    }
    let is_listed_empty = has(key) && users.iter().all(|user| list(at(user, &[key, "edges"])).is_empty());
    // Guests are given empty lists after too many requests too: the account itself must say that it has nothing to list.
    let has_clips = users.iter().find_map(|user| flag(at(user, &["has_any_clips"])));
    let has_none = profile.metrics.posts.value() == Some(0) || (adapter == REELS_TAB && has_clips == Some(false));
    let when_empty = if is_listed_empty && has_more != Some(true) && has_none {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("an empty list of an account that does not say it has none, as after too many requests")
    };
    let posts = nodes(users, key, &profile);
    conclude::feed(
        page,
        adapter,
        Listing { profile: Some(profile).filter(|profile| profile.username != NAMELESS), posts, when_empty },
    )
}

/// The nodes of a connection that the account made, alone or with others.
fn nodes(users: &[&Value], connection: &str, owner: &ProfileFacts) -> Vec<PostFacts> {
    let own =
        users.iter().filter(|user| id(at(user, &["pk"])).is_none_or(|pk| Some(&pk) == owner.platform_id.as_ref()));
    let edges = own.flat_map(|user| list(at(user, &[connection, "edges"])));
    edges
        .map(|edge| at(edge, &["node"]))
        .filter(|node| is_own(node, owner.platform_id.as_deref()))
        .filter_map(media::item)
        .collect()
}

fn is_own(node: &Value, owner: Option<&str>) -> bool {
    let makers = std::iter::once(at(node, &["user"])).chain(list(at(node, &["coauthor_producers"])));
    let mut makers = makers.filter_map(|user| id(at(user, &["pk"]))).peekable();
    makers.peek().is_none() || makers.any(|maker| Some(maker.as_str()) == owner)
}

fn post(page: &Page<'_>, found: &[&Value]) -> Observation {
    let found: Vec<&Value> = found.iter().copied().filter(|media| media.is_object()).collect();
    let asked_for = |outer: &&&Value| {
        page.expect.is_none_or(|expected| media::item(outer).is_some_and(|facts| is_post(&facts, expected)))
    };
    let Some(outer) = found.iter().find(asked_for).or(found.first()) else {
        return failed(POLARIS_POST, Outcome::NotFound, "the page's own look-up found no such post");
    };
    let inner = at(outer, &["if_not_gated_logged_out"]);
    let gate = at(outer, &["gating_ruling"]);
    let body = if inner.is_object() { inner } else { outer };
    let Some(facts) = media::item(body) else {
        return failed(POLARIS_POST, Outcome::ParseError, "the post's block carries no id");
    };
    if inner.is_null() && gate.is_null() && !is_set(at(outer, &["taken_at"])) {
        return failed(POLARIS_POST, Outcome::Blocked, "the post's block is empty");
    }
    if media::item(outer).is_some_and(|own| own.external_id != facts.external_id) {
        return failed(
            POLARIS_POST,
            Outcome::ParseError,
            "the page contradicts itself: one post under the name of another",
        );
    }
    let withheld = inner.is_null().then(|| gate_reason(gate)).flatten();
    conclude::post(page, POLARIS_POST, facts, withheld)
}

fn gate_reason(gate: &Value) -> Option<String> {
    let kind = count(at(gate, &["gating_type"]))?;
    let title = at(gate, &["title"]).as_str().unwrap_or("").to_lowercase();
    let says = |word: &str| title.contains(word);
    let reason = if says("region") || says("country") {
        "not available in this region"
    } else if says("age") || says("restricted") {
        "restricted by age"
    } else {
        "gated"
    };
    Some(format!("withheld: {reason} (gating type {kind})"))
}

fn web_info(page: &Page<'_>, found: &[&Value]) -> Option<Observation> {
    let items: Vec<&Value> = found.iter().flat_map(|info| list(at(info, &["items"]))).collect();
    let facts: Vec<PostFacts> = items.into_iter().filter_map(media::item).collect();
    let wanted = facts.iter().find(|facts| page.expect.is_none_or(|expected| is_post(facts, expected)));
    match wanted.or(facts.first()) {
        Some(facts) => Some(conclude::post(page, WEB_INFO, facts.clone(), None)),
        None if found.is_empty() => None,
        None if found.iter().all(|info| info.is_null()) => {
            Some(failed(WEB_INFO, Outcome::NotFound, "the page's own look-up found no such post"))
        }
        None => Some(failed(WEB_INFO, Outcome::Blocked, "an empty media answer, as given to refused guests")),
    }
}
