//! `creator-audit parse` over every recorded page of TikTok and Instagram: the values that stand in them, under the contract's field
//! names, and the state of the pages that hold none.

use std::process::Command;

use serde_json::{Value, json};
use tests::cargo::binary;
use tests::samples::{POST_FIELDS, PROFILE_FIELDS, Sample, Samples, compare};

/// What the pages without values are, with the kind of page that was asked for.
const UNAVAILABLE: [(&str, &str, &[&str]); 12] = [
    ("profile_10221_nonexistent_or_banned_2026-09-22.html", "profile", &["not_found"]),
    ("video_10204_item_doesnt_exist_2026-09-22.html", "post", &["not_found", "removed"]),
    ("video_10204_cross_border.json", "post", &["private"]),
    ("waf_please_wait_2024-03-13.html", "post", &["blocked"]),
    ("empty_200_item_list.json", "feed", &["blocked"]),
    ("not_found_2026-10-04.html", "profile", &["not_found"]),
    ("login_wall_2026-10-04.html", "profile", &["blocked"]),
    ("throttled_profile_2026-10-04.html", "profile", &["blocked", "rate_limited"]),
    ("gated_region_DcgYclUEV18_2026-09-23.json", "post", &["private"]),
    ("401_please_wait.json", "profile", &["rate_limited", "blocked"]),
    ("private_profile_2021_web_profile_info_ANONYMISED.json", "profile", &["private", "ok"]),
    ("broken_post_embed_2025-10.html", "post", &["private"]),
];

/// Pages of the right kind that hold no count at all: nothing may be made up for them.
const COUNTLESS: [&str; 2] = ["megadeth_2022-08-23_page_shell.html", "Chm_-tPJqpd_2022-08-23_page_meta_only.html"];

fn parse(samples: &Samples, sample: &Sample, kind: &str, expect: Option<&str>) -> Value {
    let mut command = Command::new(binary());
    command.args(["parse", "--platform", sample.platform(), "--kind", kind, "--json"]).arg(samples.path(&sample.file));
    if let Some(expect) = expect {
        command.args(["--expect", expect]);
    }
    let output = command.output().expect("the binary can be run");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{stderr}", sample.file, output.status);
    let read: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{}: {e}", sample.file));
    for field in ["outcome", "profile", "posts", "precision", "adapter"] {
        assert!(read.get(field).is_some(), "{}: no {field} in {read}", sample.file);
    }
    read
}

fn of(samples: &Samples, folders: &[&str]) -> Vec<Sample> {
    let all = samples.tracked();
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|sample| folders.contains(&sample.folder()) && !COUNTLESS.contains(&sample.name()))
        .collect();
    assert!(chosen.len() >= 2, "there are recorded pages in {folders:?}");
    chosen
}

fn text<'a>(truth: &'a Value, field: &str) -> Option<&'a str> {
    truth[field].as_str()
}

