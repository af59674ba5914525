//! Where each source of each target is asked, by which way out, and that keys and passwords stay where they belong.

#[cfg(test)]
mod loopback;

#[cfg(test)]
mod sources {
    use std::time::Duration;

    use domain::source::DIRECT;
    use domain::{Channel, Outcome, Platform, TargetKind};
    use scrape::{Egress, InstagramGraph, OfficialApis, ScrapeConfig, Scraper, Target, YoutubeData};
    use url::Url;

    use super::loopback::{Server, closed_port, config, respond};

    const SECRET: &str = "s3cret/of+ours";
    const SECRET_IN_QUERY: &str = "s3cret%2Fof%2Bours";
    const CHANNEL: &str = "UCLA_DiR1FfKNvjuUpBHmylQ";
    const PROFILE_PAGE: &str = "tiktok.profile_page";

    fn official(port: u16) -> ScrapeConfig {
        let base = |path: &str| Url::parse(&format!("http://127.0.0.1:{port}/{path}")).unwrap();
        let (user_id, access_token) = ("17841".to_owned(), SECRET.to_owned());
        let instagram = InstagramGraph { base_url: base("v25.0"), user_id, access_token };
        let youtube = YoutubeData { base_url: base("youtube/v3"), api_key: SECRET.to_owned() };
        ScrapeConfig { official: OfficialApis { instagram: Some(instagram), youtube: Some(youtube) }, ..config(port) }
    }

    fn through(proxy: &str, config: ScrapeConfig) -> ScrapeConfig {
        let proxied = Egress { name: "dc-1".to_owned(), proxy: Some(Url::parse(proxy).unwrap()) };
        ScrapeConfig { egresses: vec![Egress::direct(), proxied], ..config }
    }

    fn target(kind: TargetKind, platform: Platform, name: &str, other: Option<&str>) -> Target {
        let (name, other) = (name.to_owned(), other.map(str::to_owned));
        match kind {
            TargetKind::Profile => Target::Profile { platform, username: name, platform_id: other },
            TargetKind::Feed => Target::Feed { platform, username: name, platform_id: other },
            TargetKind::Post => Target::Post { platform, external_id: name, username: other },
        }
    }

    fn nasa() -> Target {
        target(TargetKind::Profile, Platform::Tiktok, "nasa", None)
    }

    fn profile() -> Vec<u8> {
        let data = r#"{"userInfo":{"user":{"id":"7","uniqueId":"nasa"},"stats":{"followerCount":5}},"statusCode":0}"#;
        respond(200, "", data.as_bytes())
    }

