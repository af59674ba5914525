//! How records become rows.

use domain::ExportFilters;

use crate::{Column, FilesError, Value};

/// Rows, each with a value for each column.
pub type Rows = Vec<Vec<Value>>;

/// How records of one kind are laid out in a file.
#[derive(Debug)]
pub struct Layout<R: 'static> {
    /// The columns.
    pub columns: &'static [Column],
    /// The rows of these records, as an export with these filters has them: a value for each of the columns.
    pub rows: fn(Vec<R>, &ExportFilters) -> Result<Rows, FilesError>,
}
