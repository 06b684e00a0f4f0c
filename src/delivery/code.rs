//! A code on its way: derived at the moment in which it is sent, and never written down.

use super::{contact, hand_over_short, letter, mail_to, short};
use crate::app::App;
use crate::credential::sent_code::{self, BoundTo};
use crate::domain::authentication::Authentication;
use crate::domain::challenge::ChallengeState;
use crate::domain::clock::Micros;
use crate::domain::member::ContactChannel;
use crate::domain::money::Money;
use crate::domain::outbox::{Attempt, OutboxMessage};
use crate::domain::sent_code::{CodeMessage, CodeSubject};
use crate::store::StoreError;
use crate::store::sent_codes::StoredCode;
use crate::texts::foreign::plain;

/// So many characters of a merchant's name are written.
const MERCHANT_NAME_LENGTH: usize = 60;

/// What a code's text says besides the code.
pub(super) struct Purchase {
    /// The merchant's name.
    pub(super) merchant: String,
    /// What is to be paid.
    pub(super) money: Money,
}

/// Tries once to send the code that this message is to bring. One that was replaced, used or expired is not sent.
pub async fn send(app: &App, message: &OutboxMessage) -> Attempt {
    let Ok(body) = serde_json::from_str::<CodeMessage>(&message.body) else {
        return Attempt::dead("body_unreadable");
    };
    match prepare(app, message, body).await {
        Ok(Ready::Send(parts)) => deliver(app, message, *parts, body).await,
        Ok(Ready::Not(attempt)) => attempt,
        Err(error) => {
            tracing::warn!(%error, "a code cannot be read");
            Attempt::retry("database")
        }
    }
}

enum Ready {
    Send(Box<Parts>),
    Not(Attempt),
}

struct Parts {
    code: StoredCode,
    purchase: Option<(Authentication, Purchase)>,
}

async fn prepare(app: &App, message: &OutboxMessage, body: CodeMessage) -> Result<Ready, StoreError> {
    let stored = app.store.sent_code(body.subject).await?;
    let Some(code) = stored.filter(|code| code.outbox_id == Some(message.id)) else {
        return Ok(Ready::Not(Attempt::Done));
    };
    if code.expires_at <= app.now() {
        return Ok(Ready::Not(Attempt::dead("expired")));
    }
    let purchase = match body.subject {
        CodeSubject::Challenge(id) => {
            let found = app.store.challenge_by_id(id, app.config.environment, app.now()).await?;
            let Some(challenge) = found.filter(|challenge| challenge.state == ChallengeState::Open) else {
                return Ok(Ready::Not(Attempt::Done));
            };
            let merchant = plain(&challenge.merchant.name, MERCHANT_NAME_LENGTH);
            let money = challenge.authentication.money;
            Some((challenge.authentication, Purchase { merchant, money }))
        }
        CodeSubject::Contact(_) | CodeSubject::Reset(_) => None,
    };
    Ok(Ready::Send(Box::new(Parts { code, purchase })))
}

async fn deliver(app: &App, message: &OutboxMessage, parts: Parts, body: CodeMessage) -> Attempt {
    let bound_to = match (body.subject, &parts.purchase) {
        (CodeSubject::Challenge(id), Some((authentication, _))) => BoundTo::Challenge(id, authentication),
        (CodeSubject::Contact(id), _) => BoundTo::Contact(id),
        (CodeSubject::Reset(id), _) => BoundTo::Reset(id),
        (CodeSubject::Challenge(_), None) => return Attempt::Done,
    };
    let Some(code) = sent_code::code(&app.keys, bound_to, &parts.code.nonce, &parts.code.digest) else {
        tracing::error!(id = %message.id, "a code cannot be derived: its key is gone");
        return Attempt::dead("key_gone");
    };
    let contact = match app.store.contact(parts.code.contact_id).await {
        Ok(Some(contact)) if contact.removed_at.is_none() => contact,
        Ok(_) => return Attempt::dead("contact_gone"),
        Err(error) => {
            tracing::warn!(%error, "a contact cannot be read");
            return Attempt::retry("database");
        }
    };
    let Ok(to) = contact::open(app, &contact) else { return Attempt::dead("record_sealed") };
    let purchase = parts.purchase.as_ref().map(|(_, purchase)| purchase);
    match to.channel() {
        ContactChannel::Email => {
            let minutes = (parts.code.expires_at.0 - message.created_at.0) / (60 * Micros::SECOND);
            let written = letter::of_code(app, body, &code, minutes, purchase);
            mail_to(app, message, written, to.expose().to_owned(), body.language).await
        }
        ContactChannel::Sms => {
            let text = short::of_code(app, body, &code, purchase);
            hand_over_short(app, message, to.expose(), &text).await
        }
    }
}
