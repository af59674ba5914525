//! The schedule row: the one mechanism behind first scrapes, periodic refreshes, refreshes on demand, retries, lost wake-ups and
//! crashed workers.
//!
//! A row is *armed* when `due_at` is set. Whoever claims a due row gets a lease; until the lease ends nobody else can, and every write
//! back is fenced by its token. A row whose worker vanished is due again when the lease ends. The queue only says where to look: a wake
//! that is lost, doubled or late changes nothing here.

mod arm;
mod cadence;
mod claim;
mod clear;
pub(crate) mod gate;
mod lock;
mod offer;

mod batch;
pub(crate) use batch::{Asker, arm_batch, rest_batch};

use std::time::Duration;

use domain::{Platform, RequestId, RunId, Source, TargetKind};
use uuid::Uuid;

use crate::runs::Cause;

pub(crate) use arm::{SPREAD_FRACTION, arm_locked_now, arm_now, follow_tracking, rest, visit_orphans, waiting};
pub(crate) use cadence::interval;
pub(crate) use lock::{hold, hold_list, lock, lock_all, lock_list, lock_profile};

/// How often one door of a platform may be asked, by all workers together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Least time between two page loads; zero for no bound.
    pub min_interval: Duration,
    /// Page loads at the same time.
    pub max_in_flight: Option<u32>,
    /// Page loads within any sixty minutes.
    pub max_per_hour: Option<u32>,
}

/// When a platform that refuses is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Refusals in a row, over all workers, that open it.
    pub refusals_to_open: u32,
    /// For how long it stays open the first time, the second time in a row, and so on; the last one repeats. After each wait a single
    /// page load goes out as a probe: an answer closes the breaker, another refusal opens it for the next longer wait.
    pub waits: [Duration; 4],
}

/// The sources of each kind of target on one platform, in the order in which they are tried. None of a kind means that it is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePlan {
    /// Those of profiles.
    pub profile: Vec<Source>,
    /// Those of the lists of a profile's posts.
    pub feed: Vec<Source>,
    /// Those of posts.
    pub post: Vec<Source>,
}

impl SourcePlan {
    /// Those of a kind of target.
    pub fn of(&self, kind: TargetKind) -> &[Source] {
        match kind {
            TargetKind::Profile => &self.profile,
            TargetKind::Feed => &self.feed,
            TargetKind::Post => &self.post,
        }
    }
}

/// What a worker may do on one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformPolicy {
    /// The platform.
    pub platform: Platform,
    /// Where its targets can be asked for.
    pub sources: SourcePlan,
    /// The ways out to its public pages: the names of proxies, or [`domain::source::DIRECT`] alone. Each has a budget and a breaker of its own.
    pub egresses: Vec<String>,
    /// The budget of its public pages, for each way out.
    pub pages: Budget,
    /// The budget of its official interface.
    pub official: Budget,
    /// When it is left alone.
    pub breaker: Breaker,
}

/// How a worker claims.
#[derive(Clone, Debug)]
pub struct ClaimPolicy {
    /// The worker's name, for support staff.
    pub worker: String,
    /// How long a claim lasts when nothing is heard of the worker again.
    pub lease: Duration,
    /// The platforms that are switched on.
    pub platforms: Vec<PlatformPolicy>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// The row is this worker's until the lease ends.
    Taken(Box<Job>),
    /// Nothing to do: not due, in other hands, or armed anew since the wake.
    NotDue,
    /// Due, but the platform is not to be asked now; the sweeper comes back to it.
    Gated,
    /// Nobody collects it any more; the row was put to rest.
    Untracked,
}

/// A claimed schedule row: what to read, and the right to record it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The kind of target.
    pub kind: TargetKind,
    /// The profile's or post's id.
    pub target_id: i64,
    /// The platform.
    pub platform: Platform,
    /// The fence: writes with another token are refused.
    pub lease_token: Uuid,
    /// The arming that was claimed.
    pub generation: i64,
    /// The run that this attempt belongs to.
    pub run_id: RunId,
    /// The call that caused it, when one did.
    pub request_id: Option<RequestId>,
    /// Claims of this arming so far, this one included.
    pub attempts: i64,
    /// The page load that this claim stands for.
    pub load_id: Uuid,
    /// Whether the target was never read before.
    pub is_first: bool,
    /// Where it is to be asked for.
    pub source: Source,
    /// Whether this source's word on what is gone or withheld counts: it is the first that the platform itself answers everybody by.
    pub is_primary: bool,
    /// By which way out.
    pub egress: String,
    /// Where it can be asked for after this, when this source fails.
    pub further: Vec<Source>,
    /// When the platform is left alone.
    pub breaker: Breaker,
    /// What to read.
    pub target: JobTarget,
}

impl Job {
    /// This run, as what arms further rows.
    pub(crate) fn cause(&self) -> Cause<'_> {
        Cause::Run { id: self.run_id, request_id: self.request_id.as_ref() }
    }
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobTarget {
    /// A profile's page.
    Profile {
        /// The handle.
        username: String,
        /// The platform's id, when known.
        platform_id: Option<String>,
    },
    /// The list of a profile's posts.
    Feed {
        /// The handle.
        username: String,
        /// The platform's id, when known.
        platform_id: Option<String>,
    },
    /// A post's page.
    Post {
        /// The platform's id.
        external_id: String,
        /// The author's handle, when known.
        username: Option<String>,
    },
}

/// `SET` items that make a row's next claim ask its first source again.
pub(crate) const FROM_THE_FIRST_SOURCE: &str = "step = 0, first_outcome = NULL, first_detail = NULL";

/// A row that a wake may be about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub kind: TargetKind,
    pub id: i64,
    pub platform: Platform,
}
