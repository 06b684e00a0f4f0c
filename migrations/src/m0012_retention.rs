//! Retention: append-only rows may be deleted by a retention run alone, only what lies before the floor that it sets within
//! its own transaction; and where a line begins whose older rows were deleted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The append-only tables, with the time that is compared with the floor.
const TABLES: [(&str, &str); 4] = [
    ("consent_events", "OLD.recorded_at"),
    ("disclosures", "OLD.recorded_at"),
    ("disclosure_settlements", "(SELECT d.recorded_at FROM disclosures d WHERE d.id = OLD.disclosure_id)"),
    ("audit_entries", "OLD.recorded_at"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, &STATEMENTS).await?;
        for (table, time) in TABLES {
            for statement in triggers(manager.get_database_backend(), table, time) {
                manager.get_connection().execute_unprepared(&statement).await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Without a floor nothing may be deleted; a change is refused always.
fn triggers(backend: DatabaseBackend, table: &str, time: &str) -> Vec<String> {
    let floor = format!("(SELECT floor FROM retention_floors WHERE name = '{table}')");
    match backend {
        DatabaseBackend::Postgres => vec![
            format!(
                "CREATE FUNCTION refuse_deletion_from_{table}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN IF {time} < {floor} THEN RETURN OLD; END IF; \
                 RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME; END $$"
            ),
            format!("DROP TRIGGER {table}_append_only ON {table}"),
            format!(
                "CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            ),
            format!(
                "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION refuse_deletion_from_{table}()"
            ),
        ],
        _ => vec![
            format!("DROP TRIGGER {table}_no_delete"),
            format!(
                "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN COALESCE({time} >= {floor}, TRUE) \
                 BEGIN SELECT RAISE(ABORT, 'rows of {table} are append-only'); END"
            ),
        ],
    }
}

const STATEMENTS: [&str; 5] = [
    // What is recorded before the floor may be deleted; a retention run sets it within its transaction and takes it away.
    "CREATE TABLE retention_floors (
        name TEXT PRIMARY KEY,
        floor BIGINT
    )",
    "INSERT INTO retention_floors (name, floor) VALUES ('consent_events', NULL), ('disclosures', NULL), \
     ('disclosure_settlements', NULL), ('audit_entries', NULL)",
    // Where a line begins whose older rows were deleted: the last of them, and where the person stood after it.
    "CREATE TABLE line_starts (
        cardholder_id {uuid} PRIMARY KEY REFERENCES cardholders (id),
        sequence BIGINT NOT NULL,
        hash {bytes} NOT NULL,
        standing TEXT NOT NULL,
        pruned_at BIGINT NOT NULL
    )",
    "CREATE INDEX audit_entries_recorded ON audit_entries (recorded_at)",
    "CREATE INDEX audit_entries_subject ON audit_entries (subject)",
];
