//! The schedule row: the one mechanism behind first scrapes, periodic refreshes, refreshes on demand, retries, lost wake-ups and
//! crashed workers.
//!
//! A row is *armed* when `due_at` is set. Whoever claims a due row gets a lease; until the lease ends nobody else can, and every write
//! back is fenced by its token. A row whose worker vanished is due again when the lease ends. The queue only says where to look: a wake
//! that is lost, doubled or late changes nothing here.

use std::time::Duration;

use domain::{Platform, RequestId, RunId, RunStatus, TargetKind, Timestamp, Trigger, Wake};
use sea_orm::{DatabaseTransaction, FromQueryResult};
use uuid::Uuid;

use crate::sql::{Number, execute, is_postgres, places, row, rows, values};
use crate::{Store, StoreError, runs};

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

#[derive(FromQueryResult)]
struct ClaimedRow {
    platform: String,
    generation: i64,
    reason: String,
    request_id: Option<String>,
    run_id: Option<Uuid>,
    attempts: i64,
    due_at: Option<i64>,
}

#[derive(FromQueryResult)]
struct OfferRow {
    kind: String,
    target_id: i64,
    generation: i64,
    request_id: Option<String>,
}

#[derive(FromQueryResult)]
struct TargetRow {
    username: Option<String>,
    external_id: Option<String>,
}

#[derive(FromQueryResult)]
struct ArmedRow {
    generation: i64,
    superseded: Option<Uuid>,
}

/// A row that a wake may be about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub kind: TargetKind,
    pub id: i64,
    pub platform: Platform,
}

/// Makes sure that there is a row, resting until something arms it.
pub(crate) async fn rest(tx: &DatabaseTransaction, target: Target) -> Result<(), StoreError> {
    execute(
        tx,
        "INSERT INTO schedules (kind, target_id, platform, priority, reason) VALUES ($1, $2, $3, 1, 'created') \
         ON CONFLICT (kind, target_id) DO NOTHING",
        values![target.kind.as_str(), target.id, target.platform.as_str()],
    )
    .await?;
    Ok(())
}

/// Takes the row's lock, so that everybody takes locks in the same order: schedule, profile, post, tracking rows, creators.
/// SQLite has one writer and needs none.
pub(crate) async fn lock(tx: &DatabaseTransaction, kind: TargetKind, id: i64) -> Result<(), StoreError> {
    if is_postgres(tx) {
        row::<Number>(
            tx,
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id = $2 FOR UPDATE",
            values![kind.as_str(), id],
        )
        .await?;
    }
    Ok(())
}

/// Takes the locks of several rows of `kind`, in the order of their ids. `targets` is a subquery of ids in which `$3` stands for `value`.
pub(crate) async fn lock_all(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
) -> Result<(), StoreError> {
    if is_postgres(tx) {
        let sql = format!(
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id IN ({}) ORDER BY target_id FOR UPDATE",
            targets.replace("$3", "$2")
        );
        rows::<Number>(tx, &sql, vec![kind.as_str().into(), value.into()]).await?;
    }
    Ok(())
}

/// Likewise for the rows of these targets.
pub(crate) async fn lock_list(tx: &DatabaseTransaction, kind: TargetKind, ids: &[i64]) -> Result<(), StoreError> {
    if is_postgres(tx) && !ids.is_empty() {
        let sql = format!(
            "SELECT target_id AS value FROM schedules WHERE kind = $1 AND target_id IN ({}) ORDER BY target_id FOR UPDATE",
            places(2, ids.len())
        );
        let values = std::iter::once(kind.as_str().into()).chain(ids.iter().map(|id| (*id).into())).collect();
        rows::<Number>(tx, &sql, values).await?;
    }
    Ok(())
}

