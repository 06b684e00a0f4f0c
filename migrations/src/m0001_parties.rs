//! Merchants and their keys; cardholders, cards, enrolments and credentials.

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

const STATEMENTS: [&str; 13] = [
    "CREATE TABLE deployment (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    )",
    "CREATE TABLE merchants (
        id {uuid} PRIMARY KEY,
        name TEXT NOT NULL,
        category_code TEXT NOT NULL,
        country TEXT NOT NULL,
        time_base TEXT NOT NULL,
        return_by TEXT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE merchant_return_urls (
        merchant_id {uuid} NOT NULL REFERENCES merchants (id),
        url TEXT NOT NULL,
        PRIMARY KEY (merchant_id, url)
    )",
    "CREATE TABLE api_keys (
        id {uuid} PRIMARY KEY,
        merchant_id {uuid} REFERENCES merchants (id),
        digest {bytes} NOT NULL UNIQUE,
        last_four TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        revoked_at BIGINT
    )",
    "CREATE INDEX api_keys_merchant ON api_keys (merchant_id)",
    // A person: everything readable is sealed under her own key, which is itself wrapped. Digests serve matching.
    "CREATE TABLE cardholders (
        id {uuid} PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        person_key_id TEXT NOT NULL,
        person_key {bytes} NOT NULL,
        name {bytes},
        birth_date {bytes},
        email {bytes},
        phone {bytes},
        address {bytes},
        name_kanji_digest {bytes},
        name_kana_digest {bytes},
        name_latin_digest {bytes},
        email_digest {bytes},
        phone_digest {bytes},
        address_digest {bytes},
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    "CREATE INDEX cardholders_email ON cardholders (email_digest)",
    "CREATE INDEX cardholders_phone ON cardholders (phone_digest)",
    "CREATE TABLE cards (
        id {uuid} PRIMARY KEY,
        reference TEXT NOT NULL UNIQUE,
        cardholder_id {uuid} NOT NULL REFERENCES cardholders (id),
        programme TEXT NOT NULL,
        status TEXT NOT NULL,
        issued_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL
    )",
    // A renewed card keeps its row in cards, so that consent, devices and enrolment follow it.
    "CREATE TABLE card_numbers (
        digest {bytes} PRIMARY KEY,
        key_id TEXT NOT NULL,
        card_id {uuid} NOT NULL REFERENCES cards (id),
        issuer_number TEXT NOT NULL,
        last_four TEXT NOT NULL,
        expiry TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        retired_at BIGINT
    )",
    "CREATE INDEX card_numbers_card ON card_numbers (card_id)",
    "CREATE TABLE enrolments (
        id {uuid} PRIMARY KEY,
        card_id {uuid} NOT NULL UNIQUE REFERENCES cards (id),
        state TEXT NOT NULL,
        member_id TEXT NOT NULL UNIQUE,
        personal_message {bytes} NOT NULL,
        personal_message_provisional BOOLEAN NOT NULL,
        terms_version TEXT,
        terms_accepted_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE credentials (
        id {uuid} PRIMARY KEY,
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        kind TEXT NOT NULL,
        secret TEXT NOT NULL,
        failures BIGINT NOT NULL DEFAULT 0,
        locked_until BIGINT,
        created_at BIGINT NOT NULL,
        changed_at BIGINT NOT NULL,
        UNIQUE (enrolment_id, kind)
    )",
];
