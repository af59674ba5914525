//! Asks a platform for a page and hands it to the readers. Whatever goes wrong on the way is an outcome with a detail, never an error. Pacing,
//! retries and gates are left to the worker.

mod address;
mod retry_after;

use std::time::{Duration, SystemTime};

use domain::{Observation, Outcome, Platform};
use futures_util::StreamExt;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use thiserror::Error;
use url::Url;

use crate::page::{Page, PageKind, parse};

/// Where a platform is, and so where redirects may lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformSite {
    /// The address that all paths hang below; may carry a path of its own.
    pub base_url: Url,
}

/// How pages are fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeConfig {
    /// Where Instagram is.
    pub instagram: PlatformSite,
    /// Where TikTok is.
    pub tiktok: PlatformSite,
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
    #[expect(clippy::expect_used, reason = "two literals, parsed by a test")]
    fn default() -> Self {
        let site = |url: &str| PlatformSite { base_url: Url::parse(url).expect("a literal URL") };
        Self {
            instagram: site("https://www.instagram.com"),
            tiktok: site("https://www.tiktok.com"),
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
    },
    /// The list of an account's recent posts.
    Feed {
        /// Where.
        platform: Platform,
        /// Its handle.
        username: String,
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

    const fn kind(&self) -> PageKind {
        match self {
            Self::Profile { .. } => PageKind::Profile,
            Self::Feed { .. } => PageKind::Feed,
            Self::Post { .. } => PageKind::Post,
        }
    }

    fn expected(&self) -> &str {
        match self {
            Self::Profile { username, .. } | Self::Feed { username, .. } => username,
            Self::Post { external_id, .. } => external_id,
        }
    }
}

/// Fetches and reads pages. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Scraper {
    client: Client,
    config: ScrapeConfig,
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    redirected_to: Option<String>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Scraper {
    /// Sets a scraper up. Opens no connection.
    ///
    /// # Errors
    /// When the user agent, a base URL or the TLS set-up is unusable.
    pub fn new(config: ScrapeConfig) -> Result<Self, ScrapeSetupError> {
        for platform in Platform::ALL {
            let base = address::base(&config, platform);
            if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
                return Err(ScrapeSetupError::BaseUrl { platform });
            }
        }
        let user_agent = HeaderValue::from_str(&config.user_agent).map_err(ScrapeSetupError::UserAgent)?;
        let client = Client::builder()
            .user_agent(user_agent)
            .default_headers(headers())
            .redirect(Policy::none())
            .connect_timeout(config.connect_timeout)
            .timeout(config.total_timeout)
            .build()
            .map_err(ScrapeSetupError::Client)?;
        Ok(Self { client, config })
    }

    /// Fetches and reads a target's page. Network trouble, refusals and unreadable pages are outcomes with a detail.
    pub async fn scrape(&self, target: &Target) -> Observation {
        let fetched = tokio::time::timeout(self.config.total_timeout, self.fetch(target)).await;
        let answer = match fetched {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return *failure,
            Err(_) => {
                let seconds = self.config.total_timeout.as_secs_f64();
                return Observation::failed(Outcome::Timeout, format!("no complete answer in {seconds} s"));
            }
        };
        tracing::debug!(
            platform = %target.platform(),
            http_status = answer.status,
            bytes = answer.body.len(),
            redirected = answer.redirected_to.is_some(),
            "page fetched"
        );
        self.read(target, answer).await
    }

    /// Follows redirects by hand, so that each is judged before it is followed.
    async fn fetch(&self, target: &Target) -> Result<Answer, Box<Observation>> {
        let base = address::base(&self.config, target.platform());
        let mut url = address::of(base, target);
        let asked_for = url.path().to_owned();
        for _ in 0..=self.config.max_redirects {
            let response = self.client.get(url.clone()).send().await.map_err(|error| failure(&error))?;
            let Some(next) = redirect(&response) else {
                let path = response.url().path();
                let redirected_to =
                    (path != asked_for).then(|| path.strip_prefix(base.path()).unwrap_or(path).to_owned());
                return self.answer(response, redirected_to).await;
            };
            let status = response.status().as_u16();
            url = address::followed(base, target.platform(), &url, &next).map_err(|refusal| {
                Box::new(Observation { http_status: Some(status), ..Observation::failed(Outcome::Blocked, refusal) })
            })?;
        }
        Err(Box::new(Observation::failed(
            Outcome::Blocked,
            format!("more than {} redirects", self.config.max_redirects),
        )))
    }

    async fn answer(&self, response: Response, redirected_to: Option<String>) -> Result<Answer, Box<Observation>> {
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after::parse(value, SystemTime::now()));
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|error| Box::new(Observation { http_status: Some(status), ..*failure(&error) }))?;
            if body.len() + chunk.len() > self.config.max_body_bytes {
                let detail = format!("a body of more than {} bytes", self.config.max_body_bytes);
                let too_long = Observation::failed(Outcome::ParseError, detail);
                return Err(Box::new(Observation { http_status: Some(status), ..too_long }));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, redirected_to, retry_after, body })
    }

    /// Reading a page may take long when the page is hostile, so it happens beside the runtime and within a deadline.
    async fn read(&self, target: &Target, answer: Answer) -> Observation {
        let Answer { status, redirected_to, retry_after, body } = answer;
        let (platform, kind, expected) = (target.platform(), target.kind(), target.expected().to_owned());
        let reading = tokio::task::spawn_blocking(move || {
            parse(&Page {
                platform,
                kind,
                expect: Some(&expected),
                http_status: Some(status),
                redirected_to: redirected_to.as_deref(),
                body: &body,
            })
        });
        let unreadable = |detail: &str| Observation {
            http_status: Some(status),
            ..Observation::failed(Outcome::ParseError, detail)
        };
        let mut seen = match tokio::time::timeout(self.config.parse_deadline, reading).await {
            Ok(Ok(seen)) => seen,
            Ok(Err(_)) => unreadable("the reader failed on this page"),
            Err(_) => unreadable("reading the page took longer than its deadline"),
        };
        if !matches!(seen.outcome, Outcome::Ok | Outcome::Empty) {
            seen.retry_after = retry_after;
        }
        seen
    }
}

