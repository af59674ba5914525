//! Bytes that nobody meant well with: whatever they are, reading ends, soon, without a panic and without facts that were never there.

#[cfg(test)]
mod hostile {
    use std::time::{Duration, Instant};

    use domain::{Outcome, Platform};
    use scrape::{Page, PageKind, parse};

    const KINDS: [PageKind; 4] = [PageKind::Profile, PageKind::Feed, PageKind::Post, PageKind::Oembed];

    /// Small bodies of the shapes that are read, to be cut and garbled.
    const SEEDS: [&str; 9] = [
        r#"<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{"__DEFAULT_SCOPE__":{"webapp.user-detail":{"userInfo":{"user":{"id":"1","uniqueId":"a"},"statsV2":{"heart":"5"}},"statusCode":0}}}</script>"#,
        r#"<script id="SIGI_STATE">{"ItemModule":{"1":{"id":"1","author":"a"}},"UserModule":{"users":{"a":{"id":"1","uniqueId":"a"}},"stats":{"a":{}}},"UserPage":{"uniqueId":"a"}}</script>"#,
        r#"{"itemList":[{"id":"7571863205253778710","author":{"id":"1","uniqueId":"a"},"stats":{"playCount":1e999}}],"hasMore":true}"#,
        r#"<script type="application/json">{"data":{"xig_user_by_username":{"pk":"1","username":"a","follower_count":1,"polaris_clips_connection":{"edges":[{"node":{"pk":"3983118388705688735"}}]}}}}</script>"#,
        r#"<script type="application/json">{"xig_polaris_media":{"code":"DdG4RIxIPyf","if_not_gated_logged_out":{"pk":"3983118388705688735","taken_at":1789045214,"video_versions":[{"url":"https://x/?efg=eyJk"}]}}}</script>"#,
        r#"<script>window._sharedData = {"entry_data":{"PostPage":[{"graphql":{"shortcode_media":{"id":"1","shortcode":"ySl7G9tO_q"}}}]}};</script>"#,
        r#"<script>x({"contextJSON":"{\"gql_data\":{\"shortcode_media\":{\"id\":\"1\"}}}"})</script><div class="Embed " data-media-id="1"><b class="UsernameText">a</b></div>"#,
        r#"<meta property="og:url" content="https://www.instagram.com/a/"><meta property="og:description" content="1.5M Followers, 2 Following, 3 Posts">"#,
        "{\"a\":\"\u{1}\\ud83d\"}",
    ];

    fn read_all_ways(body: &[u8]) {
        for platform in Platform::ALL {
            for kind in KINDS {
                for expect in [None, Some("a"), Some("é")] {
                    let page =
                        Page { platform, kind, expect, http_status: Some(200), redirected_to: Some("/é//"), body };
                    let seen = parse(&page);
                    assert!(seen.outcome == Outcome::Ok || seen.detail.is_some());
                }
            }
        }
    }

    fn numbered_nodes() -> String {
        (1..20_000).fold(String::new(), |all, id| all + &format!("{{\"node\":{{\"id\":{id}}}}},")) + "{}"
    }

    fn numbered_items() -> String {
        (1..20_000).fold(String::new(), |all, id| all + &format!("\"{id}\":{{\"id\":{id},\"author\":\"a\"}},"))
    }

    fn formatting(tags: usize) -> String {
        (0..tags).fold(String::new(), |all, id| all + &format!("<b id={id}>"))
    }

    /// A small generator, so that a failure can be had again.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % u64::try_from(below.max(1)).unwrap()).unwrap()
        }
    }

    #[test]
    fn bodies_cut_off_at_every_byte_are_survived() {
        for seed in SEEDS {
            for end in 0..seed.len() {
                read_all_ways(&seed.as_bytes()[..end]);
            }
        }
    }

    #[test]
    fn bodies_garbled_at_random_are_survived() {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        for round in 0..400 {
            let mut body = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
            for _ in 0..=dice.roll(6) {
                let at = dice.roll(body.len());
                match dice.roll(4) {
                    0 => body[at] = u8::try_from(dice.roll(256)).unwrap(),
                    1 => drop(body.drain(at..(at + dice.roll(9)).min(body.len()))),
                    2 => {
                        let other = SEEDS[dice.roll(SEEDS.len())].as_bytes();
                        let from = dice.roll(other.len());
                        body.splice(at..at, other[from..].iter().copied());
                    }
                    _ => body.splice(at..at, "\u{feff}\u{a0}é\"'<>{}\\".bytes()).for_each(drop),
                }
                if body.is_empty() {
                    body.push(b'{');
                }
            }
            read_all_ways(&body);
        }
    }

    #[test]
    fn pages_made_to_be_slow_are_read_in_time() {
        let long = |part: &str| part.repeat(400_000 / part.len());
        let nested_json = format!("<script type=\"application/json\">{}\"xig_\"", "{\"a\":".repeat(100_000));
        let bodies = [
            long("<div>"),
            long("<script>"),
            long("<script id=SIGI_STATE>window._sharedData __additionalDataLoaded("),
            long("<meta property=\"og:description\" content=\"1 "),
            long("<meta "),
            format!("{}{}", "<meta".repeat(400), long("x")),
            format!(
                "{{\"data\":{{\"user\":{{\"id\":1,\"edge_owner_to_timeline_media\":{{\"edges\":[{}]}}}}}}}}",
                numbered_nodes()
            ),
            long("&#x"),
            long("\"profile_id\""),
            long("class=\"Embed "),
            long("captcha_verify_img_slide"),
            long("\"contextJSON\":"),
            format!("[{}", long("[")),
            format!("{{\"a\":{}", long("{\"a\":")),
            format!("<div class=\"Embed \">{}", long("<b id=x><p>")),
            format!("{{\"items\":[{}]}}", vec!["{\"pk\":1}"; 50_000].join(",")),
            nested_json,
            format!(
                "<script type=\"application/json\">[{}0]</script>",
                long("{\"xig_user_by_username\":{\"username\":\"a\"}},")
            ),
            format!(
                "<script type=\"application/json\">[{}0]</script>",
                long("{\"xig_polaris_media\":{\"code\":\"b\"}},")
            ),
            format!("<script>{} = {{\"a\":\"{}", "window._sharedData".repeat(8), long("\u{1}")),
            format!(
                "<script id=SIGI_STATE>{{\"UserPage\":{{\"uniqueId\":\"a\"}},\"ItemModule\":{{{}\"x\":0}}}}</script>",
                numbered_items()
            ),
            format!("<div class=\"Embed \" data-media-id=\"1\">{}{}", formatting(490), "<p>x".repeat(490)),
            long("<meta property=\"og:description\" content=\"1 Followers, 2 Following\">"),
        ];
        for body in &bodies {
            for platform in Platform::ALL {
                for kind in KINDS {
                    let start = Instant::now();
                    let seen = parse(&Page {
                        platform,
                        kind,
                        expect: Some("a"),
                        http_status: Some(200),
                        redirected_to: None,
                        body: body.as_bytes(),
                    });
                    let head = &body[..body.len().min(40)];
                    assert!(start.elapsed() < Duration::from_secs(4), "{head}: {:?}", start.elapsed());
                    assert_ne!(seen.outcome, Outcome::Empty, "{head}");
                }
            }
        }
    }
}
