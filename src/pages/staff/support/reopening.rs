//! A card that its holder blocked is opened again.

use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

use super::forms::{Wrong, of_field};
use super::look;
use super::view::purchase;
use crate::domain::staff::{Act, ActSubject};
use crate::flow::open_card::{OpenCardError, open_card};
use crate::flow::support::SupportView;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Facts, Field, FieldKind, Tone};
use crate::pages::staff::answer::Answer;
use crate::pages::staff::failure::Failure;
use crate::pages::staff::form::StaffForm;
use crate::pages::staff::sheet::Sheet;
use crate::pages::staff::signed::Signed;
use crate::pages::staff::typed_note;

#[derive(Default, Deserialize)]
pub(in crate::pages::staff) struct ReopeningFields {
    #[serde(default)]
    reason: String,
}

/// `GET /staff/authentications/{id}/open-card`
pub(in crate::pages::staff) async fn ask(signed: Signed, Path(id): Path<String>) -> Answer {
    signed.require(Act::CardOpen, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    Ok(page(&signed, &view, &ReopeningFields::default(), None))
}

/// `POST /staff/authentications/{id}/open-card`
pub(in crate::pages::staff) async fn reopen(Path(id): Path<String>, form: StaffForm<ReopeningFields>) -> Answer {
    let StaffForm { signed, fields } = form;
    signed.require(Act::CardOpen, &ActSubject::of(&id)).await?;
    let view = look(&signed, &id).await?;
    let card_id = view.summary.card_id.ok_or_else(|| signed.refuse(Failure::NotFound))?;
    let wrong = match open_card(signed.app(), signed.who(), card_id, &fields.reason).await {
        Ok(()) => return Ok(signed.go(&format!("/staff/authentications/{}?done=opened", view.summary.id))),
        Err(OpenCardError::Reason(error)) => ("reason", typed_note::key(&error)),
        Err(OpenCardError::NotBlocked(_)) => ("", "supervisor-open-card-nothing"),
        Err(OpenCardError::Store(error)) => return Err(signed.refuse(error)),
    };
    Ok(page(&signed, &view, &fields, Some(wrong)))
}

fn page(signed: &Signed, view: &SupportView, fields: &ReopeningFields, wrong: Wrong) -> Response {
    let mut console = signed.console("supervisor-open-card-title");
    console.error = wrong.is_some();
    let reason = Field::new("reason", console.text("supervisor-reason"), FieldKind::Text)
        .hint(console.text("supervisor-unlock-reason-hint"))
        .error(of_field(wrong, "reason").map(|key| console.text(key)))
        .value(&fields.reason)
        .first();
    let action = format!("/staff/authentications/{}/open-card", view.summary.id);
    let form = ActForm::new(&console, action, "supervisor-open-card").field(reason);
    let facts = Facts { rows: purchase(&console, view) };
    let lead = console.text("supervisor-open-card-lead");
    let notice = of_field(wrong, "").map(|key| (Tone::Bad, key));
    signed.page(&Sheet::new(console).lead(lead).maybe_notice(notice).add(&facts).add(&form))
}
