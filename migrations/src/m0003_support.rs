//! What came with the whole contract: rotation of keys, runs as each organization may see them, and the records that support staff read.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Rotation of keys, visible runs, request events, audit records.
pub struct Support;

impl MigrationName for Support {
    fn name(&self) -> &'static str {
        "m0003_support"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Support {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0003_support.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0003_support_down.sql")).await
    }
}
