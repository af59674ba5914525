//! `Idempotency-Key`: however often and from wherever a request is repeated, it is done once.

use std::fmt::Write;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Builder, Client, Deployment, Pair, on_every_pair, poll_until};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

on_every_pair!(
    forty_concurrent_posts_with_one_key_make_one_resource,
    a_replay_is_the_first_answer_byte_for_byte_even_after_a_crash,
    a_key_is_for_one_request_of_one_organization,
    a_refused_request_can_be_mended_under_a_new_key,
    what_was_committed_before_a_kill_is_answered_for_by_another_process,
);

async fn deployment(pair: Pair) -> Deployment {
    Builder::new(pair).workers(0).start().await
}

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    Answer::of(client.posting(path, body).header("Idempotency-Key", key)).await
}

async fn forty_concurrent_posts_with_one_key_make_one_resource(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    // Creators may share a name, so nothing but the key stands against forty of them.
    for (path, body) in [
        ("/v2/creators", json!({"name": "Only One"})),
        ("/v2/accounts", json!({"platform": "tiktok", "username": "only.one"})),
        ("/v2/videos", json!({"platform": "instagram", "identifier": "DdG4RIxIPyf"})),
    ] {
        let key = format!("forty{path}");
        let answers = join_all((0..40).map(|_| async {
            poll_until("the first request has ended", async || {
                let answer = post(&client, path, &key, &body).await;
                if answer.status == 409 {
                    answer.assert_problem(409, "CONFLICT");
                    return None;
                }
                Some(answer)
            })
            .await
        }))
        .await;
        let first = &answers[0];
        for answer in &answers {
            answer.assert_status(201);
            assert_eq!(answer.text(), first.text(), "one key, two answers");
        }
        let replays = answers.iter().filter(|answer| answer.header("idempotency-replayed") == Some("true")).count();
        assert_eq!(replays, 39, "one request did the work, the others replayed it");
        let rows = client.get(path).await.rows();
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert_eq!(rows[0]["id"], first.data(201)["id"]);
    }
    deployment.terminate_all().await;
}

async fn a_replay_is_the_first_answer_byte_for_byte_even_after_a_crash(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let body = json!({"platform": "tiktok", "username": "again", "metadata": {"b": 1, "a": 2}});
    let first = post(&deployment.client, "/v2/accounts", "k-1", &body).await;
    first.assert_status(201);
    assert_eq!(first.header("idempotency-replayed"), None);
    // What has happened since does not change the answer.
    let location = format!("/v2/accounts/{}", first.data(201)["id"].as_str().expect("an id"));
    deployment.client.patch(&location, &json!({"category": "later"})).await.assert_status(200);

    let (replica, url) = deployment.start_replica().await;
    deployment.api.take().expect("the API runs").kill9();
    let elsewhere = post(&deployment.client.at(&url), "/v2/accounts", "k-1", &body).await;
    drop(replica);
    deployment.start_api().await;
    let afterwards = post(&deployment.client, "/v2/accounts", "k-1", &body).await;
    for replay in [elsewhere, afterwards] {
        replay.assert_status(201);
        assert_eq!(replay.body, first.body);
        assert_eq!(replay.header("idempotency-replayed"), Some("true"));
        assert!(replay.must_header("location").ends_with(&location));
        assert_eq!(replay.header("content-type"), first.header("content-type"));
    }
    assert_eq!(deployment.client.get("/v2/accounts").await.rows().len(), 1);
    deployment.terminate_all().await;
}

async fn a_key_is_for_one_request_of_one_organization(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    let body = json!({"name": "Ada"});
    post(&client, "/v2/creators", "k", &body).await.assert_status(201);
    post(&client, "/v2/creators", "k", &json!({"name": "Grace"})).await.assert_problem(422, "VALIDATION_ERROR");
    let account = json!({"platform": "tiktok", "username": "ada"});
    post(&client, "/v2/accounts", "k", &account).await.assert_problem(422, "VALIDATION_ERROR");
    assert!(client.get("/v2/accounts").await.rows().is_empty());
    let other = deployment.client_of_new_organization("second");
    let own = post(&other, "/v2/creators", "k", &body).await;
    own.assert_status(201);
    assert_eq!(own.header("idempotency-replayed"), None);
    assert_ne!(own.data(201)["id"], client.get("/v2/creators").await.rows()[0]["id"]);
    deployment.terminate_all().await;
}

