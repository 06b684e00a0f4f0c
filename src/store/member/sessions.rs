//! Sessions of members: the digest of a token, and when it was last seen.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::{EnrolmentId, MemberSessionId};
use crate::store::audit::{self, Entry};
use crate::store::sql::{self, Row};
use crate::store::{Store, StoreError};

/// One session.
#[derive(Clone, Debug)]
pub struct MemberSession {
    /// Its id.
    pub id: MemberSessionId,
    /// The enrolment that she signed in with.
    pub enrolment_id: EnrolmentId,
    /// The language that she chose.
    pub language: Option<Language>,
    /// When she signed in.
    pub created_at: Micros,
    /// When it was last used, to within half a minute.
    pub last_seen_at: Micros,
    /// When she last proved who she is.
    pub proved_at: Micros,
    /// The network she came from, coarse.
    pub network: String,
    /// The kind of program she uses.
    pub agent: String,
}

/// Whose session it is.
#[derive(Clone, Debug)]
pub struct SessionOwner {
    /// The name that she signed in with.
    pub member_id: String,
    /// Her login group.
    pub login_group: Uuid,
    /// How far the registration of the card that she signed in with has come.
    pub state: EnrolmentState,
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct OpenedSession {
    /// Its id.
    pub id: MemberSessionId,
    /// The enrolment that she signs in with.
    pub enrolment_id: EnrolmentId,
    /// The digest of its token.
    pub digest: [u8; 32],
    /// The language of the page that she signed in on.
    pub language: Option<Language>,
    /// The network she comes from, coarse.
    pub network: String,
    /// The kind of program she uses.
    pub agent: String,
}

/// Sessions that began or were used before these times are over.
#[derive(Clone, Copy, Debug)]
pub struct MemberSessionLimits {
    /// The latest time of last use that is too long ago.
    pub idle: Micros,
    /// The latest beginning that is too long ago.
    pub absolute: Micros,
}

const SESSION: &str = "s.id, s.enrolment_id, s.language, s.created_at, s.last_seen_at, s.proved_at, s.network, s.agent";

fn session(row: &Row) -> Result<MemberSession, StoreError> {
    Ok(MemberSession {
        id: MemberSessionId::from_uuid(row.get("id")?),
        enrolment_id: EnrolmentId::from_uuid(row.get("enrolment_id")?),
        language: row.optional_word("language", Language::parse)?,
        created_at: Micros(row.get("created_at")?),
        last_seen_at: Micros(row.get("last_seen_at")?),
        proved_at: Micros(row.get("proved_at")?),
        network: row.get("network")?,
        agent: row.get("agent")?,
    })
}

impl Store {
    /// The live session with this digest and whose it is. None when it ended or is over its limits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_session(
        &self,
        digest: &[u8; 32],
        limits: MemberSessionLimits,
    ) -> Result<Option<(SessionOwner, MemberSession)>, StoreError> {
        let sql = format!(
            "SELECT {SESSION}, e.member_id, e.login_group, e.state FROM member_sessions s \
             JOIN enrolments e ON e.id = s.enrolment_id WHERE s.digest = $1 AND s.ended_at IS NULL \
             AND s.last_seen_at > $2 AND s.created_at > $3"
        );
        let values: [Value; 3] = [digest.to_vec().into(), limits.idle.0.into(), limits.absolute.0.into()];
        let row = sql::first(self.reader(), "member_sessions", &sql, values).await?;
        row.map(|row| {
            let owner = SessionOwner {
                member_id: row.get("member_id")?,
                login_group: row.get("login_group")?,
                state: row.word("state", EnrolmentState::parse)?,
            };
            Ok((owner, session(&row)?))
        })
        .transpose()
    }

