//! Measures an export of a million rows: seconds, the most memory that the worker took, and whether the file is the same when the worker is killed half-way.
//!
//! ```sh
//! cargo build --release --bin creator-audit --bin export-million && target/release/export-million [csv|ndjson|parquet]
//! ```
//!
//! Not for CI: it takes minutes, and the figures are those of the machine.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::{Builder, Client, Deployment, Pair, poll_within};

const ACCOUNTS: usize = 2740;
const DAYS: i64 = 366;
const PATIENCE: Duration = Duration::from_mins(20);

/// The metrics that an account's day has columns for.
const METRICS: [&str; 9] =
    ["follower", "following", "profile_post", "view", "like", "comment", "share", "play", "saved"];

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wanted = if wanted.is_empty() { vec!["csv".to_owned(), "parquet".to_owned()] } else { wanted };
    for pair in [Pair::PostgresRedis, Pair::SqliteProcesses] {
        let mut deployment = Builder::new(pair).start().await;
        seed(&deployment).await;
        for format in &wanted {
            measure(&mut deployment, pair, format).await;
        }
        deployment.terminate_all().await;
    }
}

async fn seed(deployment: &Deployment) {
    let names: Vec<_> = (0..ACCOUNTS).collect();
    for names in names.chunks(1000) {
        let items: Vec<_> = names
            .iter()
            .map(|n| json!({"platform": "tiktok", "username": format!("million.{n:05}"), "is_active": false}))
            .collect();
        deployment.client.post("/v2/accounts/bulk", &json!({"items": items})).await.assert_status(200);
    }
    let today = deployment.database().number(now_in_days(deployment)).await;
    let columns = |of: &str, metrics: &[&str]| metrics.iter().map(|name| format!("{name}_{of}")).collect::<Vec<_>>();
    let all = [
        columns("count", &METRICS),
        columns("gain", &METRICS),
        columns("total", &METRICS),
        columns("days", &METRICS),
        columns("posts", &METRICS[3..]),
    ];
    let names = all.concat().join(", ");
    let values = vec!["d.day * 1000003 % 987654321"; 9]
        .into_iter()
        .chain(vec!["d.day * 7919 % 100000"; 18])
        .chain(vec!["1"; 9 + 6])
        .collect::<Vec<_>>()
        .join(", ");
    // Each metric was read: the lowest of its three bits.
    let notes = (0..3).fold(0, |notes, place| notes | (1 << (3 * place)));
    let insert = format!(
        "INSERT INTO account_days (account_id, organization_id, day, observed_days, notes, posts, posts_observed, posts_fallen, {names}) \
         SELECT a.id, a.organization_id, d.day, 1, {notes}, 3, 3, 0, {values} FROM accounts a CROSS JOIN \
         (WITH RECURSIVE days (day) AS (SELECT {first} UNION ALL SELECT day + 1 FROM days WHERE day < {today}) SELECT day FROM days) d",
        first = today - DAYS + 1,
    )
    .replace("d.day *", "CAST(d.day AS BIGINT) *");
    deployment.database().execute(&insert).await;
}

fn now_in_days(deployment: &Deployment) -> &'static str {
    if deployment.database_url().starts_with("sqlite") {
        "SELECT CAST(strftime('%s', 'now') AS INTEGER) / 86400"
    } else {
        "SELECT CAST(floor(extract(epoch FROM now()) / 86400) AS BIGINT)"
    }
}

async fn ask(client: &Client, format: &str) -> String {
    let today = Today::now();
    let filters = json!({"start_date": today.before(DAYS - 1), "end_date": today.before(0)});
    let body = json!({"dataset": "timeseries", "format": format, "filters": filters});
    client.post("/v2/exports", &body).await.data(202)["id"].as_str().expect("an id").to_owned()
}

/// Days of the calendar, as the API writes them.
struct Today(i64);

impl Today {
    fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970");
        Self(i64::try_from(since.as_secs() / 86_400).expect("a day"))
    }

    fn before(&self, days: i64) -> String {
        domain::Day::from_number(i32::try_from(self.0 - days).expect("a day")).to_string()
    }
}

async fn until(client: &Client, id: &str, is_reached: impl Fn(&Value) -> bool) -> Value {
    poll_within(PATIENCE, "the export goes on", async || {
        let export = client.get(&format!("/v2/exports/{id}")).await.data(200);
        assert_ne!(export["status"], "failed", "{export}");
        is_reached(&export).then_some(export)
    })
    .await
}

/// The most memory that a process ever took, in MB.
fn peak_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("kB") / 1024
}

async fn measure(deployment: &mut Deployment, pair: Pair, format: &str) {
    let client = deployment.client.clone();
    let is_done = |export: &Value| export["status"] == "succeeded";
    // A worker that did nothing else, so that its peak is the export's.
    deployment.workers.remove(0).terminate(Duration::from_mins(1)).await;
    deployment.start_worker();
    let began = Instant::now();
    let id = ask(&client, format).await;
    let whole = until(&client, &id, is_done).await;
    let (took, peak) = (began.elapsed(), peak_mb(deployment.workers[0].id()));
    let id = ask(&client, format).await;
    let half = |export: &Value| export["rows_written"].as_i64() >= Some(500_000);
    let killed = until(&client, &id, half).await;
    assert_eq!(killed["status"], "running", "{killed}");
    deployment.workers.remove(0).kill9();
    deployment.start_worker();
    let resumed = until(&client, &id, is_done).await;
    let peak_after = peak_mb(deployment.workers[0].id());
    assert_eq!((&whole["rows_written"], &resumed["rows_written"]), (&json!(1_002_840), &json!(1_002_840)));
    assert_eq!(whole["sha256"], resumed["sha256"], "the file differs after a kill");
    println!(
        "{pair:?} {format}: {} rows, {} MB, {:.1} s, peak of the worker {peak} MB; killed at {} rows and taken up by another (peak {peak_after} MB): identical bytes",
        whole["rows_written"],
        whole["size_bytes"].as_i64().unwrap_or_default() / 1_000_000,
        took.as_secs_f64(),
        killed["rows_written"],
    );
    for export in [&whole, &resumed] {
        client.delete(&format!("/v2/exports/{}", export["id"].as_str().expect("an id"))).await.assert_status(204);
    }
}
