//! A staff person looks at a cardholder: her record opened for the moment of the page, where she stands, and what was
//! recorded and sent. Every look is in the audit log before anything is shown.

use crate::app::App;
use crate::domain::approval::Approval;
use crate::domain::cardholder::CardholderRecord;
use crate::domain::clock::Micros;
use crate::domain::consent::line::ConsentEvent;
use crate::domain::consent::standing::Standing;
use crate::domain::erasure::Erasure;
use crate::domain::id::{CardholderId, ConsentEventId};
use crate::domain::receipt::SentBefore;
use crate::domain::staff::SignedIn;
use crate::flow::consent::canary;
use crate::flow::register::note;
use crate::keys::{SealError, WrappedKey};
use crate::store::cardholders::SealedCardholder;
use crate::store::cards::Card;
use crate::store::{StoreError, audit};

/// So many of her newest events are shown.
pub const EVENTS_MAX: i64 = 100;
/// So many erasure requests are shown.
const ERASURES_MAX: i64 = 50;
/// So many requests for a second person are shown.
const APPROVALS_MAX: i64 = 10;

/// Why nobody is shown.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// There is no such cardholder.
    #[error("there is no cardholder `{0}`\nhint: look for her by what she says")]
    Unknown(CardholderId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A cardholder, enough to know her by.
#[derive(Debug)]
pub struct Person {
    /// Her id.
    pub id: CardholderId,
    /// The issuer's reference of her.
    pub reference: String,
    /// Her record; none where it does not open: her key was destroyed, or the key file is another.
    pub record: Option<CardholderRecord>,
    /// Since when she is on record.
    pub since: Micros,
    /// Her cards, the oldest first.
    pub cards: Vec<Card>,
    /// Where she stands.
    pub standing: Standing,
}

/// What was recorded and sent about her.
#[derive(Debug)]
pub struct History {
    /// Her consent events, the newest first.
    pub events: Vec<ConsentEvent>,
    /// What was sent, by recipient.
    pub sent: Vec<SentBefore>,
    /// Requests that need a second person, the newest first.
    pub approvals: Vec<Approval>,
    /// Requests to recipients to erase what they got, the newest first.
    pub erasures: Vec<Erasure>,
}

/// Shows one cardholder. The look is in the audit log first; the caller has asked for the right.
///
/// # Errors
/// [`LookError`].
pub async fn look(app: &App, who: &SignedIn, id: CardholderId) -> Result<Person, LookError> {
    let person = person(app, id).await?;
    let mut entry = note(app, &who.actor(), "cardholder.look", id.to_string());
    if person.is_some() { "shown" } else { "unknown" }.clone_into(&mut entry.result);
    app.store.write(move |transaction| Box::pin(async move { audit::append(transaction, &entry).await })).await?;
    person.ok_or(LookError::Unknown(id))
}

/// The people of a list of matches; those who are gone meanwhile are left out. The search that found them is in the audit
/// log with their ids.
///
/// # Errors
/// [`StoreError`].
pub async fn people(app: &App, ids: &[CardholderId]) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::with_capacity(ids.len());
    for id in ids {
        people.extend(person(app, *id).await?);
    }
    Ok(people)
}

/// What was recorded and sent about somebody who is being looked at.
///
/// # Errors
/// [`StoreError`].
pub async fn history(app: &App, id: CardholderId) -> Result<History, StoreError> {
    Ok(History {
        events: app.store.consent_events(id, EVENTS_MAX).await?,
        sent: app.store.sent_about(id).await?,
        approvals: app.store.approvals_about(&id.to_string(), APPROVALS_MAX).await?,
        erasures: app.store.erasures_about(id, ERASURES_MAX).await?,
    })
}

/// Since when an objection that includes all of this event's had stood before it; none when it was new.
///
/// # Errors
/// [`StoreError`].
pub async fn already_since(app: &App, event: &ConsentEvent) -> Result<Option<Micros>, StoreError> {
    let mut earlier = app.store.consent_events(event.cardholder_id, i64::MAX).await?;
    earlier.reverse();
    let mut standing = Standing::default();
    for earlier in earlier.iter().take_while(|earlier| earlier.id != event.id) {
        standing = standing.after(&earlier.step());
    }
    let includes =
        |id: ConsentEventId| earlier.iter().find(|earlier| earlier.id == id).map(|earlier| earlier.recorded_at);
    let mut objections = standing.objections.iter();
    let found = objections.find(|objection| !objection.pending && objection.coverage.includes(&event.coverage));
    Ok(found.and_then(|objection| includes(objection.event)))
}

async fn person(app: &App, id: CardholderId) -> Result<Option<Person>, StoreError> {
    let found = app.store.sealed_cardholder(id).await?;
    // The canary is nobody.
    let Some((sealed, since)) = found.filter(|(sealed, _)| sealed.reference != canary::REFERENCE) else {
        return Ok(None);
    };
    let record = open(app, &sealed).inspect_err(|error| {
        tracing::warn!(%error, cardholder = %id, "a cardholder's record does not open");
    });
    Ok(Some(Person {
        id,
        record: record.ok(),
        reference: sealed.reference,
        since,
        cards: app.store.cards_of(id).await?,
        standing: app.store.standing(id).await?,
    }))
}

/// The names as they are sealed together.
#[derive(serde::Deserialize)]
struct Names {
    kanji: Option<String>,
    kana: Option<String>,
    latin: Option<String>,
}

fn open(app: &App, sealed: &SealedCardholder) -> Result<CardholderRecord, SealError> {
    let wrapped = WrappedKey { key_id: sealed.person_key_id.clone(), bytes: sealed.person_key.clone() };
    let key = app.keys.unwrap_person_key(sealed.id, &wrapped)?;
    let text = |column: &str, bytes: &Option<Vec<u8>>| -> Result<Option<String>, SealError> {
        let Some(bytes) = bytes else { return Ok(None) };
        let plain = key.open("cardholders", column, sealed.id.uuid(), bytes)?;
        Ok(Some(String::from_utf8_lossy(&plain).into_owned()))
    };
    let [name, birth_date, email, phone, address] = &sealed.sealed;
    let names = text("name", name)?.and_then(|names| serde_json::from_str::<Names>(&names).ok());
    let names = names.unwrap_or(Names { kanji: None, kana: None, latin: None });
    Ok(CardholderRecord {
        name_kanji: names.kanji,
        name_kana: names.kana,
        name_latin: names.latin,
        birth_date: text("birth_date", birth_date)?,
        email: text("email", email)?,
        phone: text("phone", phone)?,
        address: text("address", address)?.and_then(|address| serde_json::from_str(&address).ok()),
    })
}
