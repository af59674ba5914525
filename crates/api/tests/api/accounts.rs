//! The life of an account.

use serde_json::{Value, json};

use crate::harness::Api;

/// The contract's fields of an account.
const FIELDS: [&str; 45] = [
    "id",
    "type",
    "platform",
    "username",
    "name",
    "description",
    "profile_pic_url",
    "profile_pic_url_original",
    "is_verified",
    "is_active",
    "is_unavailable",
    "unavailable_reason",
    "link_in_bio",
    "creator_id",
    "creator_name",
    "category",
    "metadata",
    "added_at",
    "updated_at",
    "first_scrape_time",
    "last_scrape_time",
    "scrape_interval_hours",
    "follower_count",
    "following_count",
    "profile_post_count",
    "total_post_count",
    "view_count",
    "like_count",
    "comment_count",
    "share_count",
    "play_count",
    "saved_count",
    "fb_play_count",
    "ig_play_count",
    "fb_like_count",
    "max_recent_posts_per_account",
    "post_lookback_days",
    "effective_max_recent_posts_per_account",
    "effective_post_lookback_days",
    "platform_account_id",
    "is_private",
    "previous_usernames",
    "freshness",
    "metric_status",
    "metric_precision",
];

fn instagram(handle: &str) -> Value {
    json!({"platform": "instagram", "username": handle})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_created_read_changed_and_deleted() {
    let api = Api::start().await;
    let body = json!({
        "platform": "instagram", "username": "https://www.instagram.com/NatGeo/", "category": "nature",
        "metadata": {"team": "a"}, "max_recent_posts_per_account": 50,
    });
    let created = api.post("/v2/accounts", &body).await.expect(201);
    let id = created.id();
    let path = format!("/v2/accounts/{id}");
    assert_eq!(created.header("location"), path);
    let account = created.json()["data"].clone();
    assert_eq!(account["type"], "account");
    assert_eq!(account["username"], "natgeo");
    assert_eq!(account["last_scrape_time"], Value::Null);
    assert_eq!(account["follower_count"], Value::Null);
    assert_eq!(account["metric_status"]["follower_count"], "not_yet_scraped");
    assert_eq!((&account["unavailable_reason"], &account["metric_precision"]), (&Value::Null, &json!({})));
    assert_eq!(account["freshness"]["state"], "pending");
    assert_eq!(account["scrape_interval_hours"], 24);
    let mut expected = FIELDS;
    expected.sort_unstable();
    let mut members: Vec<_> = account.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, expected);

    let read = api.get(&path).await.expect(200);
    assert_eq!((&read.body, read.header("etag")), (&created.body, created.header("etag")));

    let changed = api.patch(&path, &json!({"category": null, "is_active": false, "metadata": {}})).await.expect(200);
    let account = changed.json()["data"].clone();
    assert_eq!((&account["category"], &account["is_active"]), (&Value::Null, &json!(false)));
    assert_eq!((&account["metadata"], &account["max_recent_posts_per_account"]), (&json!({}), &json!(50)));
    assert_eq!(account["freshness"]["state"], "paused");

    let gone = api.send("DELETE", &path, &[], None).await.expect(204);
    assert!(gone.body.is_empty());
    api.get(&path).await.expect(404);
    api.send("DELETE", &path, &[], None).await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_handle_in_another_form_is_a_conflict_that_names_the_account() {
    let api = Api::start().await;
    let id = api.post("/v2/accounts", &instagram("natgeo")).await.expect(201).id();
    for form in ["@NATGEO", "instagram.com/natgeo"] {
        let refused = api.post("/v2/accounts", &instagram(form)).await.expect(409);
        assert_eq!(refused.json()["existing_id"], id.as_str());
    }
    api.post("/v2/accounts", &json!({"platform": "tiktok", "username": "natgeo"})).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_invalid_field_is_named_at_once() {
    let api = Api::start().await;
    let body = json!({
        "platform": "instagram", "username": "two words", "is_active": "yes", "scrape_interval_hours": 721,
        "metadata": {"colour": {}}, "creator_id": "x", "colour": "red",
    });
    let refused = api.post("/v2/accounts", &body).await.expect(422);
    assert_eq!(
        refused.invalid(),
        ["colour", "creator_id", "is_active", "metadata.colour", "scrape_interval_hours", "username"]
    );
    let refused = api.post("/v2/accounts", &json!({"platform": "myspace", "username": "x"})).await.expect(422);
    assert_eq!(
        refused.json()["errors"],
        json!([{"field": "platform", "message": "must be one of: instagram, tiktok, youtube, pinterest"}])
    );
    let stranger = "0197a6f0-0000-7000-8000-000000000001";
    let body = json!({"platform": "instagram", "username": "x", "creator_id": stranger});
    assert_eq!(api.post("/v2/accounts", &body).await.expect(422).invalid(), ["creator_id"]);
    let page = api.get("/v2/accounts?include_total=true").await.expect(200).json();
    assert_eq!(page["pagination"]["total_count"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_has_the_present_state_gets_304_and_one_that_has_not_cannot_overwrite() {
    let api = Api::start().await;
    let created = api.post("/v2/accounts", &instagram("natgeo")).await.expect(201);
    let path = format!("/v2/accounts/{}", created.id());
    let etag = api.get(&path).await.header("etag").to_owned();
    for condition in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let same = api.send("GET", &path, &[("If-None-Match", &condition)], None).await.expect(304);
        assert!(same.body.is_empty());
        assert_eq!(same.header("etag"), etag);
        assert!(same.headers.contains_key("x-request-id") && same.headers.contains_key("x-ratelimit-remaining"));
        assert!(same.headers.contains_key("ratelimit") && same.headers.contains_key("ratelimit-policy"));
    }
    api.send("GET", &path, &[("If-None-Match", "\"x\"")], None).await.expect(200);

    let pause = json!({"is_active": false});
    api.send("PATCH", &path, &[("If-Match", &format!("W/{etag}"))], Some(&pause)).await.expect(412);
    let changed = api.send("PATCH", &path, &[("If-Match", &etag)], Some(&pause)).await.expect(200);
    let stale = api.send("PATCH", &path, &[("If-Match", &etag)], Some(&pause)).await.expect(412);
    assert_eq!(stale.json()["code"], "PRECONDITION_FAILED");
    api.send("DELETE", &path, &[("If-Match", &etag)], None).await.expect(412);
    assert_eq!(api.get(&path).await.header("etag"), changed.header("etag"));
    api.send("DELETE", &path, &[("If-Match", changed.header("etag"))], None).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_get_without_the_body_and_each_coding_has_a_tag_of_its_own() {
    let api = Api::start().await;
    let created = api.post("/v2/accounts", &instagram("natgeo")).await.expect(201);
    let path = format!("/v2/accounts/{}", created.id());
    let plain = api.get(&path).await.expect(200);
    let head = api.send("HEAD", &path, &[], None).await.expect(200);
    assert!(head.body.is_empty());
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), plain.header(name));
    }
    assert!(plain.header("vary").eq_ignore_ascii_case("accept-encoding"));
    for encoding in ["gzip", "br"] {
        let packed = api.send("GET", &path, &[("Accept-Encoding", encoding)], None).await.expect(200);
        assert_eq!(packed.header("content-encoding"), encoding);
        let tag = packed.header("etag");
        assert_eq!(tag, format!("{}-{encoding}\"", plain.header("etag").trim_end_matches('"')));
        let again = api.send("GET", &path, &[("If-None-Match", tag)], None).await.expect(304);
        assert_eq!(again.header("etag"), tag);
        assert!(packed.body.len() < plain.body.len());
    }
    let small = api.send("GET", "/v2/health", &[("Accept-Encoding", "gzip")], None).await.expect(200);
    assert!(!small.headers.contains_key("content-encoding"));
}
