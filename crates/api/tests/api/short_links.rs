//! Short links: followed once, at creation, and never kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use api::{ExpandFailure, ExpandLinks, Expanding};
use domain::Platform;
use serde_json::{Value, json};
use url::Url;

use crate::harness::{Api, Reply};

/// A platform that knows a few links, and counts how often it is asked.
struct Known {
    links: BTreeMap<&'static str, Result<&'static str, ExpandFailure>>,
    asked: AtomicUsize,
}

impl Known {
    fn new(links: impl IntoIterator<Item = (&'static str, Result<&'static str, ExpandFailure>)>) -> Arc<Self> {
        Arc::new(Self { links: links.into_iter().collect(), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl ExpandLinks for Known {
    fn expand<'a>(&'a self, _: Platform, link: &'a Url) -> Expanding<'a> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            // Long enough for a twin to come meanwhile.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let long = self.links.get(link.as_str()).unwrap_or_else(|| panic!("{link} is not what was to be asked"));
            long.clone().map(|long| Url::parse(long).unwrap())
        })
    }
}

const REEL: &str = "https://www.instagram.com/reel/CN2VQ1yI_MA/?igsh=abc";

async fn add(api: &Api, path: &str, body: &Value, key: Option<&str>) -> Reply {
    let headers: Vec<_> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
    api.send("POST", path, &headers, Some(body)).await
}

/// The one message of a 422.
fn message(reply: &Reply) -> String {
    let body = reply.json();
    assert_eq!(body["errors"].as_array().map(Vec::len), Some(1), "{body}");
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_link_is_the_post_that_it_leads_to() {
    let links = Known::new([
        ("https://www.instagram.com/share/reel/BAabc/", Ok(REEL)),
        ("https://vm.tiktok.com/ZM8abc/", Ok("https://www.tiktok.com/@anna/video/7571863205253778710?_r=1")),
        ("https://pin.it/4AbC", Ok("https://www.pinterest.com/pin/99360735500167749/sent/?invite_code=1")),
    ]);
    let api = Api::with_links(links.clone()).await;
    for (platform, link, external_id) in [
        ("instagram", "https://www.instagram.com/share/reel/BAabc/?igsh=x", "2555323354817229568"),
        ("tiktok", "vm.tiktok.com/ZM8abc/", "7571863205253778710"),
        ("pinterest", "https://pin.it/4AbC", "99360735500167749"),
    ] {
        let body = json!({"platform": platform, "identifier": link});
        let created = api.post("/v2/videos", &body).await.expect(201);
        assert_eq!(created.json()["data"]["external_id"], external_id);
        for form in [link, external_id] {
            let again = json!({"platform": platform, "identifier": form});
            let refused = api.post("/v2/videos", &again).await.expect(409);
            assert_eq!(refused.json()["existing_id"], created.id().as_str(), "{form}");
        }
    }
    assert_eq!(links.asked(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_link_is_the_profile_that_it_leads_to() {
    let links = Known::new([
        ("https://www.instagram.com/share/BAabc", Ok("https://www.instagram.com/NatGeo?igsh=1")),
        ("https://vm.tiktok.com/ZM8abc/", Ok("https://www.tiktok.com/@Anna?_r=1")),
    ]);
    let api = Api::with_links(links.clone()).await;
    let body = json!({"platform": "instagram", "username": "https://www.instagram.com/share/BAabc", "category": "x"});
    let created = api.post("/v2/accounts", &body).await.expect(201).json();
    assert_eq!((&created["data"]["username"], &created["data"]["category"]), (&json!("natgeo"), &json!("x")));
    api.post("/v2/accounts", &json!({"platform": "instagram", "username": "natgeo"})).await.expect(409);
    let body = json!({"platform": "tiktok", "username": "https://vm.tiktok.com/ZM8abc/"});
    assert_eq!(api.post("/v2/accounts", &body).await.expect(201).json()["data"]["username"], "anna");
    assert_eq!(links.asked(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_leads_to_nothing_of_the_kind_is_invalid_and_says_so() {
    let dead = ExpandFailure::Unresolvable { detail: "this link leads nowhere any more".to_owned() };
    let links = Known::new([
        ("https://vm.tiktok.com/ZMdead/", Err(dead)),
        ("https://vm.tiktok.com/ZMhome/", Ok("https://www.tiktok.com/foryou?token=hunter2")),
        ("https://vm.tiktok.com/ZMaway/", Ok("https://evil.example/@anna/video/7571863205253778710")),
        ("https://vm.tiktok.com/ZMloop/", Ok("https://vm.tiktok.com/ZMloop/")),
        ("https://vm.tiktok.com/ZMvideo/", Ok("https://www.tiktok.com/@anna/video/7571863205253778710")),
    ]);
    let api = Api::with_links(links).await;
    for (code, why) in [
        ("ZMdead", "this link leads nowhere any more"),
        ("ZMhome", "it leads to www.tiktok.com/foryou, which is not a post's address"),
        ("ZMaway", "it leads to evil.example/@anna/video/7571863205253778710, which is not a post's address"),
        ("ZMloop", "it leads to vm.tiktok.com/ZMloop/, which is not a post's address"),
    ] {
        let body = json!({"platform": "tiktok", "identifier": format!("https://vm.tiktok.com/{code}/")});
        let refused = api.post("/v2/videos", &body).await.expect(422);
        assert_eq!(refused.invalid(), ["identifier"]);
        assert_eq!(message(&refused), format!("is a short link that could not be resolved: {why}"));
    }
    let body = json!({"platform": "tiktok", "username": "https://vm.tiktok.com/ZMvideo/"});
    let refused = api.post("/v2/accounts", &body).await.expect(422);
    assert_eq!(refused.invalid(), ["username"]);
    assert!(message(&refused).ends_with("which is not a profile's address"), "{}", message(&refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_platform_is_503_and_is_not_remembered() {
    let busy = ExpandFailure::Busy { retry_after: Duration::from_millis(3_200) };
    let links = Known::new([("https://pin.it/4AbC", Err(busy))]);
    let api = Api::with_links(links.clone()).await;
    let body = json!({"platform": "pinterest", "identifier": "https://pin.it/4AbC"});
    for key in [None, Some("order-1"), Some("order-1")] {
        let refused = add(&api, "/v2/videos", &body, key).await.expect(503);
        assert_eq!(refused.header("retry-after"), "4");
        assert_eq!(refused.json()["code"], "SERVICE_UNAVAILABLE");
        assert!(!refused.headers.contains_key("idempotency-replayed"));
    }
    assert_eq!(links.asked(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_is_answered_without_following_the_link_again() {
    let dead = ExpandFailure::Unresolvable { detail: "it is dead".to_owned() };
    let links = Known::new([
        ("https://www.instagram.com/share/BAabc", Ok(REEL)),
        ("https://www.instagram.com/share/BAdead", Err(dead)),
    ]);
    let api = Api::with_links(links.clone()).await;
    for (at, (code, status)) in [("BAabc", 201), ("BAdead", 422)].into_iter().enumerate() {
        let body = json!({"platform": "instagram", "identifier": format!("https://www.instagram.com/share/{code}")});
        let first = add(&api, "/v2/videos", &body, Some(code)).await.expect(status);
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let again = add(&api, "/v2/videos", &body, Some(code)).await.expect(status);
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(links.asked(), at + 1);
    }
    // Another request under a used key is refused before anybody is asked.
    let body = json!({"platform": "instagram", "identifier": "https://www.instagram.com/share/BAother"});
    let refused = add(&api, "/v2/videos", &body, Some("BAabc")).await.expect(422);
    assert_eq!(refused.invalid(), ["Idempotency-Key"]);
    assert_eq!(links.asked(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twins_with_one_key_and_one_link_make_one_video() {
    let links = Known::new([("https://www.instagram.com/share/BAabc", Ok(REEL))]);
    let api = Api::with_links(links).await;
    let body = json!({"platform": "instagram", "identifier": "https://www.instagram.com/share/BAabc"});
    let twins = futures_util::future::join_all((0..8).map(|_| add(&api, "/v2/videos", &body, Some("order-1")))).await;
    assert!(twins.iter().all(|reply| matches!(reply.status, 201 | 409)), "{twins:?}");
    assert!(twins.iter().any(|reply| reply.status == 201));
    let page = api.get("/v2/videos?include_total=true").await.expect(200).json();
    assert_eq!(page["pagination"]["total_count"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_body_follows_no_link() {
    let links = Known::new([]);
    let api = Api::with_links(links.clone()).await;
    for body in [
        json!({"platform": "tiktok", "identifier": "https://vm.tiktok.com/ZM8abc/", "scrape_interval_hours": 0}),
        json!({"platform": "tiktok", "identifier": "https://pin.it/4AbC"}),
        json!({"platform": "myspace", "identifier": "https://pin.it/4AbC"}),
    ] {
        api.post("/v2/videos", &body).await.expect(422);
    }
    assert_eq!(links.asked(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_anybody_to_follow_it_a_short_link_is_invalid() {
    let api = Api::start().await;
    for (path, body) in [
        ("/v2/videos", json!({"platform": "pinterest", "identifier": "https://pin.it/4AbC"})),
        ("/v2/accounts", json!({"platform": "instagram", "username": "https://www.instagram.com/share/BAabc"})),
    ] {
        let refused = api.post(path, &body).await.expect(422);
        assert_eq!(message(&refused), "is a short link; give the address that it leads to in a browser");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn youtube_and_pinterest_are_tracked_by_every_form_of_their_addresses() {
    let api = Api::start().await;
    for (platform, first, other, username) in [
        ("youtube", "https://www.youtube.com/@NASA/videos", "@nasa", "nasa"),
        (
            "youtube",
            "youtube.com/channel/UCX6OQ3DkcsbYNE6H8uQQuVA",
            "UCX6OQ3DkcsbYNE6H8uQQuVA",
            "UCX6OQ3DkcsbYNE6H8uQQuVA",
        ),
        ("pinterest", "https://www.pinterest.de/NASA/_saved/", "nasa", "nasa"),
    ] {
        let created = api.post("/v2/accounts", &json!({"platform": platform, "username": first})).await.expect(201);
        assert_eq!(created.json()["data"]["username"], username);
        api.post("/v2/accounts", &json!({"platform": platform, "username": other})).await.expect(409);
    }
    for (platform, first, other, url) in [
        ("youtube", "https://youtu.be/dQw4w9WgXcQ?si=x", "dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
        (
            "pinterest",
            "https://br.pinterest.com/pin/a-pie--99360735500167749/",
            "99360735500167749",
            "https://www.pinterest.com/pin/99360735500167749/",
        ),
    ] {
        let created = api.post("/v2/videos", &json!({"platform": platform, "identifier": first})).await.expect(201);
        assert_eq!((&created.json()["data"]["url"], &created.json()["data"]["shortcode"]), (&json!(url), &Value::Null));
        api.post("/v2/videos", &json!({"platform": platform, "identifier": other})).await.expect(409);
    }
}