/// Arms a row so that it is due now, ahead of routine work, and makes the run that the caller can follow.
pub(crate) async fn arm_now(
    tx: &DatabaseTransaction,
    target: Target,
    reason: Trigger,
    request_id: Option<&RequestId>,
    now: Timestamp,
) -> Result<Wake, StoreError> {
    let run_id = RunId::new();
    let before = row::<ArmedRow>(
        tx,
        "SELECT generation, CASE WHEN lease_token IS NULL THEN run_id END AS superseded FROM schedules \
         WHERE kind = $1 AND target_id = $2",
        values![target.kind.as_str(), target.id],
    )
    .await?;
    let generation = row::<Number>(
        tx,
        "INSERT INTO schedules (kind, target_id, platform, priority, due_at, generation, reason, request_id, run_id) \
         VALUES ($1, $2, $3, 0, $4, 1, $5, $6, $7) \
         ON CONFLICT (kind, target_id) DO UPDATE SET priority = 0, due_at = excluded.due_at, \
         generation = schedules.generation + 1, reason = excluded.reason, request_id = excluded.request_id, \
         run_id = excluded.run_id, attempts = 0, offered_at = NULL RETURNING generation AS value",
        values![
            target.kind.as_str(),
            target.id,
            target.platform.as_str(),
            now.as_millis(),
            reason.as_str(),
            request_id.map(RequestId::as_str),
            run_id.0,
        ],
    )
    .await?
    .map_or(1, |number| number.value);
    if let Some(superseded) = before.and_then(|row| row.superseded.filter(|_| row.generation < generation)) {
        runs::supersede(tx, RunId(superseded), run_id, now).await?;
    }
    runs::insert(
        tx,
        &runs::NewRun {
            id: run_id,
            target,
            reason,
            request_id,
            status: RunStatus::Queued,
            worker: None,
            queued_at: now,
        },
    )
    .await?;
    Ok(Wake { kind: target.kind, target_id: target.id, generation, request_id: request_id.cloned() })
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

/// Makes rows of `kind` due when a change of tracking calls for it: at once when they rest or their new interval has passed,
/// otherwise when it will have. `targets` is a subquery of ids in which `$3` stands for `value`.
pub(crate) async fn follow_tracking(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let value: sea_orm::Value = value.into();
    let hours = shortest_interval(kind);
    let next = format!("COALESCE(last_success_at + {hours} * 3600000, $2)");
    // What fails keeps its back-off: a change of tracking is no way to ask more often. What is due already may be in a worker's hands,
    // and stays the arming that it is.
    let sql = format!(
        "UPDATE schedules SET due_at = {next}, generation = generation + 1, offered_at = NULL, \
         reason = CASE WHEN due_at IS NULL THEN 'scheduled' ELSE reason END \
         WHERE kind = $1 AND target_id IN ({targets}) AND {hours} IS NOT NULL \
         AND (due_at IS NULL OR (consecutive_failures = 0 AND due_at > $2 AND {next} < due_at))"
    );
    execute(tx, &sql, values![kind.as_str(), now.as_millis(), value]).await?;
    Ok(())
}

/// Makes rows due at once so that a worker finds out that nobody tracks them and clears them away.
pub(crate) async fn visit_orphans(
    tx: &DatabaseTransaction,
    kind: TargetKind,
    targets: &str,
    value: impl Into<sea_orm::Value>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let value: sea_orm::Value = value.into();
    let sql = format!(
        "UPDATE schedules SET due_at = $2, priority = 1, offered_at = NULL WHERE kind = $1 AND target_id IN ({targets}) \
         AND {} IS NULL",
        shortest_interval(kind)
    );
    execute(tx, &sql, values![kind.as_str(), now.as_millis(), value]).await?;
    Ok(())
}

impl Store {
    /// Claims the row that `wake` is about, when it is due and the platform may be asked now.
    pub async fn claim(&self, wake: &Wake, policy: &ClaimPolicy, now: Timestamp) -> Result<Claim, StoreError> {
        let tx = self.begin().await?;
        let token = Uuid::now_v7();
        let claimed = row::<ClaimedRow>(
            &tx,
            "UPDATE schedules SET lease_token = $4, lease_until = $5, worker = $6, attempts = attempts + 1 \
             WHERE kind = $1 AND target_id = $2 AND generation = $3 AND due_at IS NOT NULL AND due_at <= $7 \
             AND (lease_until IS NULL OR lease_until <= $7) \
             RETURNING platform, generation, reason, request_id, run_id, attempts, due_at",
            values![
                wake.kind.as_str(),
                wake.target_id,
                wake.generation,
                token,
                now.plus(policy.lease).as_millis(),
                policy.worker.clone(),
                now.as_millis(),
            ],
        )
        .await?;
        let Some(claimed) = claimed else { return Ok(Claim::NotDue) };
        let platform: Platform =
            claimed.platform.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "platform" })?;
        let target = Target { kind: wake.kind, id: wake.target_id, platform };
        if interval(&tx, target.kind, target.id).await?.is_none() {
            lay_to_rest(&tx, target, claimed.run_id, now).await?;
            tx.commit().await?;
            return Ok(Claim::Untracked);
        }
        let Some(allowed) = policy.platforms.iter().find(|p| p.platform == platform) else {
            return Ok(Claim::Gated);
        };
        if !pass_gate(&tx, *allowed, now).await? {
            return Ok(Claim::Gated);
        }
        let job = start(&tx, target, claimed, token, policy, *allowed, now).await?;
        tx.commit().await?;
        Ok(job.map_or(Claim::NotDue, |job| Claim::Taken(Box::new(job))))
    }

    /// Gives a claim back unused, so that another worker can take it at once.
    pub async fn release(&self, job: &Job) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let released = execute(
            &tx,
            "UPDATE schedules SET lease_token = NULL, lease_until = NULL, worker = NULL, offered_at = NULL \
             WHERE kind = $1 AND target_id = $2 AND lease_token = $3",
            values![job.kind.as_str(), job.target_id, job.lease_token],
        )
        .await?;
        if released > 0 {
            runs::requeue(&tx, job.run_id).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Due rows of one platform, those that a client waits for first, at most `limit`; each is offered again after `gap` at the earliest.
    /// None while the platform's gate is closed. Any number of sweepers may do this at the same time.
    pub async fn offer_due(
        &self,
        platform: Platform,
        limit: u32,
        gap: Duration,
        now: Timestamp,
    ) -> Result<Vec<Wake>, StoreError> {
        let mut wakes = Vec::new();
        for priority in 0..=1_i64 {
            let left = i64::from(limit) - i64::try_from(wakes.len()).unwrap_or(i64::MAX);
            let values = || values![platform.as_str(), priority, now.as_millis(), now.minus(gap).as_millis(), left];
            let due = "SELECT kind, target_id FROM schedules s WHERE s.platform = $1 AND s.priority = $2 AND s.due_at <= $3 \
                 AND (s.lease_until IS NULL OR s.lease_until <= $3) AND (s.offered_at IS NULL OR s.offered_at <= $4) \
                 AND NOT EXISTS (SELECT 1 FROM platform_gates g WHERE g.platform = $1 AND g.closed_until > $3) \
                 ORDER BY s.due_at LIMIT $5";
            // Read first: on an idle service the sweep then takes no write lock.
            if left <= 0 || row::<DueId>(&self.read, due, values()).await?.is_none() {
                continue;
            }
            let skip = if is_postgres(&self.write) { "FOR UPDATE SKIP LOCKED" } else { "" };
            let offered = rows::<OfferRow>(
                &self.write,
                &format!(
                    "UPDATE schedules SET offered_at = $3 WHERE (kind, target_id) IN ({due} {skip}) \
                     RETURNING kind, target_id, generation, request_id"
                ),
                values(),
            )
            .await?;
            for row in offered {
                wakes.push(row.wake()?);
            }
        }
        Ok(wakes)
    }
}

