//! Searching everything that an organization tracks.

use serde_json::{Value, json};

use crate::harness::{Api, NOON, new_key, new_organization, request};

async fn creator(api: &Api, name: &str) {
    api.post("/v2/creators", &json!({"name": name})).await.expect(201);
}

fn names(found: &Value) -> Vec<&str> {
    found["data"]["creators"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_and_creators_are_found_as_they_are_shown_elsewhere() {
    let api = Api::start().await;
    let account = api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "cafe.noir"})).await.expect(201);
    creator(&api, "Café Blanc").await;
    let found = api.get("/v2/search?q=CAF%C3%89").await.expect(200).json();
    let shown = api.get(&format!("/v2/accounts/{}", account.id())).await.expect(200).json();
    assert_eq!(found["data"]["accounts"], json!([shown["data"]]));
    assert_eq!((names(&found), &found["data"]["creators"][0]["type"]), (vec!["Café Blanc"], &json!("creator")));
    assert_eq!(found["data"]["videos"], json!([]));
    let caps = json!({"accounts": 10, "creators": 10, "videos": 10});
    assert_eq!(found["meta"], json!({"query": "CAFÉ", "limit_per_section": 10, "effective_caps": caps}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_holds_for_each_section() {
    let api = Api::start().await;
    for n in 0..12 {
        creator(&api, &format!("Name {n}")).await;
        api.post("/v2/accounts", &json!({"platform": "tiktok", "username": format!("name{n}")})).await.expect(201);
    }
    let count = async |query: &str| {
        let found = api.get(&format!("/v2/search?q=name{query}")).await.expect(200).json();
        let of = |section: &str| found["data"][section].as_array().unwrap().len();
        (of("accounts"), of("creators"), found["meta"]["limit_per_section"].as_u64().unwrap())
    };
    assert_eq!(count("").await, (10, 10, 10));
    assert_eq!(count("&limit=1").await, (1, 1, 1));
    assert_eq!(count("&limit=25").await, (12, 12, 25));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blank_search_finds_nothing() {
    let api = Api::start().await;
    creator(&api, "Somebody").await;
    for query in ["", "?q=", "?q=%20%0A", "?q=%E2%80%8B", "?limit=5"] {
        let found = api.get(&format!("/v2/search{query}")).await.expect(200).json();
        assert_eq!(found["data"], json!({"accounts": [], "creators": [], "videos": []}), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_search_is_named_at_once() {
    let api = Api::start().await;
    let long = "%C3%A9".repeat(128);
    api.get(&format!("/v2/search?q={long}")).await.expect(200);
    let refused = api.get(&format!("/v2/search?q={long}x&limit=26&kind=video")).await.expect(422);
    assert_eq!(refused.invalid(), ["kind", "limit", "q"]);
    for query in ["limit=0", "limit=-1", "limit=ten", "limit=", "limit=1&limit=2"] {
        assert_eq!(api.get(&format!("/v2/search?q=a&{query}")).await.expect(422).invalid(), ["limit"], "{query}");
    }
    assert_eq!(api.get("/v2/search?q=a%00b").await.expect(422).invalid(), ["q"]);
    assert_eq!(api.get("/v2/search?q=a&cursor=x").await.expect(422).invalid(), ["cursor"]);
    api.post("/v2/search", &json!({})).await.expect(405);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_has_a_tag_that_follows_what_it_finds() {
    let api = Api::start().await;
    creator(&api, "First").await;
    let first = api.get("/v2/search?q=first").await.expect(200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"'), "{tag}");
    let again = api.send("GET", "/v2/search?q=first", &[("If-None-Match", &tag)], None).await.expect(304);
    assert!(again.body.is_empty() && again.header("etag") == tag);
    for other in ["/v2/search?q=First", "/v2/search?q=first&limit=9"] {
        assert_ne!(api.get(other).await.expect(200).header("etag"), tag, "{other}: what it shows is another thing");
    }
    creator(&api, "The first again").await;
    let changed = api.send("GET", "/v2/search?q=first", &[("If-None-Match", &tag)], None).await.expect(200);
    assert_eq!(names(&changed.json()), ["First", "The first again"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_needs_a_scope_that_covers_all_that_it_shows_and_stays_in_its_organization() {
    let api = Api::start().await;
    creator(&api, "Private").await;
    let with = async |key: &str| {
        request(api.addr, "GET", "/v2/search?q=private", &[("Authorization", &format!("Bearer {key}"))], b"").await
    };
    for (scopes, status) in
        [("read", 200), ("read:social", 200), ("write", 200), ("read:member", 403), ("read:usage", 403)]
    {
        assert_eq!(with(&api.key_with(scopes).await).await.status, status, "{scopes}");
    }
    let other = new_organization(&api.store, None).await;
    let key = new_key(&api.store, other, "read", Some(NOON.plus(std::time::Duration::from_hours(1)))).await;
    let found = with(&key).await.expect(200).json();
    assert!(names(&found).is_empty(), "{found}");
}
