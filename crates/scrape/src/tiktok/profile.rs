//! The account on a profile page. The exact counts stand in `statsV2`, rounded ones in `stats`; `stats.heartCount` overflows 32 bits and is
//! never read.

use domain::{Observation, Outcome, Platform, ProfileFacts, ProfileMetrics, Reading};
use serde_json::{Map, Value};

use super::signals;
use crate::conclude::{self, Listing, WhenEmpty};
use crate::json::{NULL, at, count, flag, id, keep, list, perhaps_rounded, text};
use crate::page::{Page, PageKind};

/// Code of a private account, whose facts may be there all the same.
const PRIVATE_ACCOUNT: i64 = 10_222;

/// Reads `{userInfo: {user, stats, statsV2}, statusCode}`, the shape of page block and API alike.
pub(crate) fn detail(page: &Page<'_>, adapter: &'static str, block: &Value) -> Option<Observation> {
    let info = at(block, &["userInfo"]);
    let facts = facts(at(info, &["user"]), at(info, &["statsV2"]), at(info, &["stats"]));
    let failure = signals::of_status(adapter, block);
    let (Some(facts), true) = (facts, matches!(signals::status_code(block), 0 | PRIVATE_ACCOUNT)) else {
        return failure;
    };
    // The code has been served for accounts that say themselves that they are public: then the account is believed.
    let withheld = failure.and_then(|failure| failure.detail).filter(|_| facts.is_private != Some(false));
    if page.kind == PageKind::Feed {
        return Some(as_feed(page, adapter, info, facts));
    }
    if page.kind == PageKind::Post {
        return Some(conclude::failed(adapter, Outcome::ParseError, "asked for a post, the page is about an account"));
    }
    Some(conclude::profile(page, adapter, facts, Vec::new(), withheld))
}

/// A profile page carries no list nowadays, so its silence is evidence only where the account counts no posts.
fn as_feed(page: &Page<'_>, adapter: &'static str, info: &Value, facts: ProfileFacts) -> Observation {
    let posts = list(at(info, &["itemList"])).iter().filter_map(super::post::item).collect();
    let posts = super::feed::own(posts, &facts);
    let when_empty = if facts.metrics.posts.value() == Some(0) {
        WhenEmpty::Certain
    } else {
        WhenEmpty::Doubtful("the page carries no list of posts")
    };
    conclude::feed(page, adapter, Listing { profile: Some(facts), posts, when_empty })
}

/// The facts of a `user` object and its counts; `None` without id or handle.
pub(crate) fn facts(user: &Value, exact: &Value, rounded: &Value) -> Option<ProfileFacts> {
    let reading = |exact_keys: &[&str], rounded_key: &str| {
        let exact = exact_keys.iter().find_map(|key| count(at(exact, &[key])).filter(|n| *n >= 0));
        Reading::exact(exact).or(perhaps_rounded(count(at(rounded, &[rounded_key]))))
    };
    let mut platform_data = Map::new();
    for (key, name) in
        [("secUid", "sec_uid"), ("createTime", "create_time"), ("uniqueIdModifyTime", "handle_changed_at")]
    {
        let value = at(user, &[key]);
        keep(&mut platform_data, name, if value == 0 { &NULL } else { value });
    }
    for (key, name) in [("ttSeller", "is_seller"), ("isOrganization", "is_organization"), ("region", "region")] {
        keep(&mut platform_data, name, at(user, &[key]));
    }
    Some(ProfileFacts {
        platform: Platform::Tiktok,
        platform_id: Some(id(at(user, &["id"]))?),
        username: text(at(user, &["uniqueId"]))?.to_lowercase(),
        name: text(at(user, &["nickname"])),
        description: text(at(user, &["signature"])),
        profile_pic_url: ["avatarLarger", "avatarMedium", "avatarThumb"].iter().find_map(|key| text(at(user, &[key]))),
        is_verified: flag(at(user, &["verified"])),
        is_private: flag(at(user, &["privateAccount"])),
        link_in_bio: text(at(user, &["bioLink", "link"])),
        metrics: ProfileMetrics {
            followers: reading(&["followerCount"], "followerCount"),
            following: reading(&["followingCount"], "followingCount"),
            posts: reading(&["videoCount"], "videoCount"),
            likes: reading(&["heart", "heartCount"], "heart"),
        },
        platform_data,
    })
}
