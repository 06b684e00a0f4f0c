//! Registrations of cards on the member site.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "enrolments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub card_id: Uuid,
    pub state: String,
    pub member_id: String,
    pub personal_message: Vec<u8>,
    pub personal_message_provisional: bool,
    pub terms_version: Option<String>,
    pub terms_accepted_at: Option<i64>,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
