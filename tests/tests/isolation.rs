//! Five organizations on one service see nothing of each other: not in lists, not by id, not by what an answer gives away.

mod document;

use serde_json::{Value, json};
use tests::{Answer, Builder, Client, Deployment, Pair, Platforms, on_every_pair, poll_until};

on_every_pair!(
    five_organizations_see_nothing_of_each_other,
    a_body_cannot_refer_to_another_organizations_resource,
    posts_that_were_found_are_the_finders_alone,
    tracking_what_others_track_looks_like_tracking_something_new,
);

const NEVER: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What one organization has.
struct Tenant {
    client: Client,
    account: String,
    video: String,
    creator: String,
}

impl Tenant {
    async fn new(client: Client) -> Self {
        // The same handles and posts for all: nothing of this may show.
        let account = json!({"platform": "tiktok", "username": "shared"});
        let video = json!({"platform": "tiktok", "identifier": "7571863205253778710"});
        Self {
            account: make(&client, "/v2/accounts", &account).await,
            video: make(&client, "/v2/videos", &video).await,
            creator: make(&client, "/v2/creators", &json!({"name": "Shared"})).await,
            client,
        }
    }
}

async fn make(client: &Client, path: &str, body: &Value) -> String {
    client.post(path, body).await.data(201)["id"].as_str().expect("an id").to_owned()
}

fn organizations(deployment: &Deployment, count: usize) -> Vec<Client> {
    let others = (1..count).map(|n| deployment.client_of_new_organization(&format!("organization {n}")));
    std::iter::once(deployment.client.clone()).chain(others).collect()
}

/// An answer without what differs from call to call, with `id` written as a blank.
fn comparable(answer: &Answer, id: &str) -> (u16, Value, Vec<String>) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    let body = serde_json::from_str(&body.to_string().replace(id, "ID")).expect("still JSON");
    // A tag is a hash of the body, which is compared as a whole.
    let told_apart = ["x-request-id", "date", "etag", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !told_apart.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {value:?}").replace(id, "ID"))
        .collect();
    headers.sort();
    (answer.status, body, headers)
}

async fn five_organizations_see_nothing_of_each_other(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).start().await;
    let mut tenants = Vec::new();
    for client in organizations(&deployment, 5) {
        tenants.push(Tenant::new(client).await);
    }
    for (index, tenant) in tenants.iter().enumerate() {
        for (path, own) in
            [("/v2/accounts", &tenant.account), ("/v2/videos", &tenant.video), ("/v2/creators", &tenant.creator)]
        {
            let rows = tenant.client.get(path).await.rows();
            let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap_or_default()).collect();
            assert_eq!(ids, [own], "{path} of organization {index}");
        }
        for other in tenants.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, tenant)| tenant) {
            refuses(&tenant.client, other, tenant).await;
        }
    }
    // And nothing was changed by all that asking.
    for tenant in &tenants {
        for path in [format!("/v2/accounts/{}", tenant.account), format!("/v2/videos/{}", tenant.video)] {
            let resource = tenant.client.get(&path).await.data(200);
            assert_eq!((&resource["is_active"], &resource["metadata"]), (&json!(true), &json!({})), "{resource}");
        }
        let creator = tenant.client.get(&format!("/v2/creators/{}", tenant.creator)).await.data(200);
        assert_eq!((&creator["name"], &creator["accounts_summary"]["total"]), (&json!("Shared"), &json!(0)));
    }
    deployment.terminate_all().await;
}

/// Asserts that every call on the other's resources answers as it does for an id that never existed.
async fn refuses(client: &Client, other: &Tenant, own: &Tenant) {
    for (path, id) in [("accounts", &other.account), ("videos", &other.video), ("creators", &other.creator)] {
        let patch = json!({"is_active": false, "metadata": {"seen": true}});
        let paths = [format!("/v2/{path}/{id}"), format!("/v2/{path}/{NEVER}")];
        let theirs =
            [client.get(&paths[0]).await, client.patch(&paths[0], &patch).await, client.delete(&paths[0]).await];
        let never =
            [client.get(&paths[1]).await, client.patch(&paths[1], &patch).await, client.delete(&paths[1]).await];
        for (theirs, never) in theirs.iter().zip(&never) {
            theirs.assert_problem(404, "NOT_FOUND");
            assert_eq!(comparable(theirs, id), comparable(never, NEVER), "{}", theirs.request);
        }
    }
    for (creator, account) in [(&other.creator, &own.account), (&own.creator, &other.account)] {
        let link = |creator: &str, account: &str| format!("/v2/creators/{creator}/accounts/{account}");
        client.put(&link(creator, account)).await.assert_problem(404, "NOT_FOUND");
        client.delete(&link(creator, account)).await.assert_problem(404, "NOT_FOUND");
    }
}

