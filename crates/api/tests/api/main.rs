//! The API over real sockets and a real store on a temporary SQLite file.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod document;
mod harness;
mod history;

mod accounts;
mod api_keys;
mod bodies;
mod collections;
mod conventions;
mod creators;
mod cursors;
mod docs;
mod exports;
mod idempotency;
mod isolation;
mod limits;
mod lists;
mod problems;
mod refresh;
mod reports;
mod requests;
mod rollups;
mod runs;
mod search;
mod short_links;
mod sources;
mod videos;

mod bulk;
mod organization;
