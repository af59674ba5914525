//! A creator's handle on a platform, from whatever form a client has it in.

use std::fmt::{Display, Formatter};

use thiserror::Error;
use url::Url;

use crate::link::{Address, Site, site_name};
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

/// First path words of pinterest.com that are never a user.
const PINTEREST_RESERVED: [&str; 21] = [
    "_",
    "about",
    "business",
    "categories",
    "convert",
    "explore",
    "following",
    "homefeed",
    "ideas",
    "login",
    "logout",
    "news_hub",
    "oauth",
    "password",
    "pin",
    "resource",
    "search",
    "settings",
    "signup",
    "today",
    "topics",
];

/// Tabs of a channel's page: still the channel.
const YOUTUBE_TABS: [&str; 11] = [
    "about",
    "channels",
    "community",
    "featured",
    "playlists",
    "podcasts",
    "posts",
    "releases",
    "shorts",
    "streams",
    "videos",
];

/// Longest name in an old address of YouTube's, `/c/…` or `/user/…`.
const LONGEST_OLD_NAME: usize = 100;

/// A handle: well formed for its platform and case-folded, without `@`.
///
/// Instagram: at most 30 of `A-Z a-z 0-9 . _`. TikTok: at most 24 of the same, not ending in a dot. Pinterest: 3 to 30 of
/// `A-Z a-z 0-9 _`. YouTube: 3 to 30 letters and digits of any script and `_ - . ·`, fewer in scripts that need fewer; or, while a
/// channel's handle is not known, its id (`UC…`, the one form that keeps its case) or the name in its old address, as `c/…` or `user/…`.
/// Reading a handle's own text gives the same handle.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(String);

