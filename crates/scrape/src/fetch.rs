//! Asks a platform for a page and hands it to the readers. Whatever goes wrong on the way is an outcome with a detail, never an error. Pacing,
//! retries, the choice of source and egress, and gates are left to the worker.

mod address;
mod clients;
mod config;
mod expand;
mod hosts;
mod redirects;
mod retry_after;
mod secret;
mod sources;
mod target;

use std::fmt::{Debug, Formatter};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use domain::{Channel, Observation, Outcome, Platform, Source, TargetKind};
use futures_util::StreamExt;
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response};
use url::Url;

use self::address::Question;
use self::clients::Clients;
pub use self::config::{
    Egress, InstagramGraph, OfficialApis, PlatformSite, ScrapeConfig, ScrapeSetupError, YoutubeData,
};
pub use self::expand::ExpandError;
use self::redirects::Step;
pub use self::target::Target;
use crate::page::{Page, PageKind, parse};

/// Fetches and reads pages. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Scraper {
    clients: Clients,
    config: ScrapeConfig,
}

/// What became of one page load.
#[derive(Clone, Debug, PartialEq)]
pub struct Scraped {
    /// What was seen.
    pub observation: Observation,
    /// The page, when it came and could not be understood.
    pub unread: Option<UnreadPage>,
}

/// A page that came and could not be understood, as [`crate::Page`] takes it.
#[derive(Clone, PartialEq, Eq)]
pub struct UnreadPage {
    /// The address that was asked, without secrets.
    pub url: String,
    /// What was asked for.
    pub kind: PageKind,
    /// Whom or what the answer had to be about.
    pub expect: String,
    /// The status of the answer.
    pub http_status: Option<u16>,
    /// The path that the platform redirected to, where it did.
    pub redirected_to: Option<String>,
    /// The body, decompressed, without secrets.
    pub body: Vec<u8>,
}

impl Debug for UnreadPage {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnreadPage")
            .field("url", &self.url)
            .field("kind", &self.kind)
            .field("expect", &self.expect)
            .field("http_status", &self.http_status)
            .field("redirected_to", &self.redirected_to)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// An answer, read to its end.
struct Answer {
    status: u16,
    redirected_to: Option<String>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

impl Debug for Scraper {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scraper").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Scraper {
    /// Sets a scraper up. Opens no connection.
    ///
    /// # Errors
    /// When the user agent, a base URL, an egress or the TLS set-up is unusable.
    pub fn new(config: ScrapeConfig) -> Result<Self, ScrapeSetupError> {
        let is_usable = |url: &Url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some();
        for platform in Platform::ALL {
            if !is_usable(address::base(&config, platform)) {
                return Err(ScrapeSetupError::BaseUrl { platform });
            }
        }
        let official = [
            (Platform::Instagram, config.official.instagram.as_ref().map(|api| &api.base_url)),
            (Platform::Youtube, config.official.youtube.as_ref().map(|api| &api.base_url)),
        ];
        for (platform, base) in official {
            if base.is_some_and(|base| !is_usable(base)) {
                return Err(ScrapeSetupError::OfficialUrl { platform });
            }
        }
        Ok(Self { clients: Clients::new(&config)?, config })
    }

    /// The sources of a kind of target in the order in which they are tried, official ones first where they are configured.
    pub fn sources(&self, platform: Platform, kind: TargetKind) -> Vec<Source> {
        sources::of(&self.config, platform, kind)
    }

