//! What signing in on the member's own pages touches: the count of tries, used codes, the session, the history.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::OwnEnrolment;
use super::sessions::{self, OpenedSession};
use crate::domain::clock::Micros;
use crate::domain::id::{CredentialId, EnrolmentId, MemberSessionId};
use crate::domain::member::SignInOutcome;
use crate::store::audit::{self, Entry};
use crate::store::sql;
use crate::store::{Store, StoreError, used_steps};

/// So many failures in a row lock a member's own pages …
pub const FAILURES_TO_LOCK: i64 = 10;
/// … for so long, seconds.
pub const LOCK_SECONDS: i64 = 30 * 60;

/// Whose try it is.
#[derive(Clone, Debug)]
pub enum MemberClaim {
    /// Somebody who states this member id.
    MemberId(String),
    /// Somebody in a session of this enrolment.
    Enrolment(EnrolmentId),
}

/// What a counted try is compared with.
#[derive(Clone, Debug)]
pub struct CountedTry {
    /// The card.
    pub enrolment: OwnEnrolment,
    /// The hash of the password.
    pub password: String,
    /// Whether this try was the last one before the lock.
    pub locks: bool,
    /// The one-time passwords of her login group.
    pub one_time: Vec<SealedOneTime>,
}

/// A secret of one-time passwords.
#[derive(Clone, Debug)]
pub struct SealedOneTime {
    /// The credential.
    pub credential_id: CredentialId,
    /// Whose it is.
    pub enrolment_id: EnrolmentId,
    /// The secret, sealed under the person's key, in hexadecimal digits.
    pub secret: String,
}

/// What completes a sign-in beside the password.
#[derive(Clone, Debug)]
pub enum MemberFactor {
    /// Nothing: the group has no one-time password.
    None,
    /// A one-time password.
    Step {
        /// Its credential.
        credential_id: CredentialId,
        /// Its step.
        step: i64,
    },
    /// A recovery code: enrolments and the digests that it may be stored under.
    Recovery(Vec<(EnrolmentId, [u8; 32])>),
}

/// What becomes of the session when everything is right.
#[derive(Clone, Debug)]
pub enum MemberCompletion {
    /// A session begins; the one with the digest, which the browser had before, ends.
    Begin(OpenedSession, Option<[u8; 32]>),
    /// A session of hers is as good as new for sensitive acts, under a new token.
    Renew {
        /// Which.
        id: MemberSessionId,
        /// The digest of its new token.
        digest: [u8; 32],
    },
}

/// A line of the sign-in history about to be written.
#[derive(Clone, Debug)]
pub struct SignInLine {
    /// The line's id.
    pub id: Uuid,
    /// Whose try it is, or is said to be.
    pub claim: MemberClaim,
    /// What came of it.
    pub outcome: SignInOutcome,
    /// The network it came from, coarse.
    pub network: String,
    /// The kind of program.
    pub agent: String,
}

impl Store {
    /// Counts a try, before anything is compared. None when nobody has this member id, or too many tries went before:
    /// nothing may then be compared. It runs the same statements in each case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_member_try(&self, claim: MemberClaim, now: Micros) -> Result<Option<CountedTry>, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let (condition, value) = condition(claim);
                // After a lock has run out the count begins anew.
                let next = "CASE WHEN member_locked_until IS NULL THEN member_failures + 1 ELSE 1 END";
                let sql = format!(
                    "UPDATE credentials SET member_failures = {next}, \
                     member_locked_until = CASE WHEN {next} >= $2 THEN $3 ELSE NULL END \
                     WHERE enrolment_id = (SELECT id FROM enrolments WHERE {condition}) AND kind = 'password' \
                     AND (member_locked_until IS NULL OR member_locked_until <= $4) \
                     RETURNING enrolment_id, secret, member_locked_until"
                );
                let until = now.plus_seconds(LOCK_SECONDS).0;
                let values: [Value; 4] = [value, FAILURES_TO_LOCK.into(), until.into(), now.0.into()];
                let row = sql::first(transaction, "credentials", &sql, values).await?;
                let id = row.as_ref().map_or(Ok(Uuid::nil()), |row| row.get("enrolment_id"))?;
                let enrolment = super::by_id(transaction, EnrolmentId::from_uuid(id)).await?;
                let group = enrolment.as_ref().map_or(Uuid::nil(), |enrolment| enrolment.login_group);
                let one_time = one_time(transaction, group).await?;
                let (Some(row), Some(enrolment)) = (row, enrolment) else { return Ok(None) };
                let locks = row.get::<Option<i64>>("member_locked_until")?.is_some();
                Ok(Some(CountedTry { enrolment, password: row.get("secret")?, locks, one_time }))
            })
        })
        .await
    }

    /// Uses the second factor up, forgets the failures, begins or renews the session and writes the history. Answers
    /// whether the factor was still unused and the session still live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn complete_member_sign_in(
        &self,
        enrolment: EnrolmentId,
        factor: MemberFactor,
        completion: MemberCompletion,
        line: Option<SignInLine>,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let completed = self.write(move |transaction| {
            Box::pin(async move {
                if !use_up(transaction, factor, now).await?
                    || !reset_counter(transaction, enrolment).await?
                    || !apply(transaction, completion, now).await?
                {
                    return Err(StoreError::GivenUp);
                }
                if let Some(line) = line {
                    insert_line(transaction, line, now).await?;
                }
                audit::append(transaction, &entry).await
            })
        });
        match completed.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes a try down that came to nothing: in the history of whom it concerns, if there is anybody, and in the
    /// audit log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refuse_member_try(&self, line: SignInLine, now: Micros, entry: Entry) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                insert_line(transaction, line, now).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }

    /// Replaces the hash of a password by a dearer one of the same password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash_member_password(
        &self,
        enrolment: EnrolmentId,
        old: String,
        new: String,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE credentials SET secret = $3 \
                                   WHERE enrolment_id = $1 AND kind = 'password' AND secret = $2";
                let values: [Value; 3] = [enrolment.uuid().into(), old.into(), new.into()];
                sql::execute(transaction, SQL, values).await.map(|_| ())
            })
        })
        .await
    }
}

