//! The whole first walk of an integrator: a key, an account, a video, a creator; polled until there are metrics.

use std::time::Duration;

use serde_json::{Value, json};
use tests::{Answer, Builder, Deployment, Pair, Platforms, on_every_pair, poll_until, poll_within};

on_every_pair!(
    a_new_account_is_scraped_and_its_posts_are_found,
    a_video_added_by_hand_gets_its_metrics,
    a_creator_gathers_accounts_and_lets_them_go,
    the_service_tells_who_and_what_it_is,
    an_idle_service_scrapes_a_new_account_at_once,
);

async fn deployment(pair: Pair) -> Deployment {
    Builder::new(pair).platforms(Platforms::Sandbox).start().await
}

/// The path that a 201 points to, which must answer with what was made.
async fn made(deployment: &Deployment, answer: &Answer, path: &str) -> (String, Value) {
    let data = answer.data(201);
    let id = data["id"].as_str().expect("an id").to_owned();
    let location = format!("{path}/{id}");
    assert!(answer.must_header("location").ends_with(&location), "{:?}", answer.headers);
    assert_eq!(deployment.client.get(&location).await.data(200)["id"], data["id"]);
    (location, data)
}

async fn the_service_tells_who_and_what_it_is(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = &deployment.client;
    let whoami = client.get("/v2/whoami").await.data(200);
    assert_eq!(whoami["organization_id"], deployment.organization.as_str());
    assert_eq!((&whoami["api_key_name"], &whoami["type"]), (&json!("suite"), &json!("whoami")));
    let anyone = client.without_key();
    assert_eq!(anyone.get("/v2/health").await.data(200)["status"], "ok");
    let meta = anyone.get("/v2/meta").await.data(200);
    assert_eq!((&meta["api_version"], &meta["status"]), (&json!("v2"), &json!("current")));
    let openapi = anyone.get("/v2/openapi.json").await;
    openapi.assert_status(200);
    let openapi = openapi.json();
    assert_eq!((&openapi["openapi"], &openapi["info"]["title"]), (&json!("3.1.0"), &json!("CreatorAudit API v2")));
    let documented = openapi["paths"].as_object().expect("paths");
    for collection in ["/v2/accounts", "/v2/videos", "/v2/account-videos", "/v2/creators"] {
        assert!(documented[collection]["get"].is_object(), "{collection} is not documented");
        let one = documented.keys().any(|path| path.starts_with(&format!("{collection}/{{")));
        assert!(one, "one of {collection} is not documented");
    }
    deployment.terminate_all().await;
}

