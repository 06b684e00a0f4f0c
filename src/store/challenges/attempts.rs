//! Tries: counted, and durable, before anything is compared.
//!
//! Read-then-write would let parallel guesses through; here each counter is one conditional statement.

use sea_orm::Value;

use super::super::audit::{self, Entry};
use super::super::sql;
use super::super::{Store, StoreError, Transaction};
use crate::domain::challenge::AnswerOutcome;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{ChallengeId, CredentialId, EnrolmentId};

/// So many wrong proofs in a row, over all challenges, lock a credential for a while; so do as many again.
pub const FAILURES_TO_LOCK: i64 = 10;
/// How long such a lock lasts, in seconds.
pub const LOCK_SECONDS: i64 = 1_800;
/// So many wrong proofs in a row lock a credential until it is changed (NIST SP 800-63B-4, section 3.2.2).
pub const FAILURES_TO_CLOSE: i64 = 100;

/// One answered form whose proof is to be compared.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// The form's nonce.
    pub nonce: [u8; 16],
    /// The registration whose credential is asked for.
    pub enrolment_id: Option<EnrolmentId>,
    /// Which credential.
    pub method: Method,
    /// How many proofs are compared for one challenge.
    pub tries: i64,
    /// When the form came.
    pub now: Micros,
}

/// What counting an attempt came to.
#[derive(Debug)]
pub enum Counted {
    /// It is counted; the proof may be compared with this secret, once.
    Compare {
        /// Whose secret.
        credential: Credential,
        /// Whether no other try follows: it is the challenge's last, or it locks the credential.
        last: bool,
    },
    /// This form was answered before.
    Repeated,
    /// No try is left, or the challenge is over: nothing may be compared.
    Refused,
    /// The credential is locked or gone: nothing may be compared.
    Unusable,
}

/// A credential whose secret may be compared once.
#[derive(Clone)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Its secret as it is stored: the password's hash, the sealed secret of one-time passwords in hexadecimal digits, or
    /// nothing for sent codes.
    pub secret: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({})", self.id)
    }
}

impl Store {
    /// Counts an attempt on the challenge and on the credential, and notes the form's nonce. All of it is
    /// durable when this answers [`Counted::Compare`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_attempt(&self, attempt: Attempt, entry: Entry) -> Result<Counted, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !note_form(transaction, &attempt).await? {
                    return Ok(Counted::Repeated);
                }
                let counted = match count_on_challenge(transaction, &attempt).await? {
                    Some(number) => count_on_credential(transaction, &attempt, number).await?,
                    None => Counted::Refused,
                };
                match counted {
                    Counted::Compare { .. } => audit::append(transaction, &entry).await?,
                    _ => {
                        note_outcome(transaction, attempt.challenge_id, &attempt.nonce, AnswerOutcome::Refused).await?;
                    }
                }
                Ok(counted)
            })
        })
        .await
    }

    /// What came of the form with this nonce; none while its proof is being compared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_outcome(&self, id: ChallengeId, nonce: [u8; 16]) -> Result<Option<AnswerOutcome>, StoreError> {
        const SQL: &str = "SELECT outcome FROM challenge_answers WHERE challenge_id = $1 AND nonce = $2";
        let values: [Value; 2] = [id.uuid().into(), nonce.to_vec().into()];
        let Some(row) = sql::first(self.reader(), "challenge_answers", SQL, values).await? else { return Ok(None) };
        let outcome: Option<String> = row.get("outcome")?;
        Ok(outcome.as_deref().and_then(AnswerOutcome::parse))
    }

    /// Notes that a form's proof was wrong.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_wrong_answer(&self, id: ChallengeId, nonce: [u8; 16]) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move { note_outcome(transaction, id, &nonce, AnswerOutcome::Wrong).await })
        })
        .await
    }

    /// Replaces a stored secret by another form of the same one, unless it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash(&self, credential: Credential, secret: String) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE credentials SET secret = $3 WHERE id = $1 AND secret = $2";
                let values: [Value; 3] = [credential.id.uuid().into(), credential.secret.into(), secret.into()];
                sql::execute(transaction, SQL, values).await.map(|_| ())
            })
        })
        .await
    }
}

async fn note_form(transaction: &Transaction, attempt: &Attempt) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO challenge_answers (challenge_id, nonce, recorded_at) VALUES ($1, $2, $3) \
                       ON CONFLICT DO NOTHING";
    let values: [Value; 3] = [attempt.challenge_id.uuid().into(), attempt.nonce.to_vec().into(), attempt.now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? > 0)
}

/// The attempt's number; none when no more may be compared.
async fn count_on_challenge(transaction: &Transaction, attempt: &Attempt) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "UPDATE challenges SET attempts = attempts + 1 WHERE id = $1 AND attempts < $2 \
                       AND state = 'open' AND visited_at IS NOT NULL AND expires_at > $3 RETURNING attempts";
    let values: [Value; 3] = [attempt.challenge_id.uuid().into(), attempt.tries.into(), attempt.now.0.into()];
    sql::first(transaction, "challenges", SQL, values).await?.map(|row| row.get("attempts")).transpose()
}

async fn count_on_credential(transaction: &Transaction, attempt: &Attempt, number: i64) -> Result<Counted, StoreError> {
    const SQL: &str = "UPDATE credentials SET failures = failures + 1, locked_until = CASE \
         WHEN failures + 1 >= $3 THEN $4 WHEN (failures + 1) % $5 = 0 THEN $6 ELSE NULL END \
         WHERE enrolment_id = $1 AND kind = $2 AND (locked_until IS NULL OR locked_until <= $7) AND usable_from <= $7 \
         RETURNING id, secret, locked_until";
    let Some(enrolment_id) = attempt.enrolment_id else { return Ok(Counted::Unusable) };
    let values: [Value; 7] = [
        enrolment_id.uuid().into(),
        attempt.method.as_str().into(),
        FAILURES_TO_CLOSE.into(),
        i64::MAX.into(),
        FAILURES_TO_LOCK.into(),
        attempt.now.plus_seconds(LOCK_SECONDS).0.into(),
        attempt.now.0.into(),
    ];
    let Some(row) = sql::first(transaction, "credentials", SQL, values).await? else {
        return Ok(Counted::Unusable);
    };
    let locks = row.get::<Option<i64>>("locked_until")?.is_some();
    let credential = Credential { id: CredentialId::from_uuid(row.get("id")?), secret: row.get("secret")? };
    Ok(Counted::Compare { credential, last: locks || number >= attempt.tries })
}

/// Notes what came of a form, once.
pub(super) async fn note_outcome(
    transaction: &Transaction,
    id: ChallengeId,
    nonce: &[u8; 16],
    outcome: AnswerOutcome,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE challenge_answers SET outcome = $3 WHERE challenge_id = $1 AND nonce = $2 \
                       AND outcome IS NULL";
    let values: [Value; 3] = [id.uuid().into(), nonce.to_vec().into(), outcome.as_str().into()];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}
