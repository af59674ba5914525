//! What a request asks for, read from its path. Whether that exists, and in which state, is decided elsewhere.

use domain::{Handle, Platform, PostRef, shortcode};

/// The kinds of page, as the statistics count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A profile's page.
    Profile,
    /// A list of a profile's posts: TikTok's embed page, Instagram's reels tab.
    Feed,
    /// A post's page.
    Post,
    /// TikTok's oEmbed answer.
    Oembed,
    /// The login page that guests are sent to.
    Login,
    /// Anything else; not found.
    Other,
}

/// Whom or what a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A profile.
    Profile(Handle),
    /// A post, with the handle that stands in its address.
    Post { external_id: String, handle: Option<Handle> },
    /// Nothing that could exist: a malformed handle or id, or a page of the platform's own.
    Nothing,
}

/// A request, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) platform: Platform,
    pub(crate) kind: Kind,
    pub(crate) subject: Subject,
}

impl Ask {
    /// Reads a path and query; `None` when the path is under no platform.
    pub(crate) fn parse(path: &str, query: &str) -> Option<Self> {
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let platform: Platform = segments.next()?.parse().ok()?;
        let rest: Vec<_> = segments.collect();
        let (kind, subject) = match platform {
            Platform::Tiktok => tiktok(&rest, query),
            Platform::Instagram => instagram(&rest),
            Platform::Youtube | Platform::Pinterest => (Kind::Other, Subject::Nothing),
        };
        Some(Self { platform, kind, subject })
    }

    /// The handle in the address.
    pub(crate) fn handle(&self) -> Option<&Handle> {
        match &self.subject {
            Subject::Profile(handle) => Some(handle),
            Subject::Post { handle, .. } => handle.as_ref(),
            Subject::Nothing => None,
        }
    }
}

fn tiktok(segments: &[&str], query: &str) -> (Kind, Subject) {
    match segments {
        ["login", ..] => (Kind::Login, Subject::Nothing),
        ["oembed"] => (Kind::Oembed, oembed_subject(query)),
        ["embed", at_handle] if at_handle.starts_with('@') => (Kind::Feed, profile(Platform::Tiktok, at_handle)),
        [at_handle] if at_handle.starts_with('@') => (Kind::Profile, profile(Platform::Tiktok, at_handle)),
        [at_handle, "video" | "photo", id] if at_handle.starts_with('@') => {
            // The id decides, so it is read apart from the handle.
            (Kind::Post, post(Platform::Tiktok, id, at_handle.get(1..)))
        }
        _ => (Kind::Other, Subject::Nothing),
    }
}

fn instagram(segments: &[&str]) -> (Kind, Subject) {
    let by_code = |code: &str, handle| match shortcode::to_media_id(code) {
        Some(id) => (Kind::Post, post(Platform::Instagram, &id.to_string(), handle)),
        None => (Kind::Post, Subject::Nothing),
    };
    match segments {
        ["accounts", "login", ..] => (Kind::Login, Subject::Nothing),
        ["p" | "reel" | "reels" | "tv", code] => by_code(code, None),
        [handle, "p" | "reel" | "reels" | "tv", code] => by_code(code, Some(handle)),
        [handle, "reels"] => (Kind::Feed, profile(Platform::Instagram, handle)),
        [handle] => (Kind::Profile, profile(Platform::Instagram, handle)),
        _ => (Kind::Other, Subject::Nothing),
    }
}

fn profile(platform: Platform, text: &str) -> Subject {
    Handle::parse(platform, text).map_or(Subject::Nothing, Subject::Profile)
}

fn post(platform: Platform, id: &str, handle: Option<&str>) -> Subject {
    match PostRef::parse(platform, id) {
        Ok(found) => Subject::Post {
            external_id: found.external_id,
            handle: handle.and_then(|handle| Handle::parse(platform, handle).ok()),
        },
        Err(_) => Subject::Nothing,
    }
}

/// The `url` of an oEmbed request, on the platform's own host or on this one.
fn oembed_subject(query: &str) -> Subject {
    let url = actix_web::web::Query::<Vec<(String, String)>>::from_query(query)
        .ok()
        .and_then(|pairs| pairs.into_inner().into_iter().find(|(key, _)| key == "url"));
    let Some((_, url)) = url else { return Subject::Nothing };
    let path = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    let path = path.split(['?', '#']).next().unwrap_or("");
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty() && *segment != "tiktok").collect();
    // An oEmbed of an oEmbed is nothing, so the empty query ends the matter.
    tiktok(&segments, "").1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &str) -> (Kind, Subject) {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let ask = Ask::parse(path, query).unwrap();
        (ask.kind, ask.subject)
    }

    fn handle(platform: Platform, text: &str) -> Handle {
        Handle::parse(platform, text).unwrap()
    }

    #[test]
    fn every_address_is_understood() {
        let anna = Subject::Profile(handle(Platform::Tiktok, "anna"));
        let post = |handle: Option<Handle>| Subject::Post { external_id: "7571863205253778710".to_owned(), handle };
        let annas = post(Some(handle(Platform::Tiktok, "anna")));
        for (path, kind, subject) in [
            ("/tiktok/@Anna", Kind::Profile, &anna),
            ("/tiktok/embed/@anna", Kind::Feed, &anna),
            ("/tiktok/@anna/video/7571863205253778710", Kind::Post, &annas),
            ("/tiktok/@anna/photo/7571863205253778710", Kind::Post, &annas),
            ("/tiktok/@/video/7571863205253778710", Kind::Post, &post(None)),
            (
                "/tiktok/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40anna%2Fvideo%2F7571863205253778710%3Fx%3D1",
                Kind::Oembed,
                &annas,
            ),
            ("/tiktok/oembed?url=http://127.0.0.1:80/tiktok/@anna", Kind::Oembed, &anna),
            ("/tiktok/login?redirect_url=x", Kind::Login, &Subject::Nothing),
            ("/tiktok/@anna/video/abc", Kind::Post, &Subject::Nothing),
            ("/tiktok/foryou", Kind::Other, &Subject::Nothing),
        ] {
            assert_eq!(ask(path), (kind, subject.clone()), "{path}");
        }
        let anna = Subject::Profile(handle(Platform::Instagram, "anna"));
        let post = |handle: Option<Handle>| Subject::Post { external_id: "2555323354817229568".to_owned(), handle };
        let annas = post(Some(handle(Platform::Instagram, "anna")));
        for (path, kind, subject) in [
            ("/instagram/anna/", Kind::Profile, &anna),
            ("/instagram/anna", Kind::Profile, &anna),
            ("/instagram/anna/reels/", Kind::Feed, &anna),
            ("/instagram/p/CN2VQ1yI_MA/", Kind::Post, &post(None)),
            ("/instagram/reel/CN2VQ1yI_MA/", Kind::Post, &post(None)),
            ("/instagram/anna/p/CN2VQ1yI_MA/", Kind::Post, &annas),
            ("/instagram/p/!/", Kind::Post, &Subject::Nothing),
            ("/instagram/accounts/login/", Kind::Login, &Subject::Nothing),
            ("/instagram/", Kind::Other, &Subject::Nothing),
        ] {
            assert_eq!(ask(path), (kind, subject.clone()), "{path}");
        }
        assert_eq!(Ask::parse("/youtube/@anna", ""), None);
    }
}