#[derive(FromQueryResult)]
struct DueId {
    #[expect(dead_code, reason = "only whether there is a row matters")]
    target_id: i64,
}

impl OfferRow {
    fn wake(self) -> Result<Wake, StoreError> {
        let kind = self.kind.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "kind" })?;
        Ok(Wake {
            kind,
            target_id: self.target_id,
            generation: self.generation,
            request_id: self.request_id.map(|id| RequestId::adopt(Some(&id))),
        })
    }
}

/// Whether the platform may be asked now; takes the slot when it may.
async fn pass_gate(tx: &DatabaseTransaction, policy: PlatformPolicy, now: Timestamp) -> Result<bool, StoreError> {
    let passed = if policy.min_interval.is_zero() {
        u64::from(
            row::<Number>(
                tx,
                "SELECT refusals AS value FROM platform_gates WHERE platform = $1 AND closed_until <= $2",
                values![policy.platform.as_str(), now.as_millis()],
            )
            .await?
            .is_some(),
        )
    } else {
        execute(
            tx,
            "UPDATE platform_gates SET next_slot_at = $3 WHERE platform = $1 AND closed_until <= $2 AND next_slot_at <= $2",
            values![policy.platform.as_str(), now.as_millis(), now.plus(policy.min_interval).as_millis()],
        )
        .await?
    };
    Ok(passed > 0)
}

