//! Addresses of contacts, opened from the sealed rows at the moment in which something is sent or shown.

use zeroize::Zeroize;

use crate::app::App;
use crate::domain::contact::ContactAddress;
use crate::keys::{SealError, WrappedKey};
use crate::store::contacts::SealedContact;

/// The address of a contact.
///
/// # Errors
/// [`SealError`].
pub fn open(app: &App, contact: &SealedContact) -> Result<ContactAddress, SealError> {
    let wrapped = WrappedKey { key_id: contact.person_key_id.clone(), bytes: contact.person_key.clone() };
    let key = app.keys.unwrap_person_key(contact.cardholder_id, &wrapped)?;
    let mut plain = key.open("contacts", "address", contact.id.uuid(), &contact.address)?;
    let text = String::from_utf8_lossy(&plain).into_owned();
    plain.zeroize();
    Ok(ContactAddress::stored(contact.channel, text))
}
