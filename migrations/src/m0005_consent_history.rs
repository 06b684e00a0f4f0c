//! Consent as a history with scopes: what each event is about, how the person was identified, what it corrects; and
//! where she stands in whole. Adds only; rows of before keep their hash by its first version.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await?;
        let id = match manager.get_database_backend() {
            DatabaseBackend::Postgres => "REPLACE(CAST(e.id AS TEXT), '-', '')",
            _ => "LOWER(HEX(e.id))",
        };
        let fill = FILL.replace("{id}", id);
        manager.get_connection().execute_unprepared(&fill).await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Where people stood before there were scopes, from the one event that their state came from.
const FILL: &str = r#"UPDATE consent_states SET standing = COALESCE((
    SELECT CASE consent_states.state
        WHEN 'permitted' THEN '{"permits":[{"event":"consent_' || {id} || '","basis":"' || COALESCE(e.basis, 'notice') || '"}]}'
        WHEN 'opted_out' THEN '{"objections":[{"event":"consent_' || {id} || '"}]}'
        ELSE '{}' END
    FROM consent_events e WHERE e.id = consent_states.event_id), '{}')"#;

const STATEMENTS: [&str; 32] = [
    "CREATE INDEX cards_cardholder ON cards (cardholder_id)",
    "ALTER TABLE consent_states ADD COLUMN standing TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE consent_events ADD COLUMN hash_version BIGINT NOT NULL DEFAULT 1",
    // What it is about; nothing named is everything. Cards with commas between.
    "ALTER TABLE consent_events ADD COLUMN cards TEXT",
    "ALTER TABLE consent_events ADD COLUMN purpose TEXT",
    "ALTER TABLE consent_events ADD COLUMN recipient TEXT",
    "ALTER TABLE consent_events ADD COLUMN effective_from BIGINT",
    "ALTER TABLE consent_events ADD COLUMN pending BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE consent_events ADD COLUMN identity_method TEXT",
    "ALTER TABLE consent_events ADD COLUMN identity_outcome TEXT",
    "ALTER TABLE consent_events ADD COLUMN script_version TEXT",
    "ALTER TABLE consent_events ADD COLUMN language TEXT",
    "ALTER TABLE consent_events ADD COLUMN corrects {uuid}",
    "ALTER TABLE consent_events ADD COLUMN receipt_id {uuid}",
    "ALTER TABLE consent_events ADD COLUMN evidence_digest {bytes}",
    "ALTER TABLE consent_events ADD COLUMN approval_id {uuid}",
    "CREATE INDEX consent_events_recorded ON consent_events (recorded_at)",
    "CREATE UNIQUE INDEX consent_events_receipt ON consent_events (receipt_id)",
    "ALTER TABLE disclosures ADD COLUMN hash_version BIGINT NOT NULL DEFAULT 1",
    "ALTER TABLE disclosures ADD COLUMN card_id {uuid}",
    "ALTER TABLE disclosures ADD COLUMN recipient_reuses BOOLEAN NOT NULL DEFAULT FALSE",
    // How many protective events there ever were, with the last one: what a checkpoint outside of the database is
    // compared with. And the number of the last letter to a recipient.
    "CREATE TABLE sharing_counters (
        name TEXT PRIMARY KEY,
        count BIGINT NOT NULL,
        event_id {uuid}
    )",
    "INSERT INTO sharing_counters (name, count, event_id) VALUES ('objections', 0, NULL), ('letters', 0, NULL)",
    "CREATE TABLE approvals (
        id {uuid} PRIMARY KEY,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        request TEXT NOT NULL,
        requested_by TEXT NOT NULL,
        requested_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        decided_by TEXT,
        decided_at BIGINT,
        note TEXT
    )",
    "CREATE INDEX approvals_state ON approvals (state, requested_at)",
    "CREATE INDEX approvals_subject ON approvals (subject)",
    // What a caller said about somebody who is not known here yet; sealed.
    "CREATE TABLE unmatched_objections (
        id {uuid} PRIMARY KEY,
        key_id TEXT NOT NULL,
        details {bytes} NOT NULL,
        channel TEXT NOT NULL,
        actor TEXT NOT NULL,
        recorded_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        cardholder_id {uuid},
        settled_by TEXT,
        settled_at BIGINT
    )",
    "CREATE TABLE unmatched_marks (
        unmatched_id {uuid} NOT NULL REFERENCES unmatched_objections (id),
        kind TEXT NOT NULL,
        digest {bytes} NOT NULL,
        PRIMARY KEY (unmatched_id, kind, digest)
    )",
    "CREATE INDEX unmatched_marks_digest ON unmatched_marks (digest)",
    // Receipts as they were given: what had been sent before, and what may still have been.
    "CREATE TABLE receipts (
        id {uuid} PRIMARY KEY,
        event_id {uuid} NOT NULL UNIQUE REFERENCES consent_events (id),
        body TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    // What a recipient is asked to erase: one row for each disclosure.
    "CREATE TABLE erasures (
        id {uuid} PRIMARY KEY,
        cardholder_id {uuid} NOT NULL,
        disclosure_id {uuid} NOT NULL UNIQUE,
        recipient TEXT NOT NULL,
        provider_request_id TEXT,
        way TEXT NOT NULL,
        letter BIGINT,
        state TEXT NOT NULL,
        requested_at BIGINT NOT NULL,
        settled_at BIGINT,
        settled_by TEXT
    )",
    "CREATE INDEX erasures_cardholder ON erasures (cardholder_id)",
];
