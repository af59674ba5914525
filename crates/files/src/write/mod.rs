//! Writing rows into parts.

mod csv;
mod ndjson;
mod parquet;

pub(crate) use self::parquet::{joined as joined_parquet, properties, schema};

use domain::ExportFormat;

use crate::{Column, FilesError, Value};

/// When a part is full: at whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLimits {
    /// Rows of a part at most.
    pub rows: u64,
    /// Bytes after which a part takes no further row. One part stands in memory at a time.
    pub bytes: usize,
}

/// A part in the making. It is kept in memory to its end.
#[derive(Debug)]
pub struct PartWriter {
    limits: PartLimits,
    rows: u64,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Csv(Box<csv::Lines>),
    Ndjson(ndjson::Lines),
    Parquet(parquet::RowGroup),
}

impl PartWriter {
    /// An empty part.
    pub fn new(format: ExportFormat, columns: &'static [Column], limits: PartLimits) -> Self {
        let body = match format {
            ExportFormat::Csv => Body::Csv(Box::new(csv::Lines::new())),
            ExportFormat::Ndjson => Body::Ndjson(ndjson::Lines::new(columns)),
            ExportFormat::Parquet => Body::Parquet(parquet::RowGroup::new(columns)),
        };
        Self { limits, rows: 0, body }
    }

    /// Adds a row, a value for each column.
    pub fn push(&mut self, row: &[Value]) -> Result<(), FilesError> {
        match &mut self.body {
            Body::Csv(lines) => lines.push(row),
            Body::Ndjson(lines) => lines.push(row),
            Body::Parquet(group) => group.push(row),
        }?;
        self.rows += 1;
        Ok(())
    }

    /// Rows so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the next row belongs to the next part. It follows from the rows alone.
    pub fn is_full(&self) -> bool {
        let bytes = match &self.body {
            Body::Csv(lines) => lines.bytes(),
            Body::Ndjson(lines) => lines.bytes(),
            Body::Parquet(group) => group.bytes(),
        };
        self.rows >= self.limits.rows || bytes >= self.limits.bytes
    }

    /// The part's bytes. Takes a while: not for a thread that others wait for.
    pub fn finish(self) -> Result<Vec<u8>, FilesError> {
        match self.body {
            Body::Csv(lines) => lines.finish(),
            Body::Ndjson(lines) => Ok(lines.finish()),
            Body::Parquet(group) => group.finish(),
        }
    }
}

/// What a file begins with, before the first part; Parquet is joined in its own way.
pub(crate) fn head(format: ExportFormat, columns: &[Column]) -> Result<Vec<u8>, FilesError> {
    match format {
        ExportFormat::Csv => csv::head(columns),
        ExportFormat::Ndjson | ExportFormat::Parquet => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests;
