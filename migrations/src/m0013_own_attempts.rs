//! What a record was tried by is its own: the attempts that were made while it was collected, instead of those of the schedule that it shares.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Attempts of records.
pub struct OwnAttempts;

impl MigrationName for OwnAttempts {
    fn name(&self) -> &'static str {
        "m0013_own_attempts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for OwnAttempts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0013_own_attempts.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0013_own_attempts_down.sql")).await
    }
}
