//! What the settings say of the transport is what clients meet.

use reqwest::Method;
use reqwest::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use serde_json::json;
use tests::settings::{HTTP_ALLOWED_ORIGINS, HTTP_PUBLIC_URL};
use tests::{Answer, Builder, Pair, on_every_pair};

on_every_pair!(scripts_of_the_origins_in_the_settings_may_call_and_links_lead_through_the_public_address);

const PAGE: &str = "https://app.example.org";
const OUTSIDE: &str = "https://api.example.org";

async fn scripts_of_the_origins_in_the_settings_may_call_and_links_lead_through_the_public_address(pair: Pair) {
    let origins = format!("https://console.example.org, {PAGE}");
    let mut deployment =
        Builder::new(pair).workers(0).set(HTTP_ALLOWED_ORIGINS, origins).set(HTTP_PUBLIC_URL, OUTSIDE).start().await;
    let client = deployment.client.clone();
    for name in ["Ada", "Grace"] {
        client.post("/v2/creators", &json!({"name": name})).await.assert_status(201);
    }
    let list = "/v2/creators?limit=1";
    let asked = client.without_key().request(Method::OPTIONS, "/v2/creators").header(ORIGIN, PAGE);
    let preflight = Answer::of(asked.header(ACCESS_CONTROL_REQUEST_METHOD, "POST")).await;
    preflight.assert_status(204);
    assert_eq!(preflight.must_header("access-control-allow-origin"), PAGE);
    assert_eq!(preflight.must_header("access-control-allow-methods"), preflight.must_header("allow"));
    let called = Answer::of(client.request(Method::GET, list).header(ORIGIN, PAGE)).await;
    called.assert_status(200);
    assert_eq!(called.must_header("access-control-allow-origin"), PAGE);
    assert_eq!(called.must_header("strict-transport-security"), "max-age=31536000");
    let link = called.must_header("link");
    assert!(link.starts_with(&format!("<{OUTSIDE}/v2/creators?limit=1>; rel=\"first\", <{OUTSIDE}/")), "{link}");
    let other = Answer::of(client.request(Method::GET, list).header(ORIGIN, "https://other.example.org")).await;
    other.assert_status(200);
    assert_eq!(other.header("access-control-allow-origin"), None);
    deployment.terminate_all().await;
}
