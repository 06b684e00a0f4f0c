//! Authentications: opened once, finished once, read by their merchant.

use std::fmt::Write as _;

use iso_currency::Currency;
use sea_orm::{ConnectionTrait, DatabaseBackend, Value};

use super::audit::{self, Entry};
use super::challenges::{self, NewChallenge};
use super::consent::{self, Settlement};
use super::sql::{self, Row, nullable, nullable_bytes};
use super::webhooks::Telling;
use super::{Store, StoreError, Transaction, vouches};
use crate::domain::authentication::{Authentication, Ending, ResultCodes, Status};
use crate::domain::clock::Micros;
use crate::domain::facts::Purpose;
use crate::domain::id::{AuthenticationId, CardId, MerchantId, VouchId};
use crate::domain::money::Money;

pub(super) const COLUMNS: &str = "id, merchant_id, merchant_reference, purpose, amount_minor, currency, purchased_at, card_id, \
     card_last_four, status, ending, reasons, bundle_digest, facts, verdict, return_url, device_digest, \
     address_digest, created_at, finished_at, public_reasons, emv_reason, vouch_id";

const PLACES: &str = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, \
     $21, $22, $23";

/// Which authentications of a merchant a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only with this status.
    pub status: Option<Status>,
    /// Only with this reference of the merchant's.
    pub merchant_reference: Option<String>,
    /// Only those older than this one.
    pub before: Option<AuthenticationId>,
    /// At most so many.
    pub limit: i64,
}

impl Store {
    /// The authentication with this id, if it is this merchant's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authentication(
        &self,
        merchant_id: MerchantId,
        id: AuthenticationId,
    ) -> Result<Option<Authentication>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM authentications WHERE id = $1 AND merchant_id = $2");
        let values = [id.uuid().into(), merchant_id.uuid().into()];
        sql::first(self.reader(), "authentications", &sql, values).await?.map(|row| read(&row)).transpose()
    }

    /// The authentication with this id, whosever it is: for what is not asked by a merchant.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn any_authentication(&self, id: AuthenticationId) -> Result<Option<Authentication>, StoreError> {
        by_id(self.reader(), id).await
    }

    /// A merchant's authentications, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authentications(
        &self,
        merchant_id: MerchantId,
        filter: &Filter,
    ) -> Result<Vec<Authentication>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM authentications WHERE merchant_id = $1");
        let mut values: Vec<Value> = vec![merchant_id.uuid().into()];
        let conditions: [(&str, Option<Value>); 3] = [
            ("status =", filter.status.map(|status| status.as_str().into())),
            ("merchant_reference =", filter.merchant_reference.clone().map(Into::into)),
            ("id <", filter.before.map(|id| id.uuid().into())),
        ];
        for (condition, value) in conditions {
            if let Some(value) = value {
                values.push(value);
                let _ = write!(sql, " AND {condition} ${}", values.len());
            }
        }
        values.push(filter.limit.into());
        let _ = write!(sql, " ORDER BY id DESC LIMIT ${}", values.len());
        sql::all(self.reader(), "authentications", &sql, values).await?.iter().map(read).collect()
    }
}

impl Store {
    /// Records a decided authentication with its audit entry, its challenge and the settlement of its disclosure,
    /// in one transaction. An approval uses the vouch that it names; when that is gone, nothing is recorded, and the
    /// answer is false.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when it is recorded already.
    pub async fn open(
        &self,
        authentication: Authentication,
        entry: Entry,
        challenge: Option<NewChallenge>,
        settlement: Option<Settlement>,
    ) -> Result<bool, StoreError> {
        let vouch = authentication.vouch_id.filter(|_| authentication.status == Status::Approved);
        if !self.is_sqlite() && challenge.is_none() && vouch.is_none() {
            // One statement is its own transaction: one round trip instead of three.
            return open(self.reader(), &authentication, &entry, settlement.as_ref()).await.map(|()| true);
        }
        self.write(move |transaction| {
            Box::pin(async move {
                if let Some(vouch_id) = vouch
                    && !vouches::consume(transaction, vouch_id, authentication.id, entry.recorded_at).await?
                {
                    return Ok(false);
                }
                open(transaction, &authentication, &entry, settlement.as_ref()).await?;
                if let Some(challenge) = &challenge {
                    challenges::open_challenge(transaction, challenge).await?;
                }
                Ok(true)
            })
        })
        .await
    }
}

