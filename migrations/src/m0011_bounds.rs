//! What a tracked post knows of the counts of its newest day: no gain is more than they are.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Bounds of gains.
pub struct Bounds;

impl MigrationName for Bounds {
    fn name(&self) -> &'static str {
        "m0011_bounds"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Bounds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0011_bounds.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0011_bounds_down.sql")).await
    }
}
