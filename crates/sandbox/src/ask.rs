//! What a request asks for, read from its path. Whether that exists, and in which state, is decided elsewhere.

use domain::handle::is_channel_id;
use domain::{Handle, Platform, PostRef, shortcode};

use crate::surface::Surface;

/// Whom or what a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A profile, by its handle.
    Profile(String),
    /// A YouTube channel, by its id.
    Channel(String),
    /// A post, with the handle that stands in its address.
    Post { external_id: String, handle: Option<String> },
    /// A short link: its host, and the path behind it.
    Short { host: String, path: String },
    /// Nothing that could exist: a malformed handle or id, or a page of the platform's own.
    Nothing,
}

/// A request, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) platform: Platform,
    pub(crate) surface: Surface,
    pub(crate) subject: Subject,
}

impl Ask {
    /// Reads a path and query; `None` when the path is under no platform.
    pub(crate) fn parse(path: &str, query: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let first = segments.next()?;
        let official = match first {
            "graph" => Some(Platform::Instagram),
            "youtube-data" => Some(Platform::Youtube),
            _ => None,
        };
        if let Some(platform) = official {
            // Whom an official interface is asked about is read where it answers.
            return Some(Self { platform, surface: Surface::Official, subject: Subject::Nothing });
        }
        let platform: Platform = first.parse().ok()?;
        let rest: Vec<_> = segments.collect();
        let (surface, subject) = match (platform, rest.as_slice()) {
            (_, ["_short", host, path @ ..]) => {
                (Surface::ShortLink, Subject::Short { host: (*host).to_owned(), path: path.join("/") })
            }
            (Platform::Tiktok, rest) => tiktok(rest, query),
            (Platform::Instagram, rest) => instagram(rest),
            (Platform::Youtube, rest) => youtube(rest, query),
            (Platform::Pinterest, rest) => pinterest(rest, query),
        };
        Some(Self { platform, surface, subject })
    }

    /// The handle in the address.
    pub(crate) fn handle(&self) -> Option<&str> {
        match &self.subject {
            Subject::Profile(handle) => Some(handle),
            Subject::Post { handle, .. } => handle.as_deref(),
            Subject::Channel(_) | Subject::Short { .. } | Subject::Nothing => None,
        }
    }
}

fn tiktok(segments: &[&str], query: &str) -> (Surface, Subject) {
    match segments {
        ["login", ..] => (Surface::Login, Subject::Nothing),
        ["oembed"] => (Surface::Oembed, oembed_subject(Platform::Tiktok, query)),
        ["embed", at_handle] if at_handle.starts_with('@') => (Surface::Feed, profile(Platform::Tiktok, at_handle)),
        ["embed", "v2", id] => (Surface::PostEmbed, post(Platform::Tiktok, id, None)),
        [at_handle] if at_handle.starts_with('@') => (Surface::Profile, profile(Platform::Tiktok, at_handle)),
        [at_handle, "video" | "photo", id] if at_handle.starts_with('@') => {
            // The id decides, so it is read apart from the handle.
            (Surface::Post, post(Platform::Tiktok, id, at_handle.get(1..)))
        }
        _ => (Surface::Other, Subject::Nothing),
    }
}

fn instagram(segments: &[&str]) -> (Surface, Subject) {
    let by_code = |code: &str, handle| match shortcode::to_media_id(code) {
        Some(id) => post(Platform::Instagram, &id.to_string(), handle),
        None => Subject::Nothing,
    };
    match segments {
        ["accounts", "login", ..] => (Surface::Login, Subject::Nothing),
        ["p" | "reel" | "reels" | "tv", code] => (Surface::Post, by_code(code, None)),
        ["p" | "reel" | "reels" | "tv", code, "embed"]
        | ["p" | "reel" | "reels" | "tv", code, "embed", "captioned"] => (Surface::PostEmbed, by_code(code, None)),
        [handle, "p" | "reel" | "reels" | "tv", code] => (Surface::Post, by_code(code, Some(handle))),
        [handle, "reels"] => (Surface::Feed, profile(Platform::Instagram, handle)),
        [handle, "embed"] => (Surface::ProfileEmbed, profile(Platform::Instagram, handle)),
        [handle] => (Surface::Profile, profile(Platform::Instagram, handle)),
        _ => (Surface::Other, Subject::Nothing),
    }
}

