//! Many accounts in one call, through real processes: all of them are read, and a repeated call adds none.

use serde_json::{Value, json};
use tests::{Builder, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(what_a_batch_adds_is_read_once_and_a_repeated_call_adds_nothing);

async fn what_a_batch_adds_is_read_once_and_a_repeated_call_adds_nothing(pair: Pair) {
    let deployment = Builder::new(pair).platforms(Platforms::Sandbox).start().await;
    let client = &deployment.client;
    let items: Vec<Value> = (0..20).map(|n| json!({"platform": "tiktok", "username": format!("batch{n}")})).collect();
    let body = json!({"items": items});
    let dry = json!({"items": items, "dry_run": true});
    assert_eq!(client.post("/v2/accounts/bulk", &dry).await.data(200)[0]["id"], Value::Null);
    let post = async || {
        let request = client.posting("/v2/accounts/bulk", &body).header("Idempotency-Key", "batch-1");
        tests::Answer::of(request).await
    };
    let (first, again) = (post().await, post().await);
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.json()["meta"]["created"], 20);
    poll_until("every account is read", async || {
        let rows = client.get("/v2/accounts?limit=200").await.rows();
        let read = rows.iter().filter(|account| !account["last_scrape_time"].is_null()).count();
        (rows.len() == 20 && read == 20).then_some(())
    })
    .await;
    let usage = client.get("/v2/usage").await.data(200);
    assert_eq!(usage["tracked_accounts"]["by_platform"]["tiktok"], json!({"total": 20, "billable": 20}));
}
