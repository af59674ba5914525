//! What came with several sources for a target: gates for each way out, the log of page loads, and how exact each number is.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Several sources for a target, budgets for each way out, precision in history.
pub struct Sources;

impl MigrationName for Sources {
    fn name(&self) -> &'static str {
        "m0002_sources"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sources {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0002_sources.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0002_sources_down.sql")).await
    }
}
