//! Keys over their whole life: made, used, rotated, disabled and revoked, over HTTP and from the command line, in every process at once; and
//! nowhere but in the answer that makes it is a secret to be found.

use reqwest::Method;
use serde_json::{Value, json};
use tests::settings::LOG_FILTER;
use tests::{Answer, Builder, Client, Deployment, Pair, on_every_pair};

on_every_pair!(
    a_change_of_a_key_holds_from_the_next_call_on_in_every_process,
    the_command_line_does_what_the_api_does_and_both_are_on_record,
    a_secret_is_nowhere_but_in_the_answer_that_makes_it,
);

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

async fn make(client: &Client, name: &str) -> (String, String) {
    let made = client.post("/v2/api-keys", &json!({"name": name})).await.data(201);
    (format!("/v2/api-keys/{}", text(&made, "id")), text(&made, "key"))
}

async fn deleted(client: &Client, path: &str) {
    client.delete(path).await.assert_status(204);
}

async fn a_change_of_a_key_holds_from_the_next_call_on_in_every_process(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).start().await;
    let admin = deployment.client.clone();
    let mut places = vec![admin.base_url().to_owned()];
    let mut replicas = Vec::new();
    if pair != Pair::SqliteEmbedded {
        let (replica, url) = deployment.start_replica().await;
        replicas.push(replica);
        places.push(url);
    }
    let (path, first) = make(&admin, "k").await;
    let everywhere = async |key: &str, status: u16| {
        for url in &places {
            // Twice, so that a process that remembers keys has something to remember.
            for _ in 0..2 {
                admin.with_key(key).at(url).get("/v2/whoami").await.assert_status(status);
            }
        }
    };
    everywhere(&first, 200).await;
    admin.patch(&path, &json!({"is_active": false})).await.assert_status(200);
    everywhere(&first, 403).await;
    admin.patch(&path, &json!({"is_active": true, "name": "renamed"})).await.assert_status(200);
    for url in &places {
        let me = admin.with_key(&first).at(url).get("/v2/whoami").await.data(200);
        assert_eq!(me["api_key_name"], "renamed");
    }
    let second = text(&admin.post(&format!("{path}/rotate"), &json!({"overlap_hours": 1})).await.data(200), "key");
    everywhere(&first, 200).await;
    everywhere(&second, 200).await;
    let third = text(&admin.post(&format!("{path}/rotate"), &json!({"overlap_hours": 0})).await.data(200), "key");
    // Without an overlap nothing older opens.
    everywhere(&first, 401).await;
    everywhere(&second, 401).await;
    everywhere(&third, 200).await;
    // By the key itself, in the process that did not make it.
    let place = places.last().expect("there is one").clone();
    deleted(&admin.with_key(&third).at(&place), &path).await;
    for (key, status) in [(&first, 403), (&second, 401), (&third, 403)] {
        everywhere(key, status).await;
    }
    drop(replicas);
    deployment.terminate_all().await;
}

