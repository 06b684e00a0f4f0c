//! What a merchant was told of the reasons: kept with the result, so that another bundle cannot change it afterwards.
//!
//! Nullable: rows of earlier releases have none.

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

const STATEMENTS: [&str; 2] = [
    "ALTER TABLE authentications ADD COLUMN public_reasons TEXT",
    "ALTER TABLE authentications ADD COLUMN emv_reason TEXT",
];
