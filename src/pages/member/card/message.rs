//! The personal message: typed, looked at as the challenge page will show it, kept.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::{find, path_of, titled};
use crate::domain::note::NoteError;
use crate::domain::personal_message::PersonalMessageError;
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::message::{self, MessageError};
use crate::pages::member::answer::{Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::MemberForm;
use crate::pages::member::frame::MemberFrame;
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::personal_message::shown;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind};

#[derive(Deserialize)]
pub(in crate::pages::member) struct Fields {
    #[serde(default)]
    message: String,
    #[serde(default)]
    decision: String,
}

/// The message as a challenge page shows it.
#[derive(Template)]
#[template(path = "member_message.html")]
struct Block<'a> {
    frame: &'a MemberFrame<'a>,
    heading: String,
    message: Option<String>,
}

/// `GET /my/cards/{id}/message`
pub(in crate::pages::member) async fn open(signed: Signed, Path(id): Path<String>) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let now = message::read(&own).map_err(|error| signed.refuse(Failure::of_fault(&error)))?;
    Ok(ask(&signed, &own, &now, "", None))
}

/// `POST /my/cards/{id}/message`
pub(in crate::pages::member) async fn change(Path(id): Path<String>, form: MemberForm<Fields>) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let typed = fields.message.as_str();
    if fields.decision == "save" {
        return match message::change(signed.app(), signed.member(), &own, typed).await {
            Ok(()) => Ok(signed.go(&path_of(&own, "?done=message"))),
            Err(error) => again(&signed, &own, typed, error),
        };
    }
    match message::check(signed.app(), &own, typed).await {
        Ok(message) => Ok(look(&signed, &own, message.as_str())),
        Err(error) => again(&signed, &own, typed, error),
    }
}

fn again(signed: &Signed, own: &OwnCard, typed: &str, error: MessageError) -> Answer {
    let wrong = wrong(signed, error)?;
    let now = message::read(own).map_err(|error| signed.refuse(Failure::of_fault(&error)))?;
    Ok(ask(signed, own, &now, typed, Some(wrong)))
}

/// The key of the text, and the place that it names.
fn wrong(signed: &Signed, error: MessageError) -> Result<(&'static str, usize), Refusal> {
    Ok(match error {
        MessageError::Rules(error) => match error {
            PersonalMessageError::TooShort => ("my-message-too-short", 0),
            PersonalMessageError::Unseen(NoteError::Direction { at }) => ("my-message-direction", at),
            PersonalMessageError::Unseen(NoteError::Control { at }) => ("my-message-control", at),
            PersonalMessageError::Unseen(NoteError::Invisible { at }) => ("my-message-invisible", at),
            PersonalMessageError::TooLong | PersonalMessageError::Unseen(_) => ("my-message-too-long", 0),
            PersonalMessageError::Marks { at } => ("my-message-marks", at),
            PersonalMessageError::CardDigits => ("my-message-card-digits", 0),
        },
        MessageError::Password => ("my-message-password", 0),
        MessageError::Same => ("my-message-same", 0),
        MessageError::Hasher(error) => return Err(signed.refuse(error)),
        MessageError::Seal(error) => return Err(signed.refuse(Failure::of_fault(&error))),
        MessageError::Store(error) => return Err(signed.refuse(error)),
    })
}

fn ask(signed: &Signed, own: &OwnCard, now: &str, typed: &str, wrong: Option<(&'static str, usize)>) -> Response {
    let mut frame = titled(signed, own, "my-message-title");
    frame.error = wrong.is_some();
    let place = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let field = Field::new("message", frame.text("my-message-new"), FieldKind::Text)
        .hint(frame.text("my-message-hint"))
        .error(wrong.map(|(key, at)| frame.wording.with(key, "at", place(at))))
        .value(typed)
        .first();
    let form = ActForm::new(&frame, path_of(own, "/message"), "my-message-look").field(field);
    let block = Block { heading: frame.text("my-message-now"), message: Some(shown(now)), frame: &frame };
    let block = crate::pages::pieces::rendered(&block);
    signed.page(&Sheet::new(frame).lead("my-message-lead").add_html(block).add(&form))
}

/// The look at a message that is not kept yet.
fn look(signed: &Signed, own: &OwnCard, message: &str) -> Response {
    let frame = titled(signed, own, "my-message-title");
    let mut save = ActForm::new(&frame, path_of(own, "/message"), "my-message-save").hidden("message", message);
    save.buttons = vec![("save", frame.text("my-message-save"))];
    let block = Block { heading: frame.text("my-message-preview"), message: Some(shown(message)), frame: &frame };
    let block = crate::pages::pieces::rendered(&block);
    let field = Field::new("message", frame.text("my-message-other"), FieldKind::Text)
        .hint(frame.text("my-message-hint"))
        .value(message);
    let other = ActForm::new(&frame, path_of(own, "/message"), "my-message-look").field(field);
    signed.page(&Sheet::new(frame).lead("my-message-look-lead").add_html(block).add(&save).add(&other))
}
