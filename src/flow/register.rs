//! The issuer's core system registers cardholders and cards, and says what becomes of a card.

use crate::app::App;
use crate::domain::card::{CardNumber, CardStatus, Expiry};
use crate::domain::cardholder::{
    CardholderRecord, normal_address, normal_birth_date, normal_email, normal_name, normal_phone,
};
use crate::domain::clock::Micros;
use crate::domain::consent::coverage::Coverage;
use crate::domain::consent::line::{ConsentEvent, HASH_VERSION};
use crate::domain::consent::{Basis, Channel, ConsentAction, ConsentState};
use crate::domain::id::{AuditId, CardId, CardholderId, ConsentEventId};
use crate::flow::authenticate::NAME_CLASSES;
use crate::flow::unmatched::{self, Matcher};
use crate::keys::{PersonKey, SealError, WrappedKey};
use crate::store::audit::{self, Entry};
use crate::store::cardholders::{self, SEALED_COLUMNS, SealedCardholder};
use crate::store::cards::{self, Card, StoredNumber};
use crate::store::{StoreError, Transaction, consent};

/// On what sharing with an analysis company stands, as the issuer registers it.
#[derive(Clone, Debug)]
pub struct SharingBasis {
    /// The legal basis.
    pub basis: Basis,
    /// The notice that was given.
    pub notice_version: String,
    /// When it was given.
    pub informed_at: Micros,
}

/// A cardholder as the core system knows her.
#[derive(Clone, Debug)]
pub struct CardholderEntry {
    /// The issuer's own reference.
    pub reference: String,
    /// Her data.
    pub record: CardholderRecord,
    /// The basis of sharing; without one nothing is shared.
    pub sharing: Option<SharingBasis>,
}

/// A card as the core system knows it.
#[derive(Debug)]
pub struct CardEntry {
    /// The issuer's own reference.
    pub reference: String,
    /// The holder's reference.
    pub cardholder_reference: String,
    /// The number.
    pub number: CardNumber,
    /// Its expiry.
    pub expiry: Expiry,
    /// The programme's id in the bundle.
    pub programme: String,
    /// What the issuer says of the card.
    pub status: CardStatus,
    /// When it was issued.
    pub issued_at: Micros,
}

/// Why something was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// No cardholder has this reference.
    #[error("no cardholder has the reference `{0}`\nhint: register the cardholder first")]
    UnknownCardholder(String),
    /// No card has this reference.
    #[error("no card has the reference `{0}`")]
    UnknownCard(String),
    /// The bundle has no such programme.
    #[error("the bundle has no programme `{0}`\nhint: programmes stand in the bundle's reference data")]
    UnknownProgramme(String),
    /// The card is another person's.
    #[error(
        "the card `{0}` belongs to another cardholder\nhint: a card never changes hands; register it under a new reference"
    )]
    OtherCardholder(String),
    /// The number differs from the registered one.
    #[error("the card `{0}` has another number\nhint: a new number comes by renewing the card")]
    OtherNumber(String),
    /// The card is closed for good.
    #[error("the card `{0}` is closed\nhint: a closed card stays closed; register a new one")]
    Closed(String),
    /// Sealing the record failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a cardholder or replaces her record. A sharing basis is recorded when nothing was before: neither a
/// repetition nor an import ever overwrites what a person said. Answers her id, and whether she is new.
///
/// # Errors
/// [`RegisterError`].
pub async fn register_cardholder(
    app: &App,
    actor: &str,
    entry: CardholderEntry,
) -> Result<(CardholderId, bool), RegisterError> {
    let sealed = seal_cardholder(app, &entry).await?;
    let (id, now, reference) = (sealed.id, app.now(), entry.reference.clone());
    let note = note(app, actor, "cardholder.register", id.to_string());
    let event = entry.sharing.map(|sharing| sharing_event(app, actor, id, sharing));
    let matcher = Matcher::new(app);
    let (new, protected) = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                let known = cardholders::id_of(transaction, &reference).await?;
                write_cardholder(transaction, known, &sealed, event.as_ref(), now).await?;
                audit::append(transaction, &note).await?;
                Ok((known.is_none(), matcher.protect(transaction, id).await?))
            })
        })
        .await?;
    unmatched::after(app, &protected).await;
    Ok((id, new))
}

/// Writes a sealed cardholder within a transaction, with the first event of her consent.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn write_cardholder(
    transaction: &Transaction,
    known: Option<CardholderId>,
    sealed: &SealedCardholder,
    event: Option<&ConsentEvent>,
    now: Micros,
) -> Result<(), StoreError> {
    match known {
        None => cardholders::insert(transaction, sealed, now).await?,
        Some(id) if id == sealed.id => cardholders::update(transaction, sealed, now).await?,
        // Two first registrations at once: the slower one is sealed under a key that nobody keeps.
        Some(_) => return Err(StoreError::Duplicate { constraint: "cardholder reference".to_owned() }),
    }
    if let Some(event) = event
        && !consent::is_recorded(transaction, sealed.id).await?
    {
        consent::record(transaction, event.clone()).await?;
    }
    Ok(())
}