fn youtube(segments: &[&str], query: &str) -> (Surface, Subject) {
    let platform = Platform::Youtube;
    match segments {
        ["feeds", "videos.xml"] => {
            (Surface::Feed, parameter(query, "channel_id").map_or(Subject::Nothing, |id| channel(&id)))
        }
        ["oembed"] => (Surface::Oembed, oembed_subject(platform, query)),
        ["watch"] => (Surface::Post, parameter(query, "v").map_or(Subject::Nothing, |id| post(platform, &id, None))),
        ["shorts" | "live", id] => (Surface::Post, post(platform, id, None)),
        ["channel", id] | ["channel", id, "featured" | "videos" | "shorts" | "about"] => {
            (Surface::Profile, channel(id))
        }
        ["c" | "user", name] | ["c" | "user", name, "featured" | "videos" | "shorts" | "about"] => {
            (Surface::Profile, profile(platform, name))
        }
        [at_handle] | [at_handle, "featured" | "videos" | "shorts" | "about"] if at_handle.starts_with('@') => {
            (Surface::Profile, profile(platform, at_handle))
        }
        _ => (Surface::Other, Subject::Nothing),
    }
}

fn pinterest(segments: &[&str], query: &str) -> (Surface, Subject) {
    let platform = Platform::Pinterest;
    match segments {
        ["login" | "ideas", ..] => (Surface::Login, Subject::Nothing),
        ["oembed.json"] => (Surface::Oembed, oembed_subject(platform, query)),
        ["pin", id] => (Surface::Post, post(platform, id.rsplit("--").next().unwrap_or(id), None)),
        [handle, "feed.rss"] => (Surface::Feed, profile(platform, handle)),
        [handle] => (Surface::Profile, profile(platform, handle)),
        _ => (Surface::Other, Subject::Nothing),
    }
}

fn profile(platform: Platform, text: &str) -> Subject {
    handle_of(platform, text).map_or(Subject::Nothing, Subject::Profile)
}

fn channel(id: &str) -> Subject {
    if is_channel_id(id) { Subject::Channel(id.to_owned()) } else { Subject::Nothing }
}

fn post(platform: Platform, id: &str, handle: Option<&str>) -> Subject {
    match post_id_of(platform, id) {
        Some(external_id) => {
            Subject::Post { external_id, handle: handle.and_then(|handle| handle_of(platform, handle)) }
        }
        None => Subject::Nothing,
    }
}

/// A handle in the platform's form, folded; `None` for what is none.
pub(crate) fn handle_of(platform: Platform, text: &str) -> Option<String> {
    let bare = text.strip_prefix('@').unwrap_or(text);
    match platform {
        Platform::Instagram | Platform::Tiktok => Handle::parse(platform, text).ok().map(|handle| handle.to_string()),
        Platform::Youtube | Platform::Pinterest => {
            let allowed = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-' | '·');
            let is_handle = (1..=30).contains(&bare.chars().count()) && bare.chars().all(allowed);
            is_handle.then(|| bare.to_lowercase())
        }
    }
}

