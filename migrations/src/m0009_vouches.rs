//! Vouches: a staff person's word that a purchase is the cardholder's own.

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
    // Used by one approved authentication, or ended by a newer vouch; else over by its time.
    "CREATE TABLE vouches (
        id {uuid} PRIMARY KEY,
        card_id {uuid} NOT NULL REFERENCES cards (id),
        cardholder_id {uuid} NOT NULL REFERENCES cardholders (id),
        merchant_id {uuid} NOT NULL REFERENCES merchants (id),
        ceiling_minor BIGINT NOT NULL,
        currency TEXT NOT NULL,
        staff_id {uuid} NOT NULL,
        call_reference TEXT NOT NULL,
        check_method TEXT NOT NULL,
        check_outcome TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        ended_at BIGINT,
        used_at BIGINT,
        used_by {uuid}
    )",
    // One at a time for a card at a merchant: ceilings never add up.
    "CREATE UNIQUE INDEX vouches_open ON vouches (card_id, merchant_id) WHERE ended_at IS NULL AND used_at IS NULL",
    "CREATE INDEX vouches_card ON vouches (card_id, id)",
    "ALTER TABLE authentications ADD COLUMN vouch_id {uuid}",
    // The cards of a person, for what is shown on the telephone.
    "CREATE INDEX IF NOT EXISTS cards_cardholder ON cards (cardholder_id)",
];
