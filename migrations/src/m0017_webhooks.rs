//! Webhooks: where merchants are told, and lanes of the outbox, so that a receiver that hangs delays its own lane alone.

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

const STATEMENTS: [&str; 6] = [
    // Secrets are sealed: whoever signs must be able to read them. The older one signs too until `older_until`.
    "CREATE TABLE webhook_endpoints (
        id {uuid} PRIMARY KEY,
        merchant_id {uuid} NOT NULL REFERENCES merchants (id),
        url TEXT NOT NULL,
        lane TEXT NOT NULL UNIQUE,
        key_id TEXT NOT NULL,
        secret {bytes} NOT NULL,
        older_key_id TEXT,
        older_secret {bytes},
        older_until BIGINT,
        disabled_at BIGINT,
        disabled_for TEXT,
        removed_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE UNIQUE INDEX webhook_endpoints_url ON webhook_endpoints (merchant_id, url) WHERE removed_at IS NULL",
    "CREATE INDEX webhook_endpoints_live ON webhook_endpoints (merchant_id, id) WHERE disabled_at IS NULL",
    // Messages of one lane go to one receiver. Kinds whose messages share a receiver have the lane without a name.
    "ALTER TABLE outbox ADD COLUMN lane TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX outbox_lane ON outbox (kind, lane, due_at) WHERE state IN ('waiting', 'sending')",
    // How the receiver of a lane with a name has answered lately: nothing is taken from it before `paused_until`.
    "CREATE TABLE outbox_lanes (
        kind TEXT NOT NULL,
        lane TEXT NOT NULL,
        failures BIGINT NOT NULL DEFAULT 0,
        failing_since BIGINT,
        paused_until BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (kind, lane)
    )",
];
