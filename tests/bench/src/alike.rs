//! Whether the floor does what the service does. A ratio of unlike work says nothing, and statements are easily added to the one alone.

use serde_json::{Value, json};

use crate::stage::{Stage, StageError};

/// The tables that a new account is written to, what is noted of the call aside.
const WRITTEN: [&str; 6] = ["profiles", "schedules", "accounts", "account_texts", "runs", "tracked_runs"];

/// Fails unless both show an account and a page alike.
pub async fn in_reading(stage: &Stage) -> Result<(), StageError> {
    for path in [format!("/accounts/{}", stage.account_ids[0]), "/accounts?limit=50".to_owned()] {
        let service = stage.client().get(&format!("/v2{path}")).await.json();
        let mut floor = stage.floor_client().get(&path).await.json();
        // A cursor of the floor is no more than an id.
        if let Some(cursor) = floor.pointer_mut("/pagination/next_cursor") {
            *cursor = service["pagination"]["next_cursor"].clone();
        }
        if let Some(difference) = first_difference("", &without_reasons(&service), &without_reasons(&floor)) {
            return Err(StageError::Unlike(format!("{path} at {difference}")));
        }
    }
    Ok(())
}

/// Fails unless a new account makes as many rows by the one as by the other. No worker may be about.
pub async fn in_writing(stage: &Stage) -> Result<(), StageError> {
    let before = rows(stage).await;
    let account = json!({"platform": "tiktok", "username": "made.by.the.service"});
    stage.client().post("/v2/accounts", &account).await.data(201);
    let between = rows(stage).await;
    let account = json!({"platform": "tiktok", "username": "made.by.the.floor"});
    stage.floor_client().post("/accounts", &account).await;
    let after = rows(stage).await;
    for (n, table) in WRITTEN.into_iter().enumerate() {
        let (service, floor) = (between[n] - before[n], after[n] - between[n]);
        if service != floor {
            return Err(StageError::Unlike(format!("a new account is {service} and {floor} rows of {table}")));
        }
    }
    Ok(())
}

async fn rows(stage: &Stage) -> [i64; WRITTEN.len()] {
    let mut counts = [0; WRITTEN.len()];
    for (count, table) in counts.iter_mut().zip(WRITTEN) {
        *count = stage.database().number(&format!("SELECT count(*) FROM {table}")).await;
    }
    counts
}

/// The document without the reasons why metrics are null, which the floor does not work out. Which are null stays.
fn without_reasons(document: &Value) -> Value {
    match document {
        Value::Object(members) => {
            let without = |(name, value): (&String, &Value)| match (name.as_str(), value) {
                ("metric_status", Value::Object(reasons)) => {
                    (name.clone(), reasons.keys().map(|metric| (metric.clone(), Value::Null)).collect())
                }
                _ => (name.clone(), without_reasons(value)),
            };
            members.iter().map(without).collect()
        }
        Value::Array(items) => items.iter().map(without_reasons).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => document.clone(),
    }
}

/// Where two documents first differ, with both values.
fn first_difference(at: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one.keys().chain(other.keys().filter(|name| !one.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let none = &Value::String("(nothing)".to_owned());
                let at = format!("{at}/{name}");
                first_difference(&at, one.get(name).unwrap_or(none), other.get(name).unwrap_or(none))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.find_map(|(n, (one, other))| first_difference(&format!("{at}/{n}"), one, other))
        }
        (one, other) => (one != other).then(|| format!("{at}: {one} and {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_do_not_count_but_what_they_are_given_for_does() {
        let one = json!([{"metric_status": {"views": "hidden"}}]);
        let other = json!([{"metric_status": {"views": "unsupported"}}]);
        assert_eq!(without_reasons(&one), without_reasons(&other));
        assert_ne!(without_reasons(&one), without_reasons(&json!([{"metric_status": {}}])));
    }

    #[test]
    fn the_first_difference_is_named_with_its_place() {
        let one = json!({"data": [{"id": 1, "name": "amy"}, {"id": 2}]});
        assert_eq!(first_difference("", &one, &one), None);
        let other = json!({"data": [{"id": 1}, {"id": 2}]});
        assert_eq!(first_difference("", &one, &other).unwrap(), r#"/data/0/name: "amy" and "(nothing)""#);
        let other = json!({"data": [{"id": 1, "name": "amy"}, {"id": 3}], "more": true});
        assert_eq!(first_difference("", &one, &other).unwrap(), "/data/1/id: 2 and 3");
    }
}
