//! Exports from the request to the file: killed workers, signed links, ranges.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{ACCEPT, IF_NONE_MATCH, IF_RANGE, RANGE};
use serde_json::{Value, json};
use tests::settings::EXPORTS_PART_ROWS;
use tests::{
    Answer, Builder, Client, Deployment, Pair, on_every_pair, on_every_pair_of_processes, poll_until, poll_within,
};

on_every_pair_of_processes!(a_worker_killed_amid_an_export_leaves_the_same_file);
on_every_pair!(
    a_file_is_downloaded_by_its_link_whole_and_in_parts,
    an_export_is_asked_for_once_listed_and_deleted,
    an_export_needs_a_key_that_may_write,
);

/// How long a lapsed lease may take to be made up for, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// Adds accounts that nobody reads.
async fn accounts(client: &Client, count: usize) {
    let items: Vec<_> = (0..count)
        .map(|n| json!({"platform": "tiktok", "username": format!("export.{n:04}"), "is_active": false, "category": "=x"}))
        .collect();
    client.post("/v2/accounts/bulk", &json!({"items": items})).await.assert_status(200);
}

async fn ask(client: &Client, body: &Value) -> String {
    let answer = client.post("/v2/exports", body).await;
    let made = answer.data(202);
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(answer.must_header("location"), format!("/v2/exports/{id}"));
    assert_eq!((&made["status"], &made["download_url"]), (&json!("queued"), &Value::Null));
    id
}

async fn read(client: &Client, id: &str) -> Value {
    client.get(&format!("/v2/exports/{id}")).await.data(200)
}

/// Waits until an export is written, and returns it.
async fn written(client: &Client, id: &str) -> Value {
    poll_within(PATIENCE, "the export is written", async || {
        let export = read(client, id).await;
        assert_ne!(export["status"], "failed", "{export}");
        (export["status"] == "succeeded").then_some(export)
    })
    .await
}

fn link(export: &Value) -> String {
    export["download_url"].as_str().unwrap_or_else(|| panic!("no link in {export}")).to_owned()
}

async fn file(client: &Client, export: &Value) -> Vec<u8> {
    let answer = client.without_key().get(&link(export)).await;
    answer.assert_status(200);
    assert_eq!(export["size_bytes"], answer.body.len());
    answer.body
}

/// A window of 300 days, which with 200 accounts is 60,000 rows.
fn long_series(format: &str) -> Value {
    let filters = json!({"start_date": "2025-01-01", "end_date": "2025-10-27"});
    json!({"dataset": "timeseries", "format": format, "filters": filters})
}

async fn a_worker_killed_amid_an_export_leaves_the_same_file(pair: Pair) {
    let mut deployment = Builder::new(pair).set(EXPORTS_PART_ROWS, 1000).start().await;
    let client = deployment.client.clone();
    accounts(&client, 200).await;
    for format in ["csv", "parquet"] {
        let id = ask(&client, &long_series(format)).await;
        let killed_at = poll_until("some of the export is written", async || {
            let rows = read(&client, &id).await["rows_written"].as_i64().expect("rows");
            (rows >= 5000).then_some(rows)
        })
        .await;
        deployment.workers.remove(0).kill9();
        let left = read(&client, &id).await;
        assert_eq!(left["status"], "running", "it was written to the end before the worker was killed: {left}");
        deployment.start_worker();
        let export = written(&client, &id).await;
        assert_eq!(export["rows_written"], 60_000, "killed at {killed_at}");
        let in_one_go = ask(&client, &long_series(format)).await;
        let in_one_go = written(&client, &in_one_go).await;
        assert_eq!(export["sha256"], in_one_go["sha256"]);
        assert!(file(&client, &export).await == file(&client, &in_one_go).await, "{format}");
    }
    deployment.terminate_all().await;
}

/// An export of some accounts that is written.
async fn some_export(deployment: &Deployment) -> Value {
    accounts(&deployment.client, 50).await;
    let id = ask(&deployment.client, &json!({"dataset": "accounts", "format": "csv"})).await;
    written(&deployment.client, &id).await
}

