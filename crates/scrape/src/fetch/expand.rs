//! Following a short link to the address that it stands for, on the platform's own hosts alone. The page at the end is never loaded: an
//! address that says which account or post it means is the result, unasked.

use domain::{Handle, Platform, PostRef};
use reqwest::header::{HeaderMap, LOCATION};
use thiserror::Error;
use url::Url;

use super::redirects::{is_front_page, wall};
use super::{Scraper, address, deepest, hosts, is_redirect};

/// Why a short link could not be followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExpandError {
    /// The platform wants a login, shows a challenge, or refuses.
    #[error("the platform does not show where this link leads ({0}); give the address that it leads to in a browser")]
    Walled(String),
    /// The platform knows no such link, or it ends at the front page.
    #[error("this link leads nowhere any more: the platform answers with {0}")]
    Dead(&'static str),
    /// The link is not the platform's, or leads away from it.
    #[error("this link does not stay on {0}")]
    OffPlatform(Platform),
    /// There was no answer in time.
    #[error("the platform did not say in time where this link leads; try again later")]
    Timeout,
    /// The platform could not be reached.
    #[error("the platform could not be asked where this link leads ({0}); try again later")]
    Network(String),
}

impl Scraper {
    /// The address that a short link of a platform stands for. A link that is no short one comes back as it is.
    ///
    /// # Errors
    /// When the link leads to a wall, nowhere, or off the platform, or when the platform cannot be asked.
    pub async fn expand(&self, platform: Platform, link: &Url) -> Result<Url, ExpandError> {
        let following = self.follow(platform, link);
        tokio::time::timeout(self.config.link_timeout, following).await.unwrap_or(Err(ExpandError::Timeout))
    }

    async fn follow(&self, platform: Platform, link: &Url) -> Result<Url, ExpandError> {
        let site = Site { base: address::base(&self.config, platform), platform };
        let mut real = site.judged(link.clone())?;
        for _ in 0..=self.config.max_redirects {
            if is_long_form(platform, &real) {
                return Ok(real);
            }
            let asked = site.asked(&real);
            let client = self.clients.direct(&asked);
            // Dropping the answer unread ends it: its headers say everything.
            let answer = client.get(asked.clone()).headers(super::page_headers()).send().await.map_err(|error| {
                if error.is_timeout() { ExpandError::Timeout } else { ExpandError::Network(deepest(&error)) }
            })?;
            let status = answer.status().as_u16();
            match location(answer.headers()).filter(|_| is_redirect(status)) {
                Some(location) => real = site.judged(site.next(&asked, &real, location)?)?,
                None => return ended(platform, status, real),
            }
        }
        Err(ExpandError::Walled("it redirects too often".to_owned()))
    }
}

/// What an answer means that redirects no further.
fn ended(platform: Platform, status: u16, real: Url) -> Result<Url, ExpandError> {
    match status {
        200..=299 if !is_short(platform, &real) => Ok(real),
        200..=299 => Err(ExpandError::Walled("it shows a page instead of a redirect".to_owned())),
        404 | 410 => Err(ExpandError::Dead("\"not found\"")),
        500.. => Err(ExpandError::Network(format!("HTTP {status}"))),
        _ => Err(ExpandError::Walled(format!("HTTP {status}"))),
    }
}

/// Where a platform's links are asked for: at their own hosts, or all of them at one stand-in.
struct Site<'a> {
    base: &'a Url,
    platform: Platform,
}

/// The path below a stand-in at which links of all hosts are asked for.
const SHORT: &str = "_short";

impl Site<'_> {
    fn is_stand_in(&self) -> bool {
        !self.base.host_str().is_some_and(|host| hosts::is_own(self.platform, host))
    }

    /// The address to ask for a link at.
    fn asked(&self, real: &Url) -> Url {
        if !self.is_stand_in() {
            return real.clone();
        }
        let mut asked = self.base.clone();
        if let Ok(mut segments) = asked.path_segments_mut() {
            segments.pop_if_empty().push(SHORT).push(real.host_str().unwrap_or(""));
        }
        let path = format!("{}{}", asked.path(), real.path());
        asked.set_path(&path);
        asked.set_query(real.query());
        asked
    }

    /// The address on the platform that a redirect leads to.
    fn next(&self, asked: &Url, real: &Url, location: &str) -> Result<Url, ExpandError> {
        let off = || ExpandError::OffPlatform(self.platform);
        if !self.is_stand_in() {
            return real.join(location).map_err(|_| off());
        }
        let next = asked.join(location).map_err(|_| off())?;
        if next.origin() != self.base.origin() {
            return Ok(next);
        }
        let path = next.path().strip_prefix(self.base.path().trim_end_matches('/')).unwrap_or(next.path());
        let below_short =
            path.strip_prefix('/').and_then(|path| path.strip_prefix(SHORT)).and_then(|path| path.strip_prefix('/'));
        let (host, path) = match below_short {
            Some(rest) => rest.split_once('/').unwrap_or((rest, "")),
            None => (www(self.platform), path.trim_start_matches('/')),
        };
        let query = next.query().map(|query| format!("?{query}")).unwrap_or_default();
        Url::parse(&format!("https://{host}/{path}{query}")).map_err(|_| off())
    }

    /// The address, as https and without its fragment, if it is one on the platform and no wall.
    fn judged(&self, mut url: Url) -> Result<Url, ExpandError> {
        if let Some(wall) = wall(self.platform, &url, url.path()) {
            return Err(ExpandError::Walled(wall.to_owned()));
        }
        let is_plain = url.port().is_none() && url.username().is_empty() && url.password().is_none();
        let is_own = url.host_str().is_some_and(|host| hosts::is_own(self.platform, host));
        if !(is_own && is_plain && matches!(url.scheme(), "http" | "https")) || url.set_scheme("https").is_err() {
            return Err(ExpandError::OffPlatform(self.platform));
        }
        url.set_fragment(None);
        if is_front_page(self.platform, url.path()) {
            return Err(ExpandError::Dead("its front page"));
        }
        Ok(url)
    }
}

/// The host of a platform's long forms.
const fn www(platform: Platform) -> &'static str {
    match platform {
        Platform::Instagram => "www.instagram.com",
        Platform::Tiktok => "www.tiktok.com",
        Platform::Youtube => "www.youtube.com",
        Platform::Pinterest => "www.pinterest.com",
    }
}

/// Whether an address stands for another one, which only the platform knows.
fn is_short(platform: Platform, url: &Url) -> bool {
    let first = url.path_segments().and_then(|mut segments| segments.next()).unwrap_or("");
    match (platform, url.host_str().unwrap_or("")) {
        (Platform::Tiktok, "vm.tiktok.com" | "vt.tiktok.com") | (Platform::Pinterest, "pin.it") => true,
        (Platform::Tiktok, _) => first == "t",
        (Platform::Instagram, _) => first == "share",
        (Platform::Pinterest, _) => first == "url_shortener",
        (Platform::Youtube, _) => false,
    }
}

/// Whether an address says which account or post it is about.
fn is_long_form(platform: Platform, url: &Url) -> bool {
    !is_short(platform, url)
        && (PostRef::parse(platform, url.as_str()).is_ok() || Handle::parse(platform, url.as_str()).is_ok())
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}
