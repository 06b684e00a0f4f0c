//! Codes that were sent: one at a time for each thing that a code is good for.
//!
//! Sending again replaces the last code, checking counts before it compares, and a code that was right goes with the
//! statement that uses it up: each of them is one conditional statement.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, contacts, outbox};
use crate::domain::clock::Micros;
use crate::domain::id::{ContactId, OutboxId};
use crate::domain::outbox::{OutboxMessage, OutboxState};
use crate::domain::sent_code::CodeSubject;

/// A code that is to be sent.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// What it is good for.
    pub subject: CodeSubject,
    /// Where it goes.
    pub contact_id: ContactId,
    /// What it is derived from.
    pub nonce: [u8; 32],
    /// Its keyed digest.
    pub digest: [u8; 32],
    /// The message that brings it.
    pub message: OutboxMessage,
    /// Until when it is good.
    pub expires_at: Micros,
    /// When it was asked for.
    pub now: Micros,
    /// How many codes may follow one another for this subject; a day after the last one the count begins anew.
    pub limit: i64,
    /// How many codes may go to one contact in a day, whatever for.
    pub contact_limit: i64,
}

/// A code that was sent, as the store keeps it.
#[derive(Clone, Debug)]
pub struct StoredCode {
    /// Where it went.
    pub contact_id: ContactId,
    /// As so manieth for its subject.
    pub serial: i64,
    /// What it is derived from.
    pub nonce: Vec<u8>,
    /// Its keyed digest.
    pub digest: Vec<u8>,
    /// The message that brings it.
    pub outbox_id: Option<OutboxId>,
    /// Where the message stands; none when it is no longer kept.
    pub message_state: Option<OutboxState>,
    /// Until when it is good.
    pub expires_at: Micros,
}

impl Store {
    /// The last code that was sent for something.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_code(&self, subject: CodeSubject) -> Result<Option<StoredCode>, StoreError> {
        const SQL: &str = "SELECT s.contact_id, s.serial, s.nonce, s.digest, s.outbox_id, s.expires_at, \
             o.state AS message_state FROM sent_codes s LEFT JOIN outbox o ON o.id = s.outbox_id \
             WHERE s.purpose = $1 AND s.subject = $2";
        let row = sql::first(self.reader(), "sent_codes", SQL, key(subject)).await?;
        row.as_ref().map(read).transpose()
    }

    /// Counts one check of the last code for something. Answers the code if it may be compared, once; none when there is
    /// none, its time is over, or `limit` checks were counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_code_check(
        &self,
        subject: CodeSubject,
        limit: i64,
        now: Micros,
        entry: Entry,
    ) -> Result<Option<StoredCode>, StoreError> {
        const SQL: &str = "UPDATE sent_codes SET attempts = attempts + 1 WHERE purpose = $1 AND subject = $2 \
             AND attempts < $3 AND expires_at > $4 \
             RETURNING contact_id, serial, nonce, digest, outbox_id, expires_at, NULL AS message_state";
        self.write(move |transaction| {
            Box::pin(async move {
                let [purpose, thing] = key(subject);
                let row =
                    sql::first(transaction, "sent_codes", SQL, [purpose, thing, limit.into(), now.0.into()]).await?;
                let Some(row) = row else { return Ok(None) };
                audit::append(transaction, &entry).await?;
                read(&row).map(Some)
            })
        })
        .await
    }
}

/// Puts a code in the place of the last one, and its message into the outbox. Answers the how manieth it is for its subject.
///
/// # Errors
/// [`StoreError::GivenUp`] when too many were sent, or the contact is removed, and other [`StoreError`]s; the transaction
/// must then be given up.
pub async fn replace(transaction: &impl ConnectionTrait, code: &NewCode) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO sent_codes (purpose, subject, contact_id, serial, nonce, digest, outbox_id, \
         expires_at, created_at) VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8) \
         ON CONFLICT (purpose, subject) DO UPDATE SET contact_id = excluded.contact_id, \
         serial = CASE WHEN sent_codes.created_at <= $9 THEN 1 ELSE sent_codes.serial + 1 END, \
         attempts = CASE WHEN sent_codes.created_at <= $9 THEN 0 ELSE sent_codes.attempts END, \
         nonce = excluded.nonce, digest = excluded.digest, outbox_id = excluded.outbox_id, \
         expires_at = excluded.expires_at, created_at = excluded.created_at \
         WHERE sent_codes.serial < $10 OR sent_codes.created_at <= $9 RETURNING serial";
    if !contacts::count_send(transaction, code.contact_id, code.contact_limit, code.now).await? {
        return Err(StoreError::GivenUp);
    }
    let [purpose, subject] = key(code.subject);
    let values: [Value; 10] = [
        purpose,
        subject,
        code.contact_id.uuid().into(),
        code.nonce.to_vec().into(),
        code.digest.to_vec().into(),
        code.message.id.uuid().into(),
        code.expires_at.0.into(),
        code.now.0.into(),
        (code.now.0 - Micros::DAY).into(),
        code.limit.into(),
    ];
    let Some(row) = sql::first(transaction, "sent_codes", SQL, values).await? else {
        return Err(StoreError::GivenUp);
    };
    outbox::enqueue(transaction, &code.message).await?;
    row.get("serial")
}

/// Uses a code up. Answers whether it was still there, unused and in time: of two who bring it one is told so.
///
/// # Errors
/// [`StoreError`].
pub async fn use_up(
    transaction: &impl ConnectionTrait,
    subject: CodeSubject,
    digest: &[u8],
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM sent_codes WHERE purpose = $1 AND subject = $2 AND digest = $3 AND expires_at > $4";
    let [purpose, thing] = key(subject);
    let values: [Value; 4] = [purpose, thing, digest.to_vec().into(), now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

/// Forgets the code for something that is over.
///
/// # Errors
/// [`StoreError`].
pub async fn forget(transaction: &impl ConnectionTrait, subject: CodeSubject) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM sent_codes WHERE purpose = $1 AND subject = $2";
    sql::execute(transaction, SQL, key(subject)).await.map(|_| ())
}

fn key(subject: CodeSubject) -> [Value; 2] {
    [subject.purpose().as_str().into(), subject.uuid().into()]
}

fn read(row: &Row) -> Result<StoredCode, StoreError> {
    Ok(StoredCode {
        contact_id: ContactId::from_uuid(row.get("contact_id")?),
        serial: row.get("serial")?,
        nonce: row.get("nonce")?,
        digest: row.get("digest")?,
        outbox_id: row.get::<Option<Uuid>>("outbox_id")?.map(OutboxId::from_uuid),
        message_state: row.optional_word("message_state", OutboxState::parse)?,
        expires_at: Micros(row.get("expires_at")?),
    })
}