    /// Loads one page, redirects included: asks the source of this name for a target, by the egress of this name, and reads the answer.
    /// Network trouble, refusals, unreadable pages, and sources that cannot be asked for this target are outcomes with a detail. An
    /// official source is asked directly, whatever the egress.
    pub async fn scrape(&self, target: &Target, source: &str, egress: &str) -> Scraped {
        let failed =
            |outcome, detail: &str| Scraped { observation: Observation::failed(outcome, detail), unread: None };
        let known = self.sources(target.platform(), target.kind()).into_iter().find(|known| known.name == source);
        let Some(source) = known else {
            return failed(Outcome::ParseError, "there is no such source for this kind of target");
        };
        let question = match address::of(&self.config, target, source) {
            Ok(question) => question,
            Err(reason) => return failed(Outcome::ParseError, reason),
        };
        let client = match source.channel {
            Channel::Official => Some(self.clients.direct(&question.url)),
            Channel::Page => self.clients.get(egress, &question.url),
        };
        let Some(client) = client else {
            return failed(Outcome::NetworkError, &format!("no egress is called {}", short(egress)));
        };
        let platform = target.platform();
        let fetching = self.fetch(client, platform, &question);
        let answer = match tokio::time::timeout(self.config.total_timeout, fetching).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return Scraped { observation: *failure, unread: None },
            Err(_) => {
                let seconds = self.config.total_timeout.as_secs_f64();
                return failed(Outcome::Timeout, &format!("no complete answer in {seconds} s"));
            }
        };
        tracing::debug!(
            %platform,
            source = source.name,
            egress,
            http_status = answer.status,
            bytes = answer.body.len(),
            redirected = answer.redirected_to.is_some(),
            "page fetched"
        );
        self.read(platform, question, answer).await
    }

    /// Follows redirects by hand, so that each is judged before it is followed. An official interface has no reason to redirect, and what it
    /// was asked holds a secret, so none of its redirects is followed.
    async fn fetch(
        &self,
        client: &Client,
        platform: Platform,
        question: &Question,
    ) -> Result<Answer, Box<Observation>> {
        let base = address::base(&self.config, platform);
        let asked_for = question.url.path();
        let blocked = |status: Option<u16>, detail: &str| {
            Box::new(Observation { http_status: status, ..Observation::failed(Outcome::Blocked, detail) })
        };
        let (mut url, headers) = match &question.secret {
            Some(secret) => (secret.added_to(&question.url), api_headers()),
            None => (question.url.clone(), page_headers()),
        };
        for _ in 0..=self.config.max_redirects {
            let sent = client.get(url.clone()).headers(headers.clone()).send().await;
            let response = sent.map_err(|error| failure(&error.without_url()))?;
            let status = response.status().as_u16();
            let Some(location) = redirect(&response) else {
                let path = url.path();
                let redirected_to =
                    (path != asked_for).then(|| path.strip_prefix(base.path()).unwrap_or(path).to_owned());
                return self.answer(response, redirected_to, question).await;
            };
            if question.secret.is_some() {
                return Err(blocked(Some(status), "the official API redirected"));
            }
            match redirects::judged(base, platform, &url, &location) {
                Ok(Step::Follow(next)) => url = next,
                Ok(Step::Arrived(path)) => {
                    return Ok(Answer { status, redirected_to: Some(path), retry_after: None, body: Vec::new() });
                }
                Err(refusal) => return Err(blocked(Some(status), refusal.detail())),
            }
        }
        Err(blocked(None, &format!("more than {} redirects", self.config.max_redirects)))
    }

    async fn answer(
        &self,
        response: Response,
        redirected_to: Option<String>,
        question: &Question,
    ) -> Result<Answer, Box<Observation>> {
        let status = response.status().as_u16();
        let failed = |seen: Observation| Box::new(Observation { http_status: Some(status), ..seen });
        if status == 407 {
            return Err(failed(Observation::failed(Outcome::NetworkError, "the proxy wants other credentials")));
        }
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after::parse(value, SystemTime::now()));
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| failed(*failure(&error.without_url())))?;
            if body.len() + chunk.len() > self.config.max_body_bytes {
                let detail = format!("a body of more than {} bytes", self.config.max_body_bytes);
                return Err(failed(Observation::failed(Outcome::ParseError, detail)));
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(secret) = &question.secret {
            body = secret.removed_from(body);
        }
        Ok(Answer { status, redirected_to, retry_after, body })
    }

