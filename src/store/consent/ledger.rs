//! The ledger of disclosures, and how each of them ended. Neither kind of row ever changes.

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use super::super::sql::{self, Row, nullable};
use super::super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::consent::Purpose;
use crate::domain::consent::line::{Disclosure, DisclosureState, Place, SettlementState};
use crate::domain::id::{AuthenticationId, CardId, CardholderId, ConsentEventId, DisclosureId};
use crate::domain::receipt::SentBefore;

/// The columns of a ledger row, as [`read`] wants them.
pub(super) const COLUMNS: &str = "id, cardholder_id, sequence, previous_hash, hash, hash_version, card_id, \
     authentication_id, recipient, recipient_reuses, purpose, state, basis, consent_event_id, items, policies, \
     bundle_digest, transform_version, key_id, body_digest, limit_ms, recorded_at";

/// How a disclosure ended.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which.
    pub disclosure_id: DisclosureId,
    /// How.
    pub state: SettlementState,
    /// The provider's request id.
    pub provider_request_id: Option<String>,
    /// What the provider said, by an allow-list, as JSON.
    pub answer: Option<String>,
    /// When.
    pub settled_at: Micros,
}

/// Writes a ledger row in the place that was taken for it.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn disclose(transaction: &Transaction, row: &Disclosure, place: &Place) -> Result<(), StoreError> {
    let insert = format!(
        "INSERT INTO disclosures ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18, $19, $20, $21, $22)"
    );
    let hash = row.hash(place);
    let values: [Value; 22] = [
        row.id.uuid().into(),
        row.cardholder_id.uuid().into(),
        place.sequence.into(),
        place.previous_hash.clone().into(),
        hash.to_vec().into(),
        row.hash_version.into(),
        nullable(row.card_id.map(CardId::uuid)),
        row.authentication_id.uuid().into(),
        row.recipient.clone().into(),
        row.recipient_reuses.into(),
        row.purpose.as_str().into(),
        row.state.as_str().into(),
        row.basis.clone().into(),
        row.consent_event_id.uuid().into(),
        row.items.join(",").into(),
        row.policies.join(",").into(),
        row.bundle_digest.clone().into(),
        row.transform_version.clone().into(),
        row.key_id.clone().into(),
        hex::decode(&row.body_digest).unwrap_or_default().into(),
        row.limit_ms.into(),
        row.recorded_at.0.into(),
    ];
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        // One round trip instead of two, while the person's row is locked.
        let sql =
            format!("WITH ledger AS ({insert}) UPDATE consent_states SET last_hash = $5 WHERE cardholder_id = $2");
        return sql::execute(transaction, &sql, values).await.map(|_| ());
    }
    sql::execute(transaction, &insert, values).await?;
    const HEAD: &str = "UPDATE consent_states SET last_hash = $2 WHERE cardholder_id = $1";
    sql::execute(transaction, HEAD, [row.cardholder_id.uuid().into(), hash.to_vec().into()]).await.map(|_| ())
}

