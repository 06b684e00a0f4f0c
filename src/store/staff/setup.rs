//! The first sign-in: a setup code opens it, a chosen password and a confirmed secret end it.

use sea_orm::Value;

use super::sign_in::{Opened, insert_session, use_step};
use super::{COLUMNS, Sealed, StaffPerson, person};
use crate::domain::clock::Micros;
use crate::domain::id::StaffId;
use crate::store::audit::{self, Entry};
use crate::store::sql;
use crate::store::{Store, StoreError};

/// A person with a setup code, and the secret that she was shown before, if there is one.
#[derive(Clone, Debug)]
pub struct SetupPerson {
    /// Who.
    pub person: StaffPerson,
    /// The secret that waits to be confirmed.
    pub secret: Option<Sealed>,
}

/// What ends the setup.
#[derive(Debug)]
pub struct Confirmed {
    /// Who.
    pub staff_id: StaffId,
    /// The digest of the setup code that is used up.
    pub code: [u8; 32],
    /// The sealed secret that the one-time password was made from.
    pub secret: Vec<u8>,
    /// The step of the one-time password.
    pub step: i64,
    /// The digests of the recovery codes.
    pub recovery: Vec<[u8; 32]>,
    /// The session that begins.
    pub session: Opened,
}

impl Store {
    /// Whose setup code this is, if it is still good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_in_setup(&self, code: &[u8; 32], now: Micros) -> Result<Option<SetupPerson>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, staff.totp_key_id, staff.totp_secret FROM staff \
             WHERE setup_digest = $1 AND setup_expires_at > $2 AND disabled_at IS NULL"
        );
        let Some(row) = sql::first(self.reader(), "staff", &sql, [code.to_vec().into(), now.0.into()]).await? else {
            return Ok(None);
        };
        let key_id: Option<String> = row.get("totp_key_id")?;
        let secret: Option<Vec<u8>> = row.get("totp_secret")?;
        Ok(Some(SetupPerson { person: person(&row)?, secret: key_id.zip(secret) }))
    }

    /// Keeps the chosen password and the secret that is shown, until the secret is confirmed. Answers whether the code
    /// was still good.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_staff_setup(
        &self,
        staff: StaffId,
        code: [u8; 32],
        password: String,
        (key_id, secret): Sealed,
        now: Micros,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET password = $3, totp_key_id = $4, totp_secret = $5 \
                                   WHERE id = $1 AND setup_digest = $2 AND setup_expires_at > $6 \
                                   AND disabled_at IS NULL";
                let values: [Value; 6] = [
                    staff.uuid().into(),
                    code.to_vec().into(),
                    password.into(),
                    key_id.into(),
                    secret.into(),
                    now.0.into(),
                ];
                Ok(sql::execute(transaction, SQL, values).await? == 1)
            })
        })
        .await
    }

    /// Ends the setup: the code is used up, recovery codes are kept, a session begins. Answers whether it was this
    /// call that did so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_staff_setup(&self, confirmed: Confirmed, now: Micros, entry: Entry) -> Result<bool, StoreError> {
        let ended = self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff SET setup_digest = NULL, setup_expires_at = NULL, failures = 0, \
                                   locked_until = NULL WHERE id = $1 AND setup_digest = $2 AND totp_secret = $3 \
                                   AND setup_expires_at > $4 AND disabled_at IS NULL";
                let staff = confirmed.staff_id;
                let values: [Value; 4] =
                    [staff.uuid().into(), confirmed.code.to_vec().into(), confirmed.secret.into(), now.0.into()];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Err(StoreError::GivenUp);
                }
                if !use_step(transaction, staff, confirmed.step).await? {
                    return Err(StoreError::GivenUp);
                }
                for digest in &confirmed.recovery {
                    const CODE: &str = "INSERT INTO staff_recovery_codes (staff_id, digest) VALUES ($1, $2)";
                    sql::execute(transaction, CODE, [staff.uuid().into(), digest.to_vec().into()]).await?;
                }
                insert_session(transaction, staff, &confirmed.session, now).await?;
                audit::append(transaction, &entry).await
            })
        });
        match ended.await {
            Ok(()) => Ok(true),
            Err(StoreError::GivenUp) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
