//! What is open to anybody.

use serde_json::{Value, json};

use crate::harness::{Api, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_open_paths_need_no_key_and_say_where_things_are() {
    let api = Api::start().await;
    let open = async |path: &str| request(api.addr, "GET", path, &[], b"").await.expect(200);
    assert_eq!(open("/v2/health").await.json(), json!({"data": {"status": "ok"}}));
    let ready = open("/v2/health/ready").await.json();
    assert_eq!(ready["data"], json!({"status": "ready", "database": "ok", "queue": "ok"}));
    let meta = open("/v2/meta").await.json()["data"].clone();
    assert_eq!(
        (&meta["type"], &meta["api_version"], &meta["status"]),
        (&json!("api_meta"), &json!("v2"), &json!("current"))
    );
    assert_eq!((&meta["deprecation"], &meta["sunset"]), (&Value::Null, &Value::Null));
    assert_eq!(meta["docs_url"], "http://api.test/v2/docs");
    let document = open("/v2/openapi.json").await;
    assert_eq!(document.json()["openapi"], "3.1.0");
    assert_eq!(document.body, api::openapi_json().into_bytes());
    assert!(!document.headers.contains_key("x-ratelimit-limit"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_interactive_reference_loads_nothing_from_elsewhere() {
    let api = Api::start().await;
    for path in ["/v2/docs", "/v2/docs/"] {
        let page = request(api.addr, "GET", path, &[("Accept", "text/html")], b"").await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let tag = page.header("etag").to_owned();
        request(api.addr, "GET", path, &[("If-None-Match", &tag)], b"").await.expect(304);
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        let html = String::from_utf8(page.body).unwrap();
        assert!(html.contains("<base href=\"/v2/docs/\">"), "{html}");
        assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
        let mut assets = 0;
        for part in html.split(['"', '\'']).filter(|part| part.starts_with("./") || part.starts_with("index.css")) {
            assets += 1;
            let path = format!("/v2/docs/{}", part.trim_start_matches("./"));
            let asset = request(api.addr, "GET", &path, &[], b"").await.expect(200);
            assert!(!asset.body.is_empty(), "{path}");
        }
        assert!(assets >= 4, "{html}");
    }
    let style = request(api.addr, "GET", "/v2/docs/swagger-ui.css", &[], b"").await.expect(200);
    let style = String::from_utf8(style.body).unwrap();
    assert!(!style.contains("@import") && !style.contains("url(http") && !style.contains("url(//"));
    let start = request(api.addr, "GET", "/v2/docs/swagger-initializer.js", &[], b"").await.expect(200);
    let script = String::from_utf8(start.body).unwrap();
    for setting in [
        r#""url": "/v2/openapi.json""#,
        r#""persistAuthorization": true"#,
        r#""tryItOutEnabled": true"#,
        r#""validatorUrl": "none""#,
    ] {
        assert!(script.contains(setting), "{setting} in {script}");
    }
    // Without servers in the document the tester calls the service that the page came from.
    let document = request(api.addr, "GET", "/v2/openapi.json", &[], b"").await.expect(200).json();
    assert!(document.get("servers").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_server_ends_and_frees_its_port() {
    let api = Api::start().await;
    api.get("/v2/health").await.expect(200);
    api.handle.stop().await;
    assert!(tokio::net::TcpStream::connect(api.addr).await.is_err());
}
