//! The first step of an authentication: the idempotency key is reserved, the card is found and counted.
//!
//! On PostgreSQL this is one statement; on SQLite it is a handful within the writer's transaction. Locks are
//! taken in one order everywhere: idempotency key, card counter, consent state, ledger.

use sea_orm::{ConnectionTrait, DatabaseBackend, Value};
use uuid::Uuid;

use super::receive_sql::{CARD, COUNT, HISTORY, RECEIVE_POSTGRES, RESERVE, SIGHT};
use super::sql::{self, Row, nullable_bytes};
use super::{Store, StoreError, consent};
use crate::domain::card::{CardStatus, Expiry};
use crate::domain::clock::Micros;
use crate::domain::consent::ConsentState;
use crate::domain::consent::standing::Standing;
use crate::domain::facts::{EnrolmentState, Method};
use crate::domain::id::{AuthenticationId, CardId, CardholderId, MerchantId, VouchId};
use crate::domain::member::ContactChannel;
use crate::domain::money::Money;

/// What is needed to reserve, find and count.
#[derive(Clone, Debug)]
pub struct Receive {
    /// Whose key it is.
    pub merchant_id: MerchantId,
    /// The value of `Idempotency-Key`.
    pub key: String,
    /// SHA-256 of the canonical body.
    pub body_digest: [u8; 32],
    /// The id that the authentication gets if the key is new.
    pub authentication_id: AuthenticationId,
    /// When the request came.
    pub now: Micros,
    /// Until when nobody else may take the key over.
    pub lease_until: Micros,
    /// The keyed digest of the card number.
    pub card_digest: [u8; 32],
    /// What is added to the card's sum, minor units of the base currency.
    pub amount_base_minor: i64,
    /// The amount itself, against the ceiling of a vouch.
    pub money: Money,
    /// The keyed digest of the device.
    pub device_digest: Option<[u8; 32]>,
    /// The keyed digest of the IP address.
    pub ip_digest: Option<[u8; 32]>,
    /// The keyed digest of the shipping address.
    pub address_digest: Option<[u8; 32]>,
}

/// The endpoint that an authentication's idempotency keys belong to.
pub const ENDPOINT: &str = "POST /v1/authentications";

/// What was found and counted.
#[derive(Debug)]
pub struct Received {
    /// Whether the key was new.
    pub reserved: bool,
    /// The card, its holder and its history; none when the number is unknown.
    pub card: Option<ReceivedCard>,
}

/// A card as the first step finds it.
#[derive(Debug)]
pub struct ReceivedCard {
    /// Its id.
    pub id: CardId,
    /// Whose card it is.
    pub cardholder_id: CardholderId,
    /// Its programme's id.
    pub programme: String,
    /// The issuer's word on it; `closed` for a number that a renewal retired.
    pub status: CardStatus,
    /// When it was issued.
    pub issued_at: Micros,
    /// Its expiry.
    pub expiry: Expiry,
    /// How far its registration has come.
    pub enrolment: EnrolmentState,
    /// Whether its holder blocked it.
    pub blocked: bool,
    /// Its methods, each with the time until which it cannot be used.
    pub methods: Vec<(Method, Option<Micros>)>,
    /// Its verified contacts for codes: the way, and the time from which they can be used.
    pub contacts: Vec<(ContactChannel, Micros)>,
    /// Where the holder stands.
    pub standing: Standing,
    /// Her consent state towards this request.
    pub consent: ConsentState,
    /// Digests of the holder's record.
    pub record: RecordDigests,
    /// An open vouch for it at this merchant that covers the amount.
    pub vouch: Option<VouchId>,
    /// Its counters.
    pub history: History,
}

/// Keyed digests of a cardholder's record, where it has the datum.
#[derive(Debug)]
pub struct RecordDigests {
    /// The name's spellings.
    pub names: Vec<Vec<u8>>,
    /// The e-mail address.
    pub email: Option<Vec<u8>>,
    /// The telephone number.
    pub phone: Option<Vec<u8>>,
    /// The address.
    pub address: Option<Vec<u8>>,
}

