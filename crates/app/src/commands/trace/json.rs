//! A story for programs.

use serde_json::{Value, json};
use store::{
    LeftOut, ProcessGap, RequestEvent, ShutDoor, Story, TracedChange, TracedLoad, TracedRecord, TracedRun, TracedWait,
    UnrecordedCall,
};

/// The whole of it.
pub(super) fn as_value(story: &Story) -> Value {
    let Story { record, calls, changes, runs, loads, waiting, unrecorded, gaps, left_out } = story;
    json!({
        "record": record.as_ref().map(record_value),
        "calls": calls.iter().map(call_value).collect::<Vec<_>>(),
        "changes": changes.iter().map(change_value).collect::<Vec<_>>(),
        "runs": runs.iter().map(run_value).collect::<Vec<_>>(),
        "page_loads": loads.iter().map(load_value).collect::<Vec<_>>(),
        "waiting": waiting.iter().map(wait_value).collect::<Vec<_>>(),
        "unrecorded_calls": unrecorded.iter().map(unrecorded_value).collect::<Vec<_>>(),
        "gaps": gaps.iter().map(gap_value).collect::<Vec<_>>(),
        "left_out": left_out_value(*left_out),
    })
}

fn left_out_value(left_out: LeftOut) -> Value {
    let LeftOut { calls, changes, runs, loads, gaps } = left_out;
    json!({ "calls": calls, "changes": changes, "runs": runs, "page_loads": loads, "gaps": gaps })
}

fn unrecorded_value(call: &UnrecordedCall) -> Value {
    let UnrecordedCall { request_id, organization_id, before } = call;
    json!({ "request_id": request_id, "organization_id": organization_id, "before": before })
}

fn wait_value(wait: &TracedWait) -> Value {
    let TracedWait {
        run_id,
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
    let door = |ShutDoor { egress, closed_until }: &ShutDoor| json!({ "egress": egress, "closed_until": closed_until });
    json!({
        "run_id": run_id,
        "kind": kind,
        "target_id": target_id,
        "platform": platform,
        "name": name,
        "due_at": due_at,
        "is_collected": is_collected,
        "worker": worker,
        "leased_until": leased_until,
        "platform_stopped_at": stopped_at,
        "platform_stopped_because": stopped_because,
        "shut_doors": shut_doors.iter().map(door).collect::<Vec<_>>(),
        "is_left_alone": is_left_alone,
    })
}

fn record_value(record: &TracedRecord) -> Value {
    let TracedRecord { kind, id, organization_id, platform, name, target_id, is_active, added_at, last_scrape_at } =
        record;
    json!({
        "type": kind,
        "id": id,
        "organization_id": organization_id,
        "platform": platform,
        "name": name,
        "target_id": target_id,
        "is_active": is_active,
        "added_at": added_at,
        "last_scrape_time": last_scrape_at,
    })
}

fn call_value(call: &RequestEvent) -> Value {
    let RequestEvent {
        request_id,
        occurred_at,
        process,
        organization_id,
        api_key_id,
        api_key_name,
        method,
        route,
        path,
        status,
        code,
        duration_us,
        client_address,
        user_agent,
        idempotency_key,
        resources,
        replay_of,
    } = call;
    json!({
        "request_id": request_id,
        "time": occurred_at,
        "process": process,
        "organization_id": organization_id,
        "api_key": { "id": api_key_id, "name": api_key_name },
        "method": method,
        "route": route,
        "path": path,
        "status": status,
        "code": code,
        "duration_us": duration_us,
        "client_address": client_address,
        "user_agent": user_agent,
        "idempotency_key": idempotency_key,
        "resources": resources,
        "replay_of": replay_of,
    })
}

fn change_value(change: &TracedChange) -> Value {
    let TracedChange {
        occurred_at,
        organization_id,
        request_id,
        actor,
        action,
        subject_type,
        subject_id,
        before,
        after,
    } = change;
    let parsed = |text: &Option<String>| text.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({
        "time": occurred_at,
        "organization_id": organization_id,
        "request_id": request_id,
        "actor": actor,
        "action": action,
        "subject": { "type": subject_type, "id": subject_id },
        "before": parsed(before),
        "after": parsed(after),
    })
}

fn run_value(run: &TracedRun) -> Value {
    let TracedRun {
        id,
        kind,
        target_id,
        name,
        tracked_type,
        tracked_id,
        platform,
        trigger,
        request_id,
        organization_id,
        status,
        outcome,
        attempts,
        queued_at,
        started_at,
        finished_at,
        http_status,
        adapter,
        detail,
        worker,
    } = run;
    json!({
        "id": id,
        "kind": kind,
        "target_id": target_id,
        "name": name,
        "tracked": tracked_id.as_ref().map(|id| json!({ "type": tracked_type, "id": id })),
        "platform": platform,
        "trigger": trigger,
        "request_id": request_id,
        "organization_id": organization_id,
        "status": status,
        "outcome": outcome,
        "attempts": attempts,
        "queued_at": queued_at,
        "started_at": started_at,
        "finished_at": finished_at,
        "http_status": http_status,
        "adapter": adapter,
        "detail": detail,
        "worker": worker,
    })
}

fn load_value(load: &TracedLoad) -> Value {
    let TracedLoad {
        id,
        run_id,
        platform,
        kind,
        source,
        egress,
        worker,
        started_at,
        finished_at,
        outcome,
        http_status,
        adapter,
        detail,
    } = load;
    let duration_ms = finished_at.map(|end| u64::try_from(end.since(*started_at).as_millis()).unwrap_or(u64::MAX));
    json!({
        "id": id,
        "run_id": run_id,
        "platform": platform,
        "kind": kind,
        "source": source,
        "egress": egress,
        "worker": worker,
        "started_at": started_at,
        "finished_at": finished_at,
        "duration_ms": duration_ms,
        "outcome": outcome,
        "http_status": http_status,
        "adapter": adapter,
        "detail": detail,
    })
}

fn gap_value(gap: &ProcessGap) -> Value {
    let ProcessGap { name, started_at, heard_at, is_silent, lost, lost_at } = gap;
    json!({
        "process": name,
        "started_at": started_at,
        "heard_at": heard_at,
        "said_goodbye": !is_silent,
        "lost": lost,
        "lost_at": lost_at,
    })
}
