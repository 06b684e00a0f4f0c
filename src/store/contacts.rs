//! Contacts of an enrolment: where codes go. The address is sealed under the person's key.
//!
//! The credential `code` of the enrolment stands and falls with its verified contacts, in the same transaction.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::sql::{self, Row};
use super::{Store, StoreError};
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{CardholderId, ContactId, CredentialId, EnrolmentId};
use crate::domain::member::ContactChannel;

/// A contact to be added.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// Its id.
    pub id: ContactId,
    /// Whose.
    pub enrolment_id: EnrolmentId,
    /// The way that a code takes.
    pub channel: ContactChannel,
    /// The address, sealed for column `address` of this row.
    pub address: Vec<u8>,
}

/// A contact as the store keeps it, with the key that opens it.
#[derive(Clone, Debug)]
pub struct SealedContact {
    /// Its id.
    pub id: ContactId,
    /// Whose.
    pub enrolment_id: EnrolmentId,
    /// The person.
    pub cardholder_id: CardholderId,
    /// The id of the key that wraps hers.
    pub person_key_id: String,
    /// Her key, wrapped.
    pub person_key: Vec<u8>,
    /// The way that a code takes.
    pub channel: ContactChannel,
    /// The address, sealed.
    pub address: Vec<u8>,
    /// When she showed that it is hers.
    pub verified_at: Option<Micros>,
    /// From when on codes of challenges may go there; none while it is not verified.
    pub usable_from: Option<Micros>,
    /// When she removed it.
    pub removed_at: Option<Micros>,
    /// When it was added.
    pub created_at: Micros,
}

impl SealedContact {
    /// Whether codes that prove who she is may go there.
    pub fn is_usable(&self, now: Micros) -> bool {
        self.removed_at.is_none() && self.verified_at.is_some() && self.usable_from.is_some_and(|from| from <= now)
    }
}

const SELECT: &str = "SELECT t.id, t.enrolment_id, t.channel, t.address, t.verified_at, t.usable_from, t.removed_at, \
     t.created_at, h.id AS cardholder_id, h.person_key_id, h.person_key FROM contacts t \
     JOIN enrolments e ON e.id = t.enrolment_id JOIN cards c ON c.id = e.card_id \
     JOIN cardholders h ON h.id = c.cardholder_id";

impl Store {
    /// The contacts of an enrolment that are not removed, verified or not, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contacts(&self, enrolment_id: EnrolmentId) -> Result<Vec<SealedContact>, StoreError> {
        let sql = format!("{SELECT} WHERE t.enrolment_id = $1 AND t.removed_at IS NULL ORDER BY t.created_at, t.id");
        sql::all(self.reader(), "contacts", &sql, [enrolment_id.uuid().into()]).await?.iter().map(read).collect()
    }

    /// Whose enrolment it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cardholder_of_enrolment(&self, id: EnrolmentId) -> Result<Option<CardholderId>, StoreError> {
        const SQL: &str = "SELECT c.cardholder_id FROM enrolments e JOIN cards c ON c.id = e.card_id WHERE e.id = $1";
        let row = sql::first(self.reader(), "enrolments", SQL, [id.uuid().into()]).await?;
        row.map(|row| Ok(CardholderId::from_uuid(row.get("cardholder_id")?))).transpose()
    }

    /// One contact, even a removed one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contact(&self, id: ContactId) -> Result<Option<SealedContact>, StoreError> {
        let sql = format!("{SELECT} WHERE t.id = $1");
        sql::first(self.reader(), "contacts", &sql, [id.uuid().into()]).await?.as_ref().map(read).transpose()
    }
}