    /// Source, target and the path and query that it is asked by.
    fn pages() -> Vec<(&'static str, Target, String)> {
        use Platform::{Instagram, Pinterest, Tiktok, Youtube};
        use TargetKind::{Feed, Post, Profile};
        let post = "3983118388705688735";
        let cases = [
            ("instagram.profile_page", target(Profile, Instagram, "a", None), "/instagram/a/"),
            ("instagram.profile_embed", target(Profile, Instagram, "a", None), "/instagram/a/embed/"),
            ("instagram.reels_tab", target(Feed, Instagram, "a", None), "/instagram/a/reels/"),
            ("instagram.post_page", target(Post, Instagram, post, None), "/instagram/p/DdG4RIxIPyf/"),
            ("instagram.post_embed", target(Post, Instagram, post, None), "/instagram/p/DdG4RIxIPyf/embed/captioned/"),
            ("tiktok.profile_page", target(Profile, Tiktok, "a", None), "/tiktok/@a"),
            ("tiktok.embed_page", target(Profile, Tiktok, "a", None), "/tiktok/embed/@a"),
            ("tiktok.embed_page", target(Feed, Tiktok, "a", None), "/tiktok/embed/@a"),
            ("tiktok.post_page", target(Post, Tiktok, post, Some("a")), "/tiktok/@a/video/3983118388705688735"),
            ("tiktok.post_page", target(Post, Tiktok, post, None), "/tiktok/@/video/3983118388705688735"),
            ("tiktok.post_embed", target(Post, Tiktok, post, Some("a")), "/tiktok/embed/v2/3983118388705688735"),
            (
                "tiktok.oembed",
                target(Post, Tiktok, post, Some("a")),
                "/tiktok/oembed?url=https%3A%2F%2Fwww.tiktok.com%2F%40a%2Fvideo%2F3983118388705688735",
            ),
            (
                "youtube.channel_page",
                target(Profile, Youtube, "nasa", Some(CHANNEL)),
                "/youtube/channel/UCLA_DiR1FfKNvjuUpBHmylQ",
            ),
            (
                "youtube.channel_page",
                target(Profile, Youtube, CHANNEL, None),
                "/youtube/channel/UCLA_DiR1FfKNvjuUpBHmylQ",
            ),
            ("youtube.channel_page", target(Profile, Youtube, "c/NASA tv", None), "/youtube/c/NASA%20tv"),
            ("youtube.channel_page", target(Profile, Youtube, "user/nasa", None), "/youtube/user/nasa"),
            ("youtube.channel_page", target(Profile, Youtube, "café", None), "/youtube/@caf%C3%A9"),
            (
                "youtube.rss",
                target(Feed, Youtube, "nasa", Some(CHANNEL)),
                "/youtube/feeds/videos.xml?channel_id=UCLA_DiR1FfKNvjuUpBHmylQ",
            ),
            ("youtube.watch_page", target(Post, Youtube, "dQw4w9WgXcQ", None), "/youtube/watch?v=dQw4w9WgXcQ"),
            (
                "youtube.oembed",
                target(Post, Youtube, "dQw4w9WgXcQ", None),
                "/youtube/oembed?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ&format=json",
            ),
            ("pinterest.profile_page", target(Profile, Pinterest, "a", None), "/pinterest/a/"),
            ("pinterest.rss", target(Feed, Pinterest, "a", None), "/pinterest/a/feed.rss"),
            ("pinterest.pin_page", target(Post, Pinterest, "99", None), "/pinterest/pin/99/"),
            (
                "pinterest.oembed",
                target(Post, Pinterest, "99", None),
                "/pinterest/oembed.json?url=https%3A%2F%2Fwww.pinterest.com%2Fpin%2F99%2F",
            ),
        ];
        cases.into_iter().map(|(source, target, path)| (source, target, path.to_owned())).collect()
    }

    fn apis() -> Vec<(&'static str, Target, String)> {
        use Platform::{Instagram, Youtube};
        use TargetKind::{Feed, Post, Profile};
        let graph = "/v25.0/17841?fields=business_discovery.username%28a%29%7Bid%2Cig_id%2Cusername%2Cname%2Cbiography%2Cwebsite\
                     %2Cprofile_picture_url%2Cfollowers_count%2Cfollows_count%2Cmedia_count";
        let media = "%2Cmedia.limit%2850%29%7Bid%2Ccaption%2Ctimestamp%2Cpermalink%2Cmedia_type%2Cmedia_product_type\
                     %2Cmedia_url%2Clike_count%2Ccomments_count%2Cview_count%7D";
        let token = format!("&access_token={SECRET_IN_QUERY}");
        let data = |call: &str| format!("/youtube/v3/{call}&key={SECRET_IN_QUERY}");
        let channels = data(&format!("channels?part=snippet%2Cstatistics&id={CHANNEL}"));
        let uploads = "playlistItems?part=snippet%2CcontentDetails&playlistId=UULA_DiR1FfKNvjuUpBHmylQ&maxResults=50";
        let videos = "videos?part=snippet%2Cstatistics%2CcontentDetails%2Cstatus&id=dQw4w9WgXcQ";
        let by_handle = "channels?part=snippet%2Cstatistics&forHandle=caf%C3%A9";
        let by_user = "channels?part=snippet%2Cstatistics&forUsername=nasa";
        vec![
            ("instagram.graph_api", target(Profile, Instagram, "a", None), format!("{graph}%7D{token}")),
            ("instagram.graph_api", target(Feed, Instagram, "a", None), format!("{graph}{media}%7D{token}")),
            ("youtube.data_api", target(Profile, Youtube, "nasa", Some(CHANNEL)), channels.clone()),
            ("youtube.data_api", target(Profile, Youtube, CHANNEL, None), channels),
            ("youtube.data_api", target(Profile, Youtube, "café", None), data(by_handle)),
            ("youtube.data_api", target(Profile, Youtube, "user/nasa", None), data(by_user)),
            ("youtube.data_api", target(Feed, Youtube, "nasa", Some(CHANNEL)), data(uploads)),
            ("youtube.data_api", target(Post, Youtube, "dQw4w9WgXcQ", None), data(videos)),
        ]
    }

