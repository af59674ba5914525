//! Making history by days anew while everything runs.

use serde_json::json;
use tests::{Builder, Deployment, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(lost_days_are_made_anew_beside_running_workers);

/// What all days come to, in one number.
async fn days(deployment: &Deployment) -> (i64, i64) {
    let of = |table: &str| {
        format!(
            "SELECT CAST(COALESCE(SUM(day * 31 + observed_days + notes + COALESCE(view_count, 0) + view_total * 7 + like_days), 0) AS BIGINT) FROM {table}"
        )
    };
    (deployment.database().number(&of("post_days")).await, deployment.database().number(&of("account_days")).await)
}

async fn lost_days_are_made_anew_beside_running_workers(pair: Pair) {
    let mut deployment = Builder::new(pair).platforms(Platforms::Sandbox).start().await;
    let client = deployment.client.clone();
    let made = client.post("/v2/accounts", &json!({"platform": "tiktok", "username": "rebuilt"})).await.data(201);
    let path = format!("/v2/accounts/{}", made["id"].as_str().expect("an id"));
    deployment.scraped(&path).await;
    poll_until("every post was read and nothing is under way", async || {
        let found = client.get("/v2/account-videos").await.rows().len();
        let open = deployment.database().number("SELECT COUNT(*) FROM runs WHERE finished_at IS NULL").await;
        (found > 0 && open == 0).then_some(())
    })
    .await;
    let kept = days(&deployment).await;
    assert!(kept.0 > 0 && kept.1 > 0, "{kept:?}");
    let shown = client.get(&format!("{path}/timeseries?period=7d")).await.json();
    let all = client.get("/v2/timeseries?period=7d").await.json();
    for table in ["post_days", "account_days"] {
        deployment.database().execute(&format!("DELETE FROM {table}")).await;
    }
    assert_eq!(days(&deployment).await, (0, 0));
    let told = deployment.run_json(&["rebuild-daily", "--batch", "3"]);
    let posts = deployment.database().number("SELECT COUNT(*) FROM tracked_posts").await;
    assert_eq!((told["posts"].as_i64(), told["accounts"].as_i64()), (Some(posts), Some(1)), "{told}");
    assert!(told["duration_ms"].is_u64(), "{told}");
    assert_eq!(days(&deployment).await, kept);
    assert_eq!(client.get(&format!("{path}/timeseries?period=7d")).await.json(), shown);
    assert_eq!(told["organizations"], 1, "{told}");
    assert_eq!(
        client.get("/v2/timeseries?period=7d").await.json(),
        all,
        "once, though the days were lost without a word to it"
    );
    let words = deployment.run(&["rebuild-daily"]);
    assert!(words.contains(&format!("{posts} posts")), "{words}");
    assert_eq!(days(&deployment).await, kept, "twice comes to the same");
    deployment.terminate_all().await;
}
