//! What the buyer chose for her proof, and the code that is sent for it.

use sea_orm::Value;
use uuid::Uuid;

use super::super::audit::{self, Entry};
use super::super::sent_codes::{self, NewCode};
use super::super::sql::{self, nullable};
use super::super::{Store, StoreError, Transaction};
use crate::domain::challenge::AnswerOutcome;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{ChallengeId, ContactId};

/// A choice by one form.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// The form's nonce.
    pub nonce: [u8; 16],
    /// The method.
    pub method: Method,
    /// Where a code goes.
    pub contact_id: Option<ContactId>,
    /// When.
    pub now: Micros,
}

impl Store {
    /// Writes the choice down. Answers false when the challenge is over or was never visited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn choose_method(&self, choice: Choice, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let open = choose(transaction, &choice).await?;
                if open {
                    audit::append(transaction, &entry).await?;
                }
                Ok(open)
            })
        })
        .await
    }

    /// Writes the choice down and sends a code for it, in the place of the last one. Answers false, and sends nothing, when
    /// this form sent one before.
    ///
    /// # Errors
    /// [`StoreError::GivenUp`] when the challenge is over, or too many codes were sent; then nothing changed. Other
    /// [`StoreError`]s.
    pub async fn send_challenge_code(&self, choice: Choice, code: NewCode, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !note_sending(transaction, &choice).await? {
                    return Ok(false);
                }
                if !choose(transaction, &choice).await? {
                    return Err(StoreError::GivenUp);
                }
                sent_codes::replace(transaction, &code).await?;
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn choose(transaction: &Transaction, choice: &Choice) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE challenges SET method = $2, contact_id = $3 WHERE id = $1 AND state = 'open' \
                       AND visited_at IS NOT NULL AND expires_at > $4";
    let values: [Value; 4] = [
        choice.challenge_id.uuid().into(),
        choice.method.as_str().into(),
        nullable(choice.contact_id.map(ContactId::uuid)),
        choice.now.0.into(),
    ];
    Ok(sql::execute(transaction, SQL, values).await? > 0)
}

async fn note_sending(transaction: &Transaction, choice: &Choice) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO challenge_answers (challenge_id, nonce, outcome, recorded_at) \
                       VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let id: Uuid = choice.challenge_id.uuid();
    let values: [Value; 4] =
        [id.into(), choice.nonce.to_vec().into(), AnswerOutcome::Sent.as_str().into(), choice.now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? > 0)
}
