//! How a challenge ends: one conditional update on it, its authentication's result, its counters and its
//! audit entry, all in one transaction. Whoever comes second changes nothing.

use sea_orm::Value;

use super::super::audit::{self, Entry};
use super::super::passkeys::PasskeyUse;
use super::super::sql;
use super::super::webhooks::Telling;
use super::super::{Store, StoreError, Transaction, authentications, outbox, passkeys, sent_codes, used_steps};
use super::attempts::note_outcome;
use super::{CardCounter, Challenge, count_for_card};
use crate::domain::authentication::{Ending, ResultCodes, Status};
use crate::domain::challenge::{AnswerOutcome, ChallengeState};
use crate::domain::clock::Micros;
use crate::domain::id::{AuthenticationId, CardId, ChallengeId, CredentialId, MerchantId};
use crate::domain::outbox::OutboxMessage;
use crate::domain::reason;
use crate::domain::sent_code::CodeSubject;

/// The way in which a challenge ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// A proof was right: this credential's.
    Passed(CredentialId),
    /// All tries were wrong, or the credential is locked.
    Failed,
    /// The buyer gave up.
    Cancelled,
    /// The merchant gave up.
    Withdrawn,
    /// Nobody came, or nobody finished, in time.
    TimedOut,
    /// No code could be delivered, and there was no other way.
    Undeliverable,
}

/// What a right proof used up: good for this one challenge and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Used {
    /// A step of one-time passwords.
    Step(i64),
    /// The sent code with this digest.
    Code(Vec<u8>),
    /// The counter of a passkey.
    Passkey(PasskeyUse),
}

impl Conclusion {
    /// The internal reason code; the bundle's table of reasons has each of them.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Passed(_) => reason::CHALLENGE_PASSED,
            Self::Failed => reason::CHALLENGE_FAILED,
            Self::Cancelled => reason::CHALLENGE_CANCELLED,
            Self::Withdrawn => reason::MERCHANT_CANCELLED,
            Self::TimedOut => reason::CHALLENGE_TIMED_OUT,
            Self::Undeliverable => reason::CODE_UNDELIVERABLE,
        }
    }

    /// What the audit log calls it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Passed(_) => "challenge.pass",
            Self::Failed => "challenge.fail",
            Self::Cancelled => "challenge.cancel",
            Self::Withdrawn => "challenge.withdraw",
            Self::TimedOut => "challenge.expire",
            Self::Undeliverable => "challenge.undeliverable",
        }
    }

    /// The challenge's state after it.
    pub fn state(self) -> ChallengeState {
        match self {
            Self::Passed(_) => ChallengeState::Passed,
            Self::Failed => ChallengeState::Failed,
            Self::Cancelled | Self::Withdrawn => ChallengeState::Cancelled,
            Self::TimedOut => ChallengeState::Expired,
            Self::Undeliverable => ChallengeState::Unavailable,
        }
    }

    /// The authentication's status after it.
    pub fn status(self) -> Status {
        match self {
            Self::Passed(_) => Status::Approved,
            Self::Undeliverable => Status::Unavailable,
            _ => Status::Rejected,
        }
    }

    fn ending(self) -> Ending {
        match self {
            Self::Passed(_) | Self::Failed => Ending::Challenge,
            Self::Cancelled => Ending::Cancelled,
            Self::Withdrawn => Ending::MerchantCancelled,
            Self::TimedOut => Ending::TimedOut,
            Self::Undeliverable => Ending::Undeliverable,
        }
    }

    /// What must hold of the row, `$3` being the present time.
    fn guard(self) -> &'static str {
        match self {
            Self::Passed(_) => "visited_at IS NOT NULL AND expires_at > $3",
            Self::Failed | Self::Cancelled | Self::Withdrawn | Self::Undeliverable => "expires_at > $3",
            Self::TimedOut => "(expires_at <= $3 OR (visited_at IS NULL AND first_visit_by <= $3))",
        }
    }
}

/// An end, to be tried.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// Its authentication.
    pub authentication_id: AuthenticationId,
    /// Its card.
    pub card_id: Option<CardId>,
    /// How it ends.
    pub conclusion: Conclusion,
    /// What others are told of the reason.
    pub codes: ResultCodes,
    /// The nonce of the form whose proof ended it.
    pub nonce: Option<[u8; 16]>,
    /// What the proof used up.
    pub used: Option<Used>,
    /// What the analysis company is told of it, where one takes feedback.
    pub feedback: Option<OutboxMessage>,
    /// When.
    pub now: Micros,
}

/// A challenge whose time is over.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// The challenge.
    pub challenge_id: ChallengeId,
    /// Its authentication.
    pub authentication_id: AuthenticationId,
    /// Its card.
    pub card_id: Option<CardId>,
    /// The bundle that asked for it.
    pub bundle_digest: String,
}

impl Overdue {
    /// Its end. `codes` is what others are told of that.
    pub fn settlement(&self, codes: ResultCodes, now: Micros) -> Settlement {
        Settlement {
            challenge_id: self.challenge_id,
            authentication_id: self.authentication_id,
            card_id: self.card_id,
            conclusion: Conclusion::TimedOut,
            codes,
            nonce: None,
            used: None,
            feedback: None,
            now,
        }
    }
}

