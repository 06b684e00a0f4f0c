//! Authentications, their challenges, and what is counted and remembered about cards.

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

const STATEMENTS: [&str; 12] = [
    "CREATE TABLE idempotency_keys (
        merchant_id {uuid} NOT NULL,
        endpoint TEXT NOT NULL,
        key TEXT NOT NULL,
        body_digest {bytes} NOT NULL,
        subject_id {uuid} NOT NULL,
        lease_until BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (merchant_id, endpoint, key)
    )",
    "CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at)",
    // No foreign key to merchants: every insert would lock the same few merchant rows.
    "CREATE TABLE authentications (
        id {uuid} PRIMARY KEY,
        merchant_id {uuid} NOT NULL,
        merchant_reference TEXT NOT NULL,
        purpose TEXT NOT NULL,
        amount_minor BIGINT NOT NULL,
        currency TEXT NOT NULL,
        purchased_at BIGINT NOT NULL,
        card_id {uuid},
        card_last_four TEXT NOT NULL,
        status TEXT NOT NULL,
        ending TEXT NOT NULL,
        reasons TEXT NOT NULL,
        bundle_digest TEXT NOT NULL,
        facts TEXT,
        verdict TEXT,
        return_url TEXT,
        device_digest {bytes},
        address_digest {bytes},
        created_at BIGINT NOT NULL,
        finished_at BIGINT
    )",
    "CREATE INDEX authentications_merchant ON authentications (merchant_id, id)",
    "CREATE INDEX authentications_card ON authentications (card_id, id)",
    // Velocity per card: one row an hour, counted by a conditional upsert so that parallel requests see each other.
    "CREATE TABLE card_hours (
        card_id {uuid} NOT NULL,
        hour BIGINT NOT NULL,
        requests BIGINT NOT NULL DEFAULT 0,
        sum_base_minor BIGINT NOT NULL DEFAULT 0,
        failed_challenges BIGINT NOT NULL DEFAULT 0,
        challenge_pages BIGINT NOT NULL DEFAULT 0,
        last_at BIGINT NOT NULL DEFAULT 0,
        PRIMARY KEY (card_id, hour)
    )",
    // Which cards were seen on a device or an IP address: a row each, since one counting row would be a hot row.
    "CREATE TABLE sightings (
        digest {bytes} NOT NULL,
        card_id {uuid} NOT NULL,
        hour BIGINT NOT NULL,
        PRIMARY KEY (digest, card_id, hour)
    )",
    // What a card has passed with before: devices, shipping addresses, merchants.
    "CREATE TABLE familiars (
        card_id {uuid} NOT NULL,
        kind TEXT NOT NULL,
        digest {bytes} NOT NULL,
        first_at BIGINT NOT NULL,
        PRIMARY KEY (card_id, kind, digest)
    )",
    "CREATE TABLE challenges (
        id {uuid} PRIMARY KEY,
        authentication_id {uuid} NOT NULL UNIQUE REFERENCES authentications (id),
        token_digest {bytes} NOT NULL UNIQUE,
        state TEXT NOT NULL,
        methods TEXT NOT NULL,
        language TEXT,
        attempts BIGINT NOT NULL,
        visited_at BIGINT,
        first_visit_by BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX challenges_open ON challenges (state, expires_at)",
    // One row per form that was answered: the same form again gets the first answer's result. No outcome yet
    // means that the proof is being compared.
    "CREATE TABLE challenge_answers (
        challenge_id {uuid} NOT NULL REFERENCES challenges (id),
        nonce {bytes} NOT NULL,
        outcome TEXT,
        recorded_at BIGINT NOT NULL,
        PRIMARY KEY (challenge_id, nonce)
    )",
    "CREATE TABLE device_sessions (
        id {uuid} PRIMARY KEY,
        merchant_id {uuid} NOT NULL REFERENCES merchants (id),
        token_digest {bytes} NOT NULL UNIQUE,
        cookie_digest {bytes},
        stated TEXT,
        opened_at BIGINT,
        collected_at BIGINT,
        expires_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL
    )",
];
