//! Challenges.

use sea_orm::ConnectionTrait;

use super::StoreError;
use super::sql;
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{AuthenticationId, ChallengeId};

/// A challenge that is about to be opened.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// Which authentication it belongs to.
    pub authentication_id: AuthenticationId,
    /// SHA-256 of the token in its URL.
    pub token_digest: [u8; 32],
    /// The methods that may be offered, in order.
    pub methods: Vec<Method>,
    /// The language that the merchant asked for.
    pub language: Option<Language>,
    /// Until when the page must have been visited.
    pub first_visit_by: Micros,
    /// Until when it must be over.
    pub expires_at: Micros,
    /// When it was opened.
    pub created_at: Micros,
}

/// Opens a challenge in the transaction that opens its authentication.
pub(crate) async fn open_challenge(connection: &impl ConnectionTrait, new: &NewChallenge) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO challenges (id, authentication_id, token_digest, state, methods, language, \
         attempts, first_visit_by, expires_at, created_at) VALUES ($1, $2, $3, 'open', $4, $5, 0, $6, $7, $8)";
    let methods: Vec<&str> = new.methods.iter().map(|method| method.as_str()).collect();
    let values = [
        new.id.uuid().into(),
        new.authentication_id.uuid().into(),
        new.token_digest.to_vec().into(),
        methods.join(",").into(),
        new.language.map(Language::as_str).into(),
        new.first_visit_by.0.into(),
        new.expires_at.0.into(),
        new.created_at.0.into(),
    ];
    sql::execute(connection, SQL, values).await.map(|_| ())
}