impl Settlement {
    /// The end of this challenge.
    pub fn of(challenge: &Challenge, conclusion: Conclusion, codes: ResultCodes, now: Micros) -> Self {
        Self {
            challenge_id: challenge.id,
            authentication_id: challenge.authentication.id,
            card_id: challenge.authentication.card_id,
            conclusion,
            codes,
            nonce: None,
            used: None,
            feedback: None,
            now,
        }
    }
}

impl Store {
    /// Ends a challenge; answers whether this call did.
    ///
    /// # Errors
    /// [`StoreError::GivenUp`] when what the proof used up was used before; then nothing ended. Other [`StoreError`]s.
    pub async fn settle_challenge(&self, settlement: Settlement, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| Box::pin(async move { settle(transaction, &settlement, &entry).await })).await
    }

    /// Challenges that are over because nobody came, or nobody finished, in time: at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue_challenges(&self, now: Micros, limit: i64) -> Result<Vec<Overdue>, StoreError> {
        const SQL: &str = "SELECT c.id, c.authentication_id, a.card_id, a.bundle_digest FROM challenges c \
             JOIN authentications a ON a.id = c.authentication_id WHERE c.state = 'open' AND (c.expires_at <= $1 \
             OR (c.visited_at IS NULL AND c.first_visit_by <= $1)) ORDER BY c.expires_at LIMIT $2";
        let rows = sql::all(self.reader(), "challenges", SQL, [now.0.into(), limit.into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Overdue {
                    challenge_id: ChallengeId::from_uuid(row.get("id")?),
                    authentication_id: AuthenticationId::from_uuid(row.get("authentication_id")?),
                    card_id: row.get::<Option<_>>("card_id")?.map(CardId::from_uuid),
                    bundle_digest: row.get("bundle_digest")?,
                })
            })
            .collect()
    }
}

async fn settle(transaction: &Transaction, settlement: &Settlement, entry: &Entry) -> Result<bool, StoreError> {
    let conclusion = settlement.conclusion;
    let sql = format!("UPDATE challenges SET state = $2 WHERE id = $1 AND state = 'open' AND {}", conclusion.guard());
    let values: [Value; 3] =
        [settlement.challenge_id.uuid().into(), conclusion.state().as_str().into(), settlement.now.0.into()];
    if sql::execute(transaction, &sql, values).await? == 0 {
        return Ok(false);
    }
    use_up(transaction, settlement).await?;
    let (status, ending, reasons) = (conclusion.status(), conclusion.ending(), [conclusion.reason().to_owned()]);
    let id = settlement.authentication_id;
    let codes = &settlement.codes;
    if !authentications::finish(transaction, id, status, ending, &reasons, codes, settlement.now).await? {
        // An open challenge of a finished authentication: neither may change.
        return Err(StoreError::Corrupt { table: "challenges", reason: "its authentication is final".to_owned() });
    }
    tell(transaction, id, entry).await?;
    count_end(transaction, settlement).await?;
    audit::append(transaction, entry).await?;
    if let Some(message) = &settlement.feedback {
        outbox::enqueue(transaction, message).await?;
    }
    Ok(true)
}

/// Uses up what the proof rests on. A code that was sent and not used goes with its challenge.
async fn use_up(transaction: &Transaction, settlement: &Settlement) -> Result<(), StoreError> {
    let subject = CodeSubject::Challenge(settlement.challenge_id);
    let fresh = match (settlement.conclusion, &settlement.used) {
        (Conclusion::Passed(credential), Some(Used::Step(step))) => {
            used_steps::use_step(transaction, credential, *step).await?
        }
        (Conclusion::Passed(_), Some(Used::Code(digest))) => {
            sent_codes::use_up(transaction, subject, digest, settlement.now).await?
        }
        (Conclusion::Passed(_), Some(Used::Passkey(used))) => {
            passkeys::note_use(transaction, used, settlement.now).await?
        }
        _ => true,
    };
    if !fresh {
        return Err(StoreError::GivenUp);
    }
    sent_codes::forget(transaction, subject).await
}

/// The merchant is told by its webhooks, by the same transaction.
async fn tell(transaction: &Transaction, id: AuthenticationId, entry: &Entry) -> Result<(), StoreError> {
    const SQL: &str = "SELECT merchant_id FROM authentications WHERE id = $1";
    let Some(row) = sql::first(transaction, "authentications", SQL, [id.uuid().into()]).await? else { return Ok(()) };
    Telling::of(MerchantId::from_uuid(row.get("merchant_id")?), id, entry).tell(transaction).await
}

async fn count_end(transaction: &Transaction, settlement: &Settlement) -> Result<(), StoreError> {
    let outcome = match settlement.conclusion {
        Conclusion::Passed(credential) => {
            const SQL: &str = "UPDATE credentials SET failures = 0, locked_until = NULL WHERE id = $1";
            sql::execute(transaction, SQL, [credential.uuid().into()]).await?;
            AnswerOutcome::Right
        }
        Conclusion::Failed => {
            if let Some(card_id) = settlement.card_id {
                count_for_card(transaction, CardCounter::Failures, card_id, settlement.now).await?;
            }
            AnswerOutcome::Wrong
        }
        _ => return Ok(()),
    };
    match &settlement.nonce {
        Some(nonce) => note_outcome(transaction, settlement.challenge_id, nonce, outcome).await,
        None => Ok(()),
    }
}
