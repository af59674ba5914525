//! Where facts are kept: every query of the service, on SQLite and PostgreSQL.
//!
//! Public facts (`profiles`, `posts`, their snapshots) are shared; tracking (`accounts`, `videos`, `account_videos`, `creators`) is an
//! organization's own, and every query of it is built from a [`Tenant`], which carries the organization. The schedule row is the one
//! mechanism that decides what is read when: see [`schedule`].

mod account_videos;
mod accounts;
mod audit;
mod canaries;
mod changes;
mod collecting;
mod collections;
mod columns;
mod copy;
mod creators;
mod days;
mod error;
mod exports;
mod freshness;
mod idempotency;
mod insert;
mod keys;
mod lasting;
mod listing;
mod merged;
mod page_loads;
mod paging;
mod record;
mod refresh;
mod report;
mod request_events;
mod rollups;
mod runs;
pub mod schedule;
mod search;
pub mod seed;
mod seen;
mod snapshots;
mod sources;
mod sql;
mod tenant;
mod trace;
mod tracked_post;
mod tracked_posts;
mod versions;
mod videos;
mod views;

mod bulk;
mod organizations;
mod usage;

use std::sync::Arc;
use std::time::Duration;

use domain::{AgeCurve, Timestamp};
use migrations::MigratorTrait;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::freshness::Moment;
use crate::merged::Lookups;
use crate::sql::is_postgres;

pub use audit::{Action, Actor, AuditFilter, AuditRecord, Change};
pub use canaries::CanaryState;
pub use changes::{AccountChange, CreatorChange, Linked, NewAccount, NewCreator, NewVideo, Refusal, VideoChange};
pub use collections::{
    Collection, CollectionChange, CollectionFilter, CollectionMember, CollectionOrder, MOST_COLLECTIONS, MOST_MEMBERS,
    MemberCounts, MemberFilter, MemberOrder, NewCollection,
};
pub use days::{DayOfAccount, Delta, Deltas, PrunedDays, Rebuilt, Snapshot, SnapshotOrder, TrackedKind, WindowNumbers};
pub use error::StoreError;
pub use exports::{
    AccountFilterOfDays, Export, ExportClaim, ExportFile, ExportFilter, ExportHold, ExportJob, ExportOrder, ExportPart,
    FinishedExport, MOST_EXPORTS, MOST_EXPORTS_AT_ONCE, NewExport, WalkedAccount,
};
pub use idempotency::{IdempotencyClaim, StoredAnswer};
pub use keys::{Key, KeyChange, KeyRecord, NewKey, NewOrganization, Organization, RetiringSecret, Rotated, Rotation};
pub use page_loads::Slot;
pub use paging::{
    AccountFilter, AccountOrder, AccountVideoFilter, CreatorFilter, CreatorOrder, Direction, Page, PageRequest,
    Position, PostOrder, RowId, SortKey, VideoFilter,
};
pub use paging::{KeyFilter, KeyOrder};
pub use record::{RecordPolicy, Recorded};
pub use refresh::Refreshed;
pub use report::{
    CountedPosts, MemberNumbers, ReportFilter, ReportMember, ReportMetrics, ReportNumbers, ReportOrder, ReportPost,
    ReportRequest, Stretch,
};
pub use request_events::{ApiProcess, MOST_TOUCHED, NewRequestEvent, RecordedRequest, RequestEvent};
pub use rollups::{Overview, OverviewNumbers, RolledUp, TopCreator};
pub use runs::{Run, RunFilter, RunOrder, RunTarget};
pub use schedule::{Breaker, Budget, Claim, ClaimPolicy, Job, JobTarget, PlatformPolicy, SourcePlan};
pub use seen::Seen;
pub use sources::{BreakerState, GateState, PlatformState, SourceState};
pub use tenant::{Tenant, TenantTx};
pub use trace::{
    LeftOut, ProcessGap, ShutDoor, Story, TracedChange, TracedLoad, TracedRecord, TracedRun, TracedWait, UnrecordedCall,
};
pub use views::{
    Account, AccountVideo, Creator, FoundPost, Freshness, MetricPrecisions, MetricStatuses, PostCounts, SearchResults,
    TrackedPost, Video,
};

pub use organizations::{DEFAULT_INTERVAL_HOURS, OrganizationChange, OrganizationSettings, TermsChange};
pub use usage::{Tracked, Usage};

/// Where the database is and how it is used.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite://path/to/file.db` or `postgres://user:password@host:port/name`.
    pub url: String,
    /// Connections at most, for each process.
    pub max_connections: u32,
    /// How often posts of a feed are read.
    pub age_curve: AgeCurve,
}