/// A card's counters, the present request included.
#[derive(Debug)]
pub struct History {
    /// Requests in the last hour, 24 hours and 30 days.
    pub requests: [i64; 3],
    /// Their sums, minor units of the base currency.
    pub sums: [i64; 3],
    /// Failed challenges in 24 hours.
    pub failed_challenges: i64,
    /// Challenge pages opened in 24 hours.
    pub challenge_pages: i64,
    /// The request before this one.
    pub last_at: Option<Micros>,
    /// Distinct other cards on the device in 24 hours, at most 99.
    pub others_on_device: i64,
    /// Distinct other cards on the IP address in 24 hours, at most 99.
    pub others_on_ip: i64,
    /// Whether the card passed with this device, shipping address, merchant before.
    pub familiar: Familiar,
}

/// What a card has passed with before.
#[derive(Clone, Copy, Debug)]
pub struct Familiar {
    /// The device.
    pub device: bool,
    /// The shipping address.
    pub address: bool,
    /// The merchant.
    pub merchant: bool,
}

/// Reserves the key, finds the card and counts it if the key was new.
pub(crate) async fn receive(connection: &impl ConnectionTrait, command: &Receive) -> Result<Received, StoreError> {
    if connection.get_database_backend() == DatabaseBackend::Postgres {
        let row = sql::first(connection, "cards", RECEIVE_POSTGRES, command.values()).await?;
        let row = row.ok_or(StoreError::Corrupt { table: "cards", reason: "no row".to_owned() })?;
        let reserved = row.get::<i64>("reserved")? > 0;
        let card = row.get::<Option<Uuid>>("card_id")?.map(|id| ReceivedCard::read(id, &row, &row)).transpose()?;
        return Ok(Received { reserved, card });
    }
    receive_in_steps(connection, command).await
}

async fn receive_in_steps(connection: &impl ConnectionTrait, command: &Receive) -> Result<Received, StoreError> {
    let reserved = sql::execute(connection, RESERVE, command.reservation()).await? > 0;
    let found = sql::first(connection, "cards", CARD, [command.card_digest.to_vec().into()]).await?;
    let Some(found) = found else { return Ok(Received { reserved, card: None }) };
    let card_id: Uuid = found.get("card_id")?;
    let history = sql::first(connection, "card_hours", HISTORY, command.history_values(card_id)).await?;
    let history = history.ok_or_else(|| found.corrupt("card_id"))?;
    let mut card = ReceivedCard::read(card_id, &found, &history)?;
    if reserved {
        let hour = command.now.hour_bucket();
        let count = [card_id.into(), hour.into(), command.amount_base_minor.into(), command.now.0.into()];
        sql::execute(connection, COUNT, count).await?;
        card.history.add(command.amount_base_minor);
        for digest in [command.device_digest, command.ip_digest].into_iter().flatten() {
            sql::execute(connection, SIGHT, [digest.to_vec().into(), card_id.into(), hour.into()]).await?;
        }
    }
    Ok(Received { reserved, card: Some(card) })
}

impl Receive {
    fn reservation(&self) -> [Value; 7] {
        [
            self.merchant_id.uuid().into(),
            ENDPOINT.into(),
            self.key.clone().into(),
            self.body_digest.to_vec().into(),
            self.authentication_id.uuid().into(),
            self.lease_until.0.into(),
            self.now.0.into(),
        ]
    }

    fn values(&self) -> Vec<Value> {
        let mut values = self.reservation().to_vec();
        values.push(self.card_digest.to_vec().into());
        values.push(self.now.hour_bucket().into());
        values.push(self.amount_base_minor.into());
        values.push(nullable_bytes(self.device_digest.as_ref().map(<[u8; 32]>::as_slice)));
        values.push(nullable_bytes(self.ip_digest.as_ref().map(<[u8; 32]>::as_slice)));
        values.push(nullable_bytes(self.address_digest.as_ref().map(<[u8; 32]>::as_slice)));
        values.push(self.merchant_id.uuid().as_bytes().to_vec().into());
        values.push(self.money.currency.code().into());
        values.push(self.money.amount_minor.into());
        values
    }

    fn history_values(&self, card_id: Uuid) -> [Value; 10] {
        [
            card_id.into(),
            self.now.hour_bucket().into(),
            nullable_bytes(self.device_digest.as_ref().map(<[u8; 32]>::as_slice)),
            nullable_bytes(self.ip_digest.as_ref().map(<[u8; 32]>::as_slice)),
            nullable_bytes(self.address_digest.as_ref().map(<[u8; 32]>::as_slice)),
            self.merchant_id.uuid().as_bytes().to_vec().into(),
            self.merchant_id.uuid().into(),
            self.now.0.into(),
            self.money.currency.code().into(),
            self.money.amount_minor.into(),
        ]
    }
}

