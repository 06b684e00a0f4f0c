//! The history of a person's consent; append-only.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub cardholder_id: Uuid,
    pub sequence: i64,
    pub action: String,
    pub state: String,
    pub channel: String,
    pub actor: String,
    pub reference: Option<String>,
    pub basis: Option<String>,
    pub notice_version: Option<String>,
    pub informed_at: Option<i64>,
    pub recorded_at: i64,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
