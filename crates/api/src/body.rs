//! Reading the fields of a JSON body one by one, so that a client learns everything that is wrong at once.
//!
//! A reader takes its fields out of the object; what is left at the end is unknown, and each unknown field is an error of its own.

use domain::{FieldError, FieldErrors, Metadata, Platform};
use serde_json::{Map, Value};

use crate::call::hyphenated;
use crate::problem::Problem;

/// Unknown fields or parameters that are named at most: enough for any honest mistake, and no work for an attacker to hand out.
pub(crate) const MOST_UNKNOWN: usize = 100;

/// The same for each part of a body, of which there may be a thousand.
const MOST_UNKNOWN_IN_A_PART: usize = 10;

/// The fields of a body that are not read yet, and what was wrong with those that are.
pub(crate) struct Fields {
    left: Map<String, Value>,
    errors: FieldErrors,
    /// Where in the whole body these fields stand, such as `items[3]`; empty for all of it.
    path: String,
}

/// Reads one value; the error completes the sentence that begins with the field's name.
type Read<T> = Result<T, String>;

impl Fields {
    /// Parses a body. What is no JSON is a bad request; JSON that is no object is invalid, under the name `body`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Problem> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(left)) => Ok(Self { left, errors: FieldErrors::new(), path: String::new() }),
            Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                Err(FieldErrors::of("body", "must be an object").into())
            }
            Err(error) => Err(Problem::bad_request(format!(
                // Its reason tells a number out of range, and nesting that is too deep, from what is no JSON at all.
                "The body cannot be read as JSON: {error}."
            ))),
        }
    }

    /// The fields of a part of a body, which are named with its path.
    pub(crate) fn part(value: Value, path: String) -> Result<Self, Problem> {
        match value {
            Value::Object(left) => Ok(Self { left, errors: FieldErrors::new(), path }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(FieldErrors::of(path, "must be an object").into())
            }
        }
    }

    /// A field that must be there.
    pub(crate) fn required<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Option<T> {
        if let Some(value) = self.left.remove(name) {
            return self.errors.check(name, read(&value));
        }
        self.errors.add(name, "is required");
        None
    }

    /// A field that may be left out, but not be null.
    pub(crate) fn optional<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Option<T> {
        self.left.remove(name).and_then(|value| self.errors.check(name, read(&value)))
    }

    /// A field that may be left out (`None`) or be null (`Some(None)`).
    #[expect(clippy::option_option, reason = "absent and null are different things in a PATCH")]
    pub(crate) fn nullable<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Read<T>) -> Option<Option<T>> {
        let value = self.left.remove(name)?;
        if value.is_null() { Some(None) } else { self.errors.check(name, read(&value)).map(Some) }
    }

    /// A list that may be left out, but not be null. What is wrong with an item is an error of its own, under `name[index]`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        mut read: impl FnMut(&Value) -> Read<T>,
    ) -> Option<Vec<T>> {
        let value = self.left.remove(name)?;
        let Value::Array(items) = value else {
            self.errors.add(name, "must be an array");
            return None;
        };
        if items.len() > most {
            self.errors.add(name, format!("must have at most {most} items"));
            return None;
        }
        let read = items.iter().enumerate().map(|(at, item)| self.errors.check(&format!("{name}[{at}]"), read(item)));
        // Every item is read before a bad one ends it.
        read.collect::<Vec<_>>().into_iter().collect()
    }

    /// A list of 1 to `most` items that may be left out, but not be null; otherwise as [`Self::list`].
    pub(crate) fn filled_list<T>(
        &mut self,
        name: &str,
        most: usize,
        read: impl FnMut(&Value) -> Read<T>,
    ) -> Option<Vec<T>> {
        let has_other_length = |value: &Value| value.as_array().is_some_and(|items| !(1..=most).contains(&items.len()));
        if self.left.get(name).is_some_and(has_other_length) {
            self.left.remove(name);
            self.errors.add(name, format!("must have 1 to {most} elements"));
            return None;
        }
        self.list(name, most, read)
    }

    /// Whether a field is there that was not read yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Notes what is wrong with a field beyond its own form.
    pub(crate) fn refuse(&mut self, name: &str, message: &'static str) {
        self.errors.add(name, message);
    }

    /// Notes what is wrong with several fields beyond their own form.
    pub(crate) fn refuse_all(&mut self, errors: FieldErrors) {
        for FieldError { field, message } in errors {
            self.errors.add(field, message);
        }
    }

    /// The client's notes.
    pub(crate) fn metadata(&mut self) -> Option<Metadata> {
        self.left.remove("metadata").and_then(|value| Metadata::parse(value, &mut self.errors))
    }

    /// A field whose form depends on the platform. Without a good platform, what is wrong on every platform is wrong all the same.
    pub(crate) fn of_platform<T, E: ToString>(
        &mut self,
        name: &str,
        platform: Option<Platform>,
        parse: impl Fn(Platform) -> Result<T, E>,
    ) -> Option<T> {
        if let Some(platform) = platform {
            return self.errors.check(name, parse(platform));
        }
        let mut refusals = Platform::ALL.into_iter().map(|platform| parse(platform).err());
        if let Some(Some(error)) = refusals.next()
            && refusals.all(|refusal| refusal.is_some())
        {
            self.errors.add(name, error.to_string());
        }
        None
    }

    /// Ends the reading: every unknown field, and everything that was wrong before.
    pub(crate) fn finish(mut self) -> Result<(), FieldErrors> {
        let most = if self.path.is_empty() { MOST_UNKNOWN } else { MOST_UNKNOWN_IN_A_PART };
        for name in self.left.keys().take(most) {
            self.errors.add(shown(name), "is not a field of this operation");
        }
        if self.path.is_empty() {
            return self.errors.into_result();
        }
        let mut errors = FieldErrors::new();
        for FieldError { field, message } in self.errors {
            errors.add(format!("{}.{field}", self.path), message);
        }
        errors.into_result()
    }
}

