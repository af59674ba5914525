//! Tracked accounts.

mod read;
mod row;
mod write;