    #[tokio::test]
    async fn each_source_of_each_target_has_its_address() {
        let server = Server::start(|_| respond(404, "", b"<html></html>"));
        let scraper = Scraper::new(official(server.port)).unwrap();
        let cases = [pages(), apis()].concat();
        for (source, target, expected) in &cases {
            scraper.scrape(target, source, DIRECT).await;
            assert_eq!(server.paths().last(), Some(expected), "{source} {target:?}");
        }
        assert_eq!(server.paths().len(), cases.len());
        for platform in Platform::ALL {
            for kind in [TargetKind::Profile, TargetKind::Feed, TargetKind::Post] {
                for source in scraper.sources(platform, kind) {
                    let is_it = |target: &Target| target.platform() == platform && target.kind() == kind;
                    let has_case = cases.iter().any(|(name, target, _)| *name == source.name && is_it(target));
                    assert!(has_case, "{} of a {kind:?} has no case here", source.name);
                }
            }
        }
    }

    #[test]
    fn official_sources_come_first_and_only_where_there_is_a_key() {
        let names = |config: ScrapeConfig, platform, kind| {
            let sources = Scraper::new(config).unwrap().sources(platform, kind);
            sources.iter().map(|source| (source.name, source.channel)).collect::<Vec<_>>()
        };
        let page = ("youtube.channel_page", Channel::Page);
        assert_eq!(names(config(9), Platform::Youtube, TargetKind::Profile), [page]);
        let both = [("youtube.data_api", Channel::Official), page];
        assert_eq!(names(official(9), Platform::Youtube, TargetKind::Profile), both);
        assert_eq!(names(official(9), Platform::Instagram, TargetKind::Post)[0].0, "instagram.post_page");
        assert_eq!(names(official(9), Platform::Tiktok, TargetKind::Post).len(), 3);
    }

    #[tokio::test]
    async fn a_source_that_cannot_be_asked_says_so_without_asking() {
        let server = Server::start(|_| profile());
        let plain = Scraper::new(config(server.port)).unwrap();
        let keyed = Scraper::new(official(server.port)).unwrap();
        let channel = |kind| target(kind, Platform::Youtube, "nasa", None);
        let odd = target(TargetKind::Profile, Platform::Instagram, "a){id}", None);
        for (scraper, target, source, reason) in [
            (&plain, channel(TargetKind::Feed), "youtube.rss", "no channel id yet"),
            (&keyed, channel(TargetKind::Feed), "youtube.data_api", "no channel id yet"),
            (&plain, channel(TargetKind::Profile), "youtube.data_api", "no such source"),
            (&plain, nasa(), "tiktok.oembed", "no such source"),
            (&plain, nasa(), "instagram.profile_page", "no such source"),
            (&keyed, odd, "instagram.graph_api", "handle"),
        ] {
            let seen = scraper.scrape(&target, source, DIRECT).await;
            assert_eq!(seen.observation.outcome, Outcome::ParseError, "{source}");
            assert!(seen.observation.detail.unwrap().contains(reason), "{source}");
            assert!(seen.unread.is_none());
        }
        assert!(server.paths().is_empty());
    }

    #[tokio::test]
    async fn a_page_goes_through_the_proxy_that_its_egress_names() {
        let (origin, proxy) = (Server::start(|_| profile()), Server::start(|_| profile()));
        let config = through(&format!("http://user:pa55@127.0.0.1:{}", proxy.port), config(origin.port));
        assert!(!format!("{config:?}").contains("pa55"));
        let scraper = Scraper::new(config).unwrap();
        assert!(!format!("{scraper:?}").contains("pa55"));
        let seen = scraper.scrape(&nasa(), PROFILE_PAGE, "dc-1").await.observation;
        assert_eq!(seen.outcome, Outcome::Ok, "{:?}", seen.detail);
        assert_eq!(proxy.paths(), [format!("http://127.0.0.1:{}/tiktok/@nasa", origin.port)]);
        assert!(proxy.requests.lock().unwrap()[0].to_lowercase().contains("proxy-authorization: basic "));
        assert!(origin.paths().is_empty());
        scraper.scrape(&nasa(), PROFILE_PAGE, DIRECT).await;
        assert_eq!((origin.paths().len(), proxy.paths().len()), (1, 1));
    }

