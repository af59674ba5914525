//! `parse`: read a saved page and print what a worker would have recorded.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use domain::{MetricStatus, Observation, Platform, PostFacts, PostRef, ProfileFacts, Reading};
use scrape::{Page, PageKind};
use serde_json::{Map, Value, json};
use worker::Sidecar;

use super::{Failure, print, print_json};

/// What `parse` takes.
#[derive(Debug, Parser)]
pub struct Args {
    /// Whose page it is. A page that a worker kept tells by itself, like the rest of what was asked for.
    #[arg(long)]
    platform: Option<Platform>,
    /// What was asked for.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// The page: HTML or JSON, as it was received.
    file: PathBuf,
    /// The handle, id or shortcode that was asked for; a page about anything else is a parse error.
    #[arg(long, value_name = "HANDLE_OR_ID")]
    expect: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Profile,
    Post,
    Feed,
    Oembed,
}

impl Kind {
    const fn of_page(self) -> PageKind {
        match self {
            Self::Profile => PageKind::Profile,
            Self::Post => PageKind::Post,
            Self::Feed => PageKind::Feed,
            Self::Oembed => PageKind::Oembed,
        }
    }
}

/// What stands beside a page that a worker kept. When everything is told by hand, any other file may stand there.
fn known(args: &Args) -> Result<Option<Sidecar>, Failure> {
    match Sidecar::beside(&args.file) {
        Ok(known) => Ok(known),
        Err(_) if args.platform.is_some() && args.kind.is_some() => Ok(None),
        Err(source) => Err(Failure::File { path: format!("what stands beside {}", args.file.display()), source }),
    }
}

/// Reads and prints. The outcome of the page is no failure of the command.
pub fn run(args: &Args) -> Result<(), Failure> {
    let body =
        std::fs::read(&args.file).map_err(|source| Failure::File { path: args.file.display().to_string(), source })?;
    let known = known(args)?;
    let known = known.as_ref();
    let kind = args.kind.map(Kind::of_page).or(known.map(|known| known.kind));
    let (Some(platform), Some(kind)) = (args.platform.or(known.map(|known| known.platform)), kind) else {
        return Err(Failure::UnknownPage { path: args.file.display().to_string() });
    };
    let observation = scrape::parse(&Page {
        platform,
        kind,
        expect: args.expect.as_deref().or(known.map(|known| known.expect.as_str())),
        http_status: known.and_then(|known| known.http_status),
        redirected_to: known.and_then(|known| known.redirected_to.as_deref()),
        body: &body,
    });
    let value = as_value(&observation);
    if args.json {
        return print_json(&value);
    }
    print_plain(&value, "");
    Ok(())
}

/// One `path = value` a line.
fn print_plain(value: &Value, path: &str) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                print_plain(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") });
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                print_plain(item, &format!("{path}[{at}]"));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => print(&format!("{path} = {value}")),
    }
}

fn as_value(observation: &Observation) -> Value {
    let mut precision = Map::new();
    // A list's precision is that of its least exact item; each item carries its own as well.
    for post in &observation.posts {
        for (name, reading) in post_readings(post) {
            note_precision(&mut precision, name, reading);
        }
    }
    if let Some(profile) = &observation.profile {
        for (name, reading) in profile_readings(profile) {
            // A profile's own counts are not to be mixed with those of posts of the same name.
            precision.remove(name);
            note_precision(&mut precision, name, reading);
        }
    }
    json!({
        "outcome": observation.outcome,
        "adapter": observation.adapter,
        "detail": observation.detail,
        "profile": observation.profile.as_ref().map(profile_value),
        "posts": observation.posts.iter().map(post_value).collect::<Vec<_>>(),
        "precision": precision,
    })
}

fn note_precision(precision: &mut Map<String, Value>, name: &str, reading: Reading) {
    let Some(found) = reading.precision() else { return };
    let is_worse = precision.get(name).is_none_or(|before| before == "exact");
    if is_worse {
        precision.insert(name.to_owned(), found.as_str().into());
    }
}