pub(super) fn read(row: &Row) -> Result<Disclosure, StoreError> {
    let list = |text: String| text.split(',').filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect();
    Ok(Disclosure {
        hash_version: row.get("hash_version")?,
        id: DisclosureId::from_uuid(row.get("id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        card_id: row.get::<Option<uuid::Uuid>>("card_id")?.map(CardId::from_uuid),
        authentication_id: AuthenticationId::from_uuid(row.get("authentication_id")?),
        recipient: row.get("recipient")?,
        recipient_reuses: row.get("recipient_reuses")?,
        purpose: row.word("purpose", Purpose::parse)?,
        state: row.word("state", DisclosureState::parse)?,
        basis: row.get("basis")?,
        consent_event_id: ConsentEventId::from_uuid(row.get("consent_event_id")?),
        items: list(row.get("items")?),
        policies: list(row.get("policies")?),
        bundle_digest: row.get("bundle_digest")?,
        transform_version: row.get("transform_version")?,
        key_id: row.get("key_id")?,
        body_digest: hex::encode(row.get::<Vec<u8>>("body_digest")?),
        limit_ms: row.get("limit_ms")?,
        recorded_at: Micros(row.get("recorded_at")?),
    })
}

/// Settles a disclosure; a second settlement changes nothing.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn settle(connection: &impl ConnectionTrait, settlement: &Settlement) -> Result<(), StoreError> {
    sql::execute(connection, &settling(0), settlement_values(settlement)).await.map(|_| ())
}

/// The statement of [`settle`], its parameters after the first `taken` ones.
pub(crate) fn settling(taken: usize) -> String {
    let [id, state, request_id, answer, at] = [1, 2, 3, 4, 5].map(|place| taken + place);
    format!(
        "INSERT INTO disclosure_settlements (disclosure_id, state, provider_request_id, answer, settled_at) \
         VALUES (${id}, ${state}, ${request_id}, ${answer}, ${at}) ON CONFLICT DO NOTHING"
    )
}

/// The parameters of [`settling`].
pub(crate) fn settlement_values(settlement: &Settlement) -> [Value; 5] {
    [
        settlement.disclosure_id.uuid().into(),
        settlement.state.as_str().into(),
        settlement.provider_request_id.clone().into(),
        settlement.answer.clone().into(),
        settlement.settled_at.0.into(),
    ]
}

/// A disclosure that left, or may have.
#[derive(Clone, Debug)]
pub struct Left {
    /// Its row.
    pub id: DisclosureId,
    /// About whom.
    pub cardholder_id: CardholderId,
    /// About which card of hers.
    pub card_id: Option<CardId>,
    /// For which authentication.
    pub authentication_id: AuthenticationId,
    /// To whom.
    pub recipient: String,
    /// The id of the pseudonym key.
    pub key_id: String,
    /// The provider's request id.
    pub provider_request_id: Option<String>,
}

/// The rows of what left, or may have.
const LEFT: &str = "FROM disclosures d LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
     WHERE d.state = 'intended' AND d.purpose <> 'erase' AND COALESCE(s.state, 'unknown') <> 'not_sent'";
const LEFT_COLUMNS: &str =
    "d.id, d.cardholder_id, d.card_id, d.authentication_id, d.recipient, d.key_id, s.provider_request_id";

fn left(row: &Row) -> Result<Left, StoreError> {
    Ok(Left {
        id: DisclosureId::from_uuid(row.get("id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        card_id: row.get::<Option<uuid::Uuid>>("card_id")?.map(CardId::from_uuid),
        authentication_id: AuthenticationId::from_uuid(row.get("authentication_id")?),
        recipient: row.get("recipient")?,
        key_id: row.get("key_id")?,
        provider_request_id: row.get("provider_request_id")?,
    })
}

impl Store {
    /// The person's disclosures that were intended and are not settled, each with its limit in milliseconds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_disclosures(&self, cardholder_id: CardholderId) -> Result<Vec<(DisclosureId, i64)>, StoreError> {
        const SQL: &str = "SELECT d.id, d.limit_ms FROM disclosures d \
             LEFT JOIN disclosure_settlements s ON s.disclosure_id = d.id \
             WHERE d.cardholder_id = $1 AND d.state = 'intended' AND d.purpose <> 'erase' AND s.disclosure_id IS NULL \
             ORDER BY d.sequence";
        let rows = sql::all(self.reader(), "disclosures", SQL, [cardholder_id.uuid().into()]).await?;
        rows.iter().map(|row| Ok((DisclosureId::from_uuid(row.get("id")?), row.get("limit_ms")?))).collect()
    }

    /// What was sent about a person, or may have been, by recipient.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_about(&self, cardholder_id: CardholderId) -> Result<Vec<SentBefore>, StoreError> {
        let sql = format!(
            "SELECT d.recipient, COUNT(*) AS count, MAX(d.recorded_at) AS last_at {LEFT} AND d.cardholder_id = $1 \
             GROUP BY d.recipient ORDER BY d.recipient"
        );
        let rows = sql::all(self.reader(), "disclosures", &sql, [cardholder_id.uuid().into()]).await?;
        let read = |row: &Row| {
            Ok(SentBefore {
                recipient: row.get("recipient")?,
                count: u64::try_from(row.get::<i64>("count")?).unwrap_or(0),
                last_at: Micros(row.get("last_at")?),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The disclosures about a person that left or may have, and for which no erasure was asked yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left_about(&self, cardholder_id: CardholderId) -> Result<Vec<Left>, StoreError> {
        let sql = format!(
            "SELECT {LEFT_COLUMNS} {LEFT} AND d.cardholder_id = $1 \
             AND NOT EXISTS (SELECT 1 FROM erasures e WHERE e.disclosure_id = d.id) ORDER BY d.sequence"
        );
        let rows = sql::all(self.reader(), "disclosures", &sql, [cardholder_id.uuid().into()]).await?;
        rows.iter().map(left).collect()
    }

    /// What left, or may have, for the analysis of an authentication.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left_for(&self, authentication_id: AuthenticationId) -> Result<Option<Left>, StoreError> {
        let sql = format!("SELECT {LEFT_COLUMNS} {LEFT} AND d.authentication_id = $1 AND d.purpose = 'assess'");
        let row = sql::first(self.reader(), "disclosures", &sql, [authentication_id.uuid().into()]).await?;
        row.map(|row| left(&row)).transpose()
    }

    /// One disclosure that left, or may have.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left(&self, id: DisclosureId) -> Result<Option<Left>, StoreError> {
        let sql = format!("SELECT {LEFT_COLUMNS} {LEFT} AND d.id = $1");
        let row = sql::first(self.reader(), "disclosures", &sql, [id.uuid().into()]).await?;
        row.map(|row| left(&row)).transpose()
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