/// The authentication with this id, as the transaction sees it.
pub(crate) async fn by_id(
    connection: &impl ConnectionTrait,
    id: AuthenticationId,
) -> Result<Option<Authentication>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM authentications WHERE id = $1");
    sql::first(connection, "authentications", &sql, [id.uuid().into()]).await?.map(|row| read(&row)).transpose()
}

/// The newest authentications of a card, newest first.
pub(super) async fn newest_of_card(
    connection: &impl ConnectionTrait,
    card_id: CardId,
    limit: usize,
) -> Result<Vec<Authentication>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM authentications WHERE card_id = $1 ORDER BY id DESC LIMIT $2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [card_id.uuid().into(), limit.into()];
    sql::all(connection, "authentications", &sql, values).await?.iter().map(read).collect()
}

/// Records a decided authentication with its audit entry, the settlement of its disclosure, when approved what the card
/// passed with, and when final the messages to its merchant. On PostgreSQL that is one statement, which may run without a
/// transaction around it.
///
/// # Errors
/// [`StoreError::Duplicate`] when it is recorded already.
async fn open(
    connection: &impl ConnectionTrait,
    authentication: &Authentication,
    entry: &Entry,
    settlement: Option<&Settlement>,
) -> Result<(), StoreError> {
    let approved = authentication.status == Status::Approved;
    if connection.get_database_backend() == DatabaseBackend::Postgres {
        return open_at_once(connection, authentication, entry, settlement).await;
    }
    let insert = format!("INSERT INTO authentications ({COLUMNS}) VALUES ({PLACES})");
    sql::execute(connection, &insert, values(authentication)).await?;
    audit::append(connection, entry).await?;
    if let Some(settlement) = settlement {
        consent::settle(connection, settlement).await?;
    }
    if approved {
        remember(connection, authentication).await?;
    }
    if authentication.status.is_final() {
        Telling::of(authentication.merchant_id, authentication.id, entry).tell(connection).await?;
    }
    Ok(())
}

/// [`open`] as one statement.
async fn open_at_once(
    connection: &impl ConnectionTrait,
    authentication: &Authentication,
    entry: &Entry,
    settlement: Option<&Settlement>,
) -> Result<(), StoreError> {
    let mut values = values(authentication);
    let mut sql = format!(
        "WITH opened AS (INSERT INTO authentications ({COLUMNS}) VALUES ({PLACES})), noted AS (INSERT INTO audit_entries \
         (id, recorded_at, actor, action, subject, result, hash) VALUES ($24, $25, $26, $27, $28, $29, $30))"
    );
    values.extend(entry.values());
    if authentication.status == Status::Approved {
        sql.push_str(
            ", known AS (INSERT INTO familiars (card_id, kind, digest, first_at) \
             SELECT $8::uuid, f.kind, f.digest, $19::bigint \
             FROM (VALUES ('device', $17::bytea), ('address', $18::bytea), ('merchant', $31::bytea)) \
             AS f (kind, digest) WHERE f.digest IS NOT NULL AND $8::uuid IS NOT NULL ON CONFLICT DO NOTHING)",
        );
        values.push(authentication.merchant_id.uuid().as_bytes().to_vec().into());
    }
    if let Some(settlement) = settlement {
        let _ = write!(sql, ", settled AS ({})", consent::settling(values.len()));
        values.extend(consent::settlement_values(settlement));
    }
    if authentication.status.is_final() {
        let _ = write!(sql, ", told AS ({})", Telling::sql(DatabaseBackend::Postgres, values.len() + 1));
        values.extend(Telling::of(authentication.merchant_id, authentication.id, entry).values());
    }
    sql.push_str(" SELECT 1");
    sql::execute(connection, &sql, values).await.map(|_| ())
}

/// Makes the result final, once: answers whether this call did. An approval is remembered as in [`open`].
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn finish(
    transaction: &Transaction,
    id: AuthenticationId,
    status: Status,
    ending: Ending,
    reasons: &[String],
    codes: &ResultCodes,
    now: Micros,
) -> Result<bool, StoreError> {
    const SQL: &str = "UPDATE authentications SET status = $2, ending = $3, reasons = $4, finished_at = $5, \
                       public_reasons = $6, emv_reason = $7 WHERE id = $1 AND status = 'challenge_required'";
    let values: [Value; 7] = [
        id.uuid().into(),
        status.as_str().into(),
        ending.as_str().into(),
        reasons.join(",").into(),
        now.0.into(),
        codes.public_reasons.join(",").into(),
        codes.emv_reason.clone().into(),
    ];
    if sql::execute(transaction, SQL, values).await? == 0 {
        return Ok(false);
    }
    if status == Status::Approved
        && let Some(authentication) = by_id(transaction, id).await?
    {
        remember(transaction, &authentication).await?;
        if let Some(vouch_id) = authentication.vouch_id {
            // The buyer proved herself: it passes even when another approval was faster to use the vouch.
            vouches::consume(transaction, vouch_id, id, now).await?;
        }
    }
    Ok(true)
}

