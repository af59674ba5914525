//! Exports by a worker that dies, fails, is overtaken and is told to stop, at every step, on both databases.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod contents;
mod lives;
mod mortal;
#[path = "../../../store/tests/support/mod.rs"]
mod support;
mod world;
mod writers;