/// Seals a record under the person's key; a new key for a new person.
///
/// # Errors
/// [`RegisterError`].
pub(super) async fn seal_cardholder(app: &App, entry: &CardholderEntry) -> Result<SealedCardholder, RegisterError> {
    let Some((id, key_id, bytes)) = app.store.cardholder_key(&entry.reference).await? else {
        return Ok(seal_new(app, CardholderId::new(app.now(), app.randomness.as_ref()), entry)?);
    };
    let wrapped = WrappedKey { key_id, bytes };
    let key = app.keys.unwrap_person_key(id, &wrapped)?;
    Ok(sealed(app, id, (&key, wrapped), entry)?)
}

/// Seals the record of a person who is new, under a new key.
///
/// # Errors
/// [`SealError`].
pub(super) fn seal_new(app: &App, id: CardholderId, entry: &CardholderEntry) -> Result<SealedCardholder, SealError> {
    let (key, wrapped) = app.keys.new_person_key(id, app.randomness.as_ref())?;
    sealed(app, id, (&key, wrapped), entry)
}

fn sealed(
    app: &App,
    id: CardholderId,
    (key, wrapped): (&PersonKey, WrappedKey),
    entry: &CardholderEntry,
) -> Result<SealedCardholder, SealError> {
    Ok(SealedCardholder {
        id,
        reference: entry.reference.clone(),
        person_key_id: wrapped.key_id,
        person_key: wrapped.bytes,
        sealed: seal_record(app, id, key, &entry.record)?,
        digests: digests(app, &entry.record),
    })
}

fn seal_record(
    app: &App,
    id: CardholderId,
    key: &PersonKey,
    record: &CardholderRecord,
) -> Result<[Option<Vec<u8>>; 5], SealError> {
    let names = serde_json::json!({"kanji": record.name_kanji, "kana": record.name_kana, "latin": record.name_latin});
    let address = record.address.as_ref().map(|address| serde_json::json!(address).to_string());
    let plain =
        [Some(names.to_string()), record.birth_date.clone(), record.email.clone(), record.phone.clone(), address];
    let mut sealed = [const { None }; 5];
    for ((column, plain), place) in SEALED_COLUMNS.iter().zip(plain).zip(sealed.iter_mut()) {
        if let Some(plain) = plain {
            *place = Some(key.seal("cardholders", column, id.uuid(), plain.as_bytes(), app.randomness.as_ref())?);
        }
    }
    Ok(sealed)
}

fn digests(app: &App, record: &CardholderRecord) -> [Option<[u8; 32]>; 7] {
    let [kanji, kana, latin] = NAME_CLASSES;
    let index = |class: &str, normal: Option<String>| normal.map(|normal| app.keys.blind_index(class, &normal));
    let name = |class, name: &Option<String>| index(class, name.as_deref().and_then(normal_name));
    let country = record.address.as_ref().map_or("JP", |address| address.country.as_str());
    [
        name(kanji, &record.name_kanji),
        name(kana, &record.name_kana),
        name(latin, &record.name_latin),
        index("email", record.email.as_deref().and_then(normal_email)),
        index("phone", record.phone.as_deref().and_then(|phone| normal_phone(phone, country))),
        index("address", record.address.as_ref().and_then(normal_address)),
        index("birth_date", record.birth_date.as_deref().and_then(normal_birth_date)),
    ]
}

/// The first event of a person's consent: permitted by notice, or by an agreement.
pub(super) fn sharing_event(app: &App, actor: &str, id: CardholderId, sharing: SharingBasis) -> ConsentEvent {
    let action = match sharing.basis {
        Basis::Notice => ConsentAction::Notify,
        Basis::Consent => ConsentAction::Grant,
    };
    ConsentEvent {
        hash_version: HASH_VERSION,
        id: ConsentEventId::new(app.now(), app.randomness.as_ref()),
        cardholder_id: id,
        action,
        coverage: Coverage::everything(),
        pending: false,
        state: ConsentState::Permitted,
        channel: Channel::System,
        actor: actor.to_owned(),
        reference: None,
        identity: None,
        basis: Some(sharing.basis),
        notice_version: Some(sharing.notice_version),
        script_version: None,
        language: None,
        informed_at: Some(sharing.informed_at),
        effective_from: None,
        recorded_at: app.now(),
        corrects: None,
        receipt_id: None,
        evidence_digest: None,
        approval_id: None,
    }
}

