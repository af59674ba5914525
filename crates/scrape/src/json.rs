//! Lenient reading of the JSON that platforms put into pages: numbers that are strings, raw control characters, values found by key because
//! the path to them shifts. What the values mean is left to the readers.

use domain::{Precision, Reading};
use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::{Deserializer, Map, Value};

use crate::tree::{Picked, Wanted, Whole, is_spent};

/// What stands in for an absent value, so that look-ups chain.
pub(crate) static NULL: Value = Value::Null;

/// Reads the one value at the start of `text`, whatever follows it. Text that is JSON but for raw control characters or halves of
/// surrogate pairs in its strings is repaired. Nesting is bounded by `serde_json`'s own limit, the number of values by the page's.
pub(crate) fn read(text: &str) -> Option<Value> {
    repairing(text, |text| Whole.deserialize(&mut Deserializer::from_str(text)).ok())
}

/// Reads what is wanted of the one value at the start of `text`, each thing at the place where it stands. An empty object stands for a
/// value without any of it. What is cut off or garbled is not read, wherever the wanted parts are.
pub(crate) fn picked(text: &str, wanted: &'static Wanted) -> Option<Value> {
    repairing(text, |text| Picked(wanted).deserialize(&mut Deserializer::from_str(text)).ok())
        .map(|picked| picked.unwrap_or_else(|| Value::Object(Map::new())))
}

/// Reads the one value at the start of `text` into a type, which bounds its trees by [`crate::tree::whole`].
pub(crate) fn typed<T: DeserializeOwned>(text: &str) -> Option<T> {
    repairing(text, |text| T::deserialize(&mut Deserializer::from_str(text)).ok())
}

fn repairing<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    read(text).or_else(|| if is_spent() { None } else { read(&repaired(text)?) })
}

/// The escapes of the control characters, in their order.
#[rustfmt::skip]
const CONTROLS: [&str; 32] = [
    "\\u0000", "\\u0001", "\\u0002", "\\u0003", "\\u0004", "\\u0005", "\\u0006", "\\u0007",
    "\\u0008", "\\t", "\\n", "\\u000b", "\\u000c", "\\r", "\\u000e", "\\u000f",
    "\\u0010", "\\u0011", "\\u0012", "\\u0013", "\\u0014", "\\u0015", "\\u0016", "\\u0017",
    "\\u0018", "\\u0019", "\\u001a", "\\u001b", "\\u001c", "\\u001d", "\\u001e", "\\u001f",
];

/// Most places of a text that are repaired. A page has a few; each makes the text longer.
const MOST_REPAIRS: usize = 20_000;

/// `text` with control characters inside strings escaped and lone surrogates replaced; `None` when there was nothing to repair, or more than
/// a page can mean.
fn repaired(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 64);
    let (mut copied, mut at, mut in_string) = (0, 0, false);
    let mut repairs = 0;
    while let Some(&byte) = bytes.get(at) {
        let (skip, replacement) = match byte {
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => match surrogate_at(bytes, at) {
                Some(0xD800..=0xDBFF) if matches!(surrogate_at(bytes, at + 6), Some(0xDC00..=0xDFFF)) => (12, None),
                Some(0xD800..=0xDFFF) => (6, Some("\\ufffd")),
                Some(_) | None => (2, None),
            },
            0..0x20 if in_string => (1, Some(CONTROLS.get(usize::from(byte)).copied().unwrap_or(""))),
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            out.push_str(text.get(copied..at)?);
            out.push_str(replacement);
            copied = at + skip;
            repairs += 1;
            if repairs > MOST_REPAIRS {
                return None;
            }
        }
        at += skip;
    }
    out.push_str(text.get(copied..)?);
    (repairs > 0).then_some(out)
}

/// The code unit of an escape such as `\ud83d` at `at`.
fn surrogate_at(bytes: &[u8], at: usize) -> Option<u16> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u").filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The member of an object, `null` where there is none.
pub(crate) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, key| value.get(key).unwrap_or(&NULL))
}

/// Most that any counter or date in seconds can say; what is above it is an overflow or a mistake.
const MOST: i64 = 1_000_000_000_000_000;

/// A count: a whole number, or a string that holds one. What no counter can have reached is none.
pub(crate) fn count(value: &Value) -> Option<i64> {
    whole_number(value).filter(|number| *number <= MOST)
}

fn whole_number(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_number() {
        return number.as_i64().or_else(|| {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15)?;
            format!("{float:.0}").parse().ok()
        });
    }
    value.as_str()?.trim().parse().ok()
}

/// A number of seconds above zero.
pub(crate) fn seconds(value: &Value) -> Option<f64> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// A platform's id: digits, given as a string or a number; of `{id}_{owner}` the first part.
pub(crate) fn id(value: &Value) -> Option<String> {
    let text = match value.as_u64() {
        Some(number) => number.to_string(),
        None => value.as_str()?.split('_').next()?.to_owned(),
    };
    let good = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit()) && text != "0";
    good.then_some(text)
}

/// Text that is not empty.
pub(crate) fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// A yes or no, also where it is written as 1 or 0.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_i64().map(|number| number != 0))
}

/// Whether a value says anything: neither absent nor empty, zero or false.
pub(crate) fn is_set(value: &Value) -> bool {
    !(value.is_null() || value == false || value == 0 || value == "")
}

