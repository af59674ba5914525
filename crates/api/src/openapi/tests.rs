//! The document holds what it promises.

mod shape;

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

fn document() -> Value {
    serde_json::from_str(&openapi_json()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
        })
        .collect()
}

#[test]
fn every_route_is_documented_and_every_documented_route_exists() {
    let document = document();
    let documented: BTreeSet<_> = operations(&document).into_iter().map(|(path, method, _)| (path, method)).collect();
    let mut routed = BTreeSet::new();
    for endpoint in endpoints() {
        let rules = endpoint.rules();
        if is_published(rules) {
            routed.extend(rules.operations.iter().map(|(method, _)| (rules.route.to_owned(), method.to_string())));
        }
    }
    assert_eq!(documented, routed);
}

#[test]
fn it_is_an_openapi_3_1_document_of_the_right_title() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "CreatorAudit API v2");
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["scheme"], "bearer");
}

#[test]
fn every_operation_says_what_it_does_and_how_it_fails() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses {
            assert!(response["headers"].get("X-Request-ID").is_some(), "{name} {status}");
            if status.starts_with(['4', '5']) {
                assert!(response["content"].get(PROBLEM_JSON).is_some(), "{name} {status}");
            }
        }
        let is_open = operation["security"] == serde_json::json!([{}]);
        assert_eq!(is_open, !responses.contains_key("401"), "{name}");
        assert!(responses.contains_key("406") && responses.contains_key("422") && responses.contains_key("500"));
    }
}

#[test]
fn the_committed_document_is_the_one_that_the_code_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    // Half a megabyte of difference would tell nobody anything.
    assert!(
        committed.trim_end() == openapi_json(),
        "crates/api/openapi.json is not what the code says: run make openapi"
    );
}

#[test]
fn it_is_served_with_the_address_that_clients_know() {
    let served: Value = serde_json::from_str(&openapi_json_at(Some("https://audit.example.org"))).unwrap();
    assert_eq!(served["servers"], serde_json::json!([{"url": "https://audit.example.org"}]));
    assert!(document().get("servers").is_none());
    assert_eq!(openapi_json_at(None), openapi_json());
}

#[test]
fn every_operation_has_a_known_tag_a_description_and_the_scope_that_its_route_asks_for() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (rules, method, access) in routed() {
        let operation = &document["paths"][rules][method.to_lowercase()];
        let name = format!("{method} {rules}");
        let own: Vec<_> = operation["tags"].as_array().unwrap().iter().collect();
        assert!(own.len() == 1 && tags.contains(&own[0]), "{name}: the tags {own:?}");
        let description = operation["description"].as_str().unwrap_or_default();
        let security = match access {
            Access::Open => serde_json::json!([{}]),
            Access::AnyKey => serde_json::json!([{"api_key": []}]),
            Access::Scope(scope) => {
                let sentence = format!("Needs the scope `{}`.", scope.as_str());
                assert!(description.contains(&sentence), "{name}: {description}");
                serde_json::json!([{"api_key": [scope.as_str()]}])
            }
        };
        assert!(!description.is_empty(), "{name} has no description");
        assert_eq!(operation["security"], security, "{name}");
    }
}

#[test]
fn every_parameter_says_what_it_means_and_what_it_may_be() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().unwrap() {
            let parameter = resolved(&document, parameter);
            let name = format!("{method} {path}: {}", parameter["name"]);
            assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}: no description");
            let schema = resolved(&document, &parameter["schema"]);
            let has = |keyword: &str| schema.get(keyword).is_some();
            let is_bounded = match schema["type"].as_str() {
                Some("string") if parameter["in"] == "header" => true,
                Some("string") => ["enum", "format", "pattern", "maxLength"].into_iter().any(has),
                Some("integer") => has("minimum") && (has("maximum") || parameter["in"] == "path"),
                Some("boolean") => true,
                Some(_) | None => has("anyOf") || has("enum"),
            };
            assert!(is_bounded, "{name}: anything goes in {schema}");
        }
    }
}

