//! The outbox: messages that are sent after the transaction which put them there has been committed.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: [&str; 5] = [
    // `due_at` is when a waiting message is tried next, and when the lease of one being sent runs out.
    "CREATE TABLE outbox (
        id {uuid} PRIMARY KEY,
        kind TEXT NOT NULL,
        cardholder_id {uuid},
        subject TEXT NOT NULL,
        body TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts BIGINT NOT NULL DEFAULT 0,
        due_at BIGINT NOT NULL,
        lease {uuid},
        reason TEXT,
        created_at BIGINT NOT NULL,
        finished_at BIGINT
    )",
    "CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE state IN ('waiting', 'sending')",
    "CREATE INDEX outbox_open ON outbox (id) WHERE state <> 'done'",
    "CREATE INDEX outbox_dead ON outbox (kind) WHERE state = 'dead'",
    "CREATE INDEX outbox_cardholder ON outbox (cardholder_id)",
];
