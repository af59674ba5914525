//! As much of JSON Schema as the document uses. A keyword that is not known here fails, so that nothing goes unlooked at.

use serde_json::Value;

/// What is wrong with `value` under `schema`, with where it is wrong; empty when nothing is.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(document, schema, value, "$", &mut found);
    found
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { panic!("{at}: {schema} is no schema") };
    for (keyword, rule) in keywords {
        if !holds(document, schema, (keyword, rule), value, at, found) {
            found.push(format!("{at}: {value} against {keyword} {rule}"));
        }
    }
}

fn is_good(document: &Value, schema: &Value, value: &Value) -> bool {
    faults(document, schema, value).is_empty()
}

fn holds(
    document: &Value,
    schema: &Value,
    (keyword, rule): (&str, &Value),
    value: &Value,
    at: &str,
    found: &mut Vec<String>,
) -> bool {
    let bound = || usize::try_from(rule.as_u64().unwrap()).unwrap();
    let number = |compare: fn(&f64, &f64) -> bool| value.as_f64().is_none_or(|n| compare(&n, &rule.as_f64().unwrap()));
    let length = value.as_str().map(|text| text.chars().count());
    let members = value.as_object();
    let variants = || rule.as_array().unwrap().iter().filter(|it| is_good(document, it, value)).count();
    match keyword {
        "$ref" => {
            let target = rule.as_str().unwrap().trim_start_matches('#');
            check(document, document.pointer(target).unwrap_or_else(|| panic!("{target}")), value, at, found);
            true
        }
        "type" => rule.as_array().map_or_else(|| is(rule, value), |kinds| kinds.iter().any(|kind| is(kind, value))),
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "oneOf" => variants() == 1,
        "anyOf" => variants() > 0,
        "allOf" => {
            rule.as_array().unwrap().iter().for_each(|it| check(document, it, value, at, found));
            true
        }
        "properties" => {
            for (name, schema) in rule.as_object().unwrap() {
                if let Some(value) = value.get(name) {
                    check(document, schema, value, &format!("{at}.{name}"), found);
                }
            }
            true
        }
        "required" => {
            members.is_none_or(|it| rule.as_array().unwrap().iter().all(|name| it.contains_key(name.as_str().unwrap())))
        }
        "additionalProperties" => {
            let known = |name: &String| schema["properties"].get(name).is_some();
            let others = members.into_iter().flatten().filter(|(name, _)| !known(name)).collect::<Vec<_>>();
            if rule.is_object() {
                for (name, value) in &others {
                    check(document, rule, value, &format!("{at}.{name}"), found);
                }
            }
            rule != &Value::Bool(false) || others.is_empty()
        }
        "propertyNames" => {
            members.is_none_or(|it| it.keys().all(|name| is_good(document, rule, &Value::from(name.as_str()))))
        }
        "items" => {
            let items = value.as_array().into_iter().flatten().enumerate();
            items.for_each(|(index, item)| check(document, rule, item, &format!("{at}[{index}]"), found));
            true
        }
        "minimum" => number(f64::ge),
        "maximum" => number(f64::le),
        "minLength" => length.is_none_or(|length| length >= bound()),
        "maxLength" => length.is_none_or(|length| length <= bound()),
        "minProperties" => members.is_none_or(|it| it.len() >= bound()),
        "maxProperties" => members.is_none_or(|it| it.len() <= bound()),
        "minItems" => value.as_array().is_none_or(|items| items.len() >= bound()),
        "maxItems" => value.as_array().is_none_or(|items| items.len() <= bound()),
        "uniqueItems" => value.as_array().is_none_or(|items| (1..items.len()).all(|n| !items[..n].contains(&items[n]))),
        "format" => value.as_str().is_none_or(|text| has_format(rule.as_str().unwrap(), text)),
        // Whether a text has its pattern is seen by `make test-contract`, which has regular expressions at hand.
        "pattern" | "description" | "title" | "example" | "examples" | "default" | "deprecated" => true,
        _ => panic!("{at}: the keyword {keyword} is not known here"),
    }
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other}"),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        "date-time" => domain::Timestamp::parse(text).is_some(),
        "date" => text.len() == 10 && domain::Timestamp::parse(&format!("{text}T00:00:00Z")).is_some(),
        "uri" => url::Url::parse(text).is_ok(),
        "int32" | "int64" | "float" | "double" | "binary" => true,
        other => panic!("the format {other} is not known here"),
    }
}
