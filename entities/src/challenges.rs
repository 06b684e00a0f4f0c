//! Challenges.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "challenges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub authentication_id: Uuid,
    pub token_digest: Vec<u8>,
    pub state: String,
    pub methods: String,
    pub language: Option<String>,
    pub attempts: i64,
    pub visited_at: Option<i64>,
    pub first_visit_by: i64,
    pub expires_at: i64,
    pub created_at: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
