//! The audit log: append-only rows with a hash over their canonical bytes.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await?;
        super::make_append_only(manager, "audit_entries").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: [&str; 1] = ["CREATE TABLE audit_entries (
        id {uuid} PRIMARY KEY,
        recorded_at BIGINT NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        result TEXT NOT NULL,
        hash {bytes} NOT NULL
    )"];
