//! Notices to members about changes to their registration.

use super::{contact, hand_over_short, letter, mail, mail_to, short};
use crate::app::App;
use crate::domain::member::ContactChannel;
use crate::domain::member_notice::MemberNotice;
use crate::domain::outbox::{Attempt, OutboxMessage};

/// Tries once to tell a member what happened: at one of her contacts, or at the address on her record.
pub async fn send(app: &App, message: &OutboxMessage) -> Attempt {
    let Ok(notice) = serde_json::from_str::<MemberNotice>(&message.body) else {
        return Attempt::dead("body_unreadable");
    };
    let written = letter::of_notice(app, notice, message.created_at);
    let Some(id) = notice.contact else { return mail(app, message, written, notice.language).await };
    // A contact that was removed meanwhile is told all the same: of its removal above all.
    let contact = match app.store.contact(id).await {
        Ok(Some(contact)) => contact,
        Ok(None) => return Attempt::dead("contact_gone"),
        Err(error) => {
            tracing::warn!(%error, "a contact cannot be read");
            return Attempt::retry("database");
        }
    };
    let Ok(to) = contact::open(app, &contact) else { return Attempt::dead("record_sealed") };
    match to.channel() {
        ContactChannel::Email => mail_to(app, message, written, to.expose().to_owned(), notice.language).await,
        ContactChannel::Sms => hand_over_short(app, message, to.expose(), &short::of_notice(app, notice)).await,
    }
}