    #[tokio::test]
    async fn a_proxy_that_fails_is_trouble_on_the_way_and_no_refusal() {
        let origin = Server::start(|_| profile());
        let gone = format!("http://user:pa55@127.0.0.1:{}", closed_port());
        let closed = Scraper::new(through(&gone, config(origin.port))).unwrap();
        let seen = closed.scrape(&nasa(), PROFILE_PAGE, "dc-1").await.observation;
        assert_eq!((seen.outcome, seen.http_status), (Outcome::NetworkError, None));
        assert!(!seen.detail.unwrap().contains("pa55"));
        for status in [407, 502] {
            let proxy = Server::start(move |_| respond(status, "", b""));
            let address = format!("http://127.0.0.1:{}", proxy.port);
            let scraper = Scraper::new(through(&address, config(origin.port))).unwrap();
            let seen = scraper.scrape(&nasa(), PROFILE_PAGE, "dc-1").await.observation;
            assert_eq!((seen.outcome, proxy.paths().len()), (Outcome::NetworkError, 1), "{status}");
        }
        let seen = closed.scrape(&nasa(), PROFILE_PAGE, "dc-2").await.observation;
        assert_eq!(seen.outcome, Outcome::NetworkError);
        assert!(seen.detail.unwrap().contains("no egress is called dc-2"));
        assert!(origin.paths().is_empty());
    }

    #[tokio::test]
    async fn an_official_api_is_asked_directly_and_its_key_stays_with_it() {
        let proxy = Server::start(|_| profile());
        let echo = format!("{{\"next\":\"https://x/?access_token={SECRET_IN_QUERY}\",\"key\":\"{SECRET}\"}}");
        let echoing = Server::start(move |_| respond(200, "", echo.as_bytes()));
        let elsewhere = Server::start(|_| profile());
        let port = elsewhere.port;
        let redirecting =
            Server::start(move |path| respond(302, &format!("Location: http://127.0.0.1:{port}{path}\r\n"), b""));
        let silent = Server::start(|_| Vec::new());
        let breaking = Server::start(|_| b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf".to_vec());
        for port in [echoing.port, redirecting.port, silent.port, breaking.port, closed_port()] {
            let config = through(&format!("http://127.0.0.1:{}", proxy.port), official(port));
            let config = ScrapeConfig { total_timeout: Duration::from_millis(500), ..config };
            let mut shown = vec![format!("{config:?}")];
            let scraper = Scraper::new(config).unwrap();
            shown.push(format!("{scraper:?}"));
            for (platform, source) in
                [(Platform::Instagram, "instagram.graph_api"), (Platform::Youtube, "youtube.data_api")]
            {
                let target = target(TargetKind::Profile, platform, "nasa", None);
                let seen = scraper.scrape(&target, source, "dc-1").await;
                assert_ne!(seen.observation.outcome, Outcome::Ok);
                shown.push(format!("{seen:?}"));
                let page = seen.unread;
                shown.extend(page.map(|page| format!("{} {}", page.url, String::from_utf8_lossy(&page.body))));
            }
            assert!(shown.iter().all(|text| !text.contains("s3cret")), "{shown:#?}");
        }
        assert_eq!((echoing.paths().len(), redirecting.paths().len()), (2, 2));
        assert!(echoing.paths().iter().all(|path| path.contains(SECRET_IN_QUERY)));
        let head = echoing.requests.lock().unwrap()[0].to_lowercase();
        assert!(head.contains("accept: application/json") && !head.contains("sec-fetch"), "{head}");
        assert!(proxy.paths().is_empty() && elsewhere.paths().is_empty());
    }
}