async fn a_body_cannot_refer_to_another_organizations_resource(pair: Pair) {
    let mut deployment = Builder::new(pair).workers(0).start().await;
    let clients = organizations(&deployment, 2);
    let theirs = make(&clients[0], "/v2/creators", &json!({"name": "Theirs"})).await;
    let own = make(&clients[1], "/v2/accounts", &json!({"platform": "tiktok", "username": "own"})).await;
    let path = format!("/v2/accounts/{own}");
    let mut answers = Vec::new();
    for id in [theirs.as_str(), NEVER] {
        let body = json!({"platform": "tiktok", "username": "new", "creator_id": id});
        let made = clients[1].post("/v2/accounts", &body).await;
        let patched = clients[1].patch(&path, &json!({"creator_id": id})).await;
        let listed = clients[1].get(&format!("/v2/accounts?creator_id={id}")).await;
        assert!(matches!(made.status, 404 | 422) && matches!(patched.status, 404 | 422), "{made:?} {patched:?}");
        answers.push([comparable(&made, id), comparable(&patched, id), comparable(&listed, id)]);
    }
    assert_eq!(answers[0], answers[1], "another's id and an unknown one are told apart");
    assert_eq!(clients[1].get("/v2/accounts").await.rows().len(), 1, "nothing was half written");
    assert!(clients[1].get(&path).await.data(200)["creator_id"].is_null());
    deployment.terminate_all().await;
}

async fn posts_that_were_found_are_the_finders_alone(pair: Pair) {
    let mut deployment = Builder::new(pair).platforms(Platforms::Sandbox).start().await;
    let clients = organizations(&deployment, 2);
    make(&clients[0], "/v2/accounts", &json!({"platform": "tiktok", "username": "finder"})).await;
    let found = poll_until("posts are found", async || clients[0].get("/v2/account-videos").await.rows().pop()).await;
    let path = |id: &Value| format!("/v2/account-videos/{id}");
    clients[0].get(&path(&found["id"])).await.assert_status(200);
    let theirs = clients[1].get(&path(&found["id"])).await;
    theirs.assert_problem(404, "NOT_FOUND");
    let never = clients[1].get(&path(&json!(987_654_321))).await;
    never.assert_problem(404, "NOT_FOUND");
    let body = |answer: &Answer| {
        let problem = answer.json();
        ["type", "title", "status", "detail", "code"].map(|field| problem[field].clone())
    };
    assert_eq!(body(&theirs), body(&never));
    assert!(clients[1].get("/v2/account-videos").await.rows().is_empty());
    deployment.terminate_all().await;
}

async fn tracking_what_others_track_looks_like_tracking_something_new(pair: Pair) {
    let mut deployment = Builder::new(pair).platforms(Platforms::Sandbox).start().await;
    let clients = organizations(&deployment, 2);
    let body = json!({"platform": "tiktok", "username": "known"});
    let first = clients[0].post("/v2/accounts", &body).await.data(201);
    deployment.scraped(&format!("/v2/accounts/{}", first["id"].as_str().expect("an id"))).await;
    let second = clients[1].post("/v2/accounts", &body).await.data(201);
    let own = ["id", "added_at", "updated_at", "freshness"];
    let public = |account: &Value| {
        let mut fields = account.as_object().expect("an account").clone();
        fields.retain(|name, _| !own.contains(&name.as_str()));
        fields
    };
    assert_eq!(public(&first), public(&second), "what is known already shows");
    assert_eq!(second["freshness"]["state"], "pending", "{second}");
    assert!(second["freshness"]["last_attempt_time"].is_null(), "{second}");
    let path = format!("/v2/accounts/{}", second["id"].as_str().expect("an id"));
    let scraped = poll_until("the newcomer's own scrape", async || {
        let account = clients[1].get(&path).await.data(200);
        (!account["last_scrape_time"].is_null()).then_some(account)
    })
    .await;
    let time =
        |account: &Value, field: &str| account[field].as_str().and_then(domain::Timestamp::parse).expect("a time");
    assert!(time(&scraped, "first_scrape_time") >= time(&second, "added_at"), "history begins with one's own tracking");
    deployment.terminate_all().await;
}
