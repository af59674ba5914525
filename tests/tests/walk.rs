//! Walks through a collection page by page while others add to it: every row that was there throughout is seen exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use tests::{Builder, Client, Deployment, Pair, on_every_pair};

on_every_pair!(
    a_walk_through_500_accounts_under_inserts_sees_each_original_once,
    a_cursor_that_was_altered_or_carried_elsewhere_is_refused,
    the_pages_fit_together_in_every_order,
);

async fn deployment(pair: Pair) -> Deployment {
    Builder::new(pair).workers(0).start().await
}

async fn add(client: &Client, username: &str) -> String {
    let body = json!({"platform": "tiktok", "username": username});
    let made = client.post("/v2/accounts", &body).await.data(201);
    made["id"].as_str().expect("an id").to_owned()
}

async fn add_many(client: &Client, prefix: &str, count: usize) -> BTreeSet<String> {
    let adding = stream::iter(0..count).map(|n| async move { add(client, &format!("{prefix}.{n}")).await });
    adding.buffer_unordered(16).collect().await
}

/// Follows `next_cursor` to the end and returns the rows in the order in which they came.
async fn walk(client: &Client, query: &str, mut between_pages: impl AsyncFnMut()) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut path = format!("/v2/accounts?{query}");
    for _ in 0..1_000 {
        let page = client.get(&path).await;
        rows.extend(page.rows());
        let body = page.json();
        let pagination = &body["pagination"];
        let link = page.must_header("link").to_owned();
        assert!(link.contains(r#"rel="first""#), "{link}");
        assert_eq!(pagination["has_next"], !pagination["next_cursor"].is_null(), "{pagination}");
        assert_eq!(link.contains(r#"rel="next""#), pagination["has_next"] == true, "{link}");
        between_pages().await;
        let Some(cursor) = pagination["next_cursor"].as_str() else { return rows };
        path = format!("/v2/accounts?{query}&cursor={cursor}");
    }
    panic!("{query} does not come to an end");
}

fn times_seen(rows: &[Value]) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for row in rows {
        *seen.entry(row["id"].as_str().expect("an id").to_owned()).or_insert(0) += 1;
    }
    seen
}

async fn a_walk_through_500_accounts_under_inserts_sees_each_original_once(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let originals = add_many(&client, "m", 500).await;
    assert_eq!(originals.len(), 500);
    for (turn, query) in
        ["limit=7", "limit=50&order_by=username", "limit=23&order_by=follower_count"].iter().enumerate()
    {
        let (done, inserted) = (AtomicBool::new(false), AtomicUsize::new(0));
        let inserting = async {
            // Handles that sort before, among and behind the originals.
            while !done.load(Ordering::SeqCst) {
                let n = inserted.fetch_add(1, Ordering::SeqCst);
                add(&client, &format!("{}.{turn}.{n}", ["a", "m", "z"][n % 3])).await;
            }
        };
        let walking = async {
            let rows = walk(&client, query, async || tokio::task::yield_now().await).await;
            done.store(true, Ordering::SeqCst);
            rows
        };
        let (rows, ()) = futures_util::future::join(walking, inserting).await;
        assert!(inserted.load(Ordering::SeqCst) >= 10, "hardly anything was inserted during the walk");
        let seen = times_seen(&rows);
        let doubled: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
        assert!(doubled.is_empty(), "{query}: seen more than once: {doubled:?}");
        let missed: Vec<_> = originals.iter().filter(|id| !seen.contains_key(*id)).collect();
        assert!(missed.is_empty(), "{query}: never seen: {missed:?}");
    }
    deployment.terminate_all().await;
}

async fn the_pages_fit_together_in_every_order(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    add_many(&client, "n", 12).await;
    for order in
        ["added_at", "username", "last_scrape_time", "follower_count", "view_count", "like_count", "play_count"]
    {
        for direction in ["asc", "desc"] {
            let query = format!("order_by={order}&order_direction={direction}");
            let whole = walk(&client, &format!("{query}&limit=200"), async || {}).await;
            let paged = walk(&client, &format!("{query}&limit=5"), async || {}).await;
            assert_eq!(whole.len(), 12, "{query}");
            assert_eq!(times_seen(&paged).len(), 12, "{query}");
            let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
            assert_eq!(ids(&whole), ids(&paged), "{query}: pages and whole differ");
        }
    }
    let names: Vec<_> =
        walk(&client, "order_by=username", async || {}).await.iter().map(|row| row["username"].to_string()).collect();
    assert!(names.is_sorted(), "names ascend unless told otherwise: {names:?}");
    let legacy = walk(&client, "sort=-added_at", async || {}).await;
    assert_eq!(legacy, walk(&client, "", async || {}).await);
    let counted = client.get("/v2/accounts?limit=5&include_total=true").await.json();
    assert_eq!(counted["pagination"]["total_count"], 12, "{}", counted["pagination"]);
    assert_eq!(client.get("/v2/accounts?q=N.1").await.rows().len(), 3, "n.1, n.10 and n.11");

    // The address in Link is whole and leads on.
    let page = client.get("/v2/accounts?limit=5").await;
    let link = page.must_header("link").to_owned();
    let next = link.split(',').find(|part| part.contains(r#"rel="next""#)).expect("there is a next page");
    let address = next.split(['<', '>']).nth(1).expect("an address");
    assert!(address.starts_with("http://"), "{address}");
    assert_eq!(client.get(address).await.rows().len(), 5);
    deployment.terminate_all().await;
}

async fn a_cursor_that_was_altered_or_carried_elsewhere_is_refused(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    add_many(&client, "c", 6).await;
    let page = client.get("/v2/accounts?limit=2&order_by=username").await;
    page.assert_status(200);
    let cursor = page.json()["pagination"]["next_cursor"].as_str().expect("a next page").to_owned();
    client.get(&format!("/v2/accounts?limit=3&order_by=username&cursor={cursor}")).await.assert_status(200);
    for position in [0, cursor.len() / 2, cursor.len() - 2] {
        let mut altered = cursor.clone().into_bytes();
        altered[position] = if altered[position] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).expect("ASCII");
        let answer = client.get(&format!("/v2/accounts?limit=2&order_by=username&cursor={altered}")).await;
        answer.assert_problem(422, "VALIDATION_ERROR");
    }
    for query in [
        format!("order_by=added_at&cursor={cursor}"),
        format!("order_by=username&order_direction=desc&cursor={cursor}"),
        format!("order_by=username&platform=tiktok&cursor={cursor}"),
        "order_by=username&cursor=nonsense".to_owned(),
        "order_by=username&cursor=".to_owned(),
    ] {
        client.get(&format!("/v2/accounts?limit=2&{query}")).await.assert_problem(422, "VALIDATION_ERROR");
    }
    let elsewhere = client.get(&format!("/v2/creators?order_by=name&cursor={cursor}")).await;
    elsewhere.assert_problem(422, "VALIDATION_ERROR");
    // Another organization gets nothing out of it, least of all rows.
    let stranger = deployment.client_of_new_organization("second");
    let answer = stranger.get(&format!("/v2/accounts?limit=2&order_by=username&cursor={cursor}")).await;
    answer.assert_invalid(&["cursor"]);
    deployment.terminate_all().await;
}
