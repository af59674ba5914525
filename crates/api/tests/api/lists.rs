//! Pages, cursors, links, filters and sorts.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Api, new_key, request};

async fn add(api: &Api, handle: &str) {
    api.post("/v2/accounts", &json!({"platform": "tiktok", "username": handle})).await.expect(201);
}

fn names(page: &Value) -> Vec<String> {
    page["data"].as_array().unwrap().iter().map(|row| row["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_sees_every_row_that_was_there_once_whatever_is_inserted_meanwhile() {
    let api = Api::start().await;
    let originals: BTreeSet<_> = (0..25).map(|i| format!("user{i:02}")).collect();
    for name in &originals {
        add(&api, name).await;
    }
    for sort in [
        "",
        "&order_by=username",
        "&order_by=username&order_direction=desc",
        "&order_by=follower_count",
        "&sort=added_at",
    ] {
        let mut seen = Vec::new();
        let mut path = format!("/v2/accounts?limit=4{sort}");
        loop {
            let reply = api.get(&path).await.expect(200);
            let page = reply.json();
            seen.extend(names(&page));
            add(&api, &format!("late{}x{}", seen.len(), sort.len())).await;
            let link = reply.header("link").to_owned();
            assert!(
                link.starts_with("<http://api.test/v2/accounts?limit=4") && link.contains("rel=\"first\""),
                "{link}"
            );
            let next = page["pagination"]["next_cursor"].as_str();
            assert_eq!(page["pagination"]["has_next"], next.is_some());
            assert_eq!(link.contains("rel=\"next\""), next.is_some());
            let Some(_) = next else { break };
            let (_, after) = link.split_once(">; rel=\"first\", <http://api.test").unwrap();
            path = after.split('>').next().unwrap().to_owned();
        }
        let unique: BTreeSet<_> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len(), "{sort}: a row came twice");
        assert!(originals.is_subset(&unique), "{sort}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let api = Api::start().await;
    for name in ["aa", "bb", "cc"] {
        add(&api, name).await;
    }
    let page = api.get("/v2/accounts?limit=1&platform=tiktok").await.expect(200).json();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    api.get(&format!("/v2/accounts?limit=2&platform=tiktok&include_total=true&cursor={cursor}")).await.expect(200);
    let mut altered = cursor.to_owned().into_bytes();
    altered[10] = if altered[10] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for query in [
        format!("platform=tiktok&cursor={altered}"),
        format!("platform=tiktok&q=a&cursor={cursor}"),
        format!("cursor={cursor}"),
        format!("platform=tiktok&order_direction=asc&cursor={cursor}"),
        format!("platform=tiktok&order_by=username&cursor={cursor}"),
        "cursor=".to_owned(),
        "cursor=%00".to_owned(),
    ] {
        assert_eq!(api.get(&format!("/v2/accounts?{query}")).await.expect(422).invalid(), ["cursor"], "{query}");
    }
    api.get(&format!("/v2/videos?platform=tiktok&cursor={cursor}")).await.expect(422);
    // Another key of the same organization may go on; another organization's may not.
    let path = format!("/v2/accounts?platform=tiktok&cursor={cursor}");
    let with =
        async |key: String| request(api.addr, "GET", &path, &[("Authorization", &format!("Bearer {key}"))], b"").await;
    assert_eq!(with(api.key_with("read").await).await.status, 200);
    let other = crate::harness::new_organization(&api.store, None).await;
    assert_eq!(with(new_key(&api.store, other, "read", None).await).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_combine_and_are_echoed_with_the_sort() {
    let api = Api::start().await;
    add(&api, "alpha").await;
    add(&api, "beta").await;
    let body = json!({"platform": "instagram", "username": "alphabet", "category": "x", "is_active": false});
    api.post("/v2/accounts", &body).await.expect(201);
    let page = api.get("/v2/accounts?q=ALPHA&order_by=username").await.expect(200).json();
    assert_eq!(names(&page), ["alpha", "alphabet"]);
    let expected = json!({
        "platform": null, "q": "ALPHA", "is_active": null, "category": null, "creator_id": null,
        "order_by": "username", "order_direction": "asc",
    });
    assert_eq!(page["filters"], expected);
    assert_eq!(page["pagination"], json!({"next_cursor": null, "has_next": false, "limit": 50}));
    let page = api.get("/v2/accounts?q=alpha&platform=instagram&is_active=false&category=x").await.expect(200).json();
    assert_eq!(names(&page), ["alphabet"]);
    let page = api.get("/v2/accounts?sort=-username&include_total=true").await.expect(200).json();
    assert_eq!(names(&page), ["beta", "alphabet", "alpha"]);
    assert_eq!(page["pagination"]["total_count"], 3);
    let page = api.get("/v2/accounts").await.expect(200).json();
    assert_eq!(page["filters"]["order_direction"], "desc");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creators_are_listed_by_name_ascending() {
    let api = Api::start().await;
    for name in ["Carol", "Alice", "Bob"] {
        api.post("/v2/creators", &json!({"name": name})).await.expect(201);
    }
    let page = api.get("/v2/creators?limit=2").await.expect(200).json();
    assert_eq!(page["data"][0]["name"], "Alice");
    assert_eq!(page["filters"]["order_direction"], "asc");
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let page = api.get(&format!("/v2/creators?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!(page["data"][0]["name"], "Carol");
    let refused = api.get("/v2/creators?order_by=username&limit=201&include_total=1").await.expect(422);
    assert_eq!(refused.invalid(), ["include_total", "limit", "order_by"]);
}
