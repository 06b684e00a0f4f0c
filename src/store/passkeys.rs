//! Passkeys of a card, and what a ceremony has to remember between its two halves: taken once, within its time.

use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, Transaction, cards, outbox};
use crate::domain::assessment::words;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::{CredentialId, EnrolmentId, PasskeyId};
use crate::domain::outbox::OutboxMessage;
use serde::{Deserialize, Serialize};

words! {
    /// What a ceremony is for.
    CeremonyPurpose {
        /// A passkey is registered; the subject is an enrolment.
        Register = "register",
        /// A challenge is answered; the subject is a challenge.
        Challenge = "challenge",
    }
}

/// A passkey.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Its id.
    pub id: PasskeyId,
    /// The id that the authenticator gave it.
    pub key_id: Vec<u8>,
    /// Its public key and counter, as JSON.
    pub passkey: String,
    /// The name that its owner gave it.
    pub name: String,
    /// When it last answered a challenge.
    pub last_used_at: Option<Micros>,
    /// When it was registered.
    pub created_at: Micros,
}

/// A right answer by a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyUse {
    /// Which one.
    pub id: PasskeyId,
    /// The passkey as it was stored before.
    pub before: String,
    /// The passkey with its new counter.
    pub after: String,
}

/// A passkey about to be kept.
#[derive(Debug)]
pub struct NewPasskey {
    /// Whose.
    pub enrolment_id: EnrolmentId,
    /// The passkey.
    pub row: PasskeyRow,
    /// The id of the credential row that stands for all passkeys of the enrolment, should it have none yet.
    pub credential_id: CredentialId,
    /// The most passkeys of one enrolment.
    pub most: i64,
    /// Who is told.
    pub notices: Vec<OutboxMessage>,
}

impl Store {
    /// An enrolment's passkeys, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passkeys_of(&self, id: EnrolmentId) -> Result<Vec<PasskeyRow>, StoreError> {
        const SQL: &str = "SELECT id, key_id, passkey, name, last_used_at, created_at FROM passkeys \
                           WHERE enrolment_id = $1 ORDER BY id";
        sql::all(self.reader(), "passkeys", SQL, [id.uuid().into()]).await?.iter().map(read).collect()
    }

    /// Remembers the first half of a ceremony, in the place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_ceremony(
        &self,
        purpose: CeremonyPurpose,
        subject: Uuid,
        state: String,
        expires_at: Micros,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO passkey_ceremonies (purpose, subject, state, expires_at) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (purpose, subject) DO UPDATE SET state = excluded.state, \
                     expires_at = excluded.expires_at";
                let values: [Value; 4] = [purpose.as_str().into(), subject.into(), state.into(), expires_at.0.into()];
                sql::execute(transaction, SQL, values).await.map(|_| ())
            })
        })
        .await
    }

    /// Takes what a ceremony had to remember: whoever comes second, or too late, gets nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_ceremony(
        &self,
        purpose: CeremonyPurpose,
        subject: Uuid,
        now: Micros,
    ) -> Result<Option<String>, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str =
                    "DELETE FROM passkey_ceremonies WHERE purpose = $1 AND subject = $2 RETURNING state, expires_at";
                let values: [Value; 2] = [purpose.as_str().into(), subject.into()];
                let Some(row) = sql::first(transaction, "passkey_ceremonies", SQL, values).await? else {
                    return Ok(None);
                };
                let in_time = row.get::<i64>("expires_at")? > now.0;
                in_time.then(|| row.get("state")).transpose()
            })
        })
        .await
    }

    /// The first half of a ceremony that waits for its second; kept now, unless one is waiting already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_ceremony(
        &self,
        purpose: CeremonyPurpose,
        subject: Uuid,
        state: String,
        expires_at: Micros,
        now: Micros,
    ) -> Result<Option<String>, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO passkey_ceremonies (purpose, subject, state, expires_at) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (purpose, subject) DO UPDATE SET state = excluded.state, \
                     expires_at = excluded.expires_at WHERE passkey_ceremonies.expires_at <= $5";
                let values: [Value; 5] =
                    [purpose.as_str().into(), subject.into(), state.into(), expires_at.0.into(), now.0.into()];
                sql::execute(transaction, SQL, values).await?;
                waiting(transaction, purpose, subject, now).await
            })
        })
        .await
    }

    /// The first half of a ceremony that waits for its second.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ceremony(
        &self,
        purpose: CeremonyPurpose,
        subject: Uuid,
        now: Micros,
    ) -> Result<Option<String>, StoreError> {
        waiting(self.reader(), purpose, subject, now).await
    }

    /// Keeps a new passkey. Answers false, and keeps nothing, when the enrolment has as many as it may.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when this passkey is registered already, with this card or another.
    pub async fn add_passkey(&self, new: NewPasskey, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                if !insert(transaction, &new).await? {
                    return Ok(false);
                }
                for notice in &new.notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Takes a passkey away, and with the last one the method. Answers whether it was one of this enrolment's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remove_passkey(
        &self,
        enrolment_id: EnrolmentId,
        id: PasskeyId,
        notices: Vec<OutboxMessage>,
        entry: Entry,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "DELETE FROM passkeys WHERE id = $1 AND enrolment_id = $2";
                hold(transaction, enrolment_id).await?;
                if sql::execute(transaction, SQL, [id.uuid().into(), enrolment_id.uuid().into()]).await? == 0 {
                    return Ok(false);
                }
                const METHOD: &str = "DELETE FROM credentials WHERE enrolment_id = $1 AND kind = 'passkey' \
                     AND NOT EXISTS (SELECT 1 FROM passkeys WHERE enrolment_id = $1)";
                sql::execute(transaction, METHOD, [enrolment_id.uuid().into()]).await?;
                for notice in &notices {
                    outbox::enqueue(transaction, notice).await?;
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }
}

