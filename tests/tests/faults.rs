//! Bad days: workers killed, frozen and asked to go, Redis emptied and gone, PostgreSQL restarted. Nothing is lost and nothing doubled.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::sandbox::HELD_HANDLE;
use tests::settings::{CONNECT_TIMEOUT_MS, FETCH_TIMEOUT_MS, LEASE_SECONDS, PARSE_DEADLINE_MS, RETRY_BASE_SECONDS};
use tests::{
    Answer, Builder, Client, Deployment, Pair, Platforms, on_every_pair, on_every_pair_of_processes, poll_until,
    poll_within,
};

on_every_pair_of_processes!(
    a_worker_killed_in_mid_scrape_is_made_up_for_within_the_lease,
    a_worker_that_wakes_after_its_lease_writes_nothing,
    a_worker_asked_to_go_leaves_its_work_to_another,
    nothing_is_lost_or_doubled_while_workers_come_and_go,
);

on_every_pair!(everything_ends_well_on_sigterm);

/// How long a worker holds what it claimed, in the suites.
const LEASE: Duration = Duration::from_secs(5);
/// After how long it gives a page up; together with the reading less than the lease.
const FETCH_TIMEOUT: Duration = Duration::from_millis(2_500);
/// What a lapsed lease may take to be noticed and made up for, on a busy machine.
const SLACK: Duration = Duration::from_secs(12);

fn builder(pair: Pair) -> Builder {
    Builder::new(pair)
        .platforms(Platforms::Sandbox)
        .set(LEASE_SECONDS, LEASE.as_secs())
        .set(FETCH_TIMEOUT_MS, FETCH_TIMEOUT.as_millis())
        .set(CONNECT_TIMEOUT_MS, 1_000)
        .set(PARSE_DEADLINE_MS, 1_000)
        .set(RETRY_BASE_SECONDS, 1)
}

async fn track(deployment: &Deployment, username: &str) -> String {
    let body = json!({"platform": "tiktok", "username": username});
    let made = deployment.client.post("/v2/accounts", &body).await.data(201);
    format!("/v2/accounts/{}", made["id"].as_str().expect("an id"))
}

/// Waits until a worker sits in the middle of reading the held page.
async fn until_held(deployment: &mut Deployment) {
    let sandbox = deployment.sandbox();
    poll_until("a worker asks for the held page", async || (sandbox.held().await > 0).then_some(())).await;
}

async fn snapshots(deployment: &Deployment) -> i64 {
    deployment.database().number("SELECT count(*) FROM profile_snapshots").await
}

async fn a_worker_killed_in_mid_scrape_is_made_up_for_within_the_lease(pair: Pair) {
    let mut deployment = builder(pair).start().await;
    let path = track(&deployment, HELD_HANDLE).await;
    until_held(&mut deployment).await;
    deployment.workers.remove(0).kill9();
    let killed = Instant::now();
    assert_eq!(snapshots(&deployment).await, 0, "the page was never answered");
    deployment.sandbox().release().await;
    deployment.start_worker();
    let account = deployment.scraped(&path).await;
    assert!(killed.elapsed() < LEASE + SLACK, "made up for after {:?}", killed.elapsed());
    assert_eq!(account["freshness"]["last_attempt_outcome"], "ok", "{account}");
    assert_eq!(snapshots(&deployment).await, 1);
    deployment.terminate_all().await;
    assert_eq!(snapshots(&deployment).await, 1);
}

async fn a_worker_that_wakes_after_its_lease_writes_nothing(pair: Pair) {
    let mut deployment = builder(pair).start().await;
    let path = track(&deployment, HELD_HANDLE).await;
    until_held(&mut deployment).await;
    // The page's answer lies in the sleeper's socket when it wakes.
    deployment.workers[0].signal("STOP");
    deployment.sandbox().release().await;
    deployment.start_worker();
    deployment.scraped(&path).await;
    deployment.workers[0].signal("CONT");
    // Work given to the woken one and its peer shows that both are at it again.
    let others = join_all((0..6).map(|n| {
        let (deployment, username) = (&deployment, format!("quiet.{n}"));
        async move { track(deployment, &username).await }
    }))
    .await;
    for other in &others {
        deployment.scraped(other).await;
    }
    deployment.terminate_all().await;
    assert_eq!(snapshots(&deployment).await, 1 + 6, "the sleeper's late result was recorded as well");
    deployment.start_api().await;
    let now = deployment.client.get(&path).await.data(200);
    assert_eq!(now["freshness"]["last_attempt_outcome"], "ok", "{now}");
    deployment.terminate_all().await;
}

