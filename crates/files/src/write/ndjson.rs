//! NDJSON: an object on each line, with every column, null or not.

use crate::{Column, FilesError, Value};

/// Lines in the making.
#[derive(Debug)]
pub struct Lines {
    columns: &'static [Column],
    out: Vec<u8>,
}

impl Lines {
    pub const fn new(columns: &'static [Column]) -> Self {
        Self { columns, out: Vec::new() }
    }

    pub fn push(&mut self, row: &[Value]) -> Result<(), FilesError> {
        if row.len() != self.columns.len() {
            return Err(FilesError::Misfit);
        }
        for (at, (column, value)) in self.columns.iter().zip(row).enumerate() {
            self.out.push(if at == 0 { b'{' } else { b',' });
            serde_json::to_writer(&mut self.out, column.name)?;
            self.out.push(b':');
            match value {
                Value::Null => self.out.extend_from_slice(b"null"),
                Value::Text(text) => serde_json::to_writer(&mut self.out, text)?,
                Value::Json(text) => self.out.extend_from_slice(text.as_bytes()),
                Value::Integer(number) => serde_json::to_writer(&mut self.out, number)?,
                Value::Number(number) => serde_json::to_writer(&mut self.out, number)?,
                Value::Boolean(flag) => serde_json::to_writer(&mut self.out, flag)?,
                Value::Time(at) => serde_json::to_writer(&mut self.out, at)?,
                Value::Day(day) => serde_json::to_writer(&mut self.out, day)?,
            }
        }
        self.out.extend_from_slice(b"}\n");
        Ok(())
    }

    pub const fn bytes(&self) -> usize {
        self.out.len()
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}
