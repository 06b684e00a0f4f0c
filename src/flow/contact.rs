//! Contacts for codes: sealed when they are added, shown masked.

use crate::app::App;
use crate::delivery;
use crate::domain::clock::Micros;
use crate::domain::contact::ContactAddress;
use crate::domain::id::{CardholderId, ContactId, EnrolmentId};
use crate::keys::{SealError, WrappedKey};
use crate::store::StoreError;
use crate::store::contacts::{NewContact, SealedContact};

/// Why a contact cannot be kept or shown.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// It cannot be sealed or opened.
    #[error("a contact cannot be sealed or opened: {0}")]
    Seal(#[from] SealError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A contact as its owner sees it.
#[derive(Clone, Debug)]
pub struct ContactView {
    /// Its id.
    pub id: ContactId,
    /// The address, masked but for what she recognises.
    pub masked: String,
    /// The sealed row.
    pub row: SealedContact,
}

/// A fresh contact, sealed under the person's key: to be added by `store::contacts::add` in the caller's transaction.
///
/// # Errors
/// [`ContactError`].
pub async fn seal(
    app: &App,
    cardholder_id: CardholderId,
    enrolment_id: EnrolmentId,
    address: &ContactAddress,
) -> Result<NewContact, ContactError> {
    let id = ContactId::new(app.now(), app.randomness.as_ref());
    let (key_id, bytes) = app.store.person_key(cardholder_id).await?.ok_or(StoreError::GivenUp)?;
    let key = app.keys.unwrap_person_key(cardholder_id, &WrappedKey { key_id, bytes })?;
    let sealed = key.seal("contacts", "address", id.uuid(), address.expose().as_bytes(), app.randomness.as_ref())?;
    Ok(NewContact { id, enrolment_id, channel: address.channel(), address: sealed })
}

/// The contacts of an enrolment, verified or not.
///
/// # Errors
/// [`ContactError`].
pub async fn list(app: &App, enrolment_id: EnrolmentId) -> Result<Vec<ContactView>, ContactError> {
    app.store.contacts(enrolment_id).await?.into_iter().map(|row| view(app, row)).collect()
}

/// The contacts to which a code that proves who she is can be sent now.
///
/// # Errors
/// [`ContactError`].
pub async fn usable(app: &App, enrolment_id: EnrolmentId, now: Micros) -> Result<Vec<ContactView>, ContactError> {
    let rows = app.store.contacts(enrolment_id).await?.into_iter();
    rows.filter(|row| row.is_usable(now) && app.reaches(row.channel)).map(|row| view(app, row)).collect()
}

fn view(app: &App, row: SealedContact) -> Result<ContactView, ContactError> {
    let masked = delivery::contact::open(app, &row)?.masked();
    Ok(ContactView { id: row.id, masked, row })
}
