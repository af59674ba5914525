//! A story for people.

use std::fmt::Write;

use domain::Timestamp;
use store::{
    LeftOut, MOST_TOUCHED, ProcessGap, RequestEvent, Story, TracedChange, TracedLoad, TracedRecord, TracedRun,
    TracedWait, UnrecordedCall,
};

/// Characters of a line on a terminal; what is longer is cut there, and whole elsewhere.
pub(super) const WIDTH: usize = 180;

/// One line an entry, oldest first; the record before, and what is waited for, was left out and may be missing after all others.
/// Lines are cut after `width` characters.
pub(super) fn lines(story: &Story, now: Timestamp, width: Option<usize>) -> Vec<String> {
    let Story { record, calls, changes, runs, loads, waiting, unrecorded, gaps, left_out } = story;
    let mut entries: Vec<(Timestamp, String)> = Vec::new();
    for call in unrecorded {
        entries.push((call.before, unrecorded_text(call)));
    }
    for call in calls {
        entries.push((call.occurred_at, call_text(call)));
        entries.extend(touched_text(call).map(|text| (call.occurred_at, text)));
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
    let after = left_out_text(*left_out).into_iter().chain(waiting.iter().map(|wait| wait_text(wait, now)));
    let lines = record.iter().map(record_text).chain(entries).chain(after).chain(gap_lines(gaps, left_out.gaps));
    lines.map(|line| cut(&line, width)).collect()
}

fn cut(line: &str, width: Option<usize>) -> String {
    // A detail may quote a page and a name be a customer's; a story keeps to its lines.
    let line = line.replace(char::is_control, " ");
    match width {
        Some(width) if line.chars().count() > width => {
            line.chars().take(width.saturating_sub(1)).chain(['…']).collect()
        }
        Some(_) | None => line,
    }
}

fn left_out_text(left_out: LeftOut) -> Option<String> {
    let LeftOut { calls, changes, runs, loads, gaps: _ } = left_out;
    let counts = [(calls, "call"), (changes, "change"), (runs, "run"), (loads, "page load")];
    let parts = counts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> =
        parts.map(|(count, what)| format!("{count} more {what}{}", if *count == 1 { "" } else { "s" })).collect();
    (!parts.is_empty()).then(|| format!("… and {}: --limit", parts.join(", ")))
}

/// What is read, by the names that people and that tables have for it.
fn target_text(platform: &str, kind: &str, target_id: i64, name: Option<&str>) -> String {
    // A profile or post that nobody tracks any more is forgotten, with its name.
    let name = name.map_or_else(|| " (no longer kept)".to_owned(), |name| format!(" \"{name}\""));
    format!("{platform} {kind} {target_id}{name}")
}

fn wait_text(wait: &TracedWait, now: Timestamp) -> String {
    let TracedWait {
        run_id: _,
        kind,
        target_id,
        platform,
        name,
        due_at,
        is_collected,
        worker,
        leased_until,
        stopped_at,
        stopped_because,
        shut_doors,
        is_left_alone,
    } = wait;
    let mut text = format!("waits    {}: ", target_text(platform, kind, *target_id, name.as_deref()));
    match (leased_until, due_at) {
        (Some(until), _) => {
            let worker = worker.as_deref().unwrap_or("a worker");
            let _ = write!(text, "{worker} has it until {} at most", time_text(*until));
        }
        (None, Some(at)) if *at <= now => {
            let _ = write!(text, "due since {}", time_text(*at));
        }
        (None, Some(at)) => {
            let _ = write!(text, "due at {}", time_text(*at));
        }
        (None, None) if !is_collected => text.push_str("not due while nobody collects it"),
        (None, None) => text.push_str("nothing makes it due"),
    }
    if let Some(at) = stopped_at {
        let _ = write!(text, "; the platform was stopped by the operator at {}, until it is started", time_text(*at));
        if let Some(because) = stopped_because {
            let _ = write!(text, " ({because})");
        }
    }
    let opens = shut_doors.iter().map(|door| door.closed_until).min().filter(|_| *is_left_alone);
    if let Some(until) = opens {
        let _ = write!(text, "; the platform is left alone until {}", time_text(until));
    } else {
        for door in shut_doors {
            let _ = write!(text, "; not by {} until {}", door.egress, time_text(door.closed_until));
        }
    }
    text
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
        (Some(name), Some(organization)) => add(format!("by \"{name}\"{} of {organization}", key_text(call))),
        (Some(name), None) => add(format!("by {name}{}, not admitted", key_text(call))),
        (None, Some(organization)) => add(format!("by{} {organization}", key_text(call))),
        (None, None) => add("without a good key".to_owned()),
    }
    call.replay_of.iter().for_each(|first| add(format!("replay of request {first}")));
    call.client_address.iter().for_each(|address| add(format!("from {address}")));
    add(format!("at {}", call.process));
    call.idempotency_key.iter().for_each(|key| add(format!("idempotency key \"{key}\"")));
    call.user_agent.iter().for_each(|agent| add(format!("user agent \"{agent}\"")));
    text
}

