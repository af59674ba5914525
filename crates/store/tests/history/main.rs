//! History by days: each organization's own, of what it saw, the same whether kept while recording or made anew.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod kept;
mod made;
mod model;
mod rows;
#[path = "../support/mod.rs"]
mod support;
mod world;