/// Adds a contact that is not verified yet.
///
/// # Errors
/// [`StoreError`].
pub async fn add(transaction: &impl ConnectionTrait, contact: &NewContact, now: Micros) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO contacts (id, enrolment_id, channel, address, created_at) VALUES ($1, $2, $3, $4, $5)";
    let values: [Value; 5] = [
        contact.id.uuid().into(),
        contact.enrolment_id.uuid().into(),
        contact.channel.as_str().into(),
        contact.address.clone().into(),
        now.0.into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Marks a contact as hers, good for challenges from `usable_from` on, and gives the enrolment its credential `code`,
/// under the id `credential`, where it has none. Answers false when the contact was verified before, or removed.
///
/// # Errors
/// [`StoreError`].
pub async fn verify(
    transaction: &impl ConnectionTrait,
    id: ContactId,
    usable_from: Micros,
    credential: CredentialId,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE contacts SET verified_at = $2, usable_from = $3 WHERE id = $1 AND verified_at IS NULL \
                       AND removed_at IS NULL RETURNING enrolment_id";
    const GIVE: &str = "INSERT INTO credentials (id, enrolment_id, kind, secret, created_at, changed_at, usable_from) \
                        VALUES ($1, $2, $3, '', $4, $4, $5) ON CONFLICT (enrolment_id, kind) DO NOTHING";
    let values: [Value; 3] = [id.uuid().into(), now.0.into(), usable_from.0.into()];
    let Some(row) = sql::first(transaction, "contacts", SQL, values).await? else { return Ok(false) };
    let enrolment: Uuid = row.get("enrolment_id")?;
    let credential: [Value; 5] =
        [credential.uuid().into(), enrolment.into(), Method::Code.as_str().into(), now.0.into(), usable_from.0.into()];
    sql::execute(transaction, GIVE, credential).await?;
    follow(transaction, enrolment).await?;
    Ok(true)
}

/// Removes a contact; with the last verified one goes the credential `code`. Answers false when it was removed before.
///
/// # Errors
/// [`StoreError`].
pub async fn remove(transaction: &impl ConnectionTrait, id: ContactId, now: Micros) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE contacts SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL RETURNING enrolment_id";
    const FORGET: &str = "DELETE FROM sent_codes WHERE contact_id = $1";
    let Some(row) = sql::first(transaction, "contacts", SQL, [id.uuid().into(), now.0.into()]).await? else {
        return Ok(false);
    };
    sql::execute(transaction, FORGET, [id.uuid().into()]).await?;
    follow(transaction, row.get("enrolment_id")?).await?;
    Ok(true)
}

/// Counts one more code that goes to a contact, unless `limit` went there in the day that began with the first of them,
/// or it is removed. Answers whether it may be sent.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn count_send(
    transaction: &impl ConnectionTrait,
    id: ContactId,
    limit: i64,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE contacts SET sends = CASE WHEN sends_since <= $3 THEN 1 ELSE sends + 1 END, \
                       sends_since = CASE WHEN sends_since <= $3 THEN $2 ELSE sends_since END \
                       WHERE id = $1 AND removed_at IS NULL AND (sends_since <= $3 OR sends < $4)";
    let values: [Value; 4] = [id.uuid().into(), now.0.into(), (now.0 - Micros::DAY).into(), limit.into()];
    Ok(sql::execute(transaction, SQL, values).await? > 0)
}

/// The credential `code` is usable from when the earliest of the verified contacts is, and goes with the last.
async fn follow(transaction: &impl ConnectionTrait, enrolment: Uuid) -> Result<(), StoreError> {
    const EARLIEST: &str = "UPDATE credentials SET usable_from = (SELECT MIN(t.usable_from) FROM contacts t \
         WHERE t.enrolment_id = $1 AND t.verified_at IS NOT NULL AND t.removed_at IS NULL) \
         WHERE enrolment_id = $1 AND kind = $2 AND EXISTS (SELECT 1 FROM contacts t \
         WHERE t.enrolment_id = $1 AND t.verified_at IS NOT NULL AND t.removed_at IS NULL)";
    const LAST: &str = "DELETE FROM credentials WHERE enrolment_id = $1 AND kind = $2 AND NOT EXISTS \
         (SELECT 1 FROM contacts t WHERE t.enrolment_id = $1 AND t.verified_at IS NOT NULL AND t.removed_at IS NULL)";
    for sql in [EARLIEST, LAST] {
        sql::execute(transaction, sql, [enrolment.into(), Method::Code.as_str().into()]).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<SealedContact, StoreError> {
    let micros = |column| row.get::<Option<i64>>(column).map(|at| at.map(Micros));
    Ok(SealedContact {
        id: ContactId::from_uuid(row.get("id")?),
        enrolment_id: EnrolmentId::from_uuid(row.get("enrolment_id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        person_key_id: row.get("person_key_id")?,
        person_key: row.get("person_key")?,
        channel: row.word("channel", ContactChannel::parse)?,
        address: row.get("address")?,
        verified_at: micros("verified_at")?,
        usable_from: micros("usable_from")?,
        removed_at: micros("removed_at")?,
        created_at: Micros(row.get("created_at")?),
    })
}
