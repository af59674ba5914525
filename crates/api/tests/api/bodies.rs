//! Whatever is wrong with a body, each bad field is named and nothing else is. The operations, their fields and what each field may be are
//! taken from the published document; a new operation needs one valid body here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::document::{Ids, document, operations, resolved};
use crate::harness::Api;

/// Nobody's id.
const SOMEBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A body with every field of the operation, all of them good.
pub fn valid(operation: &str) -> Value {
    let account = json!({
        "category": "nature", "scrape_interval_hours": 12, "metadata": {"team": "a"}, "is_active": false,
        "creator_id": null, "max_recent_posts_per_account": 100, "post_lookback_days": 90,
    });
    let with = |base: &Value, further: &[(&str, &str)]| {
        let mut body = base.clone();
        for (field, value) in further {
            body[*field] = json!(value);
        }
        body
    };
    let video = json!({"metadata": {"team": "a"}, "is_active": true, "scrape_interval_hours": 24});
    let creator = json!({"name": "Ada", "is_active": true, "metadata": {"n": 1}});
    let posts = json!({"account_video_ids": [1], "instagram_post_ids": [2, "3"], "tiktok_video_ids": [4]});
    let with_window = |mut body: Value| {
        for (field, value) in [("period", "custom"), ("start_date", "2025-01-01"), ("end_date", "2025-01-31")] {
            body[field] = json!(value);
        }
        body
    };
    match operation {
        "POST /v2/accounts" => with(&account, &[("platform", "instagram"), ("username", "@NatGeo")]),
        "PATCH /v2/accounts/{account_id}" => account,
        "POST /v2/videos" => with(&video, &[("platform", "tiktok"), ("identifier", "7571863205253778710")]),
        "PATCH /v2/videos/{video_id}" => video,
        "POST /v2/projects" | "PATCH /v2/projects/{project_id}" | "POST /v2/groups" | "PATCH /v2/groups/{group_id}" => {
            json!({"name": "Spring", "metadata": {"n": 1}})
        }
        "POST /v2/creators" | "PATCH /v2/creators/{creator_id}" => creator,
        "POST /v2/accounts/bulk" => {
            let item = with(&account, &[("platform", "tiktok"), ("username", "one.of.many")]);
            json!({"items": [item], "dry_run": false})
        }
        "POST /v2/videos/bulk" => {
            let item = with(&video, &[("platform", "tiktok"), ("identifier", "7571863205253778711")]);
            json!({"items": [item], "dry_run": false})
        }
        "POST /v2/api-keys" => json!({"name": "backend", "scopes": ["read"], "expires_in": "30d"}),
        "PATCH /v2/api-keys/{api_key_id}" => json!({"name": "backend", "is_active": true}),
        "POST /v2/api-keys/{api_key_id}/rotate" => json!({"overlap_hours": 1, "expires_in": "1y"}),
        "PATCH /v2/organization" => json!({
            "name": "Acme", "scrape_interval_hours": 12, "max_recent_posts_per_account": 50, "post_lookback_days": null,
        }),
        "POST /v2/accounts/metrics" => with_window(json!({"account_ids": [SOMEBODY]})),
        "POST /v2/videos/metrics" => with_window(json!({"video_ids": [SOMEBODY]})),
        "POST /v2/account-videos/metrics" => with_window(posts),
        "POST /v2/accounts/deltas" => json!({"account_ids": [SOMEBODY], "windows": [1, 7], "metric": "followers"}),
        "POST /v2/videos/deltas" => json!({"video_ids": [SOMEBODY], "windows": [1, 7], "metric": "likes"}),
        "POST /v2/account-videos/deltas" => with(&posts, &[("metric", "engagement_rate")]),
        "POST /v2/exports" => json!({"dataset": "accounts", "format": "csv", "filters": {"platform": "tiktok"}}),
        other => panic!("{other} needs a valid body here"),
    }
}

/// Something wrong with a field: the value in its place, or its absence, and the name under which that is an error.
#[derive(Clone, Debug)]
struct Fault {
    value: Option<Value>,
    named: String,
}

