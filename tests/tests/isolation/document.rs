//! Every operation of the OpenAPI document is closed to keys of other organizations, to keys without its scope, and to nobody's keys. What the
//! document gains is tried at once; an id that it gains must be made here, or the test fails.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Builder, Client, Deployment, Pair, Platforms, on_every_pair, poll_until, settings};

use super::{NEVER, make};

on_every_pair!(
    ids_of_others_in_paths_queries_and_bodies_are_ids_that_never_existed,
    every_operation_refuses_keys_without_its_scope_and_calls_without_a_key,
);

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    /// The scope that it needs; `None` for any key.
    scope: Option<String>,
    is_open: bool,
    /// The names of the path's parameters.
    parameters: Vec<String>,
    query: Vec<Value>,
    /// The schema of the request's body, and its example.
    body: Option<(Value, Value)>,
}

/// The ids of one organization, by the names under which the document asks for them.
type Ids = BTreeMap<&'static str, Value>;

async fn document(client: &Client) -> Value {
    client.get("/v2/openapi.json").await.assert_status(200).json()
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |target| {
        let found = document.pointer(target.trim_start_matches('#'));
        resolved(document, found.unwrap_or_else(|| panic!("{target} leads nowhere")))
    })
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let all = operation["parameters"].as_array().into_iter().flatten();
            let all: Vec<_> = all.map(|parameter| resolved(document, parameter)).collect();
            let placed = |place: &str| all.iter().filter(|it| it["in"] == place).copied().cloned().collect::<Vec<_>>();
            let name = |parameter: &Value| parameter["name"].as_str().expect("a name").to_owned();
            let content = &operation["requestBody"]["content"]["application/json"];
            let requirement = &operation["security"][0];
            found.push(Operation {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                scope: requirement["api_key"][0].as_str().map(str::to_owned),
                is_open: requirement.get("api_key").is_none(),
                parameters: placed("path").iter().map(name).collect(),
                query: placed("query"),
                body: content.is_object().then(|| (content["schema"].clone(), content["example"].clone())),
            });
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

impl Operation {
    /// Its path with the ids put in.
    fn path_with(&self, ids: &Ids) -> String {
        self.parameters.iter().fold(self.path.clone(), |path, name| {
            let id = ids.get(name.as_str()).unwrap_or_else(|| {
                panic!(
                    "{} {} asks for `{name}`, which this test cannot make: add it to `ids_of`",
                    self.method, self.path
                )
            });
            path.replace(&format!("{{{name}}}"), id.as_str().unwrap_or(&id.to_string()))
        })
    }

    async fn call(&self, client: &Client, path: &str, body: Option<&Value>) -> Answer {
        let request = client.request(self.method.clone(), path);
        let example = self.body.as_ref().map(|(_, example)| example);
        Answer::of(match body.or(example) {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        })
        .await
    }
}

/// Makes one of everything that an id in the document can name.
async fn ids_of(deployment: &Deployment, client: &Client, organization: &str, document: &Value) -> Ids {
    let account = make(client, "/v2/accounts", &json!({"platform": "tiktok", "username": "theirs"})).await;
    let video = make(client, "/v2/videos", &json!({"platform": "tiktok", "identifier": "7571863205253778710"})).await;
    let creator = make(client, "/v2/creators", &json!({"name": "Theirs"})).await;
    // The newest id: 1 is also a number of days, and is told back as one.
    let newest =
        async || client.get("/v2/account-videos").await.rows().into_iter().max_by_key(|row| row["id"].as_i64());
    let found = poll_until("posts are found", newest).await;
    let key = deployment.create_key_record(organization, &[])["id"].clone();
    let project = make(client, "/v2/projects", &json!({"name": "Theirs"})).await;
    let group = make(client, "/v2/groups", &json!({"name": "Theirs"})).await;
    let export = json!({"dataset": "accounts", "format": "csv"});
    let export = client.post("/v2/exports", &export).await.data(202);
    // Everything is a member of both, so that there is something to take out.
    for (collections, id) in [("projects", &project), ("groups", &group)] {
        let members = [("creators", json!(creator)), ("accounts", json!(account)), ("videos", json!(video))];
        for (members, member) in members.into_iter().chain([("account-videos", found["id"].clone())]) {
            let member = member.as_str().map_or_else(|| member.to_string(), str::to_owned);
            client.put(&format!("/v2/{collections}/{id}/{members}/{member}")).await.assert_status(201);
        }
    }
    let mut ids = Ids::from([
        ("account_id", account.into()),
        ("video_id", video.into()),
        // Reports call a creator a member, and an organization a client.
        ("member_id", creator.as_str().into()),
        ("client_id", organization.into()),
        ("creator_id", creator.into()),
        ("account_video_id", found["id"].clone()),
        ("project_id", project.into()),
        ("group_id", group.into()),
        ("api_key_id", key.clone()),
        ("key_id", key),
        ("export_id", export["id"].clone()),
    ]);
    if document["paths"].get("/v2/runs").is_some() {
        let run = poll_until("runs are listed", async || client.get("/v2/runs").await.rows().pop()).await;
        ids.insert("run_id", run["id"].clone());
    }
    let read = client.get("/v2/creators").await;
    ids.insert("request_id", read.must_header("x-request-id").into());
    ids
}