/// A post's id, from the id itself or an address; `None` for what is none.
pub(crate) fn post_id_of(platform: Platform, text: &str) -> Option<String> {
    match platform {
        Platform::Instagram | Platform::Tiktok => PostRef::parse(platform, text).ok().map(|post| post.external_id),
        Platform::Youtube => {
            let id = match text.split_once("v=") {
                Some((_, rest)) => rest.split('&').next(),
                None => text.split(['?', '#']).next()?.trim_end_matches('/').rsplit('/').next(),
            }?;
            let is_id =
                id.len() == 11 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            is_id.then(|| id.to_owned())
        }
        Platform::Pinterest => {
            let id = text.split(['?', '#']).next()?.trim_end_matches('/').rsplit(['/', '-']).next()?;
            let is_id = (5..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
            is_id.then(|| id.to_owned())
        }
    }
}

/// The value of a parameter of a query, decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).ok()?.into_inner();
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The `url` of an oEmbed request, on the platform's own host or on this one.
fn oembed_subject(platform: Platform, query: &str) -> Subject {
    let Some(url) = parameter(query, "url") else { return Subject::Nothing };
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.split('#').next().unwrap_or("");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<_> =
        path.split('/').filter(|segment| !segment.is_empty() && *segment != platform.as_str()).collect();
    match (platform, segments.as_slice()) {
        (Platform::Youtube, [id]) if host.ends_with("youtu.be") => post(platform, id, None),
        // An oEmbed of an oEmbed is nothing.
        (_, ["oembed" | "oembed.json", ..]) => Subject::Nothing,
        (Platform::Tiktok, rest) => tiktok(rest, "").1,
        (Platform::Instagram, rest) => instagram(rest).1,
        (Platform::Youtube, rest) => youtube(rest, query).1,
        (Platform::Pinterest, rest) => pinterest(rest, "").1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str) -> (Surface, Subject) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let ask = Ask::parse(path, query).unwrap();
        (ask.surface, ask.subject)
    }

    #[test]
    fn every_address_is_understood() {
        let anna = Subject::Profile("anna".to_owned());
        let post = |handle: Option<String>| Subject::Post { external_id: "7571863205253778710".to_owned(), handle };
        let annas = post(Some("anna".to_owned()));
        for (path, surface, subject) in [
            ("/tiktok/embed/v2/7571863205253778710", Surface::PostEmbed, &post(None)),
            ("/tiktok/@Anna", Surface::Profile, &anna),
            ("/tiktok/embed/@anna", Surface::Feed, &anna),
            ("/tiktok/@anna/video/7571863205253778710", Surface::Post, &annas),
            ("/tiktok/@anna/photo/7571863205253778710", Surface::Post, &annas),
            ("/tiktok/@/video/7571863205253778710", Surface::Post, &post(None)),
            (
                "/tiktok/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40anna%2Fvideo%2F7571863205253778710%3Fx%3D1",
                Surface::Oembed,
                &annas,
            ),
            ("/tiktok/oembed?url=http://127.0.0.1:80/tiktok/@anna", Surface::Oembed, &anna),
            ("/tiktok/login?redirect_url=x", Surface::Login, &Subject::Nothing),
            ("/tiktok/@anna/video/abc", Surface::Post, &Subject::Nothing),
            ("/tiktok/foryou", Surface::Other, &Subject::Nothing),
        ] {
            assert_eq!(ask(path), (surface, subject.clone()), "{path}");
        }
        let anna = Subject::Profile("anna".to_owned());
        let post = |handle: Option<String>| Subject::Post { external_id: "2555323354817229568".to_owned(), handle };
        let annas = post(Some("anna".to_owned()));
        for (path, surface, subject) in [
            ("/instagram/anna/embed/", Surface::ProfileEmbed, &anna),
            ("/instagram/p/CN2VQ1yI_MA/embed/captioned/", Surface::PostEmbed, &post(None)),
            ("/instagram/anna/", Surface::Profile, &anna),
            ("/instagram/anna", Surface::Profile, &anna),
            ("/instagram/anna/reels/", Surface::Feed, &anna),
            ("/instagram/p/CN2VQ1yI_MA/", Surface::Post, &post(None)),
            ("/instagram/reel/CN2VQ1yI_MA/", Surface::Post, &post(None)),
            ("/instagram/anna/p/CN2VQ1yI_MA/", Surface::Post, &annas),
            ("/instagram/p/!/", Surface::Post, &Subject::Nothing),
            ("/instagram/accounts/login/", Surface::Login, &Subject::Nothing),
            ("/instagram/", Surface::Other, &Subject::Nothing),
        ] {
            assert_eq!(ask(path), (surface, subject.clone()), "{path}");
        }
        assert_eq!(Ask::parse("/elsewhere/@anna", ""), None);
    }

    #[test]
    fn the_other_platforms_addresses_are_understood_too() {
        let anna = Subject::Profile("anna".to_owned());
        let id = "UCLA_DiR1FfKNvjuUpBHmylQ";
        let channel = Subject::Channel(id.to_owned());
        let post = |id: &str| Subject::Post { external_id: id.to_owned(), handle: None };
        let (video, pin) = (post("Elewn679CZI"), post("106890191127977979"));
        for (path, surface, subject) in [
            ("/youtube/@Anna".to_owned(), Surface::Profile, &anna),
            ("/youtube/@anna/videos".to_owned(), Surface::Profile, &anna),
            ("/youtube/c/anna".to_owned(), Surface::Profile, &anna),
            ("/youtube/user/Anna".to_owned(), Surface::Profile, &anna),
            (format!("/youtube/channel/{id}"), Surface::Profile, &channel),
            (format!("/youtube/feeds/videos.xml?channel_id={id}"), Surface::Feed, &channel),
            ("/youtube/watch?v=Elewn679CZI&t=3".to_owned(), Surface::Post, &video),
            ("/youtube/shorts/Elewn679CZI".to_owned(), Surface::Post, &video),
            ("/youtube/oembed?url=https://youtu.be/Elewn679CZI".to_owned(), Surface::Oembed, &video),
            (
                "/youtube/oembed?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DElewn679CZI".to_owned(),
                Surface::Oembed,
                &video,
            ),
            ("/pinterest/anna/".to_owned(), Surface::Profile, &anna),
            ("/pinterest/anna/feed.rss".to_owned(), Surface::Feed, &anna),
            ("/pinterest/pin/106890191127977979/".to_owned(), Surface::Post, &pin),
            ("/pinterest/pin/a-slug--106890191127977979/".to_owned(), Surface::Post, &pin),
            (
                "/pinterest/oembed.json?url=https://www.pinterest.com/pin/106890191127977979/".to_owned(),
                Surface::Oembed,
                &pin,
            ),
            ("/youtube/watch?v=short".to_owned(), Surface::Post, &Subject::Nothing),
            ("/graph/v25.0/1".to_owned(), Surface::Official, &Subject::Nothing),
        ] {
            assert_eq!(ask(&path), (surface, subject.clone()), "{path}");
        }
        let short = Subject::Short { host: "vm.tiktok.com".to_owned(), path: "ZM1".to_owned() };
        assert_eq!(ask("/tiktok/_short/vm.tiktok.com/ZM1/"), (Surface::ShortLink, short));
    }
}
