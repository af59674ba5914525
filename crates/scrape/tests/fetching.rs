//! Fetching, against a server of a few lines on loopback: redirects, caps, time limits, refusals.

#[cfg(test)]
mod loopback;

#[cfg(test)]
mod fetching {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use domain::source::DIRECT;
    use domain::{Observation, Outcome, Platform};
    use scrape::{ScrapeConfig, Scraped, Scraper, Target};

    use super::loopback::{Server, closed_port, config, respond};

    /// 65,536 zeros, compressed by gzip to 96 bytes.
    const ZEROS: &[u8] = b"\
        \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x6a\xeb\x8e\x97\xd7\x00\x00\x01\x00\
        ";

    fn profile(handle: &str) -> Vec<u8> {
        format!(
            "<html><script id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\">{{\"__DEFAULT_SCOPE__\":{{\"webapp.user-detail\":{{\"userInfo\":\
             {{\"user\":{{\"id\":\"7\",\"uniqueId\":\"{handle}\"}},\"statsV2\":{{\"followerCount\":\"5\"}}}},\"statusCode\":0}}}}}}</script></html>"
        )
        .into_bytes()
    }

    fn nasa() -> Target {
        Target::Profile { platform: Platform::Tiktok, username: "nasa".to_owned(), platform_id: None }
    }

    async fn scrape(server: &Server) -> Observation {
        scrape_with(config(server.port)).await.observation
    }

    async fn scrape_with(config: ScrapeConfig) -> Scraped {
        Scraper::new(config).unwrap().scrape(&nasa(), "tiktok.profile_page", DIRECT).await
    }

