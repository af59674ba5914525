//! What came with projects and groups: collections, and what belongs to them.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Collections and their members.
pub struct Collections;

impl MigrationName for Collections {
    fn name(&self) -> &'static str {
        "m0005_collections"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Collections {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0005_collections.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0005_collections_down.sql")).await
    }
}
