//! Cards and their numbers, enrolments and credentials.

use sea_orm::ConnectionTrait;

use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::card::{CardStatus, Expiry};
use crate::domain::clock::Micros;
use crate::domain::facts::{EnrolmentState, Method};
use crate::domain::id::{CardId, CardholderId, CredentialId, EnrolmentId};

/// A card with its current number, without the number itself.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// The issuer's own reference.
    pub reference: String,
    /// Whose card it is.
    pub cardholder_id: CardholderId,
    /// Its programme's id in the bundle.
    pub programme: String,
    /// The issuer's word on it.
    pub status: CardStatus,
    /// When it was issued.
    pub issued_at: Micros,
    /// The current number.
    pub number: StoredNumber,
}

/// A card number as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNumber {
    /// HMAC-SHA-256 of the whole number.
    pub digest: [u8; 32],
    /// The id of its key.
    pub key_id: String,
    /// The first eight digits.
    pub issuer_number: String,
    /// The last four digits.
    pub last_four: String,
    /// The last month in which it can be used.
    pub expiry: Expiry,
}

/// A card's registration.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// Which card.
    pub card_id: CardId,
    /// How far it has come.
    pub state: EnrolmentState,
    /// The member's name for signing in.
    pub member_id: String,
    /// The personal message, sealed under the person's key.
    pub personal_message: Vec<u8>,
    /// Whether the message is the generated one.
    pub personal_message_provisional: bool,
    /// The terms that were accepted.
    pub terms_version: Option<String>,
    /// When they were.
    pub terms_accepted_at: Option<Micros>,
}

const SELECT: &str = "SELECT c.id, c.reference, c.cardholder_id, c.programme, c.status, c.issued_at, n.digest, \
     n.key_id, n.issuer_number, n.last_four, n.expiry FROM cards c \
     JOIN card_numbers n ON n.card_id = c.id AND n.retired_at IS NULL";

impl Store {
    /// The card with this reference.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn card(&self, reference: &str) -> Result<Option<Card>, StoreError> {
        by_reference(self.reader(), reference).await
    }

    /// A person's cards, each with its current number, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cards_of(&self, cardholder_id: CardholderId) -> Result<Vec<Card>, StoreError> {
        let sql = format!("{SELECT} WHERE c.cardholder_id = $1 ORDER BY c.id");
        sql::all(self.reader(), "cards", &sql, [cardholder_id.uuid().into()]).await?.iter().map(read).collect()
    }
}

/// The card with this reference, as the transaction sees it.
pub(crate) async fn by_reference(
    connection: &impl ConnectionTrait,
    reference: &str,
) -> Result<Option<Card>, StoreError> {
    let sql = format!("{SELECT} WHERE c.reference = $1");
    sql::first(connection, "cards", &sql, [reference.into()]).await?.map(|row| read(&row)).transpose()
}

/// The card with this id, as the transaction sees it.
pub(crate) async fn by_id(connection: &impl ConnectionTrait, id: CardId) -> Result<Option<Card>, StoreError> {
    let sql = format!("{SELECT} WHERE c.id = $1");
    sql::first(connection, "cards", &sql, [id.uuid().into()]).await?.map(|row| read(&row)).transpose()
}

/// Adds a card with its number.
///
/// # Errors
/// [`StoreError::Duplicate`] when the reference or the number is taken.
pub(crate) async fn insert(transaction: &Transaction, card: &Card, now: Micros) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO cards (id, reference, cardholder_id, programme, status, issued_at, created_at, \
                       updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)";
    let values = [
        card.id.uuid().into(),
        card.reference.clone().into(),
        card.cardholder_id.uuid().into(),
        card.programme.clone().into(),
        card.status.as_str().into(),
        card.issued_at.0.into(),
        now.0.into(),
    ];
    sql::execute(transaction, SQL, values).await?;
    insert_number(transaction, card.id, &card.number, now).await
}

