//! Tracked posts know the engagement rate of all that they gained, and what they are worth at most, and have an index of each. Those that stand in
//! several feeds are found by post.

use sea_orm_migration::prelude::*;

use crate::sql;

/// What tracked posts are put in order by.
pub struct Ranks;

impl MigrationName for Ranks {
    fn name(&self) -> &'static str {
        "m0014_ranks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Ranks {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0014_ranks.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0014_ranks_down.sql")).await
    }
}
