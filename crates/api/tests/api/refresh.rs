//! Refreshing on demand.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Api, request};

async fn tracked(api: &Api, path: &str, body: &Value) -> String {
    format!("{path}/{}", api.post(path, body).await.expect(201).id())
}

async fn refresh(api: &Api, path: &str, headers: &[(&str, &str)]) -> crate::harness::Reply {
    api.send("POST", &format!("{path}/refresh"), headers, None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_queues_a_run_or_answers_with_the_one_that_is_there() {
    let api = Api::start().await;
    for (path, body) in [
        ("/v2/accounts", json!({"platform": "tiktok", "username": "someone", "is_active": false})),
        ("/v2/videos", json!({"platform": "tiktok", "identifier": "7571863205253778710", "is_active": false})),
    ] {
        let path = tracked(&api, path, &body).await;
        let refused = refresh(&api, &path, &[]).await.expect(409).json();
        assert_eq!(refused["code"], "CONFLICT");
        assert!(refused["detail"].as_str().unwrap().contains("paused"), "{refused}");
        // Resuming makes it due as routine work, which no run stands for yet.
        api.patch(&path, &json!({"is_active": true})).await.expect(200);
        let begun = refresh(&api, &path, &[]).await.expect(202);
        let run = begun.json();
        assert_eq!((&run["data"]["trigger"], &run["data"]["status"]), (&json!("refresh"), &json!("queued")));
        assert_eq!(run["data"]["request_id"], begun.header("x-request-id"));
        assert_eq!(run["meta"]["coalesced"], false);
        let allowed = api.clock.now().plus(Duration::from_mins(15)).to_string();
        assert_eq!(run["meta"]["next_refresh_allowed_at"], allowed.as_str());
        let read = api.get(begun.header("location")).await.expect(200).json();
        assert_eq!(read["data"], run["data"]);
        let again = api.post(&format!("{path}/refresh"), &json!({})).await.expect(200).json();
        assert_eq!((&again["data"], &again["meta"]["coalesced"]), (&run["data"], &json!(true)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_takes_no_fields_needs_write_tracking_and_is_repeated_by_its_key() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone", "is_active": false});
    let path = tracked(&api, "/v2/accounts", &body).await;
    api.patch(&path, &json!({"is_active": true})).await.expect(200);
    let refused = api.post(&format!("{path}/refresh"), &json!({"now": true})).await.expect(422);
    assert_eq!(refused.invalid(), ["now"]);
    let reader = format!("Bearer {}", api.key_with("read").await);
    let refresh_path = format!("{path}/refresh");
    request(api.addr, "POST", &refresh_path, &[("Authorization", &reader)], b"").await.expect(403);
    let key = [("Idempotency-Key", "again")];
    let first = refresh(&api, &path, &key).await.expect(202);
    let second = refresh(&api, &path, &key).await.expect(202);
    assert_eq!((second.header("idempotency-replayed"), &second.body), ("true", &first.body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_refreshes_at_once_make_one_run() {
    let api = Api::start().await;
    let body = json!({"platform": "tiktok", "username": "someone", "is_active": false});
    let path = tracked(&api, "/v2/accounts", &body).await;
    api.patch(&path, &json!({"is_active": true})).await.expect(200);
    let replies = join_all((0..20).map(|_| refresh(&api, &path, &[]))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 202).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 19);
    let page = api.get("/v2/runs?include_total=true").await.expect(200).json();
    assert_eq!(page["pagination"]["total_count"], 1);
}
