//! Faults that are switched on while the server runs: for a whole platform, or for one handle or post of it.

use std::collections::HashMap;

use domain::Platform;

use crate::state::State;

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    platforms: HashMap<Platform, State>,
    targets: HashMap<(Platform, String), State>,
}

impl Faults {
    /// Puts a platform (`target` `None`) or one target of it into a state, or back into its own (`state` `None`).
    pub(crate) fn set(&mut self, platform: Platform, target: Option<String>, state: Option<State>) {
        match (target, state) {
            (None, Some(state)) => drop(self.platforms.insert(platform, state)),
            (None, None) => drop(self.platforms.remove(&platform)),
            (Some(target), Some(state)) => drop(self.targets.insert((platform, target), state)),
            (Some(target), None) => drop(self.targets.remove(&(platform, target))),
        }
    }

    /// The state of the whole platform.
    pub(crate) fn of_platform(&self, platform: Platform) -> Option<State> {
        self.platforms.get(&platform).copied()
    }

    /// The state of one handle or post, whatever the platform's is.
    pub(crate) fn of_target(&self, platform: Platform, target: &str) -> Option<State> {
        if self.targets.is_empty() {
            return None;
        }
        self.targets.get(&(platform, target.to_owned())).copied()
    }
}
