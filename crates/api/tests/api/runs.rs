//! Runs on the wire: every field, lists, and what others may not see.

use serde_json::{Value, json};

use crate::harness::{Api, new_key, new_organization, request};

const FIELDS: [&str; 18] = [
    "adapter",
    "attempts",
    "detail",
    "duration_ms",
    "finished_at",
    "http_status",
    "id",
    "kind",
    "outcome",
    "platform",
    "queued_at",
    "request_id",
    "started_at",
    "status",
    "target",
    "trigger",
    "type",
    "worker",
];

async fn tracked(api: &Api, handle: &str) -> (String, String) {
    let made = api.post("/v2/accounts", &json!({"platform": "tiktok", "username": handle})).await.expect(201);
    (made.id(), made.header("x-request-id").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_queues_a_read_can_be_followed_by_its_run() {
    let api = Api::start().await;
    let (account, request_id) = tracked(&api, "someone").await;
    let page = api.get("/v2/runs?include_total=true").await.expect(200).json();
    let run = &page["data"][0];
    let mut members: Vec<_> = run.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, FIELDS);
    assert_eq!(run["target"], json!({"type": "account", "id": account}));
    assert_eq!((&run["type"], &run["kind"], &run["platform"]), (&json!("run"), &json!("profile"), &json!("tiktok")));
    assert_eq!((&run["trigger"], &run["status"]), (&json!("created"), &json!("queued")));
    assert_eq!((&run["request_id"], &run["attempts"]), (&json!(request_id), &json!(0)));
    for field in ["outcome", "started_at", "finished_at", "duration_ms", "http_status", "adapter", "detail", "worker"] {
        assert_eq!(run[field], Value::Null, "{field}");
    }
    assert_eq!(page["pagination"]["total_count"], 1);
    let path = format!("/v2/runs/{}", run["id"].as_str().unwrap());
    let one = api.get(&path).await.expect(200);
    assert_eq!(one.json()["data"], *run);
    api.send("GET", &path, &[("If-None-Match", one.header("etag"))], None).await.expect(304);
    let listed = api.get(&format!("/v2/accounts/{account}/runs")).await.expect(200).json();
    assert_eq!(listed["data"], page["data"]);
    assert_eq!(listed["filters"]["target"], account.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_combine_and_a_cursor_belongs_to_its_target() {
    let api = Api::start().await;
    let (one, request_id) = tracked(&api, "one").await;
    let (two, _) = tracked(&api, "two").await;
    for (query, count) in [
        (format!("target={one}"), 1),
        (format!("target={one}&status=queued"), 1),
        (format!("target={one}&status=running"), 0),
        ("outcome=ok".to_owned(), 0),
        (format!("request_id={request_id}"), 1),
        (format!("request_id={request_id}&target={two}"), 0),
        ("target=7".to_owned(), 0),
        ("order_by=queued_at&order_direction=asc".to_owned(), 2),
    ] {
        let page = api.get(&format!("/v2/runs?{query}")).await.expect(200).json();
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    let refused = api.get("/v2/runs?status=done&outcome=fine&target=x&order_by=id&colour=red").await.expect(422);
    assert_eq!(refused.invalid(), ["colour", "order_by", "outcome", "status", "target"]);
    assert_eq!(api.get(&format!("/v2/accounts/{one}/runs?target={two}")).await.expect(422).invalid(), ["target"]);
    for path in ["/v2/runs".to_owned(), format!("/v2/accounts/{one}/runs")] {
        assert_eq!(api.get(&format!("{path}?request_id=")).await.expect(422).invalid(), ["request_id"]);
    }
    let page = api.get("/v2/runs?limit=1").await.expect(200).json();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let next = api.get(&format!("/v2/runs?limit=1&cursor={cursor}")).await.expect(200).json();
    assert_ne!(next["data"][0]["id"], page["data"][0]["id"]);
    api.get(&format!("/v2/accounts/{one}/runs?cursor={cursor}")).await.expect(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_runs_and_targets_are_not_there() {
    let api = Api::start().await;
    let (account, request_id) = tracked(&api, "someone").await;
    let body = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
    let video = api.post("/v2/videos", &body).await.expect(201).id();
    let run = api.get("/v2/runs").await.expect(200).json()["data"][0]["id"].as_str().unwrap().to_owned();
    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "read,write", None).await);
    let send = async |method: &str, path: &str| {
        request(api.addr, method, path, &[("Authorization", bearer.as_str())], b"").await
    };
    for path in [
        format!("/v2/runs/{run}"),
        "/v2/runs/none".to_owned(),
        format!("/v2/accounts/{account}/runs"),
        format!("/v2/videos/{video}/runs"),
        "/v2/account-videos/1/runs".to_owned(),
    ] {
        send("GET", &path).await.expect(404);
    }
    for path in [format!("/v2/accounts/{account}/refresh"), format!("/v2/videos/{video}/refresh")] {
        send("POST", &path).await.expect(404);
    }
    for query in [String::new(), format!("?request_id={request_id}"), format!("?target={account}")] {
        assert_eq!(send("GET", &format!("/v2/runs{query}")).await.expect(200).json()["data"], json!([]));
    }
}
