//! Creators: an organization's name for a person, with the accounts that belong to them.

mod read;
mod write;

pub use read::{LinkedCreator, find};
pub use write::sum_followers;
