//! How often codes are sent to a contact, and which method a buyer chose for her proof.

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

const STATEMENTS: [&str; 6] = [
    // Codes sent since `sends_since`; after a day the count begins anew. Whoever knows a card number could otherwise
    // have its holder's telephone ring all night.
    "ALTER TABLE contacts ADD COLUMN sends BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE contacts ADD COLUMN sends_since BIGINT NOT NULL DEFAULT 0",
    // What the buyer chose among the challenge's methods, and for a code where it goes. Nothing: the first method.
    "ALTER TABLE challenges ADD COLUMN method TEXT",
    "ALTER TABLE challenges ADD COLUMN contact_id {uuid}",
    // What a message was about is found by the message when it was given up.
    "CREATE INDEX sent_codes_outbox ON sent_codes (outbox_id)",
    "CREATE INDEX sent_codes_contact ON sent_codes (contact_id)",
];
