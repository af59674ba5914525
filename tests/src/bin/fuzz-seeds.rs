//! Writes the pages that the fuzz targets begin with: what the sandbox answers at each of its addresses, and the recorded pages where there are
//! any, one folder for each target. The first byte of a seed tells what was asked for, as `fuzz/pages.rs` reads it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tests::Sandbox;
use tests::samples::Samples;

/// Longest seed: a longer page is cut off, since most of a page is the same everywhere.
const LONGEST: usize = 256 * 1024;
/// Says that a page came with status 200.
const STATUS_OK: u8 = 1 << 2;

const HANDLE: &str = "read.by.all";

/// Addresses on the sandbox, by target, with the kind that is asked for.
const PAGES: [(&str, &str, &str); 18] = [
    ("instagram", "profile", "/instagram/read.by.all/"),
    ("instagram", "profile", "/instagram/read.by.all/embed/"),
    ("instagram", "feed", "/instagram/read.by.all/reels/"),
    ("instagram", "post", "/instagram/p/{post}/"),
    ("instagram", "post", "/instagram/p/{post}/embed/captioned/"),
    ("tiktok", "profile", "/tiktok/@read.by.all"),
    ("tiktok", "feed", "/tiktok/embed/@read.by.all"),
    ("tiktok", "post", "/tiktok/@read.by.all/video/{post}"),
    ("tiktok", "post", "/tiktok/embed/v2/{post}"),
    ("tiktok", "oembed", "/tiktok/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40read.by.all%2Fvideo%2F{post}"),
    ("youtube", "profile", "/youtube/@read.by.all"),
    ("youtube", "feed", "/youtube/feeds/videos.xml?channel_id={account}"),
    ("youtube", "post", "/youtube/watch?v={post}"),
    ("youtube", "oembed", "/youtube/oembed?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{post}"),
    ("pinterest", "profile", "/pinterest/read.by.all/"),
    ("pinterest", "feed", "/pinterest/read.by.all/feed.rss"),
    ("pinterest", "post", "/pinterest/pin/{post}/"),
    ("pinterest", "oembed", "/pinterest/oembed.json?url=https%3A%2F%2Fwww.pinterest.com%2Fpin%2F{post}%2F"),
];

/// What handles and posts are called.
const ADDRESSES: [&str; 24] = [
    "natgeo",
    "@khaby.lame",
    "UCk195x4zYdMx4LhqEwhcPng",
    "https://www.instagram.com/natgeo/reels/?hl=en",
    "https://www.instagram.com/p/CN2VQ1yI_MA/",
    "https://www.instagram.com/natgeo/reel/DdG4RIxIPyf/",
    "2555323354817229568",
    "https://www.tiktok.com/@khaby.lame?lang=en",
    "https://www.tiktok.com/@illojuan/video/7571863205253778710",
    "https://m.tiktok.com/v/7571863205253778710.html",
    "https://www.tiktokv.com/share/video/7571863205253778710/",
    "https://vm.tiktok.com/ZMabc/",
    "https://www.youtube.com/@NASA",
    "https://www.youtube.com/channel/UCLA_DiR1FfKNvjuUpBHmylQ",
    "https://www.youtube.com/c/nasa",
    "https://www.youtube.com/user/nasa",
    "https://www.youtube.com/watch?v=A0FZIwabctw&t=3",
    "https://youtu.be/A0FZIwabctw",
    "https://www.youtube.com/shorts/A0FZIwabctw",
    "https://www.pinterest.com/thesearchguru/",
    "https://www.pinterest.co.uk/pin/106890191127977979/",
    "https://www.pinterest.com/pin/a-slug--106890191127977979/",
    "https://pin.it/abc",
    "106890191127977979",
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: fuzz-seeds FOLDER");
        return ExitCode::from(2);
    };
    let sandbox = Sandbox::start(1).await;
    let mut known: Vec<(String, String)> = Vec::new();
    let mut written = 0;
    // The lists first: they name the posts whose pages are asked for then.
    let (lists, others): (Vec<_>, Vec<_>) = PAGES.iter().partition(|(_, kind, _)| matches!(*kind, "feed" | "profile"));
    for (target, kind, path) in lists.into_iter().chain(others) {
        let path = known.iter().fold((*path).to_owned(), |path, (place, id)| {
            if place.starts_with(target) { path.replace(place.trim_start_matches(target), id) } else { path }
        });
        if path.contains('{') {
            eprintln!("{path}: the sandbox named nothing to ask for");
            continue;
        }
        let answer = sandbox.answer(&path).await;
        if answer.status != 200 {
            eprintln!("{path}: {}", answer.status);
            continue;
        }
        let read = tests::samples::read_body(target, kind, &answer.body);
        for (name, id) in [
            ("{post}", read["posts"][0]["shortcode"].as_str().or(read["posts"][0]["external_id"].as_str())),
            ("{account}", read["profile"]["platform_account_id"].as_str()),
        ] {
            known.extend(id.map(|id| (format!("{target}{name}"), id.to_owned())));
        }
        write(&folder, target, kind, &format!("sandbox-{kind}-{written}"), &answer.body);
        written += 1;
    }
    assert!(written > 0, "the sandbox answered nothing for {HANDLE}");
    if let Some(samples) = Samples::find() {
        for sample in samples.all() {
            let body = std::fs::read(samples.path(&sample.file)).expect("a recorded page can be read");
            write(
                &folder,
                sample.platform(),
                sample.kind(),
                &format!("recorded-{}-{}", sample.folder(), sample.name()),
                &body,
            );
            written += 1;
        }
    }
    for (at, address) in ADDRESSES.iter().enumerate() {
        let target = folder.join("addresses");
        std::fs::create_dir_all(&target).expect("the folder can be made");
        std::fs::write(target.join(format!("written-{at}")), address).expect("a seed can be written");
    }
    println!("{written} pages and {} addresses in {}", ADDRESSES.len(), folder.display());
    ExitCode::SUCCESS
}

fn write(folder: &Path, target: &str, kind: &str, name: &str, body: &[u8]) {
    let number = ["profile", "feed", "post", "oembed"].iter().position(|known| *known == kind);
    let choice = u8::try_from(number.expect("a kind of page")).expect("there are four") | STATUS_OK;
    let seed: Vec<u8> = std::iter::once(choice).chain(body.iter().copied().take(LONGEST)).collect();
    let folder = folder.join(target);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    std::fs::write(folder.join(name), seed).expect("a seed can be written");
}
