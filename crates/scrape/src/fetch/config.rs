//! What a scraper is told: where the platforms are, which ways lead there, and how long, large and deep an answer may be. Secrets that stand
//! here never show in `Debug`.

use std::fmt::{Debug, Formatter};
use std::time::Duration;

use domain::{Platform, source};
use thiserror::Error;
use url::Url;

/// Where a platform is, and so where redirects may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformSite {
    /// The address that all paths hang below; may carry a path of its own.
    pub base_url: Url,
}

/// The official interfaces that the operator has keys for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficialApis {
    /// Instagram's Graph API.
    pub instagram: Option<InstagramGraph>,
    /// `YouTube`'s Data API.
    pub youtube: Option<YoutubeData>,
}

/// Access to Instagram's Graph API, whose `business_discovery` tells of other professional accounts.
#[derive(Clone, PartialEq, Eq)]
pub struct InstagramGraph {
    /// Where it is, version included: `https://graph.facebook.com/v25.0`.
    pub base_url: Url,
    /// The operator's own professional account, in whose name questions are put.
    pub user_id: String,
    /// The token of that account. Secret.
    pub access_token: String,
}

impl Debug for InstagramGraph {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("InstagramGraph");
        shown.field("base_url", &self.base_url.as_str()).field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Access to `YouTube`'s Data API.
#[derive(Clone, PartialEq, Eq)]
pub struct YoutubeData {
    /// Where it is, version included: `https://www.googleapis.com/youtube/v3`.
    pub base_url: Url,
    /// The operator's key. Secret.
    pub api_key: String,
}

impl Debug for YoutubeData {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("YoutubeData").field("base_url", &self.base_url.as_str()).finish_non_exhaustive()
    }
}

/// A way out to the platforms. Official interfaces are always asked directly.
#[derive(Clone, PartialEq, Eq)]
pub struct Egress {
    /// Its name, which a page load is asked through by.
    pub name: String,
    /// The proxy that it leads through (`http` or `https`, with user and password where it wants them); none leads there directly.
    pub proxy: Option<Url>,
}

impl Egress {
    /// The way without a proxy.
    pub fn direct() -> Self {
        Self { name: source::DIRECT.to_owned(), proxy: None }
    }
}

impl Debug for Egress {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let host = self.proxy.as_ref().map(|proxy| proxy.host_str().unwrap_or("").to_owned());
        f.debug_struct("Egress").field("name", &self.name).field("proxy_host", &host).finish()
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
    /// The official interfaces that may be asked.
    pub official: OfficialApis,
    /// The ways out. The one called `direct` is there whether it is listed or not.
    pub egresses: Vec<Egress>,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest time from asking to the body's last byte, redirects included.
    pub total_timeout: Duration,
    /// Longest body, in bytes after decompression.
    pub max_body_bytes: usize,
    /// Most redirects that are followed for one page, or for one short link.
    pub max_redirects: usize,
    /// Longest time that reading a page may take.
    pub parse_deadline: Duration,
    /// Longest time that following a short link may take, all its redirects included.
    pub link_timeout: Duration,
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
            official: OfficialApis::default(),
            egresses: vec![Egress::direct()],
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                         Chrome/141.0.0.0 Safari/537.36"
                .to_owned(),
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(20),
            max_body_bytes: 5 * 1024 * 1024,
            max_redirects: 5,
            parse_deadline: Duration::from_secs(10),
            link_timeout: Duration::from_secs(10),
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
    /// The base URL of an official interface is not `http` or `https`, or cannot have paths.
    #[error("the base URL of {platform}'s official API must be an http or https address")]
    OfficialUrl {
        /// The platform whose interface it is.
        platform: Platform,
    },
    /// An egress has no usable proxy, or its name is taken.
    #[error("the egress {name:?} must have a name of its own and, unless it is direct, an http or https proxy")]
    Egress {
        /// Its name.
        name: String,
    },
    /// The HTTP client could not be built (no usable TLS trust store, for instance).
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
}
