//! The password of a card: its age, another one, and how strong that would be.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::{find, password_age, path_of, titled};
use crate::credential::password::PasswordError;
use crate::credential::strength::{Level, Strength, Weakness};
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::password::{self, PasswordChangeError};
use crate::pages::member::answer::Answer;
use crate::pages::member::form::MemberForm;
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Cell, Facts, Field, FieldKind, Tone, rendered};

#[derive(Default, Deserialize)]
pub(in crate::pages::member) struct Fields {
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
    #[serde(default)]
    decision: String,
}

/// How strong a password would be, and why not stronger.
#[derive(Template)]
#[template(path = "member_strength.html")]
struct Meter {
    heading: String,
    value: usize,
    level: String,
    tone: Tone,
    reason: Option<String>,
}

/// What is said about what was typed: the field and the key of its text, and how strong it is.
#[derive(Default)]
struct Said {
    wrong: Option<(&'static str, String)>,
    strength: Option<Strength>,
}

/// `GET /my/cards/{id}/password`
pub(in crate::pages::member) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    Ok(show(&signed, &own, &Said::default()))
}

/// `POST /my/cards/{id}/password`
pub(in crate::pages::member) async fn change(Path(id): Path<String>, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let frame = signed.frame("my-password-title");
    let wrong = |name, key: &str| Some((name, frame.text(key)));
    let strength = password::strength(&own, &fields.password);
    if fields.decision == "check" || strength.is_err() {
        let wrong = strength.as_ref().err().and_then(|error| wrong("password", of_rules(*error)));
        return Ok(show(&signed, &own, &Said { wrong, strength: strength.ok() }));
    }
    let strength = strength.ok();
    if fields.password != fields.again {
        return Ok(show(&signed, &own, &Said { wrong: wrong("again", "my-password-again-wrong"), strength }));
    }
    let key = match password::change(signed.app(), signed.member(), &own, &fields.password).await {
        Ok(_) => return Ok(signed.go(&path_of(&own, "?done=password"))),
        Err(PasswordChangeError::Rules(error)) => of_rules(error),
        Err(PasswordChangeError::Weak(_)) => "my-password-weak",
        Err(PasswordChangeError::Same) => "my-password-same",
        Err(PasswordChangeError::Hasher(error)) => return Err(signed.refuse(error)),
        Err(PasswordChangeError::Store(error)) => return Err(signed.refuse(error)),
    };
    Ok(show(&signed, &own, &Said { wrong: wrong("password", key), strength }))
}

fn of_rules(error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort => "my-password-too-short",
        PasswordError::TooLong => "my-password-too-long",
        PasswordError::Guessable => "my-password-guessable",
    }
}

fn show(signed: &Signed, own: &OwnCard, said: &Said) -> Response {
    let mut frame = titled(signed, own, "my-password-title");
    frame.error = said.wrong.is_some();
    let error = |name| said.wrong.as_ref().filter(|(at, _)| *at == name).map(|(_, text)| text.clone());
    let first = Field::new("password", frame.text("my-password-new"), FieldKind::Password)
        .autocomplete("new-password")
        .hint(frame.text("my-password-hint"))
        .error(error("password"))
        .first();
    let again = Field::new("again", frame.text("my-password-again"), FieldKind::Password)
        .autocomplete("new-password")
        .error(error("again"))
        .optional();
    let mut form = ActForm::new(&frame, path_of(own, "/password"), "my-password-save").field(first).field(again);
    form.buttons = vec![("save", frame.text("my-password-save")), ("check", frame.text("my-password-check"))];
    let facts = Facts { rows: vec![(frame.text("my-password"), Cell::Text(password_age(signed, &frame, own)))] };
    let meter = said.strength.map(|strength| rendered(&meter(&frame, strength))).unwrap_or_default();
    signed.page(&Sheet::new(frame).lead("my-password-lead").add(&facts).add_html(meter).add(&form))
}

fn meter(frame: &MemberFrame<'_>, strength: Strength) -> Meter {
    let tone = match strength.level {
        Level::Weak => Tone::Bad,
        Level::Fair => Tone::Plain,
        Level::Good | Level::Strong => Tone::Good,
    };
    let reason = |weakness: Weakness| frame.text(&format!("strength-{}", weakness.as_str()));
    Meter {
        heading: frame.text("my-password-strength"),
        value: Level::ALL.iter().take_while(|level| **level < strength.level).count() + 1,
        level: frame.text(&format!("strength-level-{}", strength.level.as_str())),
        tone,
        reason: strength.weakness.map(reason),
    }
}
