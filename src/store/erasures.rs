//! Requests to recipients to erase what they got.

use sea_orm::Value;

use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::erasure::{Erasure, ErasureState, ErasureWay};
use crate::domain::id::{CardholderId, DisclosureId, ErasureId};

const COLUMNS: &str = "id, cardholder_id, disclosure_id, recipient, provider_request_id, way, letter, state, requested_at, \
     settled_at, settled_by";

/// Adds a request; answers false when one about this disclosure is there already.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn insert(transaction: &Transaction, erasure: &Erasure) -> Result<bool, StoreError> {
    const SQL: &str = "INSERT INTO erasures (id, cardholder_id, disclosure_id, recipient, provider_request_id, way, letter, \
         state, requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let values: [Value; 9] = [
        erasure.id.uuid().into(),
        erasure.cardholder_id.uuid().into(),
        erasure.disclosure_id.uuid().into(),
        erasure.recipient.clone().into(),
        erasure.provider_request_id.clone().into(),
        erasure.way.as_str().into(),
        erasure.letter.into(),
        erasure.state.as_str().into(),
        erasure.requested_at.0.into(),
    ];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

/// The number of the next letter.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn next_letter(transaction: &Transaction) -> Result<i64, StoreError> {
    const SQL: &str = "UPDATE sharing_counters SET count = count + 1 WHERE name = 'letters' RETURNING count";
    sql::first(transaction, "sharing_counters", SQL, []).await?.ok_or(StoreError::GivenUp)?.get("count")
}

/// Settles a request that waits; answers whether it did.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn settle(
    transaction: &Transaction,
    id: ErasureId,
    state: ErasureState,
    by: Option<&str>,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "UPDATE erasures SET state = $2, settled_by = $3, settled_at = $4 WHERE id = $1 AND state = 'queued'";
    let values: [Value; 4] = [id.uuid().into(), state.as_str().into(), by.map(ToOwned::to_owned).into(), now.0.into()];
    Ok(sql::execute(transaction, SQL, values).await? == 1)
}

/// Settles every waiting request that goes by this letter; answers how many.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn settle_letter(
    transaction: &Transaction,
    letter: i64,
    by: &str,
    now: Micros,
) -> Result<u64, StoreError> {
    const SQL: &str = "UPDATE erasures SET state = 'done', settled_by = $2, settled_at = $3 \
                       WHERE letter = $1 AND way = 'letter' AND state = 'queued'";
    sql::execute(transaction, SQL, [letter.into(), by.into(), now.0.into()]).await
}

impl Store {
    /// One request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure(&self, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE id = $1");
        let row = sql::first(self.reader(), "erasures", &sql, [id.uuid().into()]).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The requests about a person, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasures_about(&self, cardholder_id: CardholderId, limit: i64) -> Result<Vec<Erasure>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE cardholder_id = $1 ORDER BY id DESC LIMIT $2");
        let values: [Value; 2] = [cardholder_id.uuid().into(), limit.into()];
        sql::all(self.reader(), "erasures", &sql, values).await?.iter().map(read).collect()
    }

    /// The requests that go by this letter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn letter(&self, number: i64) -> Result<Vec<Erasure>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE letter = $1 AND way = 'letter' ORDER BY id");
        sql::all(self.reader(), "erasures", &sql, [number.into()]).await?.iter().map(read).collect()
    }

    /// Letters that are still to be written or answered: one request of each, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_letters(&self, limit: i64) -> Result<Vec<Erasure>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM erasures WHERE way = 'letter' AND state = 'queued' ORDER BY letter, id LIMIT $1"
        );
        sql::all(self.reader(), "erasures", &sql, [limit.into()]).await?.iter().map(read).collect()
    }
}

fn read(row: &Row) -> Result<Erasure, StoreError> {
    Ok(Erasure {
        id: ErasureId::from_uuid(row.get("id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        disclosure_id: DisclosureId::from_uuid(row.get("disclosure_id")?),
        recipient: row.get("recipient")?,
        provider_request_id: row.get("provider_request_id")?,
        way: row.word("way", ErasureWay::parse)?,
        letter: row.get("letter")?,
        state: row.word("state", ErasureState::parse)?,
        requested_at: Micros(row.get("requested_at")?),
        settled_at: row.get::<Option<i64>>("settled_at")?.map(Micros),
        settled_by: row.get("settled_by")?,
    })
}
