//! Whatever is wrong with a call, the answer is the contract's problem document: the status, the code, every bad field at once, and
//! the request id; and nothing was written.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Answer, Builder, Client, Deployment, Pair, on_every_pair};

on_every_pair!(
    a_bad_body_is_answered_field_by_field,
    a_bad_query_is_answered_field_by_field,
    a_call_that_http_itself_forbids_gets_its_own_status,
    a_key_that_does_not_hold_is_refused_before_anything_else,
    a_key_opens_what_its_scopes_say,
    every_answer_carries_a_request_id,
    a_duplicate_and_a_full_quota_are_told_from_each_other,
    conditional_requests_hold,
);

const NEVER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn deployment(pair: Pair) -> Deployment {
    Builder::new(pair).workers(0).start().await
}

async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request).await
}

/// A POST to `/v2/accounts` of whatever bytes.
fn raw(client: &Client, body: impl Into<reqwest::Body>) -> RequestBuilder {
    client.request(Method::POST, "/v2/accounts").header(CONTENT_TYPE, "application/json").body(body)
}

async fn a_bad_body_is_answered_field_by_field(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    for malformed in ["", "{", "{\"platform\": tiktok}", "{\"a\":1}}", "\u{0}", "not json"] {
        send(raw(&client, malformed)).await.assert_problem(400, "BAD_REQUEST");
    }
    send(raw(&client, vec![b'"', 0xff, b'"'])).await.assert_problem(400, "BAD_REQUEST");
    for no_object in ["[]", "null", "7", "\"text\""] {
        send(raw(&client, no_object)).await.assert_problem(422, "VALIDATION_ERROR");
    }
    let long = "x".repeat(256);
    let good = |further: &[(&str, Value)]| {
        let mut body = json!({"platform": "tiktok", "username": "good"});
        for (field, value) in further {
            body[*field] = value.clone();
        }
        body
    };
    let accounts: Vec<(Value, &[&str])> = vec![
        (json!({}), &["platform", "username"]),
        (good(&[("colour", json!("red"))]), &["colour"]),
        (good(&[("username", json!(5))]), &["username"]),
        (good(&[("username", Value::Null), ("platform", json!(["tiktok"]))]), &["platform", "username"]),
        (good(&[("username", json!("x".repeat(10_000)))]), &["username"]),
        (good(&[("username", json!("https://www.tiktok.com/@x/video/7571863205253778710"))]), &["username"]),
        (good(&[("scrape_interval_hours", json!(0))]), &["scrape_interval_hours"]),
        (good(&[("scrape_interval_hours", json!(721))]), &["scrape_interval_hours"]),
        (good(&[("scrape_interval_hours", json!(1.5))]), &["scrape_interval_hours"]),
        (good(&[("max_recent_posts_per_account", json!(2001))]), &["max_recent_posts_per_account"]),
        (good(&[("post_lookback_days", json!("30"))]), &["post_lookback_days"]),
        (good(&[("is_active", json!("yes"))]), &["is_active"]),
        (good(&[("creator_id", json!("not-a-uuid"))]), &["creator_id"]),
        (good(&[("metadata", json!([]))]), &["metadata"]),
        (good(&[("metadata", json!({"a": long, "b": {"deep": 1}}))]), &["metadata.a", "metadata.b"]),
        (
            json!({
                "platform": "myspace", "username": " ", "scrape_interval_hours": -1, "metadata": {"colour": long},
                "is_active": 1, "unheard_of": true,
            }),
            &["platform", "username", "scrape_interval_hours", "metadata.colour", "is_active", "unheard_of"],
        ),
    ];
    for (body, fields) in accounts {
        let problem = client.post("/v2/accounts", &body).await.assert_invalid(fields);
        if body["platform"] == "myspace" {
            let errors = problem["errors"].as_array().expect("a list");
            let platform = errors.iter().find(|error| error["field"] == "platform").expect("platform is named");
            assert_eq!(platform["message"], "must be one of: instagram, tiktok, youtube, pinterest");
        }
    }
    let videos: [(Value, &[&str]); 4] = [
        (json!({}), &["platform", "identifier"]),
        (json!({"platform": "tiktok", "identifier": "abc"}), &["identifier"]),
        (
            json!({"platform": "tiktok", "identifier": "https://example.com/@x/video/7571863205253778710"}),
            &["identifier"],
        ),
        (json!({"platform": "instagram", "identifier": {"id": 1}, "category": "x"}), &["identifier", "category"]),
    ];
    for (body, fields) in videos {
        client.post("/v2/videos", &body).await.assert_invalid(fields);
    }
    for body in [json!({}), json!({"name": ""}), json!({"name": long}), json!({"name": 1})] {
        client.post("/v2/creators", &body).await.assert_invalid(&["name"]);
    }
    client.post("/v2/creators", &json!({"name": "n\u{0}n"})).await.assert_invalid(&["name"]);
    for path in ["/v2/accounts", "/v2/videos", "/v2/creators"] {
        assert!(client.get(path).await.rows().is_empty(), "{path}: nothing was half written");
    }

    let made = client.post("/v2/accounts", &good(&[])).await.data(201);
    let path = format!("/v2/accounts/{}", made["id"].as_str().expect("an id"));
    for (body, fields) in [
        (json!({"username": "other"}), &["username"][..]),
        (json!({"is_active": null}), &["is_active"]),
        (json!({"metadata": 1, "scrape_interval_hours": "x"}), &["metadata", "scrape_interval_hours"]),
    ] {
        client.patch(&path, &body).await.assert_invalid(fields);
    }
    assert_eq!(client.get(&path).await.data(200), made, "a refused patch changes nothing");
    deployment.terminate_all().await;
}

