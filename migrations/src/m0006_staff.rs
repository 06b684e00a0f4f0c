//! The issuer's staff: people, their second factors, and their sessions.

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
    // `setup_digest` is there until somebody has chosen a password and confirmed the secret of one-time passwords.
    "CREATE TABLE staff (
        id {uuid} PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        roles TEXT NOT NULL,
        language TEXT,
        password TEXT,
        totp_key_id TEXT,
        totp_secret {bytes},
        setup_digest {bytes} UNIQUE,
        setup_expires_at BIGINT,
        failures BIGINT NOT NULL DEFAULT 0,
        locked_until BIGINT,
        disabled_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE staff_recovery_codes (
        staff_id {uuid} NOT NULL REFERENCES staff (id),
        digest {bytes} NOT NULL,
        used_at BIGINT,
        PRIMARY KEY (staff_id, digest)
    )",
    "CREATE TABLE staff_used_steps (
        staff_id {uuid} NOT NULL REFERENCES staff (id),
        step BIGINT NOT NULL,
        PRIMARY KEY (staff_id, step)
    )",
    "CREATE TABLE staff_sessions (
        id {uuid} PRIMARY KEY,
        staff_id {uuid} NOT NULL REFERENCES staff (id),
        digest {bytes} NOT NULL UNIQUE,
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        totp_at BIGINT NOT NULL,
        ended_at BIGINT,
        network TEXT NOT NULL,
        agent TEXT NOT NULL
    )",
    "CREATE INDEX staff_sessions_of_staff ON staff_sessions (staff_id, ended_at)",
];
