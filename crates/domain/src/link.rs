//! Addresses on the platforms, as clients write them: whose host it is, and what stands in the path.
//!
//! This module reads and takes apart; which paths mean a profile is for [`crate::handle`] to say, and which a post for
//! [`crate::post_ref`]. Short links are recognised here and followed by nobody in this crate: only the platform knows where they lead.

use url::Url;

use crate::platform::Platform;

/// What follows `pinterest.` in the names of its country sites.
const PINTEREST_ENDINGS: [&str; 43] = [
    "at", "be", "ca", "ch", "cl", "co", "co.at", "co.in", "co.kr", "co.nz", "co.uk", "com", "com.au", "com.bo",
    "com.ec", "com.mx", "com.pe", "com.py", "com.uy", "com.vn", "de", "dk", "ec", "es", "fr", "hu", "id", "ie", "in",
    "info", "it", "jp", "kr", "mx", "nl", "nz", "pe", "ph", "pt", "ru", "se", "th", "tw",
];

/// Longest code of a short link that is taken for one.
const LONGEST_CODE: usize = 64;

/// What kind of pages a host of a platform has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// The platform's own pages.
    Pages,
    /// Nothing but short addresses.
    Short,
    /// Nothing but players for other people's pages.
    Embeds,
    /// Nothing but what the app shares.
    Shares,
}

/// A URL on one of a platform's own hosts, taken apart.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) platform: Platform,
    pub(crate) site: Site,
    url: Url,
    segments: Vec<String>,
}

impl Address {
    /// Reads a URL that may lack its scheme. `None` when it is none, is on another host, or is dressed up: with a user's name, a
    /// password, or a port that browsers would not leave out.
    pub(crate) fn read(platform: Platform, text: &str) -> Option<Self> {
        // The parser would leave some of these out without a word.
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let url = if has_scheme(text) { Url::parse(text) } else { Url::parse(&format!("https://{text}")) }.ok()?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && matches!(url.port(), None | Some(80 | 443));
        if !is_plain {
            return None;
        }
        let site = site(platform, url.host_str()?)?;
        let segments = url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(decoded).collect();
        Some(Self { platform, site, url, segments })
    }

    /// The parts of the path, decoded, without empty ones.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The link itself, by `https` and without query and fragment, when it is one that only the platform can resolve.
    pub(crate) fn short_link(&self) -> Option<Url> {
        let code = match (self.platform, self.site, self.segments().as_slice()) {
            (Platform::Tiktok | Platform::Pinterest, Site::Short, &[code])
            | (Platform::Tiktok, Site::Pages, &["t", code])
            | (Platform::Instagram, Site::Pages, &["share", code] | &["share", _, code]) => code.to_owned(),
            (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _, _) => return None,
        };
        let is_code = (1..=LONGEST_CODE).contains(&code.len())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        let mut link = self.url.clone();
        let is_https = link.set_scheme("https").and_then(|()| link.set_port(None)).is_ok();
        link.set_query(None);
        link.set_fragment(None);
        (is_code && is_https).then_some(link)
    }
}

/// The site by which a platform is named to people.
pub(crate) const fn site_name(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => "instagram.com",
        Platform::Tiktok => "tiktok.com",
        Platform::Youtube => "youtube.com",
        Platform::Pinterest => "pinterest.com",
    }
}

/// Hosts are named one by one: help, business and newsroom pages on other hosts of a platform have paths that look like profiles.
fn site(platform: Platform, host: &str) -> Option<Site> {
    match platform {
        Platform::Instagram => match host {
            "instagram.com" | "www.instagram.com" | "m.instagram.com" | "instagr.am" | "www.instagr.am" => {
                Some(Site::Pages)
            }
            _ => None,
        },
        Platform::Tiktok => match host {
            "tiktok.com" | "www.tiktok.com" | "m.tiktok.com" => Some(Site::Pages),
            "vm.tiktok.com" | "vt.tiktok.com" => Some(Site::Short),
            "tiktokv.com" | "www.tiktokv.com" | "m.tiktokv.com" => Some(Site::Shares),
            _ => None,
        },
        Platform::Youtube => match host {
            "youtube.com" | "www.youtube.com" | "m.youtube.com" | "music.youtube.com" => Some(Site::Pages),
            "youtu.be" | "www.youtu.be" => Some(Site::Short),
            "youtube-nocookie.com" | "www.youtube-nocookie.com" => Some(Site::Embeds),
            _ => None,
        },
        Platform::Pinterest if host == "pin.it" => Some(Site::Short),
        Platform::Pinterest => is_pinterest(host).then_some(Site::Pages),
    }
}

