//! How the platforms and their sources stand, for operators and integrators, and the switch that stops a platform for every worker at once.

use std::time::Duration;

use domain::{Outcome, Platform, Timestamp};
use sea_orm::FromQueryResult;

use crate::sql::{execute, rows, values};
use crate::{Store, StoreError};

/// How a platform stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformState {
    /// The platform.
    pub platform: Platform,
    /// Since when the operator has it stopped.
    pub stopped_at: Option<Timestamp>,
    /// Why, in the operator's words.
    pub stopped_because: Option<String>,
    /// Its doors, as far as they were used.
    pub gates: Vec<GateState>,
    /// Its sources, as far as they were used within the log's retention.
    pub sources: Vec<SourceState>,
}

/// Whether a breaker lets requests through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It does.
    Closed,
    /// It does not.
    Open,
    /// One at a time, to see whether the platform answers again.
    HalfOpen,
}

impl BreakerState {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How one door stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateState {
    /// A proxy's name, `direct`, or `official`.
    pub egress: String,
    /// Its breaker.
    pub breaker: BreakerState,
    /// Until when nothing goes out by it.
    pub closed_until: Option<Timestamp>,
    /// Refusals in a row.
    pub refusals: i64,
    /// Page loads of the last sixty minutes.
    pub loads_last_hour: i64,
    /// Page loads under way.
    pub in_flight: i64,
}

/// How one source stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// Page loads that ended within the last 24 hours.
    pub loads: i64,
    /// Those of them that the platform answered with what was asked for, or with a clear word that it is gone or withheld.
    pub successes: i64,
    /// When the last one ended.
    pub last_load_at: Option<Timestamp>,
    /// How it ended.
    pub last_outcome: Option<Outcome>,
    /// When the last one ended that was a success.
    pub last_success_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct PlatformRow {
    platform: String,
    stopped_at: Option<i64>,
    stopped_because: Option<String>,
}

#[derive(FromQueryResult)]
struct GateRow {
    platform: String,
    egress: String,
    closed_until: i64,
    refusals: i64,
    openings: i64,
    loads_last_hour: i64,
    in_flight: i64,
}

#[derive(FromQueryResult)]
struct SourceRow {
    platform: String,
    source: String,
    loads: i64,
    successes: i64,
    last_load_at: Option<i64>,
    last_outcome: Option<String>,
    last_success_at: Option<i64>,
}

const HOUR_MILLIS: i64 = 3_600_000;

/// Outcomes in which the platform gave a clear answer.
const ANSWERED: &str = "('ok', 'empty', 'private', 'not_found', 'removed')";

/// A page load that has been under way for longer was lost with its worker, whatever lease that had.
const LONGEST_LOAD: Duration = Duration::from_mins(10);

impl Store {
    /// How every platform stands at `now`.
    pub async fn platform_states(&self, now: Timestamp) -> Result<Vec<PlatformState>, StoreError> {
        self.platform_states_under(LONGEST_LOAD, now).await
    }

