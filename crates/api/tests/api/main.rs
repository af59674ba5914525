//! The API over real sockets and a real store on a temporary SQLite file.

mod harness;

mod accounts;
mod creators;
mod docs;
mod idempotency;
mod isolation;
mod limits;
mod lists;
mod problems;
mod videos;
