//! What is done to a good page.

use serde_json::{Value, json};

use super::good::Good;

/// One thing that is done. The numbers are dice: they choose where and with what.
#[derive(Clone, Copy, Debug)]
pub enum Deed {
    /// A member of an object, or an element of a list, is left out.
    Drop(u32),
    /// A value is replaced by one of another kind.
    Retype(u32, u32),
    /// A key is replaced by another one of the page.
    Rename(u32, u32),
    /// A value is put into an object or list of its own.
    Nest(u32, u32),
    /// Two values change places.
    Swap(u32, u32),
    /// A value is copied over another.
    Copy(u32, u32),
    /// A key is given twice, the first time with another value.
    Duplicate(u32, u32),
    /// The page ends early.
    Truncate(u32),
    /// Another page is put into it.
    Splice(u32),
}

impl Deed {
    /// The deed that the dice fell for.
    pub fn of(kind: u8, a: u32, b: u32) -> Self {
        match kind % 14 {
            0 | 1 => Self::Drop(a),
            2..=5 => Self::Retype(a, b),
            6 => Self::Rename(a, b),
            7 => Self::Nest(a, b),
            8 | 9 => Self::Swap(a, b),
            10 => Self::Copy(a, b),
            11 => Self::Duplicate(a, b),
            12 => Self::Truncate(a),
            _ => Self::Splice(a),
        }
    }
}

/// The page after all that was done to it, one after the other; what is done to its text comes last.
pub fn damaged(good: &Good, other: &Good, deeds: &[Deed]) -> Vec<u8> {
    let mut block = good.block.clone();
    for deed in deeds {
        in_block(&mut block, *deed);
    }
    let mut text = block.to_string();
    for deed in deeds {
        if let Deed::Duplicate(a, b) = *deed {
            duplicate(&mut text, a, &any_value(b));
        }
    }
    let mut body = good.around(&text);
    for deed in deeds {
        match *deed {
            Deed::Truncate(at) => body.truncate(place(at, body.len())),
            Deed::Splice(at) => {
                let at = if at % 3 == 0 { body.len() } else { place(at, body.len()) };
                body.splice(at..at, other.body()).for_each(drop);
            }
            Deed::Drop(_)
            | Deed::Retype(..)
            | Deed::Rename(..)
            | Deed::Nest(..)
            | Deed::Swap(..)
            | Deed::Copy(..)
            | Deed::Duplicate(..) => {}
        }
    }
    body
}

fn in_block(block: &mut Value, deed: Deed) {
    let count = members(block);
    if count == 0 {
        return;
    }
    match deed {
        Deed::Drop(a) => drop(drop_member(block, place(a, count))),
        Deed::Retype(a, b) => with(block, place(a, count), |value| *value = any_value(b)),
        Deed::Nest(a, b) => with(block, place(a, count), |value| {
            let inner = value.take();
            *value = if b % 2 == 0 { json!({ "node": inner }) } else { json!([inner]) };
        }),
        Deed::Swap(a, b) => {
            let (mut one, mut two) = (Value::Null, Value::Null);
            with(block, place(a, count), |value| one = value.clone());
            with(block, place(b, count), |value| two = value.clone());
            // One inside the other would grow without end.
            if is_leaf(&one) && is_leaf(&two) {
                with(block, place(a, count), |value| *value = two);
                with(block, place(b, count), |value| *value = one);
            }
        }
        Deed::Copy(a, b) => {
            let mut copied = Value::Null;
            with(block, place(a, count), |value| copied = value.clone());
            with(block, place(b, count), |value| *value = copied);
        }
        Deed::Rename(a, b) => {
            let to = key(block, place(b, count)).unwrap_or_else(|| "x".to_owned());
            let mut left = place(a, count);
            rename(block, &mut left, &to);
        }
        Deed::Duplicate(..) | Deed::Truncate(_) | Deed::Splice(_) => {}
    }
}

fn is_leaf(value: &Value) -> bool {
    !value.is_object() && !value.is_array()
}

fn place(dice: u32, below: usize) -> usize {
    usize::try_from(dice).unwrap_or(0) % below.max(1)
}

