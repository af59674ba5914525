//! `creator-audit parse` over every recorded page: the values that stand in them, under the contract's field names, and the state of the
//! pages that hold none.

use std::process::Command;

use serde_json::{Value, json};
use tests::cargo::binary;
use tests::samples::{Sample, Samples, table};

/// Pages of the right kind that hold no count at all: nothing may be made up for them.
const COUNTLESS: [&str; 2] = ["megadeth_2022-08-23_page_shell.html", "Chm_-tPJqpd_2022-08-23_page_meta_only.html"];

fn parse(samples: &Samples, sample: &Sample, kind: &str, expect: Option<&str>) -> Value {
    let read = samples.read_for(sample, kind, expect);
    for field in ["outcome", "profile", "posts", "precision", "adapter"] {
        assert!(read.get(field).is_some(), "{}: no {field} in {read}", sample.file);
    }
    read
}

fn of(samples: &Samples, folders: &[&str]) -> Vec<Sample> {
    let all = samples.all();
    let chosen: Vec<_> = all
        .into_iter()
        .filter(|sample| folders.contains(&sample.folder()) && !COUNTLESS.contains(&sample.name()))
        .collect();
    assert!(chosen.len() >= 2, "there are recorded pages in {folders:?}");
    chosen
}

#[test]
fn every_recorded_page_is_read_to_what_stands_in_it() {
    let Some(samples) = Samples::find() else { return };
    let rows = table::of_all(&samples);
    for sample in samples.all() {
        assert!(rows.iter().any(|row| row.file == sample.file), "{} is not covered", sample.file);
    }
    table::assert_right(&rows, 300);
}

#[test]
fn the_table_tells_a_wrong_value_and_a_wrong_precision() {
    let Some(samples) = Samples::find() else { return };
    let sample = samples.sample("tiktok/profile/illojuan_2025-12-30_universal_data.html");
    let mut read = samples.read(&sample);
    assert!(table::of(&sample, &read).iter().all(table::Row::is_right));
    read["profile"]["follower_count"] = json!(783_400);
    read["profile"]["precision"]["like_count"] = json!("rounded");
    let wrong: Vec<_> =
        table::of(&sample, &read).into_iter().filter(|row| !row.is_right()).map(|row| row.field).collect();
    assert_eq!(wrong, ["followers", "likes"]);
}

#[test]
fn the_posts_on_a_guests_profile_page_are_a_feed() {
    let Some(samples) = Samples::find() else { return };
    let natgeo = "instagram/profile/natgeo_2026-10-04_logged_out_polaris.html";
    let sample = samples.all().into_iter().find(|sample| sample.file == natgeo).expect("natgeo's page");
    let read = parse(&samples, &sample, "feed", Some("natgeo"));
    let posts = read["posts"].as_array().expect("a list");
    assert_eq!(Some(posts.len() as u64), sample.truth["n_timeline"].as_u64(), "{read}");
    assert!(posts.iter().all(|post| post["like_count"].is_null() && post["shortcode"].is_string()), "{read}");
}

#[test]
fn every_recorded_embedding_answer_names_its_post_and_counts_nothing() {
    let Some(samples) = Samples::find() else { return };
    for sample in of(&samples, &["oembed"]) {
        let read = samples.read(&sample);
        assert_eq!(read["outcome"], "ok", "{}: {read}", sample.file);
        assert_eq!(counts(&read["posts"]), 0, "an embedding answer counts nothing: {read}");
        assert!(read["posts"][0]["external_id"].is_string(), "{read}");
    }
}

#[test]
fn a_page_that_counts_nothing_yields_no_number() {
    let Some(samples) = Samples::find() else { return };
    let all = samples.all();
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
        let sample = samples.all().into_iter().find(|sample| sample.file == file).expect("a recorded page");
        let other = if kind == "profile" { "somebody.else" } else { "7571863205253778711" };
        let read = parse(&samples, &sample, kind, Some(other));
        assert_ne!(read["outcome"], "ok", "{file}: {read}");
        assert_eq!(counts(&read["profile"]) + counts(&read["posts"]), 0, "{file}: {read}");
    }
}

/// What a worker writes beside a page that it keeps.
fn sidecar(platform: &str, kind: &str, expect: &str, http_status: u16) -> Value {
    json!({
        "platform": platform,
        "kind": kind,
        "expect": expect,
        "http_status": http_status,
        "redirected_to": null,
        "url": "https://www.example.com/",
        "fetched_at": "2026-10-04T12:00:00Z",
        "run_id": null,
        "outcome": "parse_error", "detail": "the page could not be understood",
    })
}

/// `creator-audit parse` of a page in a folder: what it prints as JSON, or what it complains about.
fn parse_kept(page: &std::path::Path, arguments: &[&str]) -> Result<Value, String> {
    let output =
        Command::new(binary()).arg("parse").arg(page).arg("--json").args(arguments).output().expect("it can be run");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn a_kept_page_tells_by_itself_what_was_asked_for() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    for platform in domain::Platform::ALL {
        let page = folder.path().join(format!("1780000000000-{platform}-profile-0a1b2c3d.html"));
        std::fs::write(&page, "<!doctype html><html><body>one moment</body></html>").expect("the page can be written");
        let missing = parse_kept(&page, &[]).expect_err("nothing tells whose page it is");
        assert!(missing.contains("--platform and --kind"), "{missing}");
        let known = sidecar(platform.as_str(), "profile", "somebody", 429);
        std::fs::write(page.with_extension("json"), known.to_string()).expect("the sidecar can be written");
        // The status is known from the sidecar alone.
        assert_eq!(parse_kept(&page, &[]).expect("it is read")["outcome"], "rate_limited", "{platform}");
        std::fs::write(page.with_extension("json"), "{}").expect("the sidecar can be written");
        let other = parse_kept(&page, &[]).expect_err("that is no sidecar");
        assert!(other.contains("what stands beside"), "{other}");
        let told = parse_kept(&page, &["--platform", platform.as_str(), "--kind", "profile"]).expect("it is read");
        assert_ne!(told["outcome"], "rate_limited", "{platform}");
    }
}

#[test]
fn a_kept_page_is_read_as_if_everything_were_told_by_hand() {
    let Some(samples) = Samples::find() else { return };
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let natgeo = "instagram/profile/natgeo_2026-10-04_logged_out_polaris.html";
    let sample = samples.all().into_iter().find(|sample| sample.file == natgeo).expect("natgeo's page");
    let page = folder.path().join("1780000000000-instagram-profile-0a1b2c3d.html");
    std::fs::copy(samples.path(&sample.file), &page).expect("the page can be copied");
    let known = sidecar("instagram", "profile", "natgeo", 200);
    std::fs::write(page.with_extension("json"), known.to_string()).expect("the sidecar can be written");
    let read = parse_kept(&page, &[]).expect("it is read");
    assert_eq!(read, parse(&samples, &sample, "profile", Some("natgeo")));
    assert_eq!(read["outcome"], "ok");
    // What is said by hand beats what stands beside the page.
    assert_ne!(parse_kept(&page, &["--expect", "somebody.else"]).expect("it is read")["outcome"], "ok");
    assert!(parse_kept(&page, &["--kind", "feed"]).expect("it is read")["posts"].as_array().expect("a list").len() > 1);
}