async fn a_file_is_downloaded_by_its_link_whole_and_in_parts(pair: Pair) {
    let mut deployment = Builder::new(pair).start().await;
    let export = some_export(&deployment).await;
    let (client, link) = (deployment.client.without_key(), link(&export));
    let get = |name, value: &str| Answer::of(client.request(Method::GET, &link).header(name, value));
    let whole = client.get(&link).await;
    whole.assert_status(200);
    let text = whole.text();
    assert_eq!(text.lines().count(), 51);
    assert!(text.starts_with("id,platform,username,") && text.contains(",'=x,"), "{text}");
    assert_eq!(whole.must_header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(whole.must_header("accept-ranges"), "bytes");
    assert!(whole.must_header("content-disposition").starts_with("attachment; filename=\"accounts-"));
    assert!(whole.header("content-encoding").is_none());
    let tag = whole.must_header("etag").to_owned();
    // Whatever the client would rather have: a link is followed by all kinds of programs.
    get(ACCEPT, "text/html").await.assert_status(200);
    let length = whole.body.len();
    for (range, from, to) in [("bytes=0-9", 0, 10), ("bytes=10-", 10, length), ("bytes=-5", length - 5, length)] {
        let part = get(RANGE, range).await;
        part.assert_status(206);
        assert_eq!(part.must_header("content-range"), format!("bytes {from}-{}/{length}", to - 1));
        assert_eq!((part.must_header("etag"), &part.body[..]), (tag.as_str(), &whole.body[from..to]), "{range}");
    }
    let beyond = get(RANGE, &format!("bytes={length}-")).await;
    beyond.assert_problem(416, "RANGE_NOT_SATISFIABLE");
    assert_eq!(beyond.must_header("content-range"), format!("bytes */{length}"));
    for (condition, status) in [(tag.as_str(), 206), ("\"other\"", 200)] {
        let request = client.request(Method::GET, &link).header(RANGE, "bytes=0-0").header(IF_RANGE, condition);
        Answer::of(request).await.assert_status(status);
    }
    let known = get(IF_NONE_MATCH, &tag).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = Answer::of(client.request(Method::HEAD, &link)).await;
    assert_eq!((head.status, head.must_header("content-length")), (200, length.to_string().as_str()));
    // Nothing of a link can be changed, and none is made up.
    let (path, query) = link.split_once('?').expect("a query");
    let (expires, signature) = query.split_once("&signature=").expect("a signature");
    let later = expires.replace("expires=1", "expires=2");
    let other = if signature.starts_with('0') { "1" } else { "0" };
    for query in [
        format!("{later}&signature={signature}"),
        format!("{expires}&signature={other}{}", &signature[1..]),
        format!("{expires}&signature="),
        expires.to_owned(),
        format!("signature={signature}"),
    ] {
        client.get(&format!("{path}?{query}")).await.assert_problem(403, "FORBIDDEN");
    }
    let id = export["id"].as_str().expect("an id");
    let never = "01890a5d-ac96-774b-bcce-b302099a8057";
    client.get(&link.replace(id, never)).await.assert_problem(403, "FORBIDDEN");
    // A key is no link.
    deployment.client.get(path).await.assert_problem(403, "FORBIDDEN");
    deployment.terminate_all().await;
}

async fn an_export_is_asked_for_once_listed_and_deleted(pair: Pair) {
    let mut deployment = Builder::new(pair).start().await;
    let client = deployment.client.clone();
    let body = json!({"dataset": "members", "format": "ndjson"});
    let posting = || Answer::of(client.posting("/v2/exports", &body).header("idempotency-key", "once"));
    let (first, second) = (posting().await, posting().await);
    assert_eq!((first.status, &first.body), (202, &second.body));
    assert_eq!(second.must_header("idempotency-replayed"), "true");
    let id = first.data(202)["id"].as_str().expect("an id").to_owned();
    let export = written(&client, &id).await;
    assert_eq!((&export["rows_written"], &export["size_bytes"]), (&json!(0), &json!(0)));
    let empty = client.without_key().get(&link(&export)).await;
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    let rows = client.get("/v2/exports?dataset=members").await.rows();
    assert_eq!(rows.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&json!(id)]);
    assert!(client.get("/v2/exports?dataset=posts").await.rows().is_empty());
    let stranger = deployment.client_of_new_organization("stranger");
    stranger.get(&format!("/v2/exports/{id}")).await.assert_problem(404, "NOT_FOUND");
    stranger.delete(&format!("/v2/exports/{id}")).await.assert_problem(404, "NOT_FOUND");
    // As in a report, what is not there finds nothing.
    let unknown = ask(&client, &json!({"dataset": "posts", "format": "ndjson", "filters": {"project_id": id}})).await;
    assert_eq!(written(&client, &unknown).await["rows_written"], 0);
    client.delete(&format!("/v2/exports/{unknown}")).await.assert_status(204);
    client.delete(&format!("/v2/exports/{id}")).await.assert_status(204);
    client.get(&format!("/v2/exports/{id}")).await.assert_problem(404, "NOT_FOUND");
    client.without_key().get(&link(&export)).await.assert_problem(404, "NOT_FOUND");
    poll_until("everything of it is gone", async || {
        (deployment.database().number("SELECT COUNT(*) FROM exports").await == 0).then_some(())
    })
    .await;
    deployment.terminate_all().await;
}

async fn an_export_needs_a_key_that_may_write(pair: Pair) {
    let mut deployment = Builder::new(pair).start().await;
    let key = deployment.create_key(&deployment.organization, &["--scopes", "write"]);
    let client = deployment.client.with_key(&key);
    let id = ask(&client, &json!({"dataset": "posts", "format": "parquet"})).await;
    let bytes = file(&client, &written(&client, &id).await).await;
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    for lesser in ["write:tracking", "read"] {
        let other = deployment.create_key(&deployment.organization, &["--scopes", lesser]);
        let other = deployment.client.with_key(&other);
        other
            .post("/v2/exports", &json!({"dataset": "posts", "format": "csv"}))
            .await
            .assert_problem(403, "INSUFFICIENT_SCOPE");
        other.delete(&format!("/v2/exports/{id}")).await.assert_problem(403, "INSUFFICIENT_SCOPE");
    }
    deployment.terminate_all().await;
}