/// The name of an unknown field or parameter, as far as it is repeated to the client.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(255).collect()
}

/// A text of 1 to `longest` characters.
pub(crate) fn text(longest: usize) -> impl FnOnce(&Value) -> Read<String> {
    move |value| {
        let text = any_text(value)?;
        if text.is_empty() || text.chars().count() > longest {
            return Err(format!("must be 1 to {longest} characters long"));
        }
        Ok(text)
    }
}

/// A text of any length, without the NUL character, which PostgreSQL cannot keep.
pub(crate) fn any_text(value: &Value) -> Read<String> {
    match value {
        Value::String(text) if text.contains('\0') => Err("must not contain a NUL character".to_owned()),
        Value::String(text) => Ok(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err("must be a string".to_owned())
        }
    }
}

/// A name: a text of 1 to 255 characters that is more than white space.
pub(crate) fn name(value: &Value) -> Read<String> {
    let name = text(255)(value)?;
    if name.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(name) }
}

/// One of a closed set of names.
pub(crate) fn choice<T: std::str::FromStr<Err = String>>(value: &Value) -> Read<T> {
    // A value of another type is none of the names, so the message is theirs.
    value.as_str().unwrap_or_default().parse()
}

/// A whole number from `least` to `most`. `24.0` is one.
pub(crate) fn integer(least: i64, most: i64) -> impl FnOnce(&Value) -> Read<i64> {
    move |value| {
        let number = value.as_i64().or_else(|| {
            let number = value.as_f64().filter(|n| n.fract() == 0.0)?;
            format!("{number:.0}").parse().ok()
        });
        match number {
            Some(number) if (least..=most).contains(&number) => Ok(number),
            Some(_) | None => Err(format!("must be an integer from {least} to {most}")),
        }
    }
}

