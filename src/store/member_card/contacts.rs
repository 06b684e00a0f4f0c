//! Contacts of a card are added, verified and removed by its holder, within their limits.

use sea_orm::Value;

use crate::domain::clock::Micros;
use crate::domain::id::{ContactId, CredentialId};
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::contacts::{self, NewContact};
use crate::store::{Store, StoreError, Transaction, outbox, sql};

/// A contact that was shown to be hers.
#[derive(Debug)]
pub struct Verified {
    /// Which one.
    pub id: ContactId,
    /// From when on it may bring codes to challenges.
    pub usable_from: Micros,
    /// The id of the credential for sent codes, should the card have none yet.
    pub credential_id: CredentialId,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

impl Store {
    /// Adds a contact. Answers false, and adds nothing, when the card has `most` or had `per_day` added in a day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_contact(
        &self,
        new: NewContact,
        most: i64,
        per_day: i64,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !has_room(transaction, &new, most, per_day, now).await? {
                    return Ok(false);
                }
                contacts::add(transaction, &new, now).await?;
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Marks a contact as hers. Answers false when it was before, or is removed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verify_contact(&self, verified: Verified, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let Verified { id, usable_from, credential_id, notices } = verified;
                if !contacts::verify(transaction, id, usable_from, credential_id, now).await? {
                    return Ok(false);
                }
                tell(transaction, &notices, &entry).await
            })
        })
        .await
    }

    /// Removes a contact. Answers false when it was before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_contact(
        &self,
        id: ContactId,
        notices: Vec<OutboxMessage>,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !contacts::remove(transaction, id, now).await? {
                    return Ok(false);
                }
                tell(transaction, &notices, &entry).await
            })
        })
        .await
    }
}

async fn has_room(
    transaction: &Transaction,
    new: &NewContact,
    most: i64,
    per_day: i64,
    now: Micros,
) -> Result<bool, StoreError> {
    // Two at once come one after the other over the enrolment's row.
    const HOLD: &str = "UPDATE enrolments SET state = state WHERE id = $1";
    const COUNT: &str = "SELECT COUNT(*) FILTER (WHERE removed_at IS NULL) AS here, \
                         COUNT(*) FILTER (WHERE created_at > $2) AS added FROM contacts WHERE enrolment_id = $1";
    let id = new.enrolment_id.uuid();
    sql::execute(transaction, HOLD, [id.into()]).await?;
    let values: [Value; 2] = [id.into(), now.plus_seconds(-86_400).0.into()];
    let Some(row) = sql::first(transaction, "contacts", COUNT, values).await? else { return Ok(false) };
    Ok(row.get::<i64>("here")? < most && row.get::<i64>("added")? < per_day)
}

async fn tell(transaction: &Transaction, notices: &[OutboxMessage], entry: &Entry) -> Result<bool, StoreError> {
    for notice in notices {
        outbox::enqueue(transaction, notice).await?;
    }
    audit::append(transaction, entry).await?;
    Ok(true)
}
