//! The examples of every request and response, all made here: the shape is the schema's, the values are those of `examples.json`, by the name of
//! the property (`username`) or of the schema and the property (`Account.username`). What is not listed there is made up from its type. So a
//! new field has an example that is true to its schema at once, and a better one by a line in the list.

use std::sync::LazyLock;

use domain::FieldErrors;
use serde_json::{Map, Number, Value};
use store::Refusal;
use utoipa::openapi::example::Example;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr};
use uuid::Uuid;

use super::operations_of;
use crate::problem::{Code, PROBLEM_JSON, Problem};

static KNOWN: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).unwrap_or_default());

const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const TIME: &str = "2026-01-31T09:30:00Z";

/// Gives every body an example.
pub(super) fn add(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let schemas = serde_json::to_value(&components.schemas).unwrap_or_default();
    for code in Code::ALL {
        components.examples.insert(code.as_str().to_owned(), RefOr::T(of_problem(code)));
    }
    let request = Examples { schemas: &schemas, is_request: true };
    let response = Examples { schemas: &schemas, is_request: false };
    for operation in document.paths.paths.values_mut().flat_map(operations_of) {
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            body.content.values_mut().for_each(|content| request.fill(content));
        }
        for answer in operation.responses.responses.values_mut() {
            if let RefOr::T(answer) = answer {
                let bodies = answer.content.iter_mut().filter(|(kind, _)| kind.as_str() != PROBLEM_JSON);
                bodies.for_each(|(_, content)| response.fill(content));
            }
        }
    }
}

/// A reference to the example of a problem.
pub(super) fn reference(code: Code) -> (String, RefOr<Example>) {
    (code.as_str().to_owned(), RefOr::Ref(Ref::new(format!("#/components/examples/{}", code.as_str()))))
}

fn of_problem(code: Code) -> Example {
    let problem = match code {
        Code::BadRequest => {
            Problem::bad_request("The body cannot be read as JSON: expected value at line 1 column 12.")
        }
        Code::Unauthorized => Problem::unauthorized("The API key is missing."),
        Code::NotFound => Problem::not_found(),
        Code::MethodNotAllowed => Problem::method_not_allowed("GET, HEAD, POST".to_owned()),
        Code::Conflict => Refusal::Duplicate { existing_id: Uuid::try_parse(ID).unwrap_or_default() }.into(),
        Code::QuotaExceeded => Refusal::QuotaExceeded { cap: 500 }.into(),
        Code::ValidationError => {
            let mut errors = FieldErrors::new();
            errors.add("platform", "must be one of: instagram, tiktok, youtube, pinterest");
            errors.add("metadata.colour", "must be at most 255 characters long");
            Problem::validation(errors)
        }
        Code::RateLimited => Problem::rate_limited(17, 600),
        Code::InternalError => Problem::internal("an example"),
        Code::ServiceUnavailable => Problem::unavailable("an example"),
        Code::Forbidden => Problem::new(code, "This key is disabled or revoked, or its organization is not active."),
        Code::InsufficientScope => Problem::new(code, "This call needs the scope write:tracking."),
        Code::NotAcceptable => Problem::new(code, "This path answers in application/json."),
        Code::PreconditionFailed => Problem::new(code, "The resource is no longer what If-Match says. Read it again."),
        Code::PayloadTooLarge => Problem::new(code, "A body may have at most 1048576 bytes."),
        Code::RangeNotSatisfiable => Problem::new(code, "The file has 1048576 bytes."),
        Code::UnsupportedMediaType => Problem::new(code, "The body must be application/json."),
        Code::UpstreamError => Problem::new(code, "The platform gave no answer that can be understood."),
    };
    let mut example = Example::new();
    code.title().clone_into(&mut example.summary);
    example.value = serde_json::from_slice(&problem.document("/v2/accounts", ID)).ok();
    example
}

/// Makes examples for one side of a call.
struct Examples<'a> {
    schemas: &'a Value,
    is_request: bool,
}

/// Where in a document a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The named schema that it stands in.
    schema: &'a str,
    /// The property that it is the value of.
    property: &'a str,
}

