//! The organization itself, and what it uses.

use serde_json::{Value, json};

use crate::harness::{Api, new_key, new_organization, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_is_read_and_changed_and_what_is_null_is_cleared() {
    let api = Api::start().await;
    let read = api.get("/v2/organization").await.expect(200);
    let data = read.json()["data"].clone();
    let times = (data["created_at"].clone(), data["updated_at"].clone());
    assert_eq!(
        data,
        json!({
            "id": api.organization.to_string(), "type": "organization", "name": "Test", "is_active": true,
            "scrape_interval_hours": 24, "max_recent_posts_per_account": null, "post_lookback_days": null,
            "max_tracked_accounts": null, "rate_limit_per_minute": 600, "created_at": times.0, "updated_at": times.1,
        })
    );
    let body = json!({
        "name": "New", "scrape_interval_hours": 6, "max_recent_posts_per_account": 50, "post_lookback_days": 30,
    });
    api.clock.advance(std::time::Duration::from_secs(5));
    let changed = api.patch("/v2/organization", &body).await.expect(200);
    let again = api.get("/v2/organization").await.expect(200);
    assert_eq!((&again.body, again.header("etag")), (&changed.body, changed.header("etag")));
    let mut expected = data;
    for (field, value) in body.as_object().unwrap() {
        expected[field] = value.clone();
    }
    expected["updated_at"] = again.json()["data"]["updated_at"].clone();
    assert_ne!(expected["updated_at"], times.1);
    assert_eq!(again.json()["data"], expected);

    let made = api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "amy"})).await.expect(201).json();
    let account = &made["data"];
    assert_eq!(account["scrape_interval_hours"], 6);
    assert_eq!(
        (&account["max_recent_posts_per_account"], &account["effective_max_recent_posts_per_account"]),
        (&Value::Null, &json!(50))
    );
    assert_eq!(account["effective_post_lookback_days"], 30);
    let video = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
    assert_eq!(api.post("/v2/videos", &video).await.expect(201).json()["data"]["scrape_interval_hours"], 6);

    let clear =
        json!({"scrape_interval_hours": null, "max_recent_posts_per_account": null, "post_lookback_days": null});
    let cleared = api.patch("/v2/organization", &clear).await.expect(200).json();
    assert_eq!(cleared["data"]["scrape_interval_hours"], 24);
    assert_eq!(cleared["data"]["max_recent_posts_per_account"], Value::Null);
    assert_eq!(cleared["data"]["post_lookback_days"], Value::Null);
    assert_eq!(cleared["data"]["name"], "New");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_invalid_field_of_an_organization_is_named_at_once() {
    let api = Api::start().await;
    let body = json!({
        "name": " ", "scrape_interval_hours": 721, "max_recent_posts_per_account": 0, "post_lookback_days": "ten",
        "max_tracked_accounts": 5, "rate_limit_per_minute": 5, "is_active": false,
    });
    assert_eq!(
        api.patch("/v2/organization", &body).await.expect(422).invalid(),
        [
            "is_active",
            "max_recent_posts_per_account",
            "max_tracked_accounts",
            "name",
            "post_lookback_days",
            "rate_limit_per_minute",
            "scrape_interval_hours"
        ]
    );
    assert_eq!(api.patch("/v2/organization", &json!({"name": null})).await.expect(422).invalid(), ["name"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_not_seen_the_present_state_of_an_organization_cannot_overwrite_it() {
    let api = Api::start().await;
    let seen = api.get("/v2/organization").await.expect(200).header("etag").to_owned();
    api.send("GET", "/v2/organization", &[("If-None-Match", &seen)], None).await.expect(304);
    let body = json!({"name": "First"});
    let changed = api.send("PATCH", "/v2/organization", &[("If-Match", &seen)], Some(&body)).await.expect(200);
    let body = json!({"name": "Second"});
    api.send("PATCH", "/v2/organization", &[("If-Match", &seen)], Some(&body)).await.expect(412);
    api.send("PATCH", "/v2/organization", &[("If-Match", changed.header("etag"))], Some(&body)).await.expect(200);
    assert_eq!(api.get("/v2/organization").await.expect(200).json()["data"]["name"], "Second");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_an_organization_needs_read_changing_it_admin_and_usage_its_own_scope() {
    let api = Api::start().await;
    for (scopes, read, change, usage) in [
        ("read", 200, 403, 200),
        ("read,write", 200, 403, 200),
        ("admin", 200, 200, 200),
        ("read:usage", 403, 403, 200),
        ("read:social", 403, 403, 403),
    ] {
        let bearer = format!("Bearer {}", api.key_with(scopes).await);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let status =
            async |method, path, body: &str| request(api.addr, method, path, &headers, body.as_bytes()).await.status;
        assert_eq!(status("GET", "/v2/organization", "").await, read, "{scopes}");
        assert_eq!(status("PATCH", "/v2/organization", r#"{"name":"x"}"#).await, change, "{scopes}");
        assert_eq!(status("GET", "/v2/usage", "").await, usage, "{scopes}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_the_organizations_own() {
    let api = Api::start().await;
    let items = json!([
        {"platform": "tiktok", "username": "amy"},
        {"platform": "tiktok", "username": "ben", "is_active": false},
        {"platform": "instagram", "username": "amy"},
    ]);
    api.post("/v2/accounts/bulk", &json!({"items": items})).await.expect(200);
    api.post("/v2/videos", &json!({"platform": "tiktok", "identifier": "7571863205253778710"})).await.expect(201);
    api.post("/v2/creators", &json!({"name": "Amy"})).await.expect(201);
    let count = |total: i64, billable: i64| json!({"total": total, "billable": billable});
    let read = api.get("/v2/usage").await.expect(200);
    assert_eq!(
        read.json()["data"],
        json!({
            "type": "usage",
            "tracked_accounts": {
                "total": 3, "billable": 2, "cap": null,
                "by_platform": {"instagram": count(1, 1), "tiktok": count(2, 1), "youtube": count(0, 0), "pinterest": count(0, 0)},
            },
            "tracked_videos": {
                "total": 1, "billable": 1,
                "by_platform": {"instagram": count(0, 0), "tiktok": count(1, 1), "youtube": count(0, 0), "pinterest": count(0, 0)},
            },
            "account_videos": {
                "total": 0,
                "by_platform": {"instagram": {"total": 0}, "tiktok": {"total": 0}, "youtube": {"total": 0}, "pinterest": {"total": 0}},
            },
            "creators": {"total": 1},
            "api_keys": {"total": 1},
            "rate_limit": {
                "requests_per_minute": 600, "window_seconds": 60, "failed_authentications_per_minute": 1_000_000,
            },
        })
    );
    let tag = read.header("etag").to_owned();
    api.send("GET", "/v2/usage", &[("If-None-Match", &tag)], None).await.expect(304);

    let other = new_organization(&api.store, Some(7)).await;
    let bearer = format!("Bearer {}", new_key(&api.store, other, "read", None).await);
    let usage = request(api.addr, "GET", "/v2/usage", &[("Authorization", &bearer)], b"").await.expect(200).json();
    let accounts = &usage["data"]["tracked_accounts"];
    assert_eq!((&accounts["total"], &accounts["cap"]), (&json!(0), &json!(7)));
}
