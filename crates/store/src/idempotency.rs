//! Remembered answers: the same key and body get the same answer, from any process, after any crash.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::{OrganizationId, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseTransaction, FromQueryResult};

use crate::sql::{execute, is_postgres, row, values};
use crate::{Store, StoreError};

/// How long an answer is remembered.
pub const KEPT: Duration = Duration::from_hours(24);

/// How long the second request of a key waits for the first to end. The claim on PostgreSQL says the same in its own words.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `ETag` header.
    pub etag: Option<String>,
    /// The `Content-Type` header.
    pub content_type: String,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    /// Whether the body holds a secret and is kept encrypted. The store neither locks nor opens it.
    pub is_sealed: bool,
    /// The call that was answered with it first; `None` in records of older versions.
    pub request_id: Option<String>,
}

/// What claiming an idempotency key came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdempotencyClaim {
    /// Nobody used it: do the work, remember the answer, commit.
    Fresh,
    /// The same request was answered before.
    Replay(StoredAnswer),
    /// The key was used with another method, path or body.
    OtherRequest,
    /// The first request is still being worked on.
    InProgress,
}

/// The keys whose transactions are open in this process.
///
/// On SQLite the second request of a key cannot see the first one's claim: it waits for the one writer, as everybody does. This tells
/// whether it is its own first request that it waits for. Another process on the same file cannot be told; it waits for the writer longer,
/// and then counts the database as away.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<HashSet<(OrganizationId, String)>>>);

/// A key in [`Running`], until it is dropped.
#[derive(Debug)]
pub(crate) struct RunningKey {
    running: Running,
    key: (OrganizationId, String),
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, HashSet<(OrganizationId, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has(&self, organization: OrganizationId, key: &str) -> bool {
        self.lock().contains(&(organization, key.to_owned()))
    }

    /// Notes a key. On SQLite there is one writing transaction, so no key is noted twice.
    pub(crate) fn enter(&self, organization: OrganizationId, key: &str) -> RunningKey {
        let key = (organization, key.to_owned());
        self.lock().insert(key.clone());
        RunningKey { running: self.clone(), key }
    }
}

impl Drop for RunningKey {
    fn drop(&mut self) {
        self.running.lock().remove(&self.key);
    }
}

#[derive(FromQueryResult)]
struct RecordRow {
    fingerprint: Vec<u8>,
    status: Option<i64>,
    location: Option<String>,
    etag: Option<String>,
    content_type: Option<String>,
    body: Option<Vec<u8>>,
    is_sealed: bool,
    request_id: Option<String>,
}

/// Takes `key` for this transaction. Whoever comes second waits for the first to end, at most two seconds, and then sees its answer.
pub(crate) async fn claim(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    key: &str,
    fingerprint: &[u8; 32],
    now: Timestamp,
) -> Result<IdempotencyClaim, StoreError> {
    if is_postgres(tx) {
        tx.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
    }
    let taken = match insert(tx, organization, key, fingerprint, now).await {
        Ok(0) => renew(tx, organization, key, fingerprint, now).await,
        inserted => inserted,
    };
    match taken {
        Ok(0) => return existing(tx, organization, key, fingerprint).await,
        Ok(_) => {}
        Err(error) if error.is_lock_timeout() => return Ok(IdempotencyClaim::InProgress),
        Err(error) => return Err(error),
    }
    if is_postgres(tx) {
        tx.execute_unprepared("SET LOCAL lock_timeout = 0").await?;
    }
    Ok(IdempotencyClaim::Fresh)
}

/// Takes over a record whose day is past. Of several that try at once one does: the rest find it new.
async fn renew(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    key: &str,
    fingerprint: &[u8; 32],
    now: Timestamp,
) -> Result<u64, StoreError> {
    execute(
        tx,
        "UPDATE idempotency_records SET fingerprint = $3, status = NULL, body = NULL, created_at = $4 \
         WHERE organization_id = $1 AND idempotency_key = $2 AND created_at < $5",
        values![organization.0, key, fingerprint.to_vec(), now.as_millis(), now.minus(KEPT).as_millis()],
    )
    .await
}

async fn insert(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    key: &str,
    fingerprint: &[u8; 32],
    now: Timestamp,
) -> Result<u64, StoreError> {
    execute(
        tx,
        "INSERT INTO idempotency_records (organization_id, idempotency_key, fingerprint, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (organization_id, idempotency_key) DO NOTHING",
        values![organization.0, key, fingerprint.to_vec(), now.as_millis()],
    )
    .await
}

async fn existing(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    key: &str,
    fingerprint: &[u8; 32],
) -> Result<IdempotencyClaim, StoreError> {
    let found = row::<RecordRow>(
        tx,
        "SELECT fingerprint, status, location, etag, content_type, body, is_sealed, request_id FROM idempotency_records \
         WHERE organization_id = $1 AND idempotency_key = $2",
        values![organization.0, key],
    )
    .await?;
    let Some(record) = found else {
        // Pruned in between.
        return Ok(IdempotencyClaim::InProgress);
    };
    if record.fingerprint != fingerprint {
        return Ok(IdempotencyClaim::OtherRequest);
    }
    let (Some(status), Some(body)) = (record.status, record.body) else {
        return Ok(IdempotencyClaim::InProgress);
    };
    Ok(IdempotencyClaim::Replay(StoredAnswer {
        status: u16::try_from(status)
            .map_err(|_| StoreError::Unreadable { table: "idempotency_records", column: "status" })?,
        location: record.location,
        etag: record.etag,
        content_type: record.content_type.unwrap_or_default(),
        body,
        is_sealed: record.is_sealed,
        request_id: record.request_id,
    }))
}

/// Keeps the answer, in the transaction of the work.
pub(crate) async fn remember(
    tx: &DatabaseTransaction,
    organization: OrganizationId,
    key: &str,
    answer: &StoredAnswer,
) -> Result<(), StoreError> {
    execute(
        tx,
        "UPDATE idempotency_records SET status = $3, location = $4, etag = $5, content_type = $6, body = $7, is_sealed = $8, request_id = $9 \
         WHERE organization_id = $1 AND idempotency_key = $2",
        values![
            organization.0,
            key,
            i64::from(answer.status),
            answer.location.clone(),
            answer.etag.clone(),
            answer.content_type.clone(),
            answer.body.clone(),
            answer.is_sealed,
            answer.request_id.clone(),
        ],
    )
    .await?;
    Ok(())
}

impl Store {
    /// Forgets answers older than a day, at most `limit` of them, the oldest first; how many went.
    ///
    /// Rows are found by the index on their age and deleted by their place, whatever the planner thinks of the table. One that is being taken over
    /// at this moment is left alone, or looked at again once it is: then it is young.
    pub async fn prune_idempotency(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let old = "SELECT {place} FROM idempotency_records WHERE created_at < $1 ORDER BY created_at LIMIT $2";
        let sql = if is_postgres(&self.write) {
            format!("ctid = ANY (ARRAY({} FOR UPDATE SKIP LOCKED))", old.replace("{place}", "ctid"))
        } else {
            format!("rowid IN ({})", old.replace("{place}", "rowid"))
        };
        execute(
            &self.write,
            &format!("DELETE FROM idempotency_records WHERE created_at < $1 AND {sql}"),
            values![now.minus(KEPT).as_millis(), i64::from(limit)],
        )
        .await
    }
}
