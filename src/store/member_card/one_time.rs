//! One-time passwords of a card: a secret that waits to be confirmed, the one that is in use, and recovery codes. The step
//! that confirms a secret is used up with it.

use sea_orm::Value;

use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{CredentialId, EnrolmentId};
use crate::domain::outbox::OutboxMessage;
use crate::store::audit::{self, Entry};
use crate::store::{Store, StoreError, Transaction, cards, outbox, sql};

/// A secret that was shown and not confirmed yet.
#[derive(Clone, Debug)]
pub struct Application {
    /// The secret, sealed under the person's key.
    pub secret: Vec<u8>,
    /// Until when it can be confirmed.
    pub expires_at: Micros,
}

/// What puts a secret into use.
#[derive(Debug)]
pub struct Confirmed {
    /// Whose.
    pub enrolment_id: EnrolmentId,
    /// The sealed secret of the application.
    pub applied: Vec<u8>,
    /// The id that the credential gets.
    pub credential_id: CredentialId,
    /// The secret, sealed anew for the credential.
    pub secret: String,
    /// The step of the one-time password that confirmed it.
    pub step: i64,
    /// The digests of the recovery codes.
    pub recovery: Vec<[u8; 32]>,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

impl Store {
    /// The secret that waits to be confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn totp_application(&self, id: EnrolmentId, now: Micros) -> Result<Option<Application>, StoreError> {
        const SQL: &str =
            "SELECT secret, expires_at FROM totp_applications WHERE enrolment_id = $1 AND expires_at > $2";
        let row = sql::first(self.reader(), "totp_applications", SQL, [id.uuid().into(), now.0.into()]).await?;
        row.map(|row| Ok(Application { secret: row.get("secret")?, expires_at: Micros(row.get("expires_at")?) }))
            .transpose()
    }

    /// Keeps a secret until it is confirmed, in the place of one that waited.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn apply_for_totp(
        &self,
        id: EnrolmentId,
        application: Application,
        now: Micros,
        entry: Entry,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO totp_applications (enrolment_id, secret, expires_at, created_at) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (enrolment_id) DO UPDATE SET secret = excluded.secret, \
                     expires_at = excluded.expires_at, created_at = excluded.created_at";
                let values: [Value; 4] =
                    [id.uuid().into(), application.secret.into(), application.expires_at.0.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await
    }

    /// Puts a confirmed secret into use, in the place of an older one. Answers whether this call did so: of two with the same
    /// application one does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm_totp(&self, confirmed: Confirmed, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const TAKE: &str =
                    "DELETE FROM totp_applications WHERE enrolment_id = $1 AND secret = $2 AND expires_at > $3";
                let id = confirmed.enrolment_id;
                let values: [Value; 3] = [id.uuid().into(), confirmed.applied.into(), now.0.into()];
                if sql::execute(transaction, TAKE, values).await? == 0 {
                    return Ok(false);
                }
                forget(transaction, id).await?;
                let credential = confirmed.credential_id;
                cards::add_credential(transaction, credential, id, Method::Totp, &confirmed.secret, now).await?;
                const USE: &str = "INSERT INTO used_steps (credential_id, step) VALUES ($1, $2)";
                sql::execute(transaction, USE, [credential.uuid().into(), confirmed.step.into()]).await?;
                keep_recovery(transaction, id, &confirmed.recovery).await?;
                for notice in &confirmed.notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Takes one-time passwords and recovery codes away. Answers whether there were any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_totp(
        &self,
        id: EnrolmentId,
        notices: Vec<OutboxMessage>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !forget(transaction, id).await? {
                    return Ok(false);
                }
                for notice in &notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Replaces the recovery codes of a card that has one-time passwords. Answers whether it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace_recovery_codes(
        &self,
        id: EnrolmentId,
        digests: Vec<[u8; 32]>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                // The row is written to, so that a removal at the same moment comes before or after.
                const HOLD: &str = "UPDATE credentials SET kind = kind WHERE enrolment_id = $1 AND kind = 'totp'";
                if sql::execute(transaction, HOLD, [id.uuid().into()]).await? == 0 {
                    return Ok(false);
                }
                keep_recovery(transaction, id, &digests).await?;
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// How many recovery codes are still good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn recovery_codes_left(&self, id: EnrolmentId) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT COUNT(*) AS count FROM recovery_codes WHERE enrolment_id = $1 AND used_at IS NULL";
        let row = sql::first(self.reader(), "recovery_codes", SQL, [id.uuid().into()]).await?;
        row.map_or(Ok(0), |row| row.get("count"))
    }
}

/// Deletes the credential, its used steps and the recovery codes; answers whether there was one.
async fn forget(transaction: &Transaction, id: EnrolmentId) -> Result<bool, StoreError> {
    const STEPS: &str = "DELETE FROM used_steps WHERE credential_id IN \
                         (SELECT id FROM credentials WHERE enrolment_id = $1 AND kind = 'totp')";
    const CREDENTIAL: &str = "DELETE FROM credentials WHERE enrolment_id = $1 AND kind = 'totp'";
    const RECOVERY: &str = "DELETE FROM recovery_codes WHERE enrolment_id = $1";
    sql::execute(transaction, STEPS, [id.uuid().into()]).await?;
    let had = sql::execute(transaction, CREDENTIAL, [id.uuid().into()]).await? > 0;
    sql::execute(transaction, RECOVERY, [id.uuid().into()]).await?;
    Ok(had)
}

async fn keep_recovery(transaction: &Transaction, id: EnrolmentId, digests: &[[u8; 32]]) -> Result<(), StoreError> {
    const FORGET: &str = "DELETE FROM recovery_codes WHERE enrolment_id = $1";
    const KEEP: &str = "INSERT INTO recovery_codes (enrolment_id, digest) VALUES ($1, $2)";
    sql::execute(transaction, FORGET, [id.uuid().into()]).await?;
    for digest in digests {
        sql::execute(transaction, KEEP, [id.uuid().into(), digest.to_vec().into()]).await?;
    }
    Ok(())
}