/// Begins (or takes over) the run of a claimed row and finds out what to read.
async fn start(
    tx: &DatabaseTransaction,
    target: Target,
    claimed: ClaimedRow,
    token: Uuid,
    policy: &ClaimPolicy,
    platform_policy: PlatformPolicy,
    now: Timestamp,
) -> Result<Option<Job>, StoreError> {
    let ClaimedRow { platform: _, generation, reason, request_id, run_id, attempts, due_at } = claimed;
    let reason: Trigger =
        reason.parse().map_err(|_| StoreError::Unreadable { table: "schedules", column: "reason" })?;
    let request_id = request_id.map(|id| RequestId::adopt(Some(&id)));
    let run_id = if let Some(id) = run_id {
        runs::start(tx, RunId(id), attempts, &policy.worker, now).await?;
        RunId(id)
    } else {
        let id = RunId::new();
        runs::insert(
            tx,
            &runs::NewRun {
                id,
                target,
                reason,
                request_id: request_id.as_ref(),
                status: RunStatus::Running,
                worker: Some(&policy.worker),
                queued_at: due_at.map_or(now, Timestamp::from_millis),
            },
        )
        .await?;
        runs::start(tx, id, attempts, &policy.worker, now).await?;
        execute(
            tx,
            "UPDATE schedules SET run_id = $3 WHERE kind = $1 AND target_id = $2",
            values![target.kind.as_str(), target.id, id.0],
        )
        .await?;
        id
    };
    let Some(job_target) = job_target(tx, target).await? else {
        lay_to_rest(tx, target, Some(run_id.0), now).await?;
        return Ok(None);
    };
    Ok(Some(Job {
        kind: target.kind,
        target_id: target.id,
        platform: target.platform,
        lease_token: token,
        generation,
        run_id,
        request_id,
        attempts,
        policy: platform_policy,
        target: job_target,
    }))
}

async fn job_target(tx: &DatabaseTransaction, target: Target) -> Result<Option<JobTarget>, StoreError> {
    let sql = match target.kind {
        TargetKind::Profile | TargetKind::Feed => {
            // A row whose handle went to another row is still asked for by the handle that its trackers gave.
            "SELECT COALESCE(p.username, (SELECT MIN(a.username) FROM accounts a WHERE a.profile_id = p.id)) AS username, \
             p.platform_id AS external_id FROM profiles p WHERE p.id = $1"
        }
        TargetKind::Post => {
            "SELECT COALESCE(f.username, p.author_username) AS username, p.external_id FROM posts p \
             LEFT JOIN profiles f ON f.id = p.profile_id WHERE p.id = $1"
        }
    };
    let found = row::<TargetRow>(tx, sql, values![target.id]).await?;
    Ok(found.and_then(|TargetRow { username, external_id }| match target.kind {
        TargetKind::Profile => username.map(|username| JobTarget::Profile { username }),
        TargetKind::Feed => username.map(|username| JobTarget::Feed { username }),
        TargetKind::Post => external_id.map(|external_id| JobTarget::Post { external_id, username }),
    }))
}

