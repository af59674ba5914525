//! Tracked accounts.

mod read;
mod row;
mod write;

pub use row::AccountRow;
