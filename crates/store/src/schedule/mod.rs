//! The schedule row: the one mechanism behind first scrapes, periodic refreshes, refreshes on demand, retries, lost wake-ups and
//! crashed workers.
//!
//! A row is *armed* when `due_at` is set. Whoever claims a due row gets a lease; until the lease ends nobody else can, and every write
//! back is fenced by its token. A row whose worker vanished is due again when the lease ends. The queue only says where to look: a wake
//! that is lost, doubled or late changes nothing here.

mod arm;
mod claim;
mod clear;
mod lock;
mod offer;

use std::time::Duration;

use domain::{Platform, RequestId, RunId, TargetKind};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use crate::StoreError;
use crate::sql::{row, values};

pub(crate) use arm::{SPREAD_FRACTION, arm_now, follow_tracking, rest, visit_orphans};
pub(crate) use lock::{lock, lock_all, lock_list};

/// What a worker may do on one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformPolicy {
    /// The platform.
    pub platform: Platform,
    /// Least time between two page loads, over all workers together; zero for no bound.
    pub min_interval: Duration,
    /// Refusals in a row, over all workers, after which the platform is left alone.
    pub refusals_to_close: u32,
    /// For how long it is left alone.
    pub closed: Duration,
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
    /// What holds for the platform.
    pub policy: PlatformPolicy,
    /// What to read.
    pub target: JobTarget,
}

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobTarget {
    /// A profile's page.
    Profile {
        /// The handle.
        username: String,
    },
    /// The list of a profile's posts.
    Feed {
        /// The handle.
        username: String,
    },
    /// A post's page.
    Post {
        /// The platform's id.
        external_id: String,
        /// The author's handle, when known.
        username: Option<String>,
    },
}

/// A row that a wake may be about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub kind: TargetKind,
    pub id: i64,
    pub platform: Platform,
}

/// The collectors of a target: an SQL expression that gives the shortest interval in hours among its active trackers, or null.
pub(crate) const fn shortest_interval(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Profile | TargetKind::Feed => {
            "(SELECT MIN(a.scrape_interval_hours) FROM accounts a LEFT JOIN creators c ON c.id = a.creator_id \
             WHERE a.profile_id = schedules.target_id AND a.is_active AND COALESCE(c.is_active, TRUE))"
        }
        TargetKind::Post => {
            "(SELECT MIN(t.hours) FROM (\
             SELECT v.scrape_interval_hours AS hours FROM videos v WHERE v.post_id = schedules.target_id AND v.is_active \
             UNION ALL \
             SELECT a.scrape_interval_hours AS hours FROM account_videos av JOIN accounts a ON a.id = av.account_id \
             LEFT JOIN creators c ON c.id = a.creator_id \
             WHERE av.post_id = schedules.target_id AND a.is_active AND COALESCE(c.is_active, TRUE)) t)"
        }
    }
}

/// The shortest interval among a target's active trackers; `None` when nobody collects it.
pub(crate) async fn interval(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    id: i64,
) -> Result<Option<Duration>, StoreError> {
    #[derive(FromQueryResult)]
    struct Hours {
        hours: Option<i64>,
    }
    let sql = format!("SELECT {} AS hours FROM schedules WHERE kind = $1 AND target_id = $2", shortest_interval(kind));
    let found = row::<Hours>(tx, &sql, values![kind.as_str(), id]).await?.and_then(|row| row.hours);
    Ok(found.and_then(|hours| u64::try_from(hours).ok()).map(Duration::from_hours))
}
