//! TikTok's shapes and refusals, each by a small body of its own.

#[cfg(test)]
mod tiktok {
    use domain::{MediaType, MetricStatus, Observation, Outcome, Platform, Precision, Reading};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Value, json};

    const POST: &str = "7571863205253778710";

    fn page(kind: PageKind, expect: &str, body: &str) -> Observation {
        read(kind, Some(expect), None, None, body)
    }

    fn read(
        kind: PageKind,
        expect: Option<&str>,
        status: Option<u16>,
        redirected_to: Option<&str>,
        body: &str,
    ) -> Observation {
        let body = body.as_bytes();
        parse(&Page { platform: Platform::Tiktok, kind, expect, http_status: status, redirected_to, body })
    }

    fn script(id: &str, data: &Value) -> String {
        format!(
            "<!DOCTYPE html><html><head></head><body><script id=\"{id}\" type=\"application/json\">{data}</script></body></html>"
        )
    }

    fn universal(scope: &str, block: &Value) -> String {
        script(
            "__UNIVERSAL_DATA_FOR_REHYDRATION__",
            &json!({"__DEFAULT_SCOPE__": {
            "webapp.i18n-translation": {"a": "Couldn't find this account", "b": "captcha"}, scope: block}}),
        )
    }

    fn account(handle: &str, private: bool) -> Value {
        json!({"userInfo": {
            "user": {"id": "127905465618821121", "uniqueId": handle, "privateAccount": private, "secUid": "MS4"},
            "stats": {"followerCount": 163_000_000, "heart": 2_700_000_000_i64, "heartCount": -1_614_092_016, "videoCount": 1353},
            "statsV2": {"followerCount": "162986107", "followingCount": "81", "heart": "2680875280", "videoCount": "1353"},
            "itemList": []}, "statusCode": 0, "statusMsg": ""})
    }

    fn item(id: &str, author: &Value) -> Value {
        json!({"id": id, "desc": "x", "createTime": "1762961788", "author": author,
            "stats": {"diggCount": 25500, "shareCount": 2156, "commentCount": 146, "playCount": 192_100, "collectCount": "1311"},
            "video": {"duration": 64, "cover": "https://c.example/1"}})
    }

    fn value(reading: Reading) -> Option<(i64, Precision)> {
        reading.value().zip(reading.precision())
    }

    #[test]
    fn a_profile_has_exact_counts_and_never_the_overflowing_one() {
        let seen =
            page(PageKind::Profile, "Khaby.Lame", &universal("webapp.user-detail", &account("khaby.lame", false)));
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("tiktok.universal_data")), "{:?}", seen.detail);
        let metrics = seen.profile.unwrap().metrics;
        assert_eq!(value(metrics.likes), Some((2_680_875_280, Precision::Exact)));
        assert_eq!(value(metrics.followers), Some((162_986_107, Precision::Exact)));
    }

    #[test]
    fn without_exact_counts_the_rounded_ones_say_so() {
        let mut block = account("khaby.lame", false);
        block["userInfo"].as_object_mut().unwrap().remove("statsV2");
        let metrics = page(PageKind::Profile, "khaby.lame", &block.to_string()).profile.unwrap().metrics;
        assert_eq!(value(metrics.followers), Some((163_000_000, Precision::Rounded)));
        assert_eq!(value(metrics.posts), Some((1353, Precision::Exact)));
        assert_eq!(value(metrics.likes), Some((2_700_000_000, Precision::Rounded)));
    }

    #[test]
    fn a_private_account_keeps_its_counts() {
        for code in [0, 10_222] {
            let mut block = account("khaby.lame", true);
            block["statusCode"] = code.into();
            let seen = page(PageKind::Profile, "khaby.lame", &universal("webapp.user-detail", &block));
            assert_eq!(seen.outcome, Outcome::Private, "{code}");
            assert_eq!(seen.profile.unwrap().metrics.following.value(), Some(81));
        }
        let mut wrongly = account("khaby.lame", false);
        wrongly["statusCode"] = 10_222.into();
        assert_eq!(page(PageKind::Profile, "khaby.lame", &wrongly.to_string()).outcome, Outcome::Ok);
    }

    #[test]
    fn a_page_about_somebody_else_is_a_parse_error_unless_the_platform_led_there() {
        let body = universal("webapp.user-detail", &account("new.name", false));
        let seen = page(PageKind::Profile, "old.name", &body);
        assert_eq!(seen.outcome, Outcome::ParseError);
        assert!(seen.profile.is_none() && seen.detail.unwrap().contains("new.name"));
        let renamed = read(PageKind::Profile, Some("old.name"), Some(200), Some("/@New.Name"), &body);
        assert_eq!(renamed.outcome, Outcome::Ok);
        let elsewhere = read(PageKind::Profile, Some("old.name"), Some(200), Some("/@third"), &body);
        assert_eq!(elsewhere.outcome, Outcome::ParseError);
    }

    #[test]
    fn plays_are_views_and_numbers_from_ten_thousand_up_are_rounded() {
        let block = json!({"itemInfo": {"itemStruct": item(POST, &json!({"id": "1", "uniqueId": "IlloJuan"}))}, "statusCode": 0});
        let seen = page(PageKind::Post, POST, &universal("webapp.video-detail", &block));
        assert_eq!(seen.outcome, Outcome::Ok, "{:?}", seen.detail);
        let post = &seen.posts[0];
        assert_eq!(value(post.metrics.plays), Some((192_100, Precision::Rounded)));
        assert_eq!(post.metrics.plays, post.metrics.views);
        assert_eq!(post.metrics.saves, Reading::Null(MetricStatus::Unsupported));
        assert_eq!(post.platform_data["collect_count"], 1311);
        assert_eq!(post.author.username.as_deref(), Some("illojuan"));
        assert_eq!((post.media_type, post.duration), (Some(MediaType::Video), Some(64.0)));
        assert_eq!(
            page(PageKind::Post, "7571863205253778711", &universal("webapp.video-detail", &block)).outcome,
            Outcome::ParseError
        );
    }

    #[test]
    fn the_date_falls_back_to_the_id() {
        let mut bare = item(POST, &json!("illojuan"));
        let seen = page(PageKind::Post, POST, &json!({"itemInfo": {"itemStruct": bare.clone()}}).to_string());
        assert_eq!(seen.posts[0].create_precision, Precision::Exact);
        bare["createTime"] = Value::Null;
        let seen = page(PageKind::Post, POST, &json!({"itemInfo": {"itemStruct": bare}}).to_string());
        let seconds = seen.posts[0].create_time.unwrap().as_seconds();
        assert!(seconds.abs_diff(1_762_961_788) < 60, "{seconds}");
        assert_eq!(seen.posts[0].create_precision, Precision::Rounded);
    }

    #[test]
    fn photos_are_told_from_videos() {
        let mut photo = item(POST, &json!("nasa"));
        photo["imagePost"] = json!({"images": [{}, {}], "cover": {"imageURL": {"urlList": ["https://c.example/p"]}}});
        photo["video"] = json!({"duration": 0});
        let seen = page(PageKind::Post, POST, &json!({"itemInfo": {"itemStruct": photo}}).to_string());
        assert_eq!((seen.posts[0].media_type, seen.posts[0].duration), (Some(MediaType::Carousel), Some(0.0)));
        assert_eq!(seen.posts[0].cover_image_url.as_deref(), Some("https://c.example/p"));
    }

    #[test]
    fn each_status_code_has_its_own_state() {
        for (code, message, outcome) in [
            (10_221, "user banned", Outcome::NotFound),
            (10_202, "", Outcome::NotFound),
            (10_222, "", Outcome::Private),
            (10_223, "", Outcome::Private),
            (10_204, "item doesn't exist", Outcome::NotFound),
            (10_204, "item_privacy_authorization&status_deleted", Outcome::Removed),
            (10_204, "item_privacy_authorization&status_self_see", Outcome::Private),
            (10_204, "cross_border_violation_ur", Outcome::Private),
            (10_204, "author_status,status_reviewing", Outcome::Private),
            (10_204, "", Outcome::Blocked),
            (10_217, "", Outcome::NotFound),
            (2_483, "", Outcome::Blocked),
            (99_999, "", Outcome::ParseError),
        ] {
            let block = json!({"itemInfo": {}, "statusCode": code, "statusMsg": message});
            let seen = page(PageKind::Post, POST, &universal("webapp.video-detail", &block));
            assert_eq!(seen.outcome, outcome, "{code} {message}");
            assert!(seen.detail.unwrap().contains(&code.to_string()));
        }
    }

    #[test]
    fn a_post_that_its_page_marks_as_private_is_withheld_with_its_facts() {
        let mut secret = item(POST, &json!("a"));
        secret["privateItem"] = true.into();
        let seen = page(PageKind::Post, POST, &json!({"itemInfo": {"itemStruct": secret}}).to_string());
        assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Private, 1));
    }

    #[test]
    fn a_sigi_profile_lists_its_own_items_and_not_the_recommended_ones() {
        let state = json!({
            "ItemModule": {"1": item("7133763724367662378", &json!("huxley")), "2": item("7134059641968872746", &json!("other"))},
            "UserModule": {"users": {"other": {"id": "2", "uniqueId": "other"}, "huxley": {"id": "19994247", "uniqueId": "Huxley"}},
                "stats": {"huxley": {"followerCount": 6_200_000, "heart": 108_500_000, "videoCount": 767}}},
            "UserPage": {"uniqueId": "huxley", "statusCode": 0}});
        for body in
            [script("SIGI_STATE", &state), format!("<script>window['SIGI_STATE']={state};window.x={{}}</script>")]
        {
            let seen = page(PageKind::Profile, "huxley", &body);
            assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 1), "{:?}", seen.detail);
            assert_eq!(value(seen.profile.unwrap().metrics.followers), Some((6_200_000, Precision::Rounded)));
        }
    }

    #[test]
    fn a_sigi_post_is_picked_by_its_id() {
        let state = json!({"ItemModule": {"7134059641968872746": item("7134059641968872746", &json!("a")), POST: item(POST, &json!("b"))},
            "VideoPage": {"statusCode": 0}});
        let seen = page(PageKind::Post, POST, &script("SIGI_STATE", &state));
        assert_eq!((seen.adapter, seen.posts[0].external_id.as_str()), (Some("tiktok.sigi_state"), POST));
        assert_eq!(page(PageKind::Profile, "b", &script("SIGI_STATE", &state)).outcome, Outcome::ParseError);
    }

    #[test]
    fn next_data_is_read_in_both_shapes() {
        let old = json!({"props": {"pageProps": {"statusCode": 0, "videoData": {
            "itemInfos": {"id": POST, "createTime": "1584652361", "diggCount": 10645, "playCount": 207_568, "video": {"videoMeta": {"duration": 29}}},
            "authorInfos": {"uniqueId": "a3", "userId": "1"}}}}});
        let seen = page(PageKind::Post, POST, &script("__NEXT_DATA__", &old));
        assert_eq!(value(seen.posts[0].metrics.plays), Some((207_568, Precision::Exact)));
        assert_eq!(seen.posts[0].duration, Some(29.0));
        let new =
            json!({"props": {"pageProps": {"statusCode": 0, "itemInfo": {"itemStruct": item(POST, &json!("a3"))}}}});
        assert_eq!(page(PageKind::Post, POST, &script("__NEXT_DATA__", &new)).outcome, Outcome::Ok);
        let gone = json!({"props": {"pageProps": {"statusCode": 10202}}});
        assert_eq!(page(PageKind::Profile, "a3", &script("__NEXT_DATA__", &gone)).outcome, Outcome::NotFound);
    }

    #[test]
    fn a_list_is_empty_only_when_it_says_that_it_ended() {
        let body = |list: &Value, more: bool| {
            json!({"itemList": list, "hasMore": more, "cursor": "1", "statusCode": 0}).to_string()
        };
        let read = |body: String| page(PageKind::Feed, "a", &body).outcome;
        assert_eq!(read(body(&json!([]), false)), Outcome::Empty);
        assert_eq!(read(body(&json!([]), true)), Outcome::Blocked);
        assert_eq!(read(body(&Value::Null, false)), Outcome::Blocked);
        assert_eq!(read(body(&json!([item(POST, &json!({"id": "1", "uniqueId": "A"}))]), false)), Outcome::Ok);
        assert_eq!(read(body(&json!([item(POST, &json!({"id": "1", "uniqueId": "b"}))]), false)), Outcome::ParseError);
    }

    #[test]
    fn an_embedded_creator_page_lists_posts_with_their_plays() {
        let state = |videos: &Value| {
            json!({"source": {"data": {"/embed/@nasa": {
            "userInfo": {"id": "7", "uniqueId": "nasa", "followerCount": 1_800_000, "heartCount": 2_100_000_000, "code": 200, "customErrorCode": 0},
            "videoList": videos}}}})
        };
        let videos = json!([{"id": POST, "playCount": 130_400, "authorUniqueId": "nasa"}, {"id": "7134059641968872746", "authorUniqueId": "esa"}]);
        let seen = page(PageKind::Feed, "NASA", &script("__FRONTITY_CONNECT_STATE__", &state(&videos)));
        assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 1), "{:?}", seen.detail);
        assert_eq!(value(seen.posts[0].metrics.views), Some((130_400, Precision::Rounded)));
        // A counter that stands at its stop counts nothing.
        assert_eq!(seen.profile.unwrap().metrics.likes, Reading::NOT_PROVIDED);
        let empty = page(PageKind::Feed, "nasa", &script("__FRONTITY_CONNECT_STATE__", &state(&json!([]))));
        assert_eq!(empty.outcome, Outcome::Empty);
        let absent = page(PageKind::Feed, "nasa", &script("__FRONTITY_CONNECT_STATE__", &state(&Value::Null)));
        assert_eq!(absent.outcome, Outcome::Blocked);
    }

    #[test]
    fn oembed_names_the_post_and_its_errors_are_explicit() {
        let body = json!({"title": "t", "author_url": "https://www.tiktok.com/@A3", "html": format!("<blockquote data-video-id=\"{POST}\">")});
        let seen = page(PageKind::Oembed, POST, &body.to_string());
        assert_eq!((seen.outcome, seen.posts[0].author.username.as_deref()), (Outcome::Ok, Some("a3")));
        let gone =
            read(PageKind::Oembed, Some(POST), Some(400), None, "{\"code\":400,\"message\":\"Something went wrong\"}");
        assert_eq!(gone.outcome, Outcome::NotFound);
    }

    #[test]
    fn a_refusal_is_never_an_account_that_does_not_exist() {
        let waf = "<html><head><script id=\"slardar-config\" type=\"application/json\">{\"slardarClient\":\"SlardarWAF\"}</script></head></html>";
        let shell = universal("webapp.app-context", &json!({}));
        for (status, redirect, body, outcome) in [
            (200, None, waf, Outcome::Blocked),
            (200, None, "<div id=\"captcha_verify_img_slide\"></div>", Outcome::Blocked),
            (200, None, "", Outcome::Blocked),
            (200, None, "{}", Outcome::Blocked),
            (200, None, shell.as_str(), Outcome::Blocked),
            (200, None, "<html>captcha</html>", Outcome::Blocked),
            (200, Some("/login"), "<html></html>", Outcome::Blocked),
            (200, Some("/hk/about"), "<html></html>", Outcome::Blocked),
            (403, None, "<html></html>", Outcome::Blocked),
            (404, None, "<html></html>", Outcome::ParseError),
            (429, None, "", Outcome::RateLimited),
            (429, None, waf, Outcome::RateLimited),
            (503, None, "overload-protect triggered", Outcome::NetworkError),
        ] {
            for kind in [PageKind::Profile, PageKind::Feed, PageKind::Post] {
                let seen = read(kind, Some("a"), Some(status), redirect, body);
                assert_eq!(seen.outcome, outcome, "{status} {kind:?} {body}");
                assert!(seen.detail.is_some() && seen.http_status == Some(status));
            }
        }
    }

    #[test]
    fn a_block_that_is_cut_off_is_unreadable() {
        let body = universal("webapp.user-detail", &account("a", false));
        let seen = page(PageKind::Profile, "a", &body[..body.len() / 2]);
        assert_eq!(seen.outcome, Outcome::ParseError);
    }

    #[test]
    fn a_good_body_is_believed_whatever_its_status() {
        let seen =
            read(PageKind::Profile, Some("a"), Some(404), None, &universal("webapp.user-detail", &account("a", false)));
        assert_eq!(seen.outcome, Outcome::Ok);
    }

    #[test]
    fn an_embedded_post_is_read_and_told_from_another() {
        let state = json!({"source": {"data": {"/embed/v2/7571863205253778710": {"videoData": {
            "itemInfos": {"id": POST, "text": "x", "createTime": "1762961788", "playCount": 1200, "diggCount": 34, "commentCount": 5, "shareCount": 2},
            "authorInfos": {"uniqueId": "Someone", "userId": "9"}, "authorStats": {"followerCount": 4321}}}, "strategy": {}}}});
        let body = script("__FRONTITY_CONNECT_STATE__", &state);
        let seen = page(PageKind::Post, POST, &body);
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("tiktok.embed")), "{:?}", seen.detail);
        let metrics = seen.posts[0].metrics;
        assert_eq!(value(metrics.plays), Some((1200, Precision::Exact)));
        assert_eq!(metrics.saves, Reading::Null(MetricStatus::Unsupported));
        assert_eq!(seen.posts[0].author.username.as_deref(), Some("someone"));
        assert_eq!(page(PageKind::Post, "7571863205253778711", &body).outcome, Outcome::ParseError);
        let empty = json!({"source": {"data": {"/embed/v2/7571863205253778710": {"videoData": {}}}}});
        let seen = page(PageKind::Post, POST, &script("__FRONTITY_CONNECT_STATE__", &empty));
        assert_eq!(seen.outcome, Outcome::Blocked);
    }

    #[test]
    fn counts_that_no_counter_can_have_reached_are_not_read() {
        let mut block = account("a", false);
        block["userInfo"]["statsV2"] =
            json!({"followerCount": "9223372036854775807", "followingCount": "-1", "heart": 1e18});
        block["userInfo"]["stats"] = json!({"heart": 2_000_000_000_000_000_i64, "videoCount": -5});
        let metrics = page(PageKind::Profile, "a", &block.to_string()).profile.unwrap().metrics;
        for reading in [metrics.followers, metrics.following, metrics.likes, metrics.posts] {
            assert_eq!(reading, Reading::NOT_PROVIDED);
        }
    }

    fn described(handle: &str, description: &str, more: &str) -> String {
        format!(
            "<html><head><meta property=\"og:url\" content=\"https://www.tiktok.com/@{handle}\"><meta property=\"og:title\" \
             content=\"Nasa (@{handle}) | TikTok\"><meta property=\"og:description\" content=\"{description}\">{more}</head></html>"
        )
    }

    const DESCRIPTION: &str =
        "Nasa (@nasa) on TikTok | 3.9M Likes. 783.4K Followers. 9 Likes. Hello.Watch Nasa's popular videos";

    #[test]
    fn a_description_is_the_last_resort_for_a_profile() {
        let seen = page(PageKind::Profile, "NASA", &described("nasa", DESCRIPTION, ""));
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("tiktok.meta_text")), "{:?}", seen.detail);
        let profile = seen.profile.unwrap();
        assert_eq!((profile.platform_id, profile.name.as_deref()), (None, Some("Nasa")));
        assert_eq!(value(profile.metrics.followers), Some((783_400, Precision::Rounded)));
        assert_eq!(value(profile.metrics.likes), Some((3_900_000, Precision::Rounded)));
        assert_eq!(profile.metrics.posts, Reading::NOT_PROVIDED);
        let other = described("nasa", "@nasa 783.4K Followers, 81 Following, 3.9M Likes - Watch the latest video", "");
        let metrics = page(PageKind::Profile, "nasa", &other).profile.unwrap().metrics;
        assert_eq!(metrics.followers.value().zip(metrics.following.value()), Some((783_400, 81)));
    }

    #[test]
    fn a_description_proves_nothing_behind_a_wall_or_about_somebody_else() {
        let good = described("nasa", DESCRIPTION, "");
        for (kind, expect, status, redirected_to, body) in [
            (PageKind::Profile, "esa", 200, None, good.clone()),
            (PageKind::Feed, "nasa", 200, None, good.clone()),
            (PageKind::Profile, "nasa", 403, None, good.clone()),
            (PageKind::Profile, "nasa", 200, Some("/login"), good.clone()),
            (
                PageKind::Profile,
                "nasa",
                200,
                None,
                described("nasa", DESCRIPTION, "<p id=\"wci\" class=\"_wafchallengeid\">"),
            ),
            (
                PageKind::Profile,
                "nasa",
                200,
                None,
                described("nasa", DESCRIPTION, "<div id=\"captcha_verify_img_slide\">"),
            ),
            (PageKind::Profile, "nasa", 200, None, described("nasa", "Watch Nasa's popular videos", "")),
        ] {
            let seen = read(kind, Some(expect), Some(status), redirected_to, &body);
            assert_eq!(seen.outcome, Outcome::Blocked, "{kind:?} {expect} {status}: {:?}", seen.adapter);
            assert!(seen.profile.is_none());
        }
    }

    #[test]
    fn an_oembed_error_without_its_own_word_does_not_mean_that_the_post_is_gone() {
        let seen = read(PageKind::Oembed, Some(POST), Some(404), None, "<html><title>Not found</title></html>");
        assert_eq!(seen.outcome, Outcome::ParseError);
        let seen = read(PageKind::Oembed, Some(POST), Some(400), None, "<html></html>");
        assert_eq!(seen.outcome, Outcome::Blocked);
    }

    #[test]
    fn a_list_is_neither_one_post_nor_an_account_whatever_was_asked() {
        let item = |id: &str| json!({"id": id, "author": {"id": "1", "uniqueId": "a"}, "stats": {"playCount": 5}});
        let list = json!({"itemList": [item(POST), item("7571863205253778711")], "hasMore": false, "statusCode": 0});
        for kind in [PageKind::Profile, PageKind::Post, PageKind::Oembed] {
            let seen = read(kind, None, None, None, &list.to_string());
            assert_eq!((seen.outcome, seen.posts.len()), (Outcome::ParseError, 0), "{kind:?}: {seen:?}");
        }
    }
}
