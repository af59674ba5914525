//! Recorded pages against the values that stand in them. The pages are kept outside the project; without them this suite says so and passes.

#[cfg(test)]
mod samples {
    use std::path::{Path, PathBuf};

    use domain::{MediaType, Observation, Outcome, Platform, Precision};
    use scrape::{Page, PageKind, parse};
    use serde_json::{Map, Value};

    /// One line of the table of mismatches.
    type Mismatch = (String, String, String, String);

    fn folder() -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
        if folder.join("truth.json").exists() {
            return Some(folder);
        }
        eprintln!("skipped: no samples at {}", folder.display());
        None
    }

    fn entries(folder: &Path) -> Vec<Value> {
        let truth = std::fs::read_to_string(folder.join("truth.json")).unwrap();
        let entries: Vec<Value> = serde_json::from_str(&truth).unwrap();
        entries
            .into_iter()
            .filter(|entry| entry["file"].as_str().is_some_and(|file| platform_of(file).is_some()))
            .collect()
    }

    fn platform_of(file: &str) -> Option<Platform> {
        file.split('/').next()?.parse().ok()
    }

    fn kind(file: &str) -> PageKind {
        match file.split('/').nth(1).unwrap() {
            "profile" | "channel" => PageKind::Profile,
            "feed" | "rss" => PageKind::Feed,
            "oembed" => PageKind::Oembed,
            "unavailable" if file.contains("profile") || file.contains("not_found") || file.contains("login") => {
                PageKind::Profile
            }
            "unavailable" if file.contains("item_list") => PageKind::Feed,
            _ => PageKind::Post,
        }
    }

    fn expected<'a>(file: &'a str, truth: &'a Value) -> Option<&'a str> {
        let is_post = kind(file) == PageKind::Post;
        let keys: &[&str] = if is_post { &["shortcode", "_shortcode", "id"] } else { &["username"] };
        let named = keys.iter().find_map(|key| truth[key].as_str());
        let from_name = Path::new(file).file_name()?.to_str()?.split("_20").next()?.split("_page_header").next();
        named.or(from_name
            .filter(|_| matches!(kind(file), PageKind::Profile | PageKind::Feed) && !file.contains("unavailable")))
    }

    fn seen(folder: &Path, file: &str, expect: Option<&str>) -> Observation {
        let body = std::fs::read(folder.join(file)).unwrap();
        let platform = platform_of(file).unwrap();
        parse(&Page { platform, kind: kind(file), expect, http_status: None, redirected_to: None, body: &body })
    }

    /// The value that an observation has for a name of the truth file.
    fn actual(seen: &Observation, file: &str, key: &str) -> Value {
        let profile = seen.profile.as_ref();
        let post = seen.posts.first();
        let about_profile = matches!(kind(file), PageKind::Profile | PageKind::Feed);
        let extra = |name: &str| {
            let data = if about_profile { profile.map(|p| &p.platform_data) } else { post.map(|p| &p.platform_data) };
            data.and_then(|data| data.get(name)).cloned().unwrap_or(Value::Null)
        };
        let count = |reading: Option<domain::Reading>| reading.and_then(domain::Reading::value).into();
        let name = key.strip_prefix("meta.").unwrap_or(key);
        match name {
            "id" | "embed_product_id" | "media_id" if !about_profile => post.map(|p| p.external_id.clone()).into(),
            "id" => profile.and_then(|p| p.platform_id.clone()).into(),
            "username" | "author" | "author_unique_id" if !about_profile => {
                post.and_then(|p| p.author.username.clone()).into()
            }
            "username" => profile.map(|p| p.username.clone()).into(),
            "shortcode" => post.and_then(|p| p.shortcode.clone()).into(),
            "verified" => profile.and_then(|p| p.is_verified).into(),
            "private" => profile.and_then(|p| p.is_private).into(),
            "followers" => count(profile.map(|p| p.metrics.followers)),
            "following" => count(profile.map(|p| p.metrics.following)),
            "posts" => count(profile.map(|p| p.metrics.posts)),
            // Texts of a YouTube channel's header and of the button that leads to comments.
            "subs" => count(profile.map(|p| p.metrics.followers)),
            "videosCountText" => count(profile.map(|p| p.metrics.posts)),
            "mf_likes" => count(post.map(|p| p.metrics.likes)),
            // What is left of a pin's aggregated data for guests is its comments.
            "agg" | "comment_count" => count(post.map(|p| p.metrics.comments)),
            "created_at" => post.and_then(|p| p.create_time).map(domain::Timestamp::as_seconds).into(),
            "pinner" => post.and_then(|p| p.author.username.clone()).into(),
            "likes" if about_profile => count(profile.map(|p| p.metrics.likes)),
            "likes" => count(post.map(|p| p.metrics.likes)),
            "comments" => count(post.map(|p| p.metrics.comments)),
            "shares" => count(post.map(|p| p.metrics.shares)),
            "views" => count(post.map(|p| p.metrics.views)),
            "plays" => count(post.map(|p| p.metrics.plays)),
            // TikTok's bookmarks are no metric: they stand among what else the page said.
            "saves" if file.starts_with("tiktok") => extra("collect_count"),
            "saves" => count(post.map(|p| p.metrics.saves)),
            "create_time" => post.and_then(|p| p.create_time).map(domain::Timestamp::as_seconds).into(),
            "duration" => post.and_then(|p| p.duration).into(),
            "title" => post.and_then(|p| p.description.clone()).into(),
            "n_items" | "n_timeline" => seen.posts.len().into(),
            "slides" => extra("carousel_media_count"),
            "product" => extra("product_type"),
            "cursor" => extra("feed_cursor"),
            "has_more" => extra("feed_has_more"),
            "author_url" | "author_name" | "author_followers" | "repin_count" => extra(name),
            "media" | "type" => post.and_then(|p| p.media_type).map(MediaType::as_str).into(),
            "era" | "route" | "header" => seen.adapter.into(),
            _ => Value::from(format!("the test knows no {key}")),
        }
    }

    /// The truth file's value in the words of an observation.
    fn wanted(key: &str, value: &Value) -> Value {
        let words = match (key, value.as_str(), value.as_i64()) {
            ("type", Some("GraphVideo"), _) | ("type", _, Some(2)) => "video",
            ("type", Some("GraphImage"), _) | ("type", _, Some(1)) => "image",
            ("media", Some("photo"), _) | ("type", _, Some(8)) => "carousel",
            ("era", Some("sharedData:ProfilePage"), _) => "instagram.shared_data",
            ("era", Some("sharedData:StoriesPage"), _) => "instagram.shared_data_story",
            ("era", Some("additionalData"), _) => "instagram.additional_data",
            ("route", Some(route), _) if route.ends_with("ProfileRoute") => "instagram.polaris_profile",
            ("route", Some(route), _) if route.ends_with("PostRoute") => "instagram.polaris_post",
            ("subs", Some(_), _) => return 4_690_000.into(),
            ("videosCountText", Some(_), _) => return 6_800.into(),
            ("comments", Some(rounded), _) if rounded.ends_with('K') => return 12_000.into(),
            ("comments", Some(number), _) => return number.parse::<i64>().unwrap().into(),
            ("created_at", Some("Sun, 30 Dec 2012 15:35:39 +0000"), _) => return 1_356_881_739.into(),
            ("header", ..) if value[0] == "c4TabbedHeaderRenderer" => "youtube.c4_header",
            ("header", ..) if value[0] == "pageHeaderRenderer" => "youtube.page_header",
            ("media_id", Some(id), _) => return id.split('_').next().unwrap().into(),
            _ => return value.clone(),
        };
        words.into()
    }

    fn compare(seen: &Observation, file: &str, truth: &Map<String, Value>, out: &mut Vec<Mismatch>) -> usize {
        let mut compared = 0;
        for (key, value) in truth.iter().filter(|(key, _)| !key.starts_with('_')) {
            if key == "status" {
                continue;
            }
            if key == "items" {
                for item in value.as_array().unwrap() {
                    let post = seen.posts.iter().find(|p| p.external_id == item["id"].as_str().unwrap());
                    let alone = Observation { posts: post.cloned().into_iter().collect(), ..Observation::ok("") };
                    let as_post = file.replace("/feed/", "/post/").replace("/rss/", "/watch/");
                    compared += compare(&alone, &as_post, item.as_object().unwrap(), out);
                }
                continue;
            }
            compared += 1;
            let (wanted, actual) = (wanted(key, value), actual(seen, file, key));
            let same = wanted == actual || wanted.as_f64().is_some_and(|w| actual.as_f64() == Some(w));
            if !same {
                out.push((file.to_owned(), key.clone(), wanted.to_string(), actual.to_string()));
            }
        }
        compared
    }

    fn report(mismatches: &[Mismatch]) {
        for (file, key, wanted, actual) in mismatches {
            println!("{file:<70} {key:<16} wanted {wanted:<26} got {actual}");
        }
        assert!(mismatches.is_empty(), "{} values differ from the truth", mismatches.len());
    }

    #[test]
    fn every_recorded_page_gives_the_values_that_stand_in_it() {
        let Some(folder) = folder() else { return };
        let (mut mismatches, mut compared, mut pages) = (Vec::new(), 0, 0);
        for entry in entries(&folder) {
            let file = entry["file"].as_str().unwrap();
            let truth = &entry["truth"];
            let is_page = !file.contains("/unavailable/") && truth["_state"].is_null();
            let Some(values) = truth.as_object().filter(|_| is_page) else { continue };
            let seen = seen(&folder, file, expected(file, truth));
            // Not playable where it was asked from, and its facts are there all the same.
            let is_withheld = truth["status"] == "UNPLAYABLE" && seen.outcome == Outcome::Private;
            if seen.outcome != Outcome::Ok && !is_withheld {
                let actual = format!("{} ({:?}, {:?})", seen.outcome, seen.adapter, seen.detail);
                mismatches.push((file.to_owned(), "outcome".to_owned(), "ok".to_owned(), actual));
                continue;
            }
            let adapter = seen.adapter.unwrap();
            assert!(scrape::adapter_names().contains(&adapter), "{adapter} is not listed");
            pages += 1;
            compared += compare(&seen, file, values, &mut mismatches);
        }
        report(&mismatches);
        assert!(pages >= 43 && compared >= 245, "only {compared} values of {pages} pages were compared");
    }

    #[test]
    fn every_withheld_or_refused_page_gives_its_state() {
        let Some(folder) = folder() else { return };
        let states = [
            ("tiktok/unavailable/profile_10221_nonexistent_or_banned_2026-09-22.html", Outcome::NotFound, "10221"),
            ("tiktok/unavailable/video_10204_item_doesnt_exist_2026-09-22.html", Outcome::NotFound, "10204"),
            ("tiktok/unavailable/video_10204_cross_border.json", Outcome::Private, "region"),
            ("tiktok/unavailable/waf_please_wait_2024-03-13.html", Outcome::Blocked, "firewall"),
            ("tiktok/unavailable/empty_200_item_list.json", Outcome::Blocked, "empty body"),
            ("instagram/unavailable/not_found_2026-10-04.html", Outcome::NotFound, "PolarisErrorRoute"),
            ("instagram/unavailable/login_wall_2026-10-04.html", Outcome::Blocked, "login wall"),
            ("instagram/unavailable/throttled_profile_2026-10-04.html", Outcome::Blocked, "shell"),
            ("instagram/unavailable/gated_region_DcgYclUEV18_2026-09-23.json", Outcome::Private, "region"),
            ("instagram/unavailable/401_please_wait.json", Outcome::RateLimited, "wait"),
            (
                "instagram/unavailable/private_profile_2021_web_profile_info_ANONYMISED.json",
                Outcome::Private,
                "private",
            ),
            ("youtube/watch/consent_wall_2021-04-04.html", Outcome::Blocked, "consent"),
            ("instagram/embed/broken_post_embed_2025-10.html", Outcome::Private, "embed"),
            ("instagram/profile/megadeth_2022-08-23_page_shell.html", Outcome::Blocked, "title"),
            ("instagram/post/Chm_-tPJqpd_2022-08-23_page_meta_only.html", Outcome::Blocked, "no counts"),
        ];
        let mut mismatches = Vec::new();
        for entry in entries(&folder) {
            let (file, truth) = (entry["file"].as_str().unwrap(), &entry["truth"]);
            if !file.contains("/unavailable/") && truth["_state"].is_null() {
                continue;
            }
            let (_, outcome, words) = states.iter().find(|(name, ..)| *name == file).expect(file);
            let seen = seen(&folder, file, expected(file, truth));
            let detail = seen.detail.clone().unwrap_or_default();
            if seen.outcome != *outcome || !detail.contains(words) {
                let actual = format!("{} {:?} {detail}", seen.outcome, seen.adapter);
                mismatches.push((file.to_owned(), "state".to_owned(), format!("{outcome} … {words}"), actual));
            }
            if let Some(values) = truth.as_object().filter(|values| values.contains_key("followers")) {
                compare(&seen, file, values, &mut mismatches);
            }
        }
        report(&mismatches);
    }

    #[test]
    fn a_recorded_page_about_somebody_else_is_never_ok() {
        let Some(folder) = folder() else { return };
        for entry in entries(&folder) {
            let file = entry["file"].as_str().unwrap();
            let other = if matches!(kind(file), PageKind::Post | PageKind::Oembed) {
                "1234567890123456789"
            } else {
                "somebody.else"
            };
            // Lists that name nobody cannot be told apart by their body.
            let unnamed = ["nike_2026-09-23_reels_tab", "noholita", "pgrimaud_2018-04.json"];
            if unnamed.iter().any(|name| file.contains(name)) {
                continue;
            }
            let seen = seen(&folder, file, Some(other));
            assert!(
                !matches!(seen.outcome, Outcome::Ok | Outcome::Empty),
                "{file}: {} {:?}",
                seen.outcome,
                seen.adapter
            );
        }
    }

    #[test]
    fn exact_and_rounded_counts_are_told_apart() {
        let Some(folder) = folder() else { return };
        let profile = |file: &str| seen(&folder, file, None).profile.unwrap().metrics;
        let exact = profile("tiktok/profile/illojuan_2025-12-30_universal_data.html");
        assert_eq!(exact.followers.precision(), Some(Precision::Exact));
        let rounded = profile("tiktok/profile/huxleythepandapuppy_2022-08-22_sigi_state.html");
        assert_eq!(rounded.followers.precision(), Some(Precision::Rounded));
        assert_eq!(rounded.following.precision(), Some(Precision::Exact));
        let text = profile("instagram/profile/nike_2026-09-23_og_meta.html");
        assert_eq!(text.followers.precision(), Some(Precision::Rounded));
        assert_eq!(text.posts.precision(), Some(Precision::FromText));
        let old =
            seen(&folder, "tiktok/video/a3noticias_6806030056956251397_2020-04-24_next_data_itemInfos.html", None);
        assert_eq!(old.posts[0].metrics.plays.precision(), Some(Precision::Exact));
        let new = seen(&folder, "tiktok/video/illojuan_7571863205253778710_2025-12-30_universal_data.html", None);
        assert_eq!(new.posts[0].metrics.plays.precision(), Some(Precision::Rounded));
        assert_eq!(new.posts[0].metrics.shares.precision(), Some(Precision::Exact));
        assert!(new.posts[0].cover_image_url.is_some());
        let reel = seen(&folder, "instagram/post/DdG4RIxIPyf_reel_2026-10-04_logged_out_polaris.html", None);
        assert_eq!((reel.posts.len(), reel.posts[0].duration), (1, Some(72.0)));
    }

    #[test]
    fn what_stands_in_labels_and_feeds_of_youtube_has_its_precision() {
        let Some(folder) = folder() else { return };
        let post = |file: &str| seen(&folder, file, None).posts.remove(0);
        let value = |reading: domain::Reading| reading.value().zip(reading.precision());
        let starman = post("youtube/watch/A0FZIwabctw_2024-01-06.html");
        assert_eq!(value(starman.metrics.likes), Some((215_407, Precision::FromText)));
        assert_eq!(value(starman.metrics.comments), Some((12_000, Precision::Rounded)));
        assert_eq!(value(starman.metrics.views), Some((8_874_019, Precision::Exact)));
        assert_eq!(starman.author.username.as_deref(), Some("spacex"));
        assert_eq!(starman.author.platform_id.as_deref(), Some("UCtI0Hodo5o5dUb67FeUjDeA"));
        assert_eq!(starman.platform_data["author_followers"], 6_600_000);
        assert_eq!(starman.create_time.unwrap().as_seconds(), 1_520_731_844);
        let other = post("youtube/watch/GDRd-BFTYIg_2024-01-06.html");
        assert_eq!(value(other.metrics.likes), Some((14_434, Precision::FromText)));
        assert_eq!(value(other.metrics.comments), Some((628, Precision::Exact)));
        let kittens = post("youtube/watch/eiHXASgRTcA_2020-02-23.html");
        assert_eq!(value(kittens.metrics.likes), Some((115_413, Precision::FromText)));
        let withheld = post("youtube/watch/DIsktwOQZuU_2025.html");
        assert_eq!(value(withheld.metrics.likes), Some((2, Precision::Exact)));
        let feed = seen(&folder, "youtube/rss/UCk195x4zYdMx4LhqEwhcPng_2021-12.xml", Some("UCk195x4zYdMx4LhqEwhcPng"));
        assert_eq!((feed.outcome, feed.posts.len()), (Outcome::Ok, 6));
        let nasa =
            seen(&folder, "youtube/channel/nasa_page_header_2024plus_FRAGMENT.html", Some("nasa")).profile.unwrap();
        assert_eq!(value(nasa.metrics.followers), Some((15_100_000, Precision::Rounded)));
        assert_eq!(value(nasa.metrics.posts), Some((6_100, Precision::Rounded)));
        assert_eq!(nasa.platform_id.as_deref(), Some("UCLA_DiR1FfKNvjuUpBHmylQ"));
    }

    #[test]
    fn a_pins_own_repins_are_not_the_saves_of_all_its_copies() {
        let Some(folder) = folder() else { return };
        let pin = |date: &str| {
            seen(&folder, &format!("pinterest/pin/106890191127977979_{date}.html"), Some("106890191127977979"))
                .posts
                .remove(0)
        };
        let (old, new) = (pin("2020-02-23"), pin("2024-06-10"));
        assert_eq!((old.metrics.saves.value(), &old.platform_data["repin_count"]), (Some(2_010), &Value::from(9)));
        assert_eq!((new.metrics.saves.value(), &new.platform_data["repin_count"]), (None, &Value::from(9)));
        assert_eq!(old.create_time, new.create_time);
        assert_eq!(
            (old.author.platform_id.as_deref(), old.author.username.as_deref()),
            (Some("106890328564304182"), Some("thesearchguru"))
        );
        assert_eq!(
            (old.author, old.cover_image_url, old.media_type),
            (new.author, new.cover_image_url, new.media_type)
        );
        assert_eq!(old.description.as_deref(), Some("Jack"));
    }

    #[test]
    fn recorded_pages_cut_off_or_garbled_anywhere_neither_panic_nor_become_empty_accounts() {
        let Some(folder) = folder() else { return };
        for entry in entries(&folder) {
            let file = entry["file"].as_str().unwrap();
            let body = std::fs::read(folder.join(file)).unwrap();
            let platform = platform_of(file).unwrap();
            for step in 1..8 {
                let mut part = body[..body.len() * step / 8].to_vec();
                for round in 0..2 {
                    let page = Page {
                        platform,
                        kind: kind(file),
                        expect: None,
                        http_status: Some(200),
                        redirected_to: None,
                        body: &part,
                    };
                    let seen = parse(&page);
                    assert_ne!(seen.outcome, Outcome::Empty, "{file} {step}/8 {round}");
                    for at in (step * 97..part.len()).step_by(9_973) {
                        part[at] = part[at].wrapping_mul(31).wrapping_add(7);
                    }
                }
            }
        }
    }
}
