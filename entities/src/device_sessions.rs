//! Device collection sessions.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "device_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub token_digest: Vec<u8>,
    pub cookie_digest: Option<Vec<u8>>,
    pub stated: Option<String>,
    pub opened_at: Option<i64>,
    pub collected_at: Option<i64>,
    pub expires_at: i64,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
