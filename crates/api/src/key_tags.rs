//! How processes tell each other through Redis that a key has changed.
//!
//! Each key in use has a tag there: a random value, made when it is missed. A process learns the tag whenever it counts a call, and may use
//! a record that it keeps for as long as the tag is the one under which it read the record from the database. Whoever changes a key puts a
//! mark in the tag's place before the commit, under which nothing is kept, and takes the mark away after it, so that a new tag is made. Should
//! the process die in between, the mark goes by itself.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, Pipeline, RedisError};
use uuid::Uuid;

/// Longer than a commit can take.
const MARK_SECONDS: u64 = 30;

const MARK: &str = "changing";

/// How long the command line waits for Redis. A request waits as long as it does for a count.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server that was restarted is noticed by the first command, which is lost.
const ATTEMPTS: u32 = 2;

/// The value of a tag. Two are never the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(Uuid);

/// Where Redis has the tag of the key with this public part.
pub(crate) fn name(public_part: &str) -> String {
    format!("creator-audit:key:{public_part}")
}

/// The text of a new tag.
pub(crate) fn fresh() -> String {
    Uuid::now_v7().to_string()
}

/// What Redis holds as a tag; `None` when that is a mark, or nothing.
pub(crate) fn read(text: &str) -> Option<Tag> {
    text.parse().ok().map(Tag)
}

/// Why processes could not be told of a change.
#[derive(Debug, thiserror::Error)]
#[error("Redis cannot be told that API keys change: {0}")]
pub struct KeyChangeError(#[from] RedisError);

/// A change of keys that is under way.
#[must_use = "records of the keys are kept again when the change is said to be committed"]
pub struct KeyChange {
    connection: ConnectionManager,
    tags: Vec<String>,
}

/// Tells every process that answers calls, before the change is committed, that the keys with these public parts are about to change. With
/// [`KeyChange::committed`] after the commit, no process uses what it knew of them for a request that comes later.
///
/// `redis_url` is where the processes count calls. Fails when there is no Redis there, or when it does not answer within seconds.
pub async fn announce_key_changes(redis_url: &str, public_parts: &[String]) -> Result<KeyChange, KeyChangeError> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(0)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let connection = ConnectionManager::new_with_config(Client::open(redis_url)?, config).await?;
    let mut change = KeyChange::new(connection, public_parts);
    change.announce().await?;
    Ok(change)
}

impl KeyChange {
    pub(crate) fn new(connection: ConnectionManager, public_parts: &[String]) -> Self {
        Self { connection, tags: public_parts.iter().map(|part| name(part)).collect() }
    }

    pub(crate) async fn announce(&mut self) -> Result<(), KeyChangeError> {
        if self.tags.is_empty() {
            return Ok(());
        }
        let mut marks = Pipeline::new();
        for tag in &self.tags {
            marks.set_ex(tag, MARK, MARK_SECONDS).ignore();
        }
        let mut attempt = 1;
        loop {
            match marks.query_async(&mut self.connection).await {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Says that the change is committed: whoever keeps records of the keys reads them anew.
    pub async fn committed(mut self) -> Result<(), KeyChangeError> {
        if self.tags.is_empty() {
            return Ok(());
        }
        let mut attempt = 1;
        loop {
            match self.connection.del(&self.tags).await {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return Ok(outcome?),
            }
        }
    }
}