async fn insert_number(
    transaction: &Transaction,
    card_id: CardId,
    number: &StoredNumber,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO card_numbers (digest, key_id, card_id, issuer_number, last_four, expiry, \
                       created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = [
        number.digest.to_vec().into(),
        number.key_id.clone().into(),
        card_id.uuid().into(),
        number.issuer_number.clone().into(),
        number.last_four.clone().into(),
        number.expiry.to_string().into(),
        now.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Replaces what the issuer says about a card: programme, status, date of issue.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn update(transaction: &Transaction, card: &Card, now: Micros) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE cards SET programme = $2, status = $3, issued_at = $4, updated_at = $5 WHERE id = $1";
    let values = [
        card.id.uuid().into(),
        card.programme.clone().into(),
        card.status.as_str().into(),
        card.issued_at.0.into(),
        now.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Gives a card a new number or expiry. The old number is retired and never forgotten; a card whose number
/// stays gets the new expiry.
///
/// # Errors
/// [`StoreError::Duplicate`] when the number is another card's, or was retired.
pub(crate) async fn renew(
    transaction: &Transaction,
    card: &Card,
    number: &StoredNumber,
    now: Micros,
) -> Result<(), StoreError> {
    if number.digest == card.number.digest {
        const SQL: &str = "UPDATE card_numbers SET expiry = $2 WHERE digest = $1";
        let values = [number.digest.to_vec().into(), number.expiry.to_string().into()];
        return sql::execute(transaction, SQL, values).await.map(|_| ());
    }
    const RETIRE: &str = "UPDATE card_numbers SET retired_at = $2 WHERE card_id = $1 AND retired_at IS NULL";
    sql::execute(transaction, RETIRE, [card.id.uuid().into(), now.0.into()]).await?;
    insert_number(transaction, card.id, number, now).await
}

/// Adds a card's registration. It is a login group of its own.
///
/// # Errors
/// [`StoreError::Duplicate`] when the member id is taken.
pub(crate) async fn enrol(transaction: &Transaction, enrolment: &Enrolment, now: Micros) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO enrolments (id, card_id, state, member_id, personal_message, \
         personal_message_provisional, terms_version, terms_accepted_at, created_at, login_group) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $1)";
    let values = [
        enrolment.id.uuid().into(),
        enrolment.card_id.uuid().into(),
        enrolment.state.as_str().into(),
        enrolment.member_id.clone().into(),
        enrolment.personal_message.clone().into(),
        enrolment.personal_message_provisional.into(),
        enrolment.terms_version.clone().into(),
        enrolment.terms_accepted_at.map(|at| at.0).into(),
        now.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Adds a credential to an enrolment.
///
/// # Errors
/// [`StoreError::Duplicate`] when the enrolment has one of this kind.
pub(crate) async fn add_credential(
    transaction: &Transaction,
    id: CredentialId,
    enrolment_id: EnrolmentId,
    kind: Method,
    secret: &str,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO credentials (id, enrolment_id, kind, secret, created_at, changed_at) \
                       VALUES ($1, $2, $3, $4, $5, $5)";
    let values = [id.uuid().into(), enrolment_id.uuid().into(), kind.as_str().into(), secret.into(), now.0.into()];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

fn read(row: &Row) -> Result<Card, StoreError> {
    let expiry: String = row.get("expiry")?;
    let digest: Vec<u8> = row.get("digest")?;
    Ok(Card {
        id: CardId::from_uuid(row.get("id")?),
        reference: row.get("reference")?,
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        programme: row.get("programme")?,
        status: row.word("status", CardStatus::parse)?,
        issued_at: Micros(row.get("issued_at")?),
        number: StoredNumber {
            digest: digest.try_into().map_err(|_| row.corrupt("digest"))?,
            key_id: row.get("key_id")?,
            issuer_number: row.get("issuer_number")?,
            last_four: row.get("last_four")?,
            expiry: Expiry::parse(&expiry).ok_or_else(|| row.corrupt("expiry"))?,
        },
    })
}
