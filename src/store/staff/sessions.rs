//! Sessions of staff people: the digest of a token, and when it was last seen.

use sea_orm::{ConnectionTrait, Value};

use super::{COLUMNS, StaffPerson, person};
use crate::domain::clock::Micros;
use crate::domain::id::{StaffId, StaffSessionId};
use crate::store::audit::{self, Entry};
use crate::store::sql::{self, Row};
use crate::store::{Store, StoreError};

/// One session.
#[derive(Clone, Debug)]
pub struct StaffSession {
    /// Its id.
    pub id: StaffSessionId,
    /// When she signed in.
    pub created_at: Micros,
    /// When it was last used, to within half a minute.
    pub last_seen_at: Micros,
    /// When she last gave a one-time password.
    pub totp_at: Micros,
    /// The network she came from, coarse.
    pub network: String,
    /// The kind of program she uses.
    pub agent: String,
}

/// Sessions that began or were used before these times are over.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The latest time of last use that is too long ago.
    pub idle: Micros,
    /// The latest beginning that is too long ago.
    pub absolute: Micros,
}

const SESSION: &str = "staff_sessions.id AS session_id, staff_sessions.created_at AS session_created_at, \
                       staff_sessions.last_seen_at, staff_sessions.totp_at, staff_sessions.network, \
                       staff_sessions.agent";

fn session(row: &Row) -> Result<StaffSession, StoreError> {
    Ok(StaffSession {
        id: StaffSessionId::from_uuid(row.get("session_id")?),
        created_at: Micros(row.get("session_created_at")?),
        last_seen_at: Micros(row.get("last_seen_at")?),
        totp_at: Micros(row.get("totp_at")?),
        network: row.get("network")?,
        agent: row.get("agent")?,
    })
}

impl Store {
    /// The live session with this digest and whose it is. None when it ended, is over its limits, or the person was
    /// disabled or reset.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_session(
        &self,
        digest: &[u8; 32],
        limits: Limits,
    ) -> Result<Option<(StaffPerson, StaffSession)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, {SESSION} FROM staff_sessions JOIN staff ON staff.id = staff_sessions.staff_id \
             WHERE staff_sessions.digest = $1 AND ended_at IS NULL AND last_seen_at > $2 \
             AND staff_sessions.created_at > $3 AND disabled_at IS NULL AND setup_digest IS NULL"
        );
        let values: [Value; 3] = [digest.to_vec().into(), limits.idle.0.into(), limits.absolute.0.into()];
        let row = sql::first(self.reader(), "staff_sessions", &sql, values).await?;
        row.map(|row| Ok((person(&row)?, session(&row)?))).transpose()
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_staff_session(&self, id: StaffSessionId, now: Micros) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE staff_sessions SET last_seen_at = $2 \
                                   WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2";
                sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await.map(|_| ())
            })
        })
        .await
    }

    /// A person's live sessions, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_sessions(&self, staff: StaffId, limits: Limits) -> Result<Vec<StaffSession>, StoreError> {
        let sql = format!(
            "SELECT {SESSION} FROM staff_sessions WHERE staff_id = $1 AND ended_at IS NULL \
             AND last_seen_at > $2 AND created_at > $3 ORDER BY created_at DESC, id"
        );
        let values: [Value; 3] = [staff.uuid().into(), limits.idle.0.into(), limits.absolute.0.into()];
        sql::all(self.reader(), "staff_sessions", &sql, values).await?.iter().map(session).collect()
    }

    /// Ends one session of this person; answers whether it was live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_staff_session(
        &self,
        staff: StaffId,
        id: StaffSessionId,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str =
                    "UPDATE staff_sessions SET ended_at = $3 WHERE id = $1 AND staff_id = $2 AND ended_at IS NULL";
                let values: [Value; 3] = [id.uuid().into(), staff.uuid().into(), now.0.into()];
                if sql::execute(transaction, SQL, values).await? == 0 {
                    return Ok(false);
                }
                audit::append(transaction, &entry).await.map(|()| true)
            })
        })
        .await
    }
}

/// Ends every session of a person within a transaction.
pub(super) async fn end_all(transaction: &impl ConnectionTrait, staff: StaffId, now: Micros) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE staff_sessions SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL";
    sql::execute(transaction, SQL, [staff.uuid().into(), now.0.into()]).await.map(|_| ())
}
