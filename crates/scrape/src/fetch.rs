//! Asks a platform for a page and hands it to the readers. Whatever goes wrong on the way is an outcome with a detail, never an error. Pacing,
//! retries and gates are left to the worker.

mod address;
mod config;
mod retry_after;

use std::time::{Duration, Instant, SystemTime};

use domain::{Observation, Outcome, Platform};
use futures_util::StreamExt;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

pub use self::config::{PlatformSite, ScrapeConfig, ScrapeSetupError, Target};
use crate::page::{Page, parse};

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
        let mut client = Client::builder();
        if [&config.instagram, &config.tiktok, &config.youtube, &config.pinterest].into_iter().all(PlatformSite::is_loopback) {
            // A proxy that the environment names is for the world outside, not for stand-ins on this machine.
            client = client.no_proxy();
        }
        let client = client
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
        let (deadline, begun) = (self.config.parse_deadline, Instant::now());
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
        let mut seen = match tokio::time::timeout(deadline, reading).await {
            // A reading that ended before anybody looked at the time is held to it all the same.
            Ok(Ok(seen)) if begun.elapsed() <= deadline => seen,
            Ok(Err(_)) => unreadable("the reader failed on this page"),
            Ok(Ok(_)) | Err(_) => unreadable("reading the page took longer than its deadline"),
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
    use url::Url;

    use super::*;

    #[test]
    fn a_client_is_built_without_a_network_and_without_a_crypto_panic() {
        assert!(Scraper::new(ScrapeConfig::default()).is_ok());
    }

    #[test]
    fn an_unusable_setting_is_refused_at_once() {
        let agent = ScrapeConfig { user_agent: "a\nb".to_owned(), ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(agent), Err(ScrapeSetupError::UserAgent(_))));
        let site = PlatformSite { base_url: Url::parse("file:///pages").unwrap() };
        let base = ScrapeConfig { tiktok: site, ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(base), Err(ScrapeSetupError::BaseUrl { platform: Platform::Tiktok })));
    }
}