/// Registers a card, or replaces programme, status and date of issue of a known one. Answers its id and whether it is
/// new.
///
/// # Errors
/// [`RegisterError`].
pub async fn register_card(app: &App, actor: &str, entry: CardEntry) -> Result<(CardId, bool), RegisterError> {
    if app.bundle.load().bundle.reference().programme(&entry.programme).is_none() {
        return Err(RegisterError::UnknownProgramme(entry.programme));
    }
    let holder = app.store.cardholder_key(&entry.cardholder_reference).await?;
    let (cardholder_id, ..) =
        holder.ok_or_else(|| RegisterError::UnknownCardholder(entry.cardholder_reference.clone()))?;
    let number = stored_number(app, &entry.number, entry.expiry);
    let known = app.store.card(&entry.reference).await?;
    let new = known.is_none();
    let card = match known {
        None => Card {
            id: CardId::new(app.now(), app.randomness.as_ref()),
            reference: entry.reference,
            cardholder_id,
            programme: entry.programme,
            status: entry.status,
            issued_at: entry.issued_at,
            number,
        },
        Some(card) if card.cardholder_id != cardholder_id => {
            return Err(RegisterError::OtherCardholder(card.reference));
        }
        Some(card) if card.number != number => return Err(RegisterError::OtherNumber(card.reference)),
        Some(card) => {
            refuse_reopening(&card, entry.status)?;
            Card { programme: entry.programme, status: entry.status, issued_at: entry.issued_at, ..card }
        }
    };
    let id = card.id;
    let (now, note, matcher) = (app.now(), note(app, actor, "card.register", id.to_string()), Matcher::new(app));
    let protected = app
        .store
        .write(move |transaction| {
            Box::pin(async move {
                if new {
                    cards::insert(transaction, &card, now).await?;
                } else {
                    cards::update(transaction, &card, now).await?;
                }
                audit::append(transaction, &note).await?;
                matcher.protect(transaction, card.cardholder_id).await
            })
        })
        .await?;
    unmatched::after(app, &protected).await;
    Ok((id, new))
}

/// Says what the issuer says of a card: active, lost, stolen, closed, expired.
///
/// # Errors
/// [`RegisterError`].
pub async fn set_card_status(
    app: &App,
    actor: &str,
    reference: &str,
    status: CardStatus,
) -> Result<CardId, RegisterError> {
    let card = find_card(app, reference).await?;
    refuse_reopening(&card, status)?;
    let card = Card { status, ..card };
    let (id, now) = (card.id, app.now());
    let mut note = note(app, actor, "card.status", id.to_string());
    status.as_str().clone_into(&mut note.result);
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                cards::update(transaction, &card, now).await?;
                audit::append(transaction, &note).await
            })
        })
        .await?;
    Ok(id)
}

/// Gives a card a new number, expiry, or both. Consent, devices and enrolment follow, for it stays the same card.
///
/// # Errors
/// [`RegisterError`].
pub async fn renew_card(
    app: &App,
    actor: &str,
    reference: &str,
    number: &CardNumber,
    expiry: Expiry,
) -> Result<CardId, RegisterError> {
    let card = find_card(app, reference).await?;
    refuse_reopening(&card, CardStatus::Active)?;
    let number = stored_number(app, number, expiry);
    let (id, now) = (card.id, app.now());
    let note = note(app, actor, "card.renew", id.to_string());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                cards::renew(transaction, &card, &number, now).await?;
                cards::update(transaction, &Card { status: CardStatus::Active, ..card }, now).await?;
                audit::append(transaction, &note).await
            })
        })
        .await?;
    Ok(id)
}

async fn find_card(app: &App, reference: &str) -> Result<Card, RegisterError> {
    app.store.card(reference).await?.ok_or_else(|| RegisterError::UnknownCard(reference.to_owned()))
}

fn refuse_reopening(card: &Card, status: CardStatus) -> Result<(), RegisterError> {
    if card.status == CardStatus::Closed && status != CardStatus::Closed {
        return Err(RegisterError::Closed(card.reference.clone()));
    }
    Ok(())
}

/// A number as it is kept: its keyed digest, issuer number and last four digits.
pub(super) fn stored_number(app: &App, number: &CardNumber, expiry: Expiry) -> StoredNumber {
    let digest = app.keys.card_digest(number);
    StoredNumber {
        digest: digest.bytes,
        key_id: digest.key_id,
        issuer_number: number.issuer_number().to_owned(),
        last_four: number.last_four().to_owned(),
        expiry,
    }
}

/// An audit entry with the result `done`.
pub(crate) fn note(app: &App, actor: &str, action: &'static str, subject: String) -> Entry {
    Entry {
        id: AuditId::new(app.now(), app.randomness.as_ref()),
        recorded_at: app.now(),
        actor: actor.to_owned(),
        action,
        subject,
        result: "done".to_owned(),
    }
}
