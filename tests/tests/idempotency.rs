//! `Idempotency-Key`: however often and from wherever a request is repeated, it is done once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Builder, Client, Deployment, Pair, on_every_pair, poll_until};

on_every_pair!(
    forty_concurrent_posts_with_one_key_make_one_resource,
    a_replay_is_the_first_answer_byte_for_byte_even_after_a_crash,
    a_key_is_for_one_request_of_one_organization,
    a_refused_request_can_be_mended_under_a_new_key,
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
