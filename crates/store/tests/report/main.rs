//! Reports: every post once, in any order, with numbers that a plain walk over the reads comes to as well.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod members;
mod orders;
mod posts;
#[path = "../support/mod.rs"]
mod support;
mod world;