async fn waiting(
    connection: &impl ConnectionTrait,
    purpose: CeremonyPurpose,
    subject: Uuid,
    now: Micros,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT state FROM passkey_ceremonies WHERE purpose = $1 AND subject = $2 AND expires_at > $3";
    let values: [Value; 3] = [purpose.as_str().into(), subject.into(), now.0.into()];
    sql::first(connection, "passkey_ceremonies", SQL, values).await?.map(|row| row.get("state")).transpose()
}

/// Keeps a passkey's new counter, unless another answer changed it meanwhile or it was removed. Answers whether it is kept.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn note_use(transaction: &Transaction, used: &PasskeyUse, now: Micros) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE passkeys SET passkey = $3, last_used_at = $4 WHERE id = $1 AND passkey = $2";
    let values: [Value; 4] =
        [used.id.uuid().into(), used.before.clone().into(), used.after.clone().into(), now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

/// Holds the enrolment's row, so that two changes of its passkeys come one after the other.
async fn hold(connection: &impl ConnectionTrait, id: EnrolmentId) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE enrolments SET state = state WHERE id = $1";
    sql::execute(connection, SQL, [id.uuid().into()]).await.map(|_| ())
}

async fn insert(transaction: &Transaction, new: &NewPasskey) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO passkeys (id, enrolment_id, key_id, passkey, name, created_at) \
         SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT COUNT(*) FROM passkeys WHERE enrolment_id = $2) < $7";
    const HAS: &str = "SELECT 1 AS one FROM credentials WHERE enrolment_id = $1 AND kind = 'passkey'";
    let (row, enrolment) = (&new.row, new.enrolment_id);
    hold(transaction, enrolment).await?;
    let values: [Value; 7] = [
        row.id.uuid().into(),
        enrolment.uuid().into(),
        row.key_id.clone().into(),
        row.passkey.clone().into(),
        row.name.clone().into(),
        row.created_at.0.into(),
        new.most.into(),
    ];
    if sql::execute(transaction, SQL, values).await? == 0 {
        return Ok(false);
    }
    if sql::first(transaction, "credentials", HAS, [enrolment.uuid().into()]).await?.is_none() {
        cards::add_credential(transaction, new.credential_id, enrolment, Method::Passkey, "", row.created_at).await?;
    }
    Ok(true)
}

fn read(row: &Row) -> Result<PasskeyRow, StoreError> {
    Ok(PasskeyRow {
        id: PasskeyId::from_uuid(row.get("id")?),
        key_id: row.get("key_id")?,
        passkey: row.get("passkey")?,
        name: row.get("name")?,
        last_used_at: row.get::<Option<i64>>("last_used_at")?.map(Micros),
        created_at: Micros(row.get("created_at")?),
    })
}