async fn a_refused_request_can_be_mended_under_a_new_key(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let client = deployment.client.clone();
    for key in [String::new(), "x".repeat(256)] {
        post(&client, "/v2/creators", &key, &json!({"name": "Ada"})).await.assert_problem(400, "BAD_REQUEST");
    }
    post(&client, "/v2/creators", "bad", &json!({"name": ""})).await.assert_invalid(&["name"]);
    post(&client, "/v2/creators", &"x".repeat(255), &json!({"name": "Ada"})).await.assert_status(201);
    assert_eq!(client.get("/v2/creators").await.rows().len(), 1);
    deployment.terminate_all().await;
}

/// Bytes as SQL writes them.
fn bytes(pair: Pair, hex: &str) -> String {
    match pair {
        Pair::SqliteEmbedded | Pair::SqliteProcesses => format!("x'{hex}'"),
        Pair::PostgresRedis => format!("'\\x{hex}'::bytea"),
    }
}

/// Sends a POST on a connection of its own and never reads it; the connection.
async fn post_unread(client: &Client, secret: &str, path: &str, key: &str, body: &Value) -> TcpStream {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: unread\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\n\
         Idempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let address = client.base_url().strip_prefix("http://").expect("an address").to_owned();
    let mut connection = TcpStream::connect(address).await.expect("the API listens");
    connection.write_all(request.as_bytes()).await.expect("a request is taken");
    connection
}

async fn what_was_committed_before_a_kill_is_answered_for_by_another_process(pair: Pair) {
    let mut deployment = deployment(pair).await;
    let secret = deployment.create_key(&deployment.organization, &[]);
    let database = deployment.database();
    let answered = "SELECT COUNT(*) FROM idempotency_records WHERE status IS NOT NULL";
    let bodies: Vec<(&str, String, Value)> = (0..12)
        .map(|n| match n % 3 {
            0 => ("/v2/creators", format!("k{n}"), json!({"name": format!("Killed {n}")})),
            1 => ("/v2/accounts", format!("k{n}"), json!({"platform": "tiktok", "username": format!("killed.{n}")})),
            _ => (
                "/v2/videos",
                format!("k{n}"),
                json!({"platform": "tiktok", "identifier": format!("75718632052537787{n:02}")}),
            ),
        })
        .collect();
    // Each request is sent, and nobody reads what comes back. The process is killed as soon as the first of them is in the database.
    let unread =
        join_all(bodies.iter().map(|(path, key, body)| post_unread(&deployment.client, &secret, path, key, body)))
            .await;
    while database.number(answered).await == 0 {
        tokio::task::yield_now().await;
    }
    deployment.api.take().expect("the API runs").kill9();
    let committed = database.number(answered).await;
    assert!(committed > 0);
    drop(unread);

    deployment.start_api().await;
    let client = deployment.client.clone();
    let mut replayed = 0;
    for (path, key, body) in &bodies {
        let is_kept = database
            .number(&format!(
                "SELECT COUNT(*) FROM idempotency_records WHERE idempotency_key = '{key}' AND status = 201"
            ))
            .await;
        // In the form that is kept: a coding has a tag of its own.
        let plain = client.posting(path, body).header("Idempotency-Key", key).header("Accept-Encoding", "identity");
        let answer = Answer::of(plain).await;
        answer.assert_status(201);
        assert_eq!(answer.header("idempotency-replayed") == Some("true"), is_kept == 1, "{key}");
        replayed += is_kept;
        // The original bytes and headers are those that the dead process committed.
        let hex = answer.body.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let (body_is, tag) = (bytes(pair, &hex), answer.must_header("etag").to_owned());
        let location = answer.must_header("location").to_owned();
        let same = format!(
            "SELECT COUNT(*) FROM idempotency_records WHERE idempotency_key = '{key}' AND body = {body_is} \
             AND etag = '{tag}' AND location = '{location}' AND content_type = '{}'",
            answer.must_header("content-type")
        );
        assert_eq!(database.number(&same).await, 1, "{key}");
        assert_eq!(client.get(&location).await.data(200)["id"], answer.data(201)["id"], "{key}");
        let again = post(&client, path, key, body).await;
        assert_eq!((again.status, &again.body), (201, &answer.body), "{key}");
    }
    assert_eq!(replayed, committed);
    for path in ["/v2/creators", "/v2/accounts", "/v2/videos"] {
        assert_eq!(client.get(path).await.rows().len(), 4, "{path}: each was done once");
    }
    deployment.terminate_all().await;
}
