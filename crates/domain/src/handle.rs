//! A creator's handle on a platform, from whatever form a client has it in.

use std::fmt::{Display, Formatter};

use thiserror::Error;
use url::Url;

use crate::platform::Platform;

/// First path words of instagram.com that are never a user.
const INSTAGRAM_RESERVED: [&str; 23] = [
    "about",
    "accounts",
    "api",
    "ar",
    "archive",
    "challenge",
    "developer",
    "direct",
    "explore",
    "graphql",
    "legal",
    "locations",
    "oauth",
    "p",
    "popular",
    "privacy",
    "reel",
    "reels",
    "share",
    "stories",
    "tv",
    "web",
    "your_activity",
];

/// A handle: well formed for its platform and case-folded, without `@`.
///
/// Instagram: at most 30 of `A-Z a-z 0-9 . _`. TikTok: at most 24 of the same, not ending in a dot. Both compare without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(String);

/// Why a text is no handle; the message is made for the client's developer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidHandle {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Not 1 to `n` of the allowed characters.
    #[error("must be a handle of 1 to {0} letters, digits, dots and underscores, an @handle, or the profile's URL")]
    Malformed(usize),
    /// A URL of some other site.
    #[error("must be a URL on {0}")]
    WrongHost(&'static str),
    /// A URL on the platform that is no profile's.
    #[error("is a URL on the platform, but not a profile's")]
    NotAProfile,
    /// A word that the platform keeps for itself.
    #[error("is a word that the platform keeps for its own pages, so it cannot be a handle")]
    Reserved,
}

impl Handle {
    /// Reads a handle, an `@handle`, or a profile URL in any of the platform's forms.
    pub fn parse(platform: Platform, text: &str) -> Result<Self, InvalidHandle> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidHandle::Empty);
        }
        if text.contains('/') {
            return Self::from_url(platform, text);
        }
        Self::bare(platform, text.strip_prefix('@').unwrap_or(text))
    }

    fn bare(platform: Platform, text: &str) -> Result<Self, InvalidHandle> {
        let longest = match platform {
            Platform::Instagram => 30,
            Platform::Tiktok => 24,
            Platform::Youtube | Platform::Pinterest => 30,
        };
        let well_formed = (1..=longest).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
            && !(platform == Platform::Tiktok && text.ends_with('.'));
        if !well_formed {
            return Err(InvalidHandle::Malformed(longest));
        }
        let folded = text.to_ascii_lowercase();
        if platform == Platform::Instagram && INSTAGRAM_RESERVED.contains(&folded.as_str()) {
            return Err(InvalidHandle::Reserved);
        }
        Ok(Self(folded))
    }

    fn from_url(platform: Platform, text: &str) -> Result<Self, InvalidHandle> {
        let site = site(platform);
        let url = parse_url(text).ok_or(InvalidHandle::WrongHost(site))?;
        if !is_on(platform, &url) {
            return Err(InvalidHandle::WrongHost(site));
        }
        let segments: Vec<_> = url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).collect();
        match (platform, segments.as_slice()) {
            (Platform::Tiktok, [handle] | ["embed", handle]) => match handle.strip_prefix('@') {
                Some(handle) => Self::bare(platform, handle),
                None => Err(InvalidHandle::NotAProfile),
            },
            (Platform::Instagram, [handle] | [handle, "reels" | "tagged" | "embed"]) => Self::bare(platform, handle),
            (Platform::Youtube | Platform::Pinterest, [handle]) => Self::bare(platform, handle.trim_start_matches('@')),
            (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _) => {
                Err(InvalidHandle::NotAProfile)
            }
        }
    }

    /// The handle's text, without `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for Handle {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

const fn site(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => "instagram.com",
        Platform::Tiktok => "tiktok.com",
        Platform::Youtube => "youtube.com",
        Platform::Pinterest => "pinterest.com",
    }
}

/// Reads a URL that may lack its scheme.
pub(crate) fn parse_url(text: &str) -> Option<Url> {
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("https://{text}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether a URL's host is one of the platform's own.
pub(crate) fn is_on(platform: Platform, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let on = |site: &str| host == site || host.strip_suffix(site).is_some_and(|rest| rest.ends_with('.'));
    match platform {
        Platform::Instagram => on("instagram.com") || on("instagr.am"),
        Platform::Tiktok => on("tiktok.com") || on("tiktokv.com"),
        Platform::Youtube => on("youtube.com") || on("youtu.be"),
        Platform::Pinterest => on("pinterest.com"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_profile_is_one_handle() {
        for form in [
            "Khaby.Lame",
            "@khaby.lame",
            " khaby.lame ",
            "https://www.tiktok.com/@khaby.lame?lang=en&_t=8x",
            "tiktok.com/@khaby.lame/",
            "https://m.tiktok.com/@KHABY.lame",
            "https://www.tiktok.com/embed/@khaby.lame",
        ] {
            assert_eq!(
                Handle::parse(Platform::Tiktok, form).map(|h| h.to_string()),
                Ok("khaby.lame".to_owned()),
                "{form}"
            );
        }
        for form in [
            "NatGeo",
            "https://instagram.com/natgeo",
            "www.instagram.com/natgeo/reels/?hl=en",
            "https://instagr.am/natgeo/",
        ] {
            assert_eq!(
                Handle::parse(Platform::Instagram, form).map(|h| h.to_string()),
                Ok("natgeo".to_owned()),
                "{form}"
            );
        }
    }

    #[test]
    fn one_letter_and_all_digits_are_handles() {
        assert!(Handle::parse(Platform::Tiktok, "a").is_ok());
        assert!(Handle::parse(Platform::Tiktok, "107955").is_ok());
    }

    #[test]
    fn what_is_no_profile_is_refused_with_a_reason() {
        use InvalidHandle::{Empty, Malformed, NotAProfile, Reserved, WrongHost};
        for (platform, text, why) in [
            (Platform::Tiktok, "", Empty),
            (Platform::Tiktok, "  ", Empty),
            (Platform::Tiktok, "@", Malformed(24)),
            (Platform::Tiktok, "ends.", Malformed(24)),
            (Platform::Tiktok, "has space", Malformed(24)),
            (Platform::Tiktok, "a23456789012345678901234x", Malformed(24)),
            (Platform::Instagram, "ü", Malformed(30)),
            (Platform::Instagram, "reel", Reserved),
            (Platform::Instagram, "https://www.instagram.com/explore/", Reserved),
            (Platform::Instagram, "https://www.instagram.com/p/CN2VQ1yI_MA/", NotAProfile),
            (Platform::Tiktok, "https://www.tiktok.com/@x/video/123", NotAProfile),
            (Platform::Tiktok, "https://www.tiktok.com/foryou", NotAProfile),
            (Platform::Tiktok, "https://www.instagram.com/natgeo/", WrongHost("tiktok.com")),
            (Platform::Tiktok, "https://eviltiktok.com/@x", WrongHost("tiktok.com")),
            (Platform::Tiktok, "https://tiktok.com.evil.example/@x", WrongHost("tiktok.com")),
        ] {
            assert_eq!(Handle::parse(platform, text), Err(why), "{text}");
        }
    }
}
