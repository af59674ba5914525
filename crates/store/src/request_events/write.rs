//! Writing request events, and forgetting them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{ApiKeyId, Timestamp};
use sea_orm::{DbErr, RuntimeErr, Value};
use sqlx::{AssertSqlSafe, PgPool};

use super::{ApiProcess, NewRequestEvent};
use crate::copy::{CopyRows, Field, fields};
use crate::insert::{in_powers_of_two, insert};
use crate::sql::{execute, is_postgres, values};
use crate::{Store, StoreError};

const MINUTE_MS: i64 = 60_000;

/// A key's last use is written again when it is this much later: nobody needs to know it better.
const LAST_USE_STEP: Duration = Duration::from_mins(1);

impl Store {
    /// Writes `events`, of which the last is number `process.written` of its process, and notes that the process lives; with `has_ended`,
    /// that it is ending. Events that were written under their numbers before are not written again, so what failed can be tried again as it was.
    pub async fn write_request_events<'a>(
        &self,
        process: &ApiProcess,
        events: impl Iterator<Item = NewRequestEvent<'a>> + Clone + Send,
        has_ended: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (sql, fields) = note_of(process, events.clone().next().is_none(), has_ended, now);
        if is_postgres(&self.write) {
            return copy_events(self.write.get_postgres_connection_pool(), &sql, &fields, process, events).await;
        }
        let tx = self.begin().await?;
        if execute(&tx, &sql, fields.map(Value::from).into()).await? > 0 {
            let rows = events.clone().flat_map(|event| event_row(process, &event).map(Value::from));
            insert(&tx, "request_events", EVENT_COLUMNS, events.clone().count(), rows).await?;
            let mut touched = Vec::new();
            for event in events {
                touched.extend(touched_rows(&event).into_iter().map(|row| row.map(Value::from)));
            }
            insert(&tx, "touched_resources", TOUCHED_COLUMNS, touched.len(), touched.into_iter().flatten()).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Notes when keys were last used. What another process wrote within the last minute stays, and what another holds is left to it.
    pub async fn note_key_uses(&self, uses: &[(ApiKeyId, Timestamp)]) -> Result<(), StoreError> {
        let skip = if is_postgres(&self.write) { "FOR NO KEY UPDATE SKIP LOCKED" } else { "" };
        let mut rest = uses;
        for size in in_powers_of_two(uses.len()) {
            let (part, others) = rest.split_at(size);
            rest = others;
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

/// The same for PostgreSQL, where it costs the server half as much to copy rows as to insert them.
async fn copy_events<'a>(
    pool: &PgPool,
    sql: &str,
    fields: &[Field<'_>],
    process: &ApiProcess,
    events: impl Iterator<Item = NewRequestEvent<'a>>,
) -> Result<(), StoreError> {
    let (mut rows, mut touched) = (CopyRows::default(), CopyRows::default());
    for event in events {
        rows.push(&event_row(process, &event));
        for row in touched_rows(&event) {
            touched.push(&row);
        }
    }
    let away = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
    let mut tx = pool.begin().await.map_err(away)?;
    let note = fields.iter().fold(sqlx::query(AssertSqlSafe(sql)), |note, field| match *field {
        Field::Null => note.bind(None::<i64>),
        Field::Bool(is) => note.bind(is),
        Field::Small(number) => note.bind(number),
        Field::Int(number) => note.bind(number),
        Field::Number(number) => note.bind(number),
        Field::Real(number) => note.bind(number),
        Field::Id(id) => note.bind(id),
        Field::Text(text) => note.bind(text),
        Field::Bytes(bytes) => note.bind(bytes),
    });
    if note.execute(&mut *tx).await?.rows_affected() > 0 {
        rows.write(&mut tx, "request_events", EVENT_COLUMNS).await?;
        touched.write(&mut tx, "touched_resources", TOUCHED_COLUMNS).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// The statement that notes how far a process came, and its parameters. It touches a row when that is news; of events it is none when
/// their numbers are taken.
fn note_of(process: &ApiProcess, is_sign_of_life: bool, has_ended: bool, now: Timestamp) -> (String, [Field<'_>; 7]) {
    let ApiProcess { name, started_at, written, lost, lost_at } = process;
    let news = if is_sign_of_life { "<=" } else { "<" };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let sql = format!(
        "INSERT INTO api_processes (name, started_at, heard_at, written, lost, lost_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (name, started_at) DO UPDATE SET heard_at = excluded.heard_at, written = excluded.written, \
         lost = excluded.lost, lost_at = excluded.lost_at, ended_at = excluded.ended_at \
         WHERE api_processes.written {news} excluded.written"
    );
    let fields = fields![
        name.as_str(),
        started_at.as_millis(),
        now.as_millis(),
        number(*written),
        number(*lost),
        lost_at.map(Timestamp::as_millis),
        has_ended.then(|| now.as_millis()),
    ];
    (sql, fields)
}

const EVENT_COLUMNS: &[&str; 17] = &[
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
    "replay_of",
];

const TOUCHED_COLUMNS: &[&str; 4] = &["resource_id", "organization_id", "request_id", "occurred_at"];

fn event_row<'a>(process: &'a ApiProcess, event: &'a NewRequestEvent<'_>) -> [Field<'a>; 17] {
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
        replay_of,
        is_write: _,
    } = event;
    fields![
        &**request_id,
        occurred_at.as_millis(),
        process.name.as_str(),
        organization_id.map(|id| id.0),
        api_key_id.map(|id| id.0),
        api_key_name.as_deref(),
        &**method,
        *route,
        &**path,
        i64::from(*status),
        *code,
        i64::try_from(*duration_us).unwrap_or(i64::MAX),
        client_address.as_deref(),
        user_agent.as_deref(),
        idempotency_key.as_deref(),
        resources.as_deref(),
        replay_of.as_deref(),
    ]
}

/// Only what an admitted key may have changed leads back to the call.
fn touched_rows<'a>(event: &'a NewRequestEvent<'_>) -> Vec<[Field<'a>; 4]> {
    let organization = event.organization_id.filter(|_| event.is_write);
    let (Some(organization), Some(ids)) = (organization, &event.resources) else { return Vec::new() };
    let ids: BTreeSet<&str> = ids.split(' ').collect();
    ids.into_iter().map(|id| fields![id, organization.0, &*event.request_id, event.occurred_at.as_millis()]).collect()
}
