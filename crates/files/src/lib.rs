//! Files that are handed out: their formats, the parts that they are written in, and where they are kept.
//!
//! A file is written as parts, each an object that is there as a whole or not at all, and then joined into one. What a part holds follows from
//! its rows alone ([`PartLimits`]), and joining copies, so whoever writes the same rows gets the same bytes, however often they were interrupted.

mod column;
mod join;
mod layout;
mod storage;
mod upload;
mod write;

pub use column::{Column, Kind, Value};
pub use join::Part;
pub use layout::{Layout, Rows};
pub use storage::{Folder, S3Config, Storage, StorageConfig};
pub use upload::Written;
pub use write::{PartLimits, PartWriter};

use thiserror::Error;

/// A failure with files.
#[derive(Debug, Error)]
pub enum FilesError {
    /// The place where files are kept cannot be made out.
    #[error("exports.url {0}")]
    Address(&'static str),
    /// The folder of a `file:` address cannot be made.
    #[error("the folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The store of objects failed.
    #[error("the store of objects failed")]
    Store(#[from] object_store::Error),
    /// What was written or read is no Parquet.
    #[error("Parquet failed")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A line of CSV could not be written.
    #[error("CSV failed")]
    Csv(#[from] csv::Error),
    /// A text could not be written.
    #[error("JSON failed")]
    Json(#[from] serde_json::Error),
    /// A row does not fit its columns.
    #[error("a row does not fit its columns")]
    Misfit,
    /// The thread that wrote a part did not come back.
    #[error("a part was not written to its end")]
    Broken,
}

impl FilesError {
    /// Whether the object that was asked for is not there.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Store(object_store::Error::NotFound { .. }))
    }
}
