//! What the recorded values mean: which field of a reading each of them is, how it is written there, and how exact it must be.

use serde_json::{Value, json};

use super::Sample;

/// What the pages without values are: their outcome, and a word of its reason. The pages with values are `ok`.
const OUTCOMES: [(&str, &str, &str); 17] = [
    ("tiktok/unavailable/profile_10221_nonexistent_or_banned_2026-09-22.html", "not_found", "10221"),
    ("tiktok/unavailable/video_10204_item_doesnt_exist_2026-09-22.html", "not_found", "10204"),
    ("tiktok/unavailable/video_10204_cross_border.json", "private", "region"),
    ("tiktok/unavailable/waf_please_wait_2024-03-13.html", "blocked", "firewall"),
    ("tiktok/unavailable/empty_200_item_list.json", "blocked", "empty body"),
    ("instagram/unavailable/not_found_2026-10-04.html", "not_found", "PolarisErrorRoute"),
    ("instagram/unavailable/login_wall_2026-10-04.html", "blocked", "login wall"),
    ("instagram/unavailable/throttled_profile_2026-10-04.html", "blocked", "shell"),
    ("instagram/unavailable/gated_region_DcgYclUEV18_2026-09-23.json", "private", "region"),
    ("instagram/unavailable/401_please_wait.json", "rate_limited", "wait"),
    ("instagram/unavailable/private_profile_2021_web_profile_info_ANONYMISED.json", "private", "private"),
    ("instagram/embed/broken_post_embed_2025-10.html", "private", "embed"),
    ("instagram/profile/megadeth_2022-08-23_page_shell.html", "blocked", "title"),
    ("instagram/post/Chm_-tPJqpd_2022-08-23_page_meta_only.html", "blocked", "no counts"),
    ("youtube/watch/consent_wall_2021-04-04.html", "blocked", "consent"),
    // Its player says that it cannot be played here, which withholds it; the counts are there all the same.
    ("youtube/watch/DIsktwOQZuU_2025.html", "private", "withheld"),
    ("pinterest/pin/106890191127977979_2024-06-10.html", "ok", ""),
];

/// Recorded remarks that are no values, or of which nothing is kept, and why.
const REMARKS: [(&str, &str); 10] = [
    ("_state", "the outcome, in words"),
    ("_rounded_stats", "the rounded twins of exact counts"),
    ("_reposts", "zero for every guest"),
    ("_size", "not kept"),
    ("_timeline", "one of two lists, which are read as one"),
    ("_igtv_count", "not kept"),
    ("_visible_views", "a second count, which the page shows and which differs"),
    ("status_msg", "part of the outcome's reason"),
    ("state", "the outcome, in words"),
    ("reason", "the outcome's reason, in words"),
];

/// The outcome of a page, and a word of its reason.
pub fn outcome(sample: &Sample) -> (&'static str, &'static str) {
    let known = OUTCOMES.iter().find(|(file, ..)| *file == sample.file);
    known.map_or(("ok", ""), |(_, outcome, word)| (outcome, word))
}

/// Whether a page without values has an outcome of its own; one that has none was forgotten.
pub fn has_outcome(sample: &Sample) -> bool {
    let says_none = sample.folder() == "unavailable" || !sample.truth["_state"].is_null();
    !says_none || OUTCOMES.iter().any(|(file, ..)| *file == sample.file)
}

/// Whether a recorded value is a remark that nothing is held against.
pub fn is_remark(key: &str) -> bool {
    REMARKS.iter().any(|(remark, _)| *remark == key)
}

