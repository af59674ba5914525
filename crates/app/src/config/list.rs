//! A list of numbers or words. A file writes `[1, 2]`; the environment, which has texts only, `1, 2`.

use std::fmt::{Display, Formatter};
use std::marker::PhantomData;
use std::ops::Deref;
use std::str::FromStr;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A list, in the order in which it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct List<T>(Vec<T>);

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

#[cfg(test)]
impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<'de, T> Deserialize<'de> for List<T>
where
    T: Deserialize<'de> + FromStr<Err: Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EitherForm(PhantomData))
    }
}

struct EitherForm<T>(PhantomData<T>);

impl<'de, T> Visitor<'de> for EitherForm<T>
where
    T: Deserialize<'de> + FromStr<Err: Display>,
{
    type Value = List<T>;

    fn expecting(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
        items(text).map(|item| item.parse().map_err(E::custom)).collect::<Result<_, _>>().map(List)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(item) = sequence.next_element()? {
            found.push(item);
        }
        Ok(List(found))
    }
}

/// The items of a list that is written as a text.
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}
