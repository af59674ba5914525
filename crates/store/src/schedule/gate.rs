//! The doors of a platform: one for each way out to its pages and one for its official interface, each with a budget that all workers share
//! and a breaker that opens when the platform refuses.
//!
//! The log of page loads is the one count of what was asked: what is under way and what went out within the hour is read from it under the
//! door's lock, so no counter can drift when a worker is killed.

use std::time::Duration;

use domain::outcome::Verdict;
use domain::source::OFFICIAL;
use domain::{Channel, Observation, Platform, Source, Timestamp};
use sea_orm::{DatabaseTransaction, FromQueryResult};

use super::{Breaker, Budget, PlatformPolicy};
use crate::StoreError;
use crate::sql::{Number, execute, is_postgres, places, row, rows, values};

/// No wait that a platform asks for is longer than this.
const LONGEST_WAIT: Duration = Duration::from_hours(6);

#[derive(FromQueryResult)]
struct Gate {
    egress: String,
    next_slot_at: i64,
    closed_until: i64,
    openings: i64,
    probe_until: i64,
}

impl Gate {
    /// Whether nothing that stands in the row speaks against asking now.
    fn may_pass(&self, now: Timestamp) -> bool {
        let now = now.as_millis();
        self.closed_until <= now && self.next_slot_at <= now && (self.openings == 0 || self.probe_until <= now)
    }
}

/// The doors that a source can be reached by, and the budget of each.
fn doors(policy: &PlatformPolicy, source: Source) -> (Vec<String>, Budget) {
    match source.channel {
        Channel::Page => (policy.egresses.clone(), policy.pages),
        Channel::Official => (vec![OFFICIAL.to_owned()], policy.official),
    }
}

/// Takes a slot of one of the doors; the way out to use, or `None` when the platform is not to be asked now.
pub async fn pass(
    tx: &DatabaseTransaction,
    policy: &PlatformPolicy,
    source: Source,
    lease: Duration,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    if is_stopped(tx, policy.platform).await? {
        return Ok(None);
    }
    let (egresses, budget) = doors(policy, source);
    let gates = read(tx, policy.platform, &egresses, "").await?;
    let is_unknown = |egress: &&String| !gates.iter().any(|gate| gate.egress == **egress);
    if budget == Budget::default() {
        // Nothing to take: the way that was used least lately is not kept track of, so one is as good as another.
        let fresh = egresses.iter().find(is_unknown).cloned();
        let open =
            || gates.iter().find(|gate| gate.openings == 0 && gate.may_pass(now)).map(|gate| gate.egress.clone());
        if let Some(egress) = fresh.or_else(open) {
            return Ok(Some(egress));
        }
    }
    for egress in egresses.iter().filter(is_unknown) {
        execute(
            tx,
            "INSERT INTO gates (platform, egress) VALUES ($1, $2) ON CONFLICT (platform, egress) DO NOTHING",
            values![policy.platform.as_str(), egress.clone()],
        )
        .await?;
    }
    // Looked at without the lock first: most of those that come too early then leave without making others wait.
    if !gates.is_empty() && gates.len() == egresses.len() && !gates.iter().any(|gate| gate.may_pass(now)) {
        return Ok(None);
    }
    let lock = if is_postgres(tx) { "FOR UPDATE" } else { "" };
    let mut gates = read(tx, policy.platform, &egresses, lock).await?;
    gates.sort_by_key(|gate| gate.next_slot_at);
    for gate in gates.into_iter().filter(|gate| gate.may_pass(now)) {
        if has_room(tx, policy.platform, &gate.egress, budget, lease, now).await? {
            take(tx, policy.platform, &gate, budget, lease, now).await?;
            return Ok(Some(gate.egress));
        }
    }
    Ok(None)
}

/// Whether the operator stopped the platform.
async fn is_stopped(tx: &DatabaseTransaction, platform: Platform) -> Result<bool, StoreError> {
    let stopped = row::<Number>(
        tx,
        "SELECT stopped_at AS value FROM platforms WHERE platform = $1 AND stopped_at IS NOT NULL",
        values![platform.as_str()],
    )
    .await?;
    Ok(stopped.is_some())
}

async fn read(
    tx: &DatabaseTransaction,
    platform: Platform,
    egresses: &[String],
    lock: &str,
) -> Result<Vec<Gate>, StoreError> {
    let sql = format!(
        "SELECT egress, next_slot_at, closed_until, openings, probe_until FROM gates \
         WHERE platform = $1 AND egress IN ({}) ORDER BY egress {lock}",
        places(2, egresses.len())
    );
    let values = std::iter::once(platform.as_str().into()).chain(egresses.iter().map(|egress| egress.clone().into()));
    rows(tx, &sql, values.collect()).await
}