impl Examples<'_> {
    fn fill(&self, content: &mut RefOr<Content>) {
        let RefOr::T(content) = content else { return };
        let Ok(schema) = serde_json::to_value(&content.schema) else { return };
        if !schema.is_null() && content.example.is_none() {
            content.example = Some(self.value(&schema, Place { schema: "", property: "" }));
        }
    }

    fn value(&self, schema: &Value, place: Place<'_>) -> Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
            let target = &self.schemas[name];
            // Where it is used matters for a plain value, such as a name out of a list; an object has a place of its own.
            let place = if is_object(target) { Place { schema: name, ..place } } else { place };
            return self.value(target, place);
        }
        if let Some(known) = self.known(schema, place) {
            return known;
        }
        for keyword in ["example", "const"] {
            if let Some(own) = schema.get(keyword) {
                return own.clone();
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let values = parts.iter().map(|part| self.value(part, place));
            return Value::Object(values.filter_map(|value| value.as_object().cloned()).flatten().collect());
        }
        if let Some(variant) = variants(schema).find(|variant| variant["type"] != "null") {
            return self.value(variant, place);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|names| names.first()) {
            return first.clone();
        }
        self.made_up(schema, place)
    }

    /// The listed value of a place, if it is one that the schema allows.
    fn known(&self, schema: &Value, place: Place<'_>) -> Option<Value> {
        // A filter that is not set is null.
        let is_filter = place.schema.ends_with("Filters") && !place.schema.starts_with("Listing_");
        if is_filter && allows(schema, &Value::Null) {
            return Some(Value::Null);
        }
        let own = KNOWN.get(&format!("{}.{}", place.schema, place.property));
        let fitting = [own, KNOWN.get(place.property)].into_iter().flatten().find(|value| self.fits(schema, value));
        fitting.cloned()
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        if let Some(name) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
            return self.fits(&self.schemas[name], value);
        }
        let mut variants = variants(schema).peekable();
        if variants.peek().is_some() {
            return variants.any(|variant| self.fits(variant, value));
        }
        let is_listed = schema["enum"].as_array().is_none_or(|names| names.contains(value));
        let has_items = value.as_array().is_none_or(|items| items.iter().all(|item| self.fits(&schema["items"], item)));
        // The members of an object with members of its own are looked up one by one.
        let has_no_members = schema.get("properties").is_none();
        let in_range = value.as_f64().is_none_or(|number| {
            schema["minimum"].as_f64().is_none_or(|least| number >= least)
                && schema["maximum"].as_f64().is_none_or(|most| number <= most)
        });
        allows(schema, value) && is_listed && has_items && has_no_members && in_range
    }

    fn made_up(&self, schema: &Value, place: Place<'_>) -> Value {
        let kind = kinds(schema).iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null"));
        let default = schema.get("default").filter(|value| !value.is_null());
        match (kind, default) {
            (_, Some(default)) => default.clone(),
            (Some("object"), None) => self.object(schema, place),
            (Some("array"), None) => Value::Array(vec![self.value(&schema["items"], place)]),
            (Some("boolean"), None) => Value::Bool(true),
            (Some("integer" | "number"), None) => {
                let least = schema["minimum"].as_i64().unwrap_or_default().max(1);
                Value::Number(Number::from(least))
            }
            (Some("string"), None) => Value::from(match schema["format"].as_str() {
                Some("uuid") => ID,
                Some("date-time") => TIME,
                Some("date") => &TIME[..10],
                Some("uri") => "https://audit.example.com",
                Some(_) | None => "text",
            }),
            (Some(_) | None, None) => Value::Null,
        }
    }

    fn object(&self, schema: &Value, place: Place<'_>) -> Value {
        let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let shown = properties.filter(|(name, _)| {
            // An id of something else is nobody's until it is put in.
            !(self.is_request && name.ends_with("_id") && !required.contains(&name.as_str()))
        });
        shown.map(|(name, property)| (name.clone(), self.value(property, Place { property: name, ..place }))).collect()
    }
}

fn variants(schema: &Value) -> impl Iterator<Item = &Value> {
    ["oneOf", "anyOf"].into_iter().filter_map(|keyword| schema[keyword].as_array()).flatten()
}

fn is_object(schema: &Value) -> bool {
    schema["type"] == "object" || schema.get("allOf").is_some()
}

/// The types of a schema.
fn kinds(schema: &Value) -> &[Value] {
    match schema.get("type") {
        None => &[],
        Some(several) => several.as_array().map_or(std::slice::from_ref(several), Vec::as_slice),
    }
}

/// Whether a schema's type is that of the value.
fn allows(schema: &Value, value: &Value) -> bool {
    let mut variants = variants(schema).peekable();
    if variants.peek().is_some() {
        return variants.any(|variant| allows(variant, value));
    }
    let is = |kind: &Value| match (kind.as_str(), value) {
        (Some("null"), Value::Null)
        | (Some("boolean"), Value::Bool(_))
        | (Some("number"), Value::Number(_))
        | (Some("string"), Value::String(_))
        | (Some("array"), Value::Array(_))
        | (Some("object"), Value::Object(_)) => true,
        (Some("integer"), Value::Number(number)) => number.is_i64(),
        (Some(_) | None, _) => false,
    };
    match kinds(schema) {
        [] => value.is_object() || schema.get("allOf").is_none(),
        kinds => kinds.iter().any(is),
    }
}
