//! Many accounts or videos in one call.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Api, Reply, new_key, new_organization, request};

fn tiktok(handle: &str) -> Value {
    json!({"platform": "tiktok", "username": handle})
}

fn statuses(reply: &Reply) -> Vec<String> {
    let body = reply.json();
    let results = body["data"].as_array().unwrap();
    for (at, result) in results.iter().enumerate() {
        assert_eq!(result["index"], at);
        let members: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members.len(), 4, "{members:?}");
        assert_eq!(result["status"] == "rejected", !result["error"].is_null(), "{result}");
    }
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

async fn tracked(api: &Api) -> Value {
    api.get("/v2/accounts?include_total=true").await.expect(200).json()["pagination"]["total_count"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_item_gets_what_a_single_post_would_have_given_it() {
    let api = Api::start().await;
    let known = api.post("/v2/accounts", &tiktok("known")).await.expect(201).id();
    let stranger = "0197a6f0-0000-7000-8000-000000000001";
    let items = json!([
        tiktok("@Amy"),
        {"platform": "myspace", "username": "x", "colour": "red", "metadata": {"deep": {}}},
        tiktok("known"),
        "amy",
        tiktok("https://www.tiktok.com/@amy"),
        {"platform": "tiktok", "username": "ben", "creator_id": stranger},
        tiktok("https://vm.tiktok.com/ZMabc123/"),
        {"platform": "instagram", "username": "amy", "category": "food", "scrape_interval_hours": 6},
    ]);
    let reply = api.post("/v2/accounts/bulk", &json!({"items": items})).await.expect(200);
    assert_eq!(
        statuses(&reply),
        ["created", "rejected", "exists", "rejected", "exists", "rejected", "rejected", "created"]
    );
    let body = reply.json();
    assert_eq!(body["meta"], json!({"created": 2, "exists": 2, "rejected": 4, "dry_run": false}));
    let data = &body["data"];
    assert_eq!((&data[2]["id"], &data[4]["id"]), (&json!(known), &data[0]["id"]));
    let fields = |at: usize| {
        let errors = data[at]["error"]["errors"].as_array().unwrap();
        let mut fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        fields
    };
    assert_eq!(fields(1), ["items[1].colour", "items[1].metadata.deep", "items[1].platform"]);
    let platform =
        json!({"field": "items[1].platform", "message": "must be one of: instagram, tiktok, youtube, pinterest"});
    assert!(data[1]["error"]["errors"].as_array().unwrap().contains(&platform));
    assert_eq!(
        data[3]["error"],
        json!({
            "code": "VALIDATION_ERROR", "detail": "items[3] must be an object.",
            "errors": [{"field": "items[3]", "message": "must be an object"}],
        })
    );
    assert_eq!(fields(5), ["items[5].creator_id"]);
    assert_eq!(fields(6), ["items[6].username"]);
    assert!(data[6]["error"]["detail"].as_str().unwrap().contains("add it by itself"));
    let made = api.get(&format!("/v2/accounts/{}", data[7]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&made["data"]["category"], &made["data"]["scrape_interval_hours"]), (&json!("food"), &json!(6)));
    assert_eq!(made["data"]["freshness"]["state"], "pending");
    assert_eq!(tracked(&api).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn videos_are_one_under_every_form_of_their_address() {
    let api = Api::start().await;
    let id = "7571863205253778710";
    let items = json!([
        {"platform": "tiktok", "identifier": id, "metadata": {"team": "a"}},
        {"platform": "tiktok", "identifier": format!("https://www.tiktok.com/@x/video/{id}?lang=en")},
        {"platform": "instagram", "identifier": "https://www.instagram.com/reel/DRhvwVLAHAG/", "is_active": false},
        {"platform": "tiktok", "identifier": "https://vt.tiktok.com/ZSabc123/"},
        {"platform": "tiktok", "identifier": 7},
    ]);
    let reply = api.post("/v2/videos/bulk", &json!({"items": items, "dry_run": false})).await.expect(200);
    assert_eq!(statuses(&reply), ["created", "exists", "created", "rejected", "rejected"]);
    let data = reply.json()["data"].clone();
    assert_eq!(data[0]["id"], data[1]["id"]);
    assert_eq!(data[3]["error"]["errors"][0]["field"], "items[3].identifier");
    let made = api.get(&format!("/v2/videos/{}", data[0]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&made["data"]["external_id"], &made["data"]["metadata"]), (&json!(id), &json!({"team": "a"})));
    let paused = api.get(&format!("/v2/videos/{}", data[2]["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(paused["data"]["freshness"]["state"], "paused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_the_whole_body_fails_the_whole() {
    let api = Api::start().await;
    for path in ["/v2/accounts/bulk", "/v2/videos/bulk"] {
        for (body, fields) in [
            (json!({}), vec!["items"]),
            (json!({"items": []}), vec!["items"]),
            (json!({"items": {}}), vec!["items"]),
            (json!({"items": null}), vec!["items"]),
            (json!({"items": [tiktok("amy")], "dry_run": "yes"}), vec!["dry_run"]),
            (json!({"items": [tiktok("amy")], "colour": 1}), vec!["colour"]),
            (json!({"items": 1, "dry_run": null, "colour": 1}), vec!["colour", "dry_run", "items"]),
            (json!([]), vec!["body"]),
        ] {
            assert_eq!(api.post(path, &body).await.expect(422).invalid(), fields, "{body}");
        }
        let many: Vec<_> = (0..1001).map(|n| tiktok(&format!("amy{n}"))).collect();
        let refused = api.post(path, &json!({"items": many})).await.expect(422);
        assert_eq!(refused.json()["detail"], "items must have 1 to 1000 elements.");
        assert_eq!(api.send("POST", path, &[("Content-Type", "text/plain")], None).await.status, 415);
        let refused = api.get(path).await.expect(405);
        assert!(refused.header("allow").contains("POST") && !refused.header("allow").contains("GET"), "{refused:?}");
    }
    assert_eq!(tracked(&api).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_the_same_and_leaves_nothing_behind() {
    let api = Api::start().await;
    let known = api.post("/v2/accounts", &tiktok("known")).await.expect(201).id();
    let due = api.store.count_due(crate::harness::NOON).await.unwrap();
    let items = json!([tiktok("amy"), tiktok("known"), tiktok("AMY"), {"platform": "tiktok"}]);
    let key = [("Idempotency-Key", "bulk-1")];
    let dry = json!({"items": items, "dry_run": true});
    for _ in 0..2 {
        let reply = api.send("POST", "/v2/accounts/bulk", &key, Some(&dry)).await.expect(200);
        assert!(!reply.headers.contains_key("idempotency-replayed"));
        assert_eq!(statuses(&reply), ["created", "exists", "exists", "rejected"]);
        let body = reply.json();
        assert_eq!(body["meta"], json!({"created": 1, "exists": 2, "rejected": 1, "dry_run": true}));
        let ids: Vec<_> = body["data"].as_array().unwrap().iter().map(|result| result["id"].clone()).collect();
        assert_eq!(ids, [Value::Null, json!(known), Value::Null, Value::Null]);
    }
    assert_eq!((tracked(&api).await, api.store.count_due(crate::harness::NOON).await.unwrap()), (json!(1), due));
    let wet = json!({"items": items});
    let reply = api.send("POST", "/v2/accounts/bulk", &key, Some(&wet)).await.expect(200);
    assert_eq!(statuses(&reply), ["created", "exists", "exists", "rejected"]);
    assert!(!reply.headers.contains_key("idempotency-replayed"), "the dry run left nothing for the key");
    assert_eq!(tracked(&api).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_gets_the_same_answer_byte_for_byte_and_forty_at_once_make_one_batch() {
    let api = Api::start().await;
    let body = json!({"items": [tiktok("amy"), tiktok("?"), tiktok("ben")]});
    let key = [("Idempotency-Key", "bulk-1")];
    let replies = join_all((0..40).map(|_| api.send("POST", "/v2/accounts/bulk", &key, Some(&body)))).await;
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 409)), "{replies:?}");
    assert_eq!(made.iter().filter(|reply| !reply.headers.contains_key("idempotency-replayed")).count(), 1);
    assert!(made.iter().all(|reply| reply.body == made[0].body));
    assert_eq!(statuses(made[0]), ["created", "rejected", "created"]);
    assert_eq!(tracked(&api).await, 2);
    let other = json!({"items": [tiktok("cleo")]});
    api.send("POST", "/v2/accounts/bulk", &key, Some(&other)).await.expect(422);
    api.send("POST", "/v2/videos/bulk", &key, Some(&body)).await.expect(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_cap_items_are_rejected_in_their_order() {
    let api = Api::start().await;
    let capped = new_organization(&api.store, Some(2)).await;
    let bearer = format!("Bearer {}", new_key(&api.store, capped, "read,write", None).await);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let items: Vec<_> = ["dan", "ben", "dan", "cleo", "amy"].map(tiktok).into();
    let body = json!({"items": items}).to_string();
    let reply = request(api.addr, "POST", "/v2/accounts/bulk", &headers, body.as_bytes()).await.expect(200);
    assert_eq!(statuses(&reply), ["created", "created", "exists", "rejected", "rejected"]);
    let error = reply.json()["data"][3]["error"].clone();
    assert_eq!((&error["code"], &error["errors"]), (&json!("QUOTA_EXCEEDED"), &json!([])));
    // True of a rehearsal too, where nothing is tracked.
    assert!(error["detail"].as_str().unwrap().contains("at most 2 accounts; this would be one more"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_bad_items_are_answered_at_bounded_length() {
    let api = Api::start().await;
    let item: Value = (0..60).map(|n| (format!("f{n}"), json!(1))).collect::<serde_json::Map<_, _>>().into();
    let reply = api.post("/v2/accounts/bulk", &json!({"items": vec![item; 1000]})).await.expect(200);
    assert_eq!(reply.json()["meta"]["rejected"], 1000);
    assert!(reply.body.len() < 2_000_000, "{}", reply.body.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_needs_the_scope_of_a_single_post_and_stays_with_its_organization() {
    let api = Api::start().await;
    let reader = format!("Bearer {}", api.key_with("read").await);
    let body = json!({"items": [tiktok("amy")]}).to_string();
    let headers = [("Authorization", reader.as_str()), ("Content-Type", "application/json")];
    let refused = request(api.addr, "POST", "/v2/accounts/bulk", &headers, body.as_bytes()).await.expect(403);
    assert!(refused.json()["detail"].as_str().unwrap().contains("write:tracking"));
    let first = api.post("/v2/accounts/bulk", &json!({"items": [tiktok("amy")]})).await.expect(200);
    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "write", None).await);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let second = request(api.addr, "POST", "/v2/accounts/bulk", &headers, body.as_bytes()).await.expect(200);
    assert_eq!(statuses(&second), ["created"]);
    assert_ne!(first.json()["data"][0]["id"], second.json()["data"][0]["id"]);
}