/// The store: cheap to clone, shared by all of a process.
#[derive(Clone, Debug)]
pub struct Store {
    read: DatabaseConnection,
    write: DatabaseConnection,
    age_curve: Arc<AgeCurve>,
    running: idempotency::Running,
    lookups: Arc<Lookups>,
}

/// How long a call waits for a free connection before the database counts as away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// What every session on PostgreSQL is told. Compiling a query takes longer than the slowest of ours runs, and PostgreSQL does so for any whose
/// cost it guesses high. And a process that is frozen, or whose machine is gone, in the middle of a transaction keeps its locks: the server ends
/// such a transaction after ten seconds, whereas ours never wait for anything but the database.
const SESSION: &str = "SET jit = off; SET idle_in_transaction_session_timeout = '10s'";

async fn set_up(connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
    sqlx::Executor::execute(connection, SESSION).await?;
    Ok(())
}

/// The advisory lock of whoever migrates: "migrate" in ASCII.
const MIGRATING: i64 = 0x006d_6967_7261_7465;

impl Store {
    /// Opens the database. Succeeds while a PostgreSQL server is away: connections are made when they are needed.
    ///
    /// SQLite is used with one writing connection, several reading ones, and a write-ahead log; the file is made when it is missing.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let age_curve = Arc::new(config.age_curve.clone());
        let is_sqlite = config.url.starts_with("sqlite:");
        let is_postgres = config.url.starts_with("postgres:") || config.url.starts_with("postgresql:");
        let is_address = if is_sqlite {
            config.url.parse::<SqliteConnectOptions>().is_ok()
        } else {
            config.url.parse::<PgConnectOptions>().is_ok()
        };
        match (is_sqlite || is_postgres, is_address) {
            (false, _) => return Err(StoreError::UnknownDatabase),
            (true, false) => return Err(StoreError::UnreadableAddress),
            (true, true) => {}
        }
        let mut options = ConnectOptions::new(config.url.clone());
        options.sqlx_logging(false).acquire_timeout(ACQUIRE_TIMEOUT).connect_timeout(ACQUIRE_TIMEOUT);
        // Connections are kept: sqlx 0.9's task that ages them counts over a number of idle ones that can have wrapped below zero, and then holds
        // a thread for ever. A dead connection is found by its test before use.
        options.idle_timeout(None::<Duration>).max_lifetime(None::<Duration>);
        if is_sqlite {
            options.map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(ACQUIRE_TIMEOUT)
                    .foreign_keys(true)
            });
            options.test_before_acquire(false);
            let write = Database::connect(options.clone().max_connections(1).to_owned()).await?;
            let read = Database::connect(options.max_connections(config.max_connections).to_owned()).await?;
            Ok(Self { read, write, age_curve, running: idempotency::Running::default(), lookups: Arc::default() })
        } else {
            options
                .max_connections(config.max_connections)
                .connect_lazy(true)
                .test_before_acquire_if_idle_for(Duration::from_secs(1))
                .map_sqlx_postgres_pool_opts(|pool| pool.after_connect(|connection, _| Box::pin(set_up(connection))));
            let pool = Database::connect(options).await?;
            Ok(Self {
                read: pool.clone(),
                write: pool,
                age_curve,
                running: idempotency::Running::default(),
                lookups: Arc::default(),
            })
        }
    }

    /// Brings the tables up to date. Safe to run from several processes, one after another or, on PostgreSQL, at once: each waits for its turn.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        if !is_postgres(&self.write) {
            return Ok(migrations::Migrator::up(&self.write, None).await?);
        }
        // A connection of its own holds the turn until it is closed, however many the pool may have.
        let options = self.write.get_postgres_connection_pool().connect_options();
        let mut turn = sqlx::PgConnection::connect_with(&options).await?;
        sqlx::query("SELECT pg_advisory_lock($1)").bind(MIGRATING).execute(&mut turn).await?;
        let migrated = migrations::Migrator::up(&self.write, None).await;
        turn.close().await?;
        Ok(migrated?)
    }

    /// Whether all migrations have been run.
    pub async fn is_migrated(&self) -> Result<bool, StoreError> {
        Ok(migrations::Migrator::get_pending_migrations(&self.write).await?.is_empty())
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes every connection.
    pub async fn close(self) -> Result<(), StoreError> {
        self.read.close().await?;
        self.write.close().await?;
        Ok(())
    }

    /// What rows are viewed by at `now`.
    pub(crate) fn moment(&self, now: Timestamp) -> Moment<'_> {
        Moment { now, curve: &self.age_curve }
    }

    /// Begins a writing transaction. On SQLite it takes the write lock at once, so that it never has to give up half-way.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.write.begin_with_options(options).await?)
    }
}