/// What a field may be, out of its schema and all that this refers to.
#[derive(Debug, Default)]
struct Bounds {
    types: BTreeSet<String>,
    names: Vec<Value>,
    least: Option<i64>,
    most: Option<i64>,
    shortest: Option<u64>,
    longest: Option<u64>,
    is_free_text: bool,
    fewest_items: Option<u64>,
    most_items: Option<u64>,
}

impl Bounds {
    fn of(document: &Value, schema: &Value) -> Self {
        let mut bounds = Self { is_free_text: true, ..Self::default() };
        bounds.read(document, schema);
        bounds
    }

    fn read(&mut self, document: &Value, schema: &Value) {
        let schema = resolved(document, schema);
        for together in ["oneOf", "anyOf", "allOf"] {
            for one in schema[together].as_array().into_iter().flatten() {
                self.read(document, one);
            }
        }
        match &schema["type"] {
            Value::String(name) => drop(self.types.insert(name.clone())),
            Value::Array(names) => self.types.extend(names.iter().map(|name| name.as_str().unwrap().to_owned())),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
        }
        self.names.extend(schema["enum"].as_array().into_iter().flatten().cloned());
        self.least = self.least.or(schema["minimum"].as_i64());
        self.most = self.most.or(schema["maximum"].as_i64());
        self.shortest = self.shortest.or(schema["minLength"].as_u64());
        self.longest = self.longest.or(schema["maxLength"].as_u64());
        self.fewest_items = self.fewest_items.or(schema["minItems"].as_u64());
        self.most_items = self.most_items.or(schema["maxItems"].as_u64());
        self.is_free_text &= schema.get("format").is_none() && schema.get("enum").is_none();
    }

    fn allows(&self, kind: &str) -> bool {
        self.types.contains(kind)
    }

    /// Values that the field may not have.
    fn wrong_values(&self) -> Vec<Value> {
        let mut wrong = Vec::new();
        for (kind, value) in [
            ("null", Value::Null),
            ("boolean", json!(true)),
            ("integer", json!(7)),
            ("number", json!(1.5)),
            ("string", json!("some words")),
            ("array", json!([])),
            ("object", json!({})),
        ] {
            let is_whole_number = kind == "integer" && self.allows("number");
            if !self.allows(kind) && !is_whole_number {
                wrong.push(value);
            }
        }
        wrong.extend(self.least.map(|least| json!(least - 1)));
        wrong.extend(self.most.map(|most| json!(most + 1)));
        if self.allows("string") {
            wrong.extend(self.shortest.filter(|shortest| *shortest > 0).map(|_| json!("")));
            wrong.extend(self.longest.map(|longest| json!("x".repeat(usize::try_from(longest).unwrap() + 1))));
            let text = if self.is_free_text { "nul\u{0}" } else { "no such thing" };
            wrong.push(json!(text));
        }
        if self.allows("array") {
            wrong.extend(self.fewest_items.filter(|fewest| *fewest > 0).map(|_| json!([])));
        }
        wrong
    }
}

/// Everything that may be wrong with each field of a body.
fn faults(document: &Value, schema: &Value) -> BTreeMap<String, Vec<Fault>> {
    let schema = resolved(document, schema);
    let required: BTreeSet<_> =
        schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut faults = BTreeMap::new();
    for (field, schema) in schema["properties"].as_object().unwrap() {
        let bounds = Bounds::of(document, schema);
        let wrong = bounds.wrong_values().into_iter().map(Some);
        let removed = required.contains(field).then_some(None);
        let mut of_field: Vec<_> = wrong.chain(removed).map(|value| Fault { value, named: field.clone() }).collect();
        if field == "metadata" {
            let many: Map<_, _> = (0..21).map(|n| (n.to_string(), json!(n))).collect();
            of_field.push(Fault { value: Some(many.into()), named: field.clone() });
            for bad in [json!(["nested"]), json!({"deep": 1}), json!("x".repeat(256)), json!("nul\u{0}")] {
                of_field.push(Fault { value: Some(json!({"good": 1, "bad": bad})), named: "metadata.bad".to_owned() });
            }
        }
        faults.insert(field.clone(), of_field);
    }
    for unknown in ["surprise", "Name", "metadata.bad name", "id"] {
        let value = Some(json!("anything"));
        faults.insert(unknown.to_owned(), vec![Fault { value, named: unknown.to_owned() }]);
    }
    faults
}