async fn the_command_line_does_what_the_api_does_and_both_are_on_record(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).start().await;
    let admin = deployment.client.clone();
    let record = deployment.create_key_record(&deployment.organization, &["--scopes", "admin"]);
    let (id, first) = (text(&record, "id"), text(&record, "key"));
    let status = async |key: &str, status: u16| {
        admin.with_key(key).get("/v2/whoami").await.assert_status(status);
    };
    let path = format!("/v2/api-keys/{id}");
    deployment.run(&["key", "disable", &id]);
    assert_eq!(admin.get(&path).await.data(200)["is_active"], false);
    deployment.run(&["key", "enable", &id]);
    let rotated = deployment.run_json(&["key", "rotate", &id, "--overlap-hours", "0", "--expires", "never"]);
    let second = text(&rotated, "key");
    let shown = admin.get(&path).await.data(200);
    assert_eq!((&shown["prefix"], &shown["expires_at"]), (&rotated["prefix"], &Value::Null));
    let request = admin.request(Method::PATCH, &path).header("Content-Type", "application/json");
    let request = request.header("X-Request-ID", "trace-9").body(json!({"name": "over HTTP"}).to_string());
    Answer::of(request).await.assert_status(200);
    deployment.run(&["key", "revoke", &id]);
    deployment.run(&["key", "revoke", &id]);
    admin.get(&path).await.assert_problem(404, "NOT_FOUND");
    status(&first, 401).await;
    status(&second, 403).await;

    let organization = deployment.organization.clone();
    let records = deployment.run_json(&["audit", "--org", &organization]);
    let of_key = |record: &&Value| record["subject"]["id"] == id.as_str();
    let records: Vec<_> = records.as_array().expect("a list").iter().filter(of_key).collect();
    let actions: Vec<_> = records.iter().map(|record| text(record, "action")).collect();
    let expected = ["revoked", "renamed", "rotated", "enabled", "disabled", "created"];
    assert_eq!(actions, expected.map(|action| format!("api_key.{action}")));
    for record in &records {
        let (actor, request) =
            if record["action"] == "api_key.renamed" { ("suite", json!("trace-9")) } else { ("operator", Value::Null) };
        assert_eq!((&record["actor"]["name"], &record["request_id"]), (&json!(actor), &request), "{record}");
    }
    let newest = deployment.run_json(&["audit", "--limit", "1"]);
    assert_eq!(newest.as_array().map(|records| records[0]["action"].clone()), Some(json!("api_key.revoked")));
    assert_eq!(deployment.run_json(&["audit", "--since", "2999-01-01"]), json!([]));
    let printed = deployment.run(&["audit", "--org", &organization]);
    assert!(printed.lines().last().is_some_and(|line| line.contains("organization.created")), "{printed}");
    deployment.terminate_all().await;
}

async fn a_secret_is_nowhere_but_in_the_answer_that_makes_it(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).set(LOG_FILTER, "debug").start().await;
    let admin = deployment.client.clone();
    let empty = json!({});
    let once = |path: String| admin.posting(&path, &empty).header("Idempotency-Key", "rotate");
    let body = json!({"name": "hidden"});
    let made = Answer::of(admin.posting("/v2/api-keys", &body).header("Idempotency-Key", "make")).await.data(201);
    let path = format!("/v2/api-keys/{}", text(&made, "id"));
    let rotated = Answer::of(once(format!("{path}/rotate"))).await.data(200);
    let replayed = Answer::of(once(format!("{path}/rotate"))).await.data(200);
    assert_eq!(replayed, rotated);
    let keys = [text(&made, "key"), text(&rotated, "key")];
    for key in &keys {
        admin.with_key(key).get("/v2/whoami").await.assert_status(200);
        let secret = key.split('_').nth(2).expect("a secret");
        for path in ["/v2/api-keys", path.as_str()] {
            let shown = admin.get(path).await;
            assert!(!shown.text().contains(secret), "{path}");
        }
        for arguments in [&["audit"][..], &["audit", "--json"], &["key", "list"], &["key", "list", "--json"]] {
            assert!(!deployment.run(arguments).contains(secret), "{arguments:?}");
        }
        let api = deployment.api.as_ref().expect("the API runs");
        assert!(!api.printed(secret), "the log shows it");
        assert!(!is_in_database(&deployment, secret).await, "the database holds it");
    }
    let api = deployment.api.as_ref().expect("the API runs");
    assert!(api.printed("/v2/api-keys"), "the log was looked at");
    assert!(is_in_database(&deployment, "hidden").await, "the database was looked at");
    deployment.terminate_all().await;
}

/// Whether `needle` is in any byte that the database keeps.
async fn is_in_database(deployment: &Deployment, needle: &str) -> bool {
    if let Some(file) = deployment.database_url().strip_prefix("sqlite://") {
        let holds = |path: String| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
        };
        return holds(file.to_owned()) || holds(format!("{file}-wal"));
    }
    let hex = needle.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    for table in ["api_keys", "retired_secrets", "idempotency_records", "audit_records", "request_events"] {
        let query = format!("SELECT COUNT(*) FROM {table} t WHERE t::text LIKE '%{needle}%' OR t::text LIKE '%{hex}%'");
        if deployment.database().number(&query).await > 0 {
            return true;
        }
    }
    false
}
