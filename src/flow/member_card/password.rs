//! A member changes the password of a card. Her other sessions end, and she is told wherever she can be.

use super::{OwnCard, note, told_in};
use crate::app::App;
use crate::credential::hasher::HasherError;
use crate::credential::password::{Password, PasswordError};
use crate::credential::strength::{Strength, Weakness};
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::member::Member;
use crate::domain::member_notice::MemberEvent;
use crate::flow::member_notice;
use crate::store::StoreError;
use crate::store::member_card::PasswordChange;

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordChangeError {
    /// It is too short, too long, or among those that everyone tries first.
    #[error(transparent)]
    Rules(#[from] PasswordError),
    /// It is too easily guessed.
    #[error("this password is too easily guessed\nhint: several words that nobody puts together are strong")]
    Weak(Option<Weakness>),
    /// It is the one that is there already.
    #[error("this is the password that is there already\nhint: choose another one")]
    Same,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Since when the password has been what it is.
pub fn changed_at(own: &OwnCard) -> Option<Micros> {
    own.credential(Method::Password).map(|credential| credential.changed_at)
}

/// How strong a password would be; nothing is changed.
///
/// # Errors
/// [`PasswordError`].
pub fn strength(own: &OwnCard, text: &str) -> Result<Strength, PasswordError> {
    let password = Password::chosen(text, &own.context())?;
    Ok(Strength::of(&password, &own.context()))
}

/// Changes the password. Answers how many other sessions have ended.
///
/// # Errors
/// [`PasswordChangeError`]; then nothing was changed.
pub async fn change(app: &App, member: &Member, own: &OwnCard, text: &str) -> Result<u64, PasswordChangeError> {
    let strength = strength(own, text)?;
    if !strength.is_enough() {
        return Err(PasswordChangeError::Weak(strength.weakness));
    }
    let id = own.card.id;
    let stored = app.store.password_hash(id).await?;
    let typed = Password::typed(text)?;
    if app.hasher.reserve().await?.compare(typed, stored).await?.matches {
        return Err(PasswordChangeError::Same);
    }
    let hash = app.hasher.hash(Password::typed(text)?).await?;
    let notices = member_notice::messages(app, id, MemberEvent::PasswordChanged, told_in(member)).await?;
    let change =
        PasswordChange { enrolment_id: id, hash, login_group: member.login_group, goes_on: member.session_id, notices };
    Ok(app.store.set_password(change, app.now(), note(app, member, own, "member.password")).await?)
}