    /// Notes that a session was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_member_session(&self, id: MemberSessionId, now: Micros) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE member_sessions SET last_seen_at = $2 \
                                   WHERE id = $1 AND ended_at IS NULL AND last_seen_at < $2";
                sql::execute(transaction, SQL, [id.uuid().into(), now.0.into()]).await.map(|_| ())
            })
        })
        .await
    }

    /// The live sessions of a login group, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn member_sessions(
        &self,
        group: Uuid,
        limits: MemberSessionLimits,
    ) -> Result<Vec<MemberSession>, StoreError> {
        let sql = format!(
            "SELECT {SESSION} FROM member_sessions s JOIN enrolments e ON e.id = s.enrolment_id \
             WHERE e.login_group = $1 AND s.ended_at IS NULL AND s.last_seen_at > $2 AND s.created_at > $3 \
             ORDER BY s.created_at DESC, s.id"
        );
        let values: [Value; 3] = [group.into(), limits.idle.0.into(), limits.absolute.0.into()];
        sql::all(self.reader(), "member_sessions", &sql, values).await?.iter().map(session).collect()
    }

    /// Ends a session of a login group; answers whether it was live.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_member_session(
        &self,
        group: Uuid,
        id: MemberSessionId,
        now: Micros,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE member_sessions SET ended_at = $3 WHERE id = $1 AND ended_at IS NULL \
                                   AND enrolment_id IN (SELECT id FROM enrolments WHERE login_group = $2)";
                let values: [Value; 3] = [id.uuid().into(), group.into(), now.0.into()];
                let ended = sql::execute(transaction, SQL, values).await? == 1;
                if ended {
                    audit::append(transaction, &entry).await?;
                }
                Ok(ended)
            })
        })
        .await
    }

    /// Sets the language of a session's pages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_member_language(&self, id: MemberSessionId, language: Language) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "UPDATE member_sessions SET language = $2 WHERE id = $1";
                sql::execute(transaction, SQL, [id.uuid().into(), language.as_str().into()]).await.map(|_| ())
            })
        })
        .await
    }
}

/// Ends all sessions of a login group, but one; answers how many were live.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn end_all(
    transaction: &impl ConnectionTrait,
    group: Uuid,
    but: Option<MemberSessionId>,
    now: Micros,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE member_sessions SET ended_at = $2 WHERE ended_at IS NULL AND id <> $3 \
                       AND enrolment_id IN (SELECT id FROM enrolments WHERE login_group = $1)";
    let but = but.map_or(Uuid::nil(), MemberSessionId::uuid);
    sql::execute(transaction, SQL, [group.into(), now.0.into(), but.into()]).await
}

/// Ends the session with this digest, if it is live: whoever signs in anew leaves it behind.
pub(super) async fn leave(transaction: &impl ConnectionTrait, digest: [u8; 32], now: Micros) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE member_sessions SET ended_at = $2 WHERE digest = $1 AND ended_at IS NULL";
    sql::execute(transaction, SQL, [digest.to_vec().into(), now.0.into()]).await.map(|_| ())
}

pub(super) async fn insert(
    transaction: &impl ConnectionTrait,
    session: &OpenedSession,
    now: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO member_sessions (id, enrolment_id, digest, language, created_at, last_seen_at, \
                       proved_at, network, agent) VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7)";
    let values: [Value; 7] = [
        session.id.uuid().into(),
        session.enrolment_id.uuid().into(),
        session.digest.to_vec().into(),
        session.language.map(Language::as_str).into(),
        now.0.into(),
        session.network.clone().into(),
        session.agent.clone().into(),
    ];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

/// Gives a session a new token and notes that she proved who she is; answers whether it is live.
pub(super) async fn renew(
    transaction: &impl ConnectionTrait,
    id: MemberSessionId,
    digest: [u8; 32],
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE member_sessions SET digest = $2, proved_at = $3, last_seen_at = $3 \
                       WHERE id = $1 AND ended_at IS NULL";
    let values: [Value; 3] = [id.uuid().into(), digest.to_vec().into(), now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}
