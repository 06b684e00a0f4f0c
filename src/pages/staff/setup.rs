//! The first sign-in: setup code and password, then the secret of one-time passwords as a picture, then recovery codes.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::answer;
use super::console::Console;
use super::failure::Failure;
use super::form::OpenForm;
use super::pieces::{Field, FieldKind, Notice, Tone};
use super::sign_in::chosen;
use super::signed::refused;
use crate::credential::password::PasswordError;
use crate::domain::challenge::Language;
use crate::flow::staff::setup::{self, SetUp, SetupError, Shown};
use crate::pages::Pages;
use crate::pages::origin::Origin;
use crate::pages::pieces::secret::Secret;
use crate::pages::visitor::Visitor;

/// What the address may carry. A setup code is no part of it: addresses are kept in histories and logs.
#[derive(Deserialize)]
pub(super) struct Address {
    language: Option<String>,
}

/// What is typed first.
#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    setup_code: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    language: Option<String>,
}

/// What is typed then.
#[derive(Deserialize)]
pub(super) struct Confirmation {
    #[serde(default)]
    setup_code: String,
    #[serde(default)]
    code: String,
    language: Option<String>,
}

#[derive(Template)]
#[template(path = "staff_setup.html")]
struct SetupPage<'a> {
    console: Console<'a>,
    notice: Option<Notice>,
    fields: [Field; 3],
}

#[derive(Template)]
#[template(path = "staff_setup_secret.html")]
struct SecretPage<'a> {
    console: Console<'a>,
    notice: Option<Notice>,
    secret: Secret,
    setup_code: String,
    field: Field,
}

#[derive(Template)]
#[template(path = "staff_setup_done.html")]
struct DonePage<'a> {
    console: Console<'a>,
    lead: String,
    codes: Vec<String>,
}

/// `GET /staff/setup`
pub(super) async fn open(
    State(pages): State<Arc<Pages>>,
    Query(address): Query<Address>,
    visitor: Visitor,
) -> Response {
    ask(&pages, chosen(address.language.as_deref(), &visitor), "", None)
}

/// `POST /staff/setup`
pub(super) async fn begin(State(pages): State<Arc<Pages>>, form: OpenForm<Choice>) -> Response {
    let OpenForm { visitor, fields } = form;
    let language = chosen(fields.language.as_deref(), &visitor);
    if fields.password != fields.again {
        return ask(&pages, language, &fields.setup_code, Some(("again", "staff-setup-again-wrong")));
    }
    match setup::begin(&pages.app, &fields.setup_code, &fields.password).await {
        Ok(shown) => show(&pages, language, &fields.setup_code, &shown, false),
        Err(SetupError::Code) => ask(&pages, language, "", Some(("setup_code", "staff-setup-code-wrong"))),
        Err(SetupError::Password(error)) => {
            let key = match error {
                PasswordError::TooShort => "staff-password-too-short",
                PasswordError::TooLong => "staff-password-too-long",
                PasswordError::Guessable => "staff-password-guessable",
            };
            ask(&pages, language, &fields.setup_code, Some(("password", key)))
        }
        Err(error) => refused(failure(&error), &pages, &visitor),
    }
}

/// `POST /staff/setup/confirm`
pub(super) async fn confirm(
    State(pages): State<Arc<Pages>>,
    Origin(arrival): Origin,
    form: OpenForm<Confirmation>,
) -> Response {
    let OpenForm { visitor, fields } = form;
    let language = chosen(fields.language.as_deref(), &visitor);
    match setup::confirm(&pages.app, &fields.setup_code, &fields.code, &arrival).await {
        Ok(set_up) => finish(&pages, language, set_up),
        Err(SetupError::OneTimePassword) => match setup::show_again(&pages.app, &fields.setup_code).await {
            Ok(shown) => show(&pages, language, &fields.setup_code, &shown, true),
            Err(error) => refused(failure(&error), &pages, &visitor),
        },
        Err(SetupError::Code) => ask(&pages, language, "", Some(("setup_code", "staff-setup-code-wrong"))),
        Err(error) => refused(failure(&error), &pages, &visitor),
    }
}

fn failure(error: &SetupError) -> Failure {
    match error {
        SetupError::Store(error) => Failure::of_store(error),
        SetupError::Hasher(error) => Failure::of_hasher(error),
        error => {
            tracing::error!(%error, "a staff person cannot be set up");
            Failure::Internal
        }
    }
}

/// The first page, with what is wrong at one of its fields.
fn ask(pages: &Pages, language: Language, setup_code: &str, wrong: Option<(&str, &str)>) -> Response {
    let mut console = Console::outside(pages, language, "staff-setup", "/staff/setup?".to_owned());
    console.error = wrong.is_some();
    let error = |name: &str| wrong.filter(|(at, _)| *at == name).map(|(_, key)| console.text(key));
    let field = |name, label, kind| Field::new(name, console.text(label), kind).error(error(name));
    let fields = [
        field("setup_code", "staff-setup-code", FieldKind::Text).value(setup_code).first(),
        field("password", "staff-new-password", FieldKind::Password)
            .autocomplete("new-password")
            .hint(console.text("staff-new-password-hint")),
        field("again", "staff-new-password-again", FieldKind::Password).autocomplete("new-password"),
    ];
    answer::page(&SetupPage { notice: None, fields, console })
}

fn show(pages: &Pages, language: Language, setup_code: &str, shown: &Shown, wrong: bool) -> Response {
    let mut console = Console::outside(pages, language, "staff-setup-secret", String::new());
    let (name, by_hand) = (console.text("staff-setup-picture"), console.text("staff-setup-by-hand"));
    let Some(secret) = Secret::of(&shown.url, name, by_hand) else {
        tracing::error!("the secret of one-time passwords does not fit into a picture");
        return Failure::Internal.page_in(pages, language);
    };
    console.error = wrong;
    let text = console.text("staff-setup-one-time-password-wrong");
    let field = Field::new("code", console.text("staff-one-time-password"), FieldKind::Digits);
    answer::page(&SecretPage {
        notice: wrong.then_some(Notice { tone: Tone::Bad, text }),
        secret,
        setup_code: setup_code.to_owned(),
        field: field.autocomplete("one-time-code").first(),
        console,
    })
}

fn finish(pages: &Pages, language: Language, set_up: SetUp) -> Response {
    let console = Console::outside(pages, language, "staff-setup-done", String::new());
    let lead = console.wording.with("staff-setup-done-lead", "name", set_up.begun.who.display_name.clone());
    let page = DonePage { console, lead, codes: set_up.recovery_codes };
    answer::COOKIE.begin(answer::page(&page), &set_up.begun.token)
}
