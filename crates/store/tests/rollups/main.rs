//! Numbers of creators and organizations: each post once, of what is linked now, the same as a plain walk over the days of posts and profiles.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod known;
mod parts;
mod sums;
#[path = "../support/mod.rs"]
mod support;
mod world;
