//! One of a member's cards: how it stands, and the ways to what can be changed.

pub(super) mod contact_code;
pub(super) mod contacts;
pub(super) mod message;
pub(super) mod one_time;
pub(super) mod passkeys;
pub(super) mod password;
pub(super) mod purchases;

use axum::extract::{Path, Query};
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::failure::Failure;
use super::frame::MemberFrame;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::card::CardStatus;
use crate::domain::clock::Micros;
use crate::domain::facts::Method;
use crate::domain::id::EnrolmentId;
use crate::flow::member_card::{self, CardError, OwnCard};
use crate::pages::pieces::act_form::Ways;
use crate::pages::pieces::{Cell, Facts, Tone};

/// What a page says after a change.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    done: String,
}

impl After {
    /// The notice for one of these words, each with the key of its text.
    fn notice(&self, known: &[(&str, &'static str)]) -> Option<(Tone, &'static str)> {
        known.iter().find(|(word, _)| *word == self.done).map(|(_, key)| (Tone::Good, *key))
    }
}

/// `GET /my/cards/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>, Query(after): Query<After>) -> Answer {
    let own = find(&signed, &id).await?;
    let facts = facts(&signed, &own).await?;
    let frame = titled(&signed, &own, "my-card");
    let reminder = own.card.personal_message_provisional.then_some((Tone::Plain, "my-message-reminder"));
    let blocked = own.card.blocked_at.map(|_| (Tone::Bad, "my-card-blocked-lead"));
    let done = after.notice(&[
        ("message", "my-message-done"),
        ("password", "my-password-done"),
        ("one-time", "my-one-time-removed"),
    ]);
    let mut ways = ways(&frame, &own);
    if !member_card::passkeys::are_offered(signed.app()) {
        ways.retain(|(path, _)| !path.ends_with("/passkeys"));
    }
    let ways = Ways { ways };
    Ok(signed.page(&Sheet::new(frame).maybe_notice(done.or(blocked).or(reminder)).add(&facts).add(&ways)))
}

/// The card with the enrolment of this id, if it is hers.
pub(super) async fn find(signed: &Signed, id: &str) -> Result<OwnCard, Refusal> {
    let id: EnrolmentId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let found = member_card::find(signed.app(), signed.member(), id).await;
    found.map_err(|error| match error {
        CardError::NotHers => signed.refuse(Failure::NotFound),
        CardError::Seal(error) => signed.refuse(Failure::of_fault(&error)),
        CardError::Store(error) => signed.refuse(error),
    })
}

/// The frame of a page about a card: its title names the card.
pub(super) fn titled<'a>(signed: &'a Signed, own: &OwnCard, key: &str) -> MemberFrame<'a> {
    let mut frame = signed.frame(key);
    frame.title = format!("{} •••• {}", frame.title, own.card.last_four);
    frame
}

/// The path of one of a card's pages.
pub(super) fn path_of(own: &OwnCard, end: &str) -> String {
    format!("/my/cards/{}{end}", own.card.id)
}

async fn facts(signed: &Signed, own: &OwnCard) -> Result<Facts, Refusal> {
    let frame = signed.frame("my-card");
    let message = member_card::message::read(own).map_err(|error| signed.refuse(Failure::of_fault(&error)))?;
    let contacts = member_card::contacts::list(signed.app(), own).await;
    let contacts = contacts.map_err(|error| signed.refuse(Failure::of_fault(&error)))?;
    let passkeys = member_card::passkeys::list(signed.app(), own).await.map_err(|error| signed.refuse(error))?;
    let count = |key: &str, count: usize| frame.wording.with(key, "count", i64::try_from(count).unwrap_or(i64::MAX));
    let one_time = match own.credential(Method::Totp) {
        Some(credential) => Cell::State(since(&frame, "my-one-time-since", credential.changed_at), Tone::Good),
        None => Cell::Text(frame.text("my-one-time-none")),
    };
    let mut rows = vec![
        ("my-card-state", state(&frame, own)),
        ("my-message", Cell::Text(crate::pages::personal_message::shown(&message))),
        ("my-password", Cell::Text(password_age(signed, &frame, own))),
        ("my-one-time", one_time),
        ("my-contacts", Cell::Text(count("my-contacts-count", contacts.len()))),
    ];
    if member_card::passkeys::are_offered(signed.app()) {
        rows.push(("my-passkeys", Cell::Text(count("my-passkeys-count", passkeys.len()))));
    }
    Ok(Facts { rows: rows.into_iter().map(|(key, cell)| (frame.text(key), cell)).collect() })
}

fn state(frame: &MemberFrame<'_>, own: &OwnCard) -> Cell {
    match (own.card.status, own.card.blocked_at) {
        (CardStatus::Active, Some(at)) => Cell::State(since(frame, "my-card-blocked", at), Tone::Bad),
        (CardStatus::Active, None) => Cell::State(frame.text("my-card-active"), Tone::Good),
        (status, _) => Cell::State(frame.text(&format!("my-card-{}", status.as_str())), Tone::Bad),
    }
}

fn since(frame: &MemberFrame<'_>, key: &str, at: Micros) -> String {
    frame.wording.with(key, "at", frame.moment(at))
}

/// Since when the password is what it is, and how many days that is.
pub(super) fn password_age(signed: &Signed, frame: &MemberFrame<'_>, own: &OwnCard) -> String {
    let Some(at) = member_card::password::changed_at(own) else { return frame.text("my-password-none") };
    let days = (signed.app().now().0 - at.0).max(0) / Micros::DAY;
    format!("{} {}", since(frame, "my-password-since", at), frame.wording.with("my-password-days", "days", days))
}

fn ways(frame: &MemberFrame<'_>, own: &OwnCard) -> Vec<(String, String)> {
    let ways = [
        ("/message", "my-message-title"),
        ("/password", "my-password-title"),
        ("/one-time", "my-one-time-title"),
        ("/contacts", "my-contacts-title"),
        ("/passkeys", "my-passkeys-title"),
        ("/purchases", "my-purchases-title"),
    ];
    ways.into_iter().map(|(end, key)| (path_of(own, end), frame.text(key))).collect()
}