/// Notes the device, shipping address and merchant that the card passed with.
async fn remember(connection: &impl ConnectionTrait, passed: &Authentication) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO familiars (card_id, kind, digest, first_at) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT DO NOTHING";
    let Some(card_id) = passed.card_id else { return Ok(()) };
    let merchant = passed.merchant_id.uuid().as_bytes().to_vec();
    let familiars = [
        ("device", passed.device_digest.clone()),
        ("address", passed.address_digest.clone()),
        ("merchant", Some(merchant)),
    ];
    for (kind, digest) in familiars {
        if let Some(digest) = digest {
            let values = [card_id.uuid().into(), kind.into(), digest.into(), passed.created_at.0.into()];
            sql::execute(connection, SQL, values).await?;
        }
    }
    Ok(())
}

pub(super) fn values(authentication: &Authentication) -> Vec<Value> {
    vec![
        authentication.id.uuid().into(),
        authentication.merchant_id.uuid().into(),
        authentication.merchant_reference.clone().into(),
        authentication.purpose.as_str().into(),
        authentication.money.amount_minor.into(),
        authentication.money.currency.code().into(),
        authentication.purchased_at.0.into(),
        nullable(authentication.card_id.map(CardId::uuid)),
        authentication.card_last_four.clone().into(),
        authentication.status.as_str().into(),
        authentication.ending.as_str().into(),
        authentication.reasons.join(",").into(),
        authentication.bundle_digest.clone().into(),
        authentication.facts.clone().into(),
        authentication.verdict.clone().into(),
        authentication.return_url.clone().into(),
        nullable_bytes(authentication.device_digest.as_deref()),
        nullable_bytes(authentication.address_digest.as_deref()),
        authentication.created_at.0.into(),
        authentication.finished_at.map(|at| at.0).into(),
        authentication.codes.as_ref().map(|codes| codes.public_reasons.join(",")).into(),
        authentication.codes.as_ref().and_then(|codes| codes.emv_reason.clone()).into(),
        nullable(authentication.vouch_id.map(VouchId::uuid)),
    ]
}

fn read(row: &Row) -> Result<Authentication, StoreError> {
    let currency = row.word("currency", Currency::from_code)?;
    let reasons: String = row.get("reasons")?;
    Ok(Authentication {
        id: AuthenticationId::from_uuid(row.get("id")?),
        merchant_id: MerchantId::from_uuid(row.get("merchant_id")?),
        merchant_reference: row.get("merchant_reference")?,
        purpose: row.word("purpose", Purpose::parse)?,
        money: Money { amount_minor: row.get("amount_minor")?, currency },
        purchased_at: Micros(row.get("purchased_at")?),
        card_id: row.get::<Option<_>>("card_id")?.map(CardId::from_uuid),
        card_last_four: row.get("card_last_four")?,
        status: row.word("status", Status::parse)?,
        ending: row.word("ending", Ending::parse)?,
        reasons: listed(&reasons),
        codes: codes(row)?,
        vouch_id: row.get::<Option<_>>("vouch_id")?.map(VouchId::from_uuid),
        bundle_digest: row.get("bundle_digest")?,
        facts: row.get("facts")?,
        verdict: row.get("verdict")?,
        return_url: row.get("return_url")?,
        device_digest: row.get("device_digest")?,
        address_digest: row.get("address_digest")?,
        created_at: Micros(row.get("created_at")?),
        finished_at: row.get::<Option<i64>>("finished_at")?.map(Micros),
    })
}

/// What others were told; none in rows of releases that did not keep it.
fn codes(row: &Row) -> Result<Option<ResultCodes>, StoreError> {
    let Some(public_reasons) = row.get::<Option<String>>("public_reasons")? else { return Ok(None) };
    Ok(Some(ResultCodes { public_reasons: listed(&public_reasons), emv_reason: row.get("emv_reason")? }))
}

fn listed(codes: &str) -> Vec<String> {
    codes.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect()
}
