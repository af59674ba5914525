//! The statements by sqlx on SQLite: readers beside one writer, as the service has them.

use domain::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use uuid::Uuid;

use super::answer::{Account, account};
use super::statements::{
    ARM, BEFORE, COUNT, FIND_PROFILE, LIST, MAKE_ACCOUNT, MAKE_PROFILE, NOTE_RUN, NOTE_TEXTS, READ, REST, SHOW_RUN,
};
use super::{CONNECTIONS, FloorError, NewAccount, PAGE};

/// The accounts of one organization.
pub struct Accounts {
    pub read: SqlitePool,
    pub write: SqlitePool,
    pub organization: Uuid,
}

/// The readers and the writer.
pub async fn pools(url: &str) -> Result<[SqlitePool; 2], FloorError> {
    let options: SqliteConnectOptions = url.parse()?;
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    Ok([pool(CONNECTIONS).connect_with(options.clone()).await?, pool(1).connect_with(options).await?])
}

impl Accounts {
    pub async fn find(&self, id: Uuid) -> Result<Option<Account>, FloorError> {
        let row = sqlx::query(READ).bind(id).bind(self.organization).fetch_optional(&self.read).await?;
        row.map(|row| Ok(account!(row))).transpose()
    }

    pub async fn page(&self) -> Result<Vec<Account>, FloorError> {
        let most = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
        let rows = sqlx::query(LIST).bind(self.organization).bind(most).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok(account!(row))).collect()
    }

    pub async fn create(&self, new: &NewAccount, now: Timestamp) -> Result<Account, FloorError> {
        let NewAccount { platform, username } = new;
        let (id, run, now) = (Uuid::now_v7(), Uuid::now_v7(), now.as_millis());
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let found = sqlx::query(FIND_PROFILE).bind(platform).bind(username).fetch_optional(&mut *tx).await?;
        let profile: i64 = match found {
            Some(row) => row.try_get(0)?,
            None => sqlx::query(MAKE_PROFILE).bind(platform).bind(username).fetch_one(&mut *tx).await?.try_get(0)?,
        };
        sqlx::query(REST).bind(profile).bind(platform).execute(&mut *tx).await?;
        let make = sqlx::query(MAKE_ACCOUNT).bind(id).bind(self.organization).bind(profile).bind(platform);
        make.bind(username).bind(now).execute(&mut *tx).await?;
        sqlx::query(NOTE_TEXTS).bind(id).execute(&mut *tx).await?;
        sqlx::query(BEFORE).bind(profile).fetch_optional(&mut *tx).await?;
        let arm = sqlx::query(ARM).bind(profile).bind(platform).bind(now).bind(run.to_string());
        arm.bind(run).fetch_one(&mut *tx).await?;
        let note = sqlx::query(NOTE_RUN).bind(run).bind(profile).bind(platform).bind(run.to_string());
        note.bind(now).bind(self.organization).execute(&mut *tx).await?;
        let show = sqlx::query(SHOW_RUN).bind(profile).bind(run).bind(now).bind(self.organization);
        show.bind(run.to_string()).execute(&mut *tx).await?;
        sqlx::query(COUNT).bind(self.organization).execute(&mut *tx).await?;
        let row = sqlx::query(READ).bind(id).bind(self.organization).fetch_one(&mut *tx).await?;
        let account = account!(row);
        tx.commit().await?;
        Ok(account)
    }
}
