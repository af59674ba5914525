//! What came with exports: the jobs, their parts, and the secret that their links are signed with.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Exports.
pub struct Exports;

impl MigrationName for Exports {
    fn name(&self) -> &'static str {
        "m0009_exports"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Exports {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0009_exports.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0009_exports_down.sql")).await
    }
}
