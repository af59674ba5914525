//! How much of a block becomes values. A block is walked once; what stands under the wanted keys is built, the rest is skipped unread, and a page
//! that would become more values than any page can mean is given up. What the values mean is left to the readers.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Most values that are built for one page. The largest recorded pages come to a tenth of it; a value costs a few hundred nanoseconds.
const MOST_VALUES: u32 = 60_000;

thread_local! {
    /// How many values may still be built for the page that this thread is reading. It is kept here since a page has many blocks, and their
    /// readers have nothing else in common.
    static LEFT: Cell<u32> = const { Cell::new(MOST_VALUES) };
}

/// Reads a page, and whether it was within the number of values that a page can mean.
pub(crate) fn bounded<T>(read: impl FnOnce() -> T) -> (T, bool) {
    LEFT.set(MOST_VALUES);
    let read = read();
    (read, !is_spent())
}

/// Whether this page was given up.
pub(crate) fn is_spent() -> bool {
    LEFT.get() == 0
}

fn spend<E: Error>() -> Result<(), E> {
    let left = LEFT.get().saturating_sub(1);
    LEFT.set(left);
    if left == 0 { Err(E::custom("more values than a page can mean")) } else { Ok(()) }
}

/// What of an object, and of the objects inside it, is looked at.
pub(crate) struct Wanted {
    /// The members that are known by name.
    pub members: &'static [(&'static str, Part)],
    /// What is looked at inside all other members; `None` skips them.
    pub others: Option<&'static Wanted>,
}

/// What of a member is looked at.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Some of it. The member is kept also where there is nothing of that in it.
    Of(&'static Wanted),
    /// Nothing: what stands there is never about what was asked for.
    Nothing,
}

impl Wanted {
    fn part(&'static self, key: &str) -> Option<Part> {
        let known = self.members.iter().find(|(name, _)| *name == key);
        known.map(|(_, part)| *part).or_else(|| self.others.is_none().then_some(Part::Nothing))
    }
}

/// Builds a whole value.
#[derive(Clone, Copy)]
pub(crate) struct Whole;

/// Builds a whole value; for members of types that are read.
pub(crate) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Whole.deserialize(deserializer)
}

impl<'de> DeserializeSeed<'de> for Whole {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Whole {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        spend().map(|()| Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        spend().map(|()| Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        spend().map(|()| Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        spend().map(|()| Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.visit_string(value.to_owned())
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        spend().map(|()| Value::String(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        spend().map(|()| Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        spend()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        spend()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            object.insert(key, members.next_value_seed(self)?);
        }
        Ok(Value::Object(object))
    }
}

/// Builds what is wanted of a value, at the place where it stands; `None` where there is nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Picked(pub &'static Wanted);

impl<'de> DeserializeSeed<'de> for Picked {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Picked {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Option<Value>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.extend(element);
        }
        (!list.is_empty()).then(|| spend().map(|()| Value::Array(list))).transpose()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<Value>, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key_seed(Key)? {
            let value = match (self.0.part(&key), self.0.others) {
                (Some(Part::Whole), _) => Some(members.next_value_seed(Whole)?),
                (Some(Part::Of(wanted)), _) => {
                    Some(members.next_value_seed(Self(wanted))?.unwrap_or_else(|| Value::Object(Map::new())))
                }
                (None, Some(wanted)) => members.next_value_seed(Self(wanted))?,
                (Some(Part::Nothing), _) | (None, None) => {
                    members.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(value) = value {
                object.insert(key.into_owned(), value);
            }
        }
        (!object.is_empty()).then(|| spend().map(|()| Value::Object(object))).transpose()
    }
}

/// A member's name, copied only where it has escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::{picked, read};

    static DEEP: Wanted =
        Wanted { members: &[("a", Part::Whole), ("b", Part::Of(&FEW)), ("c", Part::Nothing)], others: Some(&DEEP) };
    static FEW: Wanted = Wanted { members: &[("x", Part::Whole)], others: None };

    #[test]
    fn what_is_wanted_keeps_its_place_and_the_rest_is_gone() {
        let text =
            r#"{"q":[1,{"a":{"n":[null,1.5,"t",true,-1]}},"s"],"b":{"x":1,"a":2},"c":{"a":3},"e":{"f":{}}} tail"#;
        let wanted = json!({"q": [{"a": {"n": [null, 1.5, "t", true, -1]}}], "b": {"x": 1}});
        assert_eq!(picked(text, &DEEP), Some(wanted));
        assert_eq!(picked(r#"{"b":null,"e":1}"#, &DEEP), Some(json!({"b": {}})));
        assert_eq!(picked(r#"{"e":[{}]}"#, &DEEP), Some(json!({})));
    }

    #[test]
    fn what_is_cut_off_or_too_deep_is_not_read_in_part() {
        assert_eq!(picked(r#"{"a":1,"#, &DEEP), None);
        assert_eq!(picked(&"{\"e\":".repeat(100_000), &DEEP), None);
    }

    #[test]
    fn a_whole_value_is_what_the_library_reads() {
        let text = r#"{"a":[1,-2,3.5,1e3,"x\ny",true,false,null,{"k":{"a":18446744073709551615}}],"é":{}}"#;
        assert_eq!(read(text), Some(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn more_values_than_a_page_can_mean_are_not_built() {
        let many = format!("[{}0]", "0,".repeat(usize::try_from(MOST_VALUES).unwrap()));
        assert_eq!(bounded(|| read(&many)), (None, false));
        let few = format!("[{}0]", "0,".repeat(usize::try_from(MOST_VALUES).unwrap() - 10));
        assert!(matches!(bounded(|| read(&few)), (Some(_), true)));
        let of_two_blocks = bounded(|| [read(&few).is_some(), read(&few).is_some()]);
        assert_eq!(of_two_blocks, ([true, false], false), "the bound is the page's, not each block's");
        assert_eq!(bounded(|| picked(&many, &DEEP)), (Some(json!({})), true));
    }
}
