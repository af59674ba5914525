//! The tables, for SQLite and PostgreSQL alike.
//!
//! Each migration is one SQL text; the few words in which the two dialects differ stand in braces and are put in by `sql`.
//! Times are milliseconds since 1970 in `BIGINT`, so that both dialects compare, index and hand them out the same.

mod m0001_tables;
mod m0002_sources;
mod m0003_support;
mod m0004_history;
mod m0005_collections;
mod m0006_search;
mod m0007_rollups;
mod m0008_reporting;
mod m0009_exports;
mod m0010_newest_days;
mod m0011_bounds;
mod m0012_first_few;
mod m0013_own_attempts;
mod m0014_ranks;
mod m0015_replays;
mod m0016_repetitions;
mod sql;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// Every migration, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_tables::Tables),
            Box::new(m0002_sources::Sources),
            Box::new(m0003_support::Support),
            Box::new(m0004_history::History),
            Box::new(m0005_collections::Collections),
            Box::new(m0006_search::Search),
            Box::new(m0007_rollups::Rollups),
            Box::new(m0008_reporting::Reporting),
            Box::new(m0009_exports::Exports),
            Box::new(m0010_newest_days::NewestDays),
            Box::new(m0011_bounds::Bounds),
            Box::new(m0012_first_few::FirstFew),
            Box::new(m0013_own_attempts::OwnAttempts),
            Box::new(m0014_ranks::Ranks),
            Box::new(m0015_replays::Replays),
            Box::new(m0016_repetitions::Repetitions),
        ]
    }
}
