//! From a request id to the whole story: over several processes, after a flush, after a crash, while the database is away.

use std::time::Duration;

use serde_json::{Value, json};
use tests::settings::RETRY_BASE_SECONDS;
use tests::{Answer, Builder, Client, Deployment, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(what_was_called_before_a_good_end_is_all_there);

fn builder(pair: Pair) -> Builder {
    Builder::new(pair).platforms(Platforms::Sandbox).set(RETRY_BASE_SECONDS, 3600)
}

async fn call(client: &Client, id: &str) -> Answer {
    Answer::of(client.request(reqwest::Method::GET, "/v2/whoami").header("X-Request-ID", id)).await
}

async fn track(client: &Client, username: &str, id: &str) -> String {
    let body = json!({"platform": "tiktok", "username": username});
    let made = Answer::of(client.posting("/v2/accounts", &body).header("X-Request-ID", id)).await.data(201);
    made["id"].as_str().expect("an id").to_owned()
}

async fn events(deployment: &Deployment) -> i64 {
    deployment.database().number("SELECT COUNT(*) FROM request_events WHERE route = '/v2/whoami'").await
}

/// The story, once it has an end.
async fn ended(deployment: &Deployment, id: &str) -> Value {
    poll_until("the run has ended and is traced", async || {
        let recorded = deployment.client.get(&format!("/v2/requests/{id}")).await.status == 200;
        let story = recorded.then(|| deployment.run_json(&["trace", id]))?;
        let has_ended =
            story["runs"].as_array().is_some_and(|runs| runs.iter().any(|run| !run["finished_at"].is_null()));
        has_ended.then_some(story)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_tells_from_the_call_to_the_failed_scrape_over_four_processes() {
    let mut deployment = builder(Pair::PostgresRedis).workers(2).start().await;
    let (replica, base_url) = deployment.start_replica().await;
    let other_way = deployment.client.at(&base_url);
    let account = track(&other_way, "throttled", "ticket-1").await;
    call(&deployment.client, "ticket-2").await.data(200);
    let story = ended(&deployment, "ticket-1").await;
    let (made, run, load) = (&story["calls"][0], &story["runs"][0], &story["page_loads"][0]);
    assert_eq!((made["method"].as_str(), made["status"].as_i64()), (Some("POST"), Some(201)), "{story}");
    assert_eq!(made["resources"], json!([account]));
    assert_eq!((run["trigger"].as_str(), run["request_id"].as_str()), (Some("created"), Some("ticket-1")), "{story}");
    assert_eq!((run["status"].as_str(), run["outcome"].as_str()), (Some("failed"), Some("rate_limited")), "{story}");
    assert_eq!((load["http_status"].as_i64(), &load["run_id"]), (Some(429), &run["id"]), "{story}");
    assert!(load["worker"].as_str().is_some_and(|worker| worker.starts_with("worker-")), "{story}");
    assert!(load["source"].as_str().is_some_and(|source| source.starts_with("tiktok.")), "{story}");

    let text = deployment.run(&["trace", "ticket-1"]);
    let order: Vec<usize> = ["call     POST /v2/accounts → 201", "queued   run", "load     tiktok.", "ended    run"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{text}")))
        .collect();
    assert!(order.is_sorted(), "{text}");
    assert!(text.contains("HTTP 429, rate_limited") && text.contains("failed, rate_limited"), "{text}");
    for part in [format!("for account {account}"), "\"throttled\"".to_owned(), "(key ".to_owned()] {
        assert!(text.contains(&part), "no {part:?} in\n{text}");
    }
    assert!(text.lines().last().is_some_and(|line| line.starts_with("waits    tiktok profile")), "{text}");
    assert!(story["waiting"][0]["due_at"].is_string(), "{story}");

    let of_run = deployment.run_json(&["trace", "--run", run["id"].as_str().expect("an id")]);
    assert_eq!(of_run["calls"][0]["request_id"], "ticket-1");
    deployment.client.delete(&format!("/v2/accounts/{account}")).await.assert_status(204);
    let touched = poll_until("the deletion is recorded", async || {
        let story = deployment.run_json(&["trace", "--account", &account]);
        let calls: Vec<_> = story["calls"].as_array()?.iter().map(|call| call["method"].clone()).collect();
        (calls.len() == 2).then_some(calls)
    })
    .await;
    assert_eq!(touched, ["POST", "DELETE"]);
    replica.terminate(Duration::from_secs(40)).await;
    deployment.terminate_all().await;
}

async fn what_was_called_before_a_good_end_is_all_there(pair: Pair) {
    let mut deployment = builder(pair).start().await;
    for n in 0..30 {
        call(&deployment.client, &format!("last-{n}")).await.data(200);
    }
    deployment.terminate_all().await;
    assert_eq!(events(&deployment).await, 30);
    assert_eq!(deployment.database().number("SELECT COUNT(*) FROM api_processes WHERE ended_at IS NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_at_most_its_last_second_and_is_told_of() {
    let mut deployment = builder(Pair::PostgresRedis).start().await;
    for n in 0..20 {
        call(&deployment.client, &format!("early-{n}")).await.data(200);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    for n in 0..5 {
        call(&deployment.client, &format!("late-{n}")).await.data(200);
    }
    deployment.api.take().expect("an API process").kill9();
    let written = events(&deployment).await;
    assert!((20..=25).contains(&written), "{written} of 25 calls are recorded");
    // It is silent for long, as far as anybody can tell.
    deployment.database().execute("UPDATE api_processes SET heard_at = heard_at - 120000").await;
    let refused = deployment.try_run(&["trace", "not-recorded"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("no request not-recorded") && said.contains("ended without a goodbye"), "{said}");
    let refused = deployment.try_run(&["trace", "not-recorded", "--json"]);
    assert_eq!(refused.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&refused.stdout).expect("a document");
    assert_eq!((&document["calls"], document["gaps"].as_array().map(Vec::len)), (&json!([]), Some(1)), "{document}");
    let told = "a call of its last second may be missing";
    let text = deployment.run(&["trace", "early-0"]);
    assert!(!text.contains(told), "another time: {text}");
    let call = "SELECT occurred_at FROM request_events WHERE request_id = 'early-0'";
    let heard = |after| format!("UPDATE api_processes SET heard_at = ({call}) + {after}");
    deployment.database().execute("UPDATE request_events SET occurred_at = occurred_at - 120000").await;
    deployment.database().execute(&heard(1000)).await;
    let text = deployment.run(&["trace", "early-0"]);
    assert!(text.contains(told), "{text}");
    deployment.database().execute(&heard(2500)).await;
    let text = deployment.run(&["trace", "early-0"]);
    assert!(!text.contains(told), "{text}");
    deployment.terminate_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_made_while_postgresql_is_away_are_recorded_when_it_is_back() {
    let mut deployment = builder(Pair::PostgresRedis).own_servers().start().await;
    call(&deployment.client, "before").await.data(200);
    deployment.postgres.as_mut().expect("an own cluster").stop();
    call(&deployment.client, "during").await;
    deployment.postgres.as_mut().expect("an own cluster").restart().await;
    let recorded = "SELECT COUNT(*) FROM request_events WHERE request_id IN ('before', 'during')";
    poll_until("both calls are recorded", async || (deployment.database().number(recorded).await == 2).then_some(()))
        .await;
    deployment.terminate_all().await;
    assert_eq!(deployment.database().number(recorded).await, 2, "and none of them twice");
}