#[test]
fn every_recorded_profile_is_read_to_what_stands_in_it() {
    let Some(samples) = Samples::find() else { return };
    let mut wrong = Vec::new();
    for sample in of(&samples, &["profile"]) {
        let read = parse(&samples, &sample, "profile", text(&sample.truth, "username"));
        if read["outcome"] != "ok" {
            wrong.push(format!("{}: outcome {}", sample.file, read["outcome"]));
            continue;
        }
        let compared = compare(&sample.truth, &read["profile"], &PROFILE_FIELDS, &sample.file, &mut wrong);
        assert!(compared >= 3, "{}: too little was compared", sample.file);
        if sample.platform() == "tiktok" && read["profile"]["like_count"] != sample.truth["likes"] {
            wrong.push(format!("{}: like_count is {}", sample.file, read["profile"]["like_count"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_recorded_post_is_read_to_what_stands_in_it() {
    let Some(samples) = Samples::find() else { return };
    let mut wrong = Vec::new();
    for sample in of(&samples, &["video", "post"]) {
        let truth = &sample.truth;
        let expected = text(truth, "id").or_else(|| text(truth, "_id"));
        let read = parse(&samples, &sample, "post", expected);
        if read["outcome"] != "ok" {
            wrong.push(format!("{}: outcome {}", sample.file, read["outcome"]));
            continue;
        }
        let post = &read["posts"][0];
        let compared = compare(truth, post, &POST_FIELDS, &sample.file, &mut wrong);
        assert!(compared >= 2, "{}: too little was compared", sample.file);
        let created = post["create_time"].as_str().and_then(domain::Timestamp::parse);
        if truth["create_time"].is_i64() && created.map(domain::Timestamp::as_seconds) != truth["create_time"].as_i64()
        {
            wrong.push(format!("{}: create_time is {}", sample.file, post["create_time"]));
        }
        if sample.platform() == "tiktok" && post["view_count"] != truth["plays"] {
            wrong.push(format!("{}: view_count is {}", sample.file, post["view_count"]));
        }
        if truth["username"].is_string() && post["account_username"] != truth["username"] {
            wrong.push(format!("{}: account_username is {}", sample.file, post["account_username"]));
        }
        let kinds = media_types(truth);
        if !kinds.is_empty() && !kinds.iter().any(|kind| post["media_type"] == *kind) {
            wrong.push(format!("{}: media_type is {}", sample.file, post["media_type"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The contract's names for what the page calls the post; empty when it does not say.
fn media_types(truth: &Value) -> &'static [&'static str] {
    match (&truth["media"], &truth["type"]) {
        (Value::String(media), _) if media == "photo" => &["image", "carousel"],
        (_, kind) if *kind == json!("GraphImage") => &["image"],
        (_, kind) if *kind == json!(8) => &["carousel"],
        (Value::String(_), _) => &["video"],
        (_, kind) if *kind == json!("GraphVideo") || *kind == json!(2) => &["video"],
        _ => &[],
    }
}

#[test]
fn every_recorded_feed_lists_its_posts_with_their_counts() {
    let Some(samples) = Samples::find() else { return };
    let mut wrong = Vec::new();
    for sample in of(&samples, &["feed"]) {
        let read = parse(&samples, &sample, "feed", text(&sample.truth, "username"));
        if read["outcome"] != "ok" {
            wrong.push(format!("{}: outcome {}", sample.file, read["outcome"]));
            continue;
        }
        let posts = read["posts"].as_array().expect("a list");
        let items = items_of(&sample.truth);
        assert!(!items.is_empty(), "{}: truth.json lists no items", sample.file);
        for item in items {
            let Some(post) = posts.iter().find(|post| post["external_id"] == item["id"]) else {
                wrong.push(format!("{}: {} is missing", sample.file, item["id"]));
                continue;
            };
            compare(&item, post, &POST_FIELDS, &sample.file, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A feed's items: as a list, or in the words `ID plays N; ID N; …`.
fn items_of(truth: &Value) -> Vec<Value> {
    if let Some(items) = truth["items"].as_array() {
        return items.clone();
    }
    let words = truth["_items"].as_str().unwrap_or_default();
    let item = |text: &str| {
        let mut words = text.split_whitespace();
        let (id, plays) = (words.next()?, words.next_back()?.parse::<i64>().ok()?);
        Some(json!({"id": id, "plays": plays, "views": plays}))
    };
    words.split(';').filter_map(item).collect()
}

#[test]
fn the_posts_on_a_guests_profile_page_are_a_feed() {
    let Some(samples) = Samples::find() else { return };
    let natgeo = "instagram/profile/natgeo_2026-10-04_logged_out_polaris.html";
    let sample = samples.tracked().into_iter().find(|sample| sample.file == natgeo).expect("natgeo's page");
    let read = parse(&samples, &sample, "feed", Some("natgeo"));
    let posts = read["posts"].as_array().expect("a list");
    assert_eq!(Some(posts.len() as u64), sample.truth["n_timeline"].as_u64(), "{read}");
    assert!(posts.iter().all(|post| post["like_count"].is_null() && post["shortcode"].is_string()), "{read}");
}

#[test]
fn every_recorded_embedding_answer_names_its_post_and_author() {
    let Some(samples) = Samples::find() else { return };
    for sample in of(&samples, &["oembed"]) {
        let read = parse(&samples, &sample, "oembed", None);
        assert_eq!(read["outcome"], "ok", "{}: {read}", sample.file);
        let (post, truth) = (&read["posts"][0], &sample.truth);
        if let Some((id, _)) = text(truth, "media_id").and_then(|id| id.split_once('_')) {
            assert_eq!((&post["external_id"], &post["account_username"]), (&json!(id), &truth["author"]), "{read}");
        } else {
            assert_eq!(
                (&post["description"], &post["account_username"]),
                (&truth["title"], &json!("a3noticias")),
                "{read}"
            );
        }
        assert!(post["like_count"].is_null(), "an embedding answer counts nothing: {read}");
    }
}

#[test]
fn a_page_without_facts_is_told_by_its_state() {
    let Some(samples) = Samples::find() else { return };
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for sample in of(&samples, &["unavailable", "embed"]) {
        let known = UNAVAILABLE.iter().find(|(name, _, _)| *name == sample.name());
        let Some((_, kind, outcomes)) = known else {
            wrong.push(format!("{} is not in this suite's list", sample.file));
            continue;
        };
        seen += 1;
        let read = parse(&samples, &sample, kind, None);
        if !outcomes.iter().any(|outcome| read["outcome"] == *outcome) {
            wrong.push(format!("{}: outcome {}, wanted one of {outcomes:?}", sample.file, read["outcome"]));
        }
        if sample.truth["followers"].is_i64() {
            compare(&sample.truth, &read["profile"], &PROFILE_FIELDS, &sample.file, &mut wrong);
        } else if !read["profile"].is_null() || counts(&read["posts"]) > 0 {
            wrong.push(format!("{}: facts were made up: {read}", sample.file));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen >= 10, "only {seen} pages were looked at");
}

#[test]
fn a_page_that_counts_nothing_yields_no_number() {
    let Some(samples) = Samples::find() else { return };
    let all = samples.tracked();
    for name in COUNTLESS {
        let sample = all.iter().find(|sample| sample.name() == name).unwrap_or_else(|| panic!("{name} is recorded"));
        let read = parse(&samples, sample, sample.folder(), None);
        assert_eq!(counts(&read["profile"]) + counts(&read["posts"]), 0, "{name}: {read}");
    }
}

/// Fields named `…_count` that hold a number, anywhere inside.
fn counts(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(name, value)| name.ends_with("_count") && value.is_number()).count();
            own + fields.values().map(counts).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(counts).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn a_page_about_somebody_else_is_not_taken_for_the_one_asked_for() {
    let Some(samples) = Samples::find() else { return };
    for (file, kind) in [
        ("tiktok/profile/illojuan_2025-12-30_universal_data.html", "profile"),
        ("tiktok/video/illojuan_7571863205253778710_2025-12-30_universal_data.html", "post"),
        ("instagram/profile/natgeo_2026-10-04_logged_out_polaris.html", "profile"),
    ] {
        let sample = samples.tracked().into_iter().find(|sample| sample.file == file).expect("a recorded page");
        let other = if kind == "profile" { "somebody.else" } else { "7571863205253778711" };
        let read = parse(&samples, &sample, kind, Some(other));
        assert_ne!(read["outcome"], "ok", "{file}: {read}");
        assert_eq!(counts(&read["profile"]) + counts(&read["posts"]), 0, "{file}: {read}");
    }
}

#[test]
fn a_rounded_count_is_told_from_an_exact_one() {
    let Some(samples) = Samples::find() else { return };
    for (file, precision) in [
        ("tiktok/profile/illojuan_2025-12-30_universal_data.html", "exact"),
        ("tiktok/profile/huxleythepandapuppy_2022-08-22_sigi_state.html", "rounded"),
        ("instagram/profile/nike_2026-09-23_og_meta.html", "rounded"),
        ("instagram/profile/natgeo_2026-10-04_logged_out_polaris.html", "exact"),
    ] {
        let sample = samples.tracked().into_iter().find(|sample| sample.file == file).expect("a recorded page");
        let read = parse(&samples, &sample, "profile", None);
        assert_eq!(read["precision"]["follower_count"], precision, "{file}: {read}");
    }
}
