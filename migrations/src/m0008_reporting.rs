//! What reports sort posts by: engagement and its rate beside the counts, and an index for each order.

use sea_orm_migration::prelude::*;

use crate::sql;

/// Reporting on all posts of an organization.
pub struct Reporting;

impl MigrationName for Reporting {
    fn name(&self) -> &'static str {
        "m0008_reporting"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Reporting {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0008_reporting.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0008_reporting_down.sql")).await
    }
}
