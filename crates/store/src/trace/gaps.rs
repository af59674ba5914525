//! What may be missing from a story: calls that went with their process, or were given up.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{OrganizationId, RequestId, Timestamp};

use super::read::Causes;
use super::rows::GapRow;
use super::{ProcessGap, Story, UnrecordedCall};
use crate::idempotency::KEPT;
use crate::sql::{Number, row, rows, values};
use crate::{RequestEvent, Store, StoreError};

/// A process that was not heard of for this long, and did not say goodbye, is taken for dead. It gives a sign of life every ten seconds.
const SILENCE: Duration = Duration::from_secs(15);

/// Processes that are told of at most, in a story and where there is none.
const MOST_PROCESSES: i64 = 20;
const MOST_WITHOUT_A_STORY: i64 = 3;

/// Kept answers that are looked up at most.
const MOST_ANSWERED: usize = 20;

/// A gap this long after the last entry of a story still belongs to it: what a process had not written is younger than what it had.
const AFTER_THE_END: Duration = Duration::from_secs(2);

/// A process that nobody called was last heard of so long before the call that it died with: a sign of life ago, and what that took.
const BEFORE_A_LOST_CALL: Duration = Duration::from_secs(12);

/// Processes that ended without a goodbye or gave calls up, heard of between two times.
const GAPS: &str = "FROM (SELECT p.*, p.ended_at IS NULL AND (p.heard_at < $1 OR EXISTS \
     (SELECT 1 FROM api_processes l WHERE l.name = p.name AND l.started_at > p.started_at)) AS is_silent FROM api_processes p) known \
     WHERE (is_silent AND heard_at BETWEEN $2 AND $3) OR (lost > 0 AND COALESCE(lost_at, heard_at) BETWEEN $2 AND $3)";

type Span = (Timestamp, Timestamp);

const ALWAYS: Span = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));

impl Store {
    /// The newest processes whose gaps may belong to a story, and how many more there are. When nothing is told, `made_at` is when the id
    /// was made that was asked for, if it tells.
    pub(super) async fn gaps(
        &self,
        story: &Story,
        made_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(Vec<ProcessGap>, i64), StoreError> {
        let (span, most) = match (span(story), made_at) {
            (Some(span), _) => (span, MOST_PROCESSES),
            (None, Some(at)) => ((at.minus(BEFORE_A_LOST_CALL), at.plus(AFTER_THE_END)), MOST_WITHOUT_A_STORY),
            (None, None) => (ALWAYS, MOST_WITHOUT_A_STORY),
        };
        let silent = now.minus(SILENCE).as_millis();
        let sql = format!(
            "SELECT name, started_at, heard_at, lost, lost_at, is_silent {GAPS} ORDER BY heard_at DESC LIMIT $4"
        );
        let (from, to) = (span.0.as_millis(), span.1.as_millis());
        let found = rows::<GapRow>(&self.read, &sql, values![silent, from, to, most]).await?;
        // Where nothing is told, it is worth saying that there are gaps which do not fit.
        let counted = if story.is_empty() { ALWAYS } else { span };
        let sql = format!("SELECT COUNT(*) AS value {GAPS}");
        let values = values![silent, counted.0.as_millis(), counted.1.as_millis()];
        let all = row::<Number>(&self.read, &sql, values).await?.map_or(0, |number| number.value);
        let more = all.saturating_sub(i64::try_from(found.len()).unwrap_or(i64::MAX)).max(0);
        Ok((found.into_iter().map(ProcessGap::from).collect(), more))
    }
}

impl Store {
    /// When the calls began that others of `calls` repeat, as far as their answers are kept.
    pub(super) async fn first_answers(&self, calls: &[RequestEvent]) -> Result<Causes, StoreError> {
        let mut answered = Causes::new();
        for call in calls {
            let (Some(owner), Some(first), Some(key)) = (call.organization_id, &call.replay_of, &call.idempotency_key)
            else {
                continue;
            };
            let place = (owner, first.clone());
            if answered.len() >= MOST_ANSWERED
                || answered.contains_key(&place)
                || calls.iter().any(|call| call.request_id == *first)
            {
                continue;
            }
            let sql = "SELECT created_at AS value FROM idempotency_records \
                       WHERE organization_id = $1 AND idempotency_key = $2 AND request_id = $3";
            if let Some(at) = row::<Number>(&self.read, sql, values![owner.0, key.as_str(), first.as_str()]).await? {
                answered.insert(place, Timestamp::from_millis(at.value));
            }
        }
        Ok(answered)
    }
}

impl Story {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        let Self { record, calls, changes, runs, loads: _, waiting: _, unrecorded: _, gaps: _, left_out: _ } = self;
        record.is_none() && calls.is_empty() && changes.is_empty() && runs.is_empty()
    }
}