/// Why a text is no handle; the message is made for the client's developer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidHandle {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// None of the forms, which are named.
    #[error("must be {0}")]
    Malformed(&'static str),
    /// A URL of some other site, or one that is dressed up with a user's name or a port.
    #[error("must be a URL on {0}")]
    WrongHost(&'static str),
    /// A URL on the platform that is no profile's.
    #[error("is a URL on the platform, but not a profile's")]
    NotAProfile,
    /// A word that the platform keeps for itself.
    #[error("is a word that the platform keeps for its own pages, so it cannot be a handle")]
    Reserved,
    /// A link that only the platform can resolve; it may lead to a profile.
    #[error("is a short link; give the address that it leads to in a browser")]
    ShortLink(Url),
}

impl Handle {
    /// Reads a handle, an `@handle`, or a profile URL in any of the platform's forms.
    pub fn parse(platform: Platform, text: &str) -> Result<Self, InvalidHandle> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidHandle::Empty);
        }
        if platform == Platform::Youtube
            && let Some(("c" | "user", _)) = text.split_once('/')
        {
            return Self::old_name(text);
        }
        if text.contains('/') {
            let address = Address::read(platform, text).ok_or(InvalidHandle::WrongHost(site_name(platform)))?;
            return Self::from_address(&address);
        }
        if platform == Platform::Youtube && is_channel_id(text) {
            return Ok(Self(text.to_owned()));
        }
        Self::bare(platform, text.strip_prefix('@').unwrap_or(text))
    }

    fn bare(platform: Platform, text: &str) -> Result<Self, InvalidHandle> {
        let folded = folded(text);
        if !is_well_formed(platform, &folded) {
            return Err(InvalidHandle::Malformed(forms(platform)));
        }
        let reserved: &[&str] = match platform {
            Platform::Instagram => &INSTAGRAM_RESERVED,
            Platform::Pinterest => &PINTEREST_RESERVED,
            // Their handles stand behind an `@`, apart from their own pages.
            Platform::Tiktok | Platform::Youtube => &[],
        };
        if reserved.contains(&folded.as_str()) {
            return Err(InvalidHandle::Reserved);
        }
        Ok(Self(folded))
    }

    /// A name in one of YouTube's old addresses, with the word before it: the two kinds are two name spaces.
    fn old_name(text: &str) -> Result<Self, InvalidHandle> {
        let folded = folded(text);
        match folded.split_once('/') {
            Some((_, name)) if is_made_of_letters(name) && name.chars().count() <= LONGEST_OLD_NAME => Ok(Self(folded)),
            Some(_) | None => Err(InvalidHandle::Malformed(forms(Platform::Youtube))),
        }
    }

    fn from_address(address: &Address) -> Result<Self, InvalidHandle> {
        let platform = address.platform;
        let segments = address.segments();
        match (platform, address.site, segments.as_slice()) {
            (Platform::Tiktok, Site::Pages, [at_handle] | ["embed", at_handle]) if at_handle.starts_with('@') => {
                Self::bare(platform, at_handle.get(1..).unwrap_or_default())
            }
            (Platform::Youtube, Site::Pages, segments) => Self::of_channel(segments),
            (Platform::Instagram, Site::Pages, [handle] | [handle, "reels" | "tagged" | "embed"])
            | (Platform::Pinterest, Site::Pages, [handle] | [handle, "_saved" | "_created" | "pins"]) => {
                Self::bare(platform, handle)
            }
            // These say themselves that they lead to a post.
            (Platform::Instagram, Site::Pages, ["share", "p" | "reel" | "reels" | "tv", _]) => {
                Err(InvalidHandle::NotAProfile)
            }
            (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _, _) => {
                Err(address.short_link().map_or(InvalidHandle::NotAProfile, InvalidHandle::ShortLink))
            }
        }
    }

    /// From the path of a channel's address.
    fn of_channel(segments: &[&str]) -> Result<Self, InvalidHandle> {
        let is_page = |rest: &[&str]| rest.is_empty() || matches!(rest, [tab] if YOUTUBE_TABS.contains(tab));
        match segments {
            [first, rest @ ..] if first.starts_with('@') && is_page(rest) => {
                Self::bare(Platform::Youtube, first.get(1..).unwrap_or_default())
            }
            ["channel", id, rest @ ..] if is_channel_id(id) && is_page(rest) => Ok(Self((*id).to_owned())),
            [kind @ ("c" | "user"), name, rest @ ..] if is_page(rest) => Self::old_name(&format!("{kind}/{name}")),
            _ => Err(InvalidHandle::NotAProfile),
        }
    }

    /// The handle's text, without `@`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The profile's canonical address on the platform.
    pub fn url(&self, platform: Platform) -> String {
        let handle = &self.0;
        match platform {
            Platform::Instagram => format!("https://www.instagram.com/{handle}/"),
            Platform::Tiktok => format!("https://www.tiktok.com/@{handle}"),
            Platform::Pinterest => format!("https://www.pinterest.com/{handle}/"),
            Platform::Youtube => {
                let before = match handle {
                    id if is_channel_id(id) => "channel/",
                    name if name.contains('/') => "",
                    _ => "@",
                };
                let url = format!("https://www.youtube.com/{before}{handle}");
                // Letters of other scripts are written as URLs write them.
                Url::parse(&url).map_or(url, String::from)
            }
        }
    }
}

impl Display for Handle {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The forms that a handle may have, for whoever gave something else.
const fn forms(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => {
            "a handle of 1 to 30 letters, digits, dots and underscores, an @handle, or the profile's URL"
        }
        Platform::Tiktok => {
            "a handle of 1 to 24 letters, digits, dots and underscores, not ending in a dot, an @handle, or the profile's URL"
        }
        Platform::Youtube => {
            "a handle of 3 to 30 letters, digits, dots, hyphens and underscores, an @handle, a channel's id (UC and 22 more characters), \
             or the channel's URL"
        }
        Platform::Pinterest => "a user name of 3 to 30 letters, digits and underscores, or the profile's URL",
    }
}

fn is_well_formed(platform: Platform, folded: &str) -> bool {
    // A handle of dots alone would vanish from its own address.
    let made_of = |extra: &[u8]| {
        folded.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b)) && folded.bytes().any(|b| b != b'.')
    };
    match platform {
        Platform::Instagram => folded.len() <= 30 && made_of(b"._"),
        Platform::Tiktok => folded.len() <= 24 && made_of(b"._") && !folded.ends_with('.'),
        Platform::Pinterest => (3..=30).contains(&folded.len()) && made_of(b"_"),
        Platform::Youtube => {
            // The bounds of scripts in which one character says more are lower.
            let fewest = if folded.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) { 1 } else { 3 };
            (fewest..=30).contains(&folded.chars().count()) && is_made_of_letters(folded)
        }
    }
}

/// Whether YouTube could have given this as a name: letters and digits of any script, and its four marks; not dots alone.
fn is_made_of_letters(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '·') || completes_a_letter(c))
        && text.chars().any(|c| c != '.')
}