/// The key's id, which tells keys of one name apart. Its beginning alone does not: keys that were made at the same time share it.
fn key_text(call: &RequestEvent) -> String {
    call.api_key_id.map_or_else(String::new, |id| format!(" (key {id})"))
}

/// What it read or touched beside what is named in its path.
fn touched_text(call: &RequestEvent) -> Option<String> {
    let others: Vec<_> = call.resources.iter().filter(|id| !call.path.split('/').any(|part| part == *id)).collect();
    let list = others.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ");
    let more = if call.resources.len() < MOST_TOUCHED { "" } else { " (and perhaps more, which it is not found by)" };
    (!list.is_empty()).then(|| format!("touched  {list}{more} by {} {}", call.method, call.path))
}

fn unrecorded_text(call: &UnrecordedCall) -> String {
    let UnrecordedCall { request_id, organization_id, before: _ } = call;
    let whose = organization_id.map_or_else(String::new, |id| format!(" of {id}"));
    format!("call     request {request_id}{whose} is not recorded: it is lost, not yet written, or no longer kept")
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
    let TracedRun { id, kind, target_id, name, tracked_type, tracked_id, platform, trigger, request_id, .. } = run;
    let cause = request_id.as_ref().map_or_else(String::new, |request| format!(", request {request}"));
    let mut text =
        format!("queued   run {id}: {} ({trigger}{cause})", target_text(platform, kind, *target_id, name.as_deref()));
    if let (Some(kind), Some(id)) = (tracked_type, tracked_id) {
        let _ = write!(text, " for {} {id}", kind.replace('_', " "));
    }
    text
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

/// What may be missing, and why: one line for each process that is told of, and one for the others.
pub(super) fn gap_lines(gaps: &[ProcessGap], left_out: i64) -> impl Iterator<Item = String> {
    let more = (left_out > 0).then(|| {
        let ending = if left_out == 1 { "" } else { "es" };
        format!("… and {left_out} more process{ending} whose record of calls may have gaps")
    });
    gaps.iter().map(gap_text).chain(more)
}

fn gap_text(gap: &ProcessGap) -> String {
    let ProcessGap { name, started_at: _, heard_at, is_silent, lost, lost_at } = gap;
    let mut parts = Vec::new();
    if *is_silent {
        let heard = time_text(*heard_at);
        parts.push(format!("ended without a goodbye after {heard}; a call of its last second may be missing"));
    }
    if *lost > 0 {
        let at = lost_at.map_or_else(String::new, |at| format!(", last at {}", time_text(at)));
        parts.push(format!("gave up the record of {lost} calls{at}"));
    }
    format!("{name} {}", parts.join(", and "))
}

#[cfg(test)]
mod tests {
    use domain::{ApiKeyId, OrganizationId, RunId};
    use store::ShutDoor;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn call() -> RequestEvent {
        RequestEvent {
            request_id: "ticket".to_owned(),
            occurred_at: NOW,
            process: "serve-a-1".to_owned(),
            organization_id: Some(OrganizationId::new()),
            api_key_id: Some(ApiKeyId("0199aabb-0000-7000-8000-000000000000".parse().unwrap())),
            api_key_name: Some("shop".to_owned()),
            method: "POST".to_owned(),
            route: "/v2/accounts".to_owned(),
            path: "/v2/accounts".to_owned(),
            status: 201,
            code: None,
            duration_us: 812,
            client_address: None,
            user_agent: Some("curl/8 ".to_owned() + &"x".repeat(300)),
            idempotency_key: Some("order 17".to_owned()),
            resources: Vec::new(),
            replay_of: None,
        }
    }

    fn wait() -> TracedWait {
        TracedWait {
            run_id: RunId::new(),
            kind: "profile".to_owned(),
            target_id: 3,
            platform: "tiktok".to_owned(),
            name: Some("nasa".to_owned()),
            due_at: Some(NOW),
            is_collected: true,
            worker: None,
            leased_until: None,
            stopped_at: None,
            stopped_because: None,
            shut_doors: Vec::new(),
            is_left_alone: false,
        }
    }

    #[test]
    fn a_call_names_its_key_and_what_the_caller_sent_with_it() {
        let text = call_text(&call());
        for part in [
            "by \"shop\" (key 0199aabb-0000-7000-8000-000000000000) of ",
            "idempotency key \"order 17\"",
            "user agent \"curl/8 ",
        ] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
    }

    #[test]
    fn a_call_says_what_it_made_and_whose_answer_it_got_again() {
        let made = ["0199aabb-0000-7000-8000-000000000001", "17"].map(str::to_owned).to_vec();
        let replay = RequestEvent { resources: made, replay_of: Some("first".to_owned()), ..call() };
        let story = Story { calls: vec![replay], ..Story::default() };
        let told = lines(&story, NOW, None);
        assert!(told[0].contains(" replay of request first "), "{told:?}");
        assert!(told[1].contains("touched  0199aabb-0000-7000-8000-000000000001 17 by POST /v2/accounts"), "{told:?}");
        let path = "/v2/accounts/17".to_owned();
        assert_eq!(touched_text(&RequestEvent { path, resources: vec!["17".to_owned()], ..call() }), None);
    }

    #[test]
    fn a_call_that_was_lost_is_told_of_before_what_came_of_it() {
        let organization = OrganizationId::new();
        let lost = UnrecordedCall { request_id: "ticket".to_owned(), organization_id: Some(organization), before: NOW };
        let told = lines(&Story { unrecorded: vec![lost], ..Story::default() }, NOW, None);
        assert!(told[0].contains(&format!("call     request ticket of {organization} is not recorded")), "{told:?}");
    }

    #[test]
    fn a_line_is_cut_on_a_terminal_alone() {
        let story = Story { calls: vec![call()], ..Story::default() };
        let length = |width| lines(&story, NOW, width)[0].chars().count();
        assert_eq!(length(Some(WIDTH)), WIDTH);
        assert!(length(None) > 300);
    }

    #[test]
    fn a_run_that_waits_says_for_what() {
        let door = |egress: &str| ShutDoor {
            egress: egress.to_owned(),
            closed_until: Timestamp::from_millis(NOW.as_millis() + 1000),
        };
        let told = |wait: TracedWait| wait_text(&wait, NOW);
        let due = told(wait());
        assert!(due.starts_with("waits    tiktok profile 3 \"nasa\": due since 2026-"), "{due}");
        let at_rest = told(TracedWait { due_at: None, is_collected: false, name: None, ..wait() });
        assert_eq!(at_rest, "waits    tiktok profile 3 (no longer kept): not due while nobody collects it");
        let later = told(TracedWait { due_at: Some(door("a").closed_until), ..wait() });
        assert!(later.contains(": due at 2026-"), "{later}");
        let alone = told(TracedWait { shut_doors: vec![door("direct")], is_left_alone: true, ..wait() });
        assert!(alone.contains("; the platform is left alone until 2026-"), "{alone}");
        let one_door = told(TracedWait { shut_doors: vec![door("direct")], ..wait() });
        assert!(one_door.contains("; not by direct until 2026-"), "{one_door}");
        let stopped = told(TracedWait { stopped_at: Some(NOW), stopped_because: Some("a ban".to_owned()), ..wait() });
        assert!(stopped.contains("stopped by the operator at 2026-") && stopped.ends_with("(a ban)"), "{stopped}");
    }

    #[test]
    fn what_the_limit_left_out_is_counted() {
        let left_out = LeftOut { runs: 493, loads: 1, ..LeftOut::default() };
        assert_eq!(left_out_text(left_out).as_deref(), Some("… and 493 more runs, 1 more page load: --limit"));
        assert_eq!(left_out_text(LeftOut::default()), None);
    }
}
