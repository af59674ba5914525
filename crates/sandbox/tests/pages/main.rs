//! What comes over the wire: the pages' shapes and facts, and the signal of every state, read as a client reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod client;
mod control;
mod events;
mod fallbacks;
mod instagram;
mod official;
mod pinterest;
mod proxy;
mod short;
mod tiktok;
mod youtube;
