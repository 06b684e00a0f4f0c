//! Signing in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{self, COOKIE};
use super::failure::Failure;
use super::form::OpenForm;
use super::frame::MemberFrame;
use super::signed::refused;
use crate::credential::token::Token;
use crate::domain::challenge::Language;
use crate::flow::member::sign_in::{self, MemberSignInError, MemberStatement};
use crate::flow::member::terms;
use crate::pages::Pages;
use crate::pages::origin::Origin;
use crate::pages::pieces::{Field, FieldKind, Notice, Tone};
use crate::pages::return_path::{MEMBER, ReturnPath};
use crate::pages::visitor::Visitor;

/// What the address may carry.
#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    next: String,
    language: Option<String>,
    #[serde(default)]
    over: String,
    #[serde(default)]
    out: String,
    #[serde(default)]
    registered: String,
    #[serde(default)]
    reset: String,
}

/// What is typed.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    member_id: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
    language: Option<String>,
}

#[derive(Template)]
#[template(path = "member_sign_in.html")]
struct SignInPage<'a> {
    frame: MemberFrame<'a>,
    notice: Option<Notice>,
    fields: [Field; 3],
    next: String,
}

/// `GET /my/sign-in`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    let next = MEMBER.path(&address.next);
    let notices = [
        (&address.registered, "yes", Tone::Good, "member-registered"),
        (&address.registered, "only", Tone::Good, "member-registered-only"),
        (&address.reset, "1", Tone::Good, "member-reset-done"),
        (&address.out, "1", Tone::Good, "member-signed-out"),
        (&address.over, "1", Tone::Bad, "member-session-over"),
    ];
    let notice = notices.into_iter().find(|(given, mark, ..)| given == mark).map(|(.., tone, key)| (tone, key));
    show(&pages, chosen(address.language.as_deref(), &visitor), &next, notice, "")
}

/// `POST /my/sign-in`
pub(super) async fn sign_in(
    State(pages): State<Arc<Pages>>,
    Origin(arrival): Origin,
    form: OpenForm<Fields>,
) -> Response {
    let OpenForm { visitor, fields } = form;
    let next = MEMBER.path(&fields.next);
    let language = chosen(fields.language.as_deref(), &visitor);
    let member_id = fields.member_id.clone();
    let statement = MemberStatement {
        member_id: fields.member_id,
        password: Zeroizing::new(fields.password),
        code: Zeroizing::new(fields.code),
        language: fields.language.as_deref().and_then(Language::parse),
        before: visitor.cookie(COOKIE.0).and_then(Token::parse),
    };
    match sign_in::sign_in(&pages.app, statement, &arrival).await {
        Ok(begun) => {
            let asked = terms::are_due(&pages.app, &begun.enrolment);
            let terms = format!("/my/terms?next={}", next.encoded());
            COOKIE.begin(answer::go(if asked { &terms } else { next.as_str() }), &begun.token)
        }
        Err(MemberSignInError::Refused) => {
            show(&pages, language, &next, Some((Tone::Bad, "member-sign-in-refused")), &member_id)
        }
        Err(error) => refused(Failure::from(error), &pages, &visitor),
    }
}

/// The language that the address or form names, else the browser's, else Japanese.
pub(super) fn chosen(language: Option<&str>, visitor: &Visitor) -> Language {
    language.and_then(Language::parse).or(visitor.language()).unwrap_or(Language::Ja)
}

fn show(
    pages: &Pages,
    language: Language,
    next: &ReturnPath,
    notice: Option<(Tone, &str)>,
    member_id: &str,
) -> Response {
    let switch = format!("/my/sign-in?next={}", next.encoded());
    let mut frame = MemberFrame::outside(pages, language, "member-sign-in", switch);
    frame.error = notice.is_some_and(|(tone, _)| tone == Tone::Bad);
    let notice = notice.map(|(tone, key)| Notice { tone, text: frame.text(key) });
    let id = Field::new("member_id", frame.text("member-id"), FieldKind::Text).autocomplete("username");
    let password = Field::new("password", frame.text("member-password"), FieldKind::Password);
    let code = Field::new("code", frame.text("member-code"), FieldKind::Text).autocomplete("one-time-code");
    let fields = [
        if member_id.is_empty() { id.first() } else { id.value(member_id) },
        password.autocomplete("current-password"),
        code.hint(frame.text("member-code-hint")).optional(),
    ];
    answer::page(&SignInPage { frame, notice, fields, next: next.as_str().to_owned() })
}