async fn a_bad_query_is_answered_field_by_field(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let cases: [(&str, &[&str]); 14] = [
        ("/v2/accounts?colour=red", &["colour"]),
        ("/v2/accounts?limit=0", &["limit"]),
        ("/v2/accounts?limit=201", &["limit"]),
        ("/v2/accounts?limit=many", &["limit"]),
        ("/v2/accounts?limit=-1&platform=myspace&colour=red", &["colour", "limit", "platform"]),
        ("/v2/accounts?order_by=bogus", &["order_by"]),
        ("/v2/accounts?order_direction=sideways", &["order_direction"]),
        ("/v2/accounts?is_active=maybe", &["is_active"]),
        ("/v2/accounts?creator_id=7", &["creator_id"]),
        ("/v2/videos?account_id=x&order_by=username", &["account_id", "order_by"]),
        ("/v2/account-videos?media_type=song", &["media_type"]),
        ("/v2/account-videos?created_after=yesterday&created_before=2025-13-01", &["created_after", "created_before"]),
        ("/v2/creators?include_total=2", &["include_total"]),
        ("/v2/creators?platform=tiktok", &["platform"]),
    ];
    for (path, fields) in cases {
        client.get(path).await.assert_invalid(fields);
    }
    let page = client.get("/v2/accounts?platform=tiktok&is_active=true&q=ab&order_by=username").await;
    page.assert_status(200);
    let filters = &page.json()["filters"];
    for (name, value) in [("platform", "tiktok"), ("q", "ab"), ("order_by", "username"), ("order_direction", "asc")] {
        assert_eq!(filters[name], value, "{filters}");
    }
    // Percent signs, quotes and underscores are text like any other.
    for text in ["%25", "_", "%27%20OR%201%3D1--", "%5C", "%00", "%F0%9F%98%80"] {
        let answer = client.get(&format!("/v2/accounts?q={text}")).await;
        assert!(matches!(answer.status, 200 | 422), "{text}: {}", answer.text());
    }
    deployment.terminate_all().await;
}

async fn a_call_that_http_itself_forbids_gets_its_own_status(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    for (method, path, allowed) in [
        (Method::PUT, "/v2/accounts".to_owned(), &["GET", "POST"][..]),
        (Method::POST, format!("/v2/accounts/{NEVER}"), &["GET", "PATCH", "DELETE"]),
        (Method::POST, "/v2/account-videos".to_owned(), &["GET"]),
        (Method::DELETE, "/v2/health".to_owned(), &["GET"]),
        (Method::POST, format!("/v2/creators/{NEVER}/accounts/{NEVER}"), &["PUT", "DELETE"]),
    ] {
        let answer = send(client.request(method, &path).header(CONTENT_TYPE, "application/json").body("{}")).await;
        answer.assert_problem(405, "METHOD_NOT_ALLOWED");
        let allow = answer.must_header("allow").to_owned();
        for method in allowed {
            assert!(allow.split(',').any(|name| name.trim() == *method), "{path} allows {allow}");
        }
    }
    for path in ["/v2/nothing", "/v2", "/", "/v3/accounts", "/v2/accounts/x/y/z", "/v2/accounts/%00", "/v2/%FF"] {
        client.get(path).await.assert_problem(404, "NOT_FOUND");
    }
    for path in
        ["/v2/accounts/not-a-uuid", "/v2/videos/7", "/v2/account-videos/abc", "/v2/account-videos/99999999999999999999"]
    {
        client.get(path).await.assert_problem(404, "NOT_FOUND");
    }
    let body = json!({"platform": "tiktok", "username": "x"}).to_string();
    for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let request = client.request(Method::POST, "/v2/accounts").header(CONTENT_TYPE, kind).body(body.clone());
        send(request).await.assert_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let untyped = client.request(Method::POST, "/v2/accounts").body(body.clone());
    send(untyped).await.assert_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    let padded = format!("{}{body}", " ".repeat(1_048_577));
    send(raw(&client, padded)).await.assert_problem(413, "PAYLOAD_TOO_LARGE");
    for accept in ["text/html", "image/*", "application/json;q=0", "application/xml, text/plain"] {
        send(client.request(Method::GET, "/v2/accounts").header(ACCEPT, accept))
            .await
            .assert_problem(406, "NOT_ACCEPTABLE");
    }
    for accept in [
        "*/*",
        "application/*",
        "application/json",
        "text/html, */*;q=0.1",
        "application/problem+json",
        "*/*;q=0.5, text/html",
    ] {
        send(client.request(Method::GET, "/v2/accounts").header(ACCEPT, accept)).await.assert_status(200);
    }
    assert!(client.get("/v2/accounts").await.rows().is_empty());
    deployment.terminate_all().await;
}