    #[tokio::test]
    async fn a_page_is_asked_for_below_the_base_and_read() {
        let server = Server::start(|_| respond(200, "", &profile("nasa")));
        let seen = scrape(&server).await;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::Ok, Some(200)), "{:?}", seen.detail);
        assert_eq!(seen.profile.unwrap().metrics.followers.value(), Some(5));
        assert_eq!(server.paths(), ["/tiktok/@nasa"]);
        let head = server.requests.lock().unwrap()[0].to_lowercase();
        for header in [
            "user-agent: test-agent/1.0",
            "accept-language: en-us,en;q=0.9",
            "sec-fetch-mode: navigate",
            "accept-encoding:",
        ] {
            assert!(head.contains(header), "{header} in {head}");
        }
        assert!(!head.contains("cookie"));
    }

    #[tokio::test]
    async fn a_page_that_cannot_be_understood_is_handed_back() {
        let server = Server::start(|path| match path {
            "/tiktok/@nasa" => respond(301, "Location: /tiktok/@esa\r\n", b""),
            _ => respond(200, "", &profile("jaxa")),
        });
        let seen = scrape_with(config(server.port)).await;
        assert_eq!(seen.observation.outcome, Outcome::ParseError);
        let page = seen.unread.unwrap();
        assert_eq!(page.url, format!("http://127.0.0.1:{}/tiktok/@nasa", server.port));
        assert_eq!((page.expect.as_str(), page.http_status), ("nasa", Some(200)));
        assert_eq!(page.redirected_to.as_deref(), Some("/@esa"));
        assert_eq!(page.body, profile("jaxa"));
        let good = Server::start(|_| respond(200, "", &profile("nasa")));
        assert!(scrape_with(config(good.port)).await.unread.is_none());
        let refused = Server::start(|_| respond(403, "", b"<html></html>"));
        assert!(scrape_with(config(refused.port)).await.unread.is_none());
    }

    #[tokio::test]
    async fn walls_and_front_pages_of_the_newer_platforms_are_not_loaded() {
        let server = Server::start(|path| match path {
            "/youtube/@a" => respond(302, "Location: https://consent.youtube.com/m?continue=x\r\n", b""),
            "/youtube/@b" => respond(302, "Location: https://accounts.google.com/ServiceLogin\r\n", b""),
            "/pinterest/gone/" => respond(302, "Location: /pinterest/?show_error=true\r\n", b""),
            _ => respond(200, "", b"<html><title>front</title></html>"),
        });
        let scraper = Scraper::new(config(server.port)).unwrap();
        let target =
            |platform, username: &str| Target::Profile { platform, username: username.to_owned(), platform_id: None };
        for (username, reason) in [("a", "consent wall"), ("b", "login page")] {
            let seen =
                scraper.scrape(&target(Platform::Youtube, username), "youtube.channel_page", DIRECT).await.observation;
            assert_eq!((seen.outcome, seen.http_status), (Outcome::Blocked, Some(302)));
            assert!(seen.detail.unwrap().contains(reason));
        }
        let gone =
            scraper.scrape(&target(Platform::Pinterest, "gone"), "pinterest.profile_page", DIRECT).await.observation;
        assert_eq!(gone.outcome, Outcome::NotFound, "{gone:?}");
        assert_eq!(server.paths().len(), 3);
    }

    #[tokio::test]
    async fn a_foreign_page_is_a_parse_error_and_a_redirect_to_a_new_name_is_not() {
        let server = Server::start(|_| respond(200, "", &profile("esa")));
        assert_eq!(scrape(&server).await.outcome, Outcome::ParseError);
        let renamed = Server::start(|path| match path {
            "/tiktok/@nasa" => respond(301, "Location: /tiktok/@esa?lang=en\r\n", b""),
            _ => respond(200, "", &profile("esa")),
        });
        let seen = scrape(&renamed).await;
        assert_eq!((seen.outcome, seen.profile.unwrap().username.as_str()), (Outcome::Ok, "esa"));
    }

    #[tokio::test]
    async fn a_redirect_off_the_host_or_to_a_login_is_refused_unfollowed() {
        let elsewhere = Server::start(|_| respond(200, "", &profile("nasa")));
        let port = elsewhere.port;
        let server =
            Server::start(move |_| respond(302, &format!("Location: http://127.0.0.1:{port}/tiktok/@nasa\r\n"), b""));
        let seen = scrape(&server).await;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::Blocked, Some(302)));
        assert!(elsewhere.paths().is_empty());
        let login = Server::start(|_| respond(302, "Location: /tiktok/login?redirect_url=x\r\n", b""));
        let seen = scrape(&login).await;
        assert_eq!((seen.outcome, login.paths().len()), (Outcome::Blocked, 1));
        assert!(seen.detail.unwrap().contains("login"));
    }

    #[tokio::test]
    async fn redirects_end_at_the_set_number() {
        let server = Server::start(|_| respond(302, "Location: /tiktok/@nasa\r\n", b""));
        assert_eq!(scrape(&server).await.outcome, Outcome::Blocked);
        assert_eq!(server.paths().len(), 6, "the first request and five redirects");
    }

    #[tokio::test]
    async fn a_body_beyond_the_cap_is_not_read_compressed_or_not() {
        let server = Server::start(|_| respond(200, "", &vec![b'x'; 20_001]));
        let seen = scrape(&server).await;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::ParseError, Some(200)));
        assert!(seen.detail.unwrap().contains("20000 bytes"));
        let server = Server::start(move |_| respond(200, "Content-Encoding: gzip\r\n", ZEROS));
        assert!(scrape(&server).await.detail.unwrap().contains("20000 bytes"));
    }

    /// 64 MiB of zeros, compressed by brotli to 53 bytes.
    const MORE_ZEROS: &[u8] = b"\
        \xcf\xff\xff\x7f\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x9f\xff\xff\xff\xf0\x4f\x00\xc4\x61\x01\x80\xee\xfd\x3f\
        \xff\xff\xff\xe1\x9f\x00\x88\xc3\x22\x00\xdd\xfb\xff\xfc\xff\xff\xc7\x3f\x01\x10\x87\x05\x00\xba\xf7\xff";

    /// The most memory that this process has had, in KiB, where the system tells.
    fn most_memory_kib() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
    }

    #[tokio::test]
    async fn what_swells_when_it_is_unpacked_stops_at_the_cap_in_time_and_in_bounded_memory() {
        // A gigabyte and more, in blocks that each unpack to 64 KiB.
        let head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03";
        let block =
            [b"\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a", &[0; 63][..], b"\x6a\x00\x00\x00\xff\xff"]
                .concat();
        let gzip = Arc::new([&head[..], &block.repeat(20_000)].concat());
        for (encoding, body) in [("br", Arc::new(MORE_ZEROS.to_vec())), ("gzip", gzip)] {
            let server = Server::start(move |_| respond(200, &format!("Content-Encoding: {encoding}\r\n"), &body));
            let config = ScrapeConfig { max_body_bytes: 1_000_000, ..config(server.port) };
            let (start, before) = (Instant::now(), most_memory_kib());
            let seen = scrape_with(config).await.observation;
            assert_eq!(
                (seen.outcome, seen.http_status),
                (Outcome::ParseError, Some(200)),
                "{encoding}: {:?}",
                seen.detail
            );
            assert!(seen.detail.unwrap().contains("1000000 bytes"));
            assert!(start.elapsed() < Duration::from_secs(10));
            if let (Some(before), Some(after)) = (before, most_memory_kib()) {
                assert!(after - before < 48 * 1024, "{encoding} took {} KiB", after - before);
            }
        }
    }

    #[tokio::test]
    async fn silence_is_a_timeout() {
        let server = Server::start(|_| Vec::new());
        let config = ScrapeConfig { total_timeout: Duration::from_millis(200), ..config(server.port) };
        let start = Instant::now();
        let seen = scrape_with(config).await.observation;
        assert_eq!(seen.outcome, Outcome::Timeout);
        assert!(start.elapsed() < Duration::from_secs(10) && seen.detail.is_some());
    }

    #[tokio::test]
    async fn a_429_carries_the_platforms_own_wait() {
        let server = Server::start(|_| respond(429, "Retry-After: 120\r\n", b""));
        let seen = scrape(&server).await;
        assert_eq!((seen.outcome, seen.retry_after), (Outcome::RateLimited, Some(Duration::from_mins(2))));
    }

    #[tokio::test]
    async fn trouble_on_the_way_is_a_network_error() {
        let server = Server::start(|_| respond(503, "Retry-After: 7\r\n", b"overload-protect triggered"));
        let seen = scrape(&server).await;
        assert_eq!((seen.outcome, seen.retry_after), (Outcome::NetworkError, Some(Duration::from_secs(7))));
        let broken = Server::start(|_| b"HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\nhalf".to_vec());
        assert_eq!(scrape(&broken).await.outcome, Outcome::NetworkError);
        let seen = scrape_with(config(closed_port())).await.observation;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::NetworkError, None));
    }

    #[tokio::test]
    async fn reading_has_a_deadline() {
        let long = [&profile("nasa")[..], &b"<meta name=a content=b>".repeat(200_000)].concat();
        let server = Server::start(move |_| respond(200, "", &long));
        let config = ScrapeConfig { parse_deadline: Duration::ZERO, max_body_bytes: 10_000_000, ..config(server.port) };
        let scraped = scrape_with(config).await;
        assert!(scraped.unread.is_some());
        let seen = scraped.observation;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::ParseError, Some(200)));
        assert!(seen.detail.unwrap().contains("deadline"));
    }
}