fn profile_readings(profile: &ProfileFacts) -> [(&'static str, Reading); 4] {
    let metrics = &profile.metrics;
    [
        ("follower_count", metrics.followers),
        ("following_count", metrics.following),
        ("profile_post_count", metrics.posts),
        ("like_count", metrics.likes),
    ]
}

fn post_readings(post: &PostFacts) -> [(&'static str, Reading); 6] {
    let metrics = &post.metrics;
    [
        ("view_count", metrics.views),
        ("like_count", metrics.likes),
        ("comment_count", metrics.comments),
        ("share_count", metrics.shares),
        ("play_count", metrics.plays),
        ("saved_count", metrics.saves),
    ]
}

/// Adds each metric, why it is null where it is, and how exact it is where it is not.
fn add_readings(value: &mut Value, readings: &[(&'static str, Reading)]) {
    let mut status = Map::new();
    let mut precision = Map::new();
    for (name, reading) in readings {
        value[*name] = reading.value().into();
        if let Some(why) = reading.status().map(MetricStatus::as_str) {
            status.insert((*name).to_owned(), why.into());
        }
        note_precision(&mut precision, name, *reading);
    }
    value["metric_status"] = Value::Object(status);
    value["precision"] = Value::Object(precision);
}

fn profile_value(profile: &ProfileFacts) -> Value {
    let mut value = json!({
        "platform": profile.platform,
        "platform_account_id": profile.platform_id,
        "username": profile.username,
        "name": profile.name,
        "description": profile.description,
        "profile_pic_url_original": profile.profile_pic_url,
        "is_verified": profile.is_verified,
        "is_private": profile.is_private,
        "link_in_bio": profile.link_in_bio,
        "platform_data": profile.platform_data,
    });
    add_readings(&mut value, &profile_readings(profile));
    value
}

fn post_value(post: &PostFacts) -> Value {
    let reference = PostRef {
        platform: post.platform,
        external_id: post.external_id.clone(),
        handle: post.author.username.as_deref().and_then(|name| domain::Handle::parse(post.platform, name).ok()),
    };
    let mut value = json!({
        "platform": post.platform,
        "external_id": post.external_id,
        "shortcode": post.shortcode,
        "url": reference.url(),
        "account_username": post.author.username,
        "platform_account_id": post.author.platform_id,
        "description": post.description,
        "create_time": post.create_time,
        "media_type": post.media_type,
        "duration": post.duration,
        "cover_image_url_original": post.cover_image_url,
        "video_url_original": post.video_url,
        "platform_data": post.platform_data,
    });
    add_readings(&mut value, &post_readings(post));
    value
}

#[cfg(test)]
mod tests {
    use domain::Precision;

    use super::*;

    #[test]
    fn a_lists_precision_is_that_of_its_least_exact_item() {
        let mut observation = Observation::ok("test");
        for (value, precision) in [(1, Precision::Exact), (12_000, Precision::Rounded), (2, Precision::Exact)] {
            let mut post = PostFacts::bare(Platform::Tiktok, value.to_string());
            post.metrics.views = Reading::Known { value, precision };
            post.metrics.comments = Reading::exact(Some(value));
            observation.posts.push(post);
        }
        let value = as_value(&observation);
        assert_eq!(value["precision"], json!({"view_count": "rounded", "comment_count": "exact"}));
        assert_eq!(value["posts"][0]["precision"]["view_count"], "exact");
    }

    #[test]
    fn what_a_page_does_not_say_is_null_with_the_reason() {
        let mut observation = Observation::ok("test");
        observation.posts.push(PostFacts::bare(Platform::Instagram, "2555323354817229568"));
        let post = &as_value(&observation)["posts"][0];
        assert_eq!(post["play_count"], Value::Null);
        assert_eq!(post["metric_status"]["play_count"], "not_provided");
        assert_eq!(post["url"], "https://www.instagram.com/p/CN2VQ1yI_MA/");
    }
}
