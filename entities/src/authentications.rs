//! Authentications with their facts and verdicts.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "authentications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub merchant_id: Uuid,
    pub merchant_reference: String,
    pub purpose: String,
    pub amount_minor: i64,
    pub currency: String,
    pub purchased_at: i64,
    pub card_id: Option<Uuid>,
    pub card_last_four: String,
    pub status: String,
    pub ending: String,
    pub reasons: String,
    pub bundle_digest: String,
    pub facts: Option<String>,
    pub verdict: Option<String>,
    pub return_url: Option<String>,
    pub device_digest: Option<Vec<u8>>,
    pub address_digest: Option<Vec<u8>>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
