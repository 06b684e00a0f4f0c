//! The support view: why a purchase was turned back, in plain words, and what helps. It shows no rule and no limit.

mod forms;
mod reopening;
mod view;

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

pub(super) use self::forms::{open_unlock, open_vouch, unlock, vouch};
pub(super) use self::reopening::{ask as ask_reopening, reopen};
use super::answer::{Answer, Refusal};
use super::failure::Failure;
use super::form::StaffForm;
use super::pieces::{Field, FieldKind, Tone};
use super::sheet::{ActForm, Sheet};
use super::signed::Signed;
use crate::domain::id::AuthenticationId;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::support::{self, SupportError, SupportView};

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    authentication: String,
}

/// What a page says after a change.
#[derive(Deserialize)]
pub(super) struct After {
    #[serde(default)]
    done: String,
}

/// `GET /staff/authentications`
pub(super) async fn ask(signed: Signed) -> Answer {
    signed.require(Act::AuthenticationLook, &ActSubject::none()).await?;
    Ok(ask_page(&signed, "", None))
}

/// `POST /staff/authentications`: an id does not belong into an address that is typed, logged and kept.
pub(super) async fn find(form: StaffForm<Asked>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::AuthenticationLook, &ActSubject::none()).await?;
    match fields.authentication.trim().parse::<AuthenticationId>() {
        Ok(id) => Ok(signed.go(&format!("/staff/authentications/{id}"))),
        Err(_) => Ok(ask_page(&signed, fields.authentication.trim(), Some("supervisor-authentication-unreadable"))),
    }
}

/// `GET /staff/authentications/{id}`
pub(super) async fn open(signed: Signed, Path(id): Path<String>, Query(after): Query<After>) -> Answer {
    let view = look(&signed, &id).await?;
    let done = match after.done.as_str() {
        "unlocked" => Some((Tone::Good, "supervisor-unlocked")),
        "opened" => Some((Tone::Good, "supervisor-card-opened")),
        "vouched" => Some((Tone::Good, "supervisor-vouched")),
        _ => None,
    };
    Ok(view::page(&signed, &view, done))
}

/// Reads one for a page; the look is written down.
async fn look(signed: &Signed, id: &str) -> Result<SupportView, Refusal> {
    let id: AuthenticationId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    signed.require(Act::AuthenticationLook, &ActSubject::of(id)).await?;
    support::authentication(signed.app(), signed.who(), id).await.map_err(|error| match error {
        SupportError::Unknown(_) => signed.refuse(Failure::NotFound),
        SupportError::Store(error) => signed.refuse(error),
    })
}

fn ask_page(signed: &Signed, typed: &str, wrong: Option<&str>) -> Response {
    let mut console = signed.console("supervisor-authentications");
    console.error = wrong.is_some();
    let field = Field::new("authentication", console.text("supervisor-authentication-id"), FieldKind::Text)
        .hint(console.text("supervisor-authentication-id-hint"))
        .error(wrong.map(|key| console.text(key)))
        .value(typed)
        .first();
    let form = ActForm::new(&console, "/staff/authentications", "supervisor-show").field(field);
    let lead = console.text("supervisor-authentications-lead");
    signed.page(&Sheet::new(console).lead(lead).add(&form))
}
