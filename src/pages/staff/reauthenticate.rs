//! Another one-time password, for sensitive acts.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::answer::{self, Answer};
use super::console::Console;
use super::form::StaffForm;
use super::pieces::{Field, FieldKind, Notice, Tone};
use super::sign_in::failure;
use super::signed::Signed;
use crate::flow::staff::sign_in::{self, SignInError};
use crate::pages::return_path::{ReturnPath, STAFF};

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    next: String,
}

/// What is typed.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "staff_reauthenticate.html")]
struct ReauthenticatePage<'a> {
    console: Console<'a>,
    notice: Option<Notice>,
    field: Field,
    next: String,
}

/// `GET /staff/reauthenticate`
pub(super) async fn open(signed: Signed, Query(address): Query<Address>) -> Answer {
    let next = STAFF.path(&address.next);
    Ok(show(&signed, &next, false))
}

/// `POST /staff/reauthenticate`
pub(super) async fn answer(form: StaffForm<Fields>) -> Answer {
    let StaffForm { signed, fields } = form;
    let next = STAFF.path(&fields.next);
    match sign_in::reauthenticate(signed.app(), signed.who(), &fields.code).await {
        Ok(begun) => Ok(answer::COOKIE.begin(answer::go(next.as_str()), &begun.token)),
        Err(SignInError::Refused) => Ok(show(&signed, &next, true)),
        Err(error) => Err(signed.refuse(failure(&error))),
    }
}

fn show(signed: &Signed, next: &ReturnPath, refused: bool) -> axum::response::Response {
    let mut console = signed.console("staff-reauthenticate-title");
    console.error = refused;
    let text = console.text("staff-reauthenticate-refused");
    let notice = refused.then_some(Notice { tone: Tone::Bad, text });
    let field = Field::new("code", console.text("staff-one-time-password"), FieldKind::Digits);
    let field = field.autocomplete("one-time-code").first();
    signed.page(&ReauthenticatePage { console, notice, field, next: next.as_str().to_owned() })
}
