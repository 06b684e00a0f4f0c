//! The password again, for sensitive acts.

use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;

use super::answer::{self, Answer, COOKIE};
use super::form::MemberForm;
use super::sheet::Sheet;
use super::signed::Signed;
use crate::flow::member::sign_in::{self, MemberSignInError};
use crate::pages::origin::Origin;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind, Tone};
use crate::pages::return_path::{MEMBER, ReturnPath};

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
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// `GET /my/prove`
pub(super) async fn open(signed: Signed, Query(address): Query<Address>) -> Answer {
    Ok(show(&signed, &MEMBER.path(&address.next), false))
}

/// `POST /my/prove`
pub(super) async fn answer(Origin(arrival): Origin, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let next = MEMBER.path(&fields.next);
    let member = signed.member();
    match sign_in::prove_again(signed.app(), member, &fields.password, &fields.code, &arrival).await {
        Ok(begun) => Ok(COOKIE.begin(answer::go(next.as_str()), &begun.token)),
        Err(MemberSignInError::Refused) => Ok(show(&signed, &next, true)),
        Err(error) => Err(signed.refuse(error)),
    }
}

fn show(signed: &Signed, next: &ReturnPath, refused: bool) -> Response {
    let frame = signed.frame("member-prove");
    let password = Field::new("password", frame.text("member-password"), FieldKind::Password);
    let code = Field::new("code", frame.text("member-code"), FieldKind::Text).autocomplete("one-time-code");
    let form = ActForm::new(&frame, "/my/prove", "member-confirm")
        .hidden("next", next.as_str())
        .field(password.autocomplete("current-password").first())
        .field(code.hint(frame.text("member-code-hint")).optional());
    let notice = refused.then_some((Tone::Bad, "member-prove-refused"));
    signed.page(&Sheet::new(frame).lead("member-prove-lead").maybe_notice(notice).add(&form))
}