async fn a_new_account_is_scraped_and_its_posts_are_found(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let body = json!({
        "platform": "tiktok", "username": "https://www.tiktok.com/@Tour.Guide?lang=en", "category": "travel",
        "metadata": {"team": "north"}, "scrape_interval_hours": 48,
    });
    let (path, account) = made(&deployment, &client.post("/v2/accounts", &body).await, "/v2/accounts").await;
    for (field, value) in [
        ("type", json!("account")),
        ("platform", json!("tiktok")),
        ("username", json!("tour.guide")),
        ("category", json!("travel")),
        ("metadata", json!({"team": "north"})),
        ("scrape_interval_hours", json!(48)),
        ("is_active", json!(true)),
        ("last_scrape_time", Value::Null),
        ("first_scrape_time", Value::Null),
        ("follower_count", Value::Null),
    ] {
        assert_eq!(account[field], value, "{field} of {account}");
    }
    assert_eq!(account["metric_status"]["follower_count"], "not_yet_scraped", "{account}");
    let scraped = deployment.scraped(&path).await;
    assert_eq!(scraped["freshness"]["state"], "fresh", "{scraped}");
    assert_eq!(scraped["freshness"]["last_attempt_outcome"], "ok", "{scraped}");
    assert!(scraped["first_scrape_time"].is_string(), "{scraped}");
    // The stand-in platform only ever grows, so what was recorded lies at or below what it says now.
    let followers = scraped["follower_count"].as_i64().expect("followers are known");
    let now = followers_on_the_page(&mut deployment).await;
    assert!(followers > 0 && followers <= now, "{followers} recorded, {now} on the page");

    let listed = format!("/v2/account-videos?account_id={}", account["id"].as_str().expect("an id"));
    let videos = poll_until("the feed's posts have metrics", async || {
        let rows = client.get(&listed).await.rows();
        let read = |row: &Value| !row["last_scrape_time"].is_null() && row["like_count"].is_i64();
        (!rows.is_empty() && rows.iter().all(read)).then_some(rows)
    })
    .await;
    for video in &videos {
        assert!(video["id"].is_i64() && video["type"] == "account_video", "{video}");
        assert_eq!(video["account_id"], account["id"], "{video}");
        assert_eq!(video["account_username"], "tour.guide", "{video}");
        assert_eq!(video["play_count"], video["view_count"], "TikTok has no plays apart from views: {video}");
        assert!(video["create_time"].is_string() && video["url"].is_string(), "{video}");
    }
    let one = format!("/v2/account-videos/{}", videos[0]["id"]);
    assert_eq!(client.get(&one).await.data(200)["external_id"], videos[0]["external_id"]);

    let account = client.get(&path).await.data(200);
    assert_eq!(account["total_post_count"].as_u64(), Some(videos.len() as u64), "{account}");
    let views: i64 = videos.iter().filter_map(|video| video["view_count"].as_i64()).sum();
    assert!(account["view_count"].as_i64().is_some_and(|sum| sum >= views && views > 0), "{views} of {account}");

    let change = json!({"category": null, "is_active": false, "metadata": {"team": "south"}});
    let patched = client.patch(&path, &change).await.data(200);
    assert_eq!((&patched["category"], &patched["is_active"]), (&Value::Null, &json!(false)), "{patched}");
    assert_eq!(patched["metadata"], json!({"team": "south"}));
    assert_eq!(patched["freshness"]["state"], "paused", "{patched}");
    assert_eq!(patched["follower_count"], account["follower_count"], "a pause keeps what is known");
    client.delete(&path).await.assert_status(204);
    client.get(&path).await.assert_problem(404, "NOT_FOUND");
    assert!(client.get("/v2/accounts").await.rows().is_empty());
    assert!(client.get("/v2/account-videos").await.rows().is_empty());
    deployment.terminate_all().await;
}

