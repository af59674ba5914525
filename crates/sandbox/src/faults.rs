//! Faults that are switched on while the server runs: for a whole platform, one surface of it, one way out, one handle or post, or any of these
//! together; and requests that are refused at random.

use std::collections::HashMap;

use domain::Platform;
use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::surface::Surface;

/// Which requests a fault stands before. What is `None` is any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FaultAt {
    /// The platform.
    pub platform: Platform,
    /// One surface of it. Without one, a state of the network or the platform (throttled, garbage, …) stands before the pages alone, and a state of
    /// the account or post itself (missing, private, …) is told by the official interface too.
    pub surface: Option<Surface>,
    /// A handle, or a post's id, shortcode or address.
    pub target: Option<String>,
    /// Requests that come by this way out, as their `X-Sandbox-Egress` header names it.
    pub egress: Option<String>,
}

impl FaultAt {
    /// All requests of a platform.
    pub const fn platform(platform: Platform) -> Self {
        Self { platform, surface: None, target: None, egress: None }
    }

    /// The same, on one surface alone.
    #[must_use]
    pub fn on(self, surface: Surface) -> Self {
        Self { surface: Some(surface), ..self }
    }

    /// The same, for one handle or post alone.
    #[must_use]
    pub fn of(self, target: &str) -> Self {
        Self { target: Some(target.to_owned()), ..self }
    }

    /// The same, by one way out alone.
    #[must_use]
    pub fn by(self, egress: &str) -> Self {
        Self { egress: Some(egress.to_owned()), ..self }
    }
}

/// A share of a platform's requests, refused at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// How many of a thousand requests are refused.
    pub per_mille: u16,
    /// What the refused ones are answered with.
    pub state: State,
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    at: HashMap<FaultAt, State>,
    refusals: HashMap<Platform, (Refusals, u64)>,
}

impl Faults {
    /// Puts what `at` names into a state, or back into its own (`state` `None`).
    pub(crate) fn set(&mut self, at: FaultAt, state: Option<State>) {
        match state {
            Some(state) => drop(self.at.insert(at, state)),
            None => drop(self.at.remove(&at)),
        }
    }

    /// The state of one target (the whole platform: `None`) on a surface, the most particular fault first.
    pub(crate) fn find(
        &self,
        platform: Platform,
        surface: Surface,
        target: Option<&str>,
        egress: Option<&str>,
    ) -> Option<State> {
        if self.at.is_empty() {
            return None;
        }
        let egresses = egress.map(|name| Some(name.to_owned())).into_iter().chain([None]);
        egresses.flat_map(|egress| [(egress.clone(), Some(surface)), (egress, None)]).find_map(|(egress, on)| {
            let at = FaultAt { platform, surface: on, target: target.map(str::to_owned), egress };
            self.at.get(&at).copied().filter(|state| on.is_some() || reaches(*state, surface))
        })
    }

    /// Refuses a share of a platform's requests from now on, or none.
    pub(crate) fn refuse(&mut self, platform: Platform, refusals: Option<Refusals>) {
        match refusals {
            Some(refusals) => drop(self.refusals.insert(platform, (refusals, 0))),
            None => drop(self.refusals.remove(&platform)),
        }
    }

    /// The next request's number among those that might be refused, and how.
    pub(crate) fn next_refusal(&mut self, platform: Platform) -> Option<(Refusals, u64)> {
        let (refusals, count) = self.refusals.get_mut(&platform)?;
        *count += 1;
        Some((*refusals, *count))
    }
}

/// Whether a fault that names no surface stands before this one.
const fn reaches(state: State, surface: Surface) -> bool {
    match surface {
        Surface::Profile
        | Surface::ProfileEmbed
        | Surface::Feed
        | Surface::Post
        | Surface::PostEmbed
        | Surface::Oembed => true,
        Surface::Official => state.is_of_the_thing(),
        Surface::ShortLink => !state.is_of_the_thing(),
        Surface::Login | Surface::Other => false,
    }
}
