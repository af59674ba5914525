//! History by days, what an organization collects of a post, and snapshots by months where the database can part them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::sql;

/// Tracked posts, days, and partitions of the snapshots.
pub struct History;

impl MigrationName for History {
    fn name(&self) -> &'static str {
        "m0004_history"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for History {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sql::run(manager, include_str!("m0004_history.sql")).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            sql::run(manager, include_str!("m0004_history_postgres.sql")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            sql::run(manager, include_str!("m0004_history_postgres_down.sql")).await?;
        }
        sql::run(manager, include_str!("m0004_history_down.sql")).await
    }
}
