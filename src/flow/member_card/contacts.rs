//! A member adds, verifies and removes the contacts to which codes for a card are sent. A new one has to wait before it may
//! bring a code to a challenge: who has stolen a password must not bring a telephone of his own along.

use super::{OwnCard, note, told_in};
use crate::app::App;
use crate::credential::sent_code::BoundTo;
use crate::domain::contact::{ContactAddress, ContactAddressError};
use crate::domain::facts::EnrolmentState;
use crate::domain::id::{ContactId, CredentialId};
use crate::domain::member::{ContactChannel, Member};
use crate::domain::member_notice::MemberEvent;
use crate::flow::contact::{self, ContactError, ContactView};
use crate::flow::member_notice;
use crate::flow::sent_code::{self, CodeCheck, SendError, Sending};
use crate::store::StoreError;
use crate::store::member_card::Verified;

/// The most contacts of one card.
pub const CONTACTS_MAX: i64 = 3;
/// So many contacts may be added to a card in a day, removed ones included.
pub const ADDED_PER_DAY: i64 = 6;

/// Why nothing was changed about contacts.
#[derive(Debug, thiserror::Error)]
pub enum ContactChangeError {
    /// It is no address that codes can be sent to.
    #[error(transparent)]
    Address(#[from] ContactAddressError),
    /// The card has it already.
    #[error("this contact is there already")]
    Known,
    /// The card has as many as it may, or too many were added today.
    #[error(
        "a card has at most {CONTACTS_MAX} contacts, and at most {ADDED_PER_DAY} are added in a day\nhint: remove one, or come back tomorrow"
    )]
    TooMany,
    /// There is no such contact of this card, or it was verified before.
    #[error("there is no such contact")]
    Unknown,
    /// The code is not the one that was sent.
    #[error("the code is not right\nhint: type the six digits of the newest message")]
    Code,
    /// No code waits any more.
    #[error("the code is not good any more\nhint: have another one sent")]
    Gone,
    /// No code was sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// A contact cannot be sealed or opened, or the database failed.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ways that codes can take here.
pub fn ways(app: &App) -> Vec<ContactChannel> {
    ContactChannel::ALL.iter().copied().filter(|channel| app.reaches(*channel)).collect()
}

/// The card's contacts, verified or not.
///
/// # Errors
/// [`ContactError`].
pub async fn list(app: &App, own: &OwnCard) -> Result<Vec<ContactView>, ContactError> {
    contact::list(app, own.card.id).await
}

/// Adds a contact and sends it a code.
///
/// # Errors
/// [`ContactChangeError`]. When only the code could not be sent, the contact is there and waits for another one.
pub async fn add(
    app: &App,
    member: &Member,
    own: &OwnCard,
    channel: ContactChannel,
    typed: &str,
) -> Result<ContactId, ContactChangeError> {
    if !app.reaches(channel) {
        return Err(SendError::NoWay(channel).into());
    }
    let address = ContactAddress::parse(channel, typed)?;
    for row in app.store.contacts(own.card.id).await? {
        let known = crate::delivery::contact::open(app, &row).map_err(ContactError::from)?;
        if known == address {
            return Err(ContactChangeError::Known);
        }
    }
    let new = contact::seal(app, own.card.cardholder_id, own.card.id, &address).await?;
    let (id, entry) = (new.id, note(app, member, own, "member.contact.add"));
    if !app.store.add_contact(new, CONTACTS_MAX, ADDED_PER_DAY, app.now(), entry).await? {
        return Err(ContactChangeError::TooMany);
    }
    send_code(app, member, own, id).await?;
    Ok(id)
}

/// Sends a contact that is not verified another code.
///
/// # Errors
/// [`ContactChangeError`].
pub async fn send_code(app: &App, member: &Member, own: &OwnCard, id: ContactId) -> Result<(), ContactChangeError> {
    let unverified = find(app, own, id).await?.row.verified_at.is_none();
    if !unverified {
        return Err(ContactChangeError::Unknown);
    }
    let actor = member.actor();
    let sending = Sending { actor: &actor, bound_to: BoundTo::Contact(id), to: id, language: told_in(member) };
    Ok(sent_code::send(app, sending).await?)
}

/// Shows by the code that a contact is hers. Her other contacts are told.
///
/// # Errors
/// [`ContactChangeError`].
pub async fn verify(
    app: &App,
    member: &Member,
    own: &OwnCard,
    id: ContactId,
    code: &str,
) -> Result<(), ContactChangeError> {
    find(app, own, id).await?;
    match sent_code::check(app, &member.actor(), BoundTo::Contact(id), code).await? {
        CodeCheck::Right(_) => {}
        CodeCheck::Wrong => return Err(ContactChangeError::Code),
        CodeCheck::Gone => return Err(ContactChangeError::Gone),
    }
    let now = app.now();
    // Until the terms are accepted nothing is proved with the card: there is nothing to wait for.
    let is_first = own.card.state != EnrolmentState::Complete;
    let notices = member_notice::messages(app, own.card.id, MemberEvent::ContactAdded, told_in(member)).await?;
    let verified = Verified {
        id,
        usable_from: now.plus_seconds(if is_first { 0 } else { app.config.member.contact_cooling_seconds }),
        credential_id: CredentialId::new(now, app.randomness.as_ref()),
        notices,
    };
    let entry = note(app, member, own, "member.contact.verify");
    if app.store.verify_contact(verified, now, entry).await? { Ok(()) } else { Err(ContactChangeError::Unknown) }
}

/// Removes a contact; it is told, and so are the others.
///
/// # Errors
/// [`ContactChangeError`].
pub async fn remove(app: &App, member: &Member, own: &OwnCard, id: ContactId) -> Result<(), ContactChangeError> {
    let was_verified = find(app, own, id).await?.row.verified_at.is_some();
    let event = MemberEvent::ContactRemoved;
    let notices = if was_verified {
        member_notice::messages(app, own.card.id, event, told_in(member)).await?
    } else {
        Vec::new()
    };
    let entry = note(app, member, own, "member.contact.remove");
    if app.store.remove_contact(id, notices, app.now(), entry).await? {
        Ok(())
    } else {
        Err(ContactChangeError::Unknown)
    }
}

/// A contact of this card.
///
/// # Errors
/// [`ContactChangeError`].
pub async fn find(app: &App, own: &OwnCard, id: ContactId) -> Result<ContactView, ContactChangeError> {
    list(app, own).await?.into_iter().find(|contact| contact.id == id).ok_or(ContactChangeError::Unknown)
}