/// Whether the budget leaves room, by the log of page loads. One that never ended is under way until its lease would have ended.
async fn has_room(
    tx: &DatabaseTransaction,
    platform: Platform,
    egress: &str,
    budget: Budget,
    lease: Duration,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let since = |span: Duration| values![platform.as_str(), egress, now.minus(span).as_millis()];
    let counts = "SELECT COUNT(*) AS value FROM page_loads WHERE platform = $1 AND egress = $2 AND started_at > $3";
    for (bound, sql, span) in [
        (budget.max_in_flight, format!("{counts} AND finished_at IS NULL"), lease),
        (budget.max_per_hour, counts.to_owned(), Duration::from_hours(1)),
    ] {
        let Some(bound) = bound else { continue };
        let count = row::<Number>(tx, &sql, since(span)).await?.map_or(0, |number| number.value);
        if count >= i64::from(bound) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn take(
    tx: &DatabaseTransaction,
    platform: Platform,
    gate: &Gate,
    budget: Budget,
    lease: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let probe_until = if gate.openings > 0 { now.plus(lease).as_millis() } else { 0 };
    execute(
        tx,
        "UPDATE gates SET next_slot_at = $3, probe_until = $4 WHERE platform = $1 AND egress = $2",
        values![platform.as_str(), gate.egress.clone(), now.plus(budget.min_interval).as_millis(), probe_until],
    )
    .await?;
    Ok(())
}

/// Moves the breaker by what a page load came to: refusals open it, for longer each time; an answer closes it.
pub async fn note(
    tx: &DatabaseTransaction,
    platform: Platform,
    egress: &str,
    breaker: Breaker,
    observation: &Observation,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = [platform.as_str().into(), egress.into()];
    match observation.outcome.verdict() {
        Verdict::Refused => {
            // What comes back while the breaker is open already was under way before: it opens nothing further.
            let opens = "gates.closed_until <= CAST($3 AS BIGINT) \
                 AND (gates.openings > 0 OR gates.refusals + 1 >= CAST($4 AS BIGINT))";
            let sql = format!(
                "INSERT INTO gates (platform, egress, refusals, openings, closed_until) \
                 VALUES ($1, $2, 1, CASE WHEN 1 >= CAST($4 AS BIGINT) THEN 1 ELSE 0 END, \
                 CASE WHEN 1 >= CAST($4 AS BIGINT) THEN CAST($5 AS BIGINT) ELSE 0 END) \
                 ON CONFLICT (platform, egress) DO UPDATE SET refusals = gates.refusals + 1, probe_until = 0, \
                 closed_until = CASE WHEN {opens} THEN CASE gates.openings WHEN 0 THEN CAST($5 AS BIGINT) WHEN 1 THEN CAST($6 AS BIGINT) \
                 WHEN 2 THEN CAST($7 AS BIGINT) ELSE CAST($8 AS BIGINT) END ELSE gates.closed_until END, \
                 openings = CASE WHEN {opens} THEN gates.openings + 1 ELSE gates.openings END"
            );
            let until = breaker.waits.map(|wait| now.plus(wait).as_millis().into());
            let values = key.into_iter().chain([now.as_millis().into(), i64::from(breaker.refusals_to_open).into()]);
            execute(tx, &sql, values.chain(until).collect()).await?;
            if let Some(wait) = observation.retry_after {
                // The platform's own word holds for everybody, whatever the breaker would have said.
                execute(
                    tx,
                    "UPDATE gates SET closed_until = $3 WHERE platform = $1 AND egress = $2 AND closed_until < $3",
                    values![platform.as_str(), egress, now.plus(wait.min(LONGEST_WAIT)).as_millis()],
                )
                .await?;
            }
        }
        Verdict::Good | Verdict::Gone | Verdict::Withheld => {
            execute(
                tx,
                "UPDATE gates SET refusals = 0, openings = 0, probe_until = 0 \
                 WHERE platform = $1 AND egress = $2 AND closed_until <= $3 AND (refusals > 0 OR openings > 0)",
                values![platform.as_str(), egress, now.as_millis()],
            )
            .await?;
        }
        // No answer proves nothing: the next load is the probe.
        Verdict::Broken => {
            execute(
                tx,
                "UPDATE gates SET probe_until = 0 WHERE platform = $1 AND egress = $2 AND probe_until > 0",
                key.into(),
            )
            .await?;
        }
    }
    Ok(())
}
