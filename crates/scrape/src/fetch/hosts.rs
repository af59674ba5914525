//! Which hosts are a platform's own.

use domain::Platform;

/// The sites of a platform, their subdomains included.
const fn sites(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::Instagram => &["instagram.com", "instagr.am"],
        Platform::Tiktok => &["tiktok.com", "tiktokv.com"],
        Platform::Youtube => &["youtube.com", "youtu.be", "youtube-nocookie.com"],
        Platform::Pinterest => &["pinterest.com", "pin.it"],
    }
}

/// Pinterest's country sites, behind `pinterest.`.
const PINTEREST_COUNTRIES: [&str; 41] = [
    "at", "be", "ca", "ch", "cl", "co", "co.at", "co.in", "co.kr", "co.nz", "co.uk", "com.au", "com.bo", "com.ec",
    "com.mx", "com.pe", "com.py", "com.uy", "com.vn", "de", "dk", "ec", "es", "fr", "hu", "id", "ie", "in", "it", "jp",
    "kr", "mx", "nl", "nz", "pe", "ph", "pt", "ru", "se", "th", "vn",
];

/// Whether `host` is one of the platform's own.
pub(super) fn is_own(platform: Platform, host: &str) -> bool {
    let on = |site: &str| host.strip_suffix(site).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let is_country = || {
        let name = host.strip_prefix("www.").unwrap_or(host);
        name.strip_prefix("pinterest.").is_some_and(|country| PINTEREST_COUNTRIES.contains(&country))
    };
    sites(platform).iter().any(|site| on(site)) || (platform == Platform::Pinterest && is_country())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platforms_own_hosts_are_told_from_those_that_look_like_them() {
        for (platform, host, own) in [
            (Platform::Tiktok, "vm.tiktok.com", true),
            (Platform::Tiktok, "eviltiktok.com", false),
            (Platform::Tiktok, "tiktok.com.evil.example", false),
            (Platform::Youtube, "m.youtube.com", true),
            (Platform::Youtube, "youtu.be", true),
            (Platform::Youtube, "google.com", false),
            (Platform::Pinterest, "de.pinterest.com", true),
            (Platform::Pinterest, "www.pinterest.co.uk", true),
            (Platform::Pinterest, "pinterest.de", true),
            (Platform::Pinterest, "pinterest.evil.example", false),
            (Platform::Pinterest, "x.pinterest.de", false),
            (Platform::Instagram, "www.instagram.com", true),
        ] {
            assert_eq!(is_own(platform, host), own, "{host}");
        }
    }
}
