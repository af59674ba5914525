//! Asking for files; that they are written is tried elsewhere.

use std::time::{Duration, Instant};

use domain::Timestamp;
use serde_json::{Value, json};
use store::{ExportClaim, FinishedExport};

use crate::harness::{Api, NOON, new_organization};

const NOBODY: &str = "0197a6f0-0000-7000-8000-000000000001";

fn report(dataset: &str, filters: &Value) -> Value {
    json!({"dataset": dataset, "format": "ndjson", "filters": filters})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_a_report_is_asked_for_in_the_words_of_the_report() {
    let api = Api::start().await;
    let today = domain::Day::of(api.clock.now());
    let given = json!({
        "platform": "tiktok", "media_type": "video", "source": "submitted", "status": "live", "client_id": api.organization,
        "start_date": today.plus(-9), "end_date": today, "date_basis": "metric", "metrics": "range", "rate_card": "test-2",
        "rates": "tiktok.like:0.05",
    });
    for dataset in ["posts", "members"] {
        let made = api.post("/v2/exports", &report(dataset, &given)).await.expect(202);
        let export = made.json()["data"].clone();
        for (name, value) in given.as_object().unwrap().iter().filter(|(name, _)| *name != "client_id") {
            assert_eq!(&export["filters"][name], value, "{name}");
        }
        let card = &export["rate_card"];
        assert_eq!((&card["id"], &card["base"]), (&json!("custom"), &json!("test-2")));
        assert_eq!(card["prices"]["tiktok"]["like"], 0.05);
        assert_eq!(card["prices"]["instagram"]["thousand_views"], 10.0);
        let read = api.get(&format!("/v2/exports/{}", made.id())).await.expect(200).json();
        assert_eq!(read["data"]["rate_card"], *card);
    }
    let plain = api.post("/v2/exports", &json!({"dataset": "posts", "format": "csv"})).await.expect(202).json();
    let filters = &plain["data"]["filters"];
    assert_eq!((&filters["metrics"], &filters["date_basis"]), (&json!("lifetime"), &json!("published")));
    assert_eq!((&filters["rate_card"], &plain["data"]["rate_card"]["id"]), (&Value::Null, &json!("test-1")));
    let accounts = api.post("/v2/exports", &json!({"dataset": "accounts", "format": "csv"})).await.expect(202).json();
    assert_eq!((&accounts["data"]["rate_card"], &accounts["data"]["filters"]["metrics"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_report_refuses_a_file_of_it_refuses() {
    let api = Api::start().await;
    for (filters, query, field) in [
        (json!({"metrics": "range"}), "metrics=range", "start_date"),
        (json!({"metrics": "all"}), "metrics=all", "metrics"),
        (json!({"rate_card": "none"}), "rate_card=none", "rate_card"),
        (json!({"rates": "tiktok.like:1,tiktok.like:1"}), "rates=tiktok.like:1,tiktok.like:1", "rates"),
        (json!({"date_basis": "x"}), "date_basis=x", "date_basis"),
        (json!({"group_id": "x"}), "group_id=x", "group_id"),
    ] {
        let page = api.get(&format!("/v2/posts?{query}")).await.expect(422).json();
        let file = api.post("/v2/exports", &report("posts", &filters)).await.expect(422).json();
        let (page, file) = (&page["errors"][0], &file["errors"][0]);
        assert_eq!((&page["field"], &file["field"]), (&json!(field), &json!(format!("filters.{field}"))));
        assert_eq!(page["message"], file["message"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_nobodys_finds_nothing_in_a_page_and_in_a_file() {
    let api = Api::start().await;
    let other = new_organization(&api.store, None).await;
    for name in ["creator_id", "account_id", "project_id", "group_id"] {
        for path in ["/v2/posts", "/v2/members"] {
            let page = api.get(&format!("{path}?{name}={NOBODY}")).await.expect(200).json();
            assert_eq!(page["data"], json!([]), "{path} {name}");
        }
        for dataset in ["posts", "members", "timeseries"] {
            let has = dataset != "timeseries" || matches!(name, "creator_id" | "account_id");
            if has {
                let made = api.post("/v2/exports", &report(dataset, &json!({name: NOBODY}))).await.expect(202);
                assert_eq!(made.json()["data"]["filters"][name], NOBODY);
                api.send("DELETE", &format!("/v2/exports/{}", made.id()), &[], None).await.expect(204);
            }
        }
    }
    // Whose posts they are is no filter.
    for client in [other.to_string(), NOBODY.to_owned()] {
        api.post("/v2/exports", &report("posts", &json!({"client_id": client}))).await.expect(404);
    }
}

/// Ends the export that is next, without a worker.
async fn finish(api: &Api, now: Timestamp) {
    let claim = api.store.claim_export("test", Duration::from_mins(1), now).await.unwrap().expect("one that is due");
    let ExportClaim::Write(job) = claim else { panic!("nothing to be written: {claim:?}") };
    let sha256 = "0".repeat(64);
    let finished = FinishedExport { name: "file".to_owned(), bytes: 1, sha256, kept: Duration::from_hours(1) };
    assert!(api.store.finish_export(&job.hold, &finished, now).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_link_of_all_may_be_made_for_a_precondition() {
    let api = Api::start().await;
    let made = api.post("/v2/exports", &json!({"dataset": "accounts", "format": "csv"})).await.expect(202);
    finish(&api, NOON).await;
    let began = Instant::now();
    let path = format!("/v2/exports/{}", made.id());
    api.send("DELETE", &path, &[("If-Match", "*")], None).await.expect(204);
    assert!(began.elapsed() < Duration::from_secs(4), "it waited for itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_a_client_has_of_a_file_is_good_for_deleting_it() {
    let api = Api::start().await;
    let made = api.post("/v2/exports", &json!({"dataset": "accounts", "format": "csv"})).await.expect(202);
    let path = format!("/v2/exports/{}", made.id());
    let before = api.get(&path).await.expect(200);
    finish(&api, NOON).await;
    let after = api.get(&path).await.expect(200);
    assert!(after.json()["data"]["download_url"].as_str().unwrap().contains("signature="));
    api.send("DELETE", &path, &[("If-Match", before.header("etag"))], None).await.expect(412);
    api.send("DELETE", &path, &[("If-Match", after.header("etag"))], None).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_too_many_at_once_is_a_conflict_that_passes_and_is_not_remembered() {
    let api = Api::start().await;
    let body = json!({"dataset": "accounts", "format": "csv"});
    for _ in 0..5 {
        api.post("/v2/exports", &body).await.expect(202);
    }
    let key = [("Idempotency-Key", "sixth")];
    let refused = api.send("POST", "/v2/exports", &key, Some(&body)).await.expect(409);
    assert_eq!(refused.json()["code"], "CONFLICT");
    assert_eq!(refused.header("retry-after"), "30");
    finish(&api, NOON).await;
    let made = api.send("POST", "/v2/exports", &key, Some(&body)).await.expect(202);
    assert!(!made.headers.contains_key("idempotency-replayed"));
    // Its answer is remembered, although there are five again.
    let again = api.send("POST", "/v2/exports", &key, Some(&body)).await.expect(202);
    assert_eq!((again.header("idempotency-replayed"), again.id()), ("true", made.id()));
}
