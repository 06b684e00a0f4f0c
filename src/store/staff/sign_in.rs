//! Signing in: tries are counted and committed before anything is compared; what completes is used up in the
//! transaction that completes.

use sea_orm::{ConnectionTrait, Value};

use super::{COLUMNS, Sealed, StaffPerson, person};
use crate::domain::clock::Micros;
use crate::domain::id::{StaffId, StaffSessionId};
use crate::store::audit::{self, Entry};
use crate::store::sql;
use crate::store::{Store, StoreError};

/// So many failures in a row lock a person out …
pub const FAILURES_TO_LOCK: i64 = 10;
/// … for so long, seconds.
pub const LOCK_SECONDS: i64 = 30 * 60;

/// Whose try it is.
#[derive(Clone, Debug)]
pub enum Claimant {
    /// Somebody who states this sign-in name.
    Name(String),
    /// Somebody in a session of this person.
    Person(StaffId),
}

/// What a counted try is compared with.
#[derive(Clone, Debug)]
pub struct Counted {
    /// Who.
    pub person: StaffPerson,
    /// The hash of the password.
    pub password: String,
    /// The sealed secret of one-time passwords.
    pub secret: Sealed,
}

/// What completes a sign-in beside the password.
#[derive(Clone, Debug)]
pub enum SecondFactor {
    /// A one-time password of this step.
    Step(i64),
    /// A recovery code with one of these digests.
    Recovery(Vec<[u8; 32]>),
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its id.
    pub id: StaffSessionId,
    /// The digest of its token.
    pub digest: [u8; 32],
    /// When she gave a one-time password; the epoch when a recovery code stood in for it.
    pub totp_at: Micros,
    /// The network she comes from, coarse.
    pub network: String,
    /// The kind of program she uses.
    pub agent: String,
}

/// What becomes of the session when a second factor is accepted.
#[derive(Clone, Debug)]
pub enum Completion {
    /// A session begins.
    Begin(Opened),
    /// A session of hers is as good as new for sensitive acts, under a new token.
    Renew {
        /// Which.
        id: StaffSessionId,
        /// The digest of its new token.
        digest: [u8; 32],
    },
}

impl Store {
    /// Counts a try, before anything is compared. None when there is no such person, she is locked out, disabled, or not
    /// set up: nothing may then be compared.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_staff_try(&self, claimant: Claimant, now: Micros) -> Result<Option<Counted>, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let (condition, value): (&str, Value) = match claimant {
                    Claimant::Name(name) => ("name = $1", name.into()),
                    Claimant::Person(id) => ("id = $1", id.uuid().into()),
                };
                // After a lock has run out the count begins anew.
                let next = "CASE WHEN locked_until IS NULL THEN failures + 1 ELSE 1 END";
                let sql = format!(
                    "UPDATE staff SET failures = {next}, locked_until = CASE WHEN {next} >= $2 THEN $3 ELSE NULL END \
                     WHERE {condition} AND disabled_at IS NULL AND setup_digest IS NULL AND password IS NOT NULL \
                     AND (locked_until IS NULL OR locked_until <= $4) \
                     RETURNING {COLUMNS}, staff.password, staff.totp_key_id, staff.totp_secret"
                );
                let until = now.plus_seconds(LOCK_SECONDS).0;
                let values: [Value; 4] = [value, FAILURES_TO_LOCK.into(), until.into(), now.0.into()];
                let Some(row) = sql::first(transaction, "staff", &sql, values).await? else { return Ok(None) };
                let secret = (row.get("totp_key_id")?, row.get("totp_secret")?);
                Ok(Some(Counted { person: person(&row)?, password: row.get("password")?, secret }))
            })
        })
        .await
    }

    /// Uses the second factor up, forgets the failures, and begins or renews the session. Answers whether the factor was
    /// still unused and the person and session still live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn complete_staff_sign_in(
        &self,
        staff: StaffId,
        factor: SecondFactor,
        completion: Completion,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        let completed = self.write(move |transaction| {
            Box::pin(async move {
                const RESET: &str = "UPDATE staff SET failures = 0, locked_until = NULL \
                                     WHERE id = $1 AND disabled_at IS NULL AND setup_digest IS NULL";
                let fresh = match factor {
                    SecondFactor::Step(step) => use_step(transaction, staff, step).await?,
                    SecondFactor::Recovery(digests) => use_recovery(transaction, staff, &digests, now).await?,
                };
                if !fresh || sql::execute(transaction, RESET, [staff.uuid().into()]).await? == 0 {
                    return Err(StoreError::GivenUp);
                }
                match completion {
                    Completion::Begin(session) => insert_session(transaction, staff, &session, now).await?,
                    Completion::Renew { id, digest } => renew(transaction, staff, id, digest, now).await?,
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

    /// Replaces the hash of a password by a dearer one of the same password.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rehash_staff_password(&self, staff: StaffId, old: String, new: String) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET password = $3 WHERE id = $1 AND password = $2";
                sql::execute(transaction, SQL, [staff.uuid().into(), old.into(), new.into()]).await.map(|_| ())
            })
        })
        .await
    }

    /// How many recovery codes a person has left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_recovery_codes_left(&self, staff: StaffId) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) AS codes FROM staff_recovery_codes WHERE staff_id = $1 AND used_at IS NULL";
        let row = sql::first(self.reader(), "staff_recovery_codes", SQL, [staff.uuid().into()]).await?;
        row.map_or(Ok(0), |row| row.get("codes"))
    }
}