async fn a_worker_asked_to_go_leaves_its_work_to_another(pair: Pair) {
    let mut deployment = builder(pair).start().await;
    let path = track(&deployment, HELD_HANDLE).await;
    until_held(&mut deployment).await;
    // It may finish or give back what it has in hand; either way it ends well, and in time.
    deployment.workers.remove(0).terminate(FETCH_TIMEOUT + SLACK).await;
    deployment.sandbox().release().await;
    deployment.start_worker();
    // Nobody has to wait out a lease, but a page that was given up may be retried after the first back-off.
    deployment.scraped(&path).await;
    assert_eq!(snapshots(&deployment).await, 1);
    deployment.terminate_all().await;
}

async fn nothing_is_lost_or_doubled_while_workers_come_and_go(pair: Pair) {
    const ACCOUNTS: usize = 40;
    let mut deployment = builder(pair).workers(2).start().await;
    let mut paths = Vec::new();
    for n in 0..ACCOUNTS {
        paths.push(track(&deployment, &format!("quiet.{n}")).await);
        if n % 10 == 5 {
            deployment.workers.remove(0).kill9();
            deployment.start_worker();
        }
    }
    for path in &paths {
        deployment.scraped(path).await;
    }
    assert_one_snapshot_each(&deployment, ACCOUNTS).await;
    deployment.terminate_all().await;
}

async fn assert_one_snapshot_each(deployment: &Deployment, accounts: usize) {
    let accounts = i64::try_from(accounts).expect("a small number");
    assert_eq!(snapshots(deployment).await, accounts);
    let profiles = deployment.database().number("SELECT count(DISTINCT profile_id) FROM profile_snapshots").await;
    assert_eq!(profiles, accounts, "as many profiles as snapshots");
}