async fn a_key_that_does_not_hold_is_refused_before_anything_else(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let record = deployment.create_key_record(&deployment.organization, &["--scopes", "read"]);
    let (id, key) = (record["id"].as_str().expect("an id"), record["key"].as_str().expect("a key"));
    assert!(domain::ApiKey::parse(key).is_some(), "the key has the published form");
    let unknown = domain::ApiKey::from_entropy(&[7; domain::api_key::ENTROPY]);
    let mut typo = key.to_owned();
    let last = typo.pop();
    typo.push(if last == Some('x') { 'y' } else { 'x' });
    let other_secret = {
        let mut parts: Vec<_> = key.split('_').map(str::to_owned).collect();
        parts[2] = parts[2].chars().rev().collect();
        parts.join("_")
    };
    let bearer = |key: &str| format!("Bearer {key}");
    let headers = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some(format!("Basic {key}")),
        Some(bearer("")),
        Some(bearer("nonsense")),
        Some(bearer(&typo)),
        Some(bearer(&other_secret)),
        Some(bearer(unknown.reveal())),
        Some(bearer(&"x".repeat(5_000))),
    ];
    for header in headers {
        // A bad body, an unknown id and an unknown parameter must not answer before the bad key does.
        for (method, path) in [
            (Method::GET, "/v2/whoami".to_owned()),
            (Method::POST, "/v2/accounts".to_owned()),
            (Method::GET, format!("/v2/accounts/{NEVER}?colour=red")),
        ] {
            let mut request = client.without_key().request(method, &path);
            request = request.header(CONTENT_TYPE, "application/json").body("{");
            if let Some(header) = &header {
                request = request.header(AUTHORIZATION, header);
            }
            let answer = send(request).await;
            answer.assert_problem(401, "UNAUTHORIZED");
            assert!(answer.must_header("www-authenticate").starts_with("Bearer"));
        }
    }
    let reader = client.with_key(key);
    reader.get("/v2/whoami").await.assert_status(200);
    deployment.run(&["key", "revoke", id]);
    reader.get("/v2/whoami").await.assert_problem(403, "FORBIDDEN");
    client.get("/v2/whoami").await.assert_status(200);

    let expiring = deployment.create_key_record(&deployment.organization, &["--expires", "30d"]);
    let holder = client.with_key(expiring["key"].as_str().expect("a key"));
    assert!(holder.get("/v2/whoami").await.data(200)["expires_at"].is_string());
    // A month is too long to wait for.
    deployment.database().execute("UPDATE api_keys SET expires_at = 1000 WHERE expires_at IS NOT NULL").await;
    holder.get("/v2/whoami").await.assert_problem(401, "UNAUTHORIZED");
    deployment.terminate_all().await;
}

