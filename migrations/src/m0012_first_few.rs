//! What finds those that may have gained most: accounts know the counts of their newest days, and an index knows the tracked posts that cannot be
//! found by what is known now, because it is less.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Bounds of gains, as columns and as an index.
pub struct FirstFew;

impl MigrationName for FirstFew {
    fn name(&self) -> &'static str {
        "m0012_first_few"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FirstFew {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0012_first_few.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0012_first_few_down.sql")).await
    }
}