async fn everything_ends_well_on_sigterm(pair: Pair) {
    let mut deployment = builder(pair).start().await;
    track(&deployment, "quiet.one").await;
    // The client keeps its connection open; that must not keep the API alive.
    deployment.client.get("/v2/accounts").await.assert_status(200);
    let start = Instant::now();
    deployment.terminate_all().await;
    assert!(start.elapsed() < Duration::from_secs(30), "it took {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_costs_seconds_and_no_account() {
    const ACCOUNTS: usize = 20;
    let mut deployment = builder(Pair::PostgresRedis).own_servers().workers(0).start().await;
    let mut paths = Vec::new();
    for n in 0..ACCOUNTS {
        paths.push(track(&deployment, &format!("quiet.{n}")).await);
    }
    deployment.redis.as_ref().expect("an own Redis").flush_all();
    deployment.start_worker();
    for path in &paths {
        deployment.scraped(path).await;
    }
    assert_one_snapshot_each(&deployment, ACCOUNTS).await;
    deployment.terminate_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_accounts_are_taken_and_scraped_all_the_same() {
    let mut deployment = builder(Pair::PostgresRedis).own_servers().start().await;
    let before = track(&deployment, "quiet.before").await;
    deployment.scraped(&before).await;
    deployment.redis.as_mut().expect("an own Redis").stop();
    let during = track(&deployment, "quiet.during").await;
    deployment.scraped(&during).await;
    let readiness = async |wanted: u16| {
        poll_until(&format!("the readiness is {wanted}"), async || {
            (deployment.client.get("/v2/health/ready").await.status == wanted).then_some(())
        })
        .await;
    };
    readiness(503).await;
    deployment.redis.as_mut().expect("an own Redis").restart().await;
    readiness(200).await;
    let after = track(&deployment, "quiet.after").await;
    deployment.scraped(&after).await;
    for worker in &mut deployment.workers {
        worker.assert_running();
    }
    assert_one_snapshot_each(&deployment, 3).await;
    deployment.terminate_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_postgresql_calls_are_answered_503_and_recover_by_themselves() {
    let mut deployment = builder(Pair::PostgresRedis).own_servers().start().await;
    let before = track(&deployment, "quiet.before").await;
    deployment.scraped(&before).await;
    deployment.postgres.as_mut().expect("an own cluster").stop();
    let client = deployment.client.clone();
    let body = json!({"platform": "tiktok", "username": "quiet.during"});
    for _ in 0..2 {
        let asked = Instant::now();
        let answers = tokio::join!(
            client.get("/v2/accounts"),
            client.get(&before),
            client.post("/v2/accounts", &body),
            client.delete(&before),
            client.get("/v2/health/ready"),
        );
        for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
            answer.assert_problem(503, "SERVICE_UNAVAILABLE");
            let wait = answer.must_header("retry-after").parse::<u64>();
            assert!(wait.is_ok_and(|seconds| (1..=300).contains(&seconds)), "{:?}", answer.headers);
        }
        assert!(asked.elapsed() < Duration::from_secs(15), "no client waits {:?} for a 503", asked.elapsed());
    }
    client.get("/v2/health").await.assert_status(200);
    deployment.postgres.as_mut().expect("an own cluster").restart().await;
    poll_within(Duration::from_secs(30), "the API finds its database again", async || {
        (client.get(&before).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(client.get("/v2/accounts").await.rows().len(), 1, "what was answered 503 was not done");
    let after = track(&deployment, "quiet.during").await;
    deployment.scraped(&after).await;
    for process in deployment.workers.iter_mut().chain(&mut deployment.api) {
        process.assert_running();
    }
    assert_one_snapshot_each(&deployment, 2).await;
    deployment.terminate_all().await;
}

/// Transaction ids come again when a database goes back in time, as with a standby that lagged or a copy that is restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_database_lost_by_going_back_in_time_is_not_shown_from_memory() {
    let mut deployment = builder(Pair::PostgresRedis).own_servers().workers(0).start().await;
    let body = json!({"platform": "tiktok", "username": "quiet.before", "is_active": false});
    let path = deployment.client.post("/v2/accounts", &body).await.must_header("location").to_owned();
    let (client, database) = (deployment.client.clone(), deployment.database());
    let category = async || {
        let answer = poll_within(Duration::from_secs(30), "the API finds its database again", async || {
            let answer = client.get(&path).await;
            (answer.status == 200).then_some(answer)
        });
        answer.await.data(200)["category"].clone()
    };
    for _ in 0..200 {
        assert_eq!(category().await, json!(null));
    }
    let postgres = deployment.postgres.as_mut().expect("an own cluster");
    postgres.stop();
    postgres.keep();
    postgres.restart().await;
    assert_eq!(category().await, json!(null));
    client.patch(&path, &json!({"category": "lost"})).await.assert_status(200);
    assert_eq!(category().await, json!("lost"));
    let lost = database.number("SELECT CAST(CAST(xmin AS TEXT) AS BIGINT) FROM accounts").await;
    postgres.stop();
    postgres.go_back();
    postgres.restart().await;
    let same_id = format!(
        "DO $$ DECLARE id BIGINT; BEGIN LOOP id := CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT); \
         IF id > {lost} THEN RAISE EXCEPTION 'transaction % is over', {lost}; END IF; \
         IF id = {lost} THEN UPDATE accounts SET category = 'after'; COMMIT; EXIT; END IF; COMMIT; END LOOP; END $$"
    );
    database.execute(&same_id).await;
    assert_eq!(category().await, json!("after"));
    deployment.terminate_all().await;
}

/// The whole of a bad day at once: a worker killed in mid-scrape, Redis emptied, PostgreSQL restarted, while accounts come in under
/// idempotency keys and are sent again until they are taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_day_loses_nothing_and_doubles_nothing() {
    const ACCOUNTS: usize = 40;
    let mut deployment = builder(Pair::PostgresRedis).own_servers().workers(2).start().await;
    let held = track(&deployment, HELD_HANDLE).await;
    until_held(&mut deployment).await;
    let client = deployment.client.clone();
    let (paths, ()) = futures_util::future::join(take(&client, ACCOUNTS), worst_of_days(&mut deployment)).await;
    for path in paths.iter().chain([&held]) {
        poll_within(Duration::from_mins(2), "every account is scraped in the end", async || {
            let answer = deployment.client.get(path).await;
            (answer.status == 200 && !answer.json()["data"]["last_scrape_time"].is_null()).then_some(())
        })
        .await;
    }
    assert_one_snapshot_each(&deployment, ACCOUNTS + 1).await;
    deployment.terminate_all().await;
}

/// Adds accounts one after the other, each sent again under its idempotency key until it is taken; returns their paths.
async fn take(client: &Client, accounts: usize) -> Vec<String> {
    let mut paths = Vec::new();
    for n in 0..accounts {
        let body = json!({"platform": "tiktok", "username": format!("quiet.{n}")});
        let taken = poll_until("an account is taken", async || {
            let request = client.posting("/v2/accounts", &body).header("Idempotency-Key", format!("day-{n}"));
            let answer = Answer::try_of(request).await.ok()?;
            assert!(matches!(answer.status, 201 | 409 | 503), "{}", answer.text());
            (answer.status == 201).then(|| answer.data(201))
        })
        .await;
        paths.push(format!("/v2/accounts/{}", taken["id"].as_str().expect("an id")));
        // Spread over the day, so that each blow falls among them.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    paths
}

async fn worst_of_days(deployment: &mut Deployment) {
    // Whichever of the two holds the page, both go, one of them after it has lived through the database's restart.
    deployment.workers.remove(0).kill9();
    deployment.redis.as_ref().expect("an own Redis").flush_all();
    deployment.postgres.as_mut().expect("an own cluster").restart().await;
    deployment.workers[0].assert_running();
    deployment.start_worker();
    deployment.start_worker();
    deployment.redis.as_ref().expect("an own Redis").flush_all();
    deployment.workers.remove(0).kill9();
    deployment.sandbox().release().await;
}
