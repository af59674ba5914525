//! Links between operations: where an answer shows a resource, every operation that takes its id.
//!
//! They follow from the paths: `GET /v2/accounts/{account_id}` answers with an account, so whatever else answers with one leads to every
//! operation that takes an `account_id` in its path or its query.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::link::Link;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::{OpenApi, RefOr};

use super::operations_of;

/// An operation that takes an id: its own name, and the parameter's name as links give it.
struct Taker {
    operation: String,
    parameter: String,
}

/// Adds the links.
pub(super) fn add(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        lead_back(item);
    }
    let names: BTreeMap<String, String> =
        document.paths.paths.iter().filter_map(|(path, item)| resource_of(path, item)).collect();
    let mut takers: BTreeMap<String, Vec<Taker>> = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations_of) {
        for (name, parameter) in parameters_of(operation) {
            let operation = operation.operation_id.clone().unwrap_or_default();
            takers.entry(name).or_default().push(Taker { operation, parameter });
        }
    }
    for (path, item) in &mut document.paths.paths {
        // An answer to a GET of the resource itself shows what is known: its id stood in the path.
        let is_item = path.ends_with('}');
        for (is_get, operation) in [(true, &mut item.get), (false, &mut item.post), (false, &mut item.put)] {
            let responses =
                operation.iter_mut().filter(|_| !(is_get && is_item)).flat_map(|it| &mut it.responses.responses);
            for (status, response) in responses {
                if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
                    add_to(response, &names, &takers);
                }
            }
        }
    }
}

/// What a PUT made, the DELETE of the same path takes away.
fn lead_back(item: &mut PathItem) {
    let (Some(put), Some(delete)) = (&mut item.put, &item.delete) else { return };
    let name = delete.operation_id.clone().unwrap_or_default();
    let mut link = Link::default();
    link.operation_id.clone_from(&name);
    for (name, parameter) in parameters_of(delete) {
        link.parameters.insert(parameter, Value::from(format!("$request.path.{name}")));
    }
    for (status, response) in &mut put.responses.responses {
        if let (true, RefOr::T(response)) = (status.starts_with('2'), response) {
            response.links.insert(name.clone(), RefOr::T(link.clone()));
        }
    }
}

/// The schema of the answer to `GET …/{id}`, and the name of that id.
fn resource_of(path: &str, item: &PathItem) -> Option<(String, String)> {
    let (_, last) = path.rsplit_once('/')?;
    let parameter = last.strip_prefix('{')?.strip_suffix('}')?;
    let RefOr::T(response) = item.get.as_ref()?.responses.responses.get("200")? else { return None };
    let resource = schema_of(response)?.strip_prefix("Envelope_")?.to_owned();
    Some((resource, parameter.to_owned()))
}

/// The named schema of a response.
fn schema_of(response: &Response) -> Option<String> {
    let RefOr::T(content) = response.content.values().next()? else { return None };
    let schema = serde_json::to_value(&content.schema).ok()?;
    Some(schema["$ref"].as_str()?.rsplit('/').next()?.to_owned())
}

/// The parameters of paths and queries, by name and as links name them.
fn parameters_of(operation: &Operation) -> Vec<(String, String)> {
    let parameters = operation.parameters.iter().flatten();
    let named = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => match parameter.parameter_in {
            ParameterIn::Path => Some((parameter.name.clone(), format!("path.{}", parameter.name))),
            ParameterIn::Query => Some((parameter.name.clone(), format!("query.{}", parameter.name))),
            ParameterIn::Header | ParameterIn::Cookie | ParameterIn::QueryString => None,
        },
        RefOr::Ref(_) => None,
    });
    named.collect()
}

fn add_to(response: &mut Response, names: &BTreeMap<String, String>, takers: &BTreeMap<String, Vec<Taker>>) {
    let Some(schema) = schema_of(response) else { return };
    let (resource, pointer) = match (schema.strip_prefix("Envelope_"), schema.strip_prefix("Listing_")) {
        (Some(resource), _) => (resource, "/data/id"),
        (None, Some(rest)) => (rest.split('_').next().unwrap_or_default(), "/data/0/id"),
        (None, None) => return,
    };
    let Some(taken) = names.get(resource).and_then(|name| takers.get(name)) else { return };
    for Taker { operation, parameter } in taken {
        if response.links.contains_key(operation) {
            continue;
        }
        let mut link = Link::default();
        link.operation_id.clone_from(operation);
        link.parameters.insert(parameter.clone(), Value::from(format!("$response.body#{pointer}")));
        response.links.insert(operation.clone(), RefOr::T(link));
    }
}