async fn followers_on_the_page(deployment: &mut Deployment) -> i64 {
    let sandbox = deployment.sandbox();
    let page = sandbox.page(&format!("{}/@tour.guide", sandbox.tiktok_url())).await;
    let (_, rest) = page.rsplit_once(r#""followerCount":"#).expect("the page counts followers");
    let digits: String = rest.trim_start_matches([' ', '"']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a number of followers")
}

async fn a_video_added_by_hand_gets_its_metrics(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let tiktok =
        json!({"platform": "tiktok", "identifier": "https://www.tiktok.com/@someone/video/7571863205253778710"});
    let (path, video) = made(&deployment, &client.post("/v2/videos", &tiktok).await, "/v2/videos").await;
    assert_eq!((&video["type"], &video["external_id"]), (&json!("video"), &json!("7571863205253778710")), "{video}");
    assert!(video["last_scrape_time"].is_null() && video["shortcode"].is_null(), "{video}");
    let video = deployment.scraped(&path).await;
    for metric in ["view_count", "like_count", "comment_count", "share_count", "play_count"] {
        assert!(video[metric].as_i64().is_some_and(|count| count >= 0), "{metric} of {video}");
    }
    assert_eq!((&video["status"], &video["is_unavailable"]), (&json!("live"), &json!(false)), "{video}");
    // TikTok's collections are no saves: the metric is null by contract, and the platform's number stands beside it.
    assert_eq!((&video["saved_count"], &video["metric_status"]["saved_count"]), (&Value::Null, &json!("unsupported")));
    assert!(video["platform_data"]["collect_count"].is_i64(), "{video}");

    let instagram =
        json!({"platform": "instagram", "identifier": "https://www.instagram.com/reel/DdG4RIxIPyf/?igsh=x"});
    let (path, _) = made(&deployment, &client.post("/v2/videos", &instagram).await, "/v2/videos").await;
    let reel = deployment.scraped(&path).await;
    assert_eq!((&reel["shortcode"], &reel["external_id"]), (&json!("DdG4RIxIPyf"), &json!("3983118388705688735")));
    assert!(reel["like_count"].is_i64(), "{reel}");
    assert_eq!(reel["share_count"], Value::Null, "Instagram shows guests no shares: {reel}");
    assert!(reel["metric_status"]["share_count"].is_string(), "{reel}");

    let again = json!({"platform": "instagram", "identifier": "3983118388705688735"});
    let problem = client.post("/v2/videos", &again).await.assert_problem(409, "CONFLICT");
    assert_eq!(problem["existing_id"], reel["id"]);
    assert_eq!(client.get("/v2/videos?platform=instagram").await.rows().len(), 1);
    let patched = client.patch(&path, &json!({"scrape_interval_hours": 720})).await.data(200);
    assert_eq!(patched["scrape_interval_hours"], 720);
    client.delete(&path).await.assert_status(204);
    client.get(&path).await.assert_problem(404, "NOT_FOUND");
    deployment.terminate_all().await;
}

async fn a_creator_gathers_accounts_and_lets_them_go(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let creator = json!({"name": "Ada", "metadata": {"tier": 1}});
    let (creator_path, creator) = made(&deployment, &client.post("/v2/creators", &creator).await, "/v2/creators").await;
    let mut accounts = Vec::new();
    for (platform, username) in [("tiktok", "ada.moves"), ("instagram", "ada_pictures")] {
        let body = json!({"platform": platform, "username": username});
        accounts.push(made(&deployment, &client.post("/v2/accounts", &body).await, "/v2/accounts").await);
    }
    for (_, account) in &accounts {
        let link = format!("{creator_path}/accounts/{}", account["id"].as_str().expect("an id"));
        let first = client.put(&link).await;
        first.assert_status(201);
        assert!(first.header("location").is_some(), "{:?}", first.headers);
        client.put(&link).await.assert_status(200);
    }
    for (path, _) in &accounts {
        let account = deployment.scraped(path).await;
        assert_eq!((&account["creator_id"], &account["creator_name"]), (&creator["id"], &json!("Ada")), "{account}");
    }
    let summary = client.get(&creator_path).await.data(200)["accounts_summary"].clone();
    assert_eq!(summary["total"], 2, "{summary}");
    assert_eq!(
        (&summary["platforms"]["tiktok"], &summary["platforms"]["instagram"]),
        (&json!(1), &json!(1)),
        "{summary}"
    );
    assert!(summary["total_followers"].as_i64().is_some_and(|total| total > 0), "{summary}");
    let filter = format!("/v2/accounts?creator_id={}", creator["id"].as_str().expect("an id"));
    assert_eq!(client.get(&filter).await.rows().len(), 2);

    let other = client.post("/v2/creators", &json!({"name": "Grace"})).await.data(201);
    let taken = format!("/v2/creators/{}/accounts/{}", text(&other), text(&accounts[0].1));
    client.put(&taken).await.assert_problem(409, "CONFLICT");
    client.delete(&format!("{creator_path}/accounts/{}", text(&accounts[1].1))).await.assert_status(204);
    assert_eq!(client.get(&filter).await.rows().len(), 1);

    let paused = client.patch(&creator_path, &json!({"is_active": false})).await.data(200);
    assert_eq!(paused["is_active"], false);
    assert_eq!(client.get(&accounts[0].0).await.data(200)["freshness"]["state"], "paused");
    client.delete(&creator_path).await.assert_status(204);
    let freed = client.get(&accounts[0].0).await.data(200);
    assert_eq!((&freed["creator_id"], &freed["creator_name"]), (&Value::Null, &Value::Null), "{freed}");
    deployment.terminate_all().await;
}

fn text(resource: &Value) -> &str {
    resource["id"].as_str().expect("an id")
}

async fn an_idle_service_scrapes_a_new_account_at_once(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    // The first one warms what is made on first use.
    for username in ["warm.up", "on.time"] {
        let body = json!({"platform": "tiktok", "username": username});
        let path = format!("/v2/accounts/{}", text(&client.post("/v2/accounts", &body).await.data(201)));
        let deadline = if username == "warm.up" { Duration::from_mins(1) } else { Duration::from_secs(5) };
        poll_within(deadline, "an account on an idle service is scraped at once", async || {
            let account = client.get(&path).await.data(200);
            (!account["last_scrape_time"].is_null()).then_some(())
        })
        .await;
    }
    deployment.terminate_all().await;
}
