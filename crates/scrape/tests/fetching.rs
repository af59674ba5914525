//! Fetching, against a server of a few lines on loopback: redirects, caps, time limits, refusals.

#[cfg(test)]
mod fetching {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use std::thread::JoinHandle;
    use std::time::{Duration, Instant};

    use domain::{Observation, Outcome, Platform};
    use scrape::{PlatformSite, ScrapeConfig, Scraper, Target};
    use url::Url;

    /// 65,536 zeros, compressed by gzip to 96 bytes.
    const ZEROS: &[u8] = b"\
        \x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
        \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x6a\xeb\x8e\x97\xd7\x00\x00\x01\x00\
        ";

    type Answer = dyn Fn(&str) -> Vec<u8> + Send + Sync;

    /// A server that answers each request by its path, one connection a request, and ends with the test.
    struct Server {
        port: u16,
        requests: Arc<Mutex<Vec<String>>>,
        ending: Arc<AtomicBool>,
        thread: Option<JoinHandle<()>>,
    }

    impl Server {
        fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let (requests, ending) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
            let (seen, over) = (Arc::clone(&requests), Arc::clone(&ending));
            let answer: Arc<Answer> = Arc::new(answer);
            let thread = std::thread::spawn(move || {
                let mut handlers = Vec::new();
                for stream in listener.incoming().map_while(Result::ok) {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let (seen, over, answer) = (Arc::clone(&seen), Arc::clone(&over), Arc::clone(&answer));
                    handlers.push(std::thread::spawn(move || serve(stream, &seen, &over, &*answer)));
                }
                for handler in handlers {
                    drop(handler.join());
                }
            });
            Self { port, requests, ending, thread: Some(thread) }
        }

        fn paths(&self) -> Vec<String> {
            let requests = self.requests.lock().unwrap();
            requests.iter().map(|head| head.split(' ').nth(1).unwrap_or("").to_owned()).collect()
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            self.ending.store(true, Ordering::SeqCst);
            drop(TcpStream::connect(("127.0.0.1", self.port)));
            if let Some(thread) = self.thread.take() {
                drop(thread.join());
            }
        }
    }

    fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, over: &AtomicBool, answer: &Answer) {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
        while !head.windows(4).any(|w| w == b"\r\n\r\n") {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return,
                Ok(n) => head.extend_from_slice(&buffer[..n]),
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or("").to_owned();
        seen.lock().unwrap().push(head);
        let bytes = answer(&path);
        if bytes.is_empty() {
            // Silence, until the test is over: the runtime that would close the other side is stopped by then.
            while !over.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(20));
            }
            return;
        }
        drop(stream.write_all(&bytes));
    }

    fn respond(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
        let head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    fn profile(handle: &str) -> Vec<u8> {
        format!(
            "<html><script id=\"__UNIVERSAL_DATA_FOR_REHYDRATION__\">{{\"__DEFAULT_SCOPE__\":{{\"webapp.user-detail\":{{\"userInfo\":\
             {{\"user\":{{\"id\":\"7\",\"uniqueId\":\"{handle}\"}},\"statsV2\":{{\"followerCount\":\"5\"}}}},\"statusCode\":0}}}}}}</script></html>"
        )
        .into_bytes()
    }

    fn config(port: u16) -> ScrapeConfig {
        let site =
            |name: &str| PlatformSite { base_url: Url::parse(&format!("http://127.0.0.1:{port}/{name}")).unwrap() };
        ScrapeConfig {
            instagram: site("instagram"),
            tiktok: site("tiktok"),
            user_agent: "test-agent/1.0".to_owned(),
            max_body_bytes: 20_000,
            ..ScrapeConfig::default()
        }
    }

    fn nasa() -> Target {
        Target::Profile { platform: Platform::Tiktok, username: "nasa".to_owned(), platform_id: None }
    }

    async fn scrape(server: &Server) -> Observation {
        Scraper::new(config(server.port)).unwrap().scrape(&nasa()).await
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
    async fn posts_and_feeds_of_both_platforms_have_their_addresses() {
        let server = Server::start(|_| respond(404, "", b"<html></html>"));
        let scraper = Scraper::new(config(server.port)).unwrap();
        let (external_id, username) = ("3983118388705688735".to_owned(), Some("a".to_owned()));
        for platform in Platform::ALL {
            scraper.scrape(&Target::Feed { platform, username: "a".to_owned(), platform_id: None }).await;
            scraper
                .scrape(&Target::Post { platform, external_id: external_id.clone(), username: username.clone() })
                .await;
        }
        let expected = [
            "/instagram/a/reels/",
            "/instagram/p/DdG4RIxIPyf/",
            "/tiktok/embed/@a",
            "/tiktok/@a/video/3983118388705688735",
        ];
        assert_eq!(server.paths(), expected);
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

    #[tokio::test]
    async fn silence_is_a_timeout() {
        let server = Server::start(|_| Vec::new());
        let config = ScrapeConfig { total_timeout: Duration::from_millis(200), ..config(server.port) };
        let start = Instant::now();
        let seen = Scraper::new(config).unwrap().scrape(&nasa()).await;
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
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let seen = Scraper::new(config(free)).unwrap().scrape(&nasa()).await;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::NetworkError, None));
    }

    #[tokio::test]
    async fn reading_has_a_deadline() {
        let long = [&profile("nasa")[..], &b"<meta name=a content=b>".repeat(200_000)].concat();
        let server = Server::start(move |_| respond(200, "", &long));
        let config = ScrapeConfig { parse_deadline: Duration::ZERO, max_body_bytes: 10_000_000, ..config(server.port) };
        let seen = Scraper::new(config).unwrap().scrape(&nasa()).await;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::ParseError, Some(200)));
        assert!(seen.detail.unwrap().contains("deadline"));
    }
}
