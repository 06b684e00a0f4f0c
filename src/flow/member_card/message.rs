//! A member reads and changes the personal message of a card.

use super::{OwnCard, note};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::Password;
use crate::domain::member::Member;
use crate::domain::personal_message::{PersonalMessage, PersonalMessageError};
use crate::keys::SealError;
use crate::store::StoreError;

/// Why a message is not kept.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It does not follow the rules.
    #[error("the message {0}")]
    Rules(#[from] PersonalMessageError),
    /// It is the card's password.
    #[error("the message is the password of the card\nhint: the message is shown on pages; choose other words")]
    Password,
    /// It is the message that is there already.
    #[error("this is the message that is there already\nhint: choose other words")]
    Same,
    /// Too many passwords are being compared.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// It cannot be sealed or opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The message as it is now.
///
/// # Errors
/// [`SealError`].
pub fn read(own: &OwnCard) -> Result<String, SealError> {
    let card = &own.card;
    let message = own.key.open("enrolments", "personal_message", card.id.uuid(), &card.personal_message)?;
    Ok(String::from_utf8_lossy(&message).into_owned())
}

/// The message that a text would be, for a look at it before it is kept.
///
/// # Errors
/// [`MessageError`].
pub async fn check(app: &App, own: &OwnCard, text: &str) -> Result<PersonalMessage, MessageError> {
    let message = PersonalMessage::parse(text, &own.card.last_four)?;
    if message.as_str() == read(own)? && !own.card.personal_message_provisional {
        return Err(MessageError::Same);
    }
    let stored = app.store.password_hash(own.card.id).await?;
    let is_password = match Password::typed(message.as_str()) {
        Ok(password) => app.hasher.reserve().await?.compare(password, stored).await?.matches,
        Err(_) => false,
    };
    if is_password { Err(MessageError::Password) } else { Ok(message) }
}

/// Keeps a message; it is no generated one any more.
///
/// # Errors
/// [`MessageError`]; then nothing was changed.
pub async fn change(app: &App, member: &Member, own: &OwnCard, text: &str) -> Result<(), MessageError> {
    let message = check(app, own, text).await?;
    let id = own.card.id;
    let plain = message.as_str().as_bytes();
    let sealed = own.key.seal("enrolments", "personal_message", id.uuid(), plain, app.randomness.as_ref())?;
    let entry = note(app, member, own, "member.message");
    Ok(app.store.set_personal_message(id, sealed, app.now(), entry).await?)
}
