//! Idempotency keys after the first step: what became of a key that somebody reserved before.

use sea_orm::Value;
use uuid::Uuid;

use super::receive::{ENDPOINT, Receive};
use super::receive_sql::RESERVE;
use super::sql;
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, MerchantId};

/// How long a key is kept, in microseconds.
pub const KEPT: i64 = Micros::DAY;

/// What became of a key that was reserved before.
#[derive(Debug, PartialEq, Eq)]
pub enum Earlier {
    /// It came with another body.
    OtherBody,
    /// Its authentication is recorded.
    Done(AuthenticationId),
    /// Somebody is at it.
    InProgress,
    /// Its owner is gone: it is ours now, with the id that was given out then.
    TakenOver(AuthenticationId),
}

impl Store {
    /// Looks at a key that was reserved before; takes it over when its lease has run out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earlier(&self, command: &Receive) -> Result<Earlier, StoreError> {
        const SQL: &str = "SELECT k.body_digest, k.subject_id, k.lease_until, a.id FROM idempotency_keys k \
             LEFT JOIN authentications a ON a.id = k.subject_id \
             WHERE k.merchant_id = $1 AND k.endpoint = $2 AND k.key = $3";
        let key: [Value; 3] = [command.merchant_id.uuid().into(), ENDPOINT.into(), command.key.clone().into()];
        let row = sql::first(self.reader(), "idempotency_keys", SQL, key.clone()).await?;
        // It can only be gone when it was forgotten this very moment.
        let Some(row) = row else { return Ok(Earlier::InProgress) };
        if row.get::<Vec<u8>>("body_digest")? != command.body_digest {
            return Ok(Earlier::OtherBody);
        }
        let subject = AuthenticationId::from_uuid(row.get("subject_id")?);
        if row.get::<Option<uuid::Uuid>>("id")?.is_some() {
            return Ok(Earlier::Done(subject));
        }
        let lease: i64 = row.get("lease_until")?;
        if lease > command.now.0 || !self.take_over(&key, lease, command.lease_until).await? {
            return Ok(Earlier::InProgress);
        }
        Ok(Earlier::TakenOver(subject))
    }

    async fn take_over(&self, key: &[Value; 3], lease: i64, until: Micros) -> Result<bool, StoreError> {
        let mut values = key.to_vec();
        values.extend([lease.into(), until.0.into()]);
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE idempotency_keys SET lease_until = $5 \
                     WHERE merchant_id = $1 AND endpoint = $2 AND key = $3 AND lease_until = $4";
                Ok(sql::execute(transaction, SQL, values).await? > 0)
            })
        })
        .await
    }

    /// Forgets keys, and counters of cards, that are older than anyone looks; answers how many rows went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_old(&self, now: Micros) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let hour = now.hour_bucket();
                let statements: [(&str, i64); 5] = [
                    // A day after the last one its count begins anew: nothing of it matters any more.
                    ("DELETE FROM sent_codes WHERE created_at < $1", now.0 - Micros::DAY),
                    ("DELETE FROM issuer_requests WHERE created_at < $1", now.0 - KEPT),
                    ("DELETE FROM idempotency_keys WHERE created_at < $1", now.0 - KEPT),
                    ("DELETE FROM sightings WHERE hour < $1", hour - 25),
                    ("DELETE FROM card_hours WHERE hour < $1", hour - 721),
                ];
                let mut gone = 0;
                for (statement, limit) in statements {
                    gone += sql::execute(transaction, statement, [limit.into()]).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

/// Reserves a key for a subject that is made in the same transaction; answers which subject the key names.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn name(
    transaction: &Transaction,
    merchant_id: MerchantId,
    endpoint: &str,
    key: &str,
    subject: Uuid,
    now: Micros,
) -> Result<Uuid, StoreError> {
    let values: [Value; 7] = [
        merchant_id.uuid().into(),
        endpoint.into(),
        key.into(),
        Vec::<u8>::new().into(),
        subject.into(),
        now.0.into(),
        now.0.into(),
    ];
    if sql::execute(transaction, RESERVE, values).await? > 0 {
        return Ok(subject);
    }
    const SQL: &str = "SELECT subject_id FROM idempotency_keys WHERE merchant_id = $1 AND endpoint = $2 AND key = $3";
    let values: [Value; 3] = [merchant_id.uuid().into(), endpoint.into(), key.into()];
    let row = sql::first(transaction, "idempotency_keys", SQL, values).await?;
    row.ok_or(StoreError::GivenUp)?.get("subject_id")
}
