//! A refresh on demand, from the call to the new facts.

use serde_json::{Value, json};
use tests::settings::REFRESH_COOLDOWN_MINUTES;
use tests::{Builder, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(a_refresh_brings_new_facts_and_its_run_tells_how);

async fn a_refresh_brings_new_facts_and_its_run_tells_how(pair: Pair) {
    let mut deployment =
        Builder::new(pair).platforms(Platforms::Sandbox).set(REFRESH_COOLDOWN_MINUTES, 0).start().await;
    let client = deployment.client.clone();
    let account = json!({"platform": "tiktok", "username": "refreshed"});
    let video = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
    for (collection, body, kind) in [("/v2/accounts", &account, "profile"), ("/v2/videos", &video, "post")] {
        let made = client.post(collection, body).await.data(201);
        let path = format!("{collection}/{}", made["id"].as_str().expect("an id"));
        let before = deployment.scraped(&path).await["last_scrape_time"].clone();
        let answer = client.post(&format!("{path}/refresh"), &json!({})).await;
        let run = answer.data(202);
        assert_eq!(answer.json()["meta"]["coalesced"], false, "{}", answer.text());
        assert_eq!((&run["trigger"], &run["kind"]), (&json!("refresh"), &json!(kind)), "{run}");
        assert_eq!(run["request_id"], answer.must_header("x-request-id"), "{run}");
        let location = answer.must_header("location").to_owned();
        let ended = poll_until("the run ends", async || {
            let run = client.get(&location).await.data(200);
            (!run["finished_at"].is_null()).then_some(run)
        })
        .await;
        assert_eq!((&ended["status"], &ended["outcome"]), (&json!("succeeded"), &json!("ok")), "{ended}");
        assert_eq!(ended["http_status"], 200, "{ended}");
        assert!(ended["duration_ms"].is_i64() && ended["worker"].is_string(), "{ended}");
        let after = client.get(&path).await.data(200);
        let time = |value: &Value| value.as_str().and_then(domain::Timestamp::parse).expect("a time");
        assert!(time(&after["last_scrape_time"]) > time(&before), "{after}");
        assert_eq!(after["last_scrape_time"], ended["finished_at"], "{after}");
        let newest = client.get(&format!("{path}/runs?status=succeeded")).await.rows();
        assert!(newest.iter().any(|run| run["id"] == ended["id"]), "{newest:?}");
    }
    deployment.terminate_all().await;
}
