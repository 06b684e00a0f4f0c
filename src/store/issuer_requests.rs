//! What the issuer's own systems asked for, by their idempotency keys: a key names one body and one answer.

use sea_orm::Value;
use uuid::Uuid;

use super::sql;
use super::{Store, StoreError};
use crate::domain::clock::Micros;

/// A request, by its key.
#[derive(Clone, Debug)]
pub struct IssuerRequest {
    /// What is asked for.
    pub endpoint: &'static str,
    /// The key.
    pub key: String,
    /// SHA-256 of what is asked.
    pub body_digest: [u8; 32],
    /// The id of what will be made.
    pub subject: Uuid,
    /// Until when nobody else is to try.
    pub lease_until: Micros,
    /// Now.
    pub now: Micros,
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is ours, with the id of what is to be made.
    Ours(Uuid),
    /// It was answered with this.
    Answered(String),
    /// Somebody is at it.
    InProgress,
    /// The key came with another body.
    OtherBody,
}

impl Store {
    /// Takes a request up, unless it was answered before or somebody is at it. One that was left lying is taken over with
    /// the id that was given out then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_issuer_request(&self, request: &IssuerRequest) -> Result<Standing, StoreError> {
        let request = request.clone();
        self.write(move |transaction| {
            Box::pin(async move {
                const INSERT: &str = "INSERT INTO issuer_requests (endpoint, key, body_digest, subject_id, lease_until, \
                     created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
                let values: [Value; 6] = [
                    request.endpoint.into(),
                    request.key.clone().into(),
                    request.body_digest.to_vec().into(),
                    request.subject.into(),
                    request.lease_until.0.into(),
                    request.now.0.into(),
                ];
                if sql::execute(transaction, INSERT, values).await? > 0 {
                    return Ok(Standing::Ours(request.subject));
                }
                const SELECT: &str = "SELECT body_digest, subject_id, answer FROM issuer_requests \
                                      WHERE endpoint = $1 AND key = $2";
                let key: [Value; 2] = [request.endpoint.into(), request.key.clone().into()];
                let row = sql::first(transaction, "issuer_requests", SELECT, key).await?;
                // It can only be gone when it was given back this very moment.
                let Some(row) = row else { return Ok(Standing::InProgress) };
                if row.get::<Vec<u8>>("body_digest")? != request.body_digest {
                    return Ok(Standing::OtherBody);
                }
                if let Some(answer) = row.get("answer")? {
                    return Ok(Standing::Answered(answer));
                }
                const TAKE: &str = "UPDATE issuer_requests SET lease_until = $3 \
                     WHERE endpoint = $1 AND key = $2 AND answer IS NULL AND lease_until < $4";
                let values: [Value; 4] = [
                    request.endpoint.into(),
                    request.key.into(),
                    request.lease_until.0.into(),
                    request.now.0.into(),
                ];
                let taken = sql::execute(transaction, TAKE, values).await? > 0;
                let subject = row.get("subject_id")?;
                Ok(if taken { Standing::Ours(subject) } else { Standing::InProgress })
            })
        })
        .await
    }

    /// Keeps the answer: the same request gets it again. Without one the key is given back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_issuer_request(&self, request: &IssuerRequest, answer: Option<String>) -> Result<(), StoreError> {
        let key: [Value; 2] = [request.endpoint.into(), request.key.clone().into()];
        self.write(move |transaction| {
            Box::pin(async move {
                const KEEP: &str = "UPDATE issuer_requests SET answer = $3 WHERE endpoint = $1 AND key = $2";
                const GIVE_BACK: &str =
                    "DELETE FROM issuer_requests WHERE endpoint = $1 AND key = $2 AND answer IS NULL";
                let [endpoint, key] = key;
                match answer {
                    Some(answer) => sql::execute(transaction, KEEP, [endpoint, key, answer.into()]).await?,
                    None => sql::execute(transaction, GIVE_BACK, [endpoint, key]).await?,
                };
                Ok(())
            })
        })
        .await
    }
}
