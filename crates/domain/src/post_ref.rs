//! Which post a client means, from whatever form the client has it in.

use thiserror::Error;

use crate::clock::Timestamp;
use crate::handle::{Handle, is_on, parse_url};
use crate::platform::Platform;
use crate::shortcode;

/// A post, named once and for all: every form of its address leads to the same value of `external_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PostRef {
    /// The platform that it is on.
    pub platform: Platform,
    /// The platform's own id, as text (it passes 2^53).
    pub external_id: String,
    /// The author's handle, where the address carries one. A hint: TikTok answers whatever stands there.
    pub handle: Option<Handle>,
}

/// Why a text names no post; the message is made for the client's developer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidPostRef {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Neither an id nor a URL.
    #[error("must be a post's URL or its numeric id")]
    MalformedTiktok,
    /// Neither an id, a shortcode nor a URL.
    #[error("must be a post's URL, its shortcode or its numeric id")]
    MalformedInstagram,
    /// A URL of some other site.
    #[error("must be a URL on {0}")]
    WrongHost(&'static str),
    /// A URL on the platform that is no post's.
    #[error("is a URL on the platform, but not a post's")]
    NotAPost,
    /// A share link, which only the platform can resolve.
    #[error("is a short link; give the address that it leads to in a browser")]
    ShortLink,
}

impl PostRef {
    /// Reads a URL in any of the platform's forms, a numeric id, or (Instagram) a shortcode.
    pub fn parse(platform: Platform, text: &str) -> Result<Self, InvalidPostRef> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidPostRef::Empty);
        }
        let found = if text.contains('/') {
            match platform {
                Platform::Instagram => instagram_url(text)?,
                Platform::Tiktok => tiktok_url(text)?,
                Platform::Youtube | Platform::Pinterest => return Err(InvalidPostRef::NotAPost),
            }
        } else {
            (text, None).into()
        };
        let malformed = match platform {
            Platform::Instagram => InvalidPostRef::MalformedInstagram,
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => InvalidPostRef::MalformedTiktok,
        };
        let external_id = external_id(platform, &found.code, found.is_shortcode).ok_or(malformed)?;
        let handle = found.handle.and_then(|handle| Handle::parse(platform, &handle).ok());
        Ok(Self { platform, external_id, handle })
    }

    /// Instagram's shortcode of the post; `None` elsewhere.
    pub fn shortcode(&self) -> Option<String> {
        match self.platform {
            Platform::Instagram => self.external_id.parse().ok().map(shortcode::from_media_id),
            Platform::Tiktok | Platform::Youtube | Platform::Pinterest => None,
        }
    }

    /// The post's canonical address on the platform.
    pub fn url(&self) -> String {
        match (self.platform, self.shortcode()) {
            (Platform::Instagram, code) => format!("https://www.instagram.com/p/{}/", code.unwrap_or_default()),
            (Platform::Youtube, _) => format!("https://www.youtube.com/watch?v={}", self.external_id),
            (Platform::Pinterest, _) => format!("https://www.pinterest.com/pin/{}/", self.external_id),
            (Platform::Tiktok, _) => {
                let handle = self.handle.as_ref().map_or("", Handle::as_str);
                format!("https://www.tiktok.com/@{handle}/video/{}", self.external_id)
            }
        }
    }

    /// When the post was made, as its id tells; good for ordering, seconds to minutes early, more for scheduled posts.
    pub fn time_from_id(&self) -> Option<Timestamp> {
        let id: u64 = self.external_id.parse().ok()?;
        match self.platform {
            Platform::Instagram => i64::try_from(shortcode::media_id_millis(id)).ok().map(Timestamp::from_millis),
            Platform::Tiktok => Timestamp::from_seconds(i64::try_from(shortcode::item_id_seconds(id)).ok()?),
            Platform::Youtube | Platform::Pinterest => None,
        }
    }
}

/// An id or shortcode cut out of an address, and the handle beside it.
struct Found {
    code: String,
    handle: Option<String>,
    is_shortcode: bool,
}

impl From<(&str, Option<&str>)> for Found {
    fn from((code, handle): (&str, Option<&str>)) -> Self {
        Self { code: code.to_owned(), handle: handle.map(str::to_owned), is_shortcode: false }
    }
}

fn external_id(platform: Platform, code: &str, is_shortcode: bool) -> Option<String> {
    let is_number = !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit());
    match platform {
        Platform::Tiktok => {
            // 2^63 has 19 digits; ids before 2018 had fewer.
            (is_number && (6..=19).contains(&code.len()) && !code.starts_with('0')).then(|| code.to_owned())
        }
        Platform::Youtube | Platform::Pinterest => Some(code.to_owned()),
        Platform::Instagram if is_number && !is_shortcode && code.len() > 11 => {
            code.parse::<u64>().ok().filter(|_| !code.starts_with('0')).map(|id| id.to_string())
        }
        Platform::Instagram => {
            let long_enough = code.len() >= 5 && code.len() <= 39;
            long_enough.then(|| shortcode::to_media_id(code)).flatten().filter(|id| *id > 0).map(|id| id.to_string())
        }
    }
}

