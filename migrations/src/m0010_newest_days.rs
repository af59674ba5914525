//! What an account repeats of its newest day, so that most windows need not look for their end, and no index of an organization's days is needed.

use sea_orm_migration::prelude::*;

use crate::sql;

/// The sums of accounts' newest days.
pub struct NewestDays;

impl MigrationName for NewestDays {
    fn name(&self) -> &'static str {
        "m0010_newest_days"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for NewestDays {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0010_newest_days.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0010_newest_days_down.sql")).await
    }
}
