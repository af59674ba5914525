//! API keys: who may do what, and until when.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use domain::{ApiKey, Timestamp};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Api, NOON, Reply, new_key, new_organization, request};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A call with another key than the harness's own.
async fn with(api: &Api, key: &str, method: &str, path: &str, body: Option<&Value>, further: &[(&str, &str)]) -> Reply {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(further);
    if body.is_some() {
        headers.push(("Content-Type", "application/json"));
    }
    let body = body.map(ToString::to_string).unwrap_or_default();
    request(api.addr, method, path, &headers, body.as_bytes()).await
}

async fn whoami(api: &Api, key: &str) -> u16 {
    with(api, key, "GET", "/v2/whoami", None, &[]).await.status
}

/// The key once it is noted that it was used, which is done beside the call.
async fn until_used(api: &Api, path: &str) -> Reply {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let reply = api.get(path).await.expect(200);
        if !reply.json()["data"]["last_used_at"].is_null() {
            return reply;
        }
        assert!(Instant::now() < end, "nobody notes that the key was used");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn key_of(reply: &Reply) -> String {
    reply.json()["data"]["key"].as_str().expect("a key").to_owned()
}

/// The secret part of a key.
fn secret_of(key: &str) -> &str {
    key.split('_').nth(2).expect("a secret")
}

async fn create(api: &Api, body: &Value) -> Reply {
    api.post("/v2/api-keys", body).await.expect(201)
}

async fn names(api: &Api, path: &str) -> Vec<String> {
    let page = api.get(path).await.expect(200).json();
    page["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_made_with_its_secret_and_read_without() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "backend"})).await;
    let path = format!("/v2/api-keys/{}", made.id());
    assert_eq!(made.header("location"), path);
    let key = key_of(&made);
    let mut expected = json!({
        "id": made.id(), "type": "api_key", "name": "backend", "prefix": &key[..11], "scopes": ["read", "write", "admin"],
        "is_active": true, "expires_at": NOON.plus(90 * DAY), "created_at": NOON, "updated_at": NOON,
        "last_used_at": null, "disabled_at": null, "retiring_secrets": [],
    });
    let read = api.get(&path).await.expect(200);
    assert_eq!(read.json()["data"], expected);
    assert_eq!(read.header("etag"), made.header("etag"), "the answer to the POST has the tag of what a GET shows");
    expected["key"] = json!(key);
    assert_eq!(made.json()["data"], expected);
    assert_eq!(whoami(&api, &key).await, 200);

    for (lifetime, ends) in [
        ("30d", Some(NOON.plus(30 * DAY))),
        ("60d", Some(NOON.plus(60 * DAY))),
        ("90d", Some(NOON.plus(90 * DAY))),
        ("1y", Some(NOON.plus(365 * DAY))),
        ("never", None::<Timestamp>),
    ] {
        let made =
            create(&api, &json!({"name": lifetime, "scopes": ["read:usage"], "expires_in": lifetime})).await.json();
        assert_eq!(
            (&made["data"]["expires_at"], &made["data"]["scopes"]),
            (&json!(ends), &json!(["read:usage"])),
            "{lifetime}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_field_is_named() {
    let api = Api::start().await;
    let name = json!("k");
    for (body, fields) in [
        (json!({}), vec!["name"]),
        (json!({"name": " ", "scopes": [], "expires_in": "2y", "x": 1}), vec!["expires_in", "name", "scopes", "x"]),
        (json!({"name": name, "scopes": ["read", "root", "admin", 7]}), vec!["scopes[1]", "scopes[3]"]),
        (json!({"name": name, "scopes": ["read", "read"]}), vec!["scopes"]),
        (json!({"name": name, "scopes": "read"}), vec!["scopes"]),
        (json!({"name": name, "scopes": null, "expires_in": null}), vec!["expires_in", "scopes"]),
        (json!({"name": name, "scopes": vec!["read"; 13]}), vec!["scopes"]),
        (json!({"name": "x".repeat(256), "expires_in": 90}), vec!["expires_in", "name"]),
    ] {
        assert_eq!(api.post("/v2/api-keys", &body).await.expect(422).invalid(), fields, "{body}");
    }
    let refused = api.post("/v2/api-keys", &json!({"name": name, "scopes": ["root"]})).await.json();
    assert!(refused["errors"][0]["message"].as_str().unwrap().starts_with("must be one of: read, write, admin"));
    let path = format!("/v2/api-keys/{}", create(&api, &json!({"name": "k"})).await.id());
    for (body, fields) in [
        (json!({"name": null, "is_active": 1}), vec!["is_active", "name"]),
        (json!({"scopes": ["read"], "expires_in": "30d"}), vec!["expires_in", "scopes"]),
    ] {
        assert_eq!(api.patch(&path, &body).await.expect(422).invalid(), fields, "{body}");
    }
    for (body, fields) in [
        (json!({"overlap_hours": 169, "expires_in": "x"}), vec!["expires_in", "overlap_hours"]),
        (json!({"overlap_hours": -1}), vec!["overlap_hours"]),
        (json!({"overlap_hours": 1.5, "name": "x"}), vec!["name", "overlap_hours"]),
    ] {
        assert_eq!(api.post(&format!("{path}/rotate"), &body).await.expect(422).invalid(), fields, "{body}");
    }
    api.send("POST", &format!("{path}/rotate"), &[("Content-Type", "text/plain")], None).await.expect(200);
    assert_eq!(names(&api, "/v2/api-keys").await, ["k", "test key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_the_business_of_admins_alone_and_of_one_organization() {
    let api = Api::start().await;
    let path = format!("/v2/api-keys/{}", create(&api, &json!({"name": "k"})).await.id());
    let rotate = format!("{path}/rotate");
    let calls = [
        ("GET", "/v2/api-keys", None),
        ("POST", "/v2/api-keys", Some(json!({"name": "x"}))),
        ("GET", path.as_str(), None),
        ("PATCH", path.as_str(), Some(json!({}))),
        ("POST", rotate.as_str(), Some(json!({}))),
        ("DELETE", path.as_str(), None),
    ];
    let writer = api.key_with("read,write,read:support,read:usage,write:webhooks").await;
    let stranger = new_key(&api.store, new_organization(&api.store, None).await, "admin", None).await;
    for (method, path, body) in &calls {
        let refused = with(&api, &writer, method, path, body.as_ref(), &[]).await.expect(403).json();
        assert_eq!(refused["code"], "INSUFFICIENT_SCOPE", "{method} {path}");
        assert!(refused["detail"].as_str().unwrap().contains("admin"));
        if path.len() > "/v2/api-keys".len() {
            with(&api, &stranger, method, path, body.as_ref(), &[]).await.expect(404);
        }
    }
    let own = with(&api, &stranger, "GET", "/v2/api-keys?include_total=true", None, &[]).await.expect(200).json();
    assert_eq!(own["pagination"]["total_count"], 1);
    assert_eq!(api.get(&path).await.expect(200).json()["data"]["updated_at"], json!(NOON), "nothing of it was done");
    api.get("/v2/api-keys/nonsense").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_key_is_refused_from_the_next_call_until_it_is_enabled() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "k"})).await;
    let (key, path) = (key_of(&made), format!("/v2/api-keys/{}", made.id()));
    api.clock.advance(HOUR);
    let off = api.patch(&path, &json!({"is_active": false, "name": "new name"})).await.expect(200);
    let shown = off.json()["data"].clone();
    let now = json!(NOON.plus(HOUR));
    assert_eq!((&shown["is_active"], &shown["disabled_at"], &shown["updated_at"]), (&json!(false), &now, &now));
    assert_eq!(shown["name"], "new name");
    assert_eq!(api.get(&path).await.body, off.body);
    assert_eq!(whoami(&api, &key).await, 403);
    assert_eq!(names(&api, "/v2/api-keys?is_active=false").await, ["new name"]);
    assert_eq!(names(&api, "/v2/api-keys?is_active=true").await, ["test key"]);
    api.patch(&path, &json!({"is_active": true})).await.expect(200);
    let me = with(&api, &key, "GET", "/v2/whoami", None, &[]).await.expect(200).json();
    assert_eq!(me["data"]["api_key_name"], "new name");

    let tag = off.header("etag").to_owned();
    let stale = [("If-Match", tag.as_str())];
    api.send("PATCH", &path, &stale, Some(&json!({"name": "x"}))).await.expect(412);
    api.send("DELETE", &path, &stale, None).await.expect(412);
    let tag = until_used(&api, &path).await.header("etag").to_owned();
    api.send("PATCH", &path, &[("If-Match", &tag)], Some(&json!({"name": "x"}))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_gone_for_good_and_may_be_the_callers_own() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "k"})).await;
    let (key, path) = (key_of(&made), format!("/v2/api-keys/{}", made.id()));
    let rotated = with(&api, &key, "POST", &format!("{path}/rotate"), None, &[]).await.expect(200);
    with(&api, &key, "DELETE", &path, None, &[]).await.expect(204);
    for secret in [&key, &key_of(&rotated)] {
        let refused = with(&api, secret, "GET", "/v2/whoami", None, &[]).await.expect(403).json();
        assert_eq!((&refused["code"], &refused["detail"]), (&json!("FORBIDDEN"), &json!("The API key is revoked.")));
    }
    api.get(&path).await.expect(404);
    api.patch(&path, &json!({"is_active": true})).await.expect(404);
    api.post(&format!("{path}/rotate"), &json!({})).await.expect(404);
    api.send("DELETE", &path, &[], None).await.expect(404);
    assert_eq!(names(&api, "/v2/api-keys").await, ["test key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_key_opens_with_both_secrets_for_the_overlap() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "k", "scopes": ["admin"], "expires_in": "30d"})).await;
    let (first, path) = (key_of(&made), format!("/v2/api-keys/{}", made.id()));
    let rotate = format!("{path}/rotate");
    api.clock.advance(HOUR);
    // A key may rotate itself, and needs no body for it.
    let once = with(&api, &first, "POST", &rotate, None, &[]).await.expect(200);
    let second = key_of(&once);
    let shown = once.json()["data"].clone();
    assert_eq!((&shown["id"], &shown["scopes"]), (&json!(made.id()), &json!(["admin"])));
    assert_eq!((&shown["prefix"], &shown["expires_at"]), (&json!(&second[..11]), &json!(NOON.plus(30 * DAY))));
    let first_ends = json!({"prefix": &first[..11], "expires_at": NOON.plus(HOUR + DAY)});
    assert_eq!(shown["retiring_secrets"], json!([first_ends]));
    assert_ne!(secret_of(&first), secret_of(&second));
    assert_eq!(api.get(&path).await.header("etag"), once.header("etag"));

    let body = json!({"overlap_hours": 2, "expires_in": "never"});
    let twice = with(&api, &second, "POST", &rotate, Some(&body), &[]).await.expect(200);
    let third = key_of(&twice);
    let shown = api.get(&path).await.json()["data"].clone();
    assert_eq!(shown["expires_at"], Value::Null);
    let second_ends = json!({"prefix": &second[..11], "expires_at": NOON.plus(3 * HOUR)});
    // The shorter overlap holds for the older secret as well.
    let first_ends = json!({"prefix": &first[..11], "expires_at": NOON.plus(3 * HOUR)});
    let retiring = shown["retiring_secrets"].as_array().unwrap();
    assert!(retiring.len() == 2 && retiring.contains(&first_ends) && retiring.contains(&second_ends), "{retiring:?}");
    let me = with(&api, &second, "GET", "/v2/whoami", None, &[]).await.expect(200).json();
    assert_eq!(me["data"]["expires_at"], json!(NOON.plus(3 * HOUR)), "whoami tells when this secret ends");

    let all = [first.as_str(), second.as_str(), third.as_str()];
    for (advance, expected) in [(HOUR, [200, 200, 200]), (HOUR, [401, 401, 200]), (22 * HOUR, [401, 401, 200])] {
        api.clock.advance(advance);
        let statuses = join_all(all.map(|key| whoami(&api, key))).await;
        assert_eq!(statuses, expected);
    }
    assert_eq!(api.get(&path).await.json()["data"]["retiring_secrets"], json!([]));
    let at_once = api.post(&rotate, &json!({"overlap_hours": 0})).await.expect(200);
    assert_eq!((whoami(&api, &third).await, whoami(&api, &key_of(&at_once)).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_key_is_rotated_only_together_with_a_new_lifetime() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "k", "expires_in": "30d"})).await;
    let rotate = format!("/v2/api-keys/{}/rotate", made.id());
    api.clock.advance(30 * DAY);
    assert_eq!(whoami(&api, &key_of(&made)).await, 401);
    assert_eq!(api.post(&rotate, &json!({})).await.expect(409).json()["code"], "CONFLICT");
    let rotated = api.post(&rotate, &json!({"expires_in": "60d", "overlap_hours": 168})).await.expect(200);
    assert_eq!(rotated.json()["data"]["retiring_secrets"], json!([]));
    assert_eq!((whoami(&api, &key_of(&made)).await, whoami(&api, &key_of(&rotated)).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_shows_the_secret_again_to_the_key_that_asked_first_and_to_no_other() {
    let api = Api::start().await;
    let body = json!({"name": "k"});
    let once = [("Idempotency-Key", "once")];
    let first = api.send("POST", "/v2/api-keys", &once, Some(&body)).await.expect(201);
    let again = api.send("POST", "/v2/api-keys", &once, Some(&body)).await.expect(201);
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, "true"));
    let other = api.key_with("admin").await;
    let refused = with(&api, &other, "POST", "/v2/api-keys", Some(&body), &once).await.expect(409);
    assert!(!String::from_utf8_lossy(&refused.body).contains(secret_of(&key_of(&first))));
    assert_eq!(names(&api, "/v2/api-keys?q=K&order_by=name").await, ["k", "test key", "test key"]);

    let rotate = format!("/v2/api-keys/{}/rotate", first.id());
    let twice = [("Idempotency-Key", "twice")];
    let key = key_of(&first);
    let rotated = with(&api, &key, "POST", &rotate, None, &twice).await.expect(200);
    // The answer got lost; the old secret still opens, and no body is as good as an empty one.
    let again = with(&api, &key, "POST", &rotate, Some(&json!({})), &twice).await.expect(200);
    assert_eq!(again.body, rotated.body);
    assert_eq!(api.get(first.header("location")).await.json()["data"]["retiring_secrets"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotations_at_once_each_give_a_secret_that_opens() {
    let api = Api::start().await;
    let made = create(&api, &json!({"name": "k"})).await;
    let rotate = format!("/v2/api-keys/{}/rotate", made.id());
    let empty = json!({});
    let answers = join_all((0..10).map(|_| api.post(&rotate, &empty))).await;
    let mut keys = vec![key_of(&made)];
    keys.extend(answers.into_iter().map(|answer| key_of(&answer.expect(200))));
    for key in &keys {
        assert_eq!(whoami(&api, key).await, 200);
    }
    let shown = api.get(made.header("location")).await.json()["data"].clone();
    let mut prefixes: BTreeSet<_> = BTreeSet::from([shown["prefix"].as_str().unwrap().to_owned()]);
    let retiring = shown["retiring_secrets"].as_array().unwrap();
    prefixes.extend(retiring.iter().map(|old| old["prefix"].as_str().unwrap().to_owned()));
    assert_eq!(prefixes, keys.iter().map(|key| key[..11].to_owned()).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_pages_filters_and_sorts_and_shows_no_secret() {
    let api = Api::start().await;
    let mut secrets = Vec::new();
    for name in ["Beta", "alpha", "gamma_1"] {
        api.clock.advance(Duration::from_secs(1));
        secrets.push(key_of(&create(&api, &json!({"name": name})).await));
    }
    assert_eq!(names(&api, "/v2/api-keys").await, ["gamma_1", "alpha", "Beta", "test key"]);
    assert_eq!(names(&api, "/v2/api-keys?sort=created_at").await, ["test key", "Beta", "alpha", "gamma_1"]);
    assert_eq!(names(&api, "/v2/api-keys?order_by=name").await, ["alpha", "Beta", "gamma_1", "test key"]);
    assert_eq!(names(&api, "/v2/api-keys?q=A_").await, ["gamma_1"]);
    let mut seen = Vec::new();
    let mut path = "/v2/api-keys?order_by=name&order_direction=desc&limit=3&include_total=true".to_owned();
    loop {
        let page = api.get(&path).await.expect(200);
        for secret in &secrets {
            assert!(!String::from_utf8_lossy(&page.body).contains(secret_of(secret)));
        }
        let page = page.json();
        assert_eq!(page["pagination"]["total_count"], 4);
        assert_eq!(
            (&page["filters"]["order_by"], &page["filters"]["order_direction"]),
            (&json!("name"), &json!("desc"))
        );
        seen.extend(page["data"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["pagination"]["next_cursor"].as_str() else { break };
        path = format!("/v2/api-keys?order_by=name&order_direction=desc&limit=3&include_total=true&cursor={cursor}");
    }
    assert_eq!(seen, ["test key", "gamma_1", "Beta", "alpha"]);
    let bad = api.get("/v2/api-keys?order_by=scopes&is_active=maybe&platform=tiktok").await.expect(422);
    assert_eq!(bad.invalid(), ["is_active", "order_by", "platform"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_with_a_key_is_on_record_with_its_name_and_request() {
    let api = Api::start().await;
    let traced = [("X-Request-ID", "trace-1")];
    let made = api.send("POST", "/v2/api-keys", &traced, Some(&json!({"name": "k"}))).await.expect(201);
    let rotated = api.post(&format!("{}/rotate", made.header("location")), &json!({})).await.expect(200);
    api.send("DELETE", made.header("location"), &[], None).await.expect(204);
    let filter = store::AuditFilter { organization: Some(api.organization), since: None, limit: 3 };
    let records = api.store.audit_records(&filter).await.unwrap();
    let actions: Vec<_> = records.iter().map(|record| record.action.as_str()).collect();
    assert_eq!(actions, ["api_key.revoked", "api_key.rotated", "api_key.created"]);
    let caller = ApiKey::parse(&api.key).unwrap();
    let caller = api.store.authenticate(caller.public_part()).await.unwrap().unwrap();
    for record in &records {
        assert_eq!((record.actor_key_id, record.actor.as_str()), (Some(caller.id), "test key"));
        assert_eq!(record.subject_id.to_string(), made.id());
    }
    assert_eq!(records[2].request_id.as_deref(), Some("trace-1"));
    for key in [key_of(&made), key_of(&rotated)] {
        assert!(!format!("{records:?}").contains(secret_of(&key)));
    }
}
