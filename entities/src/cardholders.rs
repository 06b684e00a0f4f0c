//! Cardholders, sealed under a key of each person's own.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cardholders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub reference: String,
    pub person_key_id: String,
    pub person_key: Vec<u8>,
    pub name: Option<Vec<u8>>,
    pub birth_date: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub address: Option<Vec<u8>>,
    pub name_kanji_digest: Option<Vec<u8>>,
    pub name_kana_digest: Option<Vec<u8>>,
    pub name_latin_digest: Option<Vec<u8>>,
    pub email_digest: Option<Vec<u8>>,
    pub phone_digest: Option<Vec<u8>>,
    pub address_digest: Option<Vec<u8>>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
