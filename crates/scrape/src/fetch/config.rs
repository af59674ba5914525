//! What a scraper is told: how to fetch, and what.

use std::time::Duration;

use domain::Platform;
use thiserror::Error;
use url::{Host, Url};

use crate::page::PageKind;

/// Where a platform is, and so where redirects may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformSite {
    /// The address that all paths hang below; may carry a path of its own.
    pub base_url: Url,
}

impl PlatformSite {
    /// Whether it is a stand-in on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        match self.base_url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }
}

/// How pages are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeConfig {
    /// Where Instagram is.
    pub instagram: PlatformSite,
    /// Where TikTok is.
    pub tiktok: PlatformSite,
    /// Where YouTube is.
    pub youtube: PlatformSite,
    /// Where Pinterest is.
    pub pinterest: PlatformSite,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest time from asking to the body's last byte, redirects included.
    pub total_timeout: Duration,
    /// Longest body, in bytes after decompression.
    pub max_body_bytes: usize,
    /// Most redirects that are followed for one page.
    pub max_redirects: usize,
    /// Longest time that reading a page may take.
    pub parse_deadline: Duration,
}

impl Default for ScrapeConfig {
    #[expect(clippy::expect_used, reason = "four literals, parsed by a test")]
    fn default() -> Self {
        let site = |url: &str| PlatformSite { base_url: Url::parse(url).expect("a literal URL") };
        Self {
            instagram: site("https://www.instagram.com"),
            tiktok: site("https://www.tiktok.com"),
            youtube: site("https://www.youtube.com"),
            pinterest: site("https://www.pinterest.com"),
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/141.0.0.0 Safari/537.36"
                .to_owned(),
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(20),
            max_body_bytes: 5 * 1024 * 1024,
            max_redirects: 5,
            parse_deadline: Duration::from_secs(10),
        }
    }
}

/// Why a scraper could not be set up.
#[derive(Debug, Error)]
pub enum ScrapeSetupError {
    /// The user agent holds characters that a header may not.
    #[error("the user agent cannot be sent as a header")]
    UserAgent(#[source] reqwest::header::InvalidHeaderValue),
    /// A base URL is not `http` or `https`, or cannot have paths.
    #[error("{platform}'s base URL must be an http or https address")]
    BaseUrl {
        /// The platform whose address it is.
        platform: Platform,
    },
    /// The HTTP client could not be built (no usable TLS trust store, for instance).
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
}

/// What to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An account's page.
    Profile {
        /// Where.
        platform: Platform,
        /// Its handle.
        username: String,
        /// The platform's id of the account, where it is known. Some sources know accounts by it alone.
        platform_id: Option<String>,
    },
    /// The list of an account's recent posts.
    Feed {
        /// Where.
        platform: Platform,
        /// Its handle.
        username: String,
        /// The platform's id of the account, where it is known. Some sources know accounts by it alone.
        platform_id: Option<String>,
    },
    /// One post.
    Post {
        /// Where.
        platform: Platform,
        /// The platform's id of the post (not Instagram's shortcode).
        external_id: String,
        /// The author's handle, where it is known.
        username: Option<String>,
    },
}

impl Target {
    /// Where it is.
    pub const fn platform(&self) -> Platform {
        match self {
            Self::Profile { platform, .. } | Self::Feed { platform, .. } | Self::Post { platform, .. } => *platform,
        }
    }

    pub(super) const fn kind(&self) -> PageKind {
        match self {
            Self::Profile { .. } => PageKind::Profile,
            Self::Feed { .. } => PageKind::Feed,
            Self::Post { .. } => PageKind::Post,
        }
    }

    pub(super) fn expected(&self) -> &str {
        match self {
            Self::Profile { username, .. } | Self::Feed { username, .. } => username,
            Self::Post { external_id, .. } => external_id,
        }
    }
}
