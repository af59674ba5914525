//! A key that is changed is what it was changed to on the next call, in every process, though no process asks the database each time.

use std::time::Instant;

use serde_json::Value;
use tests::{Builder, Client, Deployment, Pair, Process, poll_until};

/// Three processes on one database and one Redis.
async fn three() -> (Deployment, Vec<Process>, Vec<String>) {
    let mut deployment = Builder::new(Pair::PostgresRedis).workers(0).start().await;
    let mut urls = vec![deployment.client.base_url().to_owned()];
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let (replica, url) = deployment.start_replica().await;
        replicas.push(replica);
        urls.push(url);
    }
    (deployment, replicas, urls)
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().expect("a text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_disabled_is_refused_by_every_process_on_the_next_call_and_let_in_when_it_is_enabled() {
    let (mut deployment, replicas, urls) = three().await;
    let redis = deployment.redis.as_ref().expect("a Redis").url();
    let record = deployment.create_key_record(&deployment.organization, &[]);
    let clients: Vec<_> = urls.iter().map(|url| Client::new(url).with_key(text(&record, "key"))).collect();
    let public_part = text(&record, "key")[3..11].to_owned();
    let change = async |disabled_at: &str| {
        let announced = api::announce_key_changes(&redis, std::slice::from_ref(&public_part)).await;
        let announced = announced.expect("Redis is there");
        let id = text(&record, "id");
        let statement = format!("UPDATE api_keys SET disabled_at = {disabled_at} WHERE id = '{id}'");
        deployment.database().execute(&statement).await;
        announced.committed().await.expect("Redis is there");
    };
    for _ in 0..5 {
        for client in clients.iter().cycle().take(12) {
            client.get("/v2/whoami").await.assert_status(200);
        }
        change("1000").await;
        for client in &clients {
            client.get("/v2/whoami").await.assert_problem(403, "FORBIDDEN");
        }
        change("NULL").await;
    }
    drop(replicas);
    deployment.terminate_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_a_known_key_do_not_read_it_from_the_database() {
    const CALLS: usize = 300;
    let (mut deployment, replicas, urls) = three().await;
    let clients: Vec<_> = urls.iter().map(|url| deployment.client.at(url)).collect();
    let began = Instant::now();
    for client in clients.iter().cycle().take(CALLS) {
        client.get("/v2/whoami").await.assert_status(200);
    }
    // Each process reads a key twice to know it, and again each 15 seconds.
    let turns = began.elapsed().as_secs() / 15 + 1;
    for mut process in replicas {
        process.end("TERM");
    }
    deployment.terminate_all().await;
    // A connection says what it read when it ends, at the latest.
    let database = deployment.database();
    poll_until("the processes' connections have ended", async || {
        let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
        (database.number(others).await == 1).then_some(())
    })
    .await;
    let reads = "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'api_keys'";
    let reads = u64::try_from(database.number(reads).await).expect("a count");
    assert!((3..=20 * turns).contains(&reads), "{reads} reads of keys in {CALLS} calls");
}
