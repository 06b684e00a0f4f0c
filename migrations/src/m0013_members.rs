//! Members on their own pages: how cards are registered and shown together, what they prove with, and their sessions.

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

const STATEMENTS: [&str; 25] = [
    // A purchase with it was not its holder's, she says; staff open it again.
    "ALTER TABLE cards ADD COLUMN blocked_at BIGINT",
    // Enrolments with the same group are shown together after one sign-in. One alone is a group of its own.
    "ALTER TABLE enrolments ADD COLUMN login_group {uuid}",
    "UPDATE enrolments SET login_group = id",
    "CREATE INDEX enrolments_login_group ON enrolments (login_group)",
    "ALTER TABLE enrolments ADD COLUMN personal_message_at BIGINT",
    // A credential that was just registered may have to wait. Wrong proofs on the member's own pages are counted apart
    // from those in challenges: who guesses at a merchant must not lock her out of her pages.
    "ALTER TABLE credentials ADD COLUMN usable_from BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE credentials ADD COLUMN member_failures BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE credentials ADD COLUMN member_locked_until BIGINT",
    // A step of one-time passwords completes one challenge or one sign-in, and no other.
    "CREATE TABLE used_steps (
        credential_id {uuid} NOT NULL,
        step BIGINT NOT NULL,
        PRIMARY KEY (credential_id, step)
    )",
    // A secret that was shown and not confirmed yet, sealed under the person's key.
    "CREATE TABLE totp_applications (
        enrolment_id {uuid} PRIMARY KEY REFERENCES enrolments (id),
        secret {bytes} NOT NULL,
        expires_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL
    )",
    "CREATE TABLE recovery_codes (
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        digest {bytes} NOT NULL,
        used_at BIGINT,
        PRIMARY KEY (enrolment_id, digest)
    )",
    // Where codes go: the address is sealed under the person's key.
    "CREATE TABLE contacts (
        id {uuid} PRIMARY KEY,
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        channel TEXT NOT NULL,
        address {bytes} NOT NULL,
        verified_at BIGINT,
        usable_from BIGINT,
        removed_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX contacts_enrolment ON contacts (enrolment_id)",
    // A code that was sent: never itself, only what it is derived from with a key, and its keyed digest. `subject` is what
    // it is bound to (a challenge, a contact, a reset); sending again replaces it.
    "CREATE TABLE sent_codes (
        purpose TEXT NOT NULL,
        subject {uuid} NOT NULL,
        contact_id {uuid} NOT NULL,
        serial BIGINT NOT NULL,
        nonce {bytes} NOT NULL,
        digest {bytes} NOT NULL,
        attempts BIGINT NOT NULL DEFAULT 0,
        outbox_id {uuid},
        expires_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (purpose, subject)
    )",
    "CREATE TABLE passkeys (
        id {uuid} PRIMARY KEY,
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        key_id {bytes} NOT NULL UNIQUE,
        passkey TEXT NOT NULL,
        name TEXT NOT NULL,
        last_used_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX passkeys_enrolment ON passkeys (enrolment_id)",
    // What a WebAuthn ceremony has to remember between its two halves. `subject` is an enrolment or a challenge.
    "CREATE TABLE passkey_ceremonies (
        purpose TEXT NOT NULL,
        subject {uuid} NOT NULL,
        state TEXT NOT NULL,
        expires_at BIGINT NOT NULL,
        PRIMARY KEY (purpose, subject)
    )",
    // What the issuer sends to a card's holder so that she can register it.
    "CREATE TABLE activation_codes (
        id {uuid} PRIMARY KEY,
        card_id {uuid} NOT NULL REFERENCES cards (id),
        digest {bytes} NOT NULL,
        attempts BIGINT NOT NULL DEFAULT 0,
        expires_at BIGINT NOT NULL,
        used_at BIGINT,
        replaced_at BIGINT,
        created_at BIGINT NOT NULL
    )",
    "CREATE INDEX activation_codes_card ON activation_codes (card_id)",
    "CREATE TABLE terms_acceptances (
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        version TEXT NOT NULL,
        accepted_at BIGINT NOT NULL,
        PRIMARY KEY (enrolment_id, version)
    )",
    // `enrolment_id` is the one she signed in with; its group tells which cards she sees.
    "CREATE TABLE member_sessions (
        id {uuid} PRIMARY KEY,
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        digest {bytes} NOT NULL UNIQUE,
        language TEXT,
        created_at BIGINT NOT NULL,
        last_seen_at BIGINT NOT NULL,
        proved_at BIGINT NOT NULL,
        ended_at BIGINT,
        network TEXT NOT NULL,
        agent TEXT NOT NULL
    )",
    "CREATE INDEX member_sessions_enrolment ON member_sessions (enrolment_id, ended_at)",
    "CREATE TABLE member_sign_ins (
        id {uuid} PRIMARY KEY,
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        outcome TEXT NOT NULL,
        network TEXT NOT NULL,
        agent TEXT NOT NULL,
        recorded_at BIGINT NOT NULL
    )",
    "CREATE INDEX member_sign_ins_enrolment ON member_sign_ins (enrolment_id, recorded_at)",
    // "This was not me."
    "CREATE TABLE disowned_authentications (
        authentication_id {uuid} PRIMARY KEY REFERENCES authentications (id),
        enrolment_id {uuid} NOT NULL REFERENCES enrolments (id),
        recorded_at BIGINT NOT NULL
    )",
];
