//! Codes that are sent to a contact: to answer a challenge, to show that the contact is hers, or to choose another
//! password.
//!
//! ```text
//! send(app, Sending { actor, bound_to, to, language })   each call replaces the last code
//! check(app, actor, bound_to, typed)                     Right once; the code is gone then
//! ```
//!
//! A code lives for five minutes. Four codes follow one another for one thing, then none for a day after the last one; a
//! contact gets twenty in a day, whatever for. Ten checks are counted, over all codes that follow one another.

use std::fmt;

use crate::app::App;
use crate::credential::sent_code::{self, BoundTo};
use crate::domain::challenge::Language;
use crate::domain::clock::Micros;
use crate::domain::id::ContactId;
use crate::domain::member::ContactChannel;
use crate::domain::outbox::{OutboxKind, OutboxState};
use crate::domain::sent_code::{CodeMessage, CodeSubject};
use crate::flow::outbox;
use crate::flow::register::note;
use crate::store::contacts::SealedContact;
use crate::store::sent_codes::{self, NewCode, StoredCode};
use crate::store::{StoreError, audit};

/// For how long a code is good, in seconds.
pub const LIFETIME_SECONDS: i64 = 300;
/// So many codes follow one another for one thing: the first, and three more on request.
pub const SENDS: i64 = 4;
/// So many codes go to one contact in a day.
pub const SENDS_PER_CONTACT: i64 = 20;
/// So many checks are counted over the codes that follow one another.
pub const CHECKS: i64 = 10;

/// A code that is to be sent.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// Who asks, as the audit log names her.
    pub actor: &'a str,
    /// What the code is bound to.
    pub bound_to: BoundTo<'a>,
    /// Where it goes. Whether it may go there (hers, verified, past its waiting time) is for the caller to know.
    pub to: ContactId,
    /// The language of the text.
    pub language: Language,
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sending({} to {})", self.bound_to.subject().name(), self.to)
    }
}

/// Why no code is sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Too many were sent for the same thing, or to the same contact.
    #[error("too many codes were sent\nhint: try again tomorrow, or another way")]
    TooMany,
    /// There is no such contact, or it was removed.
    #[error("the contact is gone\nhint: choose another one")]
    NoContact,
    /// Nothing can be sent by this way here.
    #[error("no messages can be sent by {}\nhint: choose another way", .0.as_str())]
    NoWay(ContactChannel),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::GivenUp => Self::TooMany,
            error => Self::Store(error),
        }
    }
}

/// What came of checking a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// It was the code that was sent to this contact. It is used up.
    Right(ContactId),
    /// It was not the code.
    Wrong,
    /// Nothing was compared: no code was sent, its time is over, it was used, or too many checks were made. Only another
    /// code helps, as long as one may be sent.
    Gone,
}

/// Where the last code for something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it went.
    pub contact_id: ContactId,
    /// Whether it arrived.
    pub delivery: Delivery,
    /// Until when it is good.
    pub expires_at: Micros,
    /// How many more may be sent.
    pub sends_left: i64,
}

/// Whether a code arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is being sent.
    OnItsWay,
    /// The relay or the gateway has it.
    HandedOver,
    /// It was given up.
    Failed,
}

/// Sends a code, in the place of the last one for the same thing. When this returns the message is durable, and the courier
/// has been told.
///
/// # Errors
/// [`SendError`]; then nothing is sent, and the last code stays.
pub async fn send(app: &App, sending: Sending<'_>) -> Result<(), SendError> {
    let contact = app.store.contact(sending.to).await?.filter(|contact| contact.removed_at.is_none());
    let code = new_code(app, sending, &contact.ok_or(SendError::NoContact)?)?;
    let entry = note(app, sending.actor, "code.send", code.subject.name());
    app.store
        .write(move |transaction| {
            Box::pin(async move {
                sent_codes::replace(transaction, &code).await?;
                audit::append(transaction, &entry).await
            })
        })
        .await?;
    app.bell.notify_one();
    Ok(())
}

/// A fresh code for this contact with its message.
pub(super) fn new_code(app: &App, sending: Sending<'_>, contact: &SealedContact) -> Result<NewCode, SendError> {
    if !app.reaches(contact.channel) {
        return Err(SendError::NoWay(contact.channel));
    }
    let kind = match contact.channel {
        ContactChannel::Email => OutboxKind::CodeMail,
        ContactChannel::Sms => OutboxKind::CodeSms,
    };
    let subject = sending.bound_to.subject();
    let body = serde_json::json!(CodeMessage { subject, language: sending.language }).to_string();
    let nonce = app.randomness.bytes::<32>();
    let now = app.now();
    Ok(NewCode {
        subject,
        contact_id: contact.id,
        digest: sent_code::digest(&app.keys, sending.bound_to, &nonce),
        nonce,
        message: outbox::message(app, kind, Some(contact.cardholder_id), subject.name(), body),
        expires_at: now.plus_seconds(LIFETIME_SECONDS),
        now,
        limit: SENDS,
        contact_limit: SENDS_PER_CONTACT,
    })
}

/// Checks a code as it was typed, with spaces or in full-width digits: counted first, durably, then compared in constant
/// time. Of two who bring the right code at once one gets [`CodeCheck::Right`].
///
/// # Errors
/// [`StoreError`].
pub async fn check(app: &App, actor: &str, bound_to: BoundTo<'_>, typed: &str) -> Result<CodeCheck, StoreError> {
    let subject = bound_to.subject();
    let entry = note(app, actor, "code.check", subject.name());
    let Some(code) = app.store.count_code_check(subject, CHECKS, app.now(), entry).await? else {
        return Ok(CodeCheck::Gone);
    };
    if !sent_code::matches(&app.keys, bound_to, typed, &code.digest) {
        return Ok(CodeCheck::Wrong);
    }
    let (now, entry) = (app.now(), note(app, actor, "code.use", subject.name()));
    let used = app.store.write(move |transaction| {
        Box::pin(async move {
            let ours = sent_codes::use_up(transaction, subject, &code.digest, now).await?;
            if ours {
                audit::append(transaction, &entry).await?;
            }
            Ok(ours)
        })
    });
    Ok(if used.await? { CodeCheck::Right(code.contact_id) } else { CodeCheck::Gone })
}

/// Where the last code for something stands; none when none was sent, or it was used.
///
/// # Errors
/// [`StoreError`].
pub async fn standing(app: &App, subject: CodeSubject) -> Result<Option<Standing>, StoreError> {
    Ok(app.store.sent_code(subject).await?.map(|code| standing_of(&code)))
}

/// The same of a code that was read.
pub(super) fn standing_of(code: &StoredCode) -> Standing {
    let delivery = match code.message_state {
        Some(OutboxState::Waiting | OutboxState::Sending) => Delivery::OnItsWay,
        Some(OutboxState::Dead) => Delivery::Failed,
        Some(OutboxState::Done) | None => Delivery::HandedOver,
    };
    Standing {
        contact_id: code.contact_id,
        delivery,
        expires_at: code.expires_at,
        sends_left: (SENDS - code.serial).max(0),
    }
}
