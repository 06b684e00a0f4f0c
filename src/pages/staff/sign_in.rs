//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{self, Answer};
use super::console::Console;
use super::failure::Failure;
use super::form::{OpenForm, StaffForm};
use super::pieces::{Field, FieldKind, Notice, Tone};
use super::signed::refused;
use crate::domain::challenge::Language;
use crate::flow::staff::session;
use crate::flow::staff::sign_in::{self, SignInError, Statement};
use crate::pages::Pages;
use crate::pages::origin::Origin;
use crate::pages::return_path::{ReturnPath, STAFF};
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
}

/// What is typed.
#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
    language: Option<String>,
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Template)]
#[template(path = "staff_sign_in.html")]
struct SignInPage<'a> {
    console: Console<'a>,
    notice: Option<Notice>,
    fields: [Field; 3],
    next: String,
}

/// `GET /staff/sign-in`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    let next = STAFF.path(&address.next);
    let language = chosen(address.language.as_deref(), &visitor);
    let notice = match (address.over.as_str(), address.out.as_str()) {
        ("1", _) => Some((Tone::Bad, "staff-session-over")),
        (_, "1") => Some((Tone::Good, "staff-signed-out")),
        _ => None,
    };
    show(&pages, language, &next, notice, "")
}

/// `POST /staff/sign-in`
pub(super) async fn sign_in(
    State(pages): State<Arc<Pages>>,
    Origin(arrival): Origin,
    form: OpenForm<Fields>,
) -> Response {
    let OpenForm { visitor, fields } = form;
    let next = STAFF.path(&fields.next);
    let language = chosen(fields.language.as_deref(), &visitor);
    let name = fields.name.clone();
    let statement =
        Statement { name: fields.name, password: Zeroizing::new(fields.password), code: Zeroizing::new(fields.code) };
    match sign_in::sign_in(&pages.app, statement, &arrival).await {
        Ok(begun) => answer::COOKIE.begin(answer::go(next.as_str()), &begun.token),
        Err(SignInError::Refused) => show(&pages, language, &next, Some((Tone::Bad, "staff-sign-in-refused")), &name),
        Err(error) => refused(failure(&error), &pages, &visitor),
    }
}

/// `POST /staff/sign-out`
pub(super) async fn sign_out(form: StaffForm<Nothing>) -> Answer {
    let signed = form.signed;
    let ended = session::end(signed.app(), signed.who(), signed.who().session_id).await;
    ended.map_err(|error| signed.refuse(error))?;
    Ok(answer::COOKIE.end(answer::go("/staff/sign-in?out=1")))
}

pub(super) fn failure(error: &SignInError) -> Failure {
    match error {
        SignInError::Refused => Failure::Foreign,
        SignInError::Hasher(error) => Failure::of_hasher(error),
        SignInError::Store(error) => Failure::of_store(error),
        SignInError::Seal(error) => {
            tracing::error!(%error, "a secret of one-time passwords cannot be opened");
            Failure::Internal
        }
    }
}

pub(super) fn chosen(language: Option<&str>, visitor: &Visitor) -> Language {
    language.and_then(Language::parse).or(visitor.language()).unwrap_or(Language::Ja)
}

fn show(pages: &Pages, language: Language, next: &ReturnPath, notice: Option<(Tone, &str)>, name: &str) -> Response {
    let switch = format!("/staff/sign-in?next={}", next.encoded());
    let mut console = Console::outside(pages, language, "staff-sign-in", switch);
    console.error = notice.is_some_and(|(tone, _)| tone == Tone::Bad);
    let notice = notice.map(|(tone, key)| Notice { tone, text: console.text(key) });
    let name_field = Field::new("name", console.text("staff-name"), FieldKind::Text).autocomplete("username");
    let password = Field::new("password", console.text("staff-password"), FieldKind::Password);
    let code = Field::new("code", console.text("staff-code"), FieldKind::Text).autocomplete("one-time-code");
    let fields = [
        if name.is_empty() { name_field.first() } else { name_field.value(name) },
        password.autocomplete("current-password"),
        code.hint(console.text("staff-code-hint")),
    ];
    answer::page(&SignInPage { console, notice, fields, next: next.as_str().to_owned() })
}
