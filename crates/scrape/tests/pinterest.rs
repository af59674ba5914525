//! Pinterest's shapes and refusals, each by a small body of its own.

#[cfg(test)]
mod pinterest {
    use std::time::{Duration, Instant};

    use domain::{MediaType, MetricStatus, Observation, Outcome, Platform, Precision, Reading};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Value, json};

    const PIN: &str = "106890191127977979";

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
        parse(&Page { platform: Platform::Pinterest, kind, expect, http_status: status, redirected_to, body })
    }

    fn html(scripts: &[(&str, &Value)]) -> String {
        let scripts = scripts.iter().fold(String::new(), |all, (tag, data)| {
            all + &format!("<script {tag} type=\"application/json\">{data}</script>")
        });
        format!("<!DOCTYPE html><html><head><title>Pinterest</title></head><body>{scripts}</body></html>")
    }

    fn relay(query: &str, answer: &Value) -> Value {
        json!({"variables": {}, "response": {"data": {query: answer}}})
    }

    fn pin(id: &str) -> Value {
        json!({"id": id, "title": "Icons", "description": "Jack", "repin_count": 9, "comment_count": 3, "created_at": "Sun, 30 Dec 2012 15:35:39 +0000",
            "aggregated_pin_data": {"id": "4793433047020086802", "comment_count": 4, "aggregated_stats": {"saves": 2010, "done": 0}},
            "reaction_counts": {"1": 626}, "pinner": {"id": "106890328564304182", "username": "TheSearchGuru", "full_name": "Leslie"},
            "images": {"orig": {"url": "https://i/orig.jpg"}}, "privacy": "public"})
    }

    fn user() -> Value {
        json!({"id": "106890328564304182", "username": "TheSearchGuru", "full_name": "Leslie", "about": "x", "follower_count": 197,
            "following_count": 0, "pin_count": 1_612, "board_count": 30, "image_xlarge_url": "https://i/u.jpg", "verified_identity": {},
            "website_url": "https://w.example/"})
    }

    fn count(reading: Reading) -> Option<(i64, Precision)> {
        reading.value().zip(reading.precision())
    }

    #[test]
    fn a_pin_is_read_from_the_blocks_of_every_era() {
        let resource = json!({"resourceResponses": [{"name": "PinResource", "response": {"data": pin(PIN), "http_status": 200}},
            {"name": "UnauthPinFeedResource", "response": {"data": [pin("1"), pin("2")]}}]});
        let store = json!({"props": {"initialReduxState": {"pins": {"1": pin("1"), PIN: pin(PIN)}}}});
        let props = json!({"initialReduxState": {"pins": {PIN: pin(PIN)}}});
        let api =
            json!({"resource_response": {"data": pin(PIN), "status": "success"}, "resource": {"name": "PinResource"}});
        for (body, adapter) in [
            (html(&[("id=\"initial-state\"", &resource)]), "pinterest.initial_state"),
            (html(&[("id=\"__PWS_DATA__\"", &store)]), "pinterest.redux_state"),
            (html(&[("id=\"__PWS_INITIAL_PROPS__\"", &props)]), "pinterest.redux_state"),
            (api.to_string(), "pinterest.resource"),
        ] {
            let seen = page(PageKind::Post, PIN, &body);
            assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some(adapter)), "{:?}", seen.detail);
            let post = &seen.posts[0];
            assert_eq!(count(post.metrics.saves), Some((2_010, Precision::Exact)));
            assert_eq!(count(post.metrics.comments), Some((4, Precision::Exact)));
            assert_eq!(count(post.metrics.likes), Some((626, Precision::Exact)));
            assert_eq!(post.metrics.views.status(), Some(MetricStatus::Unsupported));
            assert_eq!(post.platform_data["repin_count"], 9);
            assert_eq!(post.description.as_deref(), Some("Icons\nJack"));
            assert_eq!(post.author.username.as_deref(), Some("thesearchguru"));
            assert_eq!(post.media_type, Some(MediaType::Image));
            assert_eq!(page(PageKind::Post, "3", &body).outcome, Outcome::ParseError);
        }
    }

    #[test]
    fn what_two_queries_say_of_one_pin_is_put_together() {
        let first = relay(
            "v3GetPinQuery",
            &json!({"__typename": "V3GetPin", "data": {"entityId": PIN, "repinCount": 9, "title": null}}),
        );
        let second = relay(
            "v3GetPinQuery",
            &json!({"data": {"entityId": PIN, "title": "Icons", "createdAt": "Sun, 30 Dec 2012 15:35:39 +0000",
            "aggregatedPinData": {"commentCount": 0}, "reactionCountsData": []}}),
        );
        let body = html(&[("data-relay-response=\"true\"", &first), ("data-relay-response=\"true\"", &second)]);
        let seen = page(PageKind::Post, PIN, &body);
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("pinterest.relay")));
        let post = &seen.posts[0];
        assert_eq!((&post.platform_data["repin_count"], post.description.as_deref()), (&Value::from(9), Some("Icons")));
        assert_eq!(post.create_time.unwrap().as_seconds(), 1_356_881_739);
        assert_eq!((post.metrics.saves, post.metrics.likes), (Reading::NOT_PROVIDED, Reading::NOT_PROVIDED));
        assert_eq!(post.metrics.comments.value(), Some(0));
    }

    #[test]
    fn videos_and_carousels_are_told_from_pictures() {
        let mut video = pin(PIN);
        video["videos"] = json!({"video_list": {"V_HLSV4": {"url": "https://v/a.m3u8", "duration": 59_133}, "V_720P": {"url": "https://v/a.mp4?x=1", "duration": 59_133}}});
        let mut carousel = pin(PIN);
        carousel["carousel_data"] = json!({"carousel_slots": [{}, {}]});
        let post = |pin: &Value| {
            page(
                PageKind::Post,
                PIN,
                &html(&[("id=\"__PWS_DATA__\"", &json!({"initialReduxState": {"pins": {PIN: pin}}}))]),
            )
            .posts
            .remove(0)
        };
        let seen = post(&video);
        assert_eq!(
            (seen.media_type, seen.duration, seen.video_url.as_deref()),
            (Some(MediaType::Video), Some(59.133), Some("https://v/a.mp4?x=1"))
        );
        assert_eq!(post(&carousel).media_type, Some(MediaType::Carousel));
    }

    #[test]
    fn an_account_is_read_where_it_names_itself() {
        let camel = json!({"entityId": "106890328564304182", "id": "VXNlcjox", "username": "TheSearchGuru", "fullName": "Leslie", "about": "x",
            "followerCount": 197, "followingCount": 0, "pinCount": 1_612, "imageXlargeUrl": "https://i/u.jpg", "verifiedIdentity": {"verified": null}});
        let store = json!({"initialReduxState": {"users": {"": {"unauth_id": "x", "id": ""}, "9": {"id": "9", "username": "other", "follower_count": 5},
            "106890328564304182": user()}, "pins": {PIN: pin(PIN), "2": {"id": "2", "pinner": {"username": "other"}}}}});
        for (body, adapter, posts) in [
            (
                html(&[(
                    "id=\"initial-state\"",
                    &json!({"resourceResponses": [{"name": "UserResource", "response": {"data": user()}}]}),
                )]),
                "pinterest.initial_state",
                0,
            ),
            (html(&[("id=\"__PWS_INITIAL_PROPS__\"", &store)]), "pinterest.redux_state", 1),
            (
                html(&[("data-relay-response=\"true\"", &relay("v3GetUserHandlerQuery", &json!({"data": camel})))]),
                "pinterest.relay",
                0,
            ),
        ] {
            let seen = page(PageKind::Profile, "thesearchguru", &body);
            assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some(adapter)), "{:?}", seen.detail);
            assert_eq!(seen.posts.len(), posts);
            let profile = seen.profile.unwrap();
            assert_eq!(
                (profile.platform_id.as_deref(), profile.name.as_deref()),
                (Some("106890328564304182"), Some("Leslie"))
            );
            assert_eq!(count(profile.metrics.followers), Some((197, Precision::Exact)));
            assert_eq!((profile.metrics.following.value(), profile.metrics.posts.value()), (Some(0), Some(1_612)));
            assert_eq!(
                (profile.is_verified, profile.metrics.likes.status()),
                (Some(false), Some(MetricStatus::Unsupported))
            );
            let other = page(PageKind::Profile, "somebody", &body);
            assert!(matches!(other.outcome, Outcome::ParseError | Outcome::Blocked) && other.profile.is_none());
        }
    }

    #[test]
    fn an_account_is_found_under_the_handle_that_its_old_address_leads_to() {
        let store = json!({"initialReduxState": {"users": {"9": {"id": "9", "username": "other", "follower_count": 5},
            "106890328564304182": user()}}});
        let body = html(&[("id=\"__PWS_INITIAL_PROPS__\"", &store)]);
        let seen = read(PageKind::Profile, Some("oldname"), None, Some("/thesearchguru/"), &body);
        assert_eq!(seen.outcome, Outcome::Ok, "{seen:?}");
        assert_eq!(seen.profile.unwrap().username, "thesearchguru");
        let elsewhere = read(PageKind::Profile, Some("oldname"), None, None, &body);
        assert!(elsewhere.outcome != Outcome::Ok && elsewhere.profile.is_none());
    }

    #[test]
    fn an_account_without_counts_is_a_refusal() {
        let bare = json!({"initialReduxState": {"users": {"1": {"id": "1", "username": "thesearchguru"}}}});
        assert_eq!(
            page(PageKind::Profile, "thesearchguru", &html(&[("id=\"__PWS_DATA__\"", &bare)])).outcome,
            Outcome::Blocked
        );
    }

    #[test]
    fn only_the_platforms_own_word_means_gone() {
        let no_pin = html(&[(
            "data-relay-response=\"true\"",
            &relay("v3GetPinQuery", &json!({"__typename": "PinNotFound", "error": {"message": "x"}})),
        )]);
        assert_eq!(page(PageKind::Post, PIN, &no_pin).outcome, Outcome::NotFound);
        let no_user = html(&[(
            "data-relay-response=\"true\"",
            &relay("v3GetUserHandlerQuery", &json!({"__typename": "UserNotFound"})),
        )]);
        assert_eq!(page(PageKind::Profile, "a", &no_user).outcome, Outcome::NotFound);
        assert_eq!(page(PageKind::Post, PIN, &no_user).outcome, Outcome::Blocked);
        let denied =
            html(&[("data-relay-response=\"true\"", &relay("v3GetPinQuery", &json!({"__typename": "AccessDenied"})))]);
        assert_ne!(page(PageKind::Post, PIN, &denied).outcome, Outcome::NotFound);
        let resource = html(&[(
            "id=\"initial-state\"",
            &json!({"resourceResponses": [{"name": "UserResource",
            "response": {"status": "failure", "data": null, "http_status": 404, "error": {"http_status": 404}}}]}),
        )]);
        assert_eq!(page(PageKind::Profile, "a", &resource).outcome, Outcome::NotFound);
        let shell = html(&[("id=\"__PWS_DATA__\"", &json!({"appVersion": "x"}))]);
        assert_eq!(read(PageKind::Post, Some(PIN), Some(404), None, &shell).outcome, Outcome::NotFound);
        assert_eq!(read(PageKind::Post, Some(PIN), Some(404), None, "<html>404</html>").outcome, Outcome::ParseError);
        assert_eq!(
            read(PageKind::Post, Some(PIN), Some(200), Some("/?show_error=true"), &shell).outcome,
            Outcome::NotFound
        );
        for kind in [PageKind::Post, PageKind::Profile] {
            for redirect in ["/ideas/", "/ideas/recipes/918530398158/?redirected=1"] {
                let seen = read(kind, Some(PIN), Some(200), Some(redirect), &shell);
                assert_eq!(seen.outcome, Outcome::NotFound, "{kind:?} {redirect}");
                assert_eq!(seen.detail.as_deref(), Some("redirected to the ideas page, as for what does not exist"));
            }
        }
        for redirect in ["/", "/login/?next=%2Fpin"] {
            assert_eq!(
                read(PageKind::Post, Some(PIN), Some(200), Some(redirect), &shell).outcome,
                Outcome::Blocked,
                "{redirect}"
            );
        }
        assert_eq!(page(PageKind::Post, PIN, &shell).outcome, Outcome::Blocked);
        assert_eq!(page(PageKind::Profile, "a", "").outcome, Outcome::Blocked);
    }

    #[test]
    fn a_feed_gives_pins_without_counts() {
        let item = "<item><title>Icons &amp; more</title><link>https://www.pinterest.com/pin/106890191127977979/</link>\
            <description>&lt;a href=\"/pin/1/\"&gt;&lt;img src=\"https://i.pinimg.com/236x/a.jpg\"&gt;&lt;/a&gt;Jack</description>\
            <pubDate>Sun, 30 Dec 2012 15:35:39 GMT</pubDate><guid>https://www.pinterest.com/pin/106890191127977979/</guid></item>";
        let feed = |items: &str| {
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Leslie</title>\
            <link>https://www.pinterest.com/TheSearchGuru/</link><description/>{items}</channel></rss>"
            )
        };
        let seen = page(PageKind::Feed, "thesearchguru", &feed(item));
        assert_eq!((seen.outcome, seen.adapter), (Outcome::Ok, Some("pinterest.rss")), "{:?}", seen.detail);
        let post = &seen.posts[0];
        assert_eq!((post.external_id.as_str(), post.description.as_deref()), (PIN, Some("Icons & more")));
        assert_eq!(post.cover_image_url.as_deref(), Some("https://i.pinimg.com/236x/a.jpg"));
        assert_eq!(post.create_time.unwrap().as_seconds(), 1_356_881_739);
        assert_eq!(post.metrics.saves, Reading::NOT_PROVIDED);
        assert_eq!(page(PageKind::Feed, "somebody", &feed(item)).outcome, Outcome::ParseError);
        assert_eq!(page(PageKind::Feed, "thesearchguru", &feed("")).outcome, Outcome::Empty);
        assert_eq!(page(PageKind::Feed, "thesearchguru", &feed("<item></item>")).outcome, Outcome::Blocked);
        assert_eq!(page(PageKind::Profile, "thesearchguru", &feed(item)).outcome, Outcome::ParseError);
    }

    #[test]
    fn oembed_names_the_pin_inside_its_code() {
        let body = json!({"title": "Icons", "author_name": "Leslie", "author_url": "https://www.pinterest.com/thesearchguru/",
            "thumbnail_url": "https://i/t.jpg", "html": format!("<iframe src=\"https://assets.pinterest.com/ext/embed.html?id={PIN}&src=oembed\">")}).to_string();
        let seen = page(PageKind::Oembed, PIN, &body);
        assert_eq!((seen.outcome, seen.posts[0].author.username.as_deref()), (Outcome::Ok, Some("thesearchguru")));
        assert_eq!(page(PageKind::Oembed, "1", &body).outcome, Outcome::ParseError);
        assert_eq!(
            read(PageKind::Oembed, Some(PIN), Some(404), None, "{\"status\":\"failure\"}").outcome,
            Outcome::NotFound
        );
    }

    #[test]
    fn bodies_made_to_be_slow_are_read_in_time() {
        let long = |part: &str| part.repeat(1_000_000 / part.len());
        let bodies = [
            long("<item>"),
            format!("<rss><link>https://pinterest.com/a/</link>{}", long("<item><link>")),
            long("<script id=__PWS_DATA__>{"),
            long("<script>\"v3GetPinQuery"),
            format!("<script id=initial-state>[{}0]</script>", long("{\"PinResource\":{\"PinResource\":{}}},")),
            format!(
                "<script id=__PWS_DATA__>[{}0]</script>",
                long("{\"initialReduxState\":{\"pins\":{\"1\":{\"id\":1,\"pinner\":{\"username\":\"b\"}}}}},")
            ),
            format!("{{\"v3GetUserHandlerQuery\":{{\"data\":{}", long("{\"data\":")),
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
