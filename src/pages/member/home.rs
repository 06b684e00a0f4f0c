//! The member's home: her registered cards, and what waits for her.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::answer::Answer;
use super::frame::MemberFrame;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::domain::card::CardStatus;
use crate::domain::challenge::Language;
use crate::flow::member;
use crate::pages::pieces::act_form::Ways;
use crate::pages::pieces::{Cell, Facts, Notice, Tone};
use crate::policy::reference::Programme;
use crate::store::member::OwnEnrolment;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    linked: String,
    #[serde(default)]
    unlinked: String,
}

/// One card.
#[derive(Template)]
#[template(path = "member_card_entry.html")]
struct CardEntry<'a> {
    id: String,
    title: String,
    state: Option<(String, Tone)>,
    facts: Facts,
    reminders: Vec<Notice>,
    manage: String,
    about: String,
    /// Shows it apart from the others; nothing where it is alone.
    unlink: Option<(&'a str, String)>,
}

/// `GET /my`
pub(super) async fn open(signed: Signed, Query(address): Query<Address>) -> Answer {
    let cards = member::own_enrolments(signed.app(), signed.member()).await.map_err(|error| signed.refuse(error))?;
    let frame = signed.frame("member-home");
    let token = frame.token_field();
    let entries: Vec<CardEntry<'_>> =
        cards.iter().map(|card| entry(&signed, &frame, card, (cards.len() > 1).then_some(token.as_str()))).collect();
    let ways = Ways {
        ways: vec![
            ("/my/register".to_owned(), frame.text("member-register")),
            ("/my/link".to_owned(), frame.text("member-link")),
        ],
    };
    let said = match (address.linked.as_str(), address.unlinked.as_str()) {
        ("1", _) => Some((Tone::Good, "member-linked")),
        (_, "1") => Some((Tone::Good, "member-unlinked")),
        _ => None,
    };
    let sheet = Sheet::new(frame).maybe_notice(said);
    Ok(signed.page(&entries.iter().fold(sheet, Sheet::add).add(&ways)))
}

fn entry<'a>(signed: &Signed, frame: &MemberFrame<'_>, card: &OwnEnrolment, token: Option<&'a str>) -> CardEntry<'a> {
    let programme = signed.app().bundle.load().bundle.reference().programme(&card.programme).cloned();
    let name = programme.as_ref().map_or(card.programme.as_str(), |programme| match frame.wording.language() {
        Language::Ja => &programme.name_ja,
        Language::En => &programme.name_en,
    });
    let title = format!("{name} •••• {}", card.last_four);
    let rows = [
        ("member-id", Cell::Text(card.member_id.clone())),
        ("member-card-expiry", Cell::Figure(expiry(card))),
        ("member-card-since", Cell::Figure(frame.moment(card.created_at))),
    ];
    CardEntry {
        id: card.id.to_string(),
        state: state(frame, card),
        facts: Facts { rows: rows.into_iter().map(|(key, cell)| (frame.text(key), cell)).collect() },
        reminders: reminders(frame, card, programme.as_ref()),
        manage: frame.text("member-card-manage"),
        about: title.clone(),
        unlink: token.map(|token| (token, frame.text("member-unlink"))),
        title,
    }
}

/// As it stands on the card.
fn expiry(card: &OwnEnrolment) -> String {
    let text = card.expiry.to_string();
    text.split_once('-').map_or(text.clone(), |(year, month)| format!("{month}/{}", year.get(2..).unwrap_or(year)))
}

fn state(frame: &MemberFrame<'_>, card: &OwnEnrolment) -> Option<(String, Tone)> {
    if card.blocked_at.is_some() {
        return Some((frame.text("member-card-blocked"), Tone::Bad));
    }
    (card.status != CardStatus::Active)
        .then(|| (frame.text(&format!("member-card-{}", card.status.as_str())), Tone::Bad))
}

fn reminders(frame: &MemberFrame<'_>, card: &OwnEnrolment, programme: Option<&Programme>) -> Vec<Notice> {
    let cannot = programme.is_some_and(|programme| !programme.authentication_eligible);
    let keys = [
        (cannot, "member-card-cannot-authenticate"),
        (card.personal_message_provisional && card.status == CardStatus::Active, "member-card-provisional"),
    ];
    let shown = keys.into_iter().filter(|(is_so, _)| *is_so);
    shown.map(|(_, key)| Notice { tone: Tone::Plain, text: frame.text(key) }).collect()
}
