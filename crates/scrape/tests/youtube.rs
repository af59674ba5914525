//! YouTube's shapes and refusals, each by a small body of its own.

#[cfg(test)]
mod youtube {
    use std::time::{Duration, Instant};

    use domain::{MetricStatus, Observation, Outcome, Platform, Precision, Reading};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Value, json};

    const VIDEO: &str = "A0FZIwabctw";
    const CHANNEL: &str = "UCtI0Hodo5o5dUb67FeUjDeA";

    fn page(kind: PageKind, expect: &str, body: &str) -> Observation {
        read(kind, Some(expect), Some(200), None, body)
    }

    fn read(
        kind: PageKind,
        expect: Option<&str>,
        status: Option<u16>,
        redirected_to: Option<&str>,
        body: &str,
    ) -> Observation {
        let body = body.as_bytes();
        parse(&Page { platform: Platform::Youtube, kind, expect, http_status: status, redirected_to, body })
    }

    fn html(player: &Value, data: &Value) -> String {
        let player = if player.is_null() {
            String::new()
        } else {
            format!("<script>var ytInitialPlayerResponse = {player};var a={{}};</script>")
        };
        let data = if data.is_null() {
            String::new()
        } else {
            format!("<script>window[\"ytInitialData\"] = {data};</script>")
        };
        format!(
            "<!DOCTYPE html><html><head><title>x - YouTube</title><script>if (window.ytInitialData) {{}}</script></head>{player}{data}</html>"
        )
    }

    fn player(status: &str) -> Value {
        json!({"playabilityStatus": {"status": status},
            "videoDetails": {"videoId": VIDEO, "title": "Starman", "lengthSeconds": "113", "channelId": CHANNEL, "viewCount": "8874019",
                "shortDescription": "x", "thumbnail": {"thumbnails": [{"url": "https://i/1", "width": 9}, {"url": "https://i/2", "width": 90}]}},
            "microformat": {"playerMicroformatRenderer": {"ownerProfileUrl": "http://www.youtube.com/@SpaceX",
                "publishDate": "2018-03-10T17:30:44-08:00"}}})
    }

    fn button(default: &str, toggled: &str) -> Value {
        let model = |label: &str| json!({"buttonViewModel": {"iconName": "LIKE", "accessibilityText": label}});
        json!({"contents": {"videoPrimaryInfoRenderer": {"videoActions": {"segmentedLikeDislikeButtonViewModel": {
            "likeButtonViewModel": {"likeButtonViewModel": {"toggleButtonViewModel": {"toggleButtonViewModel": {
                "defaultButtonViewModel": model(default), "toggledButtonViewModel": model(toggled)}}}}}}}}})
    }

    fn channel(header: &Value) -> Value {
        json!({"header": header, "metadata": {"channelMetadataRenderer": {"externalId": CHANNEL, "title": "SpaceX",
            "vanityChannelUrl": "http://www.youtube.com/@SpaceX", "avatar": {"thumbnails": [{"url": "https://i/a", "width": 900}]}}}})
    }

    fn page_header(parts: &[&str]) -> Value {
        let parts: Vec<Value> = parts.iter().map(|part| json!({"text": {"content": part}})).collect();
        channel(
            &json!({"pageHeaderRenderer": {"content": {"pageHeaderViewModel": {"metadata": {"contentMetadataViewModel": {
            "metadataRows": [{"metadataParts": [{"text": {"content": "@SpaceX"}}]}, {"metadataParts": parts}]}}}}}}),
        )
    }

    fn value(reading: Reading) -> Option<(i64, Precision)> {
        reading.value().zip(reading.precision())
    }

    #[test]
    fn a_video_has_exact_views_and_the_likes_of_the_button_that_nobody_pressed() {
        let data = button(
            "like this video along with 215,407 other people",
            "like this video along with 215,408 other people",
        );
        let seen = page(PageKind::Post, VIDEO, &html(&player("OK"), &data));
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("youtube.player_response")), "{:?}", seen.detail);
        let post = &seen.posts[0];
        assert_eq!(value(post.metrics.views), Some((8_874_019, Precision::Exact)));
        assert_eq!(value(post.metrics.likes), Some((215_407, Precision::FromText)));
        for reading in [post.metrics.shares, post.metrics.saves, post.metrics.plays] {
            assert_eq!(reading.status(), Some(MetricStatus::Unsupported));
        }
        assert_eq!(post.metrics.comments, Reading::NOT_PROVIDED);
        assert_eq!((post.duration, post.cover_image_url.as_deref()), (Some(113.0), Some("https://i/2")));
        assert_eq!(post.author.username.as_deref(), Some("spacex"));
        assert_eq!(post.description.as_deref(), Some("Starman"));
    }

    #[test]
    fn the_player_response_outranks_the_button() {
        let mut exact = player("OK");
        exact["microformat"]["playerMicroformatRenderer"]["likeCount"] = "215410".into();
        let seen = page(PageKind::Post, VIDEO, &html(&exact, &button("along with 215,407 other people", "")));
        assert_eq!(value(seen.posts[0].metrics.likes), Some((215_410, Precision::Exact)));
    }

    #[test]
    fn hidden_likes_are_hidden_and_a_missing_button_says_nothing() {
        let likes =
            |player: &Value, data: &Value| page(PageKind::Post, VIDEO, &html(player, data)).posts[0].metrics.likes;
        assert_eq!(likes(&player("OK"), &button("like this video", "unlike")).status(), Some(MetricStatus::Hidden));
        assert_eq!(likes(&player("OK"), &Value::Null), Reading::NOT_PROVIDED);
        let mut off = player("OK");
        off["videoDetails"]["allowRatings"] = false.into();
        assert_eq!(likes(&off, &Value::Null).status(), Some(MetricStatus::Hidden));
    }

    #[test]
    fn comments_are_exact_below_a_thousand_and_rounded_above() {
        for (text, wanted) in [
            ("628", (628, Precision::Exact)),
            ("12 K", (12_000, Precision::Rounded)),
            ("1234", (1_234, Precision::Rounded)),
        ] {
            let entry = json!({"a": [{"commentsEntryPointHeaderRenderer": {"commentCount": {"simpleText": text}}}]});
            let panel = json!({"engagementPanels": [{"engagementPanelSectionListRenderer": {"panelIdentifier": "engagement-panel-comments-section",
                "header": {"engagementPanelTitleHeaderRenderer": {"contextualInfo": {"runs": [{"text": text}]}}}}}]});
            for data in [entry, panel] {
                let seen = page(PageKind::Post, VIDEO, &html(&player("OK"), &data));
                assert_eq!(value(seen.posts[0].metrics.comments), Some(wanted), "{text}");
            }
        }
    }

    #[test]
    fn a_short_has_its_likes_on_its_own_overlay() {
        let data = json!({"overlay": {"reelPlayerOverlayRenderer": {"likeButton": {"likeButtonRenderer": {"likeCount": 4321}}}}});
        let seen = page(PageKind::Post, VIDEO, &html(&player("OK"), &data));
        assert_eq!(value(seen.posts[0].metrics.likes), Some((4_321, Precision::Exact)));
    }

    #[test]
    fn every_playability_has_its_outcome() {
        let outcome = |player: &Value| page(PageKind::Post, VIDEO, &html(player, &Value::Null));
        for (status, wanted) in [
            ("OK", Outcome::Ok),
            ("LIVE_STREAM_OFFLINE", Outcome::Ok),
            ("UNPLAYABLE", Outcome::Private),
            ("AGE_CHECK_REQUIRED", Outcome::Private),
            ("LOGIN_REQUIRED", Outcome::Blocked),
            ("ERROR", Outcome::Blocked),
            ("NEW_STATUS", Outcome::ParseError),
        ] {
            let seen = outcome(&player(status));
            assert_eq!(seen.outcome, wanted, "{status}");
            assert_eq!(seen.posts.len(), usize::from(matches!(wanted, Outcome::Ok | Outcome::Private)), "{status}");
        }
        let bare = |state: Value| outcome(&json!({ "playabilityStatus": state })).outcome;
        assert_eq!(bare(json!({"status": "ERROR", "reason": "Video unavailable"})), Outcome::NotFound);
        assert_eq!(
            bare(json!({"status": "LOGIN_REQUIRED", "messages": ["This is a private video."]})),
            Outcome::Private
        );
        assert_eq!(
            bare(json!({"status": "LOGIN_REQUIRED", "desktopLegacyAgeGateReason": 1, "reason": "x"})),
            Outcome::Private
        );
        let robots =
            json!({"status": "LOGIN_REQUIRED", "reason": "Sign in to confirm you’re not a bot", "messages": ["x"]});
        assert_eq!(bare(robots), Outcome::Blocked);
        assert_eq!(bare(json!({"status": "OK"})), Outcome::ParseError);
    }

    #[test]
    fn an_error_about_another_video_proves_nothing() {
        let gone = json!({"playabilityStatus": {"status": "ERROR"}});
        let data = json!({"currentVideoEndpoint": {"watchEndpoint": {"videoId": "DIsktwOQZuU"}}});
        assert_eq!(page(PageKind::Post, VIDEO, &html(&gone, &data)).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Post, "DIsktwOQZuU", &html(&gone, &data)).outcome, Outcome::NotFound);
    }

    #[test]
    fn a_page_about_something_else_is_a_parse_error() {
        let video = html(&player("OK"), &Value::Null);
        assert_eq!(page(PageKind::Post, "DIsktwOQZuU", &video).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Post, "a0fziwabctw", &video).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Profile, "spacex", &video).outcome, Outcome::ParseError);
        let account = html(&Value::Null, &page_header(&["15.1M subscribers", "6.1K videos"]));
        assert_eq!(page(PageKind::Post, VIDEO, &account).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Profile, "nasa", &account).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Profile, "UCLA_DiR1FfKNvjuUpBHmylQ", &account).outcome, Outcome::ParseError);
    }

    #[test]
    fn a_channel_is_found_by_every_form_of_its_name() {
        let body = html(&Value::Null, &page_header(&["15.1M subscribers", "6.1K videos"]));
        for expect in ["spacex", CHANNEL, "c/SpaceX", "user/spacexchannel"] {
            let seen = page(PageKind::Profile, expect, &body);
            assert_eq!(seen.outcome, Outcome::Ok, "{expect}: {:?}", seen.detail);
            let profile = seen.profile.unwrap();
            assert_eq!((profile.username.as_str(), profile.platform_id.as_deref()), ("spacex", Some(CHANNEL)));
        }
        let renamed = read(PageKind::Profile, Some("oldname"), Some(200), Some("/@SpaceX"), &body);
        assert_eq!(renamed.outcome, Outcome::Ok);
    }

    #[test]
    fn both_headers_of_a_channel_are_rounded_from_a_thousand_up() {
        let modern = page_header(&["15.1M subscribers", "612 videos"]);
        let old = channel(
            &json!({"c4TabbedHeaderRenderer": {"channelId": CHANNEL, "subscriberCountText": {"simpleText": "15,1 M de suscriptores"},
            "videosCountText": {"runs": [{"text": "612"}, {"text": " vídeos"}]},
            "badges": [{"metadataBadgeRenderer": {"style": "BADGE_STYLE_TYPE_VERIFIED"}}]}}),
        );
        for (data, adapter) in [(modern, "youtube.page_header"), (old, "youtube.c4_header")] {
            let seen = page(PageKind::Profile, "spacex", &html(&Value::Null, &data));
            assert_eq!(seen.adapter, Some(adapter));
            let metrics = seen.profile.unwrap().metrics;
            assert_eq!(value(metrics.followers), Some((15_100_000, Precision::Rounded)));
            assert_eq!(value(metrics.posts), Some((612, Precision::FromText)));
            assert_eq!(
                (metrics.following.status(), metrics.likes.status()),
                (Some(MetricStatus::Unsupported), Some(MetricStatus::Unsupported))
            );
        }
    }

    #[test]
    fn hidden_subscribers_are_hidden_and_a_header_without_counts_is_no_account() {
        let metrics = |data: &Value| {
            page(PageKind::Profile, "spacex", &html(&Value::Null, data)).profile.map(|profile| profile.metrics)
        };
        let hidden = metrics(&page_header(&["612 videos"])).unwrap();
        assert_eq!((hidden.followers.status(), hidden.posts.value()), (Some(MetricStatus::Hidden), Some(612)));
        let old =
            metrics(&channel(&json!({"c4TabbedHeaderRenderer": {"videosCountText": {"simpleText": "612 videos"}}})))
                .unwrap();
        assert_eq!((old.followers.status(), old.posts.value()), (Some(MetricStatus::Hidden), Some(612)));
        let alone = metrics(&page_header(&["1 subscriber"])).unwrap();
        assert_eq!((alone.followers.value(), alone.posts), (Some(1), Reading::NOT_PROVIDED));
        let other_words = metrics(&page_header(&["チャンネル登録者数 469万人", "612 本の動画"])).unwrap();
        assert_eq!((other_words.followers.value(), other_words.posts.value()), (Some(4_690_000), Some(612)));
        assert_eq!(page(PageKind::Profile, "spacex", &html(&Value::Null, &page_header(&[]))).outcome, Outcome::Blocked);
    }

    #[test]
    fn counts_outside_of_the_header_are_other_channels() {
        let mut data = page_header(&["1 subscriber"]);
        data["contents"] = json!({"gridChannelRenderer": {"subscriberCountText": {"simpleText": "9M subscribers"}, "videosCountText": "5"}});
        let metrics = page(PageKind::Profile, "spacex", &html(&Value::Null, &data)).profile.unwrap().metrics;
        assert_eq!((metrics.followers.value(), metrics.posts), (Some(1), Reading::NOT_PROVIDED));
    }

    #[test]
    fn only_an_alert_in_the_place_of_the_header_or_the_error_frame_means_no_channel() {
        let alerts =
            json!([{"alertRenderer": {"type": "ERROR", "text": {"simpleText": "This channel does not exist."}}}]);
        let gone = html(&Value::Null, &json!({ "alerts": alerts }));
        assert_eq!(page(PageKind::Profile, CHANNEL, &gone).outcome, Outcome::NotFound);
        let mut there = page_header(&["1 subscriber"]);
        there["alerts"] = alerts;
        assert_eq!(page(PageKind::Profile, CHANNEL, &html(&Value::Null, &there)).outcome, Outcome::Ok);
        let warning = json!({"alerts": [{"alertRenderer": {"type": "WARNING"}}]});
        assert_eq!(page(PageKind::Profile, CHANNEL, &html(&Value::Null, &warning)).outcome, Outcome::Blocked);
        let frame =
            "<html><title>404 Not Found</title><iframe src=\"/error?src=404&amp;ifr=1&amp;error=\"></iframe></html>";
        assert_eq!(read(PageKind::Profile, Some("nobody"), Some(404), None, frame).outcome, Outcome::NotFound);
        assert_eq!(read(PageKind::Feed, Some(CHANNEL), Some(404), None, frame).outcome, Outcome::ParseError);
        assert_eq!(
            read(PageKind::Profile, Some("nobody"), Some(404), None, "<html>404</html>").outcome,
            Outcome::ParseError
        );
    }

    #[test]
    fn walls_and_shells_are_refusals_and_garbled_blocks_are_not_understood() {
        let wall =
            "<html><base href=\"https://consent.youtube.com/\"><form action=\"https://consent.youtube.com/s\"></html>";
        for kind in [PageKind::Profile, PageKind::Feed, PageKind::Post] {
            assert_eq!(read(kind, Some("a"), Some(200), None, wall).outcome, Outcome::Blocked);
            assert_eq!(read(kind, Some("a"), Some(200), None, "<html><body></body></html>").outcome, Outcome::Blocked);
            assert_eq!(read(kind, Some("a"), Some(200), None, "").outcome, Outcome::Blocked);
            assert_eq!(read(kind, Some("a"), Some(429), None, "<html></html>").outcome, Outcome::RateLimited);
        }
        let cut = html(&player("OK"), &Value::Null);
        assert_eq!(page(PageKind::Post, VIDEO, &cut[..cut.len() / 2]).outcome, Outcome::ParseError);
    }

    #[test]
    fn a_feed_names_its_channel_and_gives_views_and_likes() {
        let entry = |id: &str, channel: &str| {
            format!(
                "<entry><yt:videoId>{id}</yt:videoId><yt:channelId>{channel}</yt:channelId><title>5 &lt; 6</title>\
             <published>2021-12-19T14:00:11+00:00</published><media:group><media:thumbnail url=\"https://i/1\"/><media:community>\
             <media:starRating count=\"1424\" average=\"5.00\"/><media:statistics views=\"33036\"/></media:community></media:group></entry>"
            )
        };
        let feed = |entries: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<feed xmlns:yt=\"x\"><yt:channelId>{}</yt:channelId><title>SpaceX</title>{entries}</feed>",
                CHANNEL.strip_prefix("UC").unwrap()
            )
        };
        let full = feed(&(entry(VIDEO, CHANNEL) + &entry("DIsktwOQZuU", "UCLA_DiR1FfKNvjuUpBHmylQ")));
        let seen = page(PageKind::Feed, CHANNEL, &full);
        assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 1), "{:?}", seen.detail);
        let post = &seen.posts[0];
        assert_eq!((post.metrics.views.value(), post.metrics.likes.value()), (Some(33_036), Some(1_424)));
        assert_eq!(post.description.as_deref(), Some("5 < 6"));
        assert_eq!(post.create_time.unwrap().as_seconds(), 1_639_922_411);
        assert_eq!(page(PageKind::Feed, "UCLA_DiR1FfKNvjuUpBHmylQ", &full).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Feed, CHANNEL, &feed("")).outcome, Outcome::Empty);
        let cut = feed("");
        assert_eq!(page(PageKind::Feed, CHANNEL, cut.strip_suffix("</feed>").unwrap()).outcome, Outcome::Blocked);
        assert_eq!(page(PageKind::Feed, CHANNEL, "<feed></feed>").outcome, Outcome::ParseError);
    }

    #[test]
    fn oembed_tells_private_from_gone_and_neither_from_embedding_switched_off() {
        let body = json!({"title": "Starman", "author_name": "SpaceX", "author_url": "https://www.youtube.com/@SpaceX",
            "thumbnail_url": format!("https://i.ytimg.com/vi/{VIDEO}/hqdefault.jpg"),
            "html": format!("<iframe src=\"https://www.youtube.com/embed/{VIDEO}?feature=oembed\"></iframe>")})
        .to_string();
        let seen = page(PageKind::Oembed, VIDEO, &body);
        assert_eq!(seen.outcome, Outcome::Ok);
        assert_eq!(seen.posts[0].author.username.as_deref(), Some("spacex"));
        assert_eq!(page(PageKind::Oembed, "DIsktwOQZuU", &body).outcome, Outcome::ParseError);
        for (status, text, wanted) in [
            (403, "Forbidden", Outcome::Private),
            (401, "Unauthorized", Outcome::ParseError),
            (404, "Not Found", Outcome::NotFound),
            (400, "Bad Request", Outcome::NotFound),
            (404, "{}", Outcome::NotFound),
            (429, "", Outcome::RateLimited),
            (500, "", Outcome::NetworkError),
        ] {
            assert_eq!(read(PageKind::Oembed, Some(VIDEO), Some(status), None, text).outcome, wanted, "{status}");
        }
    }

    #[test]
    fn bodies_made_to_be_slow_are_read_in_time() {
        let long = |part: &str| part.repeat(1_000_000 / part.len());
        let bodies = [
            long("<entry>"),
            format!("<feed><uri>/channel/{CHANNEL}</uri>{}", long("<entry><yt:videoId>")),
            long("<script>ytInitialData = {"),
            format!("<script>{}", long("ytInitialPlayerResponse={\"a\":\"")),
            format!(
                "<script>ytInitialData={{\"a\":[{}0]}}</script>",
                long("{\"likeButtonViewModel\":{\"videoOwnerRenderer\":1}},")
            ),
            long("rel=\"canonical\""),
            format!("{{\"kind\":\"youtube#playlistItemListResponse\",\"items\":[{}0]}}", long("{},")),
        ];
        for body in &bodies {
            for kind in [PageKind::Profile, PageKind::Feed, PageKind::Post, PageKind::Oembed] {
                let start = Instant::now();
                let seen = page(kind, "a", body);
                let head = &body[..body.len().min(40)];
                assert!(start.elapsed() < Duration::from_secs(8), "{head}: {:?}", start.elapsed());
                assert!(!matches!(seen.outcome, Outcome::Ok | Outcome::Empty), "{head}");
            }
        }
    }
}
