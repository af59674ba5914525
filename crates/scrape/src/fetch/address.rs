//! Where a target's page is, and where a redirect may lead.

use domain::{Platform, shortcode};
use url::Url;

use super::{ScrapeConfig, Target};

/// The base address of a platform.
pub(super) const fn base(config: &ScrapeConfig, platform: Platform) -> &Url {
    match platform {
        Platform::Instagram => &config.instagram.base_url,
        Platform::Tiktok => &config.tiktok.base_url,
        Platform::Youtube => &config.youtube.base_url,
        Platform::Pinterest => &config.pinterest.base_url,
    }
}

/// The address of a target's page below `base`.
pub(super) fn of(base: &Url, target: &Target) -> Url {
    let path: Vec<String> = match target {
        Target::Profile { platform: Platform::Tiktok, username, .. } => vec![format!("@{username}")],
        Target::Feed { platform: Platform::Tiktok, username, .. } => vec!["embed".to_owned(), format!("@{username}")],
        Target::Post { platform: Platform::Tiktok, external_id, username } => {
            vec![format!("@{}", username.as_deref().unwrap_or("")), "video".to_owned(), external_id.clone()]
        }
        // Instagram's own addresses end in a slash; without it every page costs a redirect.
        Target::Profile { platform: Platform::Instagram | Platform::Pinterest, username, .. } => vec![username.clone(), String::new()],
        Target::Feed { platform: Platform::Youtube, username, platform_id } => {
            vec![platform_id.clone().unwrap_or_else(|| format!("@{username}"))]
        }
        Target::Profile { platform: Platform::Youtube, username, .. } => vec![format!("@{username}")],
        Target::Post { platform: Platform::Youtube, external_id, .. } => vec!["watch".to_owned(), external_id.clone()],
        Target::Post { platform: Platform::Pinterest, external_id, .. } => {
            vec!["pin".to_owned(), external_id.clone(), String::new()]
        }
        Target::Feed { platform: Platform::Instagram | Platform::Pinterest, username, .. } => {
            vec![username.clone(), "reels".to_owned(), String::new()]
        }
        Target::Post { platform: Platform::Instagram, external_id, .. } => {
            let code = external_id.parse().map_or_else(|_| external_id.clone(), shortcode::from_media_id);
            vec!["p".to_owned(), code, String::new()]
        }
    };
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// The address that a redirect leads to, or why it is not followed.
pub(super) fn followed(base: &Url, platform: Platform, from: &Url, location: &str) -> Result<Url, &'static str> {
    let next = from.join(location).map_err(|_| "redirected to no address")?;
    if !is_allowed(base, platform, &next) {
        return Err("redirected off the platform");
    }
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err("redirected from https to http");
    }
    let path = next.path().strip_prefix(base.path()).unwrap_or(next.path());
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (platform, segments.as_slice()) {
        (_, []) | (Platform::Tiktok, ["foryou"]) => Err("redirected to the front page"),
        (Platform::Tiktok, ["login", ..]) | (Platform::Instagram, ["accounts", "login", ..]) => {
            Err("redirected to the login page")
        }
        (Platform::Tiktok, [.., "about"]) => Err("redirected to the about page: not offered in this region"),
        (Platform::Instagram, ["challenge" | "consent", ..]) => Err("redirected to a challenge"),
        (Platform::Tiktok | Platform::Instagram | Platform::Youtube | Platform::Pinterest, _) => Ok(next),
    }
}

/// The base's own host and port; on the platform itself, its other hosts too.
fn is_allowed(base: &Url, platform: Platform, next: &Url) -> bool {
    let site = match platform {
        Platform::Instagram => "instagram.com",
        Platform::Tiktok => "tiktok.com",
        Platform::Youtube => "youtube.com",
        Platform::Pinterest => "pinterest.com",
    };
    let on_site = |url: &Url| {
        let is_site = url
            .host_str()
            .and_then(|host| host.strip_suffix(site))
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        is_site && matches!(url.port_or_known_default(), Some(80 | 443))
    };
    let same = next.host_str() == base.host_str() && next.port_or_known_default() == base.port_or_known_default();
    matches!(next.scheme(), "http" | "https") && (same || (on_site(base) && on_site(next)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn address(base: &str, target: &Target) -> String {
        of(&url(base), target).to_string()
    }

    #[test]
    fn addresses_hang_below_the_base_and_its_path() {
        let (platform, username) = (Platform::Tiktok, "nasa".to_owned());
        let profile = Target::Profile { platform, username: username.clone(), platform_id: None };
        assert_eq!(address("https://www.tiktok.com", &profile), "https://www.tiktok.com/@nasa");
        assert_eq!(address("http://127.0.0.1:9/tiktok/", &profile), "http://127.0.0.1:9/tiktok/@nasa");
        let feed = Target::Feed { platform, username, platform_id: None };
        assert_eq!(address("http://127.0.0.1:9/tiktok", &feed), "http://127.0.0.1:9/tiktok/embed/@nasa");
        let post = Target::Post { platform, external_id: "76".to_owned(), username: None };
        assert_eq!(address("https://www.tiktok.com", &post), "https://www.tiktok.com/@/video/76");
    }

    #[test]
    fn instagrams_posts_are_addressed_by_their_shortcode() {
        let platform = Platform::Instagram;
        let post = Target::Post { platform, external_id: "2555323354817229568".to_owned(), username: None };
        assert_eq!(address("https://www.instagram.com", &post), "https://www.instagram.com/p/CN2VQ1yI_MA/");
        let feed = Target::Feed { platform, username: "nike".to_owned(), platform_id: None };
        assert_eq!(address("http://127.0.0.1:9/instagram", &feed), "http://127.0.0.1:9/instagram/nike/reels/");
    }

    #[test]
    fn an_odd_handle_cannot_leave_the_base() {
        let target = Target::Profile { platform: Platform::Instagram, username: "../../x?y#z".to_owned(), platform_id: None };
        assert_eq!(
            address("http://127.0.0.1:9/instagram", &target),
            "http://127.0.0.1:9/instagram/..%2F..%2Fx%3Fy%23z/"
        );
    }

    #[test]
    fn redirects_stay_on_the_platform() {
        let real = url("https://www.tiktok.com");
        let from = url("https://www.tiktok.com/@old");
        let follow = |location: &str| followed(&real, Platform::Tiktok, &from, location);
        assert_eq!(follow("/@new").map(|url| url.to_string()).as_deref(), Ok("https://www.tiktok.com/@new"));
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
            assert_eq!(follow(location), Err(refusal), "{location}");
        }
    }

    #[test]
    fn a_stand_in_may_not_send_us_anywhere_else() {
        let base = url("http://127.0.0.1:9/tiktok");
        let from = url("http://127.0.0.1:9/tiktok/@old");
        assert!(followed(&base, Platform::Tiktok, &from, "/tiktok/@new").is_ok());
        assert!(followed(&base, Platform::Tiktok, &from, "http://127.0.0.1:10/@new").is_err());
        assert!(followed(&base, Platform::Tiktok, &from, "https://www.tiktok.com/@new").is_err());
        assert!(followed(&base, Platform::Tiktok, &from, "/tiktok/").is_err());
    }
}
