//! What a member does with one of her cards on her own pages. It is found within her login group alone; whether she proved
//! lately enough who she is, is asked before each change by whoever takes it.

pub mod contacts;
pub mod message;
pub mod one_time;
pub mod passkeys;
pub mod password;
pub mod purchases;

use crate::app::App;
use crate::domain::challenge::Language;
use crate::domain::facts::Method;
use crate::domain::id::{AuditId, EnrolmentId};
use crate::domain::member::Member;
use crate::flow::member;
use crate::keys::{PersonKey, SealError, WrappedKey};
use crate::store::StoreError;
use crate::store::audit::Entry;
use crate::store::member::OwnEnrolment;
use crate::store::member_card::CredentialFact;

/// One of her cards, and the key that opens what is sealed of it.
#[derive(Debug)]
pub struct OwnCard {
    /// The card and its registration.
    pub card: OwnEnrolment,
    /// What it is proved with.
    pub credentials: Vec<CredentialFact>,
    key: PersonKey,
}

/// Why a card is not shown.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// There is no such card, or it is another person's.
    #[error("there is no such card among hers")]
    NotHers,
    /// Her key does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The card with this enrolment, if it is hers.
///
/// # Errors
/// [`CardError`].
pub async fn find(app: &App, member: &Member, id: EnrolmentId) -> Result<OwnCard, CardError> {
    let card = member::own_enrolment(app, member, id).await?.ok_or(CardError::NotHers)?;
    // Whose key is destroyed has nothing any more that could be changed.
    if app.store.is_erased(card.cardholder_id).await? {
        return Err(CardError::NotHers);
    }
    let (key_id, bytes) = app.store.person_key(card.cardholder_id).await?.ok_or(CardError::NotHers)?;
    let key = app.keys.unwrap_person_key(card.cardholder_id, &WrappedKey { key_id, bytes })?;
    Ok(OwnCard { credentials: app.store.credentials_of(card.id).await?, card, key })
}

impl OwnCard {
    /// The credential of a kind, if the card has one.
    pub fn credential(&self, kind: Method) -> Option<&CredentialFact> {
        self.credentials.iter().find(|credential| credential.kind == kind)
    }

    /// What is known of her and the card, and therefore makes no password.
    fn context(&self) -> [&str; 2] {
        [&self.card.member_id, &self.card.last_four]
    }
}

/// The language in which she is told of a change.
fn told_in(member: &Member) -> Language {
    member.language.unwrap_or(Language::Ja)
}

/// An audit entry about one of her cards, with the result `done`.
fn note(app: &App, member: &Member, own: &OwnCard, action: &'static str) -> Entry {
    Entry {
        id: AuditId::new(app.now(), app.randomness.as_ref()),
        recorded_at: app.now(),
        actor: member.actor(),
        action,
        subject: own.card.id.to_string(),
        result: "done".to_owned(),
    }
}
