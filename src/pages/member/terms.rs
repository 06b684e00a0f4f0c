//! The terms, accepted for the card that a member signed in with.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::answer::Answer;
use super::first_contact;
use super::form::ArrivingForm;
use super::frame::MemberFrame;
use super::signed::{Arriving, Signed};
use crate::flow::member::terms;
use crate::notices::{Block, Document};
use crate::pages::pieces::{Field, FieldKind, Notice, Tone};
use crate::pages::return_path::MEMBER;
use crate::texts::moment;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    next: String,
}

/// What is sent.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    version: String,
    #[serde(default)]
    accepted: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "member_terms.html")]
struct TermsPage<'a> {
    notice: Option<Notice>,
    lead: String,
    text: &'a Document,
    version: String,
    shown_version: String,
    field: Field,
    next: String,
    /// Whether she may go on without accepting: what she accepted before still holds.
    later: bool,
    frame: MemberFrame<'a>,
}

/// `GET /my/terms`
pub(super) async fn open(Arriving(signed): Arriving, Query(address): Query<Address>) -> Answer {
    if first_contact::is_due(&signed).await.map_err(|failure| signed.refuse(failure))? {
        return Ok(signed.go("/my/first-contact"));
    }
    Ok(show(&signed, MEMBER.path(&address.next).as_str(), None))
}

/// `POST /my/terms`
pub(super) async fn accept(form: ArrivingForm<Fields>) -> Answer {
    let ArrivingForm { signed, fields } = form;
    if first_contact::is_due(&signed).await.map_err(|failure| signed.refuse(failure))? {
        return Ok(signed.go("/my/first-contact"));
    }
    let next = MEMBER.path(&fields.next);
    if fields.accepted != "yes" {
        return Ok(show(&signed, next.as_str(), Some("member-terms-unaccepted")));
    }
    let accepted = terms::accept(signed.app(), signed.member(), &fields.version).await;
    if accepted.map_err(|error| signed.refuse(error))? {
        return Ok(signed.go(next.as_str()));
    }
    Ok(show(&signed, next.as_str(), Some("member-terms-changed")))
}

fn show(signed: &Signed, next: &str, wrong: Option<&str>) -> Response {
    let mut frame = signed.frame("member-terms");
    frame.error = wrong.is_some();
    let current = signed.app().terms.current(signed.app().now());
    let later = signed.session.is_complete;
    let from = moment::day(current.valid_from, frame.wording);
    let field = Field::new("accepted", frame.text("member-terms-accept"), FieldKind::Check);
    let page = TermsPage {
        notice: wrong.map(|key| Notice { tone: Tone::Bad, text: frame.text(key) }),
        lead: frame.text(if later { "member-terms-new-lead" } else { "member-terms-lead" }),
        text: current.text(frame.wording.language()),
        version: current.version.clone(),
        shown_version: [
            frame.wording.with("member-terms-version", "version", current.version.as_str()),
            frame.wording.with("member-terms-from", "day", from),
        ]
        .concat(),
        field,
        next: next.to_owned(),
        later,
        frame,
    };
    signed.page(&page)
}
