//! Stand-in platforms on loopback: pages in the shapes that Instagram and TikTok serve to guests, a seeded population that grows, and faults on demand.
//!
//! One HTTP server serves demonstrations, tests and load alike, under `/instagram`, `/tiktok` and `/control`. What a page says is a pure function of
//! the seed, the handle or post id, and the clock, so a test can compute it from [`population`] instead of recording it. The states that real
//! platforms answer with (missing, private, throttled, …) have handles and posts of their own, listed in [`named`], and can also be switched on for
//! a whole platform or for one target while the server runs.

mod ask;
mod control;
mod faults;
mod instagram;
pub mod named;
mod noise;
pub mod population;
mod rounding;
mod server;
mod state;
mod stats;
mod tiktok;
mod world;

pub use population::Population;
pub use server::{Sandbox, SandboxConfig, start};
pub use state::State;
pub use stats::{PlatformStats, Stats};