/// A list of 1 to `most` things of any kind.
pub(crate) fn list(most: usize) -> impl FnOnce(&Value) -> Read<Vec<Value>> {
    move |value| match value.as_array() {
        Some(list) if (1..=most).contains(&list.len()) => Ok(list.clone()),
        Some(_) => Err(format!("must have 1 to {most} elements")),
        None => Err("must be an array".to_owned()),
    }
}

/// `true` or `false`.
pub(crate) fn boolean(value: &Value) -> Read<bool> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// A UUID.
pub(crate) fn uuid(value: &Value) -> Read<uuid::Uuid> {
    value.as_str().and_then(hyphenated).ok_or_else(|| "must be a UUID".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(body: &Value) -> Fields {
        Fields::parse(body.to_string().as_bytes()).ok().unwrap()
    }

    #[test]
    fn malformed_json_is_a_bad_request_and_another_type_is_invalid() {
        for body in ["", "{", "{\"a\":}", "nul", "{\"a\":\"\\ud800\"}", "\u{feff}{}"] {
            let problem = Fields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(problem.code().as_str(), "BAD_REQUEST", "{body}");
        }
        for (body, why) in [("{\"a\":1e400}", "number out of range"), (&"[".repeat(200), "recursion limit")] {
            let problem = Fields::parse(body.as_bytes()).err().unwrap();
            assert!(String::from_utf8(problem.document("/", "r")).unwrap().contains(why), "{body}");
        }
        for body in ["[]", "1", "null", "\"x\"", "true"] {
            let problem = Fields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(problem.code().as_str(), "VALIDATION_ERROR", "{body}");
        }
    }

    #[test]
    fn a_body_of_a_hundred_thousand_unknown_fields_is_refused_at_little_cost() {
        let body: Map<_, _> = (0..100_000).map(|i| (format!("f{i}"), json!(1))).collect();
        let errors = fields(&Value::Object(body)).finish().unwrap_err();
        assert_eq!(errors.as_slice().len(), MOST_UNKNOWN);
    }

    #[test]
    fn a_field_may_be_absent_null_or_wrong_as_its_reader_says() {
        let mut fields = fields(&json!({"a": null, "b": null, "c": 3}));
        assert_eq!(fields.nullable("a", text(9)), Some(None));
        assert_eq!(fields.optional("b", boolean), None);
        assert_eq!(fields.required("c", integer(1, 5)), Some(3));
        assert_eq!(fields.required("d", boolean), None);
        let errors = fields.finish().unwrap_err();
        let named: Vec<_> = errors.as_slice().iter().map(|e| e.field.as_str()).collect();
        assert_eq!(named, ["b", "d"]);
    }

    #[test]
    fn whole_floats_are_read_to_the_last_digit() {
        for text in ["2251799813685247.0", "2236570368631251.0", "9007199254740991.0"] {
            let expected: i64 = text.trim_end_matches(".0").parse().unwrap();
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(integer(1, i64::MAX)(&value).ok(), Some(expected), "{text}");
        }
    }

    #[test]
    fn whole_floats_are_integers_and_others_are_not() {
        for (value, expected) in [
            (json!(24.0), Some(24)),
            (json!(24.5), None),
            (json!(0), None),
            (json!(721), None),
            (json!(true), None),
            (json!("24"), None),
            (json!(1e300), None),
            (json!(9_223_372_036_854_775_807_u64), None),
        ] {
            assert_eq!(integer(1, 720)(&value).ok(), expected, "{value}");
        }
    }

    #[test]
    fn texts_are_measured_in_characters_and_hold_no_nul() {
        assert!(text(3)(&json!("äöü")).is_ok());
        assert!(text(3)(&json!("äöüß")).is_err() && text(3)(&json!("")).is_err() && text(3)(&json!("a\0")).is_err());
        assert!(name(&json!("  ")).is_err());
    }
}
