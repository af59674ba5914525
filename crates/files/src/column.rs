//! What rows are made of: columns with a kind, and values.

use domain::{Day, Timestamp};

/// A column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds. Any value may be null.
    pub kind: Kind,
}

impl Column {
    /// A column.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text. Parquet: a string.
    Text,
    /// JSON: in NDJSON as it is, elsewhere as a text.
    Json,
    /// A whole number. Parquet: 64 bits.
    Integer,
    /// A number. Parquet: a double.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A moment, as RFC 3339 in UTC. Parquet: a timestamp of milliseconds in UTC.
    Time,
    /// A day, `YYYY-MM-DD`. Parquet: a date.
    Day,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing is known. An empty field in CSV.
    Null,
    /// Of [`Kind::Text`].
    Text(String),
    /// Of [`Kind::Json`], as it is written.
    Json(String),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Time`].
    Time(Timestamp),
    /// Of [`Kind::Day`].
    Day(Day),
}

macro_rules! values_of {
    ($($from:ty => $variant:ident),* $(,)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value)
            }
        }

        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                value.map_or(Self::Null, Self::$variant)
            }
        }
    )*};
}

values_of!(String => Text, i64 => Integer, f64 => Number, bool => Boolean, Timestamp => Time, Day => Day);

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl Value {
    /// Any resource's id, as a text.
    pub fn id(id: impl std::fmt::Display) -> Self {
        Self::Text(id.to_string())
    }
}
