//! What is to be read, why, and how a worker is told.

use serde::{Deserialize, Serialize};

use crate::request_id::RequestId;
use crate::validation::one_of;

/// What a schedule row is about. One claim of a row is one page load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// A profile's page.
    Profile,
    /// The list of a profile's recent posts.
    Feed,
    /// A post's page.
    Post,
}

impl TargetKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Profile, Self::Feed, Self::Post];

    /// The name in the database and in log lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Feed => "feed",
            Self::Post => "post",
        }
    }
}

impl std::str::FromStr for TargetKind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, TargetKind::as_str)
    }
}

/// Why a run came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The target was just added.
    Created,
    /// Its interval passed, with a tenth of it to spare.
    Scheduled,
    /// A client asked.
    Refresh,
    /// The run before it failed.
    Retry,
}

impl Trigger {
    /// Every trigger, in the contract's order.
    pub const ALL: [Self; 4] = [Self::Created, Self::Scheduled, Self::Refresh, Self::Retry];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Scheduled => "scheduled",
            Self::Refresh => "refresh",
            Self::Retry => "retry",
        }
    }
}

impl std::str::FromStr for Trigger {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        one_of(s, &Self::ALL, Trigger::as_str)
    }
}

/// All that the queue carries: look at this schedule row. Losing, doubling or reordering wakes costs latency, never correctness.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// What the row is about.
    pub kind: TargetKind,
    /// Which one.
    pub target_id: i64,
    /// The arming of the row that this wake is for; a later arming makes it void.
    pub generation: i64,
    /// The call that caused it, when one did.
    pub request_id: Option<RequestId>,
}

/// How the data of a target stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FreshnessState {
    /// Never read so far, and not known to fail.
    Pending,
    /// Read within its interval.
    Fresh,
    /// Its interval passed.
    Stale,
    /// The last attempt failed.
    Failing,
    /// Collection is switched off.
    Paused,
    /// The platform says, twice, that it does not exist.
    Unavailable,
}