    /// The same where workers have leases of this length: a page load that has not ended is under way for so long, as budgets count it.
    pub async fn platform_states_under(
        &self,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<PlatformState>, StoreError> {
        let lost = now.minus(lease).as_millis();
        let now = now.as_millis();
        let platforms =
            rows::<PlatformRow>(&self.read, "SELECT platform, stopped_at, stopped_because FROM platforms", vec![])
                .await?;
        // A door without a bound has no row until something is refused there.
        let gates = rows::<GateRow>(
            &self.read,
            "SELECT platform, egress, MAX(closed_until) AS closed_until, MAX(refusals) AS refusals, MAX(openings) AS openings, \
             SUM(loads) AS loads_last_hour, SUM(flying) AS in_flight FROM \
             (SELECT platform, egress, closed_until, refusals, openings, 0 AS loads, 0 AS flying FROM gates UNION ALL \
             SELECT platform, egress, 0, 0, 0, 1, CASE WHEN started_at > $2 AND finished_at IS NULL THEN 1 ELSE 0 END \
             FROM page_loads WHERE started_at > $1) doors GROUP BY platform, egress ORDER BY egress",
            values![now - HOUR_MILLIS, lost],
        )
        .await?;
        // The names are found by leaps through their index, not by a walk over the log.
        let loads = "FROM page_loads l WHERE l.source = n.source";
        let sources = rows::<SourceRow>(
            &self.read,
            &format!(
                "WITH RECURSIVE n(source) AS (SELECT MIN(source) FROM page_loads UNION ALL \
                 SELECT (SELECT MIN(l.source) FROM page_loads l WHERE l.source > n.source) FROM n WHERE n.source IS NOT NULL) \
                 SELECT (SELECT l.platform {loads} LIMIT 1) AS platform, n.source, \
                 (SELECT COUNT(*) {loads} AND l.started_at > $1 AND l.outcome IS NOT NULL) AS loads, \
                 (SELECT COUNT(*) {loads} AND l.started_at > $1 AND l.outcome IN {ANSWERED}) AS successes, \
                 (SELECT l.finished_at {loads} AND l.outcome IS NOT NULL ORDER BY l.started_at DESC LIMIT 1) AS last_load_at, \
                 (SELECT l.outcome {loads} AND l.outcome IS NOT NULL ORDER BY l.started_at DESC LIMIT 1) AS last_outcome, \
                 (SELECT l.finished_at {loads} AND l.outcome IN {ANSWERED} ORDER BY l.started_at DESC LIMIT 1) AS last_success_at \
                 FROM n WHERE n.source IS NOT NULL ORDER BY n.source"
            ),
            values![now - 24 * HOUR_MILLIS],
        )
        .await?;
        let of = |name: &str, platform: Platform| name == platform.as_str();
        Ok(Platform::ALL
            .into_iter()
            .map(|platform| {
                let found = platforms.iter().find(|row| of(&row.platform, platform));
                PlatformState {
                    platform,
                    stopped_at: found.and_then(|row| row.stopped_at).map(Timestamp::from_millis),
                    stopped_because: found.and_then(|row| row.stopped_because.clone()),
                    gates: gates.iter().filter(|row| of(&row.platform, platform)).map(|row| row.state(now)).collect(),
                    sources: sources.iter().filter(|row| of(&row.platform, platform)).map(SourceRow::state).collect(),
                }
            })
            .collect())
    }

    /// Stops a platform: no worker asks it any more, from its next claim on, until it is started again.
    pub async fn stop_platform(
        &self,
        platform: Platform,
        because: Option<&str>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        execute(
            &self.write,
            "INSERT INTO platforms (platform, stopped_at, stopped_because) VALUES ($1, $2, $3) ON CONFLICT (platform) \
             DO UPDATE SET stopped_at = COALESCE(platforms.stopped_at, excluded.stopped_at), stopped_because = excluded.stopped_because",
            values![platform.as_str(), now.as_millis(), because],
        )
        .await?;
        Ok(())
    }

    /// Lets workers ask a platform again.
    pub async fn start_platform(&self, platform: Platform) -> Result<(), StoreError> {
        execute(
            &self.write,
            "UPDATE platforms SET stopped_at = NULL, stopped_because = NULL WHERE platform = $1",
            values![platform.as_str()],
        )
        .await?;
        Ok(())
    }
}

impl GateRow {
    fn state(&self, now: i64) -> GateState {
        let breaker = match (self.closed_until > now, self.openings > 0) {
            (true, _) => BreakerState::Open,
            (false, true) => BreakerState::HalfOpen,
            (false, false) => BreakerState::Closed,
        };
        GateState {
            egress: self.egress.clone(),
            breaker,
            closed_until: (self.closed_until > now).then(|| Timestamp::from_millis(self.closed_until)),
            refusals: self.refusals,
            loads_last_hour: self.loads_last_hour,
            in_flight: self.in_flight,
        }
    }
}

impl SourceRow {
    fn state(&self) -> SourceState {
        SourceState {
            name: self.source.clone(),
            loads: self.loads,
            successes: self.successes,
            last_load_at: self.last_load_at.map(Timestamp::from_millis),
            last_outcome: self.last_outcome.as_deref().and_then(|name| name.parse().ok()),
            last_success_at: self.last_success_at.map(Timestamp::from_millis),
        }
    }
}