impl ReceivedCard {
    fn read(id: Uuid, card: &Row, history: &Row) -> Result<Self, StoreError> {
        let retired = card.get::<Option<i64>>("retired_at")?.is_some();
        let status = card.word("status", CardStatus::parse)?;
        let expiry: String = card.get("expiry")?;
        let standing = consent::read_standing(card)?;
        Ok(Self {
            id: CardId::from_uuid(id),
            cardholder_id: CardholderId::from_uuid(card.get("cardholder_id")?),
            programme: card.get("programme")?,
            status: if retired { CardStatus::Closed } else { status },
            issued_at: Micros(card.get("issued_at")?),
            expiry: Expiry::parse(&expiry).ok_or_else(|| card.corrupt("expiry"))?,
            enrolment: card.word("enrolment", EnrolmentState::parse)?,
            blocked: card.get::<Option<i64>>("blocked_at")?.is_some(),
            methods: methods(&card.get::<Option<String>>("methods")?.unwrap_or_default()),
            contacts: contacts(&card.get::<Option<String>>("contacts")?.unwrap_or_default()),
            consent: standing.general(),
            standing,
            record: RecordDigests::read(card)?,
            vouch: history.get::<Option<Uuid>>("vouch_id")?.map(VouchId::from_uuid),
            history: History::read(history)?,
        })
    }
}

impl RecordDigests {
    fn read(row: &Row) -> Result<Self, StoreError> {
        let mut names = Vec::new();
        for column in ["name_kanji_digest", "name_kana_digest", "name_latin_digest"] {
            names.extend(row.get::<Option<Vec<u8>>>(column)?);
        }
        Ok(Self {
            names,
            email: row.get("email_digest")?,
            phone: row.get("phone_digest")?,
            address: row.get("address_digest")?,
        })
    }
}

impl History {
    fn add(&mut self, amount_base_minor: i64) {
        self.requests = self.requests.map(|count| count.saturating_add(1));
        self.sums = self.sums.map(|sum| sum.saturating_add(amount_base_minor));
    }

    fn read(row: &Row) -> Result<Self, StoreError> {
        let (requests_now, sum_now) = (row.get::<i64>("requests_now")?, row.get::<i64>("sum_now")?);
        let plus = |now: i64, column| row.get::<i64>(column).map(|earlier| earlier.saturating_add(now));
        Ok(Self {
            requests: [
                plus(requests_now, "requests_1h")?,
                plus(requests_now, "requests_24h")?,
                plus(requests_now, "requests_30d")?,
            ],
            sums: [plus(sum_now, "sum_1h")?, plus(sum_now, "sum_24h")?, plus(sum_now, "sum_30d")?],
            failed_challenges: row.get("failed_24h")?,
            challenge_pages: row.get("pages_24h")?,
            last_at: Some(row.get::<i64>("last_at")?).filter(|at| *at > 0).map(Micros),
            others_on_device: row.get("others_on_device")?,
            others_on_ip: row.get("others_on_ip")?,
            familiar: Familiar {
                device: row.get::<i64>("familiar_device")? > 0,
                address: row.get::<i64>("familiar_address")? > 0,
                merchant: row.get::<i64>("familiar_merchant")? > 0,
            },
        })
    }
}

/// Reads `password:0,totp:1790000000000000`: a method and the time until which it cannot be used.
pub(super) fn methods(text: &str) -> Vec<(Method, Option<Micros>)> {
    text.split(',')
        .filter_map(|part| {
            let (method, locked_until) = part.split_once(':')?;
            let locked_until = locked_until.parse().ok().filter(|at| *at > 0).map(Micros);
            Some((Method::parse(method)?, locked_until))
        })
        .collect()
}

/// Reads `sms:1790000000000000`: a way and the time from which it can be used.
fn contacts(text: &str) -> Vec<(ContactChannel, Micros)> {
    let parts = text.split(',').filter_map(|part| part.split_once(':'));
    parts.filter_map(|(channel, from)| Some((ContactChannel::parse(channel)?, Micros(from.parse().ok()?)))).collect()
}

impl Store {
    /// Reserves the key, finds the card and counts it, in a transaction of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn receive(&self, command: Receive) -> Result<Received, StoreError> {
        if !self.is_sqlite() {
            // One statement is its own transaction: one round trip instead of three.
            return receive(self.reader(), &command).await;
        }
        self.write(move |transaction| Box::pin(async move { receive(transaction, &command).await })).await
    }
}
