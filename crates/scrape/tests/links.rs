//! Short links, against a stand-in on loopback: how far they are followed, and what is said of those that lead nowhere.

#[cfg(test)]
mod loopback;

#[cfg(test)]
mod links {
    use std::time::{Duration, Instant};

    use domain::Platform;
    use scrape::{ExpandError, ScrapeConfig, Scraper};
    use url::Url;

    use super::loopback::{Server, closed_port, config, respond};

    async fn expand(server: &Server, platform: Platform, link: &str) -> Result<String, ExpandError> {
        let scraper = Scraper::new(config(server.port)).unwrap();
        scraper.expand(platform, &Url::parse(link).unwrap()).await.map(|url| url.to_string())
    }

    fn to(location: &str) -> Vec<u8> {
        respond(302, &format!("Location: {location}\r\n"), b"")
    }

    #[tokio::test]
    async fn a_short_link_is_followed_to_the_address_that_it_stands_for_and_no_further() {
        let server = Server::start(|path| match path {
            "/tiktok/_short/vm.tiktok.com/ZM1/" => to("https://www.tiktok.com/@a/video/7571863205253778710?_r=1"),
            "/tiktok/_short/vm.tiktok.com/ZM2/?k=1" => to("/tiktok/_short/vt.tiktok.com/ZS2/"),
            "/tiktok/_short/vt.tiktok.com/ZS2/" => to("/tiktok/@b"),
            "/tiktok/_short/www.tiktok.com/t/ZT3/" => to("https://vt.tiktok.com/ZS2/"),
            "/instagram/_short/www.instagram.com/share/reel/x" => to("/instagram/reel/CN2VQ1yI_MA/"),
            "/pinterest/_short/pin.it/abc" => to("https://api.pinterest.com/url_shortener/abc/redirect/"),
            "/pinterest/_short/api.pinterest.com/url_shortener/abc/redirect/" => to("https://www.pinterest.com/nasa/"),
            _ => respond(500, "", b""),
        });
        let (tiktok, instagram, pinterest) = (Platform::Tiktok, Platform::Instagram, Platform::Pinterest);
        for (platform, link, long) in [
            (tiktok, "https://vm.tiktok.com/ZM1/", "https://www.tiktok.com/@a/video/7571863205253778710?_r=1"),
            (tiktok, "http://vm.tiktok.com/ZM2/?k=1#x", "https://www.tiktok.com/@b"),
            (tiktok, "https://www.tiktok.com/t/ZT3/", "https://www.tiktok.com/@b"),
            (instagram, "https://www.instagram.com/share/reel/x", "https://www.instagram.com/reel/CN2VQ1yI_MA/"),
            (pinterest, "https://pin.it/abc", "https://www.pinterest.com/nasa/"),
        ] {
            assert_eq!(expand(&server, platform, link).await.as_deref(), Ok(long), "{link}");
        }
        assert!(server.paths().iter().all(|path| path.contains("/_short/")), "{:?}", server.paths());
        let asked = server.paths().len();
        let long = "https://www.tiktok.com/@a/photo/7571863205253778710";
        assert_eq!(expand(&server, tiktok, long).await.as_deref(), Ok(long));
        assert_eq!(server.paths().len(), asked, "a long form is not asked for");
    }

    #[tokio::test]
    async fn a_link_that_leads_nowhere_says_why() {
        let server = Server::start(|path| match path.rsplit('/').nth(1).unwrap_or("") {
            "home" => to("/tiktok/?_r=1"),
            "foryou" => to("https://www.tiktok.com/foryou"),
            "login" => to("https://www.tiktok.com/login?redirect_url=x"),
            "shop" => to("https://shop.example/x"),
            "port" => to("https://www.tiktok.com:8443/@a"),
            "user" => to("https://user@www.tiktok.com/@a"),
            "other" => to("https://www.instagram.com/natgeo/"),
            "gone" => respond(404, "", b""),
            "refused" => respond(403, "", b""),
            "broken" => respond(503, "", b""),
            "loop" => to("https://vm.tiktok.com/loop/"),
            "tag" => to("https://www.tiktok.com/tag/fun/"),
            _ => respond(200, "", b"<html></html>"),
        });
        for (code, expected) in [
            ("home", "Dead"),
            ("foryou", "Dead"),
            ("gone", "Dead"),
            ("login", "Walled"),
            ("refused", "Walled"),
            ("shell", "Walled"),
            ("loop", "Walled"),
            ("shop", "OffPlatform"),
            ("port", "OffPlatform"),
            ("user", "OffPlatform"),
            ("other", "OffPlatform"),
            ("broken", "Network"),
        ] {
            let link = format!("https://vm.tiktok.com/{code}/");
            let refusal = expand(&server, Platform::Tiktok, &link).await.unwrap_err();
            assert!(format!("{refusal:?}").starts_with(expected), "{code}: {refusal:?}");
        }
        // What an address on the platform is about is not decided here.
        let tag = expand(&server, Platform::Tiktok, "https://vm.tiktok.com/tag/").await;
        assert_eq!(tag.as_deref(), Ok("https://www.tiktok.com/tag/fun/"));
        let asked = server.paths().len();
        for link in ["https://example.com/x", "https://vm.tiktok.com.evil.example/x", "ftp://vm.tiktok.com/x"] {
            let refusal = expand(&server, Platform::Tiktok, link).await;
            assert_eq!(refusal, Err(ExpandError::OffPlatform(Platform::Tiktok)), "{link}");
        }
        assert_eq!(server.paths().len(), asked);
    }

    #[tokio::test]
    async fn a_link_has_its_own_time_limit_and_names_no_address_when_it_fails() {
        let link = Url::parse("https://vm.tiktok.com/x/").unwrap();
        let silent = Server::start(|_| Vec::new());
        let limited = ScrapeConfig { link_timeout: Duration::from_millis(200), ..config(silent.port) };
        let start = Instant::now();
        let scraper = Scraper::new(limited).unwrap();
        assert_eq!(scraper.expand(Platform::Tiktok, &link).await, Err(ExpandError::Timeout));
        assert!(start.elapsed() < Duration::from_secs(10));
        let closed = Scraper::new(config(closed_port())).unwrap();
        let refusal = closed.expand(Platform::Tiktok, &link).await.unwrap_err();
        assert!(matches!(refusal, ExpandError::Network(_)), "{refusal:?}");
        assert!(!refusal.to_string().contains("127.0.0.1"), "{refusal}");
    }
}
