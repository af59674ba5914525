//! The answers of official interfaces: Instagram's Graph API and YouTube's Data API.

#[cfg(test)]
mod official {
    use domain::{MediaType, MetricStatus, Observation, Outcome, Platform, Precision, Reading};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Value, json};

    const CHANNEL: &str = "UCtI0Hodo5o5dUb67FeUjDeA";
    const VIDEO: &str = "A0FZIwabctw";

    fn read(platform: Platform, kind: PageKind, expect: &str, status: u16, body: &Value) -> Observation {
        let body = body.to_string();
        parse(&Page {
            platform,
            kind,
            expect: Some(expect),
            http_status: Some(status),
            redirected_to: None,
            body: body.as_bytes(),
        })
    }

    fn graph(kind: PageKind, body: &Value) -> Observation {
        read(Platform::Instagram, kind, "nike", 200, body)
    }

    fn account() -> Value {
        json!({"business_discovery": {"username": "Nike", "id": "17841401441775531", "followers_count": 295_158_500, "follows_count": 151,
            "media_count": 1_134, "name": "Nike", "biography": "x", "website": "https://nike.com", "profile_picture_url": "https://i/p",
            "media": {"data": [
                {"id": "17900000000000001", "caption": "a", "timestamp": "2026-08-13T05:00:00+0000", "permalink": "https://www.instagram.com/reel/DdG4RIxIPyf/",
                    "media_type": "VIDEO", "media_product_type": "REELS", "media_url": "https://v/1", "like_count": 50_400, "comments_count": 709, "view_count": 9},
                {"id": "17900000000000002", "timestamp": "2026-08-12T05:00:00+0000", "permalink": "https://www.instagram.com/p/DeBJRyaDIyP/",
                    "media_type": "CAROUSEL_ALBUM", "media_product_type": "FEED", "media_url": "https://i/2", "comments_count": 7},
                {"id": "17900000000000003"}]}}, "id": "17841405309211844"})
    }

    fn youtube(kind: PageKind, expect: &str, body: &Value) -> Observation {
        read(Platform::Youtube, kind, expect, 200, body)
    }

    fn value(reading: Reading) -> Option<(i64, Precision)> {
        reading.value().zip(reading.precision())
    }

    #[test]
    fn the_graph_apis_numbers_are_exact_and_its_ids_are_its_own() {
        let seen = graph(PageKind::Profile, &account());
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("instagram.graph_api")), "{:?}", seen.detail);
        let profile = seen.profile.unwrap();
        assert_eq!((profile.username.as_str(), profile.platform_id), ("nike", None));
        assert_eq!(profile.platform_data["fbid"], "17841401441775531");
        assert_eq!(value(profile.metrics.followers), Some((295_158_500, Precision::Exact)));
        let mut with_page_id = account();
        with_page_id["business_discovery"]["ig_id"] = 13_460_080.into();
        assert_eq!(graph(PageKind::Profile, &with_page_id).profile.unwrap().platform_id.as_deref(), Some("13460080"));
        let mut other = account();
        other["business_discovery"]["username"] = "adidas".into();
        assert_eq!(graph(PageKind::Profile, &other).outcome, Outcome::ParseError);
        assert_eq!(graph(PageKind::Feed, &other).outcome, Outcome::ParseError);
    }

    #[test]
    fn the_graph_apis_posts_are_named_by_their_address() {
        let seen = graph(PageKind::Feed, &account());
        assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 2));
        let (reel, carousel) = (&seen.posts[0], &seen.posts[1]);
        assert_eq!(
            (reel.external_id.as_str(), reel.shortcode.as_deref()),
            ("3983118388705688735", Some("DdG4RIxIPyf"))
        );
        assert_eq!(value(reel.metrics.likes), Some((50_400, Precision::Exact)));
        assert_eq!((reel.metrics.views.value(), reel.media_type), (Some(9), Some(MediaType::Video)));
        assert_eq!(reel.create_time.unwrap().as_seconds(), 1_786_597_200);
        assert_eq!(
            (carousel.metrics.likes.status(), carousel.metrics.comments.value()),
            (Some(MetricStatus::Hidden), Some(7))
        );
        assert_eq!(carousel.media_type, Some(MediaType::Carousel));
        let mut none = account();
        none["business_discovery"]["media"] = json!(null);
        assert_eq!(graph(PageKind::Feed, &none).outcome, Outcome::Blocked);
        none["business_discovery"]["media_count"] = 0.into();
        assert_eq!(graph(PageKind::Feed, &none).outcome, Outcome::Empty);
    }

    #[test]
    fn the_graph_apis_errors_never_say_that_an_account_is_gone() {
        for (code, subcode, outcome) in [
            (110, 2_207_013, Outcome::Private),
            (24, 2_207_013, Outcome::Private),
            (4, 0, Outcome::RateLimited),
            (17, 0, Outcome::RateLimited),
            (32, 0, Outcome::RateLimited),
            (613, 0, Outcome::RateLimited),
            (190, 463, Outcome::Blocked),
            (10, 0, Outcome::Blocked),
            (200, 0, Outcome::Blocked),
            (2, 0, Outcome::NetworkError),
            (100, 0, Outcome::ParseError),
        ] {
            let body = json!({"error": {"message": "secret EAAB", "type": "OAuthException", "code": code, "error_subcode": subcode}});
            let seen = read(Platform::Instagram, PageKind::Profile, "nike", 400, &body);
            assert_eq!(seen.outcome, outcome, "{code}/{subcode}");
            assert!(!seen.detail.unwrap().contains("secret"));
        }
    }

    #[test]
    fn the_data_apis_channel_has_three_digits_of_subscribers() {
        let channel = |statistics: Value| {
            json!({"kind": "youtube#channelListResponse", "pageInfo": {"totalResults": 1}, "items": [
            {"id": CHANNEL, "snippet": {"title": "SpaceX", "customUrl": "@SpaceX", "thumbnails": {"default": {"url": "https://i/s", "width": 88},
                "high": {"url": "https://i/l", "width": 800}}}, "statistics": statistics}]})
        };
        let seen = youtube(
            PageKind::Profile,
            "spacex",
            &channel(
                json!({"subscriberCount": "6600000", "hiddenSubscriberCount": false, "videoCount": "712", "viewCount": "99"}),
            ),
        );
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("youtube.data_api")), "{:?}", seen.detail);
        let profile = seen.profile.unwrap();
        assert_eq!(value(profile.metrics.followers), Some((6_600_000, Precision::Rounded)));
        assert_eq!(value(profile.metrics.posts), Some((712, Precision::Exact)));
        assert_eq!((profile.username.as_str(), profile.profile_pic_url.as_deref()), ("spacex", Some("https://i/l")));
        let few = youtube(PageKind::Profile, CHANNEL, &channel(json!({"subscriberCount": "66"})));
        assert_eq!(value(few.profile.unwrap().metrics.followers), Some((66, Precision::Exact)));
        let hidden = youtube(
            PageKind::Profile,
            "user/spacexchannel",
            &channel(json!({"subscriberCount": "0", "hiddenSubscriberCount": true})),
        );
        assert_eq!(hidden.profile.unwrap().metrics.followers.status(), Some(MetricStatus::Hidden));
        assert_eq!(youtube(PageKind::Profile, "nasa", &channel(json!({}))).outcome, Outcome::ParseError);
    }

    #[test]
    fn the_data_apis_video_is_exact() {
        let video = |statistics: Value| {
            json!({"kind": "youtube#videoListResponse", "items": [{"id": VIDEO, "statistics": statistics,
            "snippet": {"title": "Starman", "channelId": CHANNEL, "channelTitle": "SpaceX", "publishedAt": "2018-03-11T01:30:44Z", "liveBroadcastContent": "none"},
            "contentDetails": {"duration": "PT1M53S"}, "status": {"privacyStatus": "public"}}]})
        };
        let seen = youtube(
            PageKind::Post,
            VIDEO,
            &video(json!({"viewCount": "8874019", "likeCount": "215407", "commentCount": "12345"})),
        );
        let post = &seen.posts[0];
        assert_eq!(value(post.metrics.likes), Some((215_407, Precision::Exact)));
        assert_eq!(value(post.metrics.comments), Some((12_345, Precision::Exact)));
        assert_eq!((post.duration, post.create_time.unwrap().as_seconds()), (Some(113.0), 1_520_731_844));
        let hidden = youtube(PageKind::Post, VIDEO, &video(json!({"viewCount": "1"})));
        assert_eq!(
            (hidden.posts[0].metrics.likes.status(), hidden.posts[0].metrics.comments),
            (Some(MetricStatus::Hidden), Reading::NOT_PROVIDED)
        );
        assert_eq!(youtube(PageKind::Post, "DIsktwOQZuU", &video(json!({}))).outcome, Outcome::ParseError);
    }

    #[test]
    fn the_data_apis_list_gives_ids_and_dates() {
        let list = json!({"kind": "youtube#playlistItemListResponse", "pageInfo": {"totalResults": 2}, "items": [
            {"snippet": {"title": "Starman", "channelId": CHANNEL, "videoOwnerChannelId": CHANNEL},
                "contentDetails": {"videoId": VIDEO, "videoPublishedAt": "2018-03-11T01:30:44Z"}},
            {"snippet": {"title": "Private video", "channelId": CHANNEL}, "contentDetails": {"videoId": "DIsktwOQZuU"}}]});
        let seen = youtube(PageKind::Feed, CHANNEL, &list);
        assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 1), "{:?}", seen.detail);
        assert_eq!((seen.posts[0].external_id.as_str(), seen.posts[0].metrics.views), (VIDEO, Reading::NOT_PROVIDED));
        assert_eq!(youtube(PageKind::Feed, "UCLA_DiR1FfKNvjuUpBHmylQ", &list).outcome, Outcome::ParseError);
        let empty = json!({"kind": "youtube#playlistItemListResponse", "pageInfo": {"totalResults": 0}, "items": []});
        assert_eq!(youtube(PageKind::Feed, CHANNEL, &empty).outcome, Outcome::Empty);
        assert_eq!(youtube(PageKind::Profile, CHANNEL, &empty).outcome, Outcome::ParseError);
    }

    #[test]
    fn an_answer_without_items_means_that_there_is_nothing_and_an_answer_without_a_list_does_not() {
        for (kind, page_kind, expect) in [
            ("youtube#channelListResponse", PageKind::Profile, CHANNEL),
            ("youtube#videoListResponse", PageKind::Post, VIDEO),
        ] {
            for body in [json!({"kind": kind, "items": []}), json!({"kind": kind, "pageInfo": {"totalResults": 0}})] {
                assert_eq!(youtube(page_kind, expect, &body).outcome, Outcome::NotFound);
            }
            assert_eq!(youtube(page_kind, expect, &json!({ "kind": kind })).outcome, Outcome::ParseError);
        }
    }

    #[test]
    fn the_data_apis_errors_are_refusals() {
        for (code, reason, outcome) in [
            (403, "quotaExceeded", Outcome::RateLimited),
            (403, "rateLimitExceeded", Outcome::RateLimited),
            (429, "x", Outcome::RateLimited),
            (403, "forbidden", Outcome::Blocked),
            (400, "keyInvalid", Outcome::Blocked),
            (400, "invalidParameter", Outcome::ParseError),
            (404, "playlistNotFound", Outcome::ParseError),
            (503, "backendError", Outcome::NetworkError),
        ] {
            let body = json!({"error": {"code": code, "message": "secret AIza", "errors": [{"reason": reason, "domain": "x"}]}});
            let seen = read(Platform::Youtube, PageKind::Feed, CHANNEL, code, &body);
            assert_eq!(seen.outcome, outcome, "{reason}");
            assert!(!seen.detail.unwrap().contains("secret"));
        }
    }
}
