//! A person's line: consent events and ledger rows share one gap-free sequence with a hash chain.
//!
//! Whether something may be sent is decided by one conditional statement on the person's row, never by an
//! isolation level and never from a cache.

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};
use sha2::{Digest, Sha256};

use super::sql;
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::consent::{Basis, Channel, ConsentAction, ConsentState};
use crate::domain::id::{AuthenticationId, CardholderId, ConsentEventId, DisclosureId};

/// How long a transaction of the gate waits for a person's row on PostgreSQL, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 200;

/// What a person, or the issuer for her, said about sharing.
#[derive(Clone, Debug)]
pub struct ConsentEvent {
    /// Its id.
    pub id: ConsentEventId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// What it does.
    pub action: ConsentAction,
    /// The state that follows from it.
    pub state: ConsentState,
    /// How it came.
    pub channel: Channel,
    /// Who recorded it.
    pub actor: String,
    /// The call's or letter's reference.
    pub reference: Option<String>,
    /// The legal basis that a notice or a grant stands on.
    pub basis: Option<Basis>,
    /// The notice that was given.
    pub notice_version: Option<String>,
    /// When it was given.
    pub informed_at: Option<Micros>,
    /// When it was recorded.
    pub recorded_at: Micros,
}

/// A place in a person's line, taken under her row's lock.
#[derive(Debug)]
pub struct Place {
    /// The number; a row with it must follow in the same transaction.
    pub sequence: i64,
    /// The hash of the row before.
    pub previous_hash: Vec<u8>,
    /// The event that permits.
    pub event_id: ConsentEventId,
}

/// One row of the ledger.
#[derive(Clone, Debug)]
pub struct Disclosure {
    /// Its id.
    pub id: DisclosureId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// For which authentication.
    pub authentication_id: AuthenticationId,
    /// To whom.
    pub recipient: String,
    /// `assess`.
    pub purpose: &'static str,
    /// `intended` or `not_sent`.
    pub state: &'static str,
    /// The legal basis of the recipient.
    pub basis: String,
    /// The names of the data items, sorted.
    pub items: Vec<String>,
    /// The policies that permitted.
    pub policies: Vec<String>,
    /// The bundle that was asked.
    pub bundle_digest: String,
    /// The version of the rules by which data was transformed.
    pub transform_version: String,
    /// The id of the pseudonym key.
    pub key_id: String,
    /// SHA-256 of the exact bytes.
    pub body_digest: [u8; 32],
    /// How long after the gate's first look it may still be sent, in milliseconds.
    pub limit_ms: i64,
    /// When it was recorded.
    pub recorded_at: Micros,
}

/// How a disclosure ended.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which.
    pub disclosure_id: DisclosureId,
    /// `sent`, `not_sent` or `unknown`.
    pub state: &'static str,
    /// The provider's request id.
    pub provider_request_id: Option<String>,
    /// What the provider said, by an allow-list, as JSON.
    pub answer: Option<String>,
    /// When.
    pub settled_at: Micros,
}

impl Store {
    /// A person's state; `unknown` when nothing was ever recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_state(&self, cardholder_id: CardholderId) -> Result<ConsentState, StoreError> {
        state(self.reader(), cardholder_id).await
    }

    /// The person's disclosures that were intended and are not settled, each with its limit in milliseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_disclosures(&self, cardholder_id: CardholderId) -> Result<Vec<(DisclosureId, i64)>, StoreError> {
        const SQL: &str = "SELECT d.id, d.limit_ms FROM disclosures d \
             LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
             WHERE d.cardholder_id = $1 AND d.state = 'intended' AND s.disclosure_id IS NULL ORDER BY d.sequence";
        let rows = sql::all(self.reader(), "disclosures", SQL, [cardholder_id.uuid().into()]).await?;
        rows.iter().map(|row| Ok((DisclosureId::from_uuid(row.get("id")?), row.get("limit_ms")?))).collect()
    }

    /// Settles as `unknown` what was left open by whoever began it, at most `limit` rows; answers how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_abandoned(&self, before: Micros, now: Micros, limit: i64) -> Result<u64, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                const SQL: &str = "INSERT INTO disclosure_settlements (disclosure_id, state, settled_at) \
                    SELECT d.id, 'unknown', $2 FROM disclosures d \
                    LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
                    WHERE d.state = 'intended' AND d.recorded_at < $1 AND s.disclosure_id IS NULL LIMIT $3 \
                    ON CONFLICT DO NOTHING";
                sql::execute(transaction, SQL, [before.0.into(), now.0.into(), limit.into()]).await
            })
        })
        .await
    }
}

