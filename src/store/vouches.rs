//! Vouches: made by staff, read with the card they are for, used by one approval.

use iso_currency::Currency;
use sea_orm::{ConnectionTrait, Value};

use super::audit::{self, Entry};
use super::sql::{self, Row};
use super::{Store, StoreError, Transaction};
use crate::domain::clock::Micros;
use crate::domain::consent::line::Identity;
use crate::domain::consent::{IdentityMethod, IdentityOutcome};
use crate::domain::id::{AuthenticationId, CardId, CardholderId, MerchantId, StaffId, VouchId};
use crate::domain::money::Money;
use crate::domain::note::{CALL_REFERENCE_CHARS_MAX, Note};
use crate::domain::vouch::Vouch;

const COLUMNS: &str = "id, card_id, cardholder_id, merchant_id, ceiling_minor, currency, staff_id, call_reference, \
     check_method, check_outcome, created_at, expires_at, ended_at, used_at, used_by";

impl Store {
    /// Records a vouch in the place of an open one for the same card and merchant. Answers false, and only ends the
    /// open one, when the card is not active any more or its holder has blocked it.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when another one is being recorded at this moment.
    pub async fn add_vouch(&self, vouch: Vouch, entry: Entry) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            Box::pin(async move {
                end_open(transaction, &vouch).await?;
                if !insert(transaction, &vouch).await? {
                    return Ok(false);
                }
                audit::append(transaction, &entry).await?;
                Ok(true)
            })
        })
        .await
    }

    /// The newest vouches for a card, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn vouches_of(&self, card_id: CardId, limit: i64) -> Result<Vec<Vouch>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM vouches WHERE card_id = $1 ORDER BY id DESC LIMIT $2");
        let values = [card_id.uuid().into(), limit.into()];
        sql::all(self.reader(), "vouches", &sql, values).await?.iter().map(read).collect()
    }
}

async fn end_open(transaction: &Transaction, vouch: &Vouch) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE vouches SET ended_at = $3 WHERE card_id = $1 AND merchant_id = $2 \
                       AND ended_at IS NULL AND used_at IS NULL";
    let values: [Value; 3] = [vouch.card_id.uuid().into(), vouch.merchant_id.uuid().into(), vouch.created_at.0.into()];
    sql::execute(transaction, SQL, values).await.map(|_| ())
}

async fn insert(transaction: &Transaction, vouch: &Vouch) -> Result<bool, StoreError> {
    let sql = format!(
        "INSERT INTO vouches ({COLUMNS}) SELECT $1, c.id, c.cardholder_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
         NULL, NULL, NULL FROM cards c WHERE c.id = $2 AND c.status = 'active' AND c.blocked_at IS NULL"
    );
    let values: [Value; 11] = [
        vouch.id.uuid().into(),
        vouch.card_id.uuid().into(),
        vouch.merchant_id.uuid().into(),
        vouch.ceiling.amount_minor.into(),
        vouch.ceiling.currency.code().into(),
        vouch.staff_id.uuid().into(),
        vouch.call_reference.as_str().into(),
        vouch.identity.method.as_str().into(),
        vouch.identity.outcome.as_str().into(),
        vouch.created_at.0.into(),
        vouch.expires_at.0.into(),
    ];
    Ok(sql::execute(transaction, &sql, values).await? > 0)
}

/// Uses a vouch for one approval; answers whether it was still open and within its time.
pub(super) async fn consume(
    connection: &impl ConnectionTrait,
    id: VouchId,
    by: AuthenticationId,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE vouches SET used_at = $3, used_by = $2 WHERE id = $1 AND used_at IS NULL \
                       AND ended_at IS NULL AND expires_at > $3";
    Ok(sql::execute(connection, SQL, [id.uuid().into(), by.uuid().into(), now.0.into()]).await? > 0)
}

fn read(row: &Row) -> Result<Vouch, StoreError> {
    let currency = row.word("currency", Currency::from_code)?;
    let call_reference: String = row.get("call_reference")?;
    let used_by = row.get::<Option<_>>("used_by")?.map(AuthenticationId::from_uuid);
    let used_at = row.get::<Option<i64>>("used_at")?.map(Micros);
    Ok(Vouch {
        id: VouchId::from_uuid(row.get("id")?),
        card_id: CardId::from_uuid(row.get("card_id")?),
        cardholder_id: CardholderId::from_uuid(row.get("cardholder_id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        ceiling: Money { amount_minor: row.get("ceiling_minor")?, currency },
        staff_id: StaffId::from_uuid(row.get("staff_id")?),
        call_reference: Note::parse(&call_reference, CALL_REFERENCE_CHARS_MAX)
            .map_err(|_| row.corrupt("call_reference"))?,
        identity: Identity {
            method: row.word("check_method", IdentityMethod::parse)?,
            outcome: row.word("check_outcome", IdentityOutcome::parse)?,
        },
        created_at: Micros(row.get("created_at")?),
        expires_at: Micros(row.get("expires_at")?),
        ended_at: row.get::<Option<i64>>("ended_at")?.map(Micros),
        used: used_by.zip(used_at),
    })
}