/// Where a value stands in a reading, and under which name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A field of the reading itself.
    Reading(&'static str),
    /// A field of the account.
    Account(&'static str),
    /// A field of the post.
    Post(&'static str),
    /// What else is kept of the account.
    AccountExtra(&'static str),
    /// What else is kept of the post.
    PostExtra(&'static str),
    /// How many posts there are.
    Posts,
}

/// Where a recorded value is found; `None` for one that is not known here.
pub fn place(sample: &Sample, is_account: bool, key: &str) -> Option<Place> {
    use Place::{Account, AccountExtra, Post, PostExtra, Posts, Reading};
    let either = |account, post| if is_account { Account(account) } else { Post(post) };
    let is_watch = sample.folder() == "watch";
    Some(match key.strip_prefix("meta.").unwrap_or(key) {
        "id" | "_id" => either("platform_account_id", "external_id"),
        "media_id" | "embed_product_id" => Post("external_id"),
        "username" => either("username", "account_username"),
        "author" | "author_unique_id" | "pinner" => Post("account_username"),
        "shortcode" | "_shortcode" => Post("shortcode"),
        "verified" => Account("is_verified"),
        "private" => Account("is_private"),
        "_subs" if is_watch => PostExtra("author_followers"),
        "followers" | "subs" | "_subs" => Account("follower_count"),
        "following" => Account("following_count"),
        "posts" | "_videos" | "videosCountText" => Account("profile_post_count"),
        "likes" | "_likes" | "mf_likes" => either("like_count", "like_count"),
        "comments" | "comment_count" => Post("comment_count"),
        "shares" => Post("share_count"),
        "views" => Post("view_count"),
        "plays" => Post("play_count"),
        // TikTok counts collections, which is not the same as saves elsewhere.
        "saves" if sample.platform() == "tiktok" => PostExtra("collect_count"),
        // The latter is nought where guests are not told: then nothing must be read.
        "saves" | "agg" => Post("saved_count"),
        "repin_count" => PostExtra("repin_count"),
        "create_time" | "created_at" | "taken" => Post("create_time"),
        "_create_time" => AccountExtra("create_time"),
        "_category" => AccountExtra("category"),
        "duration" => Post("duration"),
        "title" => Post("description"),
        "n_items" | "n_timeline" => Posts,
        "slides" => PostExtra("carousel_media_count"),
        "product" => PostExtra("product_type"),
        "cursor" => AccountExtra("feed_cursor"),
        "has_more" => AccountExtra("feed_has_more"),
        "author_url" | "author_name" if sample.kind() == "oembed" => {
            PostExtra(if key == "author_url" { "author_url" } else { "author_name" })
        }
        "author_followers" => PostExtra("author_followers"),
        "media" | "type" => Post("media_type"),
        "era" | "route" | "header" => Reading("adapter"),
        "status" => Reading("outcome"),
        _ => return None,
    })
}

/// A recorded value in the words of a reading.
pub fn meant(sample: &Sample, key: &str, value: &Value) -> Value {
    let text = value.as_str();
    let words = match (key, text, value.as_i64()) {
        ("type", Some("GraphVideo"), _) | ("type", _, Some(2)) => "video",
        ("type", Some("GraphImage"), _) | ("type", _, Some(1)) => "image",
        ("media", Some("photo"), _) | ("type", _, Some(8)) => "carousel",
        ("era", Some("sharedData:ProfilePage"), _) => "instagram.shared_data",
        ("era", Some("sharedData:StoriesPage"), _) => "instagram.shared_data_story",
        ("era", Some("additionalData"), _) => "instagram.additional_data",
        ("route", Some(route), _) if route.ends_with("ProfileRoute") && sample.folder() == "profile" => {
            "instagram.polaris_profile"
        }
        ("route", Some(route), _) if route.ends_with("PostRoute") => "instagram.polaris_post",
        ("route", ..) => "instagram.signals",
        ("header", ..) if value[0] == "c4TabbedHeaderRenderer" => "youtube.c4_header",
        ("header", ..) => "youtube.page_header",
        ("status", ..) => outcome(sample).0,
        ("agg", ..) => return Value::Null,
        ("media_id", Some(id), _) => return id.split('_').next().into(),
        ("created_at", Some("Sun, 30 Dec 2012 15:35:39 +0000"), _) => return json!(1_356_881_739),
        ("comments" | "_subs" | "subs" | "_videos" | "videosCountText", Some(text), _) => {
            return in_words(text).map_or_else(|| value.clone(), |(count, _)| count.into());
        }
        _ => return value.clone(),
    };
    words.into()
}

/// The number in words such as `6,6 M` or `4,69 M de suscriptores`, and whether it has a unit.
fn in_words(text: &str) -> Option<(i64, bool)> {
    let text = text.replace(['\u{a0}', '\u{202f}'], " ");
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let unit = match rest.split_whitespace().next() {
        Some("K") => 1_000,
        Some("M") => 1_000_000,
        _ => return Some((number.replace([',', '.'], "").parse().ok()?, false)),
    };
    let (whole, part) = number.split_once([',', '.']).unwrap_or((number, ""));
    let digits: i64 = format!("{whole}{part}").parse().ok()?;
    Some((digits * unit / 10_i64.pow(u32::try_from(part.len()).ok()?), true))
}

/// How exact a count must be; `None` where a value is no count, or not one whose precision is kept.
pub fn precision(sample: &Sample, key: &str, value: &Value) -> Option<&'static str> {
    let counts = [
        "followers",
        "following",
        "posts",
        "likes",
        "_likes",
        "mf_likes",
        "comments",
        "shares",
        "views",
        "plays",
        "comment_count",
    ];
    let name = key.strip_prefix("meta.").unwrap_or(key);
    let in_text =
        ["_subs", "subs", "_videos", "videosCountText"].contains(&key) || (key == "comments" && value.is_string());
    if in_text {
        let (_, has_unit) = in_words(value.as_str()?)?;
        return (sample.folder() != "watch" || key == "comments").then_some(if has_unit { "rounded" } else { "exact" });
    }
    if name == "saves" && sample.platform() != "tiktok" {
        return value.as_i64().map(|_| "exact");
    }
    let count = value.as_i64().filter(|_| counts.contains(&name))?;
    // A platform that rounds leaves tenths of K and M, from 10,000 up.
    let looks_rounded =
        ((10_000..1_000_000).contains(&count) && count % 100 == 0) || (count >= 1_000_000 && count % 100_000 == 0);
    let of_page = match (sample.platform(), sample.folder()) {
        ("tiktok", "profile") if !sample.name().contains("sigi_state") => "exact",
        ("tiktok", _) if looks_rounded => "rounded",
        ("youtube", "watch") if key == "_likes" => "from_text",
        _ => "exact",
    };
    // A description gives its numbers digit by digit below 10,000, and with a unit above.
    Some(if !key.starts_with("meta.") {
        of_page
    } else if count >= 10_000 {
        "rounded"
    } else {
        "from_text"
    })
}

/// A feed's items, and those that a remark tells in words: `ID SHORTCODE key N key N …`, one after the other with semicolons between.
pub fn items(truth: &Value) -> Vec<Value> {
    let listed = truth["items"].as_array().cloned().unwrap_or_default();
    let told = ["_items", "_first_item", "_first", "_fourth"].iter().filter_map(|key| truth[*key].as_str());
    let in_words = told.flat_map(|words| words.split(';')).filter_map(|item| {
        let mut words = item.split_whitespace();
        let mut value = json!({ "id": words.next()? });
        let rest: Vec<_> = words.collect();
        // Of an item that gives one number alone it is the plays.
        if let [only] = rest.as_slice() {
            value["plays"] = only.parse::<i64>().ok()?.into();
        }
        for pair in rest.windows(2) {
            if let Ok(count) = pair[1].parse::<i64>() {
                value[pair[0]] = count.into();
            }
        }
        Some(value)
    });
    listed.into_iter().chain(in_words).collect()
}

/// Whether a key tells of items.
pub fn is_items(key: &str) -> bool {
    ["items", "_items", "_first_item", "_first", "_fourth"].contains(&key)
}