/// A person's state as the transaction sees it.
pub(crate) async fn state(
    connection: &impl ConnectionTrait,
    cardholder_id: CardholderId,
) -> Result<ConsentState, StoreError> {
    const SQL: &str = "SELECT state FROM consent_states WHERE cardholder_id = $1";
    let row = sql::first(connection, "consent_states", SQL, [cardholder_id.uuid().into()]).await?;
    row.map_or(Ok(ConsentState::Unknown), |row| row.word("state", ConsentState::parse))
}

/// Whether anything was ever recorded about a person.
pub(crate) async fn is_recorded(
    connection: &impl ConnectionTrait,
    cardholder_id: CardholderId,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 AS one FROM consent_states WHERE cardholder_id = $1";
    Ok(sql::first(connection, "consent_states", SQL, [cardholder_id.uuid().into()]).await?.is_some())
}

/// Limits how long the transaction waits for a lock; on SQLite there is only the writer itself.
pub(crate) async fn limit_waiting(transaction: &Transaction) -> Result<(), StoreError> {
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        transaction.execute_unprepared(&format!("SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MS}ms'")).await?;
    }
    Ok(())
}

/// Takes the person's next place if, and only if, her state is `permitted`.
pub(crate) async fn take_place(
    transaction: &Transaction,
    cardholder_id: CardholderId,
) -> Result<Option<Place>, StoreError> {
    next_place(transaction, cardholder_id, "AND state = 'permitted'").await
}

async fn next_place(
    transaction: &Transaction,
    cardholder_id: CardholderId,
    condition: &str,
) -> Result<Option<Place>, StoreError> {
    let sql = format!(
        "UPDATE consent_states SET sequence = sequence + 1 WHERE cardholder_id = $1 {condition} \
         RETURNING sequence, last_hash, event_id"
    );
    let row = sql::first(transaction, "consent_states", &sql, [cardholder_id.uuid().into()]).await?;
    row.map(|row| {
        Ok(Place {
            sequence: row.get("sequence")?,
            previous_hash: row.get("last_hash")?,
            event_id: ConsentEventId::from_uuid(row.get("event_id")?),
        })
    })
    .transpose()
}

/// Records an event and sets the state that follows from it.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn record(transaction: &Transaction, event: &ConsentEvent) -> Result<(), StoreError> {
    const FIRST: &str = "INSERT INTO consent_states (cardholder_id, state, event_id, sequence, last_hash) \
                         VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING";
    let first: [Value; 4] = [
        event.cardholder_id.uuid().into(),
        ConsentState::Unknown.as_str().into(),
        event.id.uuid().into(),
        vec![0_u8; 32].into(),
    ];
    sql::execute(transaction, FIRST, first).await?;
    let place = next_place(transaction, event.cardholder_id, "").await?.ok_or(StoreError::GivenUp)?;
    let hash = event.hash(&place);
    const SQL: &str = "INSERT INTO consent_events (id, cardholder_id, sequence, action, state, channel, actor, \
         reference, basis, notice_version, informed_at, recorded_at, previous_hash, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let values: [Value; 14] = [
        event.id.uuid().into(),
        event.cardholder_id.uuid().into(),
        place.sequence.into(),
        event.action.as_str().into(),
        event.state.as_str().into(),
        event.channel.as_str().into(),
        event.actor.clone().into(),
        event.reference.clone().into(),
        event.basis.map(Basis::as_str).into(),
        event.notice_version.clone().into(),
        event.informed_at.map(|at| at.0).into(),
        event.recorded_at.0.into(),
        place.previous_hash.clone().into(),
        hash.to_vec().into(),
    ];
    sql::execute(transaction, SQL, values).await?;
    const SET: &str = "UPDATE consent_states SET state = $2, event_id = $3, last_hash = $4 WHERE cardholder_id = $1";
    let set: [Value; 4] =
        [event.cardholder_id.uuid().into(), event.state.as_str().into(), event.id.uuid().into(), hash.to_vec().into()];
    sql::execute(transaction, SET, set).await.map(|_| ())
}

