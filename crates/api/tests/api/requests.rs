//! What is left of each call, and who may look it up.

use std::time::{Duration, Instant};

use api::LimiterConfig;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::{Api, Reply, new_key, new_organization, request};

/// Looks a call up until it is there: the record is written a moment later.
async fn recorded(api: &Api, id: &str) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let reply = api.get(&format!("/v2/requests/{id}")).await;
        if reply.status == 200 {
            return reply.json()["data"].clone();
        }
        assert!(Instant::now() < end, "the call {id} is never recorded");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until so many calls are recorded.
async fn until_written(api: &Api, calls: u64) {
    let end = Instant::now() + Duration::from_secs(20);
    while api.handle.request_events_written() < calls {
        assert!(Instant::now() < end, "{} of {calls} calls are recorded", api.handle.request_events_written());
        sleep(Duration::from_millis(20)).await;
    }
}

async fn with_id(api: &Api, method: &str, path: &str, id: &str, body: Option<&Value>) -> Reply {
    api.send(method, path, &[("X-Request-ID", id)], body).await
}

#[tokio::test]
async fn every_field_of_a_call_is_remembered() {
    let api = Api::start().await;
    let key = api.key_with("write:tracking").await;
    let bearer = format!("Bearer {key}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
        ("X-Request-ID", "ticket-4711"),
        ("User-Agent", "python-requests/2.32"),
        ("Idempotency-Key", "order-17"),
    ];
    let body = json!({"platform": "tiktok", "username": "nasa"}).to_string();
    let made = request(api.addr, "POST", "/v2/accounts", &headers, body.as_bytes()).await.expect(201);
    let call = recorded(&api, "ticket-4711").await;
    assert_eq!(call["type"], "request");
    assert_eq!(call["request_id"], "ticket-4711");
    assert_eq!(call["time"], api.clock.now().to_string());
    assert_eq!(call["api_key"]["name"], "test key");
    assert_eq!(call["method"], "POST");
    assert_eq!(call["route"], "/v2/accounts");
    assert_eq!(call["path"], "/v2/accounts");
    assert_eq!(call["status"], 201);
    assert_eq!(call["code"], Value::Null);
    assert!(call["duration_ms"].as_f64().unwrap() > 0.0, "{call}");
    assert_eq!(call["client_address"], "127.0.0.0/24");
    assert_eq!(call["user_agent"], "python-requests/2.32");
    assert_eq!(call["idempotency_key"], "order-17");
    assert_eq!(call["resources"], json!([made.id()]));
    assert_eq!(call["other_calls"], json!([]));
    assert!(call["runs"].is_array());
    let keys = api.store.keys(Some(api.organization)).await.unwrap();
    let used = keys.iter().find(|known| json!(known.id) == call["api_key"]["id"]);
    assert!(used.is_some(), "{call}");
}

#[tokio::test]
async fn a_refused_call_is_remembered_with_its_code_and_without_its_query() {
    let api = Api::start().await;
    let id = "019a0000-0000-7000-8000-000000000001";
    let path = format!("/v2/accounts/{id}?secret=hunter2");
    with_id(&api, "GET", &path, "wrong-1", None).await.expect(422);
    let call = recorded(&api, "wrong-1").await;
    assert_eq!(call["code"], "VALIDATION_ERROR");
    assert_eq!(call["status"], 422);
    assert_eq!(call["route"], "/v2/accounts/{account_id}");
    assert_eq!(call["path"], format!("/v2/accounts/{id}"));
    assert_eq!(call["resources"], json!([id]));
    with_id(&api, "GET", "/v2/nowhere", "wrong-2", None).await.expect(404);
    let call = recorded(&api, "wrong-2").await;
    assert_eq!((call["route"].as_str(), call["path"].as_str()), (Some(""), Some("/v2/nowhere")));
}

#[tokio::test]
async fn the_newest_call_of_an_id_comes_first_and_the_others_are_listed() {
    let api = Api::start().await;
    for number in 0..53 {
        with_id(&api, "GET", &format!("/v2/nowhere/{number}"), "always-the-same", None).await.expect(404);
        api.clock.advance(Duration::from_millis(1));
    }
    until_written(&api, 53).await;
    let call = recorded(&api, "always-the-same").await;
    assert_eq!(call["path"], "/v2/nowhere/52");
    let others = call["other_calls"].as_array().unwrap();
    assert_eq!(others.len(), 50);
    assert_eq!((&others[0]["path"], &others[49]["path"]), (&json!("/v2/nowhere/51"), &json!("/v2/nowhere/2")));
}

