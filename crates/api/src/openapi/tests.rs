//! The document holds what it promises.

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
        if !rules.is_document {
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
        let is_open = operation.get("security").is_some();
        assert_eq!(is_open, !responses.contains_key("401"), "{name}");
        assert!(responses.contains_key("406") && responses.contains_key("422") && responses.contains_key("500"));
    }
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
