//! A card is registered on the member site: a member id, a password and a personal message.

use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::{Password, PasswordError};
use crate::domain::contact::ContactAddress;
use crate::domain::facts::EnrolmentState;
use crate::domain::id::{ActivationId, ContactId, CredentialId, EnrolmentId};
use crate::domain::member_id;
use crate::flow::contact::{self, ContactError};
use crate::flow::register::note;
use crate::keys::{SealError, WrappedKey};
use crate::store::StoreError;
use crate::store::cards::{Card, Enrolment};
use crate::store::member::registration::{NewRegistration, RegistrationOutcome};

/// What a member registers with.
pub struct EnrolmentEntry {
    /// The card's reference.
    pub card_reference: String,
    /// The member's name for signing in.
    pub member_id: String,
    /// The password, in its chosen form.
    pub password: String,
    /// The personal message that her challenge pages show.
    pub personal_message: String,
    /// Whether the message is a generated one.
    pub provisional: bool,
    /// The version of the terms that were accepted; without one the registration is not complete.
    pub terms_version: Option<String>,
}

/// Why a card was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No card has this reference.
    #[error("no card has the reference `{0}`")]
    UnknownCard(String),
    /// The programme's cards cannot be registered.
    #[error("cards of the programme `{0}` cannot be registered")]
    NotEligible(String),
    /// The card is registered already.
    #[error("the card is registered already")]
    CardTaken,
    /// Another registration has this member id.
    #[error("the member id is taken")]
    MemberIdTaken,
    /// The activation code was used or replaced in the meantime.
    #[error("the activation code is no longer good")]
    CodeGone,
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The message could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The contact could not be sealed.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a card by its reference, as whoever fills a demonstration or a test does.
///
/// # Errors
/// [`EnrolError`]; then nothing was registered.
pub async fn enrol(app: &App, actor: &str, entry: EnrolmentEntry) -> Result<EnrolmentId, EnrolError> {
    let card = app.store.card(&entry.card_reference).await?;
    let card = card.ok_or_else(|| EnrolError::UnknownCard(entry.card_reference.clone()))?;
    let password = Password::chosen(&entry.password, &[&entry.member_id, &card.number.last_four])?;
    let enrolling = Enrolling {
        card,
        member_id: member_id::normal(&entry.member_id),
        password,
        personal_message: entry.personal_message,
        provisional: entry.provisional,
        terms_version: entry.terms_version,
        contact: None,
        activation: None,
    };
    Ok(write(app, actor, enrolling).await?.0)
}

/// A card about to be registered, everything checked but what only the database knows.
pub(super) struct Enrolling {
    pub(super) card: Card,
    pub(super) member_id: String,
    pub(super) password: Password,
    pub(super) personal_message: String,
    pub(super) provisional: bool,
    pub(super) terms_version: Option<String>,
    pub(super) contact: Option<ContactAddress>,
    pub(super) activation: Option<ActivationId>,
}

/// Writes a registration: the one way in which a card gets one. Answers the contact too, which waits to be verified.
pub(super) async fn write(
    app: &App,
    actor: &str,
    new: Enrolling,
) -> Result<(EnrolmentId, Option<ContactId>), EnrolError> {
    let card = new.card;
    let programme = app.bundle.load().bundle.reference().programme(&card.programme).cloned();
    if !programme.is_some_and(|programme| programme.registration_eligible) {
        return Err(EnrolError::NotEligible(card.programme));
    }
    let password = app.hasher.hash(new.password).await?;
    let now = app.now();
    let id = EnrolmentId::new(now, app.randomness.as_ref());
    let (key_id, bytes) = app.store.person_key(card.cardholder_id).await?.ok_or(StoreError::GivenUp)?;
    let key = app.keys.unwrap_person_key(card.cardholder_id, &WrappedKey { key_id, bytes })?;
    let message = new.personal_message.as_bytes();
    let enrolment = Enrolment {
        id,
        card_id: card.id,
        state: if new.terms_version.is_some() { EnrolmentState::Complete } else { EnrolmentState::Registered },
        member_id: new.member_id,
        personal_message: key.seal("enrolments", "personal_message", id.uuid(), message, app.randomness.as_ref())?,
        personal_message_provisional: new.provisional,
        terms_accepted_at: new.terms_version.as_ref().map(|_| now),
        terms_version: new.terms_version,
    };
    let contact = match &new.contact {
        Some(address) => Some(contact::seal(app, card.cardholder_id, id, address).await?),
        None => None,
    };
    let contact_id = contact.as_ref().map(|contact| contact.id);
    let credential_id = CredentialId::new(now, app.randomness.as_ref());
    let registration = NewRegistration { enrolment, credential_id, password, contact, activation: new.activation };
    let entry = note(app, actor, "card.enrol", card.id.to_string());
    match app.store.register(registration, now, entry).await? {
        RegistrationOutcome::Done => Ok((id, contact_id)),
        RegistrationOutcome::CodeGone => Err(EnrolError::CodeGone),
        RegistrationOutcome::CardTaken => Err(EnrolError::CardTaken),
        RegistrationOutcome::MemberIdTaken => Err(EnrolError::MemberIdTaken),
    }
}
