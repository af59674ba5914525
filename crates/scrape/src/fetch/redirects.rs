//! What a platform's redirect means: a way on, a wall, or the end. Walls are told before anything is asked for again, and nothing leads off the
//! platform.

use domain::Platform;
use url::Url;

use super::hosts;

/// What a redirect asks us to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Go on there.
    Follow(Url),
    /// Stop: where it leads is an answer by itself, which the reader is told by this path and query.
    Arrived(String),
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A login page, a consent page or a challenge.
    Wall(&'static str),
    /// The platform's front page, which is about nothing.
    FrontPage,
    /// Somewhere else.
    Elsewhere(&'static str),
}

impl Refusal {
    /// One sentence on it.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::Wall(detail) | Self::Elsewhere(detail) => detail,
            Self::FrontPage => "redirected to the front page",
        }
    }
}

/// The address that a page's redirect leads to, or why it is not followed.
pub(super) fn judged(base: &Url, platform: Platform, from: &Url, location: &str) -> Result<Step, Refusal> {
    let next = from.join(location).map_err(|_| Refusal::Elsewhere("redirected to no address"))?;
    // Walls stand on hosts of their own at times.
    let path = next.path().strip_prefix(base.path()).unwrap_or(next.path()).to_owned();
    if let Some(wall) = wall(platform, &next, &path) {
        return Err(Refusal::Wall(wall));
    }
    if !is_allowed(base, platform, &next) {
        return Err(Refusal::Elsewhere("redirected off the platform"));
    }
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(Refusal::Elsewhere("redirected from https to http"));
    }
    match (platform, is_front_page(platform, &path)) {
        // How Pinterest answers for accounts and pins that are not there.
        (Platform::Pinterest, true) => {
            let query = next.query().map(|query| format!("?{query}")).unwrap_or_default();
            Ok(Step::Arrived(format!("/{}{query}", path.trim_start_matches('/'))))
        }
        (Platform::Instagram | Platform::Tiktok | Platform::Youtube, true) => Err(Refusal::FrontPage),
        (_, false) => Ok(Step::Follow(next)),
    }
}

/// The wall that an address is, where it is one.
pub(super) fn wall(platform: Platform, url: &Url, path: &str) -> Option<&'static str> {
    const LOGIN: &str = "redirected to the login page";
    const CHALLENGE: &str = "redirected to a challenge";
    let host = url.host_str().unwrap_or("");
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (platform, host, segments.as_slice()) {
        (Platform::Youtube, "consent.youtube.com" | "consent.google.com", _) => Some("redirected to the consent wall"),
        (Platform::Youtube, "accounts.google.com", _)
        | (Platform::Youtube, _, ["ServiceLogin" | "signin", ..])
        | (Platform::Tiktok | Platform::Pinterest, _, ["login", ..])
        | (Platform::Instagram, _, ["accounts", "login", ..]) => Some(LOGIN),
        (Platform::Youtube, "www.google.com" | "google.com", ["sorry", ..])
        | (Platform::Instagram, _, ["challenge" | "consent", ..]) => Some(CHALLENGE),
        (Platform::Tiktok, _, [.., "about"]) => Some("redirected to the about page: not offered in this region"),
        (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, _, _) => None,
    }
}

/// Whether a path is that of a page about nothing in particular.
pub(super) fn is_front_page(platform: Platform, path: &str) -> bool {
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    match (platform, segments.next()) {
        (_, None) => true,
        (Platform::Tiktok, Some("foryou")) | (Platform::Pinterest, Some("ideas")) => segments.next().is_none(),
        (Platform::Instagram | Platform::Tiktok | Platform::Youtube | Platform::Pinterest, Some(_)) => false,
    }
}

/// The base's own host and port; on the platform itself, its other hosts too.
fn is_allowed(base: &Url, platform: Platform, next: &Url) -> bool {
    let same_origin =
        base.host_str() == next.host_str() && base.port_or_known_default() == next.port_or_known_default();
    let is_own = |url: &Url| url.host_str().is_some_and(|host| hosts::is_own(platform, host));
    let both_on_platform = is_own(base) && is_own(next) && next.port().is_none();
    matches!(next.scheme(), "http" | "https") && (same_origin || both_on_platform)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_stay_on_the_platform() {
        let real = url("https://www.tiktok.com");
        let from = url("https://www.tiktok.com/@old");
        let follow = |location: &str| judged(&real, Platform::Tiktok, &from, location);
        assert_eq!(follow("/@new"), Ok(Step::Follow(url("https://www.tiktok.com/@new"))));
        assert!(follow("https://m.tiktok.com/@new").is_ok());
        for (location, refusal) in [
            ("https://tiktok.com.evil.example/@x", "redirected off the platform"),
            ("https://eviltiktok.com/@x", "redirected off the platform"),
            ("https://www.tiktok.com:8443/@x", "redirected off the platform"),
            ("http://www.tiktok.com/@new", "redirected from https to http"),
            ("/login?redirect=1", "redirected to the login page"),
            ("/hk/about", "redirected to the about page: not offered in this region"),
            ("/?_r=1", "redirected to the front page"),
            ("file:///etc/passwd", "redirected off the platform"),
        ] {
            assert_eq!(follow(location).map_err(Refusal::detail), Err(refusal), "{location}");
        }
    }

    #[test]
    fn a_stand_in_may_not_send_us_anywhere_else() {
        let base = url("http://127.0.0.1:9/tiktok");
        let from = url("http://127.0.0.1:9/tiktok/@old");
        assert!(judged(&base, Platform::Tiktok, &from, "/tiktok/@new").is_ok());
        assert!(judged(&base, Platform::Tiktok, &from, "http://127.0.0.1:10/@new").is_err());
        assert!(judged(&base, Platform::Tiktok, &from, "https://www.tiktok.com/@new").is_err());
        assert!(judged(&base, Platform::Tiktok, &from, "/tiktok/").is_err());
    }

    #[test]
    fn youtubes_walls_are_known_by_their_hosts() {
        let base = url("https://www.youtube.com");
        let from = url("https://www.youtube.com/@nasa");
        let follow = |location: &str| judged(&base, Platform::Youtube, &from, location);
        for (location, refusal) in [
            ("https://consent.youtube.com/m?continue=x", "redirected to the consent wall"),
            ("https://accounts.google.com/ServiceLogin?continue=x", "redirected to the login page"),
            ("/ServiceLogin", "redirected to the login page"),
            ("https://www.google.com/sorry/index", "redirected to a challenge"),
            ("https://example.com/", "redirected off the platform"),
        ] {
            assert_eq!(follow(location).map_err(Refusal::detail), Err(refusal), "{location}");
        }
        assert!(matches!(follow("https://m.youtube.com/@nasa"), Ok(Step::Follow(_))));
    }

    #[test]
    fn pinterests_front_page_is_an_answer_and_its_country_sites_are_its_own() {
        let base = url("https://www.pinterest.com");
        let from = url("https://www.pinterest.com/nobody/");
        let follow = |location: &str| judged(&base, Platform::Pinterest, &from, location);
        assert_eq!(follow("/?show_error=true"), Ok(Step::Arrived("/?show_error=true".to_owned())));
        assert_eq!(follow("/ideas/"), Ok(Step::Arrived("/ideas/".to_owned())));
        assert!(matches!(follow("https://www.pinterest.de/nobody/"), Ok(Step::Follow(_))));
        assert!(matches!(follow("https://it.pinterest.com/nobody/"), Ok(Step::Follow(_))));
        assert_eq!(follow("/login/?next=x").map_err(Refusal::detail), Err("redirected to the login page"));
    }
}
