//! Every failure is a problem document.

use serde_json::json;

use crate::harness::{Api, NOON, Reply, new_key, new_organization, request};

/// Method, path, headers and body of a request, and the status and code that it meets.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a [u8], u16, &'a str);

/// Checks what every problem document has.
#[track_caller]
fn check(reply: &Reply, path: &str, status: u16, code: &str) {
    let body = reply.json();
    assert_eq!(reply.status, status, "{path}: {body}");
    assert_eq!(reply.header("content-type"), "application/problem+json", "{path}");
    assert_eq!(body["status"], status, "{path}");
    assert_eq!(body["code"], code, "{path}");
    let kebab = code.to_lowercase().replace('_', "-");
    assert_eq!(body["type"], format!("urn:creatoraudit:error:{kebab}"), "{path}");
    assert_eq!(body["instance"], path.split('?').next().unwrap(), "{path}");
    assert_eq!(body["request_id"], reply.header("x-request-id"), "{path}");
    assert!(body["title"].is_string() && body["detail"].is_string(), "{path}");
    assert_eq!(body.get("errors").is_some(), status == 422, "{path}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_wrong_with_a_request_is_a_problem_document() {
    let api = Api::start().await;
    let bearer = format!("Bearer {}", api.key);
    let json_type = ("Content-Type", "application/json");
    let auth = ("Authorization", bearer.as_str());
    let missing = "/v2/accounts/0197a6f0-0000-7000-8000-000000000001";
    let long = "x".repeat(256);
    let big = vec![b' '; 1024 * 1024 + 1];
    let cases: Vec<Case<'_>> = vec![
        ("POST", "/v2/accounts", vec![auth, json_type], b"{\"platform\":", 400, "BAD_REQUEST"),
        ("POST", "/v2/accounts", vec![auth, json_type], b"", 400, "BAD_REQUEST"),
        ("POST", "/v2/accounts", vec![auth, json_type], b"\xff{}", 400, "BAD_REQUEST"),
        ("POST", "/v2/accounts", vec![auth, json_type], b"[]", 422, "VALIDATION_ERROR"),
        ("POST", "/v2/accounts", vec![auth, json_type], b"{}", 422, "VALIDATION_ERROR"),
        ("POST", "/v2/accounts", vec![auth], b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("POST", "/v2/accounts", vec![auth, ("Content-Type", "text/plain")], b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            "POST",
            "/v2/accounts",
            vec![auth, json_type, ("Content-Encoding", "gzip")],
            b"{}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("POST", "/v2/accounts", vec![auth, json_type], &big, 413, "PAYLOAD_TOO_LARGE"),
        ("POST", "/v2/accounts", vec![auth, json_type, ("Idempotency-Key", &long)], b"{}", 400, "BAD_REQUEST"),
        ("POST", "/v2/accounts", vec![auth, json_type, ("Idempotency-Key", "a b")], b"{}", 400, "BAD_REQUEST"),
        ("POST", "/v2/accounts?x=1", vec![auth, json_type], b"{}", 422, "VALIDATION_ERROR"),
        ("GET", "/v2/accounts?limit=0", vec![auth], b"", 422, "VALIDATION_ERROR"),
        ("GET", "/v2/accounts?nope=1", vec![auth], b"", 422, "VALIDATION_ERROR"),
        ("GET", "/v2/accounts?order_direction=up", vec![auth], b"", 422, "VALIDATION_ERROR"),
        ("GET", "/v2/accounts", vec![auth, ("Accept", "text/html")], b"", 406, "NOT_ACCEPTABLE"),
        ("GET", "/v2/health", vec![("Accept", "image/png")], b"", 406, "NOT_ACCEPTABLE"),
        ("GET", "/v2/accounts", vec![("Accept-Encoding", "identity;q=0, *;q=0")], b"", 406, "NOT_ACCEPTABLE"),
        ("GET", missing, vec![auth], b"", 404, "NOT_FOUND"),
        ("PATCH", missing, vec![auth, json_type], b"{}", 404, "NOT_FOUND"),
        ("PATCH", missing, vec![auth, json_type, ("If-Match", "*")], b"{}", 404, "NOT_FOUND"),
        ("PATCH", missing, vec![auth, json_type, ("If-Match", "abc")], b"{}", 400, "BAD_REQUEST"),
        ("DELETE", missing, vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/accounts/me", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/accounts/0197a6f0000070008000000000000001", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/account-videos/0", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/account-videos/99999999999999999999", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/account-videos/7", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/nothing", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/nothing", vec![], b"", 404, "NOT_FOUND"),
        ("GET", "/", vec![], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/accounts/", vec![auth], b"", 404, "NOT_FOUND"),
        ("GET", "/v2/docs/nothing.js", vec![], b"", 404, "NOT_FOUND"),
        ("PUT", "/v2/accounts", vec![auth], b"", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v2/health", vec![], b"", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/v2/accounts", vec![], b"", 401, "UNAUTHORIZED"),
        ("GET", "/v2/accounts", vec![("Authorization", "Bearer ca_x")], b"", 401, "UNAUTHORIZED"),
        // A bad key answers before a bad body, a bad method and a bad Accept.
        ("POST", "/v2/accounts", vec![], b"{", 401, "UNAUTHORIZED"),
        ("PUT", "/v2/accounts", vec![("Accept", "text/html")], b"", 401, "UNAUTHORIZED"),
    ];
    for (method, path, headers, body, status, code) in cases {
        let reply = request(api.addr, method, path, &headers, body).await;
        check(&reply, path, status, code);
        assert_eq!(reply.headers.contains_key("x-ratelimit-remaining"), headers.contains(&auth), "{method} {path}");
        match status {
            401 => assert_eq!(reply.header("www-authenticate"), "Bearer"),
            405 => assert!(reply.header("allow").starts_with("GET, HEAD")),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_is_adopted_when_it_is_well_formed_and_made_otherwise() {
    let api = Api::start().await;
    for path in ["/v2/health", "/v2/nothing", "/v2/whoami"] {
        let reply = request(api.addr, "GET", path, &[("X-Request-ID", "ticket-4711_a.b")], b"").await;
        assert_eq!(reply.header("x-request-id"), "ticket-4711_a.b");
        let reply = request(api.addr, "GET", path, &[("X-Request-ID", "no spaces please")], b"").await;
        assert_eq!(reply.header("x-request-id").len(), 36);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_opens_what_it_is_for_while_it_is_good() {
    let api = Api::start().await;
    let with = |key: String| async move {
        request(api.addr, "GET", "/v2/accounts", &[("Authorization", &format!("Bearer {key}"))], b"").await
    };
    let reader = api.key_with("read:social").await;
    with(reader.clone()).await.expect(200);
    let bearer = format!("Bearer {reader}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let reply = request(api.addr, "POST", "/v2/accounts", &headers, b"{").await;
    check(&reply, "/v2/accounts", 403, "INSUFFICIENT_SCOPE");
    assert!(reply.json()["detail"].as_str().unwrap().contains("write:tracking"));
    with(api.key_with("read:usage").await).await.expect(403);

    let ending =
        new_key(&api.store, api.organization, "read", Some(NOON.plus(std::time::Duration::from_secs(5)))).await;
    with(ending.clone()).await.expect(200);
    api.clock.advance(std::time::Duration::from_secs(5));
    check(&with(ending).await, "/v2/accounts", 401, "UNAUTHORIZED");

    let keys = api.store.keys(Some(api.organization)).await.unwrap();
    let revoked = keys.iter().find(|key| reader.contains(&key.public_part)).unwrap();
    api.store.revoke_key(revoked.id, NOON).await.unwrap();
    check(&with(reader).await, "/v2/accounts", 403, "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_calls_are_answered_with_503_and_health_is_not() {
    let api = Api::start().await;
    api.get("/v2/health/ready").await.expect(200);
    api.store.clone().close().await.unwrap();
    for path in ["/v2/accounts", "/v2/whoami", "/v2/health/ready"] {
        let reply = api.get(path).await;
        check(&reply, path, 503, "SERVICE_UNAVAILABLE");
        assert!(reply.header("retry-after").parse::<u32>().unwrap() >= 1);
    }
    api.get("/v2/health").await.expect(200);
    check(&api.get("/v2/nothing").await, "/v2/nothing", 404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cap_on_tracked_accounts_is_a_refusal_of_its_own() {
    let api = Api::start().await;
    let capped = new_organization(&api.store, Some(1)).await;
    let key = new_key(&api.store, capped, "read,write", None).await;
    let bearer = format!("Bearer {key}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    for (handle, status) in [("first", 201), ("second", 403)] {
        let body = json!({"platform": "tiktok", "username": handle}).to_string();
        let reply = request(api.addr, "POST", "/v2/accounts", &headers, body.as_bytes()).await;
        assert_eq!(reply.status, status, "{:?}", String::from_utf8_lossy(&reply.body));
        if status == 403 {
            check(&reply, "/v2/accounts", 403, "QUOTA_EXCEEDED");
        }
    }
}