fn condition(claim: MemberClaim) -> (&'static str, Value) {
    match claim {
        MemberClaim::MemberId(member_id) => ("member_id = $1", member_id.into()),
        MemberClaim::Enrolment(id) => ("id = $1", id.uuid().into()),
    }
}

async fn one_time(connection: &impl ConnectionTrait, group: Uuid) -> Result<Vec<SealedOneTime>, StoreError> {
    const SQL: &str = "SELECT id, enrolment_id, secret FROM credentials WHERE kind = 'totp' \
                       AND enrolment_id IN (SELECT id FROM enrolments WHERE login_group = $1) ORDER BY id";
    let rows = sql::all(connection, "credentials", SQL, [group.into()]).await?;
    let read = |row: &sql::Row| {
        Ok(SealedOneTime {
            credential_id: CredentialId::from_uuid(row.get("id")?),
            enrolment_id: EnrolmentId::from_uuid(row.get("enrolment_id")?),
            secret: row.get("secret")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn apply(
    transaction: &impl ConnectionTrait,
    completion: MemberCompletion,
    now: Micros,
) -> Result<bool, StoreError> {
    match completion {
        MemberCompletion::Begin(session, leaving) => {
            if let Some(digest) = leaving {
                sessions::leave(transaction, digest, now).await?;
            }
            sessions::insert(transaction, &session, now).await?;
            Ok(true)
        }
        MemberCompletion::Renew { id, digest } => sessions::renew(transaction, id, digest, now).await,
    }
}

/// Forgets the failures of a card; answers whether it has a password.
pub(super) async fn reset_counter(
    transaction: &impl ConnectionTrait,
    enrolment: EnrolmentId,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE credentials SET member_failures = 0, member_locked_until = NULL \
                       WHERE enrolment_id = $1 AND kind = 'password'";
    Ok(sql::execute(transaction, SQL, [enrolment.uuid().into()]).await? == 1)
}

/// Uses a second factor up; answers whether it was unused.
pub(super) async fn use_up(
    transaction: &impl ConnectionTrait,
    factor: MemberFactor,
    now: Micros,
) -> Result<bool, StoreError> {
    match factor {
        MemberFactor::None => Ok(true),
        MemberFactor::Step { credential_id, step } => used_steps::use_step(transaction, credential_id, step).await,
        MemberFactor::Recovery(digests) => {
            const SQL: &str = "UPDATE recovery_codes SET used_at = $3 \
                               WHERE enrolment_id = $1 AND digest = $2 AND used_at IS NULL";
            for (enrolment, digest) in digests {
                let values: [Value; 3] = [enrolment.uuid().into(), digest.to_vec().into(), now.0.into()];
                if sql::execute(transaction, SQL, values).await? == 1 {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

async fn insert_line(transaction: &impl ConnectionTrait, line: SignInLine, now: Micros) -> Result<(), StoreError> {
    let (condition, value) = condition(line.claim);
    let sql = format!(
        "INSERT INTO member_sign_ins (id, enrolment_id, outcome, network, agent, recorded_at) \
         SELECT $2, id, $3, $4, $5, $6 FROM enrolments WHERE {condition}"
    );
    let values: [Value; 6] =
        [value, line.id.into(), line.outcome.as_str().into(), line.network.into(), line.agent.into(), now.0.into()];
    sql::execute(transaction, &sql, values).await.map(|_| ())
}
