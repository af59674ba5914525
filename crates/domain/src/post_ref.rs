//! Which post a client means, from whatever form the client has it in.

use thiserror::Error;
use url::Url;

use crate::clock::Timestamp;
use crate::handle::Handle;
use crate::link::{Address, Site, site_name};
use crate::platform::Platform;
use crate::shortcode;

/// The smallest id of Instagram's that has a shortcode of five characters. Shorter ones were never public, and any word would be one.
const SMALLEST_MEDIA_ID: u64 = 64_u64.pow(4);

/// A post, named once and for all: every form of its address leads to the same value of `external_id`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PostRef {
    /// The platform that it is on.
    pub platform: Platform,
    /// The platform's own id, as text (a number passes 2^53, and YouTube's is none).
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
    /// None of the forms, which are named.
    #[error("must be {0}")]
    Malformed(&'static str),
    /// A URL of some other site, or one that is dressed up with a user's name or a port.
    #[error("must be a URL on {0}")]
    WrongHost(&'static str),
    /// A URL on the platform that is no post's.
    #[error("is a URL on the platform, but not a post's")]
    NotAPost,
    /// A link that only the platform can resolve; it may lead to a post.
    #[error("is a short link; give the address that it leads to in a browser")]
    ShortLink(Url),
}

impl PostRef {
    /// Reads a URL in any of the platform's forms, the platform's own id, or (Instagram) a shortcode.
    pub fn parse(platform: Platform, text: &str) -> Result<Self, InvalidPostRef> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidPostRef::Empty);
        }
        let (external_id, handle) = if text.contains('/') {
            let address = Address::read(platform, text).ok_or(InvalidPostRef::WrongHost(site_name(platform)))?;
            let (code, handle) = code_in(&address)?;
            (id_of_code(platform, &code), handle)
        } else {
            (id_of_text(platform, text), None)
        };
        let external_id = external_id.ok_or(InvalidPostRef::Malformed(forms(platform)))?;
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

/// The forms that a post may be given in, for whoever gave something else.
const fn forms(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => "a post's URL, its shortcode or its numeric id",
        Platform::Tiktok => "a post's URL or its numeric id",
        Platform::Youtube => "a video's URL or its 11-character id",
        Platform::Pinterest => "a pin's URL or its numeric id",
    }
}

/// The id that a text without a slash stands for.
fn id_of_text(platform: Platform, text: &str) -> Option<String> {
    match platform {
        Platform::Instagram => {
            // Some interfaces write the owner's id behind the media's.
            let id = text.split_once('_').filter(|(_, owner)| is_number(owner)).map_or(text, |(id, _)| id);
            if is_number(id) && id.len() > 11 {
                return id.parse::<u64>().ok().filter(|_| !id.starts_with('0')).map(|id| id.to_string());
            }
            id_of_code(platform, text)
        }
        Platform::Tiktok | Platform::Youtube | Platform::Pinterest => id_of_code(platform, text),
    }
}

