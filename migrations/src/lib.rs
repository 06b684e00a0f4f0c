//! The schema of the database, one numbered migration a file: expand first, contract in a later release.
//!
//! The statements are the same on SQLite and PostgreSQL but for two column types and the triggers.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

mod m0001_parties;
mod m0002_consent;
mod m0003_authentications;
mod m0004_audit;
mod m0005_consent_history;
mod m0006_staff;
mod m0007_outbox;
mod m0008_result_codes;
mod m0009_vouches;
mod m0010_search;
mod m0011_activity;
mod m0012_retention;
mod m0013_members;
mod m0014_sent_codes;
mod m0017_webhooks;
mod m0018_bundles;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_parties::Migration),
            Box::new(m0002_consent::Migration),
            Box::new(m0003_authentications::Migration),
            Box::new(m0004_audit::Migration),
            Box::new(m0005_consent_history::Migration),
            Box::new(m0007_outbox::Migration),
            Box::new(m0008_result_codes::Migration),
            Box::new(m0009_vouches::Migration),
            Box::new(m0006_staff::Migration),
            Box::new(m0010_search::Migration),
            Box::new(m0011_activity::Migration),
            Box::new(m0012_retention::Migration),
            Box::new(m0013_members::Migration),
            Box::new(m0017_webhooks::Migration),
            Box::new(m0014_sent_codes::Migration),
            Box::new(m0018_bundles::Migration),
        ]
    }
}

/// Runs statements in which `{bytes}` and `{uuid}` stand for the backend's column types.
async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let (bytes, uuid) = match manager.get_database_backend() {
        DatabaseBackend::Postgres => ("BYTEA", "UUID"),
        _ => ("BLOB", "BLOB"),
    };
    for statement in statements {
        let statement = statement.replace("{bytes}", bytes).replace("{uuid}", uuid);
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// Has the database itself refuse to change or delete rows of a table.
async fn make_append_only(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DatabaseBackend::Postgres => vec![
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME; END $$"
                .to_owned(),
            format!(
                "CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            ),
            format!(
                "CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} \
                 FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            ),
        ],
        _ => ["UPDATE", "DELETE"]
            .map(|verb| {
                format!(
                    "CREATE TRIGGER {table}_no_{} BEFORE {verb} ON {table} \
                     BEGIN SELECT RAISE(ABORT, 'rows of {table} are append-only'); END",
                    verb.to_lowercase()
                )
            })
            .to_vec(),
    };
    for statement in statements {
        manager.get_connection().execute_unprepared(&statement).await?;
    }
    Ok(())
}
