//! The ledger of disclosures; append-only.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub cardholder_id: Uuid,
    pub sequence: i64,
    pub authentication_id: Uuid,
    pub recipient: String,
    pub purpose: String,
    pub state: String,
    pub basis: String,
    pub consent_event_id: Uuid,
    pub items: String,
    pub policies: String,
    pub bundle_digest: String,
    pub transform_version: String,
    pub key_id: String,
    pub body_digest: Vec<u8>,
    pub limit_ms: i64,
    pub recorded_at: i64,
    pub previous_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
