//! Another organization's resource is as one that never existed.

use serde_json::{Value, json};

use crate::harness::{Api, new_key, new_organization, request};

fn without_ids(body: &[u8]) -> Value {
    let mut body: Value = serde_json::from_slice(body).unwrap();
    for member in ["request_id", "instance"] {
        body.as_object_mut().unwrap().remove(member);
    }
    body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_another_organization_can_be_seen_changed_or_told_from_nothing() {
    let api = Api::start().await;
    let account =
        api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "someone"})).await.expect(201).id();
    let body = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
    let video = api.post("/v2/videos", &body).await.expect(201).id();
    let creator = api.post("/v2/creators", &json!({"name": "Someone"})).await.expect(201).id();
    let project = api.post("/v2/projects", &json!({"name": "Somewhere"})).await.expect(201).id();
    let group = api.post("/v2/groups", &json!({"name": "Somewhere"})).await.expect(201).id();
    let nothing = "0197a6f0-0000-7000-8000-000000000001";

    let other = new_organization(&api.store, None).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "admin", None).await);
    let send = async |method: &str, path: String| {
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let body: &[u8] = if method == "PATCH" { b"{}" } else { b"" };
        request(api.addr, method, &path, &headers, body).await
    };
    let theirs = [
        ("accounts", &account),
        ("videos", &video),
        ("creators", &creator),
        ("projects", &project),
        ("groups", &group),
    ];
    for (collection, id) in theirs {
        for method in ["GET", "PATCH", "DELETE"] {
            let theirs = send(method, format!("/v2/{collection}/{id}")).await.expect(404);
            let nobodys = send(method, format!("/v2/{collection}/{nothing}")).await.expect(404);
            assert_eq!(without_ids(&theirs.body), without_ids(&nobodys.body), "{method} {collection}");
        }
        let page = send("GET", format!("/v2/{collection}?include_total=true")).await.expect(200).json();
        assert_eq!((&page["data"], &page["pagination"]["total_count"]), (&json!([]), &json!(0)));
    }
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let own = request(api.addr, "POST", "/v2/creators", &headers, br#"{"name": "Mine"}"#).await.expect(201).id();
    send("PUT", format!("/v2/creators/{own}/accounts/{account}")).await.expect(404);
    send("PUT", format!("/v2/creators/{creator}/accounts/{account}")).await.expect(404);
    send("DELETE", format!("/v2/creators/{creator}/accounts/{account}")).await.expect(404);
    let body = json!({"platform": "tiktok", "username": "x", "creator_id": creator}).to_string();
    let refused = request(api.addr, "POST", "/v2/accounts", &headers, body.as_bytes()).await.expect(422);
    assert_eq!(refused.invalid(), ["creator_id"]);
    // The same profile is new to them.
    let body = json!({"platform": "tiktok", "username": "someone"}).to_string();
    request(api.addr, "POST", "/v2/accounts", &headers, body.as_bytes()).await.expect(201);
}