#[tokio::test]
async fn a_call_is_nobody_elses_and_what_is_no_id_is_not_found_alike() {
    let api = Api::start().await;
    with_id(&api, "GET", "/v2/accounts", "mine", None).await.expect(200);
    recorded(&api, "mine").await;
    let other = new_organization(&api.store, None).await;
    let key = format!("Bearer {}", new_key(&api.store, other, "read,read:support", None).await);
    let ask = async |path: &str| {
        let headers = [("Authorization", key.as_str()), ("X-Request-ID", "the-asking")];
        request(api.addr, "GET", path, &headers, b"").await.expect(404).json()
    };
    let mut answers = Vec::new();
    for path in ["/v2/requests/mine", "/v2/requests/nobodys", "/v2/requests/no%20id"] {
        let mut answer = ask(path).await;
        answer["instance"] = Value::Null;
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
}

#[tokio::test]
async fn looking_calls_up_needs_the_scope_for_support() {
    let api = Api::start().await;
    for (scopes, status) in [("read", 403), ("read:support", 404), ("admin", 404)] {
        let bearer = format!("Bearer {}", api.key_with(scopes).await);
        let reply = request(api.addr, "GET", "/v2/requests/x", &[("Authorization", &bearer)], b"").await;
        assert_eq!(reply.status, status, "{scopes}");
    }
}

#[tokio::test]
async fn a_call_without_a_good_key_is_noted_and_an_open_one_is_not() {
    let api = Api::start().await;
    let ask = async |path: &str, key: Option<&str>, status: u16| {
        let headers: Vec<_> = key.map(|key| ("Authorization", key)).into_iter().collect();
        request(api.addr, "GET", path, &headers, b"").await.expect(status);
    };
    ask("/v2/health", None, 200).await;
    ask("/v2/nowhere", None, 404).await;
    ask("/v2/accounts", None, 401).await;
    ask("/v2/accounts", Some("Bearer ca_no_key"), 401).await;
    let bearer = format!("Bearer {}", api.key);
    ask("/v2/accounts", Some(&bearer), 200).await;
    api.handle.stop().await;
    assert_eq!((api.handle.request_events_written(), api.handle.request_events_lost()), (3, 0));
}

#[tokio::test]
async fn a_refused_key_is_noted_by_its_public_beginning_and_nothing_more_of_it() {
    let api = Api::start().await;
    let ended = new_key(&api.store, api.organization, "read", Some(api.clock.now())).await;
    let bearer = format!("Bearer {ended}");
    let path = format!("/v2/accounts?key={ended}");
    let headers = [("Authorization", bearer.as_str()), ("X-Request-ID", "refused"), ("User-Agent", ended.as_str())];
    request(api.addr, "GET", &path, &headers, b"").await.expect(401);
    api.handle.stop().await;
    let story = api.store.trace_request("refused", 10, api.clock.now()).await.unwrap();
    let call = &story.calls[0];
    assert_eq!((call.organization_id, call.api_key_id), (None, None));
    assert_eq!(call.api_key_name.as_deref(), Some(format!("{}…", &ended[..11]).as_str()));
    assert_eq!((call.status, call.code.as_deref(), call.process.as_str()), (401, Some("UNAUTHORIZED"), "test"));
    assert!(!format!("{story:?}").contains(&ended[..20]), "{story:?}");
}

#[tokio::test]
async fn an_order_to_stop_writes_what_is_waiting() {
    let api = Api::with(10_000, LimiterConfig::Memory).await;
    for _ in 0..20 {
        api.get("/v2/accounts").await.expect(200);
    }
    api.handle.stop().await;
    assert_eq!((api.handle.request_events_written(), api.handle.request_events_lost()), (20, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repetition_says_whose_answer_it_got_and_has_the_runs_of_that_call() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "nasa"});
    let post = async |id: &str, path: &str, body: Option<&Value>| {
        api.send("POST", path, &[("X-Request-ID", id), ("Idempotency-Key", "order-17")], body).await
    };
    let made = post("the-first", "/v2/accounts", Some(&body)).await.expect(201);
    let again = post("the-second", "/v2/accounts", Some(&body)).await.expect(201);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let (first, second) = (recorded(&api, "the-first").await, recorded(&api, "the-second").await);
    assert_eq!((&first["replay_of"], &second["replay_of"]), (&Value::Null, &json!("the-first")));
    assert_eq!((&second["resources"], second["status"].as_i64()), (&json!([made.id()]), Some(201)));
    assert_eq!(first["runs"].as_array().map(Vec::len), Some(1), "{first}");
    assert_eq!(second["runs"], first["runs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_that_was_answered_with_a_run_has_that_run() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "nasa"});
    let path = format!("/v2/accounts/{}/refresh", api.post("/v2/accounts", &body).await.expect(201).id());
    let answered = with_id(&api, "POST", &path, "refresh-1", None).await.expect(200).json();
    assert_eq!(answered["meta"]["coalesced"], true);
    let call = recorded(&api, "refresh-1").await;
    assert_eq!(call["runs"].as_array().map(Vec::len), Some(1), "{call}");
    assert_eq!(call["runs"][0]["id"], answered["data"]["id"]);
}
