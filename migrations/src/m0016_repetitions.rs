//! The repetitions of a call are found by its id, whether it is recorded itself or not.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Repetitions.
pub struct Repetitions;

impl MigrationName for Repetitions {
    fn name(&self) -> &'static str {
        "m0016_repetitions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Repetitions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0016_repetitions.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0016_repetitions_down.sql")).await
    }
}