/// The id that stands in an address, or the one that an Instagram shortcode in it stands for.
fn id_of_code(platform: Platform, code: &str) -> Option<String> {
    let is_id = match platform {
        Platform::Instagram => {
            // A zero in front would make a second code of the same post.
            let id = shortcode::to_media_id(code).filter(|id| code.starts_with(&shortcode::from_media_id(*id)));
            return id.filter(|id| *id >= SMALLEST_MEDIA_ID).map(|id| id.to_string());
        }
        // 2^63 has 19 digits; ids before 2018 had fewer.
        Platform::Tiktok => is_number(code) && (6..=19).contains(&code.len()) && !code.starts_with('0'),
        Platform::Youtube => is_video_id(code),
        Platform::Pinterest => is_number(code) && code.len() <= 20 && !code.starts_with('0'),
    };
    is_id.then(|| code.to_owned())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// YouTube's ids are told by their length; two words of its player's addresses have it too.
fn is_video_id(text: &str) -> bool {
    text.len() == 11
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        && !matches!(text, "videoseries" | "live_stream")
}

/// What stands in an address for its post, and its author's handle where that stands beside it.
fn code_in(address: &Address) -> Result<(String, Option<Handle>), InvalidPostRef> {
    if let Some(link) = address.short_link() {
        return Err(InvalidPostRef::ShortLink(link));
    }
    let segments = address.segments();
    let found = match address.platform {
        Platform::Instagram => instagram(address.site, &segments),
        Platform::Tiktok => tiktok(address.site, &segments),
        Platform::Youtube => youtube(address, &segments).map(|code| (code, None)),
        Platform::Pinterest => pinterest(address.site, &segments).map(|code| (code, None)),
    };
    found.ok_or(InvalidPostRef::NotAPost)
}

fn instagram(site: Site, segments: &[&str]) -> Option<(String, Option<Handle>)> {
    let segments = match segments {
        [rest @ .., "embed"] | [rest @ .., "embed", "captioned"] => rest,
        whole => whole,
    };
    match (site, segments) {
        (Site::Pages, ["p" | "reel" | "reels" | "tv", code]) if *code != "audio" => Some(((*code).to_owned(), None)),
        (Site::Pages, [author, "p" | "reel" | "reels" | "tv", code]) => {
            // A word that can be nobody's handle begins some other page's address.
            let author = Handle::parse(Platform::Instagram, author).ok()?;
            Some(((*code).to_owned(), Some(author)))
        }
        _ => None,
    }
}

fn tiktok(site: Site, segments: &[&str]) -> Option<(String, Option<Handle>)> {
    match (site, segments) {
        (Site::Pages, [author, "video" | "photo", id]) if author.starts_with('@') => {
            // The id decides; what stands for the author may be nothing, or anything.
            Some(((*id).to_owned(), Handle::parse(Platform::Tiktok, author).ok()))
        }
        (Site::Pages, ["v", page]) => Some((page.strip_suffix(".html").unwrap_or(page).to_owned(), None)),
        (Site::Pages, ["embed", id]) if !id.starts_with('@') => Some(((*id).to_owned(), None)),
        (Site::Pages, ["embed", "v2", id] | ["player", "v1", id])
        | (Site::Pages | Site::Shares, ["share", "video" | "item", id]) => Some(((*id).to_owned(), None)),
        _ => None,
    }
}

fn youtube(address: &Address, segments: &[&str]) -> Option<String> {
    match (address.site, segments) {
        (Site::Pages, ["watch"]) => address.parameter("v"),
        (Site::Pages | Site::Embeds, ["embed", "videoseries" | "live_stream"]) => None,
        (Site::Pages, ["shorts" | "live" | "embed" | "v", id])
        | (Site::Short, [id])
        | (Site::Embeds, ["embed", id]) => Some((*id).to_owned()),
        _ => None,
    }
}

fn pinterest(site: Site, segments: &[&str]) -> Option<String> {
    match (site, segments) {
        // What the app's links lead to ends in the word.
        (Site::Pages, ["pin", pin] | ["pin", pin, "sent"]) => {
            Some(pin.rsplit_once("--").map_or(*pin, |(_, id)| id).to_owned())
        }
        _ => None,
    }
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
            "https://www.tiktok.com/embed/v2/7571863205253778710?lang=en",
            "https://www.tiktok.com/player/v1/7571863205253778710",
            "https://www.tiktok.com/share/item/7571863205253778710",
            "https://www.tiktokv.com/share/video/7571863205253778710/",
            "tiktokv.com/share/item/7571863205253778710",
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
            "2555323354817229568_787132",
            "CN2VQ1yI_MAabcdefghijklmnopqrstuvwxyz01",
            "https://www.instagram.com/p/CN2VQ1yI_MA/",
            "https://www.instagram.com/reel/CN2VQ1yI_MA/?igsh=abc&img_index=3",
            "instagram.com/reels/CN2VQ1yI_MA",
            "https://instagr.am/tv/CN2VQ1yI_MA/",
            "https://www.instagram.com/jaimelorentelo/reel/CN2VQ1yI_MA/",
            "https://www.instagram.com/jaimelorentelo/p/CN2VQ1yI_MA/?img_index=3",
            "https://www.instagram.com/p/CN2VQ1yI_MA/embed/",
            "https://www.instagram.com/p/CN2VQ1yI_MA/embed/captioned/",
            "https://m.instagram.com/p/CN2VQ1yI_MAabcdefghijklmnopqrstuvwxyz01/",
        ] {
            let post = PostRef::parse(Platform::Instagram, form).unwrap_or_else(|e| panic!("{form}: {e}"));
            assert_eq!(post.external_id, "2555323354817229568", "{form}");
            assert_eq!(post.shortcode().as_deref(), Some("CN2VQ1yI_MA"));
        }
    }

    #[test]
    fn every_form_of_a_youtube_video_is_one_post() {
        for form in [
            "dQw4w9WgXcQ",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            "https://www.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ&t=42s&list=PL1",
            "m.youtube.com/watch/?v=dQw4w9WgXcQ#comments",
            "https://music.youtube.com/watch?v=dQw4w9WgXcQ",
            "https://youtu.be/dQw4w9WgXcQ?si=abc&t=42",
            "youtube.com/shorts/dQw4w9WgXcQ?feature=share",
            "https://www.youtube.com/live/dQw4w9WgXcQ",
            "https://www.youtube.com/embed/dQw4w9WgXcQ?autoplay=1",
            "https://www.youtube.com/v/dQw4w9WgXcQ",
            "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        ] {
            let post = PostRef::parse(Platform::Youtube, form).unwrap_or_else(|e| panic!("{form}: {e}"));
            assert_eq!(post.external_id, "dQw4w9WgXcQ", "{form}");
            assert_eq!(post.url(), "https://www.youtube.com/watch?v=dQw4w9WgXcQ");
            assert_eq!((post.shortcode(), post.time_from_id()), (None, None));
        }
    }

    #[test]
    fn every_form_of_a_pin_is_one_post() {
        for form in [
            "99360735500167749",
            "https://www.pinterest.com/pin/99360735500167749/",
            "pinterest.de/pin/99360735500167749?mt=login",
            "https://br.pinterest.com/pin/99360735500167749/",
            "https://www.pinterest.co.uk/pin/a-pumpkin--pie--99360735500167749/",
            "https://www.pinterest.com/pin/99360735500167749/sent/?invite_code=1&sfo=1",
        ] {
            let post = PostRef::parse(Platform::Pinterest, form).unwrap_or_else(|e| panic!("{form}: {e}"));
            assert_eq!(post.external_id, "99360735500167749", "{form}");
            assert_eq!(post.url(), "https://www.pinterest.com/pin/99360735500167749/");
        }
    }

    #[test]
    fn what_is_no_post_is_refused_with_a_reason() {
        use InvalidPostRef::{Empty, NotAPost, WrongHost};
        let malformed = |platform| InvalidPostRef::Malformed(forms(platform));
        for (platform, text, why) in [
            (Platform::Tiktok, " ", Empty),
            (Platform::Tiktok, "abc", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "99999999999999999999", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "https://www.tiktok.com/@x/live", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/tag/fun", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/@x/playlist/mine-7571863205253778710", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/music/song-7571863205253778710", NotAPost),
            (Platform::Tiktok, "https://www.tiktok.com/@x/video/abc", malformed(Platform::Tiktok)),
            (Platform::Tiktok, "https://example.com/@x/video/7571863205253778710", WrongHost("tiktok.com")),
            (Platform::Tiktok, "https://me@www.tiktok.com/@x/video/7571863205253778710", WrongHost("tiktok.com")),
            (Platform::Instagram, "https://www.instagram.com/natgeo/", NotAPost),
            (Platform::Instagram, "https://www.instagram.com/stories/x/123/", NotAPost),
            (Platform::Instagram, "https://www.instagram.com/stories/reel/12345/", NotAPost),
            (Platform::Instagram, "https://www.instagram.com/reels/audio/271328201351336/", NotAPost),
            (Platform::Instagram, "no spaces here", malformed(Platform::Instagram)),
            (Platform::Instagram, "CN2VQ1yI_MAabc", malformed(Platform::Instagram)),
            (Platform::Instagram, "18446744073709551616", malformed(Platform::Instagram)),
            (Platform::Youtube, "dQw4w9WgXc", malformed(Platform::Youtube)),
            (Platform::Youtube, "https://www.youtube.com/watch?v=dQw4w9WgXcQQ", malformed(Platform::Youtube)),
            (Platform::Youtube, "https://www.youtube.com/watch?list=PL1", NotAPost),
            (Platform::Youtube, "https://www.youtube.com/playlist?list=PL1", NotAPost),
            (Platform::Youtube, "https://www.youtube.com/embed/videoseries?list=PL1", NotAPost),
            (Platform::Youtube, "https://www.youtube.com/embed/live_stream?channel=UC1", NotAPost),
            (Platform::Youtube, "https://www.youtube-nocookie.com/watch?v=dQw4w9WgXcQ", NotAPost),
            (Platform::Youtube, "https://www.youtube.com/@nasa", NotAPost),
            (Platform::Pinterest, "pumpkin", malformed(Platform::Pinterest)),
            (Platform::Pinterest, "https://www.pinterest.com/pin/create/", malformed(Platform::Pinterest)),
            (Platform::Pinterest, "https://www.pinterest.com/nasa/space-board/", NotAPost),
        ] {
            assert_eq!(PostRef::parse(platform, text).map(|p| p.external_id), Err(why), "{text}");
        }
    }

    #[test]
    fn a_short_link_is_told_apart_and_carried_along_without_what_tracks() {
        for (platform, text, link) in [
            (Platform::Tiktok, "https://vm.tiktok.com/ZM8abc/?k=1", "https://vm.tiktok.com/ZM8abc/"),
            (Platform::Tiktok, "vt.tiktok.com/ZS8abc", "https://vt.tiktok.com/ZS8abc"),
            (Platform::Tiktok, "http://www.tiktok.com/t/ZM8abc/#x", "https://www.tiktok.com/t/ZM8abc/"),
            (
                Platform::Instagram,
                "https://www.instagram.com/share/reel/BAabc",
                "https://www.instagram.com/share/reel/BAabc",
            ),
            (Platform::Instagram, "instagram.com/share/BAabc?igsh=1", "https://instagram.com/share/BAabc"),
            (Platform::Pinterest, "https://pin.it/4AbCdEf", "https://pin.it/4AbCdEf"),
        ] {
            let link = InvalidPostRef::ShortLink(Url::parse(link).unwrap());
            assert_eq!(PostRef::parse(platform, text), Err(link), "{text}");
        }
        let odd = PostRef::parse(Platform::Tiktok, "https://vm.tiktok.com/@x/");
        assert_eq!(odd, Err(InvalidPostRef::NotAPost));
    }

    #[test]
    fn an_id_tells_roughly_when_the_post_was_made() {
        let post = PostRef::parse(Platform::Tiktok, "7571863205253778710").unwrap();
        assert!(post.time_from_id().unwrap().as_seconds().abs_diff(1_762_961_788) < 60);
    }
}
