//! Tracked accounts.

mod read;
mod row;
mod write;

pub(crate) use read::conditions;
pub use row::AccountRow;
