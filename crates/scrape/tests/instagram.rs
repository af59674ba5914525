//! Instagram's shapes and refusals, each by a small body of its own.

#[cfg(test)]
mod instagram {
    use domain::{MediaType, MetricStatus, Observation, Outcome, Platform, Precision, Reading};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Value, json};

    const CODE: &str = "DdG4RIxIPyf";
    const ID: &str = "3983118388705688735";
    const HIDDEN: Reading = Reading::Null(MetricStatus::Hidden);

    fn page(kind: PageKind, expect: &str, body: &str) -> Observation {
        read(kind, expect, None, None, body)
    }

    fn read(kind: PageKind, expect: &str, status: Option<u16>, redirected_to: Option<&str>, body: &str) -> Observation {
        let (platform, expect, body) = (Platform::Instagram, Some(expect), body.as_bytes());
        parse(&Page { platform, kind, expect, http_status: status, redirected_to, body })
    }

    /// A logged-out page: the route, then each block in the wrapping that the platform uses.
    fn html(route: &str, head: &str, blocks: &[Value]) -> String {
        let blocks = blocks.iter().fold(String::new(), |all, data| {
            let block = json!({"require": [["S", null, [{"__bbox": {"require": [["R", {"__bbox": {"result": {"data": data}}}]]}}]]]});
            all + &format!("<script type=\"application/json\" data-sjs>{block}</script>")
        });
        format!(
            "<html><head>{head}</head><body><script type=\"application/json\" data-sjs>\
             {{\"canonicalRouteName\":\"comet.igweb.{route}\"}}</script>{blocks}</body></html>"
        )
    }

    fn user(handle: &str) -> Value {
        json!({"xig_user_by_username": {"pk": "787132", "id": "17841400573960012", "username": handle, "is_private": false,
            "follower_count": 268_457_110, "following_count": 194, "all_media_count": null, "has_any_clips": true}})
    }

    fn clips(nodes: &Value, more: &Value) -> Value {
        json!({"xig_user_by_username": {"pk": "787132", "polaris_clips_connection": {"edges": nodes, "page_info": {"has_next_page": more}}}})
    }

    fn clip(pk: &str, owner: &str) -> Value {
        json!({"node": {"pk": pk, "code": CODE, "user": {"pk": owner}, "product_type": "clips", "like_and_view_counts_disabled": false,
            "comment_count": 709, "like_count": 50447, "play_count": 1_588_516}})
    }

    fn media(extra: &Value) -> Value {
        let mut inner = json!({"pk": ID, "code": CODE, "taken_at": 1_789_045_214, "media_type": 2, "product_type": "clips", "like_count": 78676,
            "comment_count": 525, "like_and_view_counts_disabled": false, "user": {"pk": "787132", "username": "NatGeo",
            "polaris_ordered_timeline_connection": {"edges": [{"node": {"pk": "1", "code": "DbIdlf0j6uA", "like_count": 1}}]}}});
        inner.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"xig_polaris_media": {"pk": ID, "code": CODE, "if_not_gated_logged_out": inner, "gating_ruling": null}})
    }

    const PROFILE_ROUTE: &str = "PolarisLoggedOutDesktopWWWProfileRoute";
    const POST_ROUTE: &str = "PolarisLoggedOutDesktopWWWPostRoute";

    #[test]
    fn a_logged_out_profile_has_exact_counts_and_takes_its_posts_from_the_text() {
        let bare = page(PageKind::Profile, "NATGEO", &html(PROFILE_ROUTE, "", &[user("natgeo")]));
        assert_eq!((bare.outcome, bare.adapter), (Outcome::Ok, Some("instagram.polaris_profile")), "{:?}", bare.detail);
        let metrics = bare.profile.unwrap().metrics;
        assert_eq!(metrics.followers, Reading::exact(Some(268_457_110)));
        assert_eq!(metrics.posts, Reading::NOT_PROVIDED);
        assert_eq!(metrics.likes, Reading::Null(MetricStatus::Unsupported));
        let head = "<meta property=\"og:description\" content=\"268M Followers, 194 Following, 31,667 Posts - See\">";
        let with_text = page(PageKind::Profile, "natgeo", &html(PROFILE_ROUTE, head, &[user("natgeo")]));
        let metrics = with_text.profile.unwrap().metrics;
        assert_eq!(metrics.posts.value(), Some(31_667));
        assert_eq!(metrics.followers.precision(), Some(Precision::Exact));
    }

    #[test]
    fn a_renamed_account_is_the_page_that_the_platform_led_to() {
        let body = html(PROFILE_ROUTE, "", &[user("natgeo")]);
        assert_eq!(page(PageKind::Profile, "old", &body).outcome, Outcome::ParseError);
        assert_eq!(read(PageKind::Profile, "old", Some(200), Some("/natgeo/"), &body).outcome, Outcome::Ok);
    }

    #[test]
    fn the_timeline_on_a_profile_leaves_out_other_peoples_posts_unless_made_together() {
        let nodes = json!([{"node": {"pk": ID, "user": {"pk": "787132"}}}, {"node": {"pk": "3982487950286638198", "user": {"pk": "9"}}},
            {"node": {"pk": "3989102446432402227", "user": {"pk": "9"}, "coauthor_producers": [{"pk": "787132"}]}}]);
        let timeline =
            json!({"xig_user_by_username": {"pk": "787132", "polaris_ordered_timeline_connection": {"edges": nodes}}});
        let body = html(PROFILE_ROUTE, "", &[user("natgeo"), timeline]);
        for kind in [PageKind::Profile, PageKind::Feed] {
            let seen = page(kind, "natgeo", &body);
            let ids: Vec<_> = seen.posts.iter().map(|post| post.external_id.as_str()).collect();
            assert_eq!((seen.outcome, ids), (Outcome::Ok, vec![ID, "3989102446432402227"]));
            assert!(seen.posts[0].create_time.is_some() && seen.posts[0].metrics.likes == Reading::NOT_PROVIDED);
            assert_eq!(seen.posts[0].create_precision, Precision::Rounded, "an id tells of the upload");
        }
    }

    #[test]
    fn the_reels_tab_gives_plays() {
        let list = clips(&json!([clip(ID, "787132")]), &json!(true));
        let seen = page(
            PageKind::Feed,
            "natgeo",
            &html(PROFILE_ROUTE, "<title>N (@natgeo) • Reels</title>", std::slice::from_ref(&list)),
        );
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("instagram.reels_tab")), "{:?}", seen.detail);
        assert_eq!(seen.posts[0].metrics.plays, Reading::exact(Some(1_588_516)));
        assert_eq!(seen.posts[0].metrics.views, Reading::NOT_PROVIDED);
        assert_eq!(seen.profile.unwrap().platform_id.as_deref(), Some("787132"));
        let foreign = page(PageKind::Feed, "natgeo", &html(PROFILE_ROUTE, "<title>N (@nike) • Reels</title>", &[list]));
        assert_eq!(foreign.outcome, Outcome::ParseError);
    }

    #[test]
    fn an_empty_reels_tab_is_believed_only_when_the_account_says_that_it_has_none() {
        let read = |more: &Value, has_any_clips: &Value, head: &str| {
            let mut root = user("natgeo");
            root["xig_user_by_username"]["has_any_clips"] = has_any_clips.clone();
            let body = html(PROFILE_ROUTE, head, &[root, clips(&json!([]), more)]);
            page(PageKind::Feed, "natgeo", &body).outcome
        };
        let text = |posts: &str| {
            format!("<meta property=\"og:description\" content=\"5 Followers, 4 Following, {posts} Posts - See\">")
        };
        assert_eq!(read(&json!(false), &json!(false), &text("40")), Outcome::Empty, "posts, but no reels");
        assert_eq!(read(&json!(false), &json!(null), &text("0")), Outcome::Empty);
        assert_eq!(read(&json!(false), &json!(true), &text("40")), Outcome::Blocked);
        assert_eq!(read(&json!(false), &json!(null), ""), Outcome::Blocked);
        assert_eq!(read(&json!(true), &json!(false), ""), Outcome::Blocked);
        let alone = page(PageKind::Feed, "natgeo", &json!({"data": clips(&json!([]), &json!(false))}).to_string());
        assert_eq!(alone.outcome, Outcome::Blocked);
    }

    #[test]
    fn a_post_is_the_asked_one_and_not_those_inside_it() {
        let body = html(POST_ROUTE, "", &[media(&json!({}))]);
        for expect in [ID, CODE] {
            let seen = page(PageKind::Post, expect, &body);
            assert_eq!((seen.outcome, seen.posts.len()), (Outcome::Ok, 1), "{:?}", seen.detail);
            assert_eq!(seen.posts[0].metrics.likes, Reading::exact(Some(78676)));
            assert_eq!(seen.posts[0].author.username.as_deref(), Some("natgeo"));
        }
        assert_eq!(page(PageKind::Post, "DbIdlf0j6uA", &body).outcome, Outcome::ParseError);
    }

    #[test]
    fn hidden_likes_are_hidden() {
        let body = html(POST_ROUTE, "", &[media(&json!({"like_and_view_counts_disabled": true, "like_count": 3}))]);
        let metrics = page(PageKind::Post, CODE, &body).posts[0].metrics;
        assert_eq!((metrics.likes, metrics.comments.value()), (HIDDEN, Some(525)));
        let minus_one = json!({"data": {"shortcode_media": {"id": ID, "shortcode": CODE, "edge_media_preview_like": {"count": -1}}}});
        assert_eq!(page(PageKind::Post, CODE, &minus_one.to_string()).posts[0].metrics.likes, HIDDEN);
    }

    #[test]
    fn a_gated_post_is_withheld_for_its_reason() {
        for (title, word) in [("Not available in your region", "region"), ("Restricted Video", "age"), ("Odd", "gated")]
        {
            let block = json!({"xig_polaris_media": {"pk": ID, "code": CODE, "if_not_gated_logged_out": null,
                "gating_ruling": {"gating_type": 2, "title": title}}});
            let seen = page(PageKind::Post, CODE, &html(POST_ROUTE, "", &[block]));
            assert_eq!(seen.outcome, Outcome::Private);
            assert!(seen.detail.unwrap().contains(word), "{title}");
        }
    }

    #[test]
    fn null_means_gone_where_the_page_agrees() {
        let null_user = json!({"xig_user_by_username": null});
        assert_eq!(
            page(PageKind::Profile, "a", &html(PROFILE_ROUTE, "", std::slice::from_ref(&null_user))).outcome,
            Outcome::NotFound
        );
        assert_eq!(page(PageKind::Profile, "a", &json!({"data": null_user}).to_string()).outcome, Outcome::Blocked);
        let null_post = json!({"xig_polaris_media": null});
        assert_eq!(page(PageKind::Post, CODE, &html(POST_ROUTE, "", &[null_post])).outcome, Outcome::NotFound);
        assert_eq!(
            page(PageKind::Profile, "a", "{\"data\":{\"user\":null},\"status\":\"ok\"}").outcome,
            Outcome::NotFound
        );
        assert_eq!(page(PageKind::Post, CODE, "{\"data\":{\"xdt_shortcode_media\":null}}").outcome, Outcome::Blocked);
    }

    #[test]
    fn web_info_keeps_views_and_plays_apart() {
        let item = json!({"pk": ID, "code": CODE, "media_type": 2, "like_count": 5, "comment_count": 1, "view_count": null, "play_count": 9, "taken_at": 1_789_758_436});
        let body =
            |items: &Value| json!({"data": {"xdt_api__v1__media__shortcode__web_info": {"items": items}}}).to_string();
        let seen = page(PageKind::Post, CODE, &body(&json!([item])));
        assert_eq!(seen.adapter, Some("instagram.web_info"));
        assert_eq!(
            (seen.posts[0].metrics.views, seen.posts[0].metrics.plays.value()),
            (Reading::NOT_PROVIDED, Some(9))
        );
        assert_eq!(page(PageKind::Post, CODE, &body(&json!([]))).outcome, Outcome::Blocked);
    }

    #[test]
    fn the_error_route_tells_gone_from_withheld() {
        let error = |props: &str| {
            let block = format!("<script type=\"application/json\">{{\"props\":{props}}}</script>");
            page(PageKind::Profile, "a", &html("PolarisErrorRoute", &block, &[]))
        };
        assert_eq!(error("{\"page_type\":1}").outcome, Outcome::NotFound);
        assert_eq!(error("{\"failure_reason\":null,\"restricted_age\":null}").outcome, Outcome::NotFound);
        assert_eq!(error("{\"failure_reason\":\"X\"}").outcome, Outcome::Private);
        assert_eq!(error("{\"restricted_age\": 18}").outcome, Outcome::Private);
    }

    fn graphql_user(private: bool, edges: &Value) -> Value {
        json!({"id": "184263228", "username": "pgrimaud", "is_private": private, "edge_followed_by": {"count": 342}, "edge_follow": {"count": 114},
            "edge_owner_to_timeline_media": {"count": 33, "edges": edges}})
    }

    fn graphql_post() -> Value {
        json!({"__typename": "GraphVideo", "id": ID, "shortcode": CODE, "is_video": true, "owner": {"id": "184263228", "username": "pgrimaud"},
            "edge_liked_by": {"count": 69}, "edge_media_to_comment": {"count": 5}, "video_view_count": 475_763, "video_play_count": 1_403_439,
            "video_duration": 30.069, "taken_at_timestamp": 1_618_838_526})
    }

    #[test]
    fn page_blocks_of_older_eras_are_read() {
        let profile = json!({"graphql": {"user": graphql_user(false, &json!([{"node": graphql_post()}]))}});
        let shared =
            format!("<script>window._sharedData =\n  {};</script>", json!({"entry_data": {"ProfilePage": [profile]}}));
        let additional = format!(
            "<script>window._sharedData = {{\"entry_data\":{{\"ProfilePage\":[{{}}]}}}};</script>\
             <script>window.__additionalDataLoaded('/pgrimaud/',{profile});</script>"
        );
        for (body, adapter) in [(shared, "instagram.shared_data"), (additional, "instagram.additional_data")] {
            let seen = page(PageKind::Profile, "pgrimaud", &body);
            assert_eq!(
                (seen.outcome, seen.adapter, seen.posts.len()),
                (Outcome::Ok, Some(adapter), 1),
                "{:?}",
                seen.detail
            );
            assert_eq!(seen.profile.unwrap().metrics.posts.value(), Some(33));
        }
    }

    #[test]
    fn a_shared_post_with_raw_control_characters_keeps_views_and_plays_apart() {
        let post = json!({"graphql": {"shortcode_media": graphql_post()}})
            .to_string()
            .replace("GraphVideo", "Graph\n\u{1}Video");
        let body = format!("<script>window._sharedData = {{\"entry_data\":{{\"PostPage\":[{post}]}}}};</script>");
        let seen = page(PageKind::Post, CODE, &body);
        assert_eq!(seen.adapter, Some("instagram.shared_data"), "{:?}", seen.detail);
        let post = &seen.posts[0];
        assert_eq!((post.metrics.views.value(), post.metrics.plays.value()), (Some(475_763), Some(1_403_439)));
        assert_eq!((post.media_type, post.duration), (Some(MediaType::Video), Some(30.069)));
    }

    #[test]
    fn a_private_account_keeps_its_counts_and_its_list_is_not_empty_but_withheld() {
        let body = json!({"data": {"user": graphql_user(true, &json!([]))}, "status": "ok"}).to_string();
        for kind in [PageKind::Profile, PageKind::Feed] {
            let seen = page(kind, "pgrimaud", &body);
            assert_eq!(seen.outcome, Outcome::Private);
            assert_eq!(seen.profile.unwrap().metrics.followers.value(), Some(342));
        }
        let public = json!({"data": {"user": graphql_user(false, &json!([]))}}).to_string();
        assert_eq!(page(PageKind::Feed, "pgrimaud", &public).outcome, Outcome::Blocked, "33 posts, none listed");
        let mut none = graphql_user(false, &json!([]));
        none["edge_owner_to_timeline_media"]["count"] = 0.into();
        assert_eq!(
            page(PageKind::Feed, "pgrimaud", &json!({"data": {"user": none}}).to_string()).outcome,
            Outcome::Empty
        );
    }

    #[test]
    fn the_mobile_apis_bodies_are_read() {
        let info = json!({"user": {"pk": 1_518_284_433, "username": "RobertDowneyJr", "follower_count": 5, "following_count": 4, "media_count": 400}});
        let seen = page(PageKind::Profile, "1518284433", &info.to_string());
        assert_eq!((seen.outcome, seen.profile.unwrap().username), (Outcome::Ok, "robertdowneyjr".to_owned()));
        let items = json!({"items": [{"pk": 3_983_118_388_705_688_735_u64, "code": CODE, "media_type": 8, "carousel_media": [{}, {}],
            "like_count": 113, "comment_count": 0, "user": {"pk": 1, "username": "a"}}], "more_available": false, "status": "ok"});
        let seen = page(PageKind::Post, CODE, &items.to_string());
        assert_eq!((seen.posts[0].external_id.as_str(), seen.posts[0].metrics.comments.value()), (ID, Some(0)));
        assert_eq!(page(PageKind::Feed, "a", &items.to_string()).outcome, Outcome::Ok);
        assert_eq!(page(PageKind::Feed, "b", &items.to_string()).outcome, Outcome::ParseError);
    }

    #[test]
    fn a_page_with_text_alone_is_read_as_such() {
        let head = format!(
            "<meta property=\"og:url\" content=\"https://www.instagram.com/reel/{CODE}/\">\
             <meta property=\"al:ios:url\" content=\"instagram://media?id={ID}\">\
             <meta property=\"og:description\" content=\"Mi piace: 104 mila, commenti: 562 - natgeo il April\">"
        );
        let seen = page(PageKind::Post, CODE, &format!("<html><head>{head}</head></html>"));
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("instagram.meta_text")), "{:?}", seen.detail);
        assert_eq!(seen.posts[0].metrics.likes, Reading::Known { value: 104_000, precision: Precision::Rounded });
        assert_eq!(
            page(PageKind::Post, "DbIdlf0j6uA", &format!("<html><head>{head}</head></html>")).outcome,
            Outcome::ParseError
        );
        let title = page(PageKind::Profile, "a", "<html><head><title>A (@a) • Instagram photos</title></head></html>");
        assert_eq!((title.outcome, title.profile), (Outcome::Blocked, None));
    }

    #[test]
    fn embed_pages_are_read_by_context_or_by_markup() {
        let context = json!({"gql_data": {"shortcode_media": graphql_post()}}).to_string();
        let rich =
            format!("<script>init({{\"contextJSON\":{}}})</script><div class=\"Embed \"></div>", Value::from(context));
        let seen = page(PageKind::Post, CODE, &rich);
        assert_eq!((seen.adapter, seen.posts[0].metrics.likes.value()), (Some("instagram.embed"), Some(69)));
        let simple = format!(
            "<div class=\"Embed \" data-media-id=\"{ID}\" data-owner-id=\"787132\" data-media-type=\"GraphImage\">\
             <a><span class=\"UsernameText\">NatGeo</span></a><div class=\"SocialProof\"><a>1,234 likes</a></div>\
             <div class=\"Caption\">Hello<div class=\"CaptionComments\"><a>View all 56 comments</a></div></div></div>"
        );
        let seen = page(PageKind::Post, CODE, &simple);
        assert_eq!((seen.outcome, seen.posts[0].metrics.likes.value()), (Outcome::Ok, Some(1234)), "{:?}", seen.detail);
        assert_eq!(seen.posts[0].metrics.comments.value(), Some(56));
        let context = json!({"context": {"username": "natgeo", "owner_id": "787132", "followers_count": 5, "posts_count": 31_667}}).to_string();
        let seen = page(
            PageKind::Profile,
            "natgeo",
            &format!("<script>init({{\"contextJSON\":{}}})</script>", Value::from(context)),
        );
        assert_eq!(seen.profile.unwrap().metrics.posts, Reading::exact(Some(31_667)));
    }

    #[test]
    fn a_broken_embed_is_withheld_and_not_gone() {
        let body = format!(
            "<div class=\"Embed  EmbedIsBroken\" data-permalink=\"https://www.instagram.com/p/{CODE}/?a=1&amp;b=2\"></div>"
        );
        assert_eq!(page(PageKind::Post, CODE, &body).outcome, Outcome::Private);
        assert_eq!(page(PageKind::Post, "DbIdlf0j6uA", &body).outcome, Outcome::ParseError);
        let words = page(PageKind::Post, CODE, "<html><p>EmbedIsBroken</p></html>");
        assert_eq!(words.outcome, Outcome::Blocked, "a word is no structure");
    }

    #[test]
    fn a_refusal_is_never_an_account_that_does_not_exist() {
        let login = html("PolarisCAAIGLoginHomepageRoute", "", &[]);
        let shell = html(PROFILE_ROUTE, "", &[]);
        for (status, redirect, body, outcome) in [
            (200, None, login.as_str(), Outcome::Blocked),
            (200, None, shell.as_str(), Outcome::Blocked),
            (200, Some("/accounts/login/"), "<html></html>", Outcome::Blocked),
            (200, None, "", Outcome::Blocked),
            (403, None, "<html>Page not found</html>", Outcome::Blocked),
            (404, None, "<html>Page not found</html>", Outcome::ParseError),
            (429, None, shell.as_str(), Outcome::RateLimited),
            (502, None, "bad gateway", Outcome::NetworkError),
            (
                200,
                None,
                "<script>window._sharedData = {\"entry_data\":{\"LoginAndSignupPage\":[{}]}}</script>",
                Outcome::Blocked,
            ),
            (
                401,
                None,
                "{\"message\":\"Please wait a few minutes before you try again.\",\"require_login\":true,\"status\":\"fail\"}",
                Outcome::RateLimited,
            ),
            (401, None, "{\"require_login\":true,\"status\":\"fail\"}", Outcome::Blocked),
            (400, None, "{\"message\":\"checkpoint_required\",\"status\":\"fail\"}", Outcome::Blocked),
            (400, None, "{\"message\":\"useragent mismatch\",\"status\":\"fail\"}", Outcome::Blocked),
            (200, None, "for (;;);{\"errors\":[{\"message\":\"execution error\"}],\"data\":null}", Outcome::Blocked),
            (200, None, "{\"surprise\":1}", Outcome::ParseError),
        ] {
            for kind in [PageKind::Profile, PageKind::Feed, PageKind::Post] {
                let seen = read(kind, "a", Some(status), redirect, body);
                assert_eq!(seen.outcome, outcome, "{status} {kind:?} {body}: {:?}", seen.detail);
            }
        }
    }

    #[test]
    fn oembed_names_the_post() {
        let body =
            json!({"media_id": format!("{ID}_787132"), "author_name": "NatGeo", "author_id": 787_132, "title": "t"})
                .to_string();
        let seen = page(PageKind::Oembed, CODE, &body);
        assert_eq!((seen.outcome, seen.posts[0].author.platform_id.as_deref()), (Outcome::Ok, Some("787132")));
        assert_eq!(read(PageKind::Oembed, CODE, Some(404), None, "{\"error\":{}}").outcome, Outcome::NotFound);
    }

    #[test]
    fn a_page_of_another_kind_is_a_parse_error() {
        assert_eq!(
            page(PageKind::Post, CODE, &html(PROFILE_ROUTE, "", &[user("natgeo")])).outcome,
            Outcome::ParseError
        );
        assert_eq!(
            page(PageKind::Profile, "natgeo", &html(POST_ROUTE, "", &[media(&json!({}))])).outcome,
            Outcome::ParseError
        );
        let post = json!({"graphql": {"shortcode_media": graphql_post()}}).to_string();
        assert_eq!(page(PageKind::Profile, "pgrimaud", &post).outcome, Outcome::ParseError);
    }

    #[test]
    fn a_post_whose_id_and_code_disagree_is_a_contradiction_whichever_was_asked_for() {
        let body = |pk: &str| {
            let media = json!({"pk": pk, "code": CODE, "taken_at": 1_789_045_214, "media_type": 2, "like_count": 5, "comment_count": 1});
            html(
                "PolarisPostRoute",
                "",
                &[json!({"xig_polaris_media": {"code": CODE, "if_not_gated_logged_out": media}})],
            )
        };
        for asked in [CODE, ID] {
            assert_eq!(page(PageKind::Post, asked, &body(ID)).outcome, Outcome::Ok, "{asked}");
        }
        for asked in [CODE, "3983118388705688736"] {
            let seen = page(PageKind::Post, asked, &body("3983118388705688736"));
            assert_eq!(seen.outcome, Outcome::ParseError, "{asked}");
            assert!(seen.detail.unwrap().contains("contradicts itself"), "{asked}");
        }
    }
}
