//! What holds for every answer of every path, as RFC 9110 and the contract have it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bodies::valid;
use crate::document::{Ids, document, lists, operations};
use crate::harness::{Api, Reply, exchange, read, request, serve_as};

/// Method, path, headers and body of a request, and the status that it meets.
type Case<'a> = (&'a str, &'a str, Vec<(&'a str, &'a str)>, &'a [u8], u16);

const ORIGIN: &str = "https://app.example.org";

/// The documented paths and those of the interactive reference, each with the methods that it answers to.
fn paths() -> Vec<(String, BTreeSet<String>)> {
    let mut paths = Vec::new();
    for (route, item) in document()["paths"].as_object().unwrap() {
        let mut methods: BTreeSet<_> = item.as_object().unwrap().keys().map(|name| name.to_uppercase()).collect();
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        methods.insert("OPTIONS".to_owned());
        paths.push((route.clone(), methods));
    }
    for route in ["/v2/docs", "/v2/docs/index.css"] {
        paths.push((route.to_owned(), ["GET", "HEAD", "OPTIONS"].map(str::to_owned).into()));
    }
    paths
}

fn listed(allow: &str) -> BTreeSet<String> {
    allow.split(", ").map(str::to_owned).collect()
}

/// An API under which a test may make as many requests as it likes.
async fn unhurried() -> Api {
    Api::with(1_000_000, api::LimiterConfig::Memory).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_tells_anybody_what_it_answers_to() {
    let api = Api::start().await;
    for (route, methods) in paths() {
        let path = Ids::of_nothing().path(&route);
        let reply = request(api.addr, "OPTIONS", &path, &[], b"").await.expect(204);
        assert_eq!(listed(reply.header("allow")), methods, "{path}");
        assert!(reply.body.is_empty() && reply.header("x-request-id").len() == 36, "{path}");
        assert!(reply.headers.keys().all(|name| !name.starts_with("access-control-")), "{path}");
    }
    let nowhere = request(api.addr, "OPTIONS", "/v2/nothing", &[], b"").await.expect(404);
    assert_eq!(nowhere.json()["code"], "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_path_refuses_every_other_method_and_names_its_own() {
    let api = unhurried().await;
    for (route, methods) in paths() {
        let path = Ids::of_nothing().path(&route);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if methods.contains(method) {
                continue;
            }
            let reply = api.send(method, &path, &[], None).await.expect(405);
            assert_eq!(listed(reply.header("allow")), methods, "{method} {path}");
            assert_eq!(reply.json()["code"], "METHOD_NOT_ALLOWED", "{method} {path}");
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_of_allowed_origins_may_call_and_others_get_plain_answers() {
    let api = Api::start().await;
    let addr = serve_as(&api.store, &api.clock, |settings| settings.allowed_origins = vec![ORIGIN.to_owned()]);
    let bearer = format!("Bearer {}", api.key);
    let id = api.post("/v2/creators", &json!({"name": "x"})).await.expect(201).id();
    let preflight = async |path: &str, origin: &str| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PATCH"),
            ("Access-Control-Request-Headers", "authorization,content-type,if-match"),
        ];
        request(addr, "OPTIONS", path, &headers, b"").await
    };
    let path = format!("/v2/creators/{id}");
    let allowed = preflight(&path, ORIGIN).await.expect(204);
    assert_eq!(allowed.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(listed(allowed.header("access-control-allow-methods")), listed(allowed.header("allow")));
    assert!(allowed.header("access-control-allow-methods").contains("PATCH"));
    for name in
        ["Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID"]
    {
        assert!(listed(allowed.header("access-control-allow-headers")).contains(name), "{name}");
    }
    assert!(allowed.header("access-control-max-age").parse::<u32>().unwrap() > 0);
    assert_eq!((allowed.header("vary"), allowed.header("x-request-id").len()), ("Accept-Encoding, Origin", 36));
    assert!(allowed.body.is_empty());

    let calls = [("GET", path.as_str(), 200), ("GET", "/v2/nothing", 404), ("PUT", path.as_str(), 405)];
    for (method, path, status) in calls {
        let headers = [("Authorization", bearer.as_str()), ("Origin", ORIGIN)];
        let reply = request(addr, method, path, &headers, b"").await.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN, "{method} {path}");
        let exposed: BTreeSet<_> =
            reply.header("access-control-expose-headers").split(", ").map(str::to_lowercase).collect();
        for name in [
            "etag",
            "link",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "x-request-id",
            "idempotency-replayed",
            "allow",
        ] {
            assert!(exposed.contains(name), "{name} in {exposed:?}");
        }
        assert!(!reply.headers.contains_key("access-control-allow-credentials"));
        assert_eq!(reply.header("vary"), "Accept-Encoding, Origin");
    }
    // A script whose key is missing may read why it was refused.
    let refused = request(addr, "GET", &path, &[("Origin", ORIGIN)], b"").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), ORIGIN);

    let plain = |reply: &Reply| reply.headers.keys().all(|name| !name.starts_with("access-control-"));
    for origin in ["https://evil.example.org", "null", "http://app.example.org", "https://app.example.org.evil.org"] {
        let other = preflight(&path, origin).await.expect(204);
        assert!(plain(&other) && other.header("vary") == "Accept-Encoding, Origin", "{origin}: {other:?}");
        let headers = [("Authorization", bearer.as_str()), ("Origin", origin)];
        let other = request(addr, "GET", &path, &headers, b"").await.expect(200);
        assert!(plain(&other) && other.header("vary") == "Accept-Encoding, Origin", "{origin}: {other:?}");
    }
    preflight("/v2/nothing", ORIGIN).await.expect(404);
    // Off, which is the default, nobody is told anything.
    let off = request(api.addr, "GET", "/v2/health", &[("Origin", ORIGIN)], b"").await.expect(200);
    assert!(plain(&off) && off.header("vary") == "Accept-Encoding", "{off:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_tells_browsers_to_do_nothing_with_it() {
    let api = Api::start().await;
    let safe = serve_as(&api.store, &api.clock, |settings| {
        settings.public_url = Some("https://api.example.org".to_owned());
    });
    let bearer = format!("Bearer {}", api.key);
    let auth = ("Authorization", bearer.as_str());
    let tag = api.get("/v2/whoami").await.header("etag").to_owned();
    let front = request(api.addr, "GET", "/v2/docs", &[], b"").await.header("etag").to_owned();
    let json_type = ("Content-Type", "application/json");
    let cases: Vec<Case<'_>> = vec![
        ("GET", "/v2/whoami", vec![auth], b"", 200),
        ("HEAD", "/v2/whoami", vec![auth], b"", 200),
        ("GET", "/v2/whoami", vec![auth, ("If-None-Match", &tag)], b"", 304),
        ("GET", "/v2/whoami", vec![], b"", 401),
        ("GET", "/v2/whoami", vec![auth, ("Accept", "text/html")], b"", 406),
        ("GET", "/v2/nothing", vec![], b"", 404),
        ("PUT", "/v2/accounts", vec![auth], b"", 405),
        ("OPTIONS", "/v2/accounts", vec![], b"", 204),
        ("GET", "/v2/health", vec![("Accept-Encoding", "*;q=0")], b"", 406),
        ("POST", "/v2/creators", vec![auth, json_type], b"{\"name\": \"a\"}", 201),
        ("POST", "/v2/creators", vec![auth, json_type], b"{}", 422),
        ("GET", "/v2/docs", vec![], b"", 200),
        ("GET", "/v2/docs", vec![("If-None-Match", &front)], b"", 304),
        ("GET", "/v2/docs/swagger-ui.css", vec![], b"", 200),
    ];
    for (method, path, headers, body, status) in cases {
        let reply = request(api.addr, method, path, &headers, body).await;
        let name = format!("{method} {path} {status}");
        assert_eq!(reply.status, status, "{name}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{name}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{name}");
        assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin", "{name}");
        assert!(!reply.headers.contains_key("strict-transport-security"), "{name}");
        assert_eq!(reply.header("vary"), "Accept-Encoding", "{name}");
        assert!(reply.header("date").ends_with(" GMT"), "{name}");
        let policy = reply.header("content-security-policy");
        if path.starts_with("/v2/docs") {
            // A 304 renews the policy of the page that the browser has.
            for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
                assert!(policy.split("; ").any(|one| one == part), "{name}: {policy}");
            }
        } else {
            assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{name}");
        }
        let kept = if status >= 400 || !matches!(method, "GET" | "HEAD") { "no-store" } else { "private, no-cache" };
        assert_eq!(reply.header("cache-control"), kept, "{name}");
        let elsewhere = request(safe, method, path, &headers, body).await;
        assert_eq!(elsewhere.header("strict-transport-security"), "max-age=31536000", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_the_reference_holds_nothing_that_its_policy_forbids() {
    let api = Api::start().await;
    let page = request(api.addr, "GET", "/v2/docs", &[], b"").await.expect(200);
    let page = String::from_utf8(page.body).unwrap();
    for script in page.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains("src=\"./") && rest.trim_start().starts_with("</script>"), "a script inside: {script}");
    }
    assert!(!page.contains("onload=") && !page.contains("javascript:"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_answers_as_get_does_without_the_body() {
    let api = unhurried().await;
    let ids = Ids::of_resources(&api).await;
    let mut paths: Vec<_> = operations().into_iter().filter(|one| one.method == "GET").map(|one| one.route).collect();
    paths.extend(["/v2/docs".to_owned(), "/v2/docs/swagger-ui.css".to_owned(), "/v2/nothing".to_owned()]);
    for route in paths {
        let path = ids.path(&route);
        for coding in ["identity", "gzip", "br", "br, identity;q=0"] {
            let headers = [("Accept-Encoding", coding), ("X-Request-ID", "same")];
            let get = api.send("GET", &path, &headers, None).await;
            let head = api.send("HEAD", &path, &headers, None).await;
            let name = format!("{path} in {coding}");
            assert_eq!(head.status, get.status, "{name}");
            assert!(head.body.is_empty(), "{name}");
            let told = |reply: &Reply| {
                let mut headers = reply.headers.clone();
                for counted in ["date", "x-ratelimit-remaining", "ratelimit"] {
                    headers.remove(counted);
                }
                headers
            };
            assert_eq!(told(&head), told(&get), "{name}");
            if coding == "identity" {
                assert_eq!(head.header("content-length"), get.body.len().to_string(), "{name}");
            }
            if let Some(tag) = get.headers.get("etag") {
                let headers = [("Accept-Encoding", coding), ("If-None-Match", tag.as_str())];
                let known = api.send("HEAD", &path, &headers, None).await.expect(304);
                assert_eq!(known.header("etag"), tag, "{name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_client_has_already_is_answered_without_a_body_and_with_all_that_renews_it() {
    let api = unhurried().await;
    let ids = Ids::of_resources(&api).await;
    for one in operations() {
        if one.method != "GET" || !ids.cover(&one.route) {
            continue;
        }
        let path = ids.path(&one.route);
        let got = api.get(&path).await;
        if got.status != 200 {
            continue;
        }
        let tag = got.header("etag").to_owned();
        assert!(tag.starts_with('"'), "{path}: {tag}");
        for condition in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let known = api.send("GET", &path, &[("If-None-Match", &condition)], None).await.expect(304);
            assert_eq!(known.header("etag"), tag, "{path} {condition}");
            assert!(known.body.is_empty(), "{path} {condition}");
            for absent in ["content-type", "content-length", "content-encoding", "transfer-encoding"] {
                assert!(!known.headers.contains_key(absent), "{path}: {absent}");
            }
            for same in ["cache-control", "vary", "link"] {
                assert_eq!(known.headers.get(same), got.headers.get(same), "{path}: {same}");
            }
            assert!(known.headers.contains_key("date") && known.headers.contains_key("x-request-id"), "{path}");
            for rate in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit"] {
                assert_eq!(known.headers.contains_key(rate), got.headers.contains_key(rate), "{path}: {rate}");
            }
        }
        for condition in ["\"other\"", "W/\"other\", \"another\"", "unreadable"] {
            api.send("GET", &path, &[("If-None-Match", condition)], None).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_coded_as_the_client_asks_and_every_coding_has_its_own_tag() {
    let api = unhurried().await;
    // The small ones are not worth coding, unless the client takes nothing else.
    let cases = [
        ("/v2/openapi.json", "gzip", "gzip"),
        ("/v2/openapi.json", "br", "br"),
        ("/v2/openapi.json", "deflate", "deflate"),
        ("/v2/openapi.json", "gzip;q=0.5, br;q=0.8", "br"),
        ("/v2/openapi.json", "gzip;q=0.8, br;q=0.5", "gzip"),
        ("/v2/openapi.json", "br;q=0, gzip", "gzip"),
        ("/v2/openapi.json", "gzip, identity;q=0", "gzip"),
        ("/v2/openapi.json", "identity", ""),
        ("/v2/openapi.json", "", ""),
        ("/v2/openapi.json", "gzip;q=0", ""),
        ("/v2/openapi.json", "unheard-of", ""),
        ("/v2/meta", "gzip, br", ""),
        ("/v2/meta", "gzip, identity;q=0", "gzip"),
        ("/v2/meta", "br, *;q=0", "br"),
    ];
    for (path, asked, coding) in cases {
        let plain = api.get(path).await;
        let tag = plain.header("etag").trim_matches('"').to_owned();
        let coded = api.send("GET", path, &[("Accept-Encoding", asked)], None).await.expect(200);
        let name = format!("{path} in {asked}");
        assert_eq!(coded.headers.get("content-encoding").map_or("", String::as_str), coding, "{name}");
        assert_eq!(coded.header("vary"), "Accept-Encoding", "{name}");
        let expected = if coding.is_empty() { format!("\"{tag}\"") } else { format!("\"{tag}-{coding}\"") };
        assert_eq!(coded.header("etag"), expected, "{name}");
        match coding {
            "" => assert_eq!(coded.body, plain.body, "{name}"),
            "gzip" => assert!(coded.body.starts_with(&[0x1f, 0x8b]), "{name}"),
            _ => assert!(coded.body != plain.body && !coded.body.is_empty(), "{name}"),
        }
        // It is taken back whatever coding is asked for the next time.
        for method in ["GET", "HEAD"] {
            for next in ["identity", "gzip", "br"] {
                let headers = [("If-None-Match", expected.as_str()), ("Accept-Encoding", next)];
                assert_eq!(api.send(method, path, &headers, None).await.expect(304).header("etag"), expected);
            }
        }
    }
    let none = api.send("GET", "/v2/openapi.json", &[("Accept-Encoding", "identity;q=0, *;q=0")], None).await;
    assert_eq!(none.expect(406).json()["code"], "NOT_ACCEPTABLE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_with_a_condition_is_done_when_it_holds_and_not_otherwise() {
    let api = unhurried().await;
    let notes: Value =
        (0..15).map(|n| (format!("k{n}"), json!("x".repeat(200)))).collect::<serde_json::Map<_, _>>().into();
    let made: Vec<(&str, Value, Value)> = vec![
        ("/v2/accounts", json!({"platform": "tiktok", "username": "a", "metadata": notes}), json!({"category": "x"})),
        (
            "/v2/videos",
            json!({"platform": "instagram", "identifier": "DdG4RIxIPyf", "metadata": notes}),
            json!({"scrape_interval_hours": 48}),
        ),
        ("/v2/creators", json!({"name": "x", "metadata": notes}), json!({"name": "y"})),
    ];
    for (path, body, change) in made {
        let path = api.post(path, &body).await.expect(201).header("location").to_owned();
        let tag = async |coding: &str| {
            api.send("GET", &path, &[("Accept-Encoding", coding)], None).await.header("etag").to_owned()
        };
        let (plain, gzip, brotli) = (tag("identity").await, tag("gzip").await, tag("br").await);
        assert!(gzip.ends_with("-gzip\"") && brotli.ends_with("-br\""), "{gzip} {brotli}");
        let weak = format!("W/{plain}");
        for refused in ["\"other\"", weak.as_str(), "\"other\", W/\"x\""] {
            for (method, body) in [("PATCH", Some(&change)), ("DELETE", None)] {
                let reply = api.send(method, &path, &[("If-Match", refused)], body).await.expect(412);
                assert_eq!(reply.json()["code"], "PRECONDITION_FAILED", "{method} {path} {refused}");
            }
        }
        for unreadable in ["x", "\"a", ""] {
            api.send("PATCH", &path, &[("If-Match", unreadable)], Some(&change)).await.expect(400);
        }
        assert_eq!(tag("identity").await, plain, "nothing was changed by what was refused");
        for name in [gzip.as_str(), brotli.as_str(), plain.as_str()] {
            // A tag of the state is good in any coding. Nothing is changed, and the clock stands still, so the state stays.
            let list = format!("\"other\", {name}");
            api.send("PATCH", &path, &[("If-Match", &list)], Some(&json!({}))).await.expect(200);
        }
        let now = tag("br").await;
        api.send("PATCH", &path, &[("If-Match", &now)], Some(&change)).await.expect(200);
        api.send("PATCH", &path, &[("If-Match", &now)], Some(&change)).await.expect(412);
        api.send("PATCH", &path, &[("If-Match", "*")], Some(&change)).await.expect(200);
        let now = tag("gzip").await;
        api.send("DELETE", &path, &[("If-Match", &now)], None).await.expect(204);
        api.send("DELETE", &path, &[("If-Match", "*")], None).await.expect(404);
        api.send("PATCH", &path, &[("If-Match", "*")], Some(&change)).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_changes_nothing_leaves_the_state_that_clients_know() {
    let api = unhurried().await;
    let made: Vec<(&str, Value, Value)> = vec![
        (
            "/v2/accounts",
            json!({"platform": "tiktok", "username": "a", "category": "x", "metadata": {"b": 1, "a": 2}}),
            json!({"category": null}),
        ),
        (
            "/v2/videos",
            json!({"platform": "instagram", "identifier": "DdG4RIxIPyf", "metadata": {"a": 1}}),
            json!({"scrape_interval_hours": 48}),
        ),
        ("/v2/creators", json!({"name": "x", "metadata": {"a": 1}, "is_active": true}), json!({"name": "y"})),
        ("/v2/projects", json!({"name": "x", "metadata": {"a": 1}}), json!({"metadata": {}})),
        ("/v2/groups", json!({"name": "x", "metadata": {"a": 1}}), json!({"name": "X"})),
    ];
    let mut cases = vec![("/v2/organization".to_owned(), json!({"scrape_interval_hours": null}), json!({"name": "y"}))];
    for (path, mut body, change) in made {
        let path = api.post(path, &body).await.expect(201).header("location").to_owned();
        for once in ["platform", "username", "identifier"] {
            body.as_object_mut().unwrap().remove(once);
        }
        cases.push((path, body, change));
    }
    for (path, same, change) in cases {
        let known = api.get(&path).await.header("etag").to_owned();
        for nothing in [json!({}), same] {
            api.clock.advance(Duration::from_secs(1));
            let answer = api.send("PATCH", &path, &[("If-Match", &known)], Some(&nothing)).await.expect(200);
            assert_eq!(answer.header("etag"), known, "{path} {nothing}");
            assert_eq!(api.get(&path).await.header("etag"), known, "{path} {nothing}");
        }
        let before = api.get(&path).await.json()["data"]["updated_at"].clone();
        let changed = api.send("PATCH", &path, &[("If-Match", &known)], Some(&change)).await.expect(200);
        assert_ne!(changed.header("etag"), known, "{path}");
        assert_ne!(changed.json()["data"]["updated_at"], before, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_is_refused_by_what_it_says_and_by_what_comes() {
    let api = Api::start().await;
    let head = |further: &str| {
        format!(
            "POST /v2/creators HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\n{further}\r\n",
            api.key
        )
    };
    // Nothing of the body has come, and nothing is waited for.
    let said = read(&exchange(api.addr, head("Content-Length: 1048577\r\n").as_bytes(), b"").await).expect(413);
    assert_eq!(said.json()["code"], "PAYLOAD_TOO_LARGE");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let came = format!("{}0\r\n\r\n", chunk.repeat(17));
    let streamed = exchange(api.addr, head("Transfer-Encoding: chunked\r\n").as_bytes(), came.as_bytes()).await;
    assert_eq!(read(&streamed).expect(413).json()["code"], "PAYLOAD_TOO_LARGE");
    let body = b"{\"name\": \"streamed\"}";
    let whole = format!("{:x}\r\n{}\r\n0\r\n\r\n", body.len(), String::from_utf8_lossy(body));
    let fits = exchange(api.addr, head("Transfer-Encoding: chunked\r\n").as_bytes(), whole.as_bytes()).await;
    read(&fits).expect(201);
    let most = format!("{{\"name\": \"x\"{}}}", " ".repeat(1024 * 1024 - 13));
    assert_eq!(most.len(), 1024 * 1024);
    let fits = exchange(api.addr, head("Content-Length: 1048576\r\n").as_bytes(), most.as_bytes()).await;
    read(&fits).expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_wants_json_and_every_answer_is_json_by_the_qualities_of_accept() {
    let api = unhurried().await;
    for one in operations() {
        let path = Ids::of_nothing().path(&one.route);
        let shown = &one.said["responses"]["200"]["content"];
        if shown.is_object() && shown.get("application/json").is_none() {
            // A file is what it is.
            continue;
        }
        for accept in ["text/html", "application/json;q=0, text/plain", "*/*;q=0.0", "application/xml;q=1, image/*"] {
            let reply = api.send(&one.method, &path, &[("Accept", accept)], None).await.expect(406);
            assert_eq!(reply.json()["code"], "NOT_ACCEPTABLE", "{} {accept}", one.name());
        }
        if one.said.get("requestBody").is_none() {
            continue;
        }
        let bearer = format!("Bearer {}", api.key);
        for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""] {
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", kind)];
            let reply = request(api.addr, &one.method, &path, &headers, b"{}").await.expect(415);
            assert_eq!(reply.json()["code"], "UNSUPPORTED_MEDIA_TYPE", "{} {kind}", one.name());
        }
    }
    for accept in ["text/html;q=0.9, */*;q=0.1", "APPLICATION/JSON", "application/problem+json", "application/*;q=0.01"]
    {
        api.send("GET", "/v2/whoami", &[("Accept", accept)], None).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_are_whole_addresses_under_which_the_client_reaches_the_service() {
    let api = Api::start().await;
    for name in ["a", "b"] {
        api.post("/v2/creators", &json!({"name": name})).await.expect(201);
    }
    let bearer = format!("Bearer {}", api.key);
    let base = async |addr, headers: &[(&str, &str)]| {
        let all: Vec<_> = [("Authorization", bearer.as_str())].into_iter().chain(headers.iter().copied()).collect();
        let reply = request(addr, "GET", "/v2/creators?limit=1", &all, b"").await.expect(200);
        let link = reply.header("link").to_owned();
        let bases: Vec<_> = link
            .split(", ")
            .map(|one| one.strip_prefix('<').unwrap().split_once("/v2/creators?limit=1").unwrap().0.to_owned())
            .collect();
        assert!(link.contains("rel=\"first\"") && link.contains("rel=\"next\"") && bases[0] == bases[1], "{link}");
        bases[0].clone()
    };
    assert_eq!(base(api.addr, &[]).await, "http://api.test");
    let forwarded = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "edge.example.org")];
    let standard = [("Forwarded", "for=192.0.2.1;proto=https;host=\"edge.example.org:8443\"")];
    // Anybody can say so, unless a proxy does.
    for headers in [&forwarded[..], &standard] {
        assert_eq!(base(api.addr, headers).await, "http://api.test");
    }
    let trusting = serve_as(&api.store, &api.clock, |settings| settings.trust_forwarded_for = true);
    assert_eq!(base(trusting, &forwarded).await, "https://edge.example.org");
    assert_eq!(base(trusting, &standard).await, "https://edge.example.org:8443");
    let named = serve_as(&api.store, &api.clock, |settings| {
        settings.public_url = Some("https://api.example.org/".to_owned());
    });
    for headers in [&[][..], &forwarded, &standard] {
        assert_eq!(base(named, headers).await, "https://api.example.org");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_echoes_its_filters_and_its_sort() {
    let api = Api::start().await;
    let found = lists();
    assert!(found.len() >= 4);
    for one in found {
        let path = Ids::of_nothing().path(&one.route);
        let reply = api.get(&path).await;
        if reply.status == 404 {
            continue;
        }
        let page = reply.expect(200).json();
        let mut expected: BTreeSet<_> = one.parameters("query").into_iter().collect();
        for aside in ["limit", "cursor", "offset", "include_total", "sort"] {
            expected.remove(aside);
        }
        let echoed: BTreeSet<_> = page["filters"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(echoed, expected, "{}", one.name());
        assert!(page["pagination"]["limit"].is_u64() && page["data"].is_array(), "{}", one.name());
        assert!(page["pagination"].get("next_cursor").is_some(), "{}", one.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_is_refused_by_the_parser_with_a_bare_status() {
    let api = Api::start().await;
    for bytes in
        ["GET /v2/\u{e9} HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v2/health HTTP/1.1\r\nno colon\r\n\r\n", "\u{1}\r\n\r\n"]
    {
        let reply = read(&exchange(api.addr, bytes.as_bytes(), b"").await).expect(400);
        assert!(reply.body.is_empty() && !reply.headers.contains_key("x-request-id"), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_post_that_writes_can_be_repeated_under_its_key() {
    let api = unhurried().await;
    let ids = Ids::of_resources(&api).await;
    let mut posts = 0;
    for one in operations() {
        if one.method != "POST" || !one.parameters("header").contains(&"Idempotency-Key") {
            continue;
        }
        posts += 1;
        let (path, key) = (ids.path(&one.route), format!("again-{posts}"));
        let body = one.said.get("requestBody").map(|_| valid(&one.name()));
        let header = [("Idempotency-Key", key.as_str())];
        let first = api.send("POST", &path, &header, body.as_ref()).await;
        assert!(matches!(first.status, 200..=299 | 404 | 409), "{}: {first:?}", one.name());
        let again = api.send("POST", &path, &header, body.as_ref()).await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{}", one.name());
        assert_eq!(again.header("idempotency-replayed"), "true", "{}", one.name());
        for same in ["location", "etag", "content-type", "cache-control"] {
            assert_eq!(again.headers.get(same), first.headers.get(same), "{}: {same}", one.name());
        }
        if let Some(mut other) = body {
            other["some other field"] = json!(1);
            let refused = api.send("POST", &path, &header, Some(&other)).await.expect(422);
            assert_eq!(refused.invalid(), ["Idempotency-Key"], "{}", one.name());
        }
        api.send("POST", &path, &[("Idempotency-Key", "a b")], Some(&json!({}))).await.expect(400);
    }
    assert!(posts >= 3);
}