/// Ids in their places that never were anything.
fn never(ids: &Ids) -> Ids {
    ids.iter().map(|(name, id)| (*name, if id.is_string() { NEVER.into() } else { json!(987_654_321) })).collect()
}

/// An answer without what differs from call to call, with `path` and `id` written as blanks.
fn comparable(answer: &Answer, path: &str, id: &Value) -> (u16, Value, Vec<String>) {
    fn blank(value: &Value, blanked: &dyn Fn(&str) -> String, id: &Value) -> Value {
        match value {
            value if value == id => json!("ID"),
            Value::String(text) => Value::from(blanked(text)),
            Value::Array(items) => items.iter().map(|item| blank(item, blanked, id)).collect(),
            Value::Object(members) => members
                .iter()
                .filter(|(name, _)| *name != "request_id")
                .map(|(name, value)| (blanked(name), blank(value, blanked, id)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
    // A number is too short to be looked for in the middle of a text.
    let name = id.as_str().map_or_else(|| path.to_owned(), str::to_owned);
    let blanked = |text: &str| text.replace(path, "PATH").replace(&name, "ID");
    let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    // Tag and length follow from the body, which is compared as a whole.
    let told_apart =
        ["x-request-id", "date", "etag", "content-length", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit"];
    let headers = answer.headers.iter().filter(|(name, _)| !told_apart.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| blanked(&format!("{name}: {value:?}"))).collect();
    headers.sort();
    (answer.status, blank(&body, &blanked, id), headers)
}

/// Where in bodies of `schema` ids of ours may stand: pointers, and the names of the ids.
fn references(document: &Value, schema: &Value, at: &str, known: &Ids, found: &mut Vec<(String, &'static str, bool)>) {
    let schema = resolved(document, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let property = resolved(document, property);
        let at = format!("{at}/{name}");
        match known_id(name, property, known) {
            Some((id, is_many)) => found.push((at, id, is_many)),
            None if property["items"].is_object() => {
                references(document, &property["items"], &format!("{at}/0"), known, found);
            }
            None => references(document, property, &at, known, found),
        }
    }
}

/// The id that a field or parameter asks for, and whether it asks for many.
fn known_id(name: &str, schema: &Value, known: &Ids) -> Option<(&'static str, bool)> {
    let single = name.strip_suffix("_ids").map(|stem| format!("{stem}_id"));
    let wanted = single.as_deref().unwrap_or(name);
    let id = known.keys().find(|id| **id == wanted);
    let is_ours = schema["format"] == "uuid" || schema["items"]["format"] == "uuid";
    assert!(id.is_some() || !is_ours, "`{name}` is an id that this test cannot make: add it to `ids_of`");
    id.map(|id| (*id, single.is_some()))
}

/// The same body with `value` at `pointer`.
fn with(body: &Value, pointer: &str, value: &Value) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent} in the example"))[name] = value.clone();
    body
}

async fn ids_of_others_in_paths_queries_and_bodies_are_ids_that_never_existed(pair: Pair) {
    let mut deployment = Builder::new(pair).platforms(Platforms::Sandbox).start().await;
    let document = document(&deployment.client).await;
    let theirs = ids_of(&deployment, &deployment.client, &deployment.organization, &document).await;
    let organization = deployment.create_organization("other", &[]);
    let client = deployment.client.with_key(&deployment.create_key(&organization, &[]));
    let own = ids_of(&deployment, &client, &organization, &document).await;
    let before = state_of(&deployment.client, &theirs).await;
    let never = never(&theirs);
    let (mut in_paths, mut in_queries, mut in_bodies) = (0, 0, 0);
    for operation in operations(&document) {
        for name in &operation.parameters {
            let mut answers = Vec::new();
            for ids in [&theirs, &never] {
                let (known, id) =
                    ids.get_key_value(name.as_str()).unwrap_or_else(|| panic!("{}", operation.path_with(ids)));
                let mut ids = own.clone();
                ids.insert(known, id.clone());
                let path = operation.path_with(&ids);
                let answer = operation.call(&client, &path, None).await;
                if operation.is_open {
                    // Such a path is signed as a whole, so that one of another id is no link at all.
                    answer.assert_problem(403, "FORBIDDEN");
                } else {
                    answer.assert_problem(404, "NOT_FOUND");
                }
                answers.push(comparable(&answer, &path, id));
            }
            assert_eq!(answers[0], answers[1], "{} {}: {name}", operation.method, operation.path);
            in_paths += 1;
        }
        let path = operation.path_with(&own);
        for parameter in &operation.query {
            let name = parameter["name"].as_str().expect("a name");
            let Some((id, _)) = known_id(name, &parameter["schema"], &theirs) else { continue };
            let mut answers = Vec::new();
            for id in [&theirs[id], &never[id]] {
                let path = format!("{path}?{name}={}", id.as_str().unwrap_or(&id.to_string()));
                answers.push(comparable(&operation.call(&client, &path, None).await, &path, id));
            }
            assert_eq!(answers[0], answers[1], "{} {}: {name}", operation.method, operation.path);
            in_queries += 1;
        }
        let Some((schema, example)) = &operation.body else { continue };
        let mut found = Vec::new();
        references(&document, schema, "", &theirs, &mut found);
        for (pointer, id, is_many) in found {
            let mut answers = Vec::new();
            for id in [&theirs[id], &never[id]] {
                let value = if is_many { json!([id]) } else { id.clone() };
                let body = with(example, &pointer, &value);
                let answer = operation.call(&client, &path, Some(&body)).await;
                answers.push(comparable(&forgotten(&client, answer).await, &path, id));
            }
            assert_eq!(answers[0], answers[1], "{} {}: {pointer}", operation.method, operation.path);
            in_bodies += 1;
        }
    }
    assert!(in_paths >= 14 && in_queries >= 3 && in_bodies >= 2, "{in_paths} {in_queries} {in_bodies}");
    assert_eq!(state_of(&deployment.client, &theirs).await, before, "something of theirs was changed");
    deployment.terminate_all().await;
}

/// An answer that made something, after that is deleted again, without what nothing else that was made has.
async fn forgotten(client: &Client, mut answer: Answer) -> Answer {
    let Some(location) = answer.headers.remove("location") else { return answer };
    let location = location.to_str().expect("a path");
    client.delete(location).await.assert_status(204);
    let mut made = answer.json();
    for own in ["id", "created_at", "added_at", "updated_at"] {
        made["data"].as_object_mut().expect("an object").remove(own);
    }
    answer.body = made.to_string().into_bytes();
    answer
}

/// What clients have set on an organization's things.
async fn state_of(client: &Client, ids: &Ids) -> Vec<Value> {
    let mut state = Vec::new();
    let all = [
        ("accounts", "account_id"),
        ("videos", "video_id"),
        ("creators", "creator_id"),
        ("projects", "project_id"),
        ("groups", "group_id"),
    ];
    for (path, id) in all {
        let shown = client.get(&format!("/v2/{path}/{}", ids[id].as_str().expect("an id"))).await.data(200);
        state.push(json!([
            shown["name"],
            shown["is_active"],
            shown["metadata"],
            shown["creator_id"],
            shown["category"],
            shown["members_summary"]
        ]));
    }
    // An account's name is read from the platform, perhaps meanwhile.
    state[0][0] = Value::Null;
    state
}

/// The scopes that hold `scope` besides itself.
fn holders(scope: &str) -> &'static [&'static str] {
    match scope {
        "admin" => &[],
        "write" | "read:support" => &["admin"],
        "read" | "write:tracking" | "write:webhooks" => &["write", "admin"],
        "read:social" | "read:usage" => &["read", "write", "admin"],
        "read:member" => &["read:social", "read", "write", "admin"],
        other => panic!("`{other}` is a scope that this test does not know: say here which others hold it"),
    }
}

async fn every_operation_refuses_keys_without_its_scope_and_calls_without_a_key(pair: Pair) {
    let builder = Builder::new(pair).workers(0).set(settings::FAILED_AUTHENTICATIONS_PER_MINUTE, 1_000_000);
    let mut deployment = builder.start().await;
    let document = document(&deployment.client).await;
    let scopes = document["components"]["schemas"]["Scope"]["enum"].as_array().expect("scopes").clone();
    let nothing = NAMES.into_iter().map(|name| (name, Value::from(NEVER))).collect();
    let mut clients = BTreeMap::new();
    let mut tried = 0;
    for operation in operations(&document).iter().filter(|operation| !operation.is_open) {
        let path = operation.path_with(&nothing);
        let answer = operation.call(&deployment.client.without_key(), &path, None).await;
        answer.assert_problem(401, "UNAUTHORIZED");
        assert_eq!(answer.must_header("www-authenticate"), "Bearer", "{}", answer.request);
        let Some(scope) = operation.scope.clone() else { continue };
        let (without, with) = clients.entry(scope.clone()).or_insert_with(|| {
            let others =
                scopes.iter().filter_map(Value::as_str).filter(|it| *it != scope && !holders(&scope).contains(it));
            let others = others.collect::<Vec<_>>().join(",");
            let key = |scopes: &str| {
                let key = deployment.create_key(&deployment.organization, &["--scopes", scopes]);
                deployment.client.with_key(&key)
            };
            (key(&others), key(&scope))
        });
        let problem = operation.call(without, &path, None).await.assert_problem(403, "INSUFFICIENT_SCOPE");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(&scope)), "{problem}");
        let answer = operation.call(with, &path, None).await;
        let is_refused = answer.status == 401 || answer.text().contains("INSUFFICIENT_SCOPE");
        assert!(!is_refused, "{} with {scope}: {}", answer.request, answer.text());
        tried += 1;
    }
    assert!(tried >= 19, "{tried}");
    deployment.terminate_all().await;
}

/// Every name of an id in a path.
const NAMES: [&str; 11] = [
    "account_id",
    "video_id",
    "creator_id",
    "account_video_id",
    "api_key_id",
    "key_id",
    "run_id",
    "request_id",
    "project_id",
    "group_id",
    "export_id",
];
