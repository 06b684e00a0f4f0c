//! Letters and short messages to cardholders: what they say, to which address they go, and what comes of handing one to
//! the relay or the gateway. And the way of messages to merchants: see [`webhook`].
//!
//! The address is opened from the person's sealed record at each try and forgotten after it. Nothing here decides who
//! gets a letter, and nothing here opens a connection.

pub mod code;
pub mod contact;
mod letter;
pub mod notice;
pub mod receipt;
mod short;
pub mod webhook;
mod words;

use crate::app::App;
use crate::domain::cardholder::deliverable_email;
use crate::domain::challenge::Language;
use crate::domain::id::CardholderId;
use crate::domain::outbox::{Attempt, OutboxMessage};
use crate::domain::receipt::{PendingNotice, Receipt};
use crate::keys::{SealError, WrappedKey};
use crate::outbound::mail::{Letter, MailFault, Mailer};
use crate::outbound::sms::{ShortMessage, SmsFault};
use crate::store::StoreError;

use self::letter::Written;

/// Sends the receipt of an objection to the cardholder's registered e-mail address.
pub async fn mail_receipt(app: &App, message: &OutboxMessage) -> Attempt {
    match serde_json::from_str::<Receipt>(&message.body) {
        Ok(receipt) => mail(app, message, letter::of_receipt(app, &receipt), receipt.language).await,
        Err(_) => Attempt::dead("body_unreadable"),
    }
}

/// Tells the cardholder at her registered e-mail address that somebody objected in her name.
pub async fn mail_pending_notice(app: &App, message: &OutboxMessage) -> Attempt {
    match serde_json::from_str::<PendingNotice>(&message.body) {
        Ok(notice) => mail(app, message, letter::of_pending(app, &notice), notice.language).await,
        Err(_) => Attempt::dead("body_unreadable"),
    }
}

async fn mail(app: &App, message: &OutboxMessage, written: Written, language: Language) -> Attempt {
    if app.mailer.is_none() {
        return Attempt::dead("no_relay");
    }
    let Some(cardholder_id) = message.cardholder_id else { return Attempt::dead("no_cardholder") };
    match address(app, cardholder_id).await {
        Ok(to) => mail_to(app, message, written, to, language).await,
        Err(attempt) => attempt,
    }
}

async fn mail_to(app: &App, message: &OutboxMessage, written: Written, to: String, language: Language) -> Attempt {
    let Some(mailer) = &app.mailer else { return Attempt::dead("no_relay") };
    let letter = Letter {
        to,
        sender: words::issuer_name(app, language).to_owned(),
        subject: written.subject,
        language: language.as_str(),
        text: written.text,
        id: message.id.to_string(),
        written_at: message.created_at,
    };
    hand_over(mailer, &letter).await
}

async fn hand_over(mailer: &Mailer, letter: &Letter) -> Attempt {
    match mailer.send(letter).await {
        Ok(()) => Attempt::Done,
        Err(fault) if fault.is_final() => Attempt::dead(fault.to_string()),
        Err(fault @ MailFault::NotTrusted) => {
            tracing::error!("the mail relay's certificate is not trusted; nothing was sent");
            Attempt::retry(fault.to_string())
        }
        Err(fault) => Attempt::retry(fault.to_string()),
    }
}

async fn hand_over_short(app: &App, message: &OutboxMessage, to: &str, text: &str) -> Attempt {
    let Some(gateway) = &app.sms else { return Attempt::dead("no_gateway") };
    let id = message.id.to_string();
    match gateway.send(&ShortMessage { id: &id, to, text }).await {
        Ok(()) => Attempt::Done,
        Err(fault @ SmsFault::Refused(_)) => Attempt::dead(fault.to_string()),
        Err(fault @ SmsFault::Deferred { after, .. }) => Attempt::Retry { after, reason: fault.to_string() },
        Err(fault @ SmsFault::Forbidden) => {
            tracing::error!(
                "the SMS gateway is at an address that `sms.destinations` does not allow; nothing was sent"
            );
            Attempt::retry(fault.to_string())
        }
        Err(fault) => Attempt::retry(fault.to_string()),
    }
}

/// The person's registered address; none when her record has none to which a letter can go.
pub async fn registered_address(app: &App, id: CardholderId) -> Option<String> {
    address(app, id).await.ok()
}

/// The person's address as it stands in her record now, or why there is none.
async fn address(app: &App, id: CardholderId) -> Result<String, Attempt> {
    let busy = |error: StoreError| {
        tracing::warn!(%error, "a cardholder's record cannot be read");
        Attempt::retry("database")
    };
    let record = app.store.cardholder_email(id).await.map_err(busy)?;
    let (key_id, bytes, sealed) = record.ok_or_else(|| Attempt::dead("no_cardholder"))?;
    let sealed = sealed.ok_or_else(|| Attempt::dead("no_address"))?;
    let open = || -> Result<String, SealError> {
        let key = app.keys.unwrap_person_key(id, &WrappedKey { key_id, bytes })?;
        let plain = key.open("cardholders", "email", id.uuid(), &sealed)?;
        Ok(String::from_utf8_lossy(&plain).into_owned())
    };
    let recorded = open().map_err(|error| {
        tracing::error!(%error, cardholder = %id, "a cardholder's record does not open");
        Attempt::dead("record_sealed")
    })?;
    deliverable_email(&recorded).ok_or_else(|| Attempt::dead("address_invalid"))
}
