//! The story behind a call, a run or a tracking record, across processes and organizations: for the operator, who helps customers.
//!
//! Every statement finds its rows by an index and stops at a limit, so that a story costs the same among millions. The newest are kept; of a
//! request the oldest runs, since the first reads are what its caller asked for.

mod gaps;
mod read;
mod rows;
mod runs;
mod waiting;

use domain::{OrganizationId, RunId, Timestamp};
use uuid::Uuid;

use crate::RequestEvent;

/// What is known about one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// The tracking record that it is about.
    pub record: Option<TracedRecord>,
    /// Calls, oldest first.
    pub calls: Vec<RequestEvent>,
    /// Changes of keys and organizations that the calls made, oldest first.
    pub changes: Vec<TracedChange>,
    /// Runs, oldest first.
    pub runs: Vec<TracedRun>,
    /// The page loads of the runs, oldest first.
    pub loads: Vec<TracedLoad>,
    /// What the runs that have not ended wait for, and those that failed and will be tried again.
    pub waiting: Vec<TracedWait>,
    /// Calls that came, by what is left of them, and are not recorded.
    pub unrecorded: Vec<UnrecordedCall>,
    /// Processes whose calls may be missing within the time of the story, newest first. When there is no story, the newest that may have
    /// had the call that was asked for.
    pub gaps: Vec<ProcessGap>,
    /// What the limit left out.
    pub left_out: LeftOut,
}

/// A call of which there are traces, and no record: it was lost with its process, is not written yet, or is no longer kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnrecordedCall {
    /// Its `X-Request-ID`.
    pub request_id: String,
    /// Whose it was.
    pub organization_id: Option<OrganizationId>,
    /// When it came, at the latest.
    pub before: Timestamp,
}

/// How many entries were left out, of each kind: by the limit, but for the gaps, of which few are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Calls.
    pub calls: i64,
    /// Changes.
    pub changes: i64,
    /// Runs.
    pub runs: i64,
    /// Page loads of the runs that are told of.
    pub loads: i64,
    /// Processes whose record has gaps.
    pub gaps: i64,
}

/// Something that waits to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedWait {
    /// The run of the story that is open, or was the last to fail.
    pub run_id: RunId,
    /// Which page is read: `profile`, `feed` or `post`.
    pub kind: String,
    /// The profile or post.
    pub target_id: i64,
    /// The platform.
    pub platform: String,
    /// The handle, or the platform's id of the post.
    pub name: Option<String>,
    /// When it is due; `None` when nothing makes it due, and while nobody collects it.
    pub due_at: Option<Timestamp>,
    /// Whether anybody collects it.
    pub is_collected: bool,
    /// Who reads it now.
    pub worker: Option<String>,
    /// Until when its worker has it.
    pub leased_until: Option<Timestamp>,
    /// Since when the operator stopped the platform.
    pub stopped_at: Option<Timestamp>,
    /// Why.
    pub stopped_because: Option<String>,
    /// The platform's doors that are shut.
    pub shut_doors: Vec<ShutDoor>,
    /// Whether no door of the platform is open.
    pub is_left_alone: bool,
}

/// A way out by which a platform is not asked for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutDoor {
    /// Its name.
    pub egress: String,
    /// Until when.
    pub closed_until: Timestamp,
}

/// An organization's tracking of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRecord {
    /// `account`, `video` or `account_video`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// The platform.
    pub platform: String,
    /// The handle, or the platform's id of the post.
    pub name: Option<String>,
    /// The profile or post that is read for it.
    pub target_id: i64,
    /// Whether it is collected.
    pub is_active: bool,
    /// Since when it is tracked.
    pub added_at: Timestamp,
    /// When it was last read.
    pub last_scrape_at: Option<Timestamp>,
}

/// A change that left an audit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedChange {
    /// When.
    pub occurred_at: Timestamp,
    /// Whose.
    pub organization_id: OrganizationId,
    /// The call that made it.
    pub request_id: Option<String>,
    /// Who made it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub subject_type: String,
    /// Its id.
    pub subject_id: Uuid,
    /// What it was, as JSON.
    pub before: Option<String>,
    /// What it became, as JSON.
    pub after: Option<String>,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedRun {
    /// Its id.
    pub id: RunId,
    /// Which page is read: `profile`, `feed` or `post`.
    pub kind: String,
    /// The profile or post.
    pub target_id: i64,
    /// The handle, or the platform's id of the post, as far as it is still known.
    pub name: Option<String>,
    /// What the organization whose call it was collects by it: `account`, `video` or `account_video`.
    pub tracked_type: Option<String>,
    /// The id of that.
    pub tracked_id: Option<String>,
    /// The platform.
    pub platform: String,
    /// Why it came to be.
    pub trigger: String,
    /// The call that caused it.
    pub request_id: Option<String>,
    /// The organization whose call it was.
    pub organization_id: Option<OrganizationId>,
    /// Where it stands.
    pub status: String,
    /// How it ended.
    pub outcome: Option<String>,
    /// How often a worker took it up.
    pub attempts: i64,
    /// Since when it was due.
    pub queued_at: Timestamp,
    /// When a worker first took it up.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The HTTP status of the page that decided.
    pub http_status: Option<i64>,
    /// What read that page.
    pub adapter: Option<String>,
    /// What is known beyond that.
    pub detail: Option<String>,
    /// Who has it or had it last.
    pub worker: Option<String>,
}

/// A page load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedLoad {
    /// Its id.
    pub id: Uuid,
    /// Its run.
    pub run_id: Option<RunId>,
    /// The platform.
    pub platform: String,
    /// Which page was read.
    pub kind: String,
    /// Where it was asked for.
    pub source: String,
    /// The way out.
    pub egress: String,
    /// Who asked.
    pub worker: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it is under way, and for ever when its worker died.
    pub finished_at: Option<Timestamp>,
    /// What it came to.
    pub outcome: Option<String>,
    /// The HTTP status.
    pub http_status: Option<i64>,
    /// What read the page.
    pub adapter: Option<String>,
    /// What is known beyond that.
    pub detail: Option<String>,
}

/// A life of an API process whose record of calls has a gap, or may have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessGap {
    /// The process.
    pub name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was last heard of.
    pub heard_at: Timestamp,
    /// Whether it ended without a goodbye: calls of its last second may be missing.
    pub is_silent: bool,
    /// How many calls it gave up noting.
    pub lost: i64,
    /// When it last noticed that.
    pub lost_at: Option<Timestamp>,
}