/// Uses a step up; answers `false` when it or a later one was used before. Earlier steps are forgotten: the latest says
/// it all.
pub(super) async fn use_step(
    transaction: &impl ConnectionTrait,
    staff: StaffId,
    step: i64,
) -> Result<bool, StoreError> {
    const USE: &str = "INSERT INTO staff_used_steps (staff_id, step) SELECT $1, $2 WHERE NOT EXISTS \
                       (SELECT 1 FROM staff_used_steps WHERE staff_id = $1 AND step >= $2) ON CONFLICT DO NOTHING";
    const FORGET: &str = "DELETE FROM staff_used_steps WHERE staff_id = $1 AND step < $2 - 10";
    let fresh = sql::execute(transaction, USE, [staff.uuid().into(), step.into()]).await? == 1;
    sql::execute(transaction, FORGET, [staff.uuid().into(), step.into()]).await?;
    Ok(fresh)
}

async fn use_recovery(
    transaction: &impl ConnectionTrait,
    staff: StaffId,
    digests: &[[u8; 32]],
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE staff_recovery_codes SET used_at = $3 WHERE staff_id = $1 AND digest = $2 AND used_at IS NULL";
    for digest in digests {
        let values: [Value; 3] = [staff.uuid().into(), digest.to_vec().into(), now.0.into()];
        if sql::execute(transaction, SQL, values).await? == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) async fn insert_session(
    transaction: &impl ConnectionTrait,
    staff: StaffId,
    session: &Opened,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO staff_sessions (id, staff_id, digest, created_at, last_seen_at, totp_at, network, \
                       agent) VALUES ($1, $2, $3, $4, $4, $5, $6, $7)";
    let values: [Value; 7] = [
        session.id.uuid().into(),
        staff.uuid().into(),
        session.digest.to_vec().into(),
        now.0.into(),
        session.totp_at.0.into(),
        session.network.clone().into(),
        session.agent.clone().into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

async fn renew(
    transaction: &impl ConnectionTrait,
    staff: StaffId,
    id: StaffSessionId,
    digest: [u8; 32],
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff_sessions SET digest = $3, totp_at = $4, last_seen_at = $4 \
                       WHERE id = $1 AND staff_id = $2 AND ended_at IS NULL";
    let values: [Value; 4] = [id.uuid().into(), staff.uuid().into(), digest.to_vec().into(), now.0.into()];
    match sql::execute(transaction, SQL, values).await? {
        0 => Err(StoreError::GivenUp),
        _ => Ok(()),
    }
}
