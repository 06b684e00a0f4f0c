//! Activation codes: by one the issuer lets a card's holder register it, or choose another password. One at a time is
//! good for a card; the database holds a keyed digest.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::audit::{self, Entry};
use super::cards::{self, Card};
use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::id::{ActivationId, CardId, EnrolmentId};

/// So many wrong tries end a code.
pub const TRIES: i64 = 10;

/// A code about to be issued.
#[derive(Clone, Debug)]
pub struct NewActivation {
    /// Its id.
    pub id: ActivationId,
    /// For which card.
    pub card_id: CardId,
    /// The keyed digest of the code.
    pub digest: [u8; 32],
    /// Until when it is good.
    pub expires_at: Micros,
}

/// What a counted try is compared with.
#[derive(Clone, Debug)]
pub struct CountedActivation {
    /// The code.
    pub id: ActivationId,
    /// Its keyed digest.
    pub digest: Vec<u8>,
    /// The card.
    pub card: Card,
    /// The card's registration, if it has one.
    pub enrolment_id: Option<EnrolmentId>,
}

impl Store {
    /// Issues a code in the place of older ones of the same card.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn issue_activation(&self, new: NewActivation, now: Micros, entry: Entry) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const REPLACE: &str = "UPDATE activation_codes SET replaced_at = $2 \
                                       WHERE card_id = $1 AND used_at IS NULL AND replaced_at IS NULL";
                const INSERT: &str = "INSERT INTO activation_codes (id, card_id, digest, expires_at, created_at) \
                                      VALUES ($1, $2, $3, $4, $5)";
                sql::execute(transaction, REPLACE, [new.card_id.uuid().into(), now.0.into()]).await?;
                let values: [Value; 5] = [
                    new.id.uuid().into(),
                    new.card_id.uuid().into(),
                    new.digest.to_vec().into(),
                    new.expires_at.0.into(),
                    now.0.into(),
                ];
                sql::execute(transaction, INSERT, values).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }

    /// Counts a try at the code of the card whose current number has one of these digests, before anything is compared.
    /// None when there is no such card, or it has no code that is still good. It runs the same statements in each case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_activation_try(
        &self,
        numbers: Vec<[u8; 32]>,
        now: Micros,
    ) -> Result<Option<CountedActivation>, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let mut values: Vec<Value> = vec![now.0.into(), TRIES.into()];
                values.extend(numbers.iter().map(|digest| Value::from(digest.to_vec())));
                let places: Vec<String> = (3..=values.len()).map(|place| format!("${place}")).collect();
                let sql = format!(
                    "UPDATE activation_codes SET attempts = attempts + 1 WHERE card_id = (SELECT card_id \
                     FROM card_numbers WHERE digest IN ({}) AND retired_at IS NULL LIMIT 1) AND used_at IS NULL \
                     AND replaced_at IS NULL AND expires_at > $1 AND attempts < $2 RETURNING id, card_id, digest",
                    places.join(", ")
                );
                let row = sql::first(transaction, "activation_codes", &sql, values).await?;
                let card_id: Uuid = row.as_ref().map_or(Ok(Uuid::nil()), |row| row.get("card_id"))?;
                let card = cards::by_id(transaction, CardId::from_uuid(card_id)).await?;
                let enrolment_id = enrolment_of(transaction, CardId::from_uuid(card_id)).await?;
                let (Some(row), Some(card)) = (row, card) else { return Ok(None) };
                let id = ActivationId::from_uuid(row.get("id")?);
                Ok(Some(CountedActivation { id, digest: row.get("digest")?, card, enrolment_id }))
            })
        })
        .await
    }
}

/// The registration of a card, if it has one.
pub(super) async fn enrolment_of(
    connection: &impl ConnectionTrait,
    card: CardId,
) -> Result<Option<EnrolmentId>, StoreError> {
    const SQL: &str = "SELECT id FROM enrolments WHERE card_id = $1";
    let row = sql::first(connection, "enrolments", SQL, [card.uuid().into()]).await?;
    row.map(|row| Ok(EnrolmentId::from_uuid(row.get("id")?))).transpose()
}

/// Uses a code up; answers whether it was still good.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn use_up(
    transaction: &impl ConnectionTrait,
    id: ActivationId,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE activation_codes SET used_at = $2 WHERE id = $1 AND used_at IS NULL \
                       AND replaced_at IS NULL AND expires_at > $2";
    Ok(sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await? == 1)
}