/// `pinterest.` and a country's ending, with or without `www.`, or a country's two letters before `pinterest.com`.
fn is_pinterest(host: &str) -> bool {
    let Some((before, ending)) = host.split_once("pinterest.") else { return false };
    match before.as_bytes() {
        b"" | b"www." => PINTEREST_ENDINGS.contains(&ending),
        [a, b, b'.'] => ending == "com" && a.is_ascii_lowercase() && b.is_ascii_lowercase(),
        _ => false,
    }
}

/// Whether a text begins with a scheme, rather than having one somewhere in its query.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// A part of a path without its percent signs; as it stands when it is not UTF-8 underneath.
fn decoded(segment: &str) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let bytes = segment.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let encoded = (*byte == b'%').then(|| (digit(bytes.get(at + 1)), digit(bytes.get(at + 2))));
        if let Some((Some(high), Some(low))) = encoded {
            plain.push(high * 16 + low);
            at += 3;
        } else {
            plain.push(*byte);
            at += 1;
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| segment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_platforms_only_when_it_is_one_of_its_own() {
        for (platform, host) in [
            (Platform::Instagram, "help.instagram.com"),
            (Platform::Instagram, "instagram.com.evil.example"),
            (Platform::Tiktok, "newsroom.tiktok.com"),
            (Platform::Tiktok, "eviltiktok.com"),
            (Platform::Youtube, "myoutube.com"),
            (Platform::Youtube, "studio.youtube.com"),
            (Platform::Pinterest, "help.pinterest.com"),
            (Platform::Pinterest, "abpinterest.com"),
            (Platform::Pinterest, "de.pinterest.de"),
            (Platform::Pinterest, "pinterest.com.evil"),
            (Platform::Pinterest, "pinterest."),
        ] {
            assert_eq!(site(platform, host), None, "{host}");
        }
        for host in ["pinterest.com", "www.pinterest.co.uk", "pinterest.de", "fr.pinterest.com", "www.pinterest.com.mx"]
        {
            assert_eq!(site(Platform::Pinterest, host), Some(Site::Pages), "{host}");
        }
    }

    #[test]
    fn ports_users_and_what_parsers_swallow_are_refused() {
        for text in [
            "https://www.tiktok.com:8443/@x",
            "https://me@www.tiktok.com/@x",
            "https://me:secret@www.tiktok.com/@x",
            "https://www.tik\ttok.com/@x",
            "ftp://www.tiktok.com/@x",
            "javascript://www.tiktok.com/@x",
            "https://",
            "/",
        ] {
            assert!(Address::read(Platform::Tiktok, text).is_none(), "{text}");
        }
        for text in [
            "http://www.tiktok.com:80/@x",
            "https://www.tiktok.com:443/@x",
            "http://www.tiktok.com:443/@x",
            "HTTPS://WWW.TikTok.COM/@x",
            "//www.tiktok.com/@x",
            "tiktok.com/@x?next=https://example.com/",
            "www.tiktok.com/%40x/",
        ] {
            let address = Address::read(Platform::Tiktok, text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(address.segments(), ["@x"], "{text}");
        }
    }

    #[test]
    fn a_path_is_decoded_where_it_can_be() {
        assert_eq!(decoded("%E3%81%82b%2f%"), "あb/%");
        assert_eq!(decoded("%ff"), "%ff");
        assert_eq!(decoded("%4"), "%4");
    }
}