/// Most elements of a list that are looked at; real lists have a few dozen.
pub(crate) const MAX_LIST: usize = 1_000;

/// The elements of a list, none where it is no list, and no more than a page can mean.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], |list| list.get(..MAX_LIST).unwrap_or(list))
}

/// Every value that stands under `key`, at any depth, in the order of the text, and no more than a page can mean. What is inside a hit is not
/// searched.
pub(crate) fn all<'a>(root: &'a Value, key: &str) -> Vec<&'a Value> {
    let mut hits = Vec::new();
    walk(root, &mut |object| {
        let hit = object.get(key);
        hits.extend(hit.filter(|_| hits.len() < MAX_LIST));
        hit.is_some()
    });
    hits
}

/// The first object, at any depth, that `wanted` accepts.
pub(crate) fn first_object(root: &Value, wanted: impl Fn(&Map<String, Value>) -> bool) -> Option<&Value> {
    let mut stack = vec![root];
    while let Some(value) = stack.pop() {
        if let Some(object) = value.as_object() {
            if wanted(object) {
                return Some(value);
            }
            stack.extend(object.values().rev());
        } else if let Some(list) = value.as_array() {
            stack.extend(list.iter().rev());
        }
    }
    None
}

/// Shows every object to `visit`, which says whether the search is to stop going deeper there.
fn walk<'a>(root: &'a Value, visit: &mut impl FnMut(&'a Map<String, Value>) -> bool) {
    let mut stack = vec![root];
    while let Some(value) = stack.pop() {
        if let Some(object) = value.as_object() {
            if !visit(object) {
                stack.extend(object.values().rev());
            }
        } else if let Some(list) = value.as_array() {
            stack.extend(list.iter().rev());
        }
    }
}

/// Keeps `value` under `key`, unless it says nothing.
pub(crate) fn keep(data: &mut Map<String, Value>, key: &str, value: &Value) {
    if !value.is_null() && value != "" {
        data.insert(key.to_owned(), value.clone());
    }
}

/// A count from a page that may round: exact below 10 000, and above it when it has digits that no rounding to tenths of K, M or B leaves.
pub(crate) fn perhaps_rounded(value: Option<i64>) -> Reading {
    let precision = match value {
        Some(value) if value >= 1_000_000 && value % 10_000 == 0 => Precision::Rounded,
        Some(value) if (10_000..1_000_000).contains(&value) && value % 100 == 0 => Precision::Rounded,
        Some(_) | None => Precision::Exact,
    };
    Reading::of(value, precision)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_value_is_read_whatever_follows() {
        assert_eq!(read(r#"{"a":1}; window.x = {"#), Some(json!({"a": 1})));
        assert_eq!(read("{"), None);
    }

    #[test]
    fn raw_control_characters_survive() {
        assert_eq!(read("{\"a\":\"one\ntwo\u{1}\"}"), Some(json!({"a": "one\ntwo\u{1}"})));
    }

    #[test]
    fn half_a_surrogate_pair_does_not_cost_the_page() {
        assert_eq!(read(r#"{"a":"x\ud83d","b":"\ud83d\ude00"}"#), Some(json!({"a": "x\u{fffd}", "b": "😀"})));
    }

    #[test]
    fn nesting_beyond_reason_is_refused() {
        assert_eq!(read(&"[".repeat(100_000)), None);
        assert_eq!(read(&"{\"a\":".repeat(100_000)), None);
    }

    #[test]
    fn numbers_come_as_numbers_or_as_strings() {
        for value in [json!(1311), json!("1311"), json!(1311.0)] {
            assert_eq!(count(&value), Some(1311));
        }
        for value in [
            json!(null),
            json!("many"),
            json!(1.5),
            json!(1e300),
            json!("99999999999999999999"),
            json!(1_000_000_000_000_001_i64),
        ] {
            assert_eq!(count(&value), None);
        }
    }

    #[test]
    fn an_id_is_digits_in_any_dress() {
        assert_eq!(id(&json!(2_911_295_595_251_935_837_u64)).as_deref(), Some("2911295595251935837"));
        assert_eq!(id(&json!("2911295595251935837_52222405344")).as_deref(), Some("2911295595251935837"));
        assert_eq!(id(&json!("POLARIS_1")), None);
    }

    #[test]
    fn a_number_with_fine_digits_was_not_rounded() {
        assert_eq!(perhaps_rounded(Some(9_692)).precision(), Some(Precision::Exact));
        assert_eq!(perhaps_rounded(Some(25_500)).precision(), Some(Precision::Rounded));
        assert_eq!(perhaps_rounded(Some(59_149)).precision(), Some(Precision::Exact));
        assert_eq!(perhaps_rounded(Some(163_000_000)).precision(), Some(Precision::Rounded));
        assert_eq!(perhaps_rounded(Some(-1)), Reading::NOT_PROVIDED);
    }

    #[test]
    fn values_are_found_by_key_and_not_inside_a_hit() {
        let root = json!([{"a": {"x": {"k": 1}}}, {"k": {"k": 2}}, {"k": null}]);
        assert_eq!(all(&root, "k"), [&json!(1), &json!({"k": 2}), &json!(null)]);
    }
}
