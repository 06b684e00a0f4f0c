//! A person's line in the database: where she stands, her events, and the ledger of disclosures.
//!
//! Whether something may be sent is decided by one conditional statement on the person's row, never by an isolation
//! level and never from a cache.

mod event;
mod ledger;
pub mod line;

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::consent::ConsentState;
use crate::domain::consent::line::{ConsentEvent, Place};
use crate::domain::consent::standing::Standing;
use crate::domain::id::{CardholderId, ConsentEventId};

pub use ledger::{Left, Settlement};
pub(crate) use ledger::{disclose, settle, settlement_values, settling};

/// How long a transaction of the gate waits for a person's row on PostgreSQL, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 200;

/// A person's row, locked by taking her next place.
#[derive(Debug)]
pub struct Taken {
    /// The place; a row with its number must follow in the same transaction.
    pub place: Place,
    /// Where she stands.
    pub standing: Standing,
    /// Her last event.
    pub event_id: ConsentEventId,
}

impl Store {
    /// Where a person stands; nothing permits and nothing forbids when nothing was ever recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, cardholder_id: CardholderId) -> Result<Standing, StoreError> {
        standing(self.reader(), cardholder_id).await
    }

    /// A person's state as a whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn consent_state(&self, cardholder_id: CardholderId) -> Result<ConsentState, StoreError> {
        Ok(self.standing(cardholder_id).await?.general())
    }
}

/// Where a person stands, as the transaction sees it.
pub(crate) async fn standing(
    connection: &impl ConnectionTrait,
    cardholder_id: CardholderId,
) -> Result<Standing, StoreError> {
    const SQL: &str = "SELECT standing FROM consent_states WHERE cardholder_id = $1";
    let row = sql::first(connection, "consent_states", SQL, [cardholder_id.uuid().into()]).await?;
    row.map_or_else(|| Ok(Standing::default()), |row| read_standing(&row))
}

pub(super) fn read_standing(row: &Row) -> Result<Standing, StoreError> {
    let text: String = row.get("standing")?;
    serde_json::from_str(&text).map_err(|_| row.corrupt("standing"))
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

/// Takes the person's next place if, and only if, her state as a whole is `permitted`.
pub(crate) async fn take_place(
    transaction: &Transaction,
    cardholder_id: CardholderId,
) -> Result<Option<Taken>, StoreError> {
    next_place(transaction, cardholder_id, "AND state = 'permitted'").await
}

/// Takes the person's next place whatever her state is: for what does not need her permission.
pub(crate) async fn take_any_place(
    transaction: &Transaction,
    cardholder_id: CardholderId,
) -> Result<Option<Taken>, StoreError> {
    next_place(transaction, cardholder_id, "").await
}

async fn next_place(
    transaction: &Transaction,
    cardholder_id: CardholderId,
    condition: &str,
) -> Result<Option<Taken>, StoreError> {
    let sql = format!(
        "UPDATE consent_states SET sequence = sequence + 1 WHERE cardholder_id = $1 {condition} \
         RETURNING sequence, last_hash, event_id, standing"
    );
    let row = sql::first(transaction, "consent_states", &sql, [cardholder_id.uuid().into()]).await?;
    row.map(|row| {
        Ok(Taken {
            place: Place { sequence: row.get("sequence")?, previous_hash: row.get("last_hash")? },
            standing: read_standing(&row)?,
            event_id: ConsentEventId::from_uuid(row.get("event_id")?),
        })
    })
    .transpose()
}

/// What recording an event came to.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The event as it was recorded, with the state that follows from it.
    pub event: ConsentEvent,
    /// Its number in the person's line.
    pub sequence: i64,
    /// Where she stood before.
    pub before: Standing,
    /// How many protective events there are now over all persons; none when this is not one.
    pub objections: Option<i64>,
}

/// Records an event and where the person stands after it. [`StoreError::GivenUp`] when no more scopes can be kept apart.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn record(transaction: &Transaction, mut event: ConsentEvent) -> Result<Recorded, StoreError> {
    begin_line(transaction, &event).await?;
    let taken = take_any_place(transaction, event.cardholder_id).await?.ok_or(StoreError::GivenUp)?;
    let before = taken.standing;
    let after = before.clone().after(&event.step());
    if !before.has_room() && after.objections.len() > before.objections.len() {
        return Err(StoreError::GivenUp);
    }
    event.state = after.general();
    let hash = event.hash(&taken.place);
    event::insert(transaction, &event, &taken.place, &hash).await?;
    const SET: &str = "UPDATE consent_states SET state = $2, event_id = $3, last_hash = $4, standing = $5 \
                       WHERE cardholder_id = $1";
    let set: [Value; 5] = [
        event.cardholder_id.uuid().into(),
        event.state.as_str().into(),
        event.id.uuid().into(),
        hash.to_vec().into(),
        serde_json::json!(after).to_string().into(),
    ];
    sql::execute(transaction, SET, set).await?;
    let objections = if event.action.protects() { Some(count_objection(transaction, event.id).await?) } else { None };
    Ok(Recorded { event, sequence: taken.place.sequence, before, objections })
}

async fn begin_line(transaction: &Transaction, event: &ConsentEvent) -> Result<(), StoreError> {
    const FIRST: &str = "INSERT INTO consent_states (cardholder_id, state, event_id, sequence, last_hash) \
                         VALUES ($1, $2, $3, 0, $4) ON CONFLICT DO NOTHING";
    let first: [Value; 4] = [
        event.cardholder_id.uuid().into(),
        ConsentState::Unknown.as_str().into(),
        event.id.uuid().into(),
        vec![0_u8; 32].into(),
    ];
    sql::execute(transaction, FIRST, first).await.map(|_| ())
}

/// Counts a protective event; the last lock that a transaction takes.
async fn count_objection(transaction: &Transaction, event: ConsentEventId) -> Result<i64, StoreError> {
    const COUNT: &str =
        "UPDATE sharing_counters SET count = count + 1, event_id = $1 WHERE name = 'objections' RETURNING count";
    let row = sql::first(transaction, "sharing_counters", COUNT, [event.uuid().into()]).await?;
    row.ok_or(StoreError::GivenUp)?.get("count")
}

impl Store {
    /// How many protective events there are, and the last of them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn objection_count(&self) -> Result<(i64, Option<ConsentEventId>), StoreError> {
        const SQL: &str = "SELECT count, event_id FROM sharing_counters WHERE name = 'objections'";
        let row = sql::first(self.reader(), "sharing_counters", SQL, []).await?.ok_or(StoreError::GivenUp)?;
        let event: Option<uuid::Uuid> = row.get("event_id")?;
        Ok((row.get("count")?, event.map(ConsentEventId::from_uuid)))
    }

    /// Whether an event is on record.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_consent_event(&self, id: ConsentEventId) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT 1 AS one FROM consent_events WHERE id = $1";
        Ok(sql::first(self.reader(), "consent_events", SQL, [id.uuid().into()]).await?.is_some())
    }
}