fn tiktok_url(text: &str) -> Result<Found, InvalidPostRef> {
    let url = parse_url(text).ok_or(InvalidPostRef::MalformedTiktok)?;
    if !is_on(Platform::Tiktok, &url) {
        return Err(InvalidPostRef::WrongHost("tiktok.com"));
    }
    let segments: Vec<_> = url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
    if matches!(url.host_str(), Some("vm.tiktok.com" | "vt.tiktok.com")) || matches!(segments.as_slice(), ["t", _]) {
        return Err(InvalidPostRef::ShortLink);
    }
    match segments.as_slice() {
        [handle, "video" | "photo", id] if handle.starts_with('@') => {
            Ok((*id, handle.strip_prefix('@').filter(|h| !h.is_empty())).into())
        }
        ["v", page] => Ok((page.strip_suffix(".html").unwrap_or(page), None).into()),
        ["embed", id] | ["embed" | "share", "v2" | "video" | "item", id] | ["player", "v1", id]
            if !id.starts_with('@') =>
        {
            Ok((*id, None).into())
        }
        _ => Err(InvalidPostRef::NotAPost),
    }
}

fn instagram_url(text: &str) -> Result<Found, InvalidPostRef> {
    let url = parse_url(text).ok_or(InvalidPostRef::MalformedInstagram)?;
    if !is_on(Platform::Instagram, &url) {
        return Err(InvalidPostRef::WrongHost("instagram.com"));
    }
    let segments: Vec<_> = url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
    let (code, handle) = match segments.as_slice() {
        ["share", ..] => return Err(InvalidPostRef::ShortLink),
        ["reels", "audio", ..] | ["stories" | "explore", ..] => return Err(InvalidPostRef::NotAPost),
        ["p" | "reel" | "reels" | "tv", code]
        | ["p" | "reel" | "reels" | "tv", code, "embed"]
        | ["p" | "reel" | "reels" | "tv", code, "embed", "captioned"] => (*code, None),
        [handle, "p" | "reel" | "reels" | "tv", code] => (*code, Some((*handle).to_owned())),
        _ => return Err(InvalidPostRef::NotAPost),
    };
    Ok(Found { code: code.to_owned(), handle, is_shortcode: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_tiktok_post_is_one_post() {
        for form in [
            "7571863205253778710",
            "https://www.tiktok.com/@illojuan/video/7571863205253778710",
            "https://www.tiktok.com/@illojuan/video/7571863205253778710?is_from_webapp=1&sender_device=pc",
            "https://www.tiktok.com/@illojuan/photo/7571863205253778710",
            "https://www.tiktok.com/@/video/7571863205253778710",
            "m.tiktok.com/v/7571863205253778710.html",
            "https://www.tiktok.com/embed/7571863205253778710",
            "https://www.tiktok.com/embed/v2/7571863205253778710",
            "https://www.tiktokv.com/share/video/7571863205253778710/",
        ] {
            let post = PostRef::parse(Platform::Tiktok, form).unwrap_or_else(|e| panic!("{form}: {e}"));
            assert_eq!(post.external_id, "7571863205253778710", "{form}");
        }
    }

    #[test]
    fn every_form_of_an_instagram_post_is_one_post() {
        for form in [
            "CN2VQ1yI_MA",
            "2555323354817229568",
            "https://www.instagram.com/p/CN2VQ1yI_MA/",
            "https://www.instagram.com/reel/CN2VQ1yI_MA/?igsh=abc&img_index=3",
            "instagram.com/reels/CN2VQ1yI_MA",
            "https://instagr.am/tv/CN2VQ1yI_MA/",
            "https://www.instagram.com/jaimelorentelo/reel/CN2VQ1yI_MA/",
            "https://www.instagram.com/p/CN2VQ1yI_MA/embed/captioned/",
        ] {
            let post = PostRef::parse(Platform::Instagram, form).unwrap_or_else(|e| panic!("{form}: {e}"));
            assert_eq!(post.external_id, "2555323354817229568", "{form}");
            assert_eq!(post.shortcode().as_deref(), Some("CN2VQ1yI_MA"));
        }
    }

    #[test]
    fn what_is_no_post_is_refused_with_a_reason() {
        use InvalidPostRef::{Empty, MalformedInstagram, MalformedTiktok, NotAPost, ShortLink, WrongHost};
        for (platform, text, why) in [
            (Platform::Tiktok, " ", Empty),
            (Platform::Tiktok, "abc", MalformedTiktok),
            (Platform::Tiktok, "99999999999999999999", MalformedTiktok),
            (Platform::Tiktok, "https://www.tiktok.com/@x/live", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/tag/fun", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/@x/video/abc", MalformedTiktok),
            (Platform::Tiktok, "https://vm.tiktok.com/ZM8abc/", ShortLink),
            (Platform::Tiktok, "https://www.tiktok.com/t/ZM8abc/", ShortLink),
            (Platform::Tiktok, "https://example.com/@x/video/7571863205253778710", WrongHost("tiktok.com")),
            (Platform::Instagram, "https://www.instagram.com/share/reel/abc", ShortLink),
            (Platform::Instagram, "https://www.instagram.com/natgeo/", NotAPost),
            (Platform::Instagram, "https://www.instagram.com/stories/x/123/", NotAPost),
            (Platform::Instagram, "no spaces here", MalformedInstagram),
        ] {
            assert_eq!(PostRef::parse(platform, text).map(|p| p.external_id), Err(why), "{text}");
        }
    }

    #[test]
    fn an_id_tells_roughly_when_the_post_was_made() {
        let post = PostRef::parse(Platform::Tiktok, "7571863205253778710").unwrap();
        assert!(post.time_from_id().unwrap().as_seconds().abs_diff(1_762_961_788) < 60);
    }
}