/// Writes a ledger row in the place that was taken for it.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn disclose(transaction: &Transaction, row: &Disclosure, place: &Place) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO disclosures (id, cardholder_id, sequence, authentication_id, recipient, purpose, \
         state, basis, consent_event_id, items, policies, bundle_digest, transform_version, key_id, body_digest, \
         limit_ms, recorded_at, previous_hash, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let hash = row.hash(place);
    let values: [Value; 19] = [
        row.id.uuid().into(),
        row.cardholder_id.uuid().into(),
        place.sequence.into(),
        row.authentication_id.uuid().into(),
        row.recipient.clone().into(),
        row.purpose.into(),
        row.state.into(),
        row.basis.clone().into(),
        place.event_id.uuid().into(),
        row.items.join(",").into(),
        row.policies.join(",").into(),
        row.bundle_digest.clone().into(),
        row.transform_version.clone().into(),
        row.key_id.clone().into(),
        row.body_digest.to_vec().into(),
        row.limit_ms.into(),
        row.recorded_at.0.into(),
        place.previous_hash.clone().into(),
        hash.to_vec().into(),
    ];
    sql::execute(transaction, SQL, values).await?;
    const HEAD: &str = "UPDATE consent_states SET last_hash = $2 WHERE cardholder_id = $1";
    sql::execute(transaction, HEAD, [row.cardholder_id.uuid().into(), hash.to_vec().into()]).await.map(|_| ())
}

/// Settles a disclosure; a second settlement changes nothing.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn settle(connection: &impl ConnectionTrait, settlement: &Settlement) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO disclosure_settlements (disclosure_id, state, provider_request_id, answer, \
                       settled_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let values: [Value; 5] = [
        settlement.disclosure_id.uuid().into(),
        settlement.state.into(),
        settlement.provider_request_id.clone().into(),
        settlement.answer.clone().into(),
        settlement.settled_at.0.into(),
    ];
    sql::execute(connection, SQL, values).await.map(|_| ())
}

impl ConsentEvent {
    fn hash(&self, place: &Place) -> [u8; 32] {
        let recorded_at = self.recorded_at.0.to_string();
        let informed_at = self.informed_at.map(|at| at.0.to_string()).unwrap_or_default();
        chain(
            place,
            &[
                "event",
                &self.id.to_string(),
                &self.cardholder_id.to_string(),
                self.action.as_str(),
                self.state.as_str(),
                self.channel.as_str(),
                &self.actor,
                self.reference.as_deref().unwrap_or_default(),
                self.basis.map(Basis::as_str).unwrap_or_default(),
                self.notice_version.as_deref().unwrap_or_default(),
                &informed_at,
                &recorded_at,
            ],
        )
    }
}

impl Disclosure {
    fn hash(&self, place: &Place) -> [u8; 32] {
        chain(
            place,
            &[
                "disclosure",
                &self.id.to_string(),
                &self.cardholder_id.to_string(),
                &self.authentication_id.to_string(),
                &self.recipient,
                self.purpose,
                self.state,
                &self.basis,
                &place.event_id.to_string(),
                &self.items.join(","),
                &self.policies.join(","),
                &self.bundle_digest,
                &self.transform_version,
                &self.key_id,
                &hex::encode(self.body_digest),
                &self.limit_ms.to_string(),
                &self.recorded_at.0.to_string(),
            ],
        )
    }
}

/// SHA-256 over the row before, the sequence, and every field behind its length (8 bytes, big endian).
fn chain(place: &Place, fields: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(&place.previous_hash);
    hasher.update(place.sequence.to_be_bytes());
    for field in fields {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().into()
}
