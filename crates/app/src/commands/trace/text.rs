//! A story for people.

use std::fmt::Write;

use domain::Timestamp;
use store::{ProcessGap, RequestEvent, Story, TracedChange, TracedLoad, TracedRecord, TracedRun};

/// Characters of a line; what is longer is cut, and whole in the JSON.
const WIDTH: usize = 180;

/// One line an entry, oldest first; the record before, and what may be missing after all others.
pub(super) fn lines(story: &Story) -> Vec<String> {
    let Story { record, calls, changes, runs, loads, gaps } = story;
    let mut entries: Vec<(Timestamp, String)> = Vec::new();
    for call in calls {
        entries.push((call.occurred_at, call_text(call)));
    }
    for change in changes {
        entries.push((change.occurred_at, change_text(change)));
    }
    for run in runs {
        entries.push((run.queued_at, queued_text(run)));
        entries.extend(run.finished_at.map(|at| (at, ended_text(run))));
    }
    for load in loads {
        entries.push((load.started_at, load_text(load)));
    }
    // What happened in the same millisecond stays in the order of cause and effect.
    entries.sort_by_key(|(at, _)| *at);
    let entries = entries.into_iter().map(|(at, text)| format!("{}  {text}", time_text(at)));
    let gaps = gaps.iter().filter(|gap| concerns(gap, calls)).map(gap);
    record.iter().map(record_text).chain(entries).chain(gaps).map(|line| cut(&line)).collect()
}

/// Whether a process answered some of the calls in the life that has the gap.
fn concerns(gap: &ProcessGap, calls: &[RequestEvent]) -> bool {
    calls.iter().any(|call| call.process == gap.name && call.occurred_at >= gap.started_at)
}

fn cut(line: &str) -> String {
    // A detail may quote a page and a name be a customer's; a story keeps to its lines.
    let line = line.replace(char::is_control, " ");
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// A time with its milliseconds, which `Timestamp` leaves out when there are none.
fn time_text(at: Timestamp) -> String {
    let whole = Timestamp::from_millis(at.as_seconds() * 1000).to_string();
    format!("{}.{:03}Z", whole.trim_end_matches('Z').replace('T', " "), at.as_millis().rem_euclid(1000))
}

fn record_text(record: &TracedRecord) -> String {
    let TracedRecord { kind, id, organization_id, platform, name, target_id: _, is_active, added_at, last_scrape_at } =
        record;
    let state = if *is_active { "active" } else { "paused" };
    let read = last_scrape_at.map_or_else(|| "never read".to_owned(), |at| format!("last read {}", time_text(at)));
    let name = name.as_deref().unwrap_or("?");
    format!(
        "{kind} {id}: {platform} {name}, {state}, of organization {organization_id}, since {}, {read}",
        time_text(*added_at)
    )
}

fn call_text(call: &RequestEvent) -> String {
    let mut text = format!("call     {} {} → {}", call.method, call.path, call.status);
    let mut add = |part: String| {
        text.push(' ');
        text.push_str(&part);
    };
    call.code.iter().for_each(|code| add(code.clone()));
    add(format!("in {}", took_text(call.duration_us)));
    match (&call.api_key_name, call.organization_id) {
        (Some(name), Some(organization)) => add(format!("by \"{name}\" of {organization}")),
        (Some(name), None) => add(format!("by {name}, not admitted")),
        (None, Some(organization)) => add(format!("by {organization}")),
        (None, None) => add("without a good key".to_owned()),
    }
    call.client_address.iter().for_each(|address| add(format!("from {address}")));
    add(format!("at {}", call.process));
    text
}

fn took_text(micros: i64) -> String {
    format!("{}.{:03} ms", micros / 1000, micros.rem_euclid(1000))
}

fn change_text(change: &TracedChange) -> String {
    let TracedChange { action, subject_type, subject_id, actor, after, .. } = change;
    let mut text = format!("changed  {action} {subject_type} {subject_id} by {actor}");
    if let Some(after) = after {
        let _ = write!(text, ": {after}");
    }
    text
}

fn queued_text(run: &TracedRun) -> String {
    let TracedRun { id, kind, target_id, platform, trigger, request_id, .. } = run;
    let cause = request_id.as_ref().map_or_else(String::new, |request| format!(", request {request}"));
    format!("queued   run {id}: {platform} {kind} {target_id} ({trigger}{cause})")
}

fn load_text(load: &TracedLoad) -> String {
    let TracedLoad {
        id: _,
        run_id,
        platform: _,
        kind,
        source,
        egress,
        worker,
        started_at,
        finished_at,
        outcome,
        http_status,
        adapter: _,
        detail,
    } = load;
    let mut text = format!("load     {source} ({kind}) via {egress}");
    if let Some(worker) = worker {
        let _ = write!(text, " by {worker}");
    }
    match finished_at {
        Some(end) => {
            let said = http_status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
            let outcome = outcome.as_deref().unwrap_or("broken off");
            let _ = write!(text, " → {said}, {outcome} in {} ms", end.since(*started_at).as_millis());
        }
        None => text.push_str(" → not ended"),
    }
    add_detail(&mut text, detail.as_deref());
    if let Some(run) = run_id {
        let _ = write!(text, " (run {run})");
    }
    text
}

fn ended_text(run: &TracedRun) -> String {
    let TracedRun { id, status, outcome, attempts, worker, detail, .. } = run;
    let tries = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let mut text = format!("ended    run {id}: {status}");
    if let Some(outcome) = outcome {
        let _ = write!(text, ", {outcome}");
    }
    let _ = write!(text, " after {tries}");
    if let Some(worker) = worker {
        let _ = write!(text, " by {worker}");
    }
    add_detail(&mut text, detail.as_deref());
    text
}

fn add_detail(text: &mut String, detail: Option<&str>) {
    if let Some(detail) = detail {
        let _ = write!(text, ": {detail}");
    }
}

/// What may be missing, and why.
pub(super) fn gap(gap: &ProcessGap) -> String {
    let ProcessGap { name, started_at: _, heard_at, is_silent, lost, lost_at } = gap;
    let mut parts = Vec::new();
    if *is_silent {
        let heard = time_text(*heard_at);
        parts.push(format!("ended without a goodbye after {heard}; calls of its last second may be missing"));
    }
    if *lost > 0 {
        let at = lost_at.map_or_else(String::new, |at| format!(", last at {}", time_text(at)));
        parts.push(format!("gave up the record of {lost} calls{at}"));
    }
    format!("{name} {}", parts.join(", and "))
}