#[test]
fn every_body_has_a_schema_and_an_example_that_is_true_to_it() {
    let document = document();
    let mut seen = 0;
    for (path, method, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let mut bodies = vec![("request", &operation["requestBody"])];
        bodies.extend(responses.iter().map(|(status, response)| (status.as_str(), response)));
        for (status, body) in bodies {
            let name = format!("{method} {path}: {status}");
            let expects_body = status.starts_with('2') && status != "204";
            assert!(!expects_body || body.get("content").is_some(), "{name} has no body");
            for content in body["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
                let several = content["examples"].as_object().into_iter().flatten();
                let several = several.map(|(_, example)| &resolved(&document, example)["value"]);
                let examples: Vec<_> = content.get("example").into_iter().chain(several).collect();
                assert!(!examples.is_empty(), "{name} has no example");
                for example in examples {
                    seen += 1;
                    assert_eq!(shape::faults(&document, &content["schema"], example), [""; 0], "{name}: {example}");
                    let is_problem = status.starts_with(['4', '5']);
                    assert!(!is_problem || example["status"].as_u64() == status.parse().ok(), "{name}: {example}");
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn every_failure_that_can_come_is_listed_with_its_headers() {
    let document = document();
    for (route, method, access) in routed() {
        let responses = &document["paths"][route][method.to_lowercase()]["responses"];
        let mut expected = vec!["406", "422", "500"];
        if access != Access::Open {
            expected.extend(["401", "403", "429", "503"]);
        }
        if route.contains('{') {
            expected.push("404");
        }
        if route == FILE {
            expected.extend(["206", "403", "416", "503"]);
        }
        expected.extend(match method.as_str() {
            "POST" if is_question(route, &Method::POST) => ["400", "413", "415"].as_slice(),
            "POST" | "PUT" => &["400", "409", "413", "415"],
            "PATCH" => &["400", "412", "413", "415"],
            "DELETE" => &["400", "412"],
            _ => &["304"],
        });
        for status in expected {
            assert!(responses.get(status).is_some(), "{method} {route} does not list {status}");
        }
        for (status, header) in [("401", "WWW-Authenticate"), ("429", "Retry-After"), ("503", "Retry-After")] {
            if let Some(response) = responses.get(status) {
                assert!(response["headers"].get(header).is_some(), "{method} {route}: {status} without {header}");
            }
        }
        let forbidden = responses["403"]["description"].as_str().unwrap_or_default();
        let needs_scope = matches!(access, Access::Scope(_));
        assert_eq!(forbidden.contains("INSUFFICIENT_SCOPE"), needs_scope, "{method} {route}: {forbidden}");
    }
}

#[test]
fn what_a_write_or_a_list_shows_leads_to_every_operation_that_takes_its_id() {
    let document = document();
    let links =
        |path: &str, method: &str, status: &str| document["paths"][path][method]["responses"][status]["links"].clone();
    let made = links("/v2/accounts", "post", "201");
    for operation in ["read_account", "update_account", "delete_account", "link_account", "unlink_account"] {
        let id = &made[operation]["parameters"]["path.account_id"];
        assert_eq!(id, "$response.body#/data/id", "{operation}");
    }
    assert_eq!(made["list_videos"]["parameters"]["query.account_id"], "$response.body#/data/id");
    let listed = links("/v2/account-videos", "get", "200");
    let id = &listed["read_account_video"]["parameters"]["path.account_video_id"];
    assert_eq!(id, "$response.body#/data/0/id");
    let names: BTreeSet<_> =
        operations(&document).into_iter().map(|(_, _, it)| it["operationId"].clone().to_string()).collect();
    let all = operations(&document).into_iter().flat_map(|(_, _, it)| it["responses"].as_object().unwrap().values());
    for link in all.filter_map(|response| response["links"].as_object()).flat_map(|links| links.values()) {
        assert!(names.contains(&link["operationId"].to_string()), "{link}");
    }
}

#[test]
fn no_text_of_a_client_holds_a_nul() {
    let document = document();
    let accounts = &document["components"]["schemas"]["AccountCreate"]["properties"];
    assert_eq!(
        (&accounts["username"]["pattern"], &accounts["category"]["pattern"]),
        (&WITHOUT_NUL.into(), &WITHOUT_NUL.into())
    );
    assert!(accounts["creator_id"].get("pattern").is_none(), "{accounts}");
    let parameters = document["paths"]["/v2/accounts"]["get"]["parameters"].as_array().unwrap();
    assert_eq!(parameters.iter().find(|it| it["name"] == "q").unwrap()["schema"]["pattern"], WITHOUT_NUL);
}

#[test]
fn the_older_sort_takes_the_columns_of_order_by_with_and_without_a_sign() {
    let document = document();
    let parameters = document["paths"]["/v2/creators"]["get"]["parameters"].as_array().unwrap();
    let sort = parameters.iter().find(|parameter| parameter["name"] == "sort").unwrap();
    let names = ["name", "-name", "added_at", "-added_at", "total_followers", "-total_followers"];
    assert_eq!(sort["schema"]["enum"], serde_json::json!(names));
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |target| document.pointer(target.trim_start_matches('#')).unwrap())
}

/// Whether a path is one for programs: the pages that show the document are not.
fn is_published(rules: &crate::gate::Rules) -> bool {
    !rules.route.starts_with("/v2/docs")
}

/// Every operation as the routes have it.
fn routed() -> Vec<(&'static str, String, Access)> {
    let endpoints = endpoints();
    let rules = endpoints.iter().map(crate::routes::Endpoint::rules).filter(|rules| is_published(rules));
    rules
        .flat_map(|rules| rules.operations.iter().map(|(method, access)| (rules.route, method.to_string(), *access)))
        .collect()
}

#[test]
fn no_schema_is_two_things_at_once() {
    fn walk(value: &Value, path: &str) {
        if let Some(parts) = value.get("allOf").and_then(Value::as_array) {
            // What the generator makes of a description beside an inlined schema that is no object.
            let bare = parts.iter().any(|part| part["type"] == "object" && part.get("properties").is_none());
            assert!(!bare, "{path}: {value}");
        }
        let children: Vec<_> = match value {
            Value::Object(map) => map.iter().map(|(name, child)| (name.clone(), child)).collect(),
            Value::Array(items) => items.iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        for (name, child) in children {
            walk(child, &format!("{path}/{name}"));
        }
    }
    walk(&document()["components"]["schemas"], "");
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if let ("$ref", Value::String(target)) = (key.as_str(), value) {
                        found.push(target);
                    }
                    walk(value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    walk(&document, &mut found);
    assert!(found.len() > 50);
    for target in found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
    }
}

#[test]
fn answers_list_all_their_members_as_required_and_bodies_refuse_unknown_ones() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let account = &schemas["Account"];
    assert_eq!(account["required"].as_array().unwrap().len(), account["properties"].as_object().unwrap().len());
    assert_eq!(schemas["AccountCreate"]["additionalProperties"], false);
    assert_eq!(schemas["AccountCreate"]["required"], serde_json::json!(["platform", "username"]));
    assert!(!schemas["Problem"]["required"].as_array().unwrap().contains(&"errors".into()));
}

#[test]
fn wherever_a_platform_is_named_all_four_are() {
    fn walk(value: &Value, found: &mut usize) {
        match value {
            Value::Object(map) => map.values().for_each(|value| walk(value, found)),
            Value::Array(items) => {
                if items.contains(&"instagram".into()) {
                    *found += 1;
                    assert_eq!(items, &domain::Platform::ALL.map(|platform| Value::from(platform.as_str())));
                }
                for item in items {
                    walk(item, found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = 0;
    walk(&document(), &mut found);
    assert!(found >= 5, "{found}");
}

#[test]
fn sources_say_all_that_they_promise_and_nothing_of_the_operators() {
    let document = document();
    let source = &document["components"]["schemas"]["PlatformSource"];
    let members: Vec<_> = source["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "type",
        "platform",
        "name",
        "channel",
        "target_types",
        "is_enabled",
        "breaker",
        "loads_24h",
        "success_rate_24h",
        "last_load_time",
        "last_outcome",
        "last_success_time",
    ];
    expected.sort_unstable();
    let mut sorted = members.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(source["required"].as_array().unwrap().len(), members.len());
    let operation = &document["paths"]["/v2/sources"]["get"];
    assert!(operation["description"].as_str().unwrap().contains("Needs the scope `read`."), "{operation}");
}