/// From the first entry until shortly after the last one. What came before the first call may have come of one that was lost.
fn span(story: &Story) -> Option<Span> {
    let Story { record: _, calls, changes, runs, loads, waiting: _, unrecorded, gaps: _, left_out: _ } = story;
    let first_call = calls.iter().map(|call| call.occurred_at).min();
    let calls = calls.iter().map(|call| call.occurred_at);
    let changes = changes.iter().map(|change| change.occurred_at);
    let runs = runs.iter().flat_map(|run| std::iter::once(run.queued_at).chain(run.finished_at));
    let loads = loads.iter().flat_map(|load| std::iter::once(load.started_at).chain(load.finished_at));
    let unrecorded = unrecorded.iter().map(|call| call.before);
    let times: Vec<_> = calls.chain(changes).chain(runs).chain(loads).chain(unrecorded).collect();
    let (first, last) = (*times.iter().min()?, times.iter().max()?.plus(AFTER_THE_END));
    // Of a lost call that only its repetitions tell of, no time is known but theirs.
    let repetitions = story.calls.iter().filter(|call| {
        let is_lost = |id| story.unrecorded.iter().any(|lost| lost.request_id == id && lost.before == call.occurred_at);
        call.replay_of.as_deref().is_some_and(is_lost)
    });
    let earliest = repetitions.map(|call| call.occurred_at.minus(KEPT)).min();
    let from = if first_call == Some(first) { first } else { first.minus(BEFORE_A_LOST_CALL) };
    Some((earliest.map_or(from, |earliest| earliest.min(from)), last))
}

/// The calls under `request`, those that were answered `first` instead of a repetition, and the `causes` of runs, that left runs or an answer and are
/// not among the calls.
pub(super) fn unrecorded(
    story: &Story,
    request: Option<&str>,
    first: &BTreeSet<(OrganizationId, String)>,
    causes: &Causes,
    answered: &Causes,
) -> Vec<UnrecordedCall> {
    let mut missing: Vec<UnrecordedCall> = Vec::new();
    let mut note = |request_id: &str, organization_id: Option<OrganizationId>, before: Timestamp| {
        let is_there = story.calls.iter().any(|call| {
            call.request_id == request_id && (organization_id.is_none() || call.organization_id == organization_id)
        });
        if is_there {
            return;
        }
        let known =
            missing.iter_mut().find(|call| call.request_id == request_id && call.organization_id == organization_id);
        match known {
            Some(call) => call.before = call.before.min(before),
            None => missing.push(UnrecordedCall { request_id: request_id.to_owned(), organization_id, before }),
        }
    };
    for run in &story.runs {
        let Some(id) = run.request_id.as_deref() else { continue };
        let is_first = || run.organization_id.is_some_and(|owner| first.contains(&(owner, id.to_owned())));
        if request == Some(id) || is_first() {
            note(id, run.organization_id, run.queued_at);
        }
    }
    for ((owner, id), at) in causes {
        note(id, Some(*owner), *at);
    }
    for call in &story.calls {
        if let (Some(owner), Some(id)) = (call.organization_id, call.replay_of.as_deref())
            && (request == Some(id) || first.contains(&(owner, id.to_owned())))
        {
            let kept = answered.get(&(owner, id.to_owned())).copied();
            let began_at = kept.or_else(|| RequestId::made_at(id).filter(|at| *at < call.occurred_at));
            note(id, Some(owner), began_at.unwrap_or(call.occurred_at));
        }
    }
    missing
}
