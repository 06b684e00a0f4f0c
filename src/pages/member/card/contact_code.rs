//! The code that shows that a contact is hers.

use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::contacts::{code_page, refused};
use super::{After, find, path_of, titled};
use crate::domain::id::ContactId;
use crate::flow::contact::ContactView;
use crate::flow::member_card::OwnCard;
use crate::flow::member_card::contacts::{self, ContactChangeError};
use crate::flow::sent_code::SendError;
use crate::pages::member::answer::{Answer, Refusal};
use crate::pages::member::failure::Failure;
use crate::pages::member::form::{MemberForm, Nothing};
use crate::pages::member::sheet::Sheet;
use crate::pages::member::signed::Signed;
use crate::pages::pieces::act_form::ActForm;
use crate::pages::pieces::{Field, FieldKind, Tone};

#[derive(Deserialize)]
pub(in crate::pages::member) struct Code {
    #[serde(default)]
    code: String,
}

/// `GET /my/cards/{id}/contacts/{contact}`
pub(in crate::pages::member) async fn open(
    signed: Signed,
    Path((id, contact)): Path<(String, String)>,
    Query(after): Query<After>,
) -> Answer {
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let contact = find_contact(&signed, &own, &contact).await?;
    let notice = match after.done.as_str() {
        "sent" => Some((Tone::Good, "my-contact-code-sent")),
        "too-many" => Some((Tone::Bad, "my-contact-codes-too-many")),
        "gone" => Some((Tone::Bad, "my-contact-code-gone")),
        _ => None,
    };
    Ok(show(&signed, &own, &contact, notice, false))
}

/// `POST /my/cards/{id}/contacts/{contact}`
pub(in crate::pages::member) async fn verify(
    Path((id, contact)): Path<(String, String)>,
    form: MemberForm<Code>,
) -> Answer {
    let MemberForm { signed, fields } = form;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let contact = find_contact(&signed, &own, &contact).await?;
    match contacts::verify(signed.app(), signed.member(), &own, contact.id, &fields.code).await {
        Ok(()) => Ok(signed.go(&path_of(&own, "/contacts?done=verified"))),
        Err(ContactChangeError::Code) => Ok(show(&signed, &own, &contact, None, true)),
        Err(ContactChangeError::Gone) => Ok(code_page(&signed, &own, contact.id, "?done=gone")),
        Err(error) => Err(refused(&signed, error)),
    }
}

/// `POST /my/cards/{id}/contacts/{contact}/again`
pub(in crate::pages::member) async fn again(
    Path((id, contact)): Path<(String, String)>,
    form: MemberForm<Nothing>,
) -> Answer {
    let signed = form.signed;
    let own = find(&signed, &id).await?;
    signed.require_proof()?;
    let contact = find_contact(&signed, &own, &contact).await?;
    match contacts::send_code(signed.app(), signed.member(), &own, contact.id).await {
        Ok(()) => Ok(code_page(&signed, &own, contact.id, "?done=sent")),
        Err(ContactChangeError::Send(SendError::TooMany)) => Ok(code_page(&signed, &own, contact.id, "?done=too-many")),
        Err(error) => Err(refused(&signed, error)),
    }
}

async fn find_contact(signed: &Signed, own: &OwnCard, id: &str) -> Result<ContactView, Refusal> {
    let id: ContactId = id.parse().map_err(|_| signed.refuse(Failure::NotFound))?;
    let found = contacts::find(signed.app(), own, id).await.map_err(|error| refused(signed, error))?;
    if found.row.verified_at.is_some() {
        return Err(signed.refuse(Failure::NotFound));
    }
    Ok(found)
}

fn show(signed: &Signed, own: &OwnCard, contact: &ContactView, notice: Option<(Tone, &str)>, wrong: bool) -> Response {
    let mut frame = titled(signed, own, "my-contact-code-title");
    frame.error = wrong;
    let path = path_of(own, &format!("/contacts/{}", contact.id));
    let field = Field::new("code", frame.text("my-contact-code"), FieldKind::Digits)
        .autocomplete("one-time-code")
        .hint(frame.wording.with("my-contact-code-hint", "address", contact.masked.clone()))
        .error(wrong.then(|| frame.text("my-contact-code-wrong")))
        .first();
    let form = ActForm::new(&frame, path.clone(), "my-contact-verify").field(field);
    let again = ActForm::new(&frame, format!("{path}/again"), "my-contact-code-again");
    signed.page(&Sheet::new(frame).lead("my-contact-code-lead").maybe_notice(notice).add(&form).add(&again))
}