/// Values of every kind, among them those that no count may be.
fn any_value(dice: u32) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-5),
        json!(7),
        json!(1.5),
        json!(-0.0),
        json!(2e3),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(1_000_000_000_000_001_i64),
        json!(-1_614_092_016),
        json!(""),
        json!(" "),
        json!("12"),
        json!("-3"),
        json!("1.2M"),
        json!("99999999999999999999"),
        json!("9223372036854775807"),
        json!("7571863205253778710"),
        json!("somebody.else"),
        json!({}),
        json!([]),
        json!([null]),
        json!({ "count": -1 }),
        json!({ "simpleText": "3 views" }),
        json!("\u{0}\u{feff}"),
    ];
    values[place(dice, values.len())].clone()
}

/// Members of objects, at any depth, and elements of lists.
pub fn members(block: &Value) -> usize {
    match block {
        Value::Object(map) => map.values().map(|value| 1 + members(value)).sum(),
        Value::Array(list) => list.iter().map(|value| 1 + members(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Shows the value of the `index`th member to `deed`.
fn with(block: &mut Value, index: usize, deed: impl FnOnce(&mut Value)) {
    fn find<'a>(block: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
        let values: Box<dyn Iterator<Item = &'a mut Value>> = match block {
            Value::Object(map) => Box::new(map.values_mut()),
            Value::Array(list) => Box::new(list.iter_mut()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        for value in values {
            if *left == 0 {
                return Some(value);
            }
            *left -= 1;
            let inside = members(value);
            if *left < inside {
                return find(value, left);
            }
            *left -= inside;
        }
        None
    }
    let mut left = index;
    if let Some(value) = find(block, &mut left) {
        deed(value);
    }
}

/// The key of the `index`th member; `None` for an element of a list.
fn key(block: &Value, index: usize) -> Option<String> {
    keys(block).into_iter().nth(index).flatten()
}

/// The keys of all members, in their order.
fn keys(block: &Value) -> Vec<Option<String>> {
    let members: Vec<(Option<&String>, &Value)> = match block {
        Value::Object(map) => map.iter().map(|(key, value)| (Some(key), value)).collect(),
        Value::Array(list) => list.iter().map(|value| (None, value)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    members.into_iter().flat_map(|(key, value)| std::iter::once(key.cloned()).chain(keys(value))).collect()
}

/// Leaves the `index`th member out; what it was called, or its place in its list. An element of a list is emptied instead, since a list
/// without its elements says something else.
pub fn drop_member(block: &mut Value, index: usize) -> String {
    fn find(block: &mut Value, left: &mut usize) -> Option<String> {
        if let Value::Object(map) = block {
            let mut at = None;
            for (key, value) in map.iter_mut() {
                if *left == 0 {
                    at = Some(key.clone());
                    break;
                }
                *left -= 1;
                if let Some(found) = find(value, left) {
                    return Some(found);
                }
            }
            let key = at?;
            map.remove(&key);
            return Some(key);
        }
        for (at, value) in block.as_array_mut().into_iter().flatten().enumerate() {
            if *left == 0 {
                *value = json!({});
                return Some(at.to_string());
            }
            *left -= 1;
            if let Some(found) = find(value, left) {
                return Some(found);
            }
        }
        None
    }
    let mut left = index;
    find(block, &mut left).unwrap_or_default()
}

fn rename(block: &mut Value, left: &mut usize, to: &str) -> bool {
    if let Value::Object(map) = block {
        let mut at = None;
        for (key, value) in map.iter_mut() {
            if *left == 0 {
                at = Some(key.clone());
                break;
            }
            *left -= 1;
            if rename(value, left, to) {
                return true;
            }
        }
        let Some(value) = at.and_then(|key| map.remove(&key)) else { return false };
        map.insert(to.to_owned(), value);
        return true;
    }
    for value in block.as_array_mut().into_iter().flatten() {
        if *left == 0 {
            return true;
        }
        *left -= 1;
        if rename(value, left, to) {
            return true;
        }
    }
    false
}

/// Puts `"key":value,` before some key of the text.
fn duplicate(text: &mut String, dice: u32, value: &Value) {
    let keys: Vec<usize> = text.match_indices("\":").map(|(at, _)| at).collect();
    let Some(end) = keys.get(place(dice, keys.len())) else { return };
    let Some(start) = text[..*end].rfind('"') else { return };
    let member = format!("{}:{value},", &text[start..=*end]);
    text.insert_str(start, &member);
}
