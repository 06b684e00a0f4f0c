//! What supervisors and auditors look at: the audit log by actor, action and record; objections by day; and daily
//! figures, because nobody counts a ledger of millions of rows while a page waits.

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

const STATEMENTS: [&str; 7] = [
    // Ids sort by time: they bound a range, and continue a list. The index by record comes with retention.
    "CREATE INDEX audit_entries_actor ON audit_entries (actor, id)",
    "CREATE INDEX audit_entries_action ON audit_entries (action, id)",
    "CREATE INDEX consent_events_action ON consent_events (action, recorded_at)",
    // Failed checks are few among all events.
    "CREATE INDEX consent_events_pending ON consent_events (recorded_at) WHERE pending",
    "CREATE INDEX erasures_letter ON erasures (letter) WHERE way = 'letter'",
    "CREATE INDEX erasures_open ON erasures (way, state) WHERE state = 'queued'",
    // Days are counted in Japan, since 1970-01-01.
    "CREATE TABLE daily_figures (
        day BIGINT NOT NULL,
        figure TEXT NOT NULL,
        word TEXT NOT NULL,
        count BIGINT NOT NULL,
        PRIMARY KEY (day, figure, word)
    )",
];