/// Nobody collects the target. When trackers are left (paused ones), the row rests until one resumes; when none are, the target goes,
/// with its history.
async fn lay_to_rest(
    tx: &DatabaseTransaction,
    target: Target,
    run_id: Option<Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(run_id) = run_id {
        runs::skip(tx, RunId(run_id), now).await?;
    }
    let kept = match target.kind {
        TargetKind::Profile => forget_profile(tx, target.id).await?,
        TargetKind::Post => forget_post(tx, target.id).await?,
        TargetKind::Feed => true,
    };
    if kept {
        execute(
            tx,
            "UPDATE schedules SET due_at = NULL, run_id = NULL, request_id = NULL, attempts = 0, lease_token = NULL, lease_until = NULL, worker = NULL \
             WHERE kind = $1 AND target_id = $2",
            values![target.kind.as_str(), target.id],
        )
        .await?;
    }
    Ok(())
}

/// Deletes a profile that nobody tracks; whether it had to be kept.
async fn forget_profile(tx: &DatabaseTransaction, id: i64) -> Result<bool, StoreError> {
    let accounts =
        row::<Number>(tx, "SELECT COUNT(*) AS value FROM accounts WHERE profile_id = $1", values![id]).await?;
    if accounts.is_some_and(|number| number.value > 0) {
        return Ok(true);
    }
    // Counted again under the lock: of several workers that clear away a profile's last posts at once, the last one must see that it is.
    lock(tx, TargetKind::Profile, id).await?;
    let trackers = row::<Number>(
        tx,
        "SELECT (SELECT COUNT(*) FROM accounts WHERE profile_id = $1) + \
         (SELECT COUNT(*) FROM posts WHERE profile_id = $1) AS value",
        values![id],
    )
    .await?;
    if trackers.is_some_and(|number| number.value > 0) {
        return Ok(true);
    }
    execute(
        tx,
        "UPDATE runs SET status = 'skipped', detail = 'nobody collects it any more' WHERE status = 'queued' \
         AND id IN (SELECT run_id FROM schedules WHERE kind IN ('profile', 'feed') AND target_id = $1)",
        values![id],
    )
    .await?;
    for sql in [
        "DELETE FROM profile_snapshots WHERE profile_id = $1",
        "DELETE FROM schedules WHERE kind IN ('profile', 'feed') AND target_id = $1",
        "DELETE FROM profiles WHERE id = $1",
    ] {
        execute(tx, sql, values![id]).await?;
    }
    Ok(false)
}

/// Deletes a post that nobody tracks, and its author when that was the last thing known of them; whether it had to be kept.
async fn forget_post(tx: &DatabaseTransaction, id: i64) -> Result<bool, StoreError> {
    #[derive(FromQueryResult)]
    struct Author {
        profile_id: Option<i64>,
    }
    let trackers = row::<Number>(
        tx,
        "SELECT (SELECT COUNT(*) FROM videos WHERE post_id = $1) + \
         (SELECT COUNT(*) FROM account_videos WHERE post_id = $1) AS value",
        values![id],
    )
    .await?;
    if trackers.is_some_and(|number| number.value > 0) {
        return Ok(true);
    }
    let author = row::<Author>(tx, "SELECT profile_id FROM posts WHERE id = $1", values![id]).await?;
    for sql in [
        "DELETE FROM post_snapshots WHERE post_id = $1",
        "DELETE FROM schedules WHERE kind = 'post' AND target_id = $1",
        "DELETE FROM posts WHERE id = $1",
    ] {
        execute(tx, sql, values![id]).await?;
    }
    if let Some(profile) = author.and_then(|row| row.profile_id) {
        forget_profile(tx, profile).await?;
    }
    Ok(false)
}

impl Store {
    /// Targets that are due now on all platforms; what a health page or a test asks.
    pub async fn count_due(&self, now: Timestamp) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) AS value FROM schedules WHERE due_at <= $1";
        Ok(row::<Number>(&self.read, sql, values![now.as_millis()]).await?.map_or(0, |number| number.value))
    }

    /// Targets that are known at all: schedules, profiles and posts together; zero when nothing is tracked and all is cleared away.
    pub async fn count_targets(&self) -> Result<i64, StoreError> {
        let sql = "SELECT (SELECT COUNT(*) FROM schedules) + (SELECT COUNT(*) FROM profiles) + (SELECT COUNT(*) FROM posts) AS value";
        Ok(row::<Number>(&self.read, sql, vec![]).await?.map_or(0, |number| number.value))
    }
}
