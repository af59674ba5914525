//! Reports on posts and members, and the same under the older paths.

use domain::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Api, new_organization};

const NOBODY: &str = "0197a6f0-0000-7000-8000-000000000001";

/// A creator with an account, and three posts that were added by hand, of which nothing was read yet.
async fn world(api: &Api) -> String {
    let creator = api.post("/v2/creators", &json!({"name": "Amy"})).await.expect(201).id();
    let account = json!({"platform": "tiktok", "username": "amy", "creator_id": creator});
    api.post("/v2/accounts", &account).await.expect(201);
    for n in 1..=3 {
        let metadata = if n == 3 { json!({"source": "brand_initiated"}) } else { json!({}) };
        let body = json!({"platform": "tiktok", "identifier": format!("757186320525377870{n}"), "metadata": metadata});
        api.post("/v2/videos", &body).await.expect(201);
    }
    creator
}

fn ids(page: &Value) -> Vec<i64> {
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_that_was_not_read_yet_shows_nothing_and_says_why() {
    let api = Api::start().await;
    world(&api).await;
    let page = api.get("/v2/posts?include_total=true&order_by=views&order_direction=asc").await.expect(200).json();
    let post = &page["data"][0];
    assert_eq!(
        (&post["type"], &post["platform"], &post["source"]),
        (&json!("post"), &json!("tiktok"), &json!("submitted"))
    );
    assert_eq!(page["data"][2]["source"], "brand_initiated");
    assert_eq!(post["external_id"], "7571863205253778701");
    assert_eq!(post["url"], "https://www.tiktok.com/@/video/7571863205253778701");
    assert!(post["video_id"].is_string() && post["account_video_ids"] == json!([]));
    assert_eq!((&post["account"], &post["creator"], &post["coverage"]), (&Value::Null, &Value::Null, &Value::Null));
    let metrics = post["metrics"].as_object().unwrap();
    assert_eq!(metrics.len(), 11);
    assert!(metrics.values().all(Value::is_null), "{metrics:?}");
    assert_eq!(
        (&post["metric_status"]["views"], &post["metric_status"]["impressions"]),
        (&json!("not_yet_scraped"), &json!("not_provided"))
    );
    assert_eq!(
        page["pagination"],
        json!({"next_cursor": null, "has_next": false, "limit": 50, "offset": null, "total_count": 3})
    );
    let prices = json!({"thousand_views": 2.5, "like": 1.0, "comment": 1.0, "share": 1.0, "save": 1.0});
    let prices: Value =
        domain::Platform::ALL.map(|platform| (platform.to_string(), prices.clone())).into_iter().collect();
    let meta = json!({"metrics": "lifetime", "start_date": null, "end_date": null,
        "rate_card": {"id": "test-1", "base": null, "currency": "EUR", "prices": prices}});
    assert_eq!(page["meta"], meta);
    assert_eq!((&page["filters"]["order_by"], &page["filters"]["date_basis"]), (&json!("views"), &json!("published")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_worth_what_the_card_says() {
    let api = Api::start().await;
    world(&api).await;
    set_counts(&api).await;
    let value = async |query: &str| {
        let page = api.get(&format!("/v2/posts?{query}")).await.expect(200).json();
        let of = |external: &str| {
            let rows = page["data"].as_array().unwrap();
            rows.iter().find(|row| row["external_id"] == external).unwrap()["metrics"].clone()
        };
        (of("7571863205253778701"), of("7571863205253778702"), page["meta"]["rate_card"].clone())
    };
    let (one, two, card) = value("").await;
    assert_eq!(one["engagements"], 130);
    assert_eq!((&one["engagement_rate"], &one["tmv"]), (&json!(6.5), &json!(135.0)), "2000 views at 2.5, and 130 at 1");
    assert_eq!((&two["views"], &two["tmv"], &two["engagement_rate"]), (&json!(1000), &json!(2.5), &Value::Null));
    assert_eq!(card["id"], "test-1");
    let (one, _, card) = value("rate_card=test-2").await;
    assert_eq!((&one["tmv"], &card["id"]), (&json!(150.0), &json!("test-2")));
    let (one, two, card) = value("rates=tiktok.like:0.05,tiktok.thousand_views:0.001&order_by=tmv").await;
    assert_eq!((&one["tmv"], &two["tmv"]), (&json!(35.002), &json!(0.001)));
    assert_eq!((&card["id"], &card["base"]), (&json!("custom"), &json!("test-1")));
    // What was paid with can be seen: the caller's prices, and the card's for everything else.
    let tiktok = json!({"thousand_views": 0.001, "like": 0.05, "comment": 1.0, "share": 1.0, "save": 1.0});
    assert_eq!((&card["prices"]["tiktok"], &card["prices"]["youtube"]["like"]), (&tiktok, &json!(1.0)));
}

/// Numbers for two of the posts, as if they had been read.
async fn set_counts(api: &Api) {
    use domain::{Observation, Platform, PostFacts, Precision, Reading};
    let known = |value| Reading::Known { value, precision: Precision::Exact };
    let policy = store::RecordPolicy {
        backoff: domain::backoff::Backoff {
            base: std::time::Duration::from_secs(1),
            cap: std::time::Duration::from_secs(9),
        },
        gone_confirm: std::time::Duration::from_hours(6),
        compact: true,
    };
    let source = |name| vec![domain::Source { name, channel: domain::Channel::Page }];
    let platform = store::PlatformPolicy {
        platform: Platform::Tiktok,
        sources: store::SourcePlan { profile: source("p"), feed: source("f"), post: source("o") },
        egresses: vec![domain::source::DIRECT.to_owned()],
        pages: store::Budget::default(),
        official: store::Budget::default(),
        breaker: store::Breaker { refusals_to_open: 3, waits: [std::time::Duration::from_mins(5); 4] },
    };
    let claims = store::ClaimPolicy {
        worker: "w".to_owned(),
        lease: std::time::Duration::from_mins(2),
        platforms: vec![platform.clone()],
    };
    let now: Timestamp = api.clock.now();
    for wake in api.store.offer_due(&platform, 100, std::time::Duration::ZERO, now).await.unwrap() {
        let store::Claim::Taken(job) = api.store.claim(&wake, &claims, now).await.unwrap() else { continue };
        let store::JobTarget::Post { external_id, .. } = &job.target else { continue };
        let mut facts = PostFacts::bare(Platform::Tiktok, external_id.clone());
        facts.create_time = Some(now);
        facts.metrics.views = match external_id.as_str() {
            "7571863205253778701" => known(2000),
            "7571863205253778702" => known(1000),
            _ => Reading::NOT_PROVIDED,
        };
        if external_id == "7571863205253778701" {
            (facts.metrics.likes, facts.metrics.comments) = (known(100), known(30));
            facts.author.username = Some("amy".to_owned());
        }
        let mut observation = Observation::ok("test.post");
        observation.posts = vec![facts];
        api.store.record(&job, &observation, &policy, now).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_shows_what_was_gained_and_how_much_was_seen() {
    let api = Api::start().await;
    let creator = world(&api).await;
    set_counts(&api).await;
    let today = domain::Day::of(api.clock.now());
    let window = format!("start_date={}&end_date={today}", today.plus(-89));
    let page =
        api.get(&format!("/v2/posts?metrics=range&{window}&date_basis=metric&order_by=views")).await.expect(200).json();
    assert_eq!(page["data"].as_array().unwrap().len(), 3, "{page}");
    // Published today, so all of it is gained today.
    assert_eq!(page["data"][0]["metrics"]["views"], 2000);
    assert_eq!(page["data"][0]["coverage"], json!({"days": 90, "observed_days": 1}));
    assert_eq!(page["data"][2]["metrics"]["views"], Value::Null);
    assert_eq!((&page["meta"]["metrics"], &page["meta"]["end_date"]), (&json!("range"), &json!(today)));
    let before = format!("start_date={}&end_date={}", today.plus(-9), today.plus(-1));
    let page = api.get(&format!("/v2/posts?metrics=range&{before}&date_basis=metric")).await.expect(200).json();
    assert!(ids(&page).is_empty());

    let members = api.get(&format!("/v2/members?metrics=range&{window}&include_total=true")).await.expect(200).json();
    let member = &members["data"][0];
    assert_eq!((&member["id"], &member["type"], &member["name"]), (&json!(creator), &json!("member"), &json!("Amy")));
    assert_eq!((&member["posts_known"], &member["posts_counted"]), (&json!(1), &json!(1)));
    assert_eq!((&member["metrics"]["views"], &member["counted"]["views"]), (&json!(2000), &json!(1)));
    assert_eq!(member["by_platform"]["tiktok"]["metrics"], member["metrics"]);
    assert_eq!(member["by_media_type"]["unknown"]["metrics"], member["metrics"]);
    assert_eq!(member["coverage"], json!({"days": 90, "posts": 1, "posts_observed": 1}));
    // A member's numbers are null for the reasons of its posts.
    let post = api.get(&format!("/v2/posts?creator_id={creator}")).await.expect(200).json();
    for (metric, why) in [("saves", "unsupported"), ("shares", "not_provided"), ("impressions", "not_provided")] {
        assert_eq!(
            (&member["metric_status"][metric], &post["data"][0]["metric_status"][metric]),
            (&json!(why), &json!(why))
        );
    }
    let never = json!({"name": "Bea"});
    let never = api.post("/v2/creators", &never).await.expect(201).id();
    let never = api.get(&format!("/v2/members?creator_id={never}")).await.expect(200).json();
    assert_eq!(never["data"][0]["metric_status"]["saves"], "not_yet_scraped");
    assert_eq!(members["pagination"]["total_count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_by_cursor_or_by_offset_and_not_by_both() {
    let api = Api::start().await;
    world(&api).await;
    let all = ids(&api.get("/v2/posts").await.expect(200).json());
    let first = api.get("/v2/posts?limit=2&offset=0").await.expect(200);
    let link = first.header("link").to_owned();
    assert!(link.contains("rel=\"next\"") && !link.contains("offset"), "{link}");
    let cursor = first.json()["pagination"]["next_cursor"].as_str().unwrap().to_owned();
    let by_cursor = api.get(&format!("/v2/posts?limit=2&cursor={cursor}")).await.expect(200).json();
    let by_offset = api.get("/v2/posts?limit=2&offset=2").await.expect(200).json();
    assert_eq!((ids(&by_cursor), ids(&by_offset)), (all[2..].to_vec(), all[2..].to_vec()));
    assert_eq!(by_offset["pagination"]["offset"], 2);
    let refused = api.get(&format!("/v2/posts?limit=2&cursor={cursor}&offset=2")).await.expect(422);
    assert_eq!(refused.invalid(), ["offset"]);
    for other in ["order_by=tmv", "platform=tiktok", "rates=tiktok.like:1", "rate_card=test-2"] {
        let refused = api.get(&format!("/v2/posts?cursor={cursor}&{other}")).await.expect(422);
        assert_eq!(refused.invalid(), ["cursor"], "{other}");
    }
    let tag = first.header("etag").to_owned();
    api.send("GET", "/v2/posts?limit=2&offset=0", &[("If-None-Match", &tag)], None).await.expect(304);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_makes_no_sense_is_named() {
    let api = Api::start().await;
    let today = domain::Day::of(api.clock.now());
    let tomorrow = today.plus(1);
    for (query, invalid) in [
        (
            "platform=x&media_type=x&source=x&status=x&metrics=x&date_basis=x",
            vec!["date_basis", "media_type", "metrics", "platform", "source", "status"],
        ),
        (
            "project_id=1&group_id=x&creator_id=-&account_id=4&client_id=5",
            vec!["account_id", "client_id", "creator_id", "group_id", "project_id"],
        ),
        ("start_date=2026-02-30", vec!["start_date"]),
        ("start_date=2026-01-01", vec!["end_date"]),
        ("end_date=2026-01-01", vec!["start_date"]),
        ("start_date=2026-02-01&end_date=2026-01-01", vec!["end_date"]),
        ("start_date=2020-01-01&end_date=2021-01-01", vec!["start_date"]),
        (&format!("start_date={today}&end_date={tomorrow}"), vec!["end_date"]),
        ("metrics=range", vec!["end_date", "start_date"]),
        ("rate_card=none", vec!["rate_card"]),
        ("rates=like:1", vec!["rates"]),
        ("rates=tiktok.like:-1", vec!["rates"]),
        ("rates=tiktok.like:1,tiktok.like:2", vec!["rates"]),
        ("order_by=saves&order_direction=up", vec!["order_by", "order_direction"]),
        ("limit=501&offset=-1&include_total=1", vec!["include_total", "limit", "offset"]),
        ("limit=0&offset=1000001&cursor=x", vec!["cursor", "limit", "offset"]),
        ("period=7d&client=1", vec!["client", "period"]),
    ] {
        for path in ["/v2/posts", "/v2/members"] {
            assert_eq!(api.get(&format!("{path}?{query}")).await.expect(422).invalid(), invalid, "{path}?{query}");
        }
    }
    let leap = format!("start_date={}&end_date={today}", today.plus(-365));
    for order in [
        "views",
        "impressions",
        "engagements",
        "engagement_rate",
        "tmv",
        "view_time",
        "likes",
        "comments",
        "shares",
        "create_time",
    ] {
        for path in ["/v2/posts", "/v2/members"] {
            api.get(&format!("{path}?{leap}&metrics=range&limit=500&order_by={order}")).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_about_the_keys_own_organization() {
    let api = Api::start().await;
    world(&api).await;
    let other = new_organization(&api.store, None).await;
    for path in ["/v2/posts", "/v2/members", "/v1/posts", "/v1/members"] {
        api.get(&format!("{path}?client_id={}", api.organization)).await.expect(200);
        for client in [other.to_string(), NOBODY.to_owned()] {
            api.get(&format!("{path}?client_id={client}")).await.expect(404);
        }
    }
    for scopes in ["read:social", "read"] {
        let key = format!("Bearer {}", api.key_with(scopes).await);
        for path in ["/v2/posts", "/v2/members"] {
            crate::harness::request(api.addr, "GET", path, &[("Authorization", &key)], b"").await.expect(200);
        }
    }
    let key = format!("Bearer {}", api.key_with("read:member").await);
    for (path, status) in [("/v2/posts", 403), ("/v2/members", 200), ("/v1/posts", 403), ("/v1/members", 422)] {
        crate::harness::request(api.addr, "GET", path, &[("Authorization", &key)], b"").await.expect(status);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_paths_answer_with_bare_lists_and_say_the_rest_in_headers() {
    let api = Api::start().await;
    let creator = world(&api).await;
    set_counts(&api).await;
    let own = format!("client_id={}", api.organization);
    let page = api.get(&format!("/v1/posts?{own}&limit=2")).await.expect(200);
    assert_eq!(page.header("x-total-count"), "3");
    let link = page.header("link").to_owned();
    assert!(link.contains("rel=\"first\"") && link.contains("limit=2&offset=2>; rel=\"next\""), "{link}");
    assert!(link.contains("offset=2>; rel=\"last\"") && !link.contains("rel=\"prev\""), "{link}");
    let posts = page.json();
    assert_eq!(posts.as_array().unwrap().len(), 2);
    let last = api.get(&format!("/v1/posts?{own}&limit=2&offset=2")).await.expect(200);
    assert!(last.header("link").contains("offset=0>; rel=\"prev\"") && !last.header("link").contains("rel=\"next\""));
    assert_eq!(last.json().as_array().unwrap().len(), 1);
    let all = api.get(&format!("/v1/posts?{own}&member_id={creator}")).await.expect(200).json();
    let post = &all[0];
    assert_eq!(all.as_array().unwrap().len(), 1);
    assert_eq!(
        (&post["network"], &post["mention_source"], &post["post_status"]),
        (&json!("tiktok"), &json!("submitted"), &json!("live"))
    );
    assert_eq!((&post["member"]["id"], &post["account"]["username"]), (&json!(creator), &json!("amy")));
    assert_eq!(
        (&post["views"], &post["engagement_rate"], &post["tmv"], &post["currency"]),
        (&json!(2000), &json!(6.5), &json!(135.0), &json!("EUR"))
    );
    assert_eq!(post["client_id"], json!(api.organization));
    for filter in [
        "network=youtube",
        "post_type=image",
        "mention_source=auto_discovered",
        "post_status=expired",
        "start_date=2020-01-01&end_date=2020-02-01",
        &format!("project_id={NOBODY}"),
        &format!("group_id={NOBODY}"),
    ] {
        let none = api.get(&format!("/v1/posts?{own}&{filter}")).await.expect(200);
        assert_eq!((none.json(), none.header("x-total-count")), (json!([]), "0"), "{filter}");
    }
    let members = api.get(&format!("/v1/members?{own}")).await.expect(200);
    assert_eq!(members.header("x-total-count"), "1");
    let member = &members.json()[0];
    assert_eq!(
        (&member["name"], &member["networks"], &member["post_count"]),
        (&json!("Amy"), &json!(["tiktok"]), &json!(1))
    );
    assert_eq!((&member["views"], &member["by_network"][0]["views"]), (&json!(2000), &json!(2000)));
    for path in ["/v1/posts", "/v1/members"] {
        assert_eq!(api.get(path).await.expect(422).invalid(), ["client_id"]);
        let refused =
            api.get(&format!("{path}?client_id=x&limit=501&offset=x&network=x&platform=tiktok&order_by=views")).await;
        assert_eq!(refused.expect(422).invalid(), ["client_id", "limit", "network", "offset", "order_by", "platform"]);
    }
}