/// A name as the document and the answer agree on it: an item of a list stands for the list.
fn root(name: &str) -> String {
    name.split_once('[').map_or(name, |(list, _)| list).to_owned()
}

/// Which fields are spoilt, and each by which of its faults.
fn spoiling(count: usize) -> impl Strategy<Value = Vec<Option<Index>>> {
    prop::collection::vec(prop::option::weighted(0.3, any::<Index>()), count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_any_set_of_spoilt_fields_exactly_those_are_named() {
    let api = Api::with(1_000_000, api::LimiterConfig::Memory).await;
    let document = document();
    let mut checked = 0;
    for one in operations() {
        let Some(body) = one.said.get("requestBody") else { continue };
        let name = one.name();
        let (good, path) = (valid(&name), Ids::of_nothing().path(&one.route));
        let faults = faults(&document, &body["content"]["application/json"]["schema"]);
        for field in good.as_object().unwrap().keys() {
            assert!(faults.contains_key(field), "{name} has no field {field}");
        }
        // Each fault by itself, and then any of them together.
        for (field, of_field) in &faults {
            for fault in of_field {
                block_in_place(|| check(&api, &one.method, &path, &good, &[(field, fault)])).unwrap();
            }
        }
        let mut runner = TestRunner::new(Config { cases: 96, failure_persistence: None, ..Config::default() });
        let outcome = block_in_place(|| {
            runner.run(&spoiling(faults.len()), |picked| {
                let spoilt: Vec<_> = faults
                    .iter()
                    .zip(picked)
                    .filter_map(|((field, of_field), index)| Some((field, index?.get(of_field))))
                    .collect();
                check(&api, &one.method, &path, &good, &spoilt)
            })
        });
        outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        checked += 1;
    }
    assert!(checked >= 6);
}

fn check(api: &Api, method: &str, path: &str, good: &Value, spoilt: &[(&String, &Fault)]) -> Result<(), TestCaseError> {
    if spoilt.is_empty() {
        return Ok(());
    }
    let mut body = good.clone();
    let fields = body.as_object_mut().unwrap();
    for (field, fault) in spoilt {
        match &fault.value {
            Some(value) => drop(fields.insert((*field).clone(), value.clone())),
            None => drop(fields.remove(*field)),
        }
    }
    let expected: BTreeSet<_> = spoilt.iter().map(|(_, fault)| root(&fault.named)).collect();
    let reply = Handle::current().block_on(api.send(method, path, &[], Some(&body)));
    prop_assert_eq!(reply.status, 422, "{} {} {}: {}", method, path, body, String::from_utf8_lossy(&reply.body));
    let named: BTreeSet<_> = reply.invalid().iter().map(|name| root(name)).collect();
    prop_assert_eq!(&named, &expected, "{} {} {}", method, path, body);
    prop_assert!(reply.json()["errors"].as_array().unwrap().iter().all(|error| error["message"] != ""));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_an_unknown_platform_a_name_is_judged_by_what_holds_on_all_of_them() {
    let api = Api::start().await;
    for (path, field, good, bad) in [
        ("/v2/accounts", "username", "natgeo", "!!"),
        ("/v2/accounts", "username", "https://www.tiktok.com/@natgeo", "https://example.com/natgeo"),
        ("/v2/videos", "identifier", "7571863205253778710", "?"),
        ("/v2/videos", "identifier", "DdG4RIxIPyf", ""),
        ("/v2/videos", "identifier", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://example.com/x"),
    ] {
        for platform in [json!("myspace"), json!(7), json!(null), json!("")] {
            let named = async |text: &str| {
                let mut body = json!({"platform": platform});
                body[field] = json!(text);
                api.post(path, &body).await.expect(422).invalid()
            };
            assert_eq!(named(good).await, ["platform"], "{path} {platform} {good}");
            let mut both = ["platform", field];
            both.sort_unstable();
            assert_eq!(named(bad).await, both, "{path} {platform} {bad}");
        }
    }
}
