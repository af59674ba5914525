//! Creators and the accounts that are theirs.

use serde_json::{Value, json};

use crate::harness::Api;

async fn account(api: &Api, handle: &str) -> String {
    api.post("/v2/accounts", &json!({"platform": "tiktok", "username": handle})).await.expect(201).id()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creator_is_created_read_changed_and_deleted() {
    let api = Api::start().await;
    let created = api.post("/v2/creators", &json!({"name": "Zoë", "metadata": {"tier": 1}})).await.expect(201);
    let path = format!("/v2/creators/{}", created.id());
    assert_eq!(created.header("location"), path);
    let creator = created.json()["data"].clone();
    assert_eq!(
        (&creator["type"], &creator["name"], &creator["is_active"]),
        (&json!("creator"), &json!("Zoë"), &json!(true))
    );
    assert_eq!(creator["accounts_summary"], json!({"total": 0, "platforms": {}, "total_followers": 0}));
    assert_eq!(api.get(&path).await.expect(200).body, created.body);
    let changed = api.patch(&path, &json!({"name": "Zoe"})).await.expect(200).json();
    assert_eq!((&changed["data"]["name"], &changed["data"]["metadata"]), (&json!("Zoe"), &json!({"tier": 1})));
    for name in [json!(""), json!(" "), json!(null), json!("x".repeat(256)), json!("a\u{0}b"), json!(1)] {
        assert_eq!(api.patch(&path, &json!({"name": name})).await.expect(422).invalid(), ["name"], "{name}");
    }
    api.send("DELETE", &path, &[], None).await.expect(204);
    api.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_belongs_to_one_creator_until_it_is_unlinked() {
    let api = Api::start().await;
    let one = api.post("/v2/creators", &json!({"name": "One"})).await.expect(201).id();
    let two = api.post("/v2/creators", &json!({"name": "Two"})).await.expect(201).id();
    let account = account(&api, "someone").await;
    let link = |creator: &str| format!("/v2/creators/{creator}/accounts/{account}");

    let linked = api.send("PUT", &link(&one), &[], None).await.expect(201);
    assert_eq!(linked.header("location"), format!("/v2/accounts/{account}"));
    assert_eq!(linked.json()["data"]["creator_id"], one.as_str());
    api.send("PUT", &link(&one), &[], Some(&json!({}))).await.expect(200);
    assert_eq!(api.send("PUT", &link(&one), &[], Some(&json!({"a": 1}))).await.expect(422).invalid(), ["a"]);
    api.send("PUT", &link(&two), &[], None).await.expect(409);
    let summary = api.get(&format!("/v2/creators/{one}")).await.json()["data"]["accounts_summary"].clone();
    assert_eq!((&summary["total"], &summary["platforms"]), (&json!(1), &json!({"tiktok": 1})));

    api.send("DELETE", &link(&two), &[], None).await.expect(404);
    api.send("DELETE", &link(&one), &[], None).await.expect(204);
    api.send("DELETE", &link(&one), &[], None).await.expect(404);
    api.send("PUT", &link(&two), &[], None).await.expect(201);
    api.send("DELETE", &format!("/v2/creators/{two}"), &[], None).await.expect(204);
    let kept = api.get(&format!("/v2/accounts/{account}")).await.expect(200).json();
    assert_eq!(kept["data"]["creator_id"], Value::Null);
}