/// Signs that many scripts write words with, but that are no letters of themselves: accents, viramas, nuktas, tones and joiners.
fn completes_a_letter(c: char) -> bool {
    match u32::from(c) {
        // The blocks of India's scripts are laid out alike.
        sign @ 0x0900..=0x0D7F => matches!(sign & 0x7F, 0x3C | 0x4D),
        other => matches!(
            other,
            0x0300..=0x036F
                | 0x064B..=0x065F
                | 0x0DCA
                | 0x0E3A
                | 0x0E47..=0x0E4E
                | 0x0EC8..=0x0ECE
                | 0x1037
                | 0x1039
                | 0x103A
                | 0x17C9..=0x17D3
                | 0x200C
                | 0x200D
                | 0x3099
                | 0x309A
        ),
    }
}

/// Letter by letter, so that a word's end does not matter: the Greek sigma has one form then.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// Whether a text is YouTube's own id of a channel: `UC` and 22 characters, in which case matters.
pub fn is_channel_id(text: &str) -> bool {
    text.len() == 24
        && text.starts_with("UC")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: &str = "UCX6OQ3DkcsbYNE6H8uQQuVA";

    #[track_caller]
    fn all_are(platform: Platform, handle: &str, forms: &[&str]) {
        for form in forms {
            assert_eq!(Handle::parse(platform, form).map(|h| h.to_string()), Ok(handle.to_owned()), "{form}");
        }
    }

    #[test]
    fn every_form_of_a_profile_is_one_handle() {
        all_are(
            Platform::Tiktok,
            "khaby.lame",
            &[
                "Khaby.Lame",
                "@khaby.lame",
                " khaby.lame ",
                "https://www.tiktok.com/@khaby.lame?lang=en&_t=8x",
                "tiktok.com/@khaby.lame/",
                "https://m.tiktok.com/@KHABY.lame",
                "https://www.tiktok.com/%40khaby.lame",
                "https://www.tiktok.com/embed/@khaby.lame",
            ],
        );
        all_are(
            Platform::Instagram,
            "natgeo",
            &[
                "NatGeo",
                "https://instagram.com/natgeo",
                "www.instagram.com/natgeo/reels/?hl=en",
                "http://m.instagram.com/natgeo/tagged/#x",
                "https://instagr.am/natgeo/",
                "https://www.instagram.com/natgeo/embed/",
            ],
        );
        all_are(
            Platform::Pinterest,
            "nasa_2",
            &[
                "NASA_2",
                "@nasa_2",
                "https://www.pinterest.com/nasa_2/",
                "pinterest.co.uk/nasa_2/_saved/",
                "https://br.pinterest.com/NASA_2/_created?x=1",
                "https://www.pinterest.de/nasa_2/pins/",
            ],
        );
    }

    #[test]
    fn every_form_of_a_channel_is_one_handle() {
        all_are(
            Platform::Youtube,
            "nasa",
            &[
                "NASA",
                "@nasa",
                "https://www.youtube.com/@NASA",
                "youtube.com/@nasa/videos?view=0",
                "m.youtube.com/%40nasa/streams/",
                "https://music.youtube.com/@nasa#top",
            ],
        );
        all_are(
            Platform::Youtube,
            CHANNEL,
            &[
                CHANNEL,
                "https://www.youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA",
                "youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA/about",
            ],
        );
        all_are(
            Platform::Youtube,
            "c/nasa",
            &["c/nasa", "https://www.youtube.com/c/NASA", "youtube.com/c/nasa/featured"],
        );
        all_are(Platform::Youtube, "user/nasatelevision", &["https://www.youtube.com/user/NASAtelevision/community"]);
        all_are(Platform::Youtube, "やま", &["やま", "@やま", "https://www.youtube.com/@%E3%82%84%E3%81%BE/shorts"]);
        all_are(Platform::Youtube, "हिन्दी", &["@हिन्दी", "youtube.com/@हिन्दी"]);
        all_are(Platform::Youtube, "οδοσ", &["@ΟΔΟΣ", "@οδος", "@οδοσ"]);
        all_are(Platform::Youtube, "l·l-a_b.c", &["@L·L-A_B.C"]);
    }

    #[test]
    fn a_handle_that_looks_like_a_channels_id_is_still_a_handle() {
        all_are(Platform::Youtube, &CHANNEL.to_lowercase(), &[&format!("@{CHANNEL}"), &CHANNEL.to_lowercase()]);
    }

    #[test]
    fn one_letter_and_all_digits_are_handles() {
        assert!(Handle::parse(Platform::Tiktok, "a").is_ok());
        assert!(Handle::parse(Platform::Tiktok, "107955").is_ok());
    }

    #[test]
    fn a_profile_has_one_address() {
        for (platform, handle, url) in [
            (Platform::Instagram, "NatGeo", "https://www.instagram.com/natgeo/"),
            (Platform::Tiktok, "a", "https://www.tiktok.com/@a"),
            (Platform::Pinterest, "nasa", "https://www.pinterest.com/nasa/"),
            (Platform::Youtube, "nasa", "https://www.youtube.com/@nasa"),
            (Platform::Youtube, "c/nasa", "https://www.youtube.com/c/nasa"),
            (Platform::Youtube, CHANNEL, "https://www.youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA"),
            (Platform::Youtube, "やま", "https://www.youtube.com/@%E3%82%84%E3%81%BE"),
        ] {
            assert_eq!(Handle::parse(platform, handle).unwrap().url(platform), url);
        }
    }

    #[test]
    fn what_is_no_profile_is_refused_with_a_reason() {
        use InvalidHandle::{Empty, NotAProfile, Reserved, WrongHost};
        let malformed = |platform| InvalidHandle::Malformed(forms(platform));
        for (platform, text, why) in [
            (Platform::Tiktok, "", Empty),
            (Platform::Tiktok, "  ", Empty),
            (Platform::Tiktok, "@", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "ends.", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "has space", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "a23456789012345678901234x", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "https://www.tiktok.com/@x/video/123", NotAProfile),
            (Platform::Tiktok, "https://www.tiktok.com/foryou", NotAProfile),
            (Platform::Tiktok, "https://www.tiktok.com/@x/live", NotAProfile),
            (Platform::Tiktok, "https://www.instagram.com/natgeo/", WrongHost("tiktok.com")),
            (Platform::Instagram, "ü", malformed(Platform::Instagram)),
            (Platform::Instagram, "..", malformed(Platform::Instagram)),
            (Platform::Instagram, "reel", Reserved),
            (Platform::Instagram, "https://www.instagram.com/explore/", Reserved),
            (Platform::Instagram, "https://www.instagram.com/p/CN2VQ1yI_MA/", NotAProfile),
            (Platform::Instagram, "https://www.instagram.com/share/reel/BAabc/", NotAProfile),
            (Platform::Youtube, "ab", malformed(Platform::Youtube)),
            (Platform::Youtube, "...", malformed(Platform::Youtube)),
            (Platform::Youtube, "@a b c", malformed(Platform::Youtube)),
            (Platform::Youtube, "user/", malformed(Platform::Youtube)),
            (Platform::Youtube, "https://www.youtube.com/channel/UCshort", NotAProfile),
            (Platform::Youtube, "https://www.youtube.com/@nasa/live", NotAProfile),
            (Platform::Youtube, "https://www.youtube.com/watch?v=dQw4w9WgXcQ", NotAProfile),
            (Platform::Youtube, "https://youtu.be/@nasa", NotAProfile),
            (Platform::Pinterest, "ab", malformed(Platform::Pinterest)),
            (Platform::Pinterest, "https://www.pinterest.com/ideas/", Reserved),
            (Platform::Pinterest, "https://www.pinterest.com/nasa/space-board/", NotAProfile),
            (Platform::Pinterest, "https://www.pinterest.com/pin/99360735500167749/", NotAProfile),
        ] {
            assert_eq!(Handle::parse(platform, text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_short_link_may_lead_to_a_profile() {
        for (platform, text, link) in [
            (
                Platform::Instagram,
                "http://instagram.com:80/share/BAabc_1?igsh=x#y",
                "https://instagram.com/share/BAabc_1",
            ),
            (Platform::Tiktok, "vm.tiktok.com/ZM8abc/", "https://vm.tiktok.com/ZM8abc/"),
            (Platform::Pinterest, "https://pin.it/4AbC", "https://pin.it/4AbC"),
        ] {
            let link = InvalidHandle::ShortLink(Url::parse(link).unwrap());
            assert_eq!(Handle::parse(platform, text), Err(link), "{text}");
        }
    }
}
