//! A client's own notes on a resource.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::validation::FieldErrors;

const MOST_KEYS: usize = 20;
const LONGEST_TEXT: usize = 255;

/// A JSON object of at most 20 keys; keys and string values of at most 255 characters.
#[derive(Clone, Debug, Default, PartialEq, Hash, Serialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Checks `value`; what is wrong is noted under `metadata` or `metadata.<key>`.
    pub fn parse(value: Value, errors: &mut FieldErrors) -> Option<Self> {
        let Value::Object(map) = value else {
            errors.add("metadata", "must be an object");
            return None;
        };
        let before = errors.as_slice().len();
        if map.len() > MOST_KEYS {
            errors.add("metadata", format!("must have at most {MOST_KEYS} keys"));
            // Naming each of a hundred thousand bad keys would be work that anybody can hand out.
            return None;
        }
        for (key, value) in &map {
            let field = || format!("metadata.{}", key.chars().take(LONGEST_TEXT).collect::<String>());
            if key.is_empty() || key.chars().count() > LONGEST_TEXT {
                errors.add(field(), format!("must have a key of 1 to {LONGEST_TEXT} characters"));
            }
            match value {
                Value::String(text) if text.chars().count() > LONGEST_TEXT => {
                    errors.add(field(), format!("must be at most {LONGEST_TEXT} characters long"));
                }
                // PostgreSQL's text cannot hold it, and no client means it.
                Value::String(text) if text.contains('\0') => errors.add(field(), "must not contain a NUL character"),
                Value::Array(_) | Value::Object(_) => {
                    errors.add(field(), "must be a string, a number, a boolean or null");
                }
                Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
            if key.contains('\0') {
                errors.add("metadata", "must not contain a NUL character");
            }
        }
        (errors.as_slice().len() == before).then_some(Self(map))
    }

    /// Reads back what was stored; anything unreadable is no metadata.
    pub fn from_stored(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_default())
    }

    /// The text to store.
    pub fn to_stored(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn errors_of(value: Value) -> Vec<String> {
        let mut errors = FieldErrors::new();
        let parsed = Metadata::parse(value, &mut errors);
        assert_eq!(parsed.is_some(), errors.is_empty());
        errors.into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn every_offending_key_is_named() {
        assert!(errors_of(json!({"colour": "red", "n": 1, "b": true, "none": null})).is_empty());
        assert_eq!(errors_of(json!({"a": "x".repeat(256), "b": [1], "c": "ok"})), ["metadata.a", "metadata.b"]);
        assert_eq!(errors_of(json!([])), ["metadata"]);
        let many: Map<_, _> = (0..21).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(errors_of(Value::Object(many)), ["metadata"]);
    }

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!(errors_of(json!({"a": "ü".repeat(255)})).is_empty());
    }
}
