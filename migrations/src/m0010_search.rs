//! Finding a person by what she says on the telephone: digests of birth dates, cards by their last four digits, and how
//! an objection of somebody unknown was settled. Adds only.

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
    // Birth dates are sealed: digests of older rows are made by the upkeep, which finds them by the second index. A date
    // that does not open gets an empty digest, which matches nothing and is not tried again.
    "ALTER TABLE cardholders ADD COLUMN birth_date_digest {bytes}",
    "CREATE INDEX cardholders_birth_date ON cardholders (birth_date_digest)",
    "CREATE INDEX cardholders_to_index ON cardholders (id) \
     WHERE birth_date IS NOT NULL AND birth_date_digest IS NULL",
    "CREATE INDEX card_numbers_last_four ON card_numbers (last_four, card_id)",
    "ALTER TABLE unmatched_objections ADD COLUMN event_id {uuid}",
    "CREATE INDEX unmatched_objections_state ON unmatched_objections (state, recorded_at)",
];
