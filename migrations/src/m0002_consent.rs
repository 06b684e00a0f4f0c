//! Consent: a person's state, her events, and the ledger of disclosures on one line of sequences.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await?;
        for table in ["consent_events", "disclosures", "disclosure_settlements"] {
            super::make_append_only(manager, table).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const STATEMENTS: [&str; 6] = [
    "CREATE TABLE consent_states (
        cardholder_id {uuid} PRIMARY KEY REFERENCES cardholders (id),
        state TEXT NOT NULL,
        event_id {uuid} NOT NULL,
        sequence BIGINT NOT NULL,
        last_hash {bytes} NOT NULL
    )",
    "CREATE TABLE consent_events (
        id {uuid} PRIMARY KEY,
        cardholder_id {uuid} NOT NULL REFERENCES cardholders (id),
        sequence BIGINT NOT NULL,
        action TEXT NOT NULL,
        state TEXT NOT NULL,
        channel TEXT NOT NULL,
        actor TEXT NOT NULL,
        reference TEXT,
        basis TEXT,
        notice_version TEXT,
        informed_at BIGINT,
        recorded_at BIGINT NOT NULL,
        previous_hash {bytes} NOT NULL,
        hash {bytes} NOT NULL,
        UNIQUE (cardholder_id, sequence)
    )",
    "CREATE TABLE disclosures (
        id {uuid} PRIMARY KEY,
        cardholder_id {uuid} NOT NULL REFERENCES cardholders (id),
        sequence BIGINT NOT NULL,
        authentication_id {uuid} NOT NULL,
        recipient TEXT NOT NULL,
        purpose TEXT NOT NULL,
        state TEXT NOT NULL,
        basis TEXT NOT NULL,
        consent_event_id {uuid} NOT NULL,
        items TEXT NOT NULL,
        policies TEXT NOT NULL,
        bundle_digest TEXT NOT NULL,
        transform_version TEXT NOT NULL,
        key_id TEXT NOT NULL,
        body_digest {bytes} NOT NULL,
        limit_ms BIGINT NOT NULL,
        recorded_at BIGINT NOT NULL,
        previous_hash {bytes} NOT NULL,
        hash {bytes} NOT NULL,
        UNIQUE (cardholder_id, sequence)
    )",
    "CREATE INDEX disclosures_authentication ON disclosures (authentication_id)",
    "CREATE INDEX disclosures_recorded ON disclosures (recorded_at)",
    // A ledger row never changes: how it ended is a row of its own, at most one.
    "CREATE TABLE disclosure_settlements (
        disclosure_id {uuid} PRIMARY KEY REFERENCES disclosures (id),
        state TEXT NOT NULL,
        provider_request_id TEXT,
        answer TEXT,
        settled_at BIGINT NOT NULL
    )",
];
