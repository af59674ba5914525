//! A call that was answered as an earlier one of its idempotency key was: the record knows which one that is.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Replays.
pub struct Replays;

impl MigrationName for Replays {
    fn name(&self) -> &'static str {
        "m0015_replays"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Replays {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0015_replays.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0015_replays_down.sql")).await
    }
}