/// What a browser's plain navigation sends; nothing that pretends further.
fn headers() -> HeaderMap {
    let pairs = [
        (ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        (ACCEPT_LANGUAGE, "en-US,en;q=0.9"),
        (HeaderName::from_static("sec-fetch-dest"), "document"),
        (HeaderName::from_static("sec-fetch-mode"), "navigate"),
        (HeaderName::from_static("sec-fetch-site"), "none"),
        (HeaderName::from_static("sec-fetch-user"), "?1"),
        (HeaderName::from_static("upgrade-insecure-requests"), "1"),
    ];
    pairs.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
}

/// Where an answer sends us, when it does.
fn redirect(response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    response.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

/// The observation that a transport error stands for. The address is left out: it is known to whoever asked.
fn failure(error: &reqwest::Error) -> Box<Observation> {
    let outcome = if error.is_timeout() { Outcome::Timeout } else { Outcome::NetworkError };
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let stage = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    };
    Box::new(Observation::failed(outcome, format!("{stage}: {cause}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_built_without_a_network_and_without_a_crypto_panic() {
        assert!(Scraper::new(ScrapeConfig::default()).is_ok());
    }

    #[test]
    fn an_unusable_setting_is_refused_at_once() {
        let agent = ScrapeConfig { user_agent: "a\nb".to_owned(), ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(agent), Err(ScrapeSetupError::UserAgent(_))));
        let site = PlatformSite { base_url: Url::parse("file:///tmp").unwrap() };
        let base = ScrapeConfig { tiktok: site, ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(base), Err(ScrapeSetupError::BaseUrl { platform: Platform::Tiktok })));
    }
}
