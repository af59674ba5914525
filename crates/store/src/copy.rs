//! Rows into a table of PostgreSQL by `COPY`: to the server the cheapest of all ways, and to us one buffer, whatever the number of rows.

use sea_orm::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A value of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field<'a> {
    Null,
    Bool(bool),
    Small(i16),
    Int(i32),
    Number(i64),
    Real(f64),
    Id(Uuid),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<bool> for Field<'_> {
    fn from(is: bool) -> Self {
        Self::Bool(is)
    }
}

impl From<i16> for Field<'_> {
    fn from(number: i16) -> Self {
        Self::Small(number)
    }
}

impl From<i32> for Field<'_> {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Field<'_> {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl<'a> From<&'a [u8]> for Field<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<i64> for Field<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Uuid> for Field<'_> {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl<'a> From<&'a str> for Field<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Field<'_> {
    fn from(field: Option<T>) -> Self {
        field.map_or(Self::Null, Into::into)
    }
}

/// For SQLite, to which one nothing is like another.
impl From<Field<'_>> for Value {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::Null => None::<i64>.into(),
            Field::Bool(is) => is.into(),
            Field::Small(number) => number.into(),
            Field::Int(number) => number.into(),
            Field::Number(number) => number.into(),
            Field::Real(number) => number.into(),
            Field::Id(id) => id.into(),
            Field::Text(text) => text.into(),
            Field::Bytes(bytes) => bytes.to_vec().into(),
        }
    }
}

/// The values of a row, each turned into a [`Field`].
macro_rules! fields {
    ($($value:expr),* $(,)?) => { [$($crate::copy::Field::from($value)),*] };
}
pub(crate) use fields;

/// What the binary form begins with: its signature, no flags, and no extension of the header.
const BEGINNING: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// In the place of a length: there is no value.
const NO_VALUE: i32 = -1;

/// Rows in `COPY`'s binary form, in which no value needs to be escaped or read.
#[derive(Debug, Default)]
pub(crate) struct CopyRows {
    bytes: Vec<u8>,
}

impl CopyRows {
    /// Adds a row. Its fields are of the types of the columns: a number of `BIGINT` is no number of `INTEGER` here.
    pub(crate) fn push(&mut self, row: &[Field<'_>]) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(BEGINNING);
        }
        self.bytes.extend_from_slice(&i16::try_from(row.len()).unwrap_or(i16::MAX).to_be_bytes());
        for field in row {
            match field {
                Field::Null => self.bytes.extend_from_slice(&NO_VALUE.to_be_bytes()),
                Field::Bool(is) => self.value(&[u8::from(*is)]),
                Field::Small(number) => self.value(&number.to_be_bytes()),
                Field::Int(number) => self.value(&number.to_be_bytes()),
                Field::Number(number) => self.value(&number.to_be_bytes()),
                Field::Real(number) => self.value(&number.to_be_bytes()),
                Field::Id(id) => self.value(id.as_bytes()),
                Field::Text(text) => self.value(text.as_bytes()),
                Field::Bytes(bytes) => self.value(bytes),
            }
        }
    }

    /// A value behind its length; one of gigabytes, which the server refuses, gets a length that it refuses too.
    fn value(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(&i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
        self.bytes.extend_from_slice(value);
    }

    /// Writes the rows, if any, into these columns of a table.
    pub(crate) async fn write(
        self,
        connection: &mut PgConnection,
        table: &str,
        columns: &[&str],
    ) -> Result<(), sqlx::Error> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let sql = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", columns.join(", "));
        let mut copy = connection.copy_in_raw(&sql).await?;
        copy.send(self.bytes).await?;
        copy.finish().await?;
        Ok(())
    }
}