    /// Reading a page may take long when the page is hostile, so it happens beside the runtime and within a deadline.
    async fn read(&self, platform: Platform, question: Question, answer: Answer) -> Scraped {
        let Answer { status, redirected_to, retry_after, body } = answer;
        let Question { url, kind, expect, secret: _ } = question;
        let (deadline, begun) = (self.config.parse_deadline, Instant::now());
        let unread =
            Arc::new(UnreadPage { url: url.to_string(), kind, expect, http_status: Some(status), redirected_to, body });
        let page = Arc::clone(&unread);
        let reading = tokio::task::spawn_blocking(move || {
            parse(&Page {
                platform,
                kind: page.kind,
                expect: Some(&page.expect),
                http_status: page.http_status,
                redirected_to: page.redirected_to.as_deref(),
                body: &page.body,
            })
        });
        let unreadable = |detail: &str| Observation {
            http_status: Some(status),
            ..Observation::failed(Outcome::ParseError, detail)
        };
        let mut observation = match tokio::time::timeout(deadline, reading).await {
            // A reading that ended before anybody looked at the time is held to it all the same.
            Ok(Ok(seen)) if begun.elapsed() <= deadline => seen,
            Ok(Err(_)) => unreadable("the reader failed on this page"),
            Ok(Ok(_)) | Err(_) => unreadable("reading the page took longer than its deadline"),
        };
        if !matches!(observation.outcome, Outcome::Ok | Outcome::Empty) {
            observation.retry_after = retry_after;
        }
        // A page without its data may be a refusal or a new shape of the page: whoever mends readers must see it to tell.
        let is_shell = observation.outcome == Outcome::Blocked && status == 200 && !unread.body.is_empty();
        let is_kept = observation.outcome == Outcome::ParseError || is_shell;
        let unread = is_kept.then(|| Arc::unwrap_or_clone(unread));
        Scraped { observation, unread }
    }
}

/// What a browser's plain navigation sends; nothing that pretends further.
fn page_headers() -> HeaderMap {
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

fn api_headers() -> HeaderMap {
    HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where an answer sends us, when it does.
fn redirect(response: &Response) -> Option<String> {
    if !is_redirect(response.status().as_u16()) {
        return None;
    }
    response.headers().get(LOCATION)?.to_str().ok().map(str::to_owned)
}

/// The observation that a transport error stands for. The address is left out: it is known to whoever asked, and may hold a secret.
fn failure(error: &reqwest::Error) -> Box<Observation> {
    let outcome = if error.is_timeout() { Outcome::Timeout } else { Outcome::NetworkError };
    let stage = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_body() || error.is_decode() {
        "the answer broke off"
    } else {
        "the request failed"
    };
    Box::new(Observation::failed(outcome, format!("{stage}: {}", deepest(error))))
}

/// The innermost cause of an error, which names no address.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// At most forty characters, fit for a log line.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
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
        let file = Url::parse("file:///pages").unwrap();
        let base = ScrapeConfig { tiktok: PlatformSite { base_url: file.clone() }, ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(base), Err(ScrapeSetupError::BaseUrl { platform: Platform::Tiktok })));
        let youtube = Some(YoutubeData { base_url: file.clone(), api_key: String::new() });
        let official = OfficialApis { youtube, ..OfficialApis::default() };
        let config = ScrapeConfig { official, ..ScrapeConfig::default() };
        assert!(matches!(Scraper::new(config), Err(ScrapeSetupError::OfficialUrl { platform: Platform::Youtube })));
        let http = Url::parse("http://proxy.example:3128").unwrap();
        for (name, proxy) in [("a", None), ("a", Some(file)), ("direct", Some(http.clone())), ("", Some(http))] {
            let egresses = vec![Egress { name: name.to_owned(), proxy }];
            let config = ScrapeConfig { egresses, ..ScrapeConfig::default() };
            assert!(matches!(Scraper::new(config), Err(ScrapeSetupError::Egress { .. })), "{name:?}");
        }
    }
}
