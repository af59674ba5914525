//! CSV after RFC 4180: commas, quotes where they are needed, CRLF, UTF-8, a line of names. Nulls are empty.
//!
//! Spreadsheets run what begins like a formula. A text that does is written with a `'` before it, which they hide; NDJSON and Parquet have it as
//! it is. Numbers, times and ids never begin so, but for negative numbers, which are numbers.

use csv::{Terminator, Writer, WriterBuilder};

use crate::{Column, FilesError, Value};

/// What makes a text a formula at its beginning.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Lines in the making.
#[derive(Debug)]
pub struct Lines {
    writer: Writer<Vec<u8>>,
    bytes: usize,
    field: String,
}

fn writer() -> Writer<Vec<u8>> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new())
}

fn into_bytes(writer: Writer<Vec<u8>>) -> Result<Vec<u8>, FilesError> {
    writer.into_inner().map_err(|error| FilesError::Csv(error.into_error().into()))
}

/// The line of names.
pub fn head(columns: &[Column]) -> Result<Vec<u8>, FilesError> {
    let mut writer = writer();
    writer.write_record(columns.iter().map(|column| column.name))?;
    into_bytes(writer)
}

impl Lines {
    pub fn new() -> Self {
        Self { writer: writer(), bytes: 0, field: String::new() }
    }

    pub fn push(&mut self, row: &[Value]) -> Result<(), FilesError> {
        for value in row {
            self.field.clear();
            write_field(&mut self.field, value);
            self.bytes += self.field.len() + 1;
            self.writer.write_field(&self.field)?;
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn finish(self) -> Result<Vec<u8>, FilesError> {
        into_bytes(self.writer)
    }
}

fn write_field(field: &mut String, value: &Value) {
    use std::fmt::Write;
    // Writing to a String cannot fail.
    let _ = match value {
        Value::Null => Ok(()),
        Value::Text(text) => {
            if text.starts_with(FORMULA) {
                field.push('\'');
            }
            field.write_str(text)
        }
        Value::Json(text) => field.write_str(text),
        Value::Integer(number) => write!(field, "{number}"),
        Value::Number(number) => write!(field, "{number}"),
        Value::Boolean(flag) => write!(field, "{flag}"),
        Value::Time(at) => write!(field, "{at}"),
        Value::Day(day) => write!(field, "{day}"),
    };
}
