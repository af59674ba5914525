//! Stand-in platforms on loopback: pages in the shapes that Instagram, TikTok, YouTube and Pinterest serve to guests, two official interfaces, a
//! seeded population that grows, and faults and events on demand.
//!
//! One HTTP server serves demonstrations, tests and load alike, under `/instagram`, `/tiktok`, `/youtube`, `/pinterest`, `/graph`, `/youtube-data`
//! and `/control`. What a page says is a function of the seed, the handle or post id, the clock and the events told so far, so a test can ask for
//! the [`Truth`] instead of recording it. The states that real platforms answer with (missing, private, throttled, …) have handles and posts of
//! their own, listed in [`named`], and can also be switched on for a whole platform, one surface, one way out or one target while the server runs.

mod ask;
mod control;
mod events;
mod faults;
mod graph;
mod happen;
mod instagram;
pub mod named;
mod noise;
pub mod past;
mod pinterest;
pub mod population;
mod proxy;
mod requests;
mod rounding;
mod server;
mod short;
mod state;
mod stats;
mod surface;
mod tiktok;
mod truth;
mod world;
mod youtube;
mod youtube_data;

pub use events::{Era, Event};
pub use faults::{FaultAt, Refusals};
pub use graph::{GRAPH_TOKEN, GRAPH_USER_ID};
pub use happen::CannotHappen;
pub use population::Population;
pub use proxy::SandboxProxy;
pub use requests::Request;
pub use server::{Sandbox, SandboxConfig, start};
pub use short::{short_code, short_link};
pub use state::State;
pub use stats::{PlatformStats, Stats};
pub use surface::Surface;
pub use truth::{PostCounts, PostTruth, ProfileCounts, ProfileTruth, Standing, Truth};
pub use youtube_data::YOUTUBE_DATA_KEY;
