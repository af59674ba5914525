//! The same key, the same answer.

use std::time::{Duration, Instant};

use domain::RequestId;
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Api, NOON, new_key, new_organization, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_gets_the_first_answer_to_the_byte() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone"});
    let key = [("Idempotency-Key", "order-1")];
    let first = api.send("POST", "/v2/accounts", &key, Some(&body)).await.expect(201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    // What the account has become meanwhile does not matter.
    api.patch(first.header("location"), &json!({"category": "x"})).await.expect(200);
    let again = api.send("POST", "/v2/accounts", &key, Some(&body)).await.expect(201);
    assert_eq!(again.body, first.body);
    for name in ["location", "content-type", "etag"] {
        assert_eq!(again.header(name), first.header(name));
    }
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_belongs_to_its_body_path_and_organization() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone"});
    let key = [("Idempotency-Key", "order-1")];
    api.send("POST", "/v2/accounts", &key, Some(&body)).await.expect(201);
    let other_body = json!({"platform": "tiktok", "username": "someone.else"});
    let refused = api.send("POST", "/v2/accounts", &key, Some(&other_body)).await.expect(422);
    assert_eq!(refused.invalid(), ["Idempotency-Key"]);
    api.send("POST", "/v2/creators", &key, Some(&json!({"name": "x"}))).await.expect(422);

    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "write", None).await);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json"), key[0]];
    let reply = request(api.addr, "POST", "/v2/accounts", &headers, body.to_string().as_bytes()).await;
    assert_eq!(reply.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_remembered_and_a_malformed_request_is_not() {
    let api = Api::start().await;
    let taken = json!({"platform": "tiktok", "username": "someone"});
    let id = api.post("/v2/accounts", &taken).await.expect(201).id();
    for (key, body, status) in [
        ("conflict", taken, 409),
        ("invalid", json!({"platform": "tiktok", "username": "?"}), 422),
        ("stranger", json!({"platform": "tiktok", "username": "x", "creator_id": id}), 422),
    ] {
        let header = [("Idempotency-Key", key)];
        let first = api.send("POST", "/v2/accounts", &header, Some(&body)).await.expect(status);
        let again = api.send("POST", "/v2/accounts", &header, Some(&body)).await.expect(status);
        assert_eq!(again.body, first.body, "{key}");
        assert_eq!(again.header("idempotency-replayed"), "true", "{key}");
        assert_eq!(again.header("content-type"), "application/problem+json", "{key}");
    }
    // The refusal stands even when its reason is gone.
    api.send("DELETE", &format!("/v2/accounts/{id}"), &[], None).await.expect(204);
    let body = json!({"platform": "tiktok", "username": "someone"});
    api.send("POST", "/v2/accounts", &[("Idempotency-Key", "conflict")], Some(&body)).await.expect(409);
    api.send("POST", "/v2/accounts", &[("Idempotency-Key", "fresh")], Some(&body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_first_request_runs_a_second_is_told_so_within_seconds() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone"});
    let key = [("Idempotency-Key", "order-1")];
    let tenant = api.store.tenant(api.organization);
    let first = tenant.begin_keyed(&RequestId::new(), NOON, "order-1").await.unwrap().expect("nobody else is there");
    first.claim_idempotency("order-1", &[0; 32]).await.unwrap();
    let began = Instant::now();
    let told = api.send("POST", "/v2/accounts", &key, Some(&body)).await.expect(409);
    assert!(began.elapsed() < Duration::from_millis(3500), "{:?}", began.elapsed());
    assert_eq!(told.header("retry-after"), "1");
    assert_eq!(told.json()["code"], "CONFLICT");
    // It comes to nothing, so the key is free again.
    drop(first);
    api.send("POST", "/v2/accounts", &key, Some(&body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_posts_at_once_with_one_key_make_one_account() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone"});
    let key = [("Idempotency-Key", "order-1")];
    let replies = join_all((0..40).map(|_| api.send("POST", "/v2/accounts", &key, Some(&body)))).await;
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
    assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 409)), "{replies:?}");
    assert_eq!(made.iter().filter(|reply| !reply.headers.contains_key("idempotency-replayed")).count(), 1);
    assert!(made.iter().all(|reply| reply.body == made[0].body));
    let page = api.get("/v2/accounts?include_total=true").await.expect(200).json();
    assert_eq!(page["pagination"]["total_count"], 1);
}
