//! A card is registered on the member site: a member id, a password and a personal message.

use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::{Password, PasswordError};
use crate::domain::facts::{EnrolmentState, Method};
use crate::domain::id::{CredentialId, EnrolmentId};
use crate::flow::member::normal_member_id;
use crate::flow::register::note;
use crate::keys::{SealError, WrappedKey};
use crate::store::cards::{self, Enrolment};
use crate::store::{StoreError, audit};

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
    /// The password is not accepted.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The message could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed, or the card or member id is registered already.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Registers a card.
///
/// # Errors
/// [`EnrolError`]; then nothing was registered.
pub async fn enrol(app: &App, actor: &str, entry: EnrolmentEntry) -> Result<EnrolmentId, EnrolError> {
    let card = app.store.card(&entry.card_reference).await?;
    let card = card.ok_or_else(|| EnrolError::UnknownCard(entry.card_reference.clone()))?;
    let eligible =
        app.bundle.load().bundle.reference().programme(&card.programme).is_some_and(|p| p.registration_eligible);
    if !eligible {
        return Err(EnrolError::NotEligible(card.programme));
    }
    let password = Password::chosen(&entry.password, &[&entry.member_id, &card.number.last_four])?;
    let secret = app.hasher.hash(password).await?;
    let now = app.now();
    let id = EnrolmentId::new(now, app.randomness.as_ref());
    let (wrapping, wrapped) = app.store.person_key(card.cardholder_id).await?.ok_or(StoreError::GivenUp)?;
    let key = app.keys.unwrap_person_key(card.cardholder_id, &WrappedKey { key_id: wrapping, bytes: wrapped })?;
    let message = entry.personal_message.as_bytes();
    let enrolment = Enrolment {
        id,
        card_id: card.id,
        state: if entry.terms_version.is_some() { EnrolmentState::Complete } else { EnrolmentState::Registered },
        member_id: normal_member_id(&entry.member_id),
        personal_message: key.seal("enrolments", "personal_message", id.uuid(), message, app.randomness.as_ref())?,
        personal_message_provisional: entry.provisional,
        terms_accepted_at: entry.terms_version.as_ref().map(|_| now),
        terms_version: entry.terms_version,
    };
    let credential = CredentialId::new(now, app.randomness.as_ref());
    let note = note(app, actor, "card.enrol", card.id.to_string());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                cards::enrol(transaction, &enrolment, now).await?;
                cards::add_credential(transaction, credential, id, Method::Password, &secret, now).await?;
                audit::append(transaction, &note).await
            })
        })
        .await?;
    Ok(id)
}