async fn a_key_opens_what_its_scopes_say(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let holder = |scopes: &str| {
        let key = deployment.create_key(&deployment.organization, &["--scopes", scopes]);
        deployment.client.with_key(&key)
    };
    let body = json!({"platform": "tiktok", "username": "scoped"});
    let reader = holder("read");
    reader.get("/v2/accounts").await.assert_status(200);
    let refused = reader.post("/v2/accounts", &body).await.assert_problem(403, "INSUFFICIENT_SCOPE");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("write")), "{refused}");
    // What a key may not do at all is not checked for its form.
    send(raw(&reader, "{")).await.assert_problem(403, "INSUFFICIENT_SCOPE");
    let writer = holder("write:tracking");
    let made = writer.post("/v2/accounts", &body).await.data(201);
    let path = format!("/v2/accounts/{}", made["id"].as_str().expect("an id"));
    writer.get(&path).await.assert_problem(403, "INSUFFICIENT_SCOPE");
    for call in [reader.patch(&path, &json!({"is_active": false})).await, reader.delete(&path).await] {
        call.assert_problem(403, "INSUFFICIENT_SCOPE");
    }
    let unused = holder("read:affiliate");
    unused.get("/v2/whoami").await.assert_status(200);
    let refused = unused.get("/v2/accounts").await.assert_problem(403, "INSUFFICIENT_SCOPE");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("read")), "{refused}");
    let members = holder("read:member");
    members.get("/v2/creators").await.assert_status(200);
    members.get("/v2/accounts").await.assert_problem(403, "INSUFFICIENT_SCOPE");
    holder("admin").delete(&path).await.assert_status(204);
    deployment.terminate_all().await;
}

async fn every_answer_carries_a_request_id(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let paths =
        ["/v2/health", "/v2/meta", "/v2/openapi.json", "/v2/whoami", "/v2/accounts", "/nowhere", "/v2/accounts/x"];
    for path in paths {
        for bearer in [client.clone(), client.without_key()] {
            let own = send(bearer.request(Method::GET, path).header("X-Request-ID", "Trace-1.a_B")).await;
            assert_eq!(own.must_header("x-request-id"), "Trace-1.a_B", "{path}");
            let too_long = "x".repeat(129);
            for bad in ["a b", "", "ü", too_long.as_str()] {
                let answer = send(bearer.request(Method::GET, path).header("X-Request-ID", bad)).await;
                let made = answer.must_header("x-request-id");
                assert!(made != bad && made.len() == 36, "{path} made {made} of {bad:?}");
            }
            let answers = [bearer.get(path).await, bearer.get(path).await];
            assert_ne!(answers[0].must_header("x-request-id"), answers[1].must_header("x-request-id"), "{path}");
        }
    }
    deployment.terminate_all().await;
}

async fn a_duplicate_and_a_full_quota_are_told_from_each_other(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let capped = deployment.create_organization("capped", &["--max-tracked-accounts", "2"]);
    let client = deployment.client.with_key(&deployment.create_key(&capped, &[]));
    let account = |username: &str| json!({"platform": "tiktok", "username": username});
    let first = client.post("/v2/accounts", &account("one")).await.data(201);
    for form in ["one", "@ONE", "https://www.tiktok.com/@one?lang=en"] {
        let problem = client.post("/v2/accounts", &account(form)).await.assert_problem(409, "CONFLICT");
        assert_eq!(problem["existing_id"], first["id"], "{form}");
    }
    client.post("/v2/accounts", &account("two")).await.assert_status(201);
    client.post("/v2/accounts", &account("three")).await.assert_problem(403, "QUOTA_EXCEEDED");
    client.delete(&format!("/v2/accounts/{}", first["id"].as_str().expect("an id"))).await.assert_status(204);
    client.post("/v2/accounts", &account("three")).await.assert_status(201);
    assert_eq!(client.get("/v2/accounts").await.rows().len(), 2);
    deployment.terminate_all().await;
}

async fn conditional_requests_hold(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let made = client.post("/v2/creators", &json!({"name": "Ada"})).await.data(201);
    let path = format!("/v2/creators/{}", made["id"].as_str().expect("an id"));
    for path in [path.as_str(), "/v2/creators", "/v2/whoami", "/v2/meta"] {
        let answer = client.get(path).await;
        let tag = answer.must_header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path}: a strong tag, not {tag}");
        let same = send(client.request(Method::GET, path).header("If-None-Match", &tag)).await;
        same.assert_status(304);
        assert!(same.body.is_empty() && same.header("etag") == Some(&tag), "{path}");
        send(client.request(Method::GET, path).header("If-None-Match", "\"other\"")).await.assert_status(200);
    }
    let tag = client.get(&path).await.must_header("etag").to_owned();
    let renaming = |tag: &str, name: &str| {
        let request =
            client.request(Method::PATCH, &path).header(CONTENT_TYPE, "application/json").header("If-Match", tag);
        request.body(json!({"name": name}).to_string())
    };
    send(renaming(&tag, "Grace")).await.assert_status(200);
    send(renaming(&tag, "Joan")).await.assert_problem(412, "PRECONDITION_FAILED");
    let stale = client.request(Method::DELETE, &path).header("If-Match", &tag);
    send(stale).await.assert_problem(412, "PRECONDITION_FAILED");
    assert_eq!(client.get(&path).await.data(200)["name"], "Grace");
    deployment.terminate_all().await;
}
