//! Writing request events, and forgetting them.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{ApiKeyId, Timestamp};
use sea_orm::{DatabaseTransaction, Value};

use super::{ApiProcess, NewRequestEvent};
use crate::sql::{execute, is_postgres, places, values};
use crate::{Store, StoreError};

/// Rows of one statement at most. Statements come in powers of two up to this, so that few of them are prepared.
const MOST_ROWS: usize = 128;

const MINUTE_MS: i64 = 60_000;

/// A key's last use is written again when it is this much later: nobody needs to know it better.
const LAST_USE_STEP: Duration = Duration::from_mins(1);

impl Store {
    /// Writes `events`, of which the last is number `process.written` of its process, and notes that the process lives; with `has_ended`,
    /// that it is ending. Events that were written under their numbers before are not written again, so what failed can be tried again as it was.
    pub async fn write_request_events(
        &self,
        process: &ApiProcess,
        events: &[NewRequestEvent],
        has_ended: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        if note_process(&tx, process, events.is_empty(), has_ended, now).await? {
            let rows: Vec<Vec<Value>> = events.iter().map(|event| event_row(process, event)).collect();
            insert(&tx, "request_events", EVENT_COLUMNS, rows).await?;
            let touched: Vec<Vec<Value>> = events.iter().flat_map(touched_rows).collect();
            insert(&tx, "touched_resources", TOUCHED_COLUMNS, touched).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Notes when keys were last used. What another process wrote within the last minute stays, and what another holds is left to it.
    pub async fn note_key_uses(&self, uses: &[(ApiKeyId, Timestamp)]) -> Result<(), StoreError> {
        let skip = if is_postgres(&self.write) { "FOR NO KEY UPDATE SKIP LOCKED" } else { "" };
        for part in in_powers_of_two(uses) {
            let mut values = values![i64::try_from(LAST_USE_STEP.as_millis()).unwrap_or(i64::MAX)];
            let mut rows = Vec::new();
            for (id, at) in part {
                rows.push(format!("(${}, ${})", values.len() + 1, values.len() + 2));
                values.extend(values![id.0, at.as_millis()]);
            }
            let rows = rows.join(", ");
            let sql = format!(
                "WITH uses (id, at) AS (VALUES {rows}), stale AS (SELECT k.id FROM api_keys k WHERE k.id IN (SELECT id FROM uses) {skip}) \
                 UPDATE api_keys SET last_used_at = uses.at FROM uses WHERE api_keys.id = uses.id \
                 AND api_keys.id IN (SELECT id FROM stale) AND (last_used_at IS NULL OR last_used_at < uses.at - $1)"
            );
            execute(&self.write, &sql, values).await?;
        }
        Ok(())
    }

    /// Forgets calls, what they touched, and processes last heard of before the minute of `before`, at most `most` of each; how many rows went.
    pub async fn prune_request_events(&self, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let touched = self.prune_oldest("touched_resources", "occurred_at", before, most).await?;
        let processes = self.prune_oldest("api_processes", "heard_at", before, most).await?;
        Ok(touched + processes + self.prune_oldest("request_events", "occurred_at", before, most).await?)
    }

    /// Deletes by the rows' places, which costs one walk along the index of ages. That index is by whole minutes: one by the time itself would
    /// lure the planner into walking it for the newest calls of one id.
    async fn prune_oldest(&self, table: &str, age: &str, before: Timestamp, most: u32) -> Result<u64, StoreError> {
        let oldest = |place: &str| {
            format!("SELECT {place} FROM {table} WHERE {age} / {MINUTE_MS} < $1 ORDER BY {age} / {MINUTE_MS} LIMIT $2")
        };
        let sql = if is_postgres(&self.write) {
            format!("DELETE FROM {table} WHERE ctid = ANY (ARRAY({} FOR UPDATE SKIP LOCKED))", oldest("ctid"))
        } else {
            format!("DELETE FROM {table} WHERE rowid IN ({})", oldest("rowid"))
        };
        execute(&self.write, &sql, values![before.as_millis() / MINUTE_MS, i64::from(most)]).await
    }
}

/// Notes how far a process came; whether that was news. Of events it is none when their numbers are taken.
async fn note_process(
    tx: &DatabaseTransaction,
    process: &ApiProcess,
    is_sign_of_life: bool,
    has_ended: bool,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ApiProcess { name, started_at, written, lost, lost_at } = process;
    let news = if is_sign_of_life { "<=" } else { "<" };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let noted = execute(
        tx,
        &format!(
            "INSERT INTO api_processes (name, started_at, heard_at, written, lost, lost_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (name, started_at) DO UPDATE SET heard_at = excluded.heard_at, written = excluded.written, \
             lost = excluded.lost, lost_at = excluded.lost_at, ended_at = excluded.ended_at \
             WHERE api_processes.written {news} excluded.written"
        ),
        values![
            name.clone(),
            started_at.as_millis(),
            now.as_millis(),
            number(*written),
            number(*lost),
            lost_at.map(Timestamp::as_millis),
            has_ended.then(|| now.as_millis()),
        ],
    )
    .await?;
    Ok(noted > 0)
}

const EVENT_COLUMNS: &[&str] = &[
    "request_id",
    "occurred_at",
    "process",
    "organization_id",
    "api_key_id",
    "api_key_name",
    "method",
    "route",
    "path",
    "status",
    "code",
    "duration_us",
    "client_address",
    "user_agent",
    "idempotency_key",
    "resources",
];

const TOUCHED_COLUMNS: &[&str] = &["resource_id", "organization_id", "request_id", "occurred_at"];

fn event_row(process: &ApiProcess, event: &NewRequestEvent) -> Vec<Value> {
    let NewRequestEvent {
        request_id,
        occurred_at,
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
        is_write: _,
    } = event;
    values![
        request_id.as_str(),
        occurred_at.as_millis(),
        process.name.as_str(),
        organization_id.map(|id| id.0),
        api_key_id.map(|id| id.0),
        api_key_name.as_deref(),
        method.as_str(),
        *route,
        path.as_str(),
        i64::from(*status),
        *code,
        i64::try_from(*duration_us).unwrap_or(i64::MAX),
        client_address.as_deref(),
        user_agent.as_deref(),
        idempotency_key.as_deref(),
        (!resources.is_empty()).then(|| resources.join(" ")),
    ]
}

/// Only what an admitted key may have changed leads back to the call.
fn touched_rows(event: &NewRequestEvent) -> Vec<Vec<Value>> {
    let Some(organization) = event.organization_id.filter(|_| event.is_write) else { return Vec::new() };
    let ids: BTreeSet<&str> = event.resources.iter().map(String::as_str).collect();
    let row = |id: &str| values![id, organization.0, event.request_id.as_str(), event.occurred_at.as_millis()];
    ids.into_iter().map(row).collect()
}

/// The places of the `row`-th of several rows. On SQLite they have no numbers: sqlx asks for the number of each, which SQLite looks for in
/// a list of all of them, and that comes to more than all the rest of the inserting.
fn row_places(tx: &DatabaseTransaction, row: usize, columns: usize) -> String {
    let places = if is_postgres(tx) { places(row * columns + 1, columns) } else { vec!["?"; columns].join(", ") };
    format!("({places})")
}

/// Inserts rows of as many values as there are columns.
async fn insert(
    tx: &DatabaseTransaction,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let sizes: Vec<usize> = in_powers_of_two(&rows).into_iter().map(<[_]>::len).collect();
    let mut rows = rows.into_iter();
    for size in sizes {
        let places: Vec<String> = (0..size).map(|row| row_places(tx, row, columns.len())).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES {}", columns.join(", "), places.join(", "));
        execute(tx, &sql, rows.by_ref().take(size).flatten().collect()).await?;
    }
    Ok(())
}

/// Cuts `rows` into parts whose sizes are powers of two, largest first.
fn in_powers_of_two<T>(mut rows: &[T]) -> Vec<&[T]> {
    let mut parts = Vec::new();
    while !rows.is_empty() {
        let size = (1 << rows.len().ilog2()).min(MOST_ROWS);
        let (part, rest) = rows.split_at(size);
        parts.push(part);
        rows = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_few_sizes() {
        let rows = [0; 1000];
        let sizes: Vec<usize> = in_powers_of_two(&rows[..301]).into_iter().map(<[i32]>::len).collect();
        assert_eq!(sizes, [128, 128, 32, 8, 4, 1]);
        let all: BTreeSet<usize> =
            (0..=1000).flat_map(|n| in_powers_of_two(&rows[..n]).into_iter().map(<[i32]>::len)).collect();
        assert_eq!(all.len(), 8);
    }
}
