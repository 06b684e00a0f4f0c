//! Cardholders: sealed records, digests for matching, and the key of each person.

use sea_orm::{ConnectionTrait, Value};

use super::sql::{self, nullable_bytes};
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::id::CardholderId;

/// A cardholder as the store keeps her: nothing readable.
#[derive(Clone, Debug)]
pub struct SealedCardholder {
    /// Her id.
    pub id: CardholderId,
    /// The issuer's own reference.
    pub reference: String,
    /// The id of the key that wraps hers.
    pub person_key_id: String,
    /// Her key, wrapped.
    pub person_key: Vec<u8>,
    /// Sealed: name (JSON of its spellings), birth date, e-mail, phone, address (JSON).
    pub sealed: [Option<Vec<u8>>; 5],
    /// Keyed digests: name in kanji, kana, Latin letters; e-mail, phone, address, birth date.
    pub digests: [Option<[u8; 32]>; 7],
}

const SEALED: &str = "name, birth_date, email, phone, address";
const DIGESTS: &str = "name_kanji_digest, name_kana_digest, name_latin_digest, email_digest, phone_digest, \
     address_digest, birth_date_digest";

/// The names of the sealed columns, in the order of [`SealedCardholder::sealed`].
pub const SEALED_COLUMNS: [&str; 5] = ["name", "birth_date", "email", "phone", "address"];

impl Store {
    /// The id and wrapped key of the cardholder with this reference.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cardholder_key(&self, reference: &str) -> Result<Option<(CardholderId, String, Vec<u8>)>, StoreError> {
        const SQL: &str = "SELECT id, person_key_id, person_key FROM cardholders \
                           WHERE reference = $1 AND erased_at IS NULL";
        let row = sql::first(self.reader(), "cardholders", SQL, [reference.into()]).await?;
        row.map(|row| Ok((CardholderId::from_uuid(row.get("id")?), row.get("person_key_id")?, row.get("person_key")?)))
            .transpose()
    }

    /// Since when a cardholder is on record; none when she is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cardholder_since(&self, id: CardholderId) -> Result<Option<Micros>, StoreError> {
        const SQL: &str = "SELECT created_at FROM cardholders WHERE id = $1";
        let row = sql::first(self.reader(), "cardholders", SQL, [id.uuid().into()]).await?;
        row.map(|row| row.get("created_at").map(Micros)).transpose()
    }

    /// Whether everything readable about a person was destroyed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_erased(&self, id: CardholderId) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 AS one FROM cardholders WHERE id = $1 AND erased_at IS NOT NULL";
        Ok(sql::first(self.reader(), "cardholders", SQL, [id.uuid().into()]).await?.is_some())
    }

    /// The wrapped key of a person: the wrapping key's id and the bytes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_key(&self, id: CardholderId) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        const SQL: &str = "SELECT person_key_id, person_key FROM cardholders WHERE id = $1";
        let row = sql::first(self.reader(), "cardholders", SQL, [id.uuid().into()]).await?;
        row.map(|row| Ok((row.get("person_key_id")?, row.get("person_key")?))).transpose()
    }

    /// A person's wrapped key (the wrapping key's id and the bytes) and her sealed e-mail address.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cardholder_email(
        &self,
        id: CardholderId,
    ) -> Result<Option<(String, Vec<u8>, Option<Vec<u8>>)>, StoreError> {
        const SQL: &str = "SELECT person_key_id, person_key, email FROM cardholders WHERE id = $1";
        let row = sql::first(self.reader(), "cardholders", SQL, [id.uuid().into()]).await?;
        row.map(|row| Ok((row.get("person_key_id")?, row.get("person_key")?, row.get("email")?))).transpose()
    }
}

/// The id of the cardholder with this reference, as the transaction sees it.
pub(crate) async fn id_of(
    connection: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<CardholderId>, StoreError> {
    const SQL: &str = "SELECT id FROM cardholders WHERE reference = $1";
    let row = sql::first(connection, "cardholders", SQL, [reference.into()]).await?;
    row.map(|row| Ok(CardholderId::from_uuid(row.get("id")?))).transpose()
}

/// Adds a cardholder.
///
/// # Errors
/// [`StoreError::Duplicate`] when the reference is taken.
pub(crate) async fn insert(
    transaction: &Transaction,
    cardholder: &SealedCardholder,
    now: Micros,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO cardholders (id, reference, person_key_id, person_key, {SEALED}, {DIGESTS}, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)"
    );
    let mut values: Vec<Value> = vec![
        cardholder.id.uuid().into(),
        cardholder.reference.clone().into(),
        cardholder.person_key_id.clone().into(),
        cardholder.person_key.clone().into(),
    ];
    values.extend(cardholder.columns());
    values.push(now.0.into());
    sql::execute(transaction, &sql, values).await.map(|_| ())
}

/// Replaces a cardholder's record; her id and key stay.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn update(
    transaction: &Transaction,
    cardholder: &SealedCardholder,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE cardholders SET name = $2, birth_date = $3, email = $4, phone = $5, address = $6, \
         name_kanji_digest = $7, name_kana_digest = $8, name_latin_digest = $9, email_digest = $10, \
         phone_digest = $11, address_digest = $12, birth_date_digest = $13, updated_at = $14 WHERE id = $1";
    let mut values: Vec<Value> = vec![cardholder.id.uuid().into()];
    values.extend(cardholder.columns());
    values.push(now.0.into());
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

impl SealedCardholder {
    fn columns(&self) -> impl Iterator<Item = Value> + '_ {
        let sealed = self.sealed.iter().map(|value| nullable_bytes(value.as_deref()));
        let digests = self.digests.iter().map(|digest| nullable_bytes(digest.as_ref().map(<[u8; 32]>::as_slice)));
        sealed.chain(digests)
    }
}
