//! A member is told of what happened to her registration, wherever she can be reached: a change that is not hers must
//! not stay unseen.

use crate::app::App;
use crate::delivery;
use crate::domain::challenge::Language;
use crate::domain::id::{ContactId, EnrolmentId};
use crate::domain::member::ContactChannel;
use crate::domain::member_notice::{MemberEvent, MemberNotice};
use crate::domain::outbox::{OutboxKind, OutboxMessage};
use crate::flow::outbox;
use crate::store::StoreError;
use crate::store::contacts::SealedContact;

/// The messages that tell of an event, to be put in (`store::outbox::enqueue`) by the transaction that makes it happen: one
/// for each verified contact, and one for the e-mail address on the cardholder's record where it is another. Ask before a
/// contact is removed, so that it is told too.
///
/// # Errors
/// [`StoreError`].
pub async fn messages(
    app: &App,
    enrolment_id: EnrolmentId,
    event: MemberEvent,
    language: Language,
) -> Result<Vec<OutboxMessage>, StoreError> {
    let Some(cardholder_id) = app.store.cardholder_of_enrolment(enrolment_id).await? else { return Ok(Vec::new()) };
    let message = |kind, contact: Option<ContactId>| {
        let body = serde_json::json!(MemberNotice { event, language, contact }).to_string();
        outbox::message(app, kind, Some(cardholder_id), enrolment_id.to_string(), body)
    };
    let registered = delivery::registered_address(app, cardholder_id).await;
    let is_registered = |contact: &SealedContact| {
        let address = delivery::contact::open(app, contact).ok();
        registered.as_deref().is_some_and(|registered| address.is_some_and(|address| address.expose() == registered))
    };
    let contacts = app.store.contacts(enrolment_id).await?;
    let reached = contacts.iter().filter(|contact| contact.verified_at.is_some() && app.reaches(contact.channel));
    let mut messages: Vec<OutboxMessage> = reached
        .filter(|contact| !is_registered(contact))
        .map(|contact| match contact.channel {
            ContactChannel::Email => message(OutboxKind::MemberNoticeMail, Some(contact.id)),
            ContactChannel::Sms => message(OutboxKind::MemberNoticeSms, Some(contact.id)),
        })
        .collect();
    if registered.is_some() && app.reaches(ContactChannel::Email) {
        messages.push(message(OutboxKind::MemberNoticeMail, None));
    }
    Ok(messages)
}
